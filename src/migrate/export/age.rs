//! How old the source copy is, and whether that is too old for an export (`migrate.max-source-age`).
//!
//! A copy is as old as the moment at which the source wrote it. Where the file has no
//! such date, the time of the load stands for it.

use std::time::Duration;

use crate::migrate::error::{Error, Result};
use crate::migrate::settings;
use crate::model::Timestamp;
use crate::store::Connection;
use crate::vault::ledger;

/// The age of the source copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceAge {
    /// How old it is; 0 where the source's clock is ahead.
    pub age: Duration,
    /// How old it may be, where that is bounded.
    pub most: Option<Duration>,
}

impl SourceAge {
    /// `None` where nothing was ever loaded.
    ///
    /// # Errors
    /// [`Error::Stale`] where the copy is too old and that is to block.
    pub(super) fn look(db: &Connection, now: Timestamp) -> Result<Option<Self>> {
        let Some(written) = ledger::source_written(db)? else {
            return Ok(None);
        };
        let most = settings::VAULT.span(db, "migrate.max-source-age")?;
        let found = Self {
            age: Duration::try_from(now.duration_since(written.timestamp())).unwrap_or_default(),
            most: (!most.is_zero()).then_some(most),
        };
        match found.most {
            Some(most)
                if found.is_stale()
                    && settings::VAULT.get(db, "migrate.stale-source")? == "block" =>
            {
                Err(Error::Stale {
                    age: found.age,
                    most,
                })
            }
            _ => Ok(Some(found)),
        }
    }

    /// Whether it is older than it may be.
    pub fn is_stale(self) -> bool {
        self.most.is_some_and(|most| self.age > most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::testing::House;
    use crate::model::{Schema, SourceRecord};
    use crate::vault::testing;

    const DAY: u64 = 24 * 3600;

    #[test]
    fn a_copy_is_as_old_as_what_the_source_wrote_and_older_than_allowed_warns_or_blocks() {
        let written: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let mut house = House::new([
            SourceRecord::Schema(Schema {
                exported: Some(written.into()),
                ..Schema::default()
            }),
            testing::group("g"),
        ]);
        let look = |house: &House, days: u64| {
            let now = written + Duration::from_secs(days * DAY);
            SourceAge::look(house.vault.file().connection(), now)
        };
        let set = |house: &House, name: &str, value: &str| {
            settings::VAULT
                .set(house.vault.file().connection(), name, value)
                .unwrap();
        };
        let old = look(&house, 400).unwrap().unwrap();
        assert_eq!((old.age.as_secs(), old.is_stale()), (400 * DAY, false));
        set(&house, "migrate.max-source-age", "7d");
        assert!(!look(&house, 7).unwrap().unwrap().is_stale());
        assert!(look(&house, 8).unwrap().unwrap().is_stale());
        set(&house, "migrate.stale-source", "block");
        assert!(!look(&house, 7).unwrap().unwrap().is_stale());
        let error = look(&house, 9).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the source copy is 9 days old, and migrate.max-source-age allows 7 days; nothing was exported"
        );
        // A file that does not say when it was written is as old as its load.
        house.load([
            testing::group("h"),
            testing::record(testing::bare("h", "a")),
        ]);
        let now = Timestamp::now() + Duration::from_secs(3600);
        let young = SourceAge::look(house.vault.file().connection(), now)
            .unwrap()
            .unwrap();
        assert_eq!(young.age.as_secs() / 3600, 1);
    }

    #[test]
    fn an_empty_vault_has_no_age_and_a_clock_ahead_is_no_age() {
        let house = House::new([]);
        let db = house.vault.file().connection();
        assert_eq!(SourceAge::look(db, Timestamp::UNIX_EPOCH).unwrap(), None);
        db.execute_batch(
            "INSERT INTO loads (id, at, master, source, format, system_id, full, users) \
             VALUES (11, 3600000000, 'M', 'f', 'ndjson', 1, 0, 1), (12, 7200000000, 'M', 'f', 'pskc', 1, 0, 0)",
        )
        .unwrap();
        let age = SourceAge::look(db, Timestamp::UNIX_EPOCH).unwrap().unwrap();
        assert_eq!(age.age, Duration::ZERO);
        // Tokens that a vendor delivered do not make the people younger.
        let later = Timestamp::from_second(3 * 3600).unwrap();
        let age = SourceAge::look(db, later).unwrap().unwrap();
        assert_eq!(age.age.as_secs(), 2 * 3600);
    }
}
