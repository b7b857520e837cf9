//! Users whom a file names one by one: found in the vault, kept beside it while a command works on them.
//!
//! A file may name a million users, so they go into a temporary table of the command's own connection, which SQLite
//! keeps on disk. It is there from the question to the change and gone with the list.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::Result;
use super::fold::folded;

/// The users of a file, while they are needed: `temp.listed`.
#[derive(Debug)]
pub struct List<'c> {
    db: &'c Connection,
}

/// Why a name stands for no user, or for one that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotListed {
    /// Nobody is called so.
    #[error("there is no user '{0}'")]
    Unknown(String),
    /// In several groups somebody is called so.
    #[error("there are several users '{name}'; say which one: {}", .users.join(", "))]
    Several {
        /// The name.
        name: String,
        /// Everybody who has it, as `group/userid`.
        users: Vec<String>,
    },
    /// The file names the user again.
    #[error("the user '{name}' is already in line {first}")]
    Twice {
        /// The name.
        name: String,
        /// Where the user stands first.
        first: u64,
    },
}

impl<'c> List<'c> {
    /// An empty list.
    pub fn new(db: &'c Connection) -> Result<Self> {
        db.execute_batch(
            "DROP TABLE IF EXISTS temp.listed; \
             CREATE TEMP TABLE listed (user INTEGER PRIMARY KEY, line INTEGER NOT NULL, target TEXT, fold TEXT)",
        )?;
        Ok(Self { db })
    }

    /// Takes the user called `name` (`userid`, or `group/userid`) of this group, if one is given, with the target id
    /// that is to become theirs. Users who are gone are found when nobody present has the name.
    pub fn add(
        &self,
        line: u64,
        group: &str,
        name: &str,
        target: Option<&str>,
    ) -> Result<std::result::Result<(), NotListed>> {
        let user = match self.find(group, name)? {
            Ok(user) => user,
            Err(why) => return Ok(Err(why)),
        };
        let added = self
            .db
            .prepare_cached(
                "INSERT OR IGNORE INTO temp.listed (user, line, target, fold) VALUES (?, ?, ?, ?)",
            )?
            .execute(params![user, line, target, target.map(folded)])?;
        if added == 1 {
            return Ok(Ok(()));
        }
        let first = self
            .db
            .prepare_cached("SELECT line FROM temp.listed WHERE user = ?")?
            .query_row([user], |row| row.get(0))?;
        let name = name.to_owned();
        Ok(Err(NotListed::Twice { name, first }))
    }

    fn find(&self, group: &str, name: &str) -> Result<std::result::Result<i64, NotListed>> {
        let mut found = self.called(group, name)?;
        if found.is_empty()
            && group.is_empty()
            && let Some((group, userid)) = name.split_once('/')
        {
            found = self.called(group, userid)?;
        }
        Ok(match found.as_slice() {
            [] => Err(NotListed::Unknown(if group.is_empty() {
                name.to_owned()
            } else {
                format!("{group}/{name}")
            })),
            [(user, _)] => Ok(*user),
            several => Err(NotListed::Several {
                name: name.to_owned(),
                users: several.iter().map(|(_, user)| user.clone()).collect(),
            }),
        })
    }

    /// Everybody present of this name, else the last one who had it and is gone.
    fn called(&self, group: &str, userid: &str) -> Result<Vec<(i64, String)>> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let mut present = self.db.prepare_cached(
            "SELECT u.id, g.name || '/' || u.userid FROM users u JOIN groups g ON g.id = u.group_id \
             WHERE u.userid = ?1 AND (?2 = '' OR g.name = ?2) AND u.gone = 0 ORDER BY g.name",
        )?;
        let found = present
            .query_map([userid, group], read)?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        if !found.is_empty() {
            return Ok(found);
        }
        let mut gone = self.db.prepare_cached(
            "SELECT u.id, g.name || '/' || u.userid FROM users u JOIN groups g ON g.id = u.group_id \
             WHERE u.userid = ?1 AND (?2 = '' OR g.name = ?2) ORDER BY u.gone DESC LIMIT 1",
        )?;
        Ok(gone
            .query_row([userid, group], read)
            .optional()?
            .into_iter()
            .collect())
    }
}

impl Drop for List<'_> {
    fn drop(&mut self) {
        // It would go with the connection anyway.
        let _ = self.db.execute_batch("DROP TABLE IF EXISTS temp.listed");
    }
}
