//! When a migration began and ended: from begin to end the source is frozen, no user is renamed or moved there
//! (igsh-migration(7), FREEZE).

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::model::Timestamp;
use crate::store::stored::{at, moment};

use super::Result;

/// A migration, from `migrate begin` to `migrate end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number, from 1.
    pub number: u64,
    pub began: Timestamp,
    pub began_by: String,
    /// When it ended; `None` while it goes on.
    pub ended: Option<Timestamp>,
    pub ended_by: Option<String>,
}

/// The newest migration.
pub fn last(db: &Connection) -> Result<Option<Migration>> {
    Ok(db
        .query_row(
            "SELECT number, began, began_by, ended, ended_by FROM campaigns ORDER BY number DESC LIMIT 1",
            [],
            migration,
        )
        .optional()?)
}

/// The migration that goes on now.
pub fn running(db: &Connection) -> Result<Option<Migration>> {
    Ok(last(db)?.filter(|migration| migration.ended.is_none()))
}

/// Notes that a migration begins.
pub fn begin(tx: &Connection, at: Timestamp, master: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO campaigns (began, began_by) VALUES (?, ?)",
        params![at.as_microsecond(), master],
    )?;
    Ok(())
}

/// Notes that the migration that goes on has ended.
pub fn end(tx: &Connection, at: Timestamp, master: &str) -> Result<()> {
    tx.execute(
        "UPDATE campaigns SET ended = ?, ended_by = ? WHERE ended IS NULL",
        params![at.as_microsecond(), master],
    )?;
    Ok(())
}

fn migration(row: &Row<'_>) -> rusqlite::Result<Migration> {
    Ok(Migration {
        number: row.get(0)?,
        began: at(row, 1)?,
        began_by: row.get(2)?,
        ended: moment(row, 3)?,
        ended_by: row.get(4)?,
    })
}
