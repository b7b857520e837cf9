//! Who a user record is about: somebody the vault knows, under the same name or another, or a newcomer.
//!
//! The source's stable id tells a rename or move from a leaver and a newcomer (records.md §1). A name can change
//! hands within one file, in either order, so that whoever held it steps aside as gone; if their own record comes
//! later it finds them by id and takes them back.

use rusqlite::{Connection, Row, Statement, params};

use crate::model::UserFacts;
use crate::vault::fold::folded;

use super::difference::{Subject, What};
use super::rows::Origin;
use super::writer::{Writer, is_unique, twice};
use super::{BadRecord, Trouble};

/// Searches among the users of earlier loads.
pub(super) struct People<'c> {
    by_key: Statement<'c>,
    by_source: Statement<'c>,
    any: bool,
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

impl<'c> People<'c> {
    pub(super) fn new(db: &'c Connection, load: i64, any: bool) -> rusqlite::Result<Self> {
        const COLUMNS: &str = "SELECT u.id, u.group_id, u.userid, u.gone, u.system_id, u.source_id, \
                               (SELECT phase FROM progress p WHERE p.user = u.id) FROM users u";
        // `load` is a literal: only so can the partial indexes of a big load be used.
        Ok(Self {
            by_key: db.prepare(&format!(
                "{COLUMNS} WHERE u.userid = ? AND u.group_id = ? AND u.load < {load} ORDER BY u.gone = 0 DESC, u.gone DESC"
            ))?,
            by_source: db.prepare(&format!(
                "{COLUMNS} WHERE u.source_id = ? AND u.system_id = ? AND u.load < {load}"
            ))?,
            any,
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

/// `group/userid`
pub(super) fn full_name(user: &UserFacts) -> String {
    format!("{}/{}", user.group, user.userid)
}

/// The phase from which a rename or move is refused: `exported`.
const FROZEN: i64 = 2;

impl Writer<'_, '_> {
    /// The id of the user whom the record is about, if the vault knows them; whoever else has the name steps aside.
    pub(super) fn person(
        &mut self,
        line: u64,
        group: i64,
        user: &UserFacts,
        from: Origin,
    ) -> Result<Option<i64>, Trouble> {
        if !self.people.any {
            return Ok(None);
        }
        let same_name = self.people.by_key(&user.userid, group)?;
        let holder = same_name.first().filter(|known| known.gone == 0);
        if let Some(other) = holder.filter(|known| known.system != from.system) {
            return Err(self.other_system(line, user, other.system)?.into());
        }
        let same_id = match &user.id {
            Some(id) => self.people.by_source(id, from.system)?,
            None => None,
        };
        if let Some(person) = same_id {
            if person.userid != user.userid || person.group != group {
                self.renamed(line, group, user, &person)?;
            }
            if let Some(other) = holder.filter(|known| known.id != person.id) {
                self.step_aside(other.id)?;
            }
            if person.gone > 0 && person.gone < from.load {
                self.returned(line, user);
            }
            return Ok(Some(person.id));
        }
        // No id, or one that the vault has not seen: the name decides, unless it was somebody with another id.
        let could_be = |known: &&Known| known.source_id.is_none() || user.id.is_none();
        if let Some(holder) = holder {
            if could_be(&holder) {
                return Ok(Some(holder.id));
            }
            self.step_aside(holder.id)?;
            return Ok(None);
        }
        let before = same_name
            .iter()
            .filter(|known| known.system == from.system)
            .find(could_be);
        let before = before.map(|known| known.id);
        if before.is_some() {
            self.returned(line, user);
        }
        Ok(before)
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

    /// A name that another person has now: its holder of before is gone, unless the file still brings them.
    fn step_aside(&self, id: i64) -> rusqlite::Result<()> {
        self.db
            .prepare_cached("UPDATE users SET gone = ?2 WHERE id = ?1")?
            .execute(params![id, self.report.number])?;
        Ok(())
    }

    /// A rename or move: refused once the user was exported, unless forced.
    fn renamed(
        &mut self,
        line: u64,
        group: i64,
        user: &UserFacts,
        person: &Known,
    ) -> Result<(), Trouble> {
        let old_group: String = self
            .db
            .prepare_cached("SELECT name FROM groups WHERE id = ?")?
            .query_row([person.group], |row| row.get(0))?;
        if person.phase >= FROZEN && !self.options.force {
            return Err(BadRecord::at(
                line,
                format!(
                    "user {old_group}/{} was exported and is now called {}/{}",
                    person.userid, user.group, user.userid
                ),
                "undo the rename or move in the source, or load with -force and correct the target by hand",
            )
            .into());
        }
        let now = || full_name(user);
        let before = || format!("was {old_group}/{}", person.userid);
        if person.userid != user.userid {
            self.report.renamed += 1;
            self.keep_target_id(person)?;
            self.differs(What::Renamed, Subject::User, now, line, before);
        }
        if person.group != group {
            self.report.moved += 1;
            self.keep_group(person, &old_group, &user.group)?;
            self.differs(What::Moved, Subject::User, now, line, before);
        }
        Ok(())
    }

    fn returned(&mut self, line: u64, user: &UserFacts) {
        self.report.returned += 1;
        let name = || full_name(user);
        self.differs(What::Returned, Subject::User, name, line, String::new);
    }

    /// The target knows an exported user by the old name, which stays taken.
    fn keep_target_id(&self, person: &Known) -> rusqlite::Result<()> {
        let old = &person.userid;
        let exported = self
            .db
            .prepare_cached(
                "UPDATE members SET target = ?2 WHERE user = ?1 AND target IS NULL \
                 AND bundle IN (SELECT number FROM bundles)",
            )?
            .execute(params![person.id, old])?;
        if exported > 0 {
            self.db
                .prepare_cached(
                    "INSERT OR IGNORE INTO taken (fold, user, target) VALUES (?, ?, ?)",
                )?
                .execute(params![folded(old), person.id, old])?;
        }
        Ok(())
    }

    /// The target knows an exported user in the old group, until they come back to it.
    fn keep_group(&self, person: &Known, old: &str, new: &str) -> rusqlite::Result<()> {
        self.db
            .prepare_cached(
                "INSERT OR IGNORE INTO moved (user, group_name) SELECT ?1, ?2 \
                 WHERE EXISTS (SELECT 1 FROM progress WHERE user = ?1 AND bundle IS NOT NULL)",
            )?
            .execute(params![person.id, old])?;
        self.db
            .prepare_cached("DELETE FROM moved WHERE user = ? AND group_name = ?")?
            .execute(params![person.id, new])?;
        Ok(())
    }

    /// A user row that was refused: the same key twice in this file, or whatever else it was.
    pub(super) fn user_twice(
        &self,
        error: rusqlite::Error,
        line: u64,
        group: i64,
        user: &UserFacts,
    ) -> Trouble {
        if !is_unique(&error) {
            return error.into();
        }
        let what = format!("user {}/{}", user.group, user.userid);
        let same_name = self.db.query_row(
            "SELECT line FROM users WHERE userid = ? AND group_id = ? AND load = ? AND gone = 0",
            params![user.userid, group, self.report.number],
            |row| row.get(0),
        );
        if let Ok(first) = same_name {
            return twice(line, first, &what).into();
        }
        let same_id = self.db.query_row(
            "SELECT line FROM users WHERE source_id = ? AND load = ?",
            params![user.id, self.report.number],
            |row| row.get(0),
        );
        match same_id {
            Ok(first) => {
                let id = user.id.as_deref().unwrap_or_default();
                twice(line, first, &format!("the id '{id}' of {what}")).into()
            }
            Err(_) => error.into(),
        }
    }
}
