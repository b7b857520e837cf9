//! What the vault holds, how old it is, and where the migration stands.

use rusqlite::{Connection, OptionalExtension as _};

use crate::model::{Moment, Phase, Timestamp};
use crate::store::records::read;
use crate::store::stored::moment;

use super::super::Result;
use super::number;

/// The newest load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadRow {
    /// When it was.
    pub at: Option<Timestamp>,
    /// Who loaded.
    pub master: String,
    pub source: String,
    pub format: String,
    /// When the source wrote it.
    pub exported: Option<Moment>,
}

/// What the vault holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The systems the records come from; an unnamed one is empty.
    pub systems: Vec<String>,
    /// How many loads there were.
    pub loads: u64,
    pub last_load: Option<LoadRow>,
    pub groups: u64,
    /// Users who are there.
    pub users: u64,
    /// Users whom the last full load no longer had.
    pub gone: u64,
    /// Tokens of users, and unassigned ones.
    pub tokens: (u64, u64),
    /// Cards of users, and unassigned ones.
    pub cards: (u64, u64),
    /// Users in each phase, all of them.
    pub phases: Vec<(Phase, u64)>,
    /// Bundles that are done.
    pub bundles: u64,
}

/// Counts everything; a second or less at a million users.
pub fn status(db: &Connection) -> Result<Status> {
    let one = |sql: &str| -> Result<u64> { Ok(db.query_row(sql, [], |row| number(row, 0))?) };
    let last_load = db
        .query_row(
            "SELECT at, master, source, format, exported FROM loads ORDER BY id DESC LIMIT 1",
            [],
            |row| {
                Ok(LoadRow {
                    at: moment(row, 0)?,
                    master: row.get(1)?,
                    source: row.get(2)?,
                    format: row.get(3)?,
                    exported: read(row, 4)?,
                })
            },
        )
        .optional()?;
    let systems = db
        .prepare("SELECT name FROM systems ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let users = one("SELECT count(*) FROM users WHERE gone = 0")?;
    let gone = one("SELECT count(*) FROM users WHERE gone > 0")?;
    let mut phases: Vec<(Phase, u64)> = Phase::ALL.iter().map(|phase| (*phase, 0)).collect();
    let mut statement =
        db.prepare("SELECT phase, count(*) FROM progress WHERE phase > 0 GROUP BY phase")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(entry) = phases.get_mut(row.get::<_, usize>(0)?) {
            entry.1 = number(row, 1)?;
        }
    }
    let moved: u64 = phases.iter().map(|(_, count)| count).sum();
    if let Some(none) = phases.first_mut() {
        none.1 = (users + gone).saturating_sub(moved);
    }
    Ok(Status {
        systems,
        loads: one("SELECT count(*) FROM loads")?,
        last_load,
        groups: one("SELECT count(*) FROM groups WHERE gone = 0")?,
        users,
        gone,
        tokens: (
            one("SELECT count(*) FROM tokens WHERE id > 0 AND gone = 0")?,
            one("SELECT count(*) FROM tokens WHERE id < 0 AND gone = 0")?,
        ),
        cards: (
            one("SELECT count(*) FROM cards WHERE id > 0 AND gone = 0")?,
            one("SELECT count(*) FROM cards WHERE id < 0 AND gone = 0")?,
        ),
        phases,
        bundles: one(
            "SELECT count(*) FROM bundles WHERE state IN ('done', 'forgotten', 'replaced')",
        )?,
    })
}
