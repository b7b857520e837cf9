//! The target's answers: whose they are, what they change, and what of them is kept.
//!
//! A file is first read into temporary tables of the connection ([`Intake`]), which no other connection sees and which
//! may be larger than memory. [`judge`] then returns what they would change, and [`apply`] changes it; both may run in
//! one transaction.

mod intake;

use rusqlite::{Connection, OptionalExtension as _, Row as SqlRow, params};

use crate::model::{Phase, Timestamp};
use crate::store::stored;

use super::query::walk;
use super::{Error, Result};

pub use intake::{Intake, Row, Trouble};

/// What the answers would change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Judged {
    /// Users whose every record is there.
    pub ok: u64,
    /// Users with a record that is not.
    pub errors: u64,
    /// Users who would become `imported`.
    pub moved: u64,
    /// Users for whom anything would change.
    pub changed: u64,
    /// Users who are not exported any more.
    pub lost: u64,
}

/// Judges the answers that were taken by where their users stand now.
pub fn judge(db: &Connection) -> Result<Judged> {
    let exported = Phase::Exported.number();
    db.execute("DELETE FROM temp.judged", [])?;
    // Answers that are not there are compared only where the user had some before.
    db.execute(
        "INSERT INTO temp.judged (user, there, phase, bundle, changes) \
         SELECT a.user, a.there, p.phase, p.bundle, CASE WHEN a.there THEN p.phase = ?1 OR p.import <> 1 \
            ELSE p.import <> 2 \
            OR EXISTS (SELECT record, outcome, message FROM temp.answered WHERE user = a.user AND there = 0 \
                EXCEPT SELECT record, outcome, message FROM answers WHERE user = a.user) \
            OR EXISTS (SELECT record, outcome, message FROM answers WHERE user = a.user \
                EXCEPT SELECT record, outcome, message FROM temp.answered WHERE user = a.user AND there = 0) END \
         FROM (SELECT user, min(there) AS there FROM temp.answered GROUP BY user) a \
         JOIN progress p ON p.user = a.user WHERE p.phase >= ?1 ORDER BY a.user",
        [exported],
    )?;
    let judged = db.query_row(
        "SELECT coalesce(sum(there), 0), coalesce(sum(NOT there), 0), coalesce(sum(there AND phase = ?1), 0), \
         coalesce(sum(changes), 0), (SELECT count(DISTINCT user) FROM temp.answered) - count(*) FROM temp.judged",
        [exported],
        |row| {
            Ok(Judged {
                ok: row.get(0)?,
                errors: row.get(1)?,
                moved: row.get(2)?,
                changed: row.get(3)?,
                lost: row.get(4)?,
            })
        },
    )?;
    Ok(judged)
}

/// Where answers come from, for the vault to remember.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub file: &'a str,
    /// How many answers are in it.
    pub records: u64,
    /// Who takes them in.
    pub master: &'a str,
    pub at: Timestamp,
}

/// Makes the changes that [`judge`] has found, in the same transaction as it.
pub fn apply(tx: &Connection, source: &Source<'_>, judged: &Judged) -> Result<()> {
    let at = source.at.as_microsecond();
    tx.execute(
        "INSERT INTO answer_files (at, master, source, records, ok, errors) VALUES (?, ?, ?, ?, ?, ?)",
        params![
            at,
            source.master,
            source.file,
            source.records,
            judged.ok,
            judged.errors
        ],
    )?;
    let file = tx.last_insert_rowid();
    tx.execute(
        "UPDATE progress SET import = CASE WHEN j.there THEN 1 ELSE 2 END, \
         phase = CASE WHEN j.there AND j.phase = ?1 THEN ?2 ELSE progress.phase END, \
         at = CASE WHEN j.there AND j.phase = ?1 THEN ?3 ELSE progress.at END, \
         master = CASE WHEN j.there AND j.phase = ?1 THEN ?4 ELSE progress.master END \
         FROM temp.judged j WHERE j.user = progress.user AND j.changes",
        params![
            Phase::Exported.number(),
            Phase::Imported.number(),
            at,
            source.master
        ],
    )?;
    tx.execute(
        "DELETE FROM answers WHERE user IN (SELECT user FROM temp.judged WHERE changes)",
        [],
    )?;
    tx.execute(
        "INSERT INTO answers (user, place, file, record, outcome, message) \
         SELECT a.user, row_number() OVER (PARTITION BY a.user ORDER BY a.record), ?, a.record, a.outcome, a.message \
         FROM temp.answered a WHERE a.there = 0 AND a.user IN (SELECT user FROM temp.judged WHERE changes)",
        [file],
    )?;
    Ok(())
}

