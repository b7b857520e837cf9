//! What is read back: bundles, members, items left out.

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql};

use crate::model::bundle::Counts;
use crate::model::{Moment, Reason};

use crate::store::records;
use crate::store::stored::{at, moment, word};

use super::super::query::walk;
use super::super::{Error, Result};
use super::Bundle;

const COLUMNS: &str = "number, id, state, path, overwrite, master, selection, opened, finished, loaded, sha256, size, \
                       groups, users, tokens, cards, note";

/// A bundle that a user was in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub bundle: Bundle,
    /// The user's id on the target, where it was not the user id of then.
    pub target: Option<String>,
}

/// An item that was selected for a bundle and did not go, or not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub bundle: u64,
    /// Whose it is, group and user id; `None` for unassigned items.
    pub user: Option<(String, String)>,
    /// Why; `None` for a reason of a newer igsh.
    pub reason: Option<Reason>,
    pub item: String,
    pub detail: String,
    /// How many it stands for.
    pub count: u64,
}

/// A bundle's password as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    /// The bundle's id, its first owner in the sealing.
    pub id: String,
    pub generation: u64,
    /// The sealed password; `None` when the bundle failed or its password was forgotten.
    pub sealed: Option<Vec<u8>>,
}

/// The bundle of this number. It is read along the table, as the sum over the table is: a look-up by the key could find
/// another row in a file that was tampered with.
pub fn get(db: &Connection, number: u64) -> Result<Option<Bundle>> {
    one(db, "number", number)
}

/// The bundle whose header has this id, likewise.
pub fn of_id(db: &Connection, id: &str) -> Result<Option<Bundle>> {
    one(db, "id", id)
}

fn one(db: &Connection, column: &str, value: impl ToSql) -> Result<Option<Bundle>> {
    let sql = format!("SELECT {COLUMNS} FROM bundles WHERE +{column} = ?");
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement.query_row([value], bundle).optional()?)
}

/// All bundles in the order of their numbers, until `each` returns false.
pub fn list<E: From<Error>>(
    db: &Connection,
    mut each: impl FnMut(Bundle) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = format!("SELECT {COLUMNS} FROM bundles ORDER BY number");
    walk(db, &sql, [], |row| each(bundle(row).map_err(Error::from)?))
}

/// All bundles in the order of their numbers, each with its password as it is kept; one whose row cannot be read is an
/// error with its number, and the others follow.
pub fn each(
    db: &Connection,
    mut each: impl FnMut(u64, Result<(Bundle, Password)>) -> Result<()>,
) -> Result<()> {
    let sql =
        format!("SELECT {COLUMNS}, password_generation, password FROM bundles ORDER BY number");
    let read = |row: &Row<'_>| {
        let bundle = bundle(row)?;
        let password = Password {
            id: bundle.id.clone(),
            generation: row.get(17)?,
            sealed: row.get(18)?,
        };
        Ok((bundle, password))
    };
    walk(db, &sql, [], |row| {
        let number = row.get(0).map_err(Error::from)?;
        each(
            number,
            read(row).map_err(|error: rusqlite::Error| error.into()),
        )?;
        Ok(true)
    })
}

/// The bundles that were begun and not ended, perhaps by a process that is gone.
pub fn unresolved(db: &Connection) -> Result<Vec<Bundle>> {
    let sql =
        format!("SELECT {COLUMNS} FROM bundles WHERE state IN ('open', 'sealed') ORDER BY number");
    let mut statement = db.prepare(&sql)?;
    let found = statement.query_map([], bundle)?.collect::<Result<_, _>>()?;
    Ok(found)
}

