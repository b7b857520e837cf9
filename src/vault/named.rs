//! The users whom a name stands for.
//!
//! A user id is unique in its group only, and may hold a `/` itself, so that `group/userid` is tried after the whole
//! name. Users who are gone from the source keep their names; the caller decides whether they count.

use rusqlite::Connection;

use crate::ambient::CancelToken;
use crate::lang::selection::Selection;

use super::selection::json_array;
use super::{Result, SourceUser, Unassigned, Vault};

/// A user who has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The vault's own id.
    pub id: i64,
    pub group: String,
    pub userid: String,
    /// The load that no longer had the user; 0 for one who is there.
    pub gone: i64,
}

/// The users whom `name` stands for, as `userid`, else as `group/userid`; by group, those who are there before those
/// who are gone.
pub fn named(db: &Connection, name: &str) -> Result<Vec<Named>> {
    let found = called(db, None, name)?;
    match name.split_once('/') {
        Some((group, userid)) if found.is_empty() => called(db, Some(group), userid),
        _ => Ok(found),
    }
}

/// The users of this very name, of all groups or of one; in the order of [`named`].
pub fn called(db: &Connection, group: Option<&str>, userid: &str) -> Result<Vec<Named>> {
    let mut statement = db.prepare_cached(
        "SELECT u.id, g.name, u.userid, u.gone FROM users u JOIN groups g ON g.id = u.group_id \
         WHERE u.userid = ?1 AND (?2 IS NULL OR g.name = ?2) ORDER BY g.name, u.gone",
    )?;
    let rows = statement.query_map((userid, group), |row| {
        Ok(Named {
            id: row.get(0)?,
            group: row.get(1)?,
            userid: row.get(2)?,
            gone: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What the names of a list are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Users: `userid`, or `group/userid`.
    User,
    Group,
}

impl Whose {
    /// One of them.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }
}

/// The places, counted from 0, of the names that nothing in the vault has.
pub fn absent<'a>(
    db: &Connection,
    whose: Whose,
    names: impl Iterator<Item = &'a String>,
) -> Result<Vec<usize>> {
    let has = match whose {
        Whose::User => {
            "EXISTS (SELECT 1 FROM users u WHERE u.userid = j.value) \
             OR instr(j.value, '/') AND EXISTS (SELECT 1 FROM groups g \
             CROSS JOIN users u ON u.userid = substr(j.value, instr(j.value, '/') + 1) AND u.group_id = g.id \
             WHERE g.name = substr(j.value, 1, instr(j.value, '/') - 1))"
        }
        Whose::Group => "EXISTS (SELECT 1 FROM groups g WHERE g.name = j.value)",
    };
    let mut statement = db.prepare(&format!(
        "SELECT j.key FROM json_each(?) j WHERE NOT ({has}) ORDER BY j.key"
    ))?;
    let rows = statement.query_map([json_array(names)], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

impl Vault {
    /// The records of the users whom `name` stands for: none, one, or one of each group that has it.
    pub fn named(&self, name: &str, cancel: &CancelToken) -> Result<Vec<SourceUser>> {
        let found = named(self.file().connection(), name)?;
        let selection = match found.first() {
            None => return Ok(Vec::new()),
            Some(user) if user.userid == name => Selection::of_user(None, name),
            Some(user) => Selection::of_user(Some(&user.group), &user.userid),
        };
        let mut snapshot = self.snapshot(None, &selection, Unassigned::No, cancel)?;
        let mut users = Vec::new();
        loop {
            let page = snapshot.next_users()?;
            if page.is_empty() {
                return Ok(users);
            }
            users.extend(page);
        }
    }
}
