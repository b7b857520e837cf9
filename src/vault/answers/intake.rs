//! Answers on their way from a file into the connection's own tables.
//!
//! A row names a user in the target's words and in any order. Looking each one up as it comes, and putting it where it
//! belongs, would jump about in tables that are larger than the memory for them (measured: minutes for a million rows).
//! So rows are first written down as they come, then looked up in the order of their names, then put down in the order
//! of their users: two sorts, and everything else from front to back.

use rusqlite::config::DbConfig;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::ambient::CancelToken;
use crate::model::Phase;

use super::super::fold::folded;
use super::super::query::walk;
use super::super::{Error, Result};

/// An answer about a user's record.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The user, in the target's words.
    pub name: &'a str,
    /// Its line in the file.
    pub line: u64,
    /// The record; without one it is the line.
    pub record: Option<&'a str>,
    /// Whether the target has the record.
    pub there: bool,
    /// The target's word.
    pub outcome: &'a str,
    /// The message beside it.
    pub message: &'a str,
}

/// Why answers cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// A name that may be that of several users who were exported.
    Several {
        name: String,
        /// The first line with it.
        line: u64,
    },
    /// Two answers about one record of a user.
    Twice {
        record: String,
        /// The user, as the second of them names them.
        name: String,
        /// Both lines.
        lines: (u64, u64),
    },
}

/// Where a name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// To a user who was exported.
    User(i64),
    /// To a user who is not exported, or whose export was taken back.
    Waiting,
    /// Nowhere.
    NoUser,
    /// To several users who were exported.
    Several,
}

/// Answers on their way into the temporary tables; all of them with [`Intake::finish`], none without.
pub struct Intake<'a> {
    tx: Transaction<'a>,
}

