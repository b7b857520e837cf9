//! What a load changes of where users stand in the migration.

use rusqlite::{Connection, Statement, params};

use crate::model::{Timestamp, UserFacts};
use crate::vault::fold::folded;

use super::people::Called;

/// The statements that stage users and keep the target's names of those who are renamed or moved.
pub(super) struct Standing<'c> {
    stage: Statement<'c>,
    target: Statement<'c>,
    taken: Statement<'c>,
    moved: Statement<'c>,
    back: Statement<'c>,
}

impl<'c> Standing<'c> {
    pub(super) fn new(db: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            stage: db.prepare(
                "INSERT INTO progress (user, phase, at, master) VALUES (?1, 1, ?2, ?3) \
                 ON CONFLICT (user) DO UPDATE SET phase = 1, at = ?2, master = ?3 WHERE phase = 0",
            )?,
            target: db.prepare(
                "UPDATE members SET target = ?2 WHERE user = ?1 AND target IS NULL \
                 AND bundle IN (SELECT number FROM bundles)",
            )?,
            taken: db
                .prepare("INSERT OR IGNORE INTO taken (fold, user, target) VALUES (?, ?, ?)")?,
            moved: db.prepare(
                "INSERT OR IGNORE INTO moved (user, group_name) SELECT ?1, ?2 \
                 WHERE EXISTS (SELECT 1 FROM progress WHERE user = ?1 AND bundle IS NOT NULL)",
            )?,
            back: db.prepare("DELETE FROM moved WHERE user = ? AND group_name = ?")?,
        })
    }

    /// Stages a user whose workflow alias asks for it and who is nowhere in the migration yet; gives back how many.
    pub(super) fn stage(&mut self, id: i64, at: Timestamp, master: &str) -> rusqlite::Result<u64> {
        let staged = self
            .stage
            .execute(params![id, at.as_microsecond(), master])?;
        Ok(staged as u64)
    }

    /// Keeps the target's name of a user who is called otherwise now.
    pub(super) fn renamed(
        &mut self,
        id: i64,
        before: &Called,
        now: &UserFacts,
    ) -> rusqlite::Result<()> {
        if before.userid != now.userid {
            self.keep_target_id(id, &before.userid)?;
        }
        if before.group != now.group {
            // In the old group, until they come back to it.
            self.moved.execute(params![id, before.group])?;
            self.back.execute(params![id, now.group])?;
        }
        Ok(())
    }

    /// An exported user has the old name on the target, so that it stays taken.
    fn keep_target_id(&mut self, id: i64, old: &str) -> rusqlite::Result<()> {
        if self.target.execute(params![id, old])? > 0 {
            self.taken.execute(params![folded(old), id, old])?;
        }
        Ok(())
    }
}
