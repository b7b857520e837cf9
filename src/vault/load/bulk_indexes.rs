//! Taking the indexes away for a big load, and building them again at its end.
//!
//! Rows first and indexes afterwards halves the time. Meanwhile small partial indexes, over the rows
//! of earlier loads only, answer whom a record replaces; the new rows are in none of them. That a key stands twice in
//! the file is then found by the index that cannot be built, and the lines by a search that only happens in that case.

use rusqlite::Connection;

use crate::ambient::{Progress, Unit};
use crate::store::Index;
use crate::vault::Result;
use crate::vault::schema;

use super::duplicates::Duplicates;
use super::trouble::is_unique;

/// The indexes, in place or away.
pub(super) struct BulkIndexes<'c> {
    db: &'c Connection,
    load: i64,
    users_before: u64,
    /// The number of users from which a load may take the indexes away.
    from: u64,
    away: Option<Vec<Index>>,
}

const BEFORE: [(&str, &str); 4] = [
    (
        "before_users_name",
        "users (userid, group_id, gone) WHERE load <",
    ),
    (
        "before_users_source",
        "users (source_id, system_id) WHERE source_id IS NOT NULL AND load <",
    ),
    (
        "before_tokens",
        "tokens (serial, vendor, coalesce(issue_no, key_id, '')) WHERE load <",
    ),
    ("before_cards", "cards (serial) WHERE load <"),
];

impl<'c> BulkIndexes<'c> {
    pub(super) fn new(db: &'c Connection, load: i64, users_before: u64, from: u64) -> Self {
        Self {
            db,
            load,
            users_before,
            from,
            away: None,
        }
    }

    pub(super) fn are_away(&self) -> bool {
        self.away.is_some()
    }

    /// Takes the indexes away once a load of so many users turns out big beside what is there.
    pub(super) fn grow(&mut self, loaded: u64) -> Result<()> {
        if self.away.is_none() && loaded >= self.from && loaded >= self.users_before / 4 {
            let away = schema::indexes()?;
            for index in &away {
                self.db
                    .execute_batch(&format!("DROP INDEX {}", index.name))?;
            }
            for (name, columns) in BEFORE {
                self.db
                    .execute_batch(&format!("CREATE INDEX {name} ON {columns} {}", self.load))?;
            }
            self.away = Some(away);
        }
        Ok(())
    }

    /// Builds the indexes again; `duplicates` takes out the records that stand in the way of one. Where it does not,
    /// the load is over.
    pub(super) fn rebuild(
        &mut self,
        duplicates: &mut Duplicates<'_, 'c>,
        progress: &dyn Progress,
    ) -> Result<()> {
        let Some(away) = self.away.take() else {
            return Ok(());
        };
        for (name, _) in BEFORE {
            self.db.execute_batch(&format!("DROP INDEX {name}"))?;
        }
        progress.begin("indexing", Unit::Items, Some(away.len() as u64));
        for (done, index) in (1..).zip(&away) {
            match self.db.execute_batch(&index.sql) {
                Err(error) if is_unique(&error) => {
                    if !duplicates.take_out(&index.name)? {
                        return Ok(());
                    }
                    self.db.execute_batch(&index.sql)?;
                }
                other => other?,
            }
            progress.at(done);
        }
        progress.end();
        Ok(())
    }
}