impl<'a> Intake<'a> {
    /// Begins with empty tables.
    pub fn begin(db: &'a Connection) -> Result<Self> {
        let tx = db.unchecked_transaction()?;
        super::forget(&tx)?;
        tx.execute_batch(
            "CREATE TEMP TABLE said (name TEXT NOT NULL, line INTEGER NOT NULL, record TEXT NOT NULL,
                there INTEGER NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL);
             CREATE TEMP TABLE placed (user INTEGER NOT NULL, line INTEGER NOT NULL, record TEXT NOT NULL,
                there INTEGER NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL);
             CREATE TEMP TABLE renamed (user INTEGER PRIMARY KEY, target TEXT NOT NULL, fold TEXT NOT NULL);
             CREATE TEMP TABLE strangers (name TEXT NOT NULL, line INTEGER NOT NULL, waiting INTEGER NOT NULL);
             CREATE TEMP TABLE answered (user INTEGER NOT NULL, record TEXT NOT NULL, line INTEGER NOT NULL,
                there INTEGER NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL,
                PRIMARY KEY (user, record)) WITHOUT ROWID;
             CREATE TEMP TABLE judged (user INTEGER PRIMARY KEY, there INTEGER NOT NULL, phase INTEGER NOT NULL,
                bundle INTEGER, changes INTEGER NOT NULL);",
        )?;
        Ok(Self { tx })
    }

    /// Takes an answer.
    pub fn add(&self, row: &Row<'_>) -> Result<()> {
        let of_line = row.record.is_none().then(|| format!("line {}", row.line));
        let record = row.record.or(of_line.as_deref()).unwrap_or_default();
        let (outcome, message) = if row.there {
            ("", "")
        } else {
            (row.outcome, row.message)
        };
        self.tx
            .prepare_cached(
                "INSERT INTO temp.said (name, line, record, there, outcome, message) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                row.name, row.line, record, row.there, outcome, message
            ])?;
        Ok(())
    }

    /// Gives every answer to its user. Names that lead to no exported user are passed over, see
    /// [`Intake::passed_over`].
    pub fn place(&self, cancel: &CancelToken) -> Result<Option<Trouble>> {
        // Else SQLite plans these lookups anew for every name, in case another value needs another plan
        // (measured: 141 µs a name against 7).
        let same_plan = DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;
        self.tx.set_db_config(same_plan, true)?;
        let placed = self.place_all(cancel);
        self.tx.set_db_config(same_plan, false)?;
        placed
    }

    fn place_all(&self, cancel: &CancelToken) -> Result<Option<Trouble>> {
        self.note_renamed()?;
        if let Some(trouble) = self.look_up(cancel)? {
            return Ok(Some(trouble));
        }
        let placed = self.tx.execute(
            "INSERT INTO temp.answered (user, record, line, there, outcome, message) \
             SELECT user, record, line, there, outcome, message FROM temp.placed WHERE true \
             ORDER BY user, record, line ON CONFLICT DO NOTHING",
            [],
        )?;
        let all: usize = self
            .tx
            .query_row("SELECT count(*) FROM temp.placed", [], |row| row.get(0))?;
        let twice = if placed < all {
            self.first_double()?
        } else {
            None
        };
        self.tx.execute_batch(
            "DROP TABLE temp.said; DROP TABLE temp.placed; DROP TABLE temp.renamed",
        )?;
        Ok(twice)
    }

    /// Those who have another name on the target than here; all others are found by the index of user ids.
    fn note_renamed(&self) -> Result<()> {
        let tx = &self.tx;
        let mut insert =
            tx.prepare("INSERT INTO temp.renamed (user, target, fold) VALUES (?, ?, ?)")?;
        let sql = "SELECT m.user, m.target FROM members m JOIN progress p ON p.user = m.user AND p.bundle = m.bundle \
                   WHERE m.target IS NOT NULL";
        walk::<Error>(tx, sql, [], |row| {
            let (user, target): (i64, String) = (row.get(0)?, row.get(1)?);
            insert.execute(params![user, target, folded(&target)])?;
            Ok(true)
        })?;
        drop(insert);
        tx.execute_batch(
            "CREATE INDEX temp.renamed_target ON renamed (target);
             CREATE INDEX temp.renamed_fold ON renamed (fold);",
        )?;
        Ok(())
    }

    fn look_up(&self, cancel: &CancelToken) -> Result<Option<Trouble>> {
        let tx = &self.tx;
        let mut place = tx.prepare(
            "INSERT INTO temp.placed (user, line, record, there, outcome, message) VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        let mut pass_over =
            tx.prepare("INSERT INTO temp.strangers (name, line, waiting) VALUES (?, ?, ?)")?;
        let mut last: Option<(String, Whose)> = None;
        let mut trouble = None;
        let sql =
            "SELECT name, line, record, there, outcome, message FROM temp.said ORDER BY name, line";
        walk::<Error>(tx, sql, [], |row| {
            let name = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            let line: u64 = row.get(1)?;
            let whose = match &last {
                Some((before, whose)) if before == name => *whose,
                _ => {
                    cancel.check()?;
                    let whose = self.find(name)?;
                    if matches!(whose, Whose::NoUser | Whose::Waiting) {
                        pass_over.execute(params![name, line, whose == Whose::Waiting])?;
                    }
                    last = Some((name.to_owned(), whose));
                    whose
                }
            };
            match whose {
                Whose::User(user) => {
                    place.execute(params![
                        user,
                        line,
                        ToSqlOutput::Borrowed(row.get_ref(2)?),
                        ToSqlOutput::Borrowed(row.get_ref(3)?),
                        ToSqlOutput::Borrowed(row.get_ref(4)?),
                        ToSqlOutput::Borrowed(row.get_ref(5)?)
                    ])?;
                }
                Whose::Several => {
                    let name = name.to_owned();
                    trouble = Some(Trouble::Several { name, line });
                }
                Whose::NoUser | Whose::Waiting => {}
            }
            Ok(trouble.is_none())
        })?;
        Ok(trouble)
    }

    /// The first line with a record that an earlier one has as well.
    fn first_double(&self) -> Result<Option<Trouble>> {
        let sql = "SELECT p.record, (SELECT s.name FROM temp.said s WHERE s.line = p.line), a.line, p.line \
             FROM temp.placed p JOIN temp.answered a ON a.user = p.user AND a.record = p.record \
             WHERE a.line <> p.line ORDER BY p.line LIMIT 1";
        let found = self.tx.query_row(sql, [], |row| {
            Ok(Trouble::Twice {
                record: row.get(0)?,
                name: row.get(1)?,
                lines: (row.get(2)?, row.get(3)?),
            })
        });
        Ok(found.optional()?)
    }

    /// Whose name this is on the target: the id of the user's last bundle as it stands, else `group/userid`, else
    /// without regard to letter case; else without the blanks around it.
    fn find(&self, name: &str) -> Result<Whose> {
        const ON_TARGET: &str =
            "SELECT r.user, p.phase FROM temp.renamed r JOIN progress p ON p.user = r.user WHERE";
        const HERE: &str = "UNION ALL SELECT u.id, coalesce(p.phase, 0) FROM users u \
             LEFT JOIN progress p ON p.user = u.id \
             WHERE NOT EXISTS (SELECT 1 FROM temp.renamed r WHERE r.user = u.id) AND";
        let exact = self.whose(
            &format!("{ON_TARGET} r.target = ?1 {HERE} u.userid = ?1"),
            &[name],
        )?;
        if exact != Whose::NoUser {
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
            if qualified != Whose::NoUser {
                return Ok(qualified);
            }
        }
        let fold = folded(name);
        let sql = format!(
            "{ON_TARGET} r.fold = ?1 {HERE} u.fold = ?1 {HERE} u.userid = ?1 AND u.fold IS NULL"
        );
        match (self.whose(&sql, &[&fold])?, name.trim()) {
            (Whose::NoUser, trimmed) if trimmed.len() < name.len() => self.find(trimmed),
            (whose, _) => Ok(whose),
        }
    }

    fn whose(&self, sql: &str, params: &[&str]) -> Result<Whose> {
        let mut statement = self.tx.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        let mut found = Whose::NoUser;
        while let Some(row) = rows.next()? {
            let (user, phase): (i64, i64) = (row.get(0)?, row.get(1)?);
            let exported = phase >= Phase::Exported.number();
            found = match found {
                Whose::NoUser | Whose::Waiting if exported => Whose::User(user),
                Whose::NoUser => Whose::Waiting,
                Whose::User(other) if exported && other != user => Whose::Several,
                as_before => as_before,
            };
        }
        Ok(found)
    }

    /// The names that were passed over, of users who wait for an export or of no user: how many there are, and the
    /// first `most` of them with the line in which they come first.
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

    /// How many answers have found their user.
    pub fn count(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM temp.answered";
        Ok(self.tx.query_row(sql, [], |row| row.get(0))?)
    }

    /// Keeps what was taken, for as long as the connection does.
    pub fn finish(self) -> Result<()> {
        Ok(self.tx.commit()?)
    }
}
