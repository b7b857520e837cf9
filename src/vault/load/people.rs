//! Who a user record is about: a user whom the vault has, under the same name or another, or a newcomer.
//!
//! The source's stable id distinguishes a rename or move from a leaver and a newcomer (igsh-migration(7), FREEZE). A
//! name can change hands within one file, in either order, so that the user who held it steps aside as gone; if their
//! own record comes later it finds them by id and takes them back.

use rusqlite::{Connection, Row, Statement, params};

use crate::model::UserFacts;

use super::bad::BadRecord;
use super::rows::Origin;
use super::trouble::Trouble;

/// Searches among the users of earlier loads.
pub(super) struct People<'c> {
    db: &'c Connection,
    by_key: Statement<'c>,
    by_source: Statement<'c>,
    aside: Statement<'c>,
    any: bool,
    /// Whether users who were exported may be renamed and moved.
    force: bool,
}

/// A user of an earlier load.
#[derive(Debug, Clone)]
struct Known {
    id: i64,
    group: i64,
    userid: String,
    gone: i64,
    system: i64,
    source_id: Option<String>,
    phase: i64,
}

/// Whom a record is about.
#[derive(Debug, Default)]
pub(super) struct Person {
    /// Their id, if they are in the vault.
    pub(super) id: Option<i64>,
    /// What they were called, if the record renames or moves them.
    pub(super) before: Option<Called>,
    /// Whether they had been gone.
    pub(super) returned: bool,
    /// The other user who has the name, and has to step aside.
    pub(super) aside: Option<i64>,
}

/// What a user was called before.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) group: String,
    pub(super) userid: String,
}

/// The phase from which a rename or move is refused: `exported`.
const FROZEN: i64 = 2;

impl<'c> People<'c> {
    pub(super) fn new(
        db: &'c Connection,
        load: i64,
        any: bool,
        force: bool,
    ) -> rusqlite::Result<Self> {
        const COLUMNS: &str = "SELECT u.id, u.group_id, u.userid, u.gone, u.system_id, u.source_id, \
                               (SELECT phase FROM progress p WHERE p.user = u.id) FROM users u";
        // `load` is a literal: only so can the partial indexes of a big load be used.
        Ok(Self {
            db,
            by_key: db.prepare(&format!(
                "{COLUMNS} WHERE u.userid = ? AND u.group_id = ? AND u.load < {load} ORDER BY u.gone = 0 DESC, u.gone DESC"
            ))?,
            by_source: db.prepare(&format!(
                "{COLUMNS} WHERE u.source_id = ? AND u.system_id = ? AND u.load < {load}"
            ))?,
            aside: db.prepare(&format!("UPDATE users SET gone = {load} WHERE id = ?"))?,
            any,
            force,
        })
    }

    /// Those who have or had the name, the present holder first.
    fn by_key(&mut self, userid: &str, group: i64) -> rusqlite::Result<Vec<Known>> {
        let rows = self.by_key.query_map(params![userid, group], known)?;
        rows.collect()
    }

    fn by_source(&mut self, id: &str, system: i64) -> rusqlite::Result<Option<Known>> {
        let mut rows = self.by_source.query_map(params![id, system], known)?;
        rows.next().transpose()
    }

    /// Whom the record is about.
    pub(super) fn find(
        &mut self,
        line: u64,
        group: i64,
        user: &UserFacts,
        from: Origin,
    ) -> Result<Person, Trouble> {
        if !self.any {
            return Ok(Person::default());
        }
        let same_name = self.by_key(&user.userid, group)?;
        let holder = same_name.first().filter(|known| known.gone == 0);
        if let Some(other) = holder.filter(|known| known.system != from.system) {
            return Err(self.other_system(line, user, other.system)?.into());
        }
        let same_id = match &user.id {
            Some(id) => self.by_source(id, from.system)?,
            None => None,
        };
        if let Some(person) = same_id {
            let renamed = person.userid != user.userid || person.group != group;
            let other = holder.filter(|known| known.id != person.id);
            return Ok(Person {
                id: Some(person.id),
                returned: person.gone > 0 && person.gone < from.load,
                aside: other.map(|known| known.id),
                before: match renamed {
                    true => Some(self.renamed(line, user, person)?),
                    false => None,
                },
            });
        }
        // No id, or one that the vault has not seen: the name decides, unless it was a user with another id.
        let could_be = |known: &&Known| known.source_id.is_none() || user.id.is_none();
        if let Some(holder) = holder {
            let same = could_be(&holder);
            return Ok(Person {
                id: same.then_some(holder.id),
                aside: (!same).then_some(holder.id),
                ..Person::default()
            });
        }
        let before = same_name
            .iter()
            .filter(|known| known.system == from.system)
            .find(could_be);
        Ok(Person {
            id: before.map(|known| known.id),
            returned: before.is_some(),
            ..Person::default()
        })
    }

    fn other_system(
        &self,
        line: u64,
        user: &UserFacts,
        system: i64,
    ) -> rusqlite::Result<BadRecord> {
        let name: String =
            self.db
                .query_row("SELECT name FROM systems WHERE id = ?", [system], |row| {
                    row.get(0)
                })?;
        Ok(BadRecord::at(
            line,
            format!(
                "user {}/{} is already there from the system '{name}'",
                user.group, user.userid
            ),
            "two systems cannot share a user; rename the user or the group in one of the files",
        ))
    }

    /// A rename or move: refused once the user was exported, unless forced.
    fn renamed(&self, line: u64, user: &UserFacts, person: Known) -> Result<Called, Trouble> {
        let group: String = self
            .db
            .prepare_cached("SELECT name FROM groups WHERE id = ?")?
            .query_row([person.group], |row| row.get(0))?;
        if person.phase >= FROZEN && !self.force {
            return Err(BadRecord::at(
                line,
                format!(
                    "user {group}/{} was exported and is now called {}/{}",
                    person.userid, user.group, user.userid
                ),
                "undo the rename or move in the source, or load with -force and correct the target by hand",
            )
            .into());
        }
        let userid = person.userid;
        Ok(Called { group, userid })
    }

    /// A name that another person has now: its holder of before is gone, unless the file still brings them.
    pub(super) fn step_aside(&mut self, id: i64) -> rusqlite::Result<()> {
        self.aside.execute([id])?;
        Ok(())
    }
}

fn known(row: &Row<'_>) -> rusqlite::Result<Known> {
    Ok(Known {
        id: row.get(0)?,
        group: row.get(1)?,
        userid: row.get(2)?,
        gone: row.get(3)?,
        system: row.get(4)?,
        source_id: row.get(5)?,
        phase: row.get::<_, Option<i64>>(6)?.unwrap_or(0),
    })
}