/// Drops the temporary tables.
pub fn forget(db: &Connection) -> Result<()> {
    db.execute_batch(
        "DROP TABLE IF EXISTS temp.answered; DROP TABLE IF EXISTS temp.judged; DROP TABLE IF EXISTS temp.strangers",
    )?;
    Ok(())
}

/// A user for whom something is left to do, or one record of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub group: String,
    /// The user id.
    pub userid: String,
    /// The last bundle.
    pub bundle: Option<u64>,
    /// The record that is not there, the target's word for it, and its message; `None` for a user without an answer
    /// of the target.
    pub record: Option<(String, String, String)>,
}

fn left(row: &SqlRow<'_>) -> rusqlite::Result<Left> {
    let record: Option<String> = row.get(3)?;
    Ok(Left {
        group: row.get(0)?,
        userid: row.get(1)?,
        bundle: row.get(2)?,
        record: match record {
            Some(record) => Some((record, row.get(4)?, row.get(5)?)),
            None => None,
        },
    })
}

/// The answers of the file that are not there, user by user, until `each` returns false.
pub fn missing<E: From<Error>>(
    db: &Connection,
    mut each: impl FnMut(Left) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = "SELECT g.name, u.userid, j.bundle, a.record, a.outcome, a.message FROM temp.answered a \
         JOIN temp.judged j ON j.user = a.user JOIN users u ON u.id = a.user JOIN groups g ON g.id = u.group_id \
         WHERE a.there = 0 ORDER BY a.user, a.record";
    walk(db, sql, [], |row| each(left(row).map_err(Error::from)?))
}

const SILENT: &str = "FROM progress p WHERE p.import = 0 AND p.phase = 2 \
     AND p.bundle IN (SELECT bundle FROM temp.judged) AND p.user NOT IN (SELECT user FROM temp.judged)";

/// How many users of the same bundles have no answer of the target, neither in this file nor before.
pub fn count_silent(db: &Connection) -> Result<u64> {
    Ok(db.query_row(&format!("SELECT count(*) {SILENT}"), [], |row| row.get(0))?)
}

/// Those users, until `each` returns false.
pub fn silent<E: From<Error>>(
    db: &Connection,
    mut each: impl FnMut(Left) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = format!(
        "SELECT g.name, u.userid, s.bundle, NULL FROM (SELECT p.user, p.bundle {SILENT} ORDER BY p.user) s \
         JOIN users u ON u.id = s.user JOIN groups g ON g.id = u.group_id"
    );
    walk(db, &sql, [], |row| each(left(row).map_err(Error::from)?))
}

/// The target's answer about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whether everything is there; `None` without an answer about the last bundle.
    pub ok: Option<bool>,
    /// What is not there: record, outcome, message.
    pub missing: Vec<(String, String, String)>,
    /// The file of the answer, and when it was taken in.
    pub file: Option<(String, Option<Timestamp>)>,
}

/// The target's answer about a user, as it is kept.
pub fn of_user(db: &Connection, user: i64) -> Result<Said> {
    let import: Option<i64> = db
        .query_row(
            "SELECT import FROM progress WHERE user = ?",
            [user],
            |row| row.get(0),
        )
        .optional()?;
    let mut said = Said {
        ok: match import {
            Some(1) => Some(true),
            Some(2) => Some(false),
            _ => None,
        },
        missing: Vec::new(),
        file: None,
    };
    if said.ok != Some(false) {
        return Ok(said);
    }
    let mut statement = db.prepare_cached(
        "SELECT a.record, a.outcome, a.message, f.source, f.at FROM answers a \
         LEFT JOIN answer_files f ON f.id = a.file WHERE a.user = ? ORDER BY a.place",
    )?;
    let mut rows = statement.query([user])?;
    while let Some(row) = rows.next()? {
        said.missing.push((row.get(0)?, row.get(1)?, row.get(2)?));
        let source: Option<String> = row.get(3)?;
        if let Some(source) = source {
            said.file = Some((source, stored::moment(row, 4)?));
        }
    }
    Ok(said)
}
