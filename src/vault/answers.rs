//! The target's answers: whose they are, what they change, and what of them is kept.
//!
//! A file is first read into temporary tables of the connection, which nobody else sees and which may be larger than
//! memory. [`judge`] then says what they would change, and [`apply`] changes it; both may run in one transaction.

use rusqlite::{Connection, OptionalExtension as _, Row as SqlRow, Transaction, params};

use crate::model::{Phase, Timestamp};

use super::fold::folded;
use super::query::walk;
use super::{Error, Result};

/// Where a name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// To a user who was exported.
    User(i64),
    /// To a user who is not exported, or whose export was taken back.
    Waiting,
    /// Nowhere.
    Nobody,
    /// To several users who were exported.
    Several,
}

/// An answer about a user's record.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Whose.
    pub user: i64,
    /// Its line in the file.
    pub line: u64,
    /// The record; without one it is the line.
    pub record: Option<&'a str>,
    /// Whether the target has the record.
    pub there: bool,
    /// The target's word.
    pub outcome: &'a str,
    /// What it says beside.
    pub message: &'a str,
}

/// Answers on their way into the temporary tables; all of them with [`Intake::finish`], none without.
pub struct Intake<'a> {
    tx: Transaction<'a>,
}

impl<'a> Intake<'a> {
    /// Begins with empty tables.
    pub fn begin(db: &'a Connection) -> Result<Self> {
        let tx = db.unchecked_transaction()?;
        // Those who have another name on the target than here; all others are found by the index of user ids.
        tx.execute_batch(
            "DROP TABLE IF EXISTS temp.answered;
             DROP TABLE IF EXISTS temp.judged;
             DROP TABLE IF EXISTS temp.renamed;
             DROP TABLE IF EXISTS temp.strangers;
             CREATE TEMP TABLE strangers (name TEXT PRIMARY KEY, line INTEGER NOT NULL, waiting INTEGER NOT NULL)
                WITHOUT ROWID;
             CREATE TEMP TABLE answered (user INTEGER NOT NULL, record TEXT NOT NULL, line INTEGER NOT NULL,
                there INTEGER NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL,
                PRIMARY KEY (user, record)) WITHOUT ROWID;
             CREATE TEMP TABLE judged (user INTEGER PRIMARY KEY, there INTEGER NOT NULL, phase INTEGER NOT NULL,
                bundle INTEGER, changes INTEGER NOT NULL);
             CREATE TEMP TABLE renamed (user INTEGER PRIMARY KEY, target TEXT NOT NULL, fold TEXT NOT NULL);",
        )?;
        let mut insert =
            tx.prepare("INSERT INTO temp.renamed (user, target, fold) VALUES (?, ?, ?)")?;
        let sql = "SELECT m.user, m.target FROM members m JOIN progress p ON p.user = m.user AND p.bundle = m.bundle \
                   WHERE m.target IS NOT NULL";
        walk::<Error>(&tx, sql, [], |row| {
            let (user, target): (i64, String) = (row.get(0)?, row.get(1)?);
            insert.execute(params![user, target, folded(&target)])?;
            Ok(true)
        })?;
        drop(insert);
        tx.execute_batch(
            "CREATE INDEX temp.renamed_target ON renamed (target);
             CREATE INDEX temp.renamed_fold ON renamed (fold);",
        )?;
        Ok(Self { tx })
    }

    /// Whose name this is on the target: the id of the user's last bundle as it stands, else `group/userid`, else
    /// without regard to letter case.
    pub fn find(&self, name: &str) -> Result<Whose> {
        const ON_TARGET: &str =
            "SELECT r.user, p.phase FROM temp.renamed r JOIN progress p ON p.user = r.user WHERE";
        const HERE: &str = "UNION ALL SELECT u.id, coalesce(p.phase, 0) FROM users u \
             LEFT JOIN progress p ON p.user = u.id \
             WHERE NOT EXISTS (SELECT 1 FROM temp.renamed r WHERE r.user = u.id) AND";
        let exact = self.whose(
            &format!("{ON_TARGET} r.target = ?1 {HERE} u.userid = ?1"),
            &[name],
        )?;
        if exact != Whose::Nobody {
            return Ok(exact);
        }
        if let Some((group, userid)) = name.split_once('/') {
            let of_group = "u.group_id = (SELECT id FROM groups WHERE name = ?2)";
            let sql = format!(
                "{ON_TARGET} r.target = ?1 AND r.user IN (SELECT u.id FROM users u WHERE u.id = r.user AND {of_group}) \
                 UNION ALL SELECT u.id, coalesce(p.phase, 0) FROM users u LEFT JOIN progress p ON p.user = u.id \
                 WHERE u.userid = ?1 AND {of_group}"
            );
            let qualified = self.whose(&sql, &[userid, group])?;
            if qualified != Whose::Nobody {
                return Ok(qualified);
            }
        }
        let fold = folded(name);
        let sql = format!(
            "{ON_TARGET} r.fold = ?1 {HERE} u.fold = ?1 {HERE} u.userid = ?1 AND u.fold IS NULL"
        );
        self.whose(&sql, &[&fold])
    }