/// What was not taken, by reason, in the order of the names.
pub fn not_taken(db: &Connection, number: u64) -> Result<Vec<(String, u64)>> {
    let mut statement =
        db.prepare_cached("SELECT reason, count FROM not_taken WHERE bundle = ? ORDER BY reason")?;
    let found = statement
        .query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// The bundle's sealed password, read along the table as in [`get`].
pub fn password(db: &Connection, number: u64) -> Result<Option<Password>> {
    let mut statement = db.prepare_cached(
        "SELECT id, password_generation, password FROM bundles WHERE +number = ?",
    )?;
    Ok(statement
        .query_row([number], |row| {
            Ok(Password {
                id: row.get(0)?,
                generation: row.get(1)?,
                sealed: row.get(2)?,
            })
        })
        .optional()?)
}

/// What did not go into a bundle, user by user, until `each` returns false.
pub fn skipped<E: From<Error>>(
    db: &Connection,
    number: u64,
    mut each: impl FnMut(Skipped) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = "SELECT o.bundle, g.name, u.userid, o.reason, o.item, o.detail, o.count FROM left_out o \
         LEFT JOIN users u ON u.id = o.user LEFT JOIN groups g ON g.id = u.group_id \
         WHERE o.bundle = ? ORDER BY o.user, o.place";
    walk(db, sql, [number], |row| {
        each(one_skipped(row).map_err(Error::from)?)
    })
}

/// What of a user did not go, bundle by bundle.
pub fn left_out_of(db: &Connection, user: i64) -> Result<Vec<Skipped>> {
    let mut statement = db.prepare_cached(
        "SELECT o.bundle, g.name, u.userid, o.reason, o.item, o.detail, o.count FROM bundles b \
         JOIN left_out o ON o.bundle = b.number AND o.user = ?1 \
         LEFT JOIN users u ON u.id = o.user LEFT JOIN groups g ON g.id = u.group_id \
         ORDER BY b.number, o.place",
    )?;
    let found = statement
        .query_map([user], one_skipped)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Which bundles left an unassigned item out, by its name there.
pub fn left_out_unassigned(db: &Connection, item: &str) -> Result<Vec<Skipped>> {
    let mut statement = db.prepare_cached(
        "SELECT o.bundle, NULL, NULL, o.reason, o.item, o.detail, o.count FROM left_out o \
         WHERE o.user = 0 AND o.item = ? ORDER BY o.bundle",
    )?;
    let found = statement
        .query_map([item], one_skipped)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// The finished bundles that a user was in, the oldest first.
pub fn bundles_of(db: &Connection, user: i64) -> Result<Vec<Membership>> {
    let sql = format!(
        "SELECT {COLUMNS}, m.target FROM bundles b JOIN members m ON m.bundle = b.number AND m.user = ? \
         WHERE b.state NOT IN ('open', 'failed') ORDER BY b.number"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement
        .query_map([user], |row| {
            Ok(Membership {
                bundle: bundle(row)?,
                target: row.get(17)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// How many unassigned cards all finished bundles hold together.
pub fn unassigned_cards(db: &Connection) -> Result<u64> {
    Ok(db.query_row(
        "SELECT coalesce(sum(cards), 0) FROM bundles WHERE state IN ('done', 'forgotten')",
        [],
        |row| row.get(0),
    )?)
}

/// The number of the next bundle. It holds for as long as no other session writes.
pub fn next(db: &Connection) -> Result<u64> {
    let sql = "SELECT coalesce(max(number), 0) + 1 FROM bundles";
    Ok(db.query_row(sql, [], |row| row.get(0))?)
}

/// When the source wrote what was loaded last, or when that was loaded if the file did not say. Tokens that a vendor
/// delivered say nothing of the source.
pub fn source_written(db: &Connection) -> Result<Option<Moment>> {
    let sql = "SELECT coalesce(exported, at) FROM loads WHERE exported IS NOT NULL OR users > 0 ORDER BY id DESC LIMIT 1";
    let found = db
        .query_row(sql, [], |row| records::read(row, 0))
        .optional()?;
    Ok(found.flatten())
}

fn one_skipped(row: &Row<'_>) -> rusqlite::Result<Skipped> {
    let (group, userid): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
    let reason: String = row.get(3)?;
    Ok(Skipped {
        bundle: row.get(0)?,
        user: group.zip(userid),
        reason: Reason::from_name(&reason),
        item: row.get(4)?,
        detail: row.get(5)?,
        count: row.get(6)?,
    })
}

fn bundle(row: &Row<'_>) -> rusqlite::Result<Bundle> {
    let number =
        |column| Ok::<u64, rusqlite::Error>(row.get::<_, Option<u64>>(column)?.unwrap_or(0));
    Ok(Bundle {
        number: row.get(0)?,
        id: row.get(1)?,
        state: word(row, 2)?,
        path: row.get(3)?,
        overwrite: row.get(4)?,
        master: row.get(5)?,
        selection: row.get(6)?,
        opened: at(row, 7)?,
        finished: moment(row, 8)?,
        loaded: moment(row, 9)?,
        sha256: row.get(10)?,
        size: row.get(11)?,
        counts: Counts {
            group: number(12)?,
            user: number(13)?,
            token: number(14)?,
            card: number(15)?,
        },
        note: row.get(16)?,
    })
}
