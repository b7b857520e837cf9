//! What a load changes of users who are in a bundle already (igsh-migration(7), TWICE).
//!
//! A record that replaces one is compared with what the user's last bundle held, so that a user who changes and changes
//! back has not changed. A bundle of an older version kept nothing to compare with: whether its users have changed
//! is unknown, and counts as a change.

use rusqlite::{Connection, OptionalExtension as _, Statement, params};

use crate::model::Changes;
use crate::store::Keys;
use crate::vault::Result;
use crate::vault::digest::{Digest, Kept};

use super::rows::has_rows;

/// The statements about users who are in a bundle.
pub(super) struct InBundles<'c, 'o> {
    keys: &'o Keys,
    find: Statement<'c>,
    note: Statement<'c>,
}

impl<'c, 'o> InBundles<'c, 'o> {
    /// `None` where no user is in any bundle.
    pub(super) fn new(db: &'c Connection, keys: &'o Keys) -> rusqlite::Result<Option<Self>> {
        if !has_rows(db, "members")? {
            return Ok(None);
        }
        Ok(Some(Self {
            keys,
            find: db.prepare(
                "SELECT p.bundle, p.changed, m.digest FROM progress p \
                 LEFT JOIN members m ON m.bundle = p.bundle AND m.user = p.user \
                 WHERE p.user = ? AND p.bundle IS NOT NULL",
            )?,
            note: db.prepare("UPDATE progress SET changed = ?2 WHERE user = ?1")?,
        }))
    }

    /// Notes how a user who was there differs from what their last bundle held, and gives it back.
    pub(super) fn note_changes(&mut self, user: i64, now: &Digest) -> Result<Changes> {
        let found = self
            .find
            .query_row([user], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((bundle, before, digest)) = found else {
            return Ok(Changes::NONE);
        };
        let (bundle, before, digest): (u64, u8, Option<Vec<u8>>) = (bundle, before, digest);
        let kept = match digest {
            Some(sealed) => Kept::open(&sealed, user, bundle, self.keys)?,
            None => None,
        };
        let changes = kept.map_or(Changes::OTHER, |kept| kept.changes(now));
        if changes.0 != before {
            self.note.execute(params![user, changes.0])?;
        }
        Ok(changes)
    }
}