    fn whose(&self, sql: &str, params: &[&str]) -> Result<Whose> {
        let mut statement = self.tx.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        let mut found = Whose::Nobody;
        while let Some(row) = rows.next()? {
            let (user, phase): (i64, i64) = (row.get(0)?, row.get(1)?);
            let exported = phase >= Phase::Exported.number();
            found = match found {
                Whose::Nobody | Whose::Waiting if exported => Whose::User(user),
                Whose::Nobody => Whose::Waiting,
                Whose::User(other) if exported && other != user => Whose::Several,
                as_before => as_before,
            };
        }
        Ok(found)
    }

    /// Takes an answer. Gives the line of an earlier one about the same record, where there is one.
    pub fn add(&self, row: &Row<'_>) -> Result<Option<u64>> {
        let of_line = row.record.is_none().then(|| format!("line {}", row.line));
        let record = row.record.or(of_line.as_deref()).unwrap_or_default();
        let (outcome, message) = if row.there {
            ("", "")
        } else {
            (row.outcome, row.message)
        };
        let added = self
            .tx
            .prepare_cached(
                "INSERT INTO temp.answered (user, record, line, there, outcome, message) VALUES (?, ?, ?, ?, ?, ?) \
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                row.user, record, row.line, row.there, outcome, message
            ])?;
        if added == 1 {
            return Ok(None);
        }
        let sql = "SELECT line FROM temp.answered WHERE user = ? AND record = ?";
        Ok(self
            .tx
            .query_row(sql, params![row.user, record], |row| row.get(0))
            .optional()?)
    }

    /// Notes a user of whom no answer can be taken: somebody who waits for an export, or is not in the vault.
    pub fn pass_over(&self, name: &str, line: u64, waiting: bool) -> Result<()> {
        let sql = "INSERT INTO temp.strangers (name, line, waiting) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
        self.tx
            .prepare_cached(sql)?
            .execute(params![name, line, waiting])?;
        Ok(())
    }

    /// Those users: how many there are, and the first `most` of them with the line in which they come first.
    pub fn passed_over(&self, waiting: bool, most: u64) -> Result<(u64, Vec<(String, u64)>)> {
        let count = self.tx.query_row(
            "SELECT count(*) FROM temp.strangers WHERE waiting = ?",
            [waiting],
            |row| row.get(0),
        )?;
        let mut statement = self.tx.prepare(
            "SELECT name, line FROM temp.strangers WHERE waiting = ? ORDER BY line LIMIT ?",
        )?;
        let first = statement
            .query_map(params![waiting, most], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        Ok((count, first))
    }

    /// Keeps what was taken, for as long as the connection does.
    pub fn finish(self) -> Result<()> {
        Ok(self.tx.commit()?)
    }
}

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
    /// The file.
    pub file: &'a str,
    /// How many answers are in it.
    pub records: u64,
    /// Who takes them in.
    pub master: &'a str,
    /// Now.
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
        "DROP TABLE IF EXISTS temp.answered; DROP TABLE IF EXISTS temp.judged; DROP TABLE IF EXISTS temp.renamed; \
         DROP TABLE IF EXISTS temp.strangers",
    )?;
    Ok(())
}

/// A user for whom something is left to do, or one record of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The group.
    pub group: String,
    /// The user id.
    pub userid: String,
    /// The last bundle.
    pub bundle: Option<u64>,
    /// The record that is not there, the target's word for it, and its message; `None` for a user of whom the target
    /// has said nothing.
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

/// The answers of the file that are not there, user by user, until `each` says that it wants no more.
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

/// How many users of the same bundles the target has said nothing of, neither in this file nor before.
pub fn count_silent(db: &Connection) -> Result<u64> {
    Ok(db.query_row(&format!("SELECT count(*) {SILENT}"), [], |row| row.get(0))?)
}

/// Those users, until `each` says that it wants no more.
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

/// What the target has said of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whether everything is there; `None` when it has said nothing of the last bundle.
    pub ok: Option<bool>,
    /// What is not there: record, outcome, message.
    pub missing: Vec<(String, String, String)>,
    /// The file that says so, and when it was taken in.
    pub file: Option<(String, Option<Timestamp>)>,
}

/// What the target has said of a user, as it is kept.
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
            said.file = Some((source, super::ledger::moment(row, 4)?));
        }
    }
    Ok(said)
}
