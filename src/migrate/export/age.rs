//! How old the source copy is, and whether that is too old for an export (`migrate.max-source-age`).
//!
//! A copy is as old as the moment at which the source wrote it. Where the file did not say, the load's own time is the
//! best that is known.

use std::time::Duration;

use crate::migrate::error::{Error, Result};
use crate::model::Timestamp;
use crate::render::counted;
use crate::store::{Connection, settings};
use crate::vault::ledger;

/// The age of the source copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceAge {
    /// How old it is; a clock that is ahead makes nothing younger than new.
    pub age: Duration,
    /// How old it may be, where that is bounded.
    pub most: Option<Duration>,
}

impl SourceAge {
    /// Looks; `None` where nothing was ever loaded.
    ///
    /// # Errors
    /// [`Error::Stale`] where the copy is too old and that is to block.
    pub(super) fn look(db: &Connection, now: Timestamp) -> Result<Option<Self>> {
        let Some(written) = ledger::source_written(db)? else {
            return Ok(None);
        };
        let most = settings::span(db, "migrate.max-source-age")?;
        let found = Self {
            age: Duration::try_from(now.duration_since(written)).unwrap_or_default(),
            most: (!most.is_zero()).then_some(most),
        };
        match found.most {
            Some(most)
                if found.is_stale() && settings::get(db, "migrate.stale-source")? == "block" =>
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

/// A span as people say it: days from two on, else hours, else that it is less than one.
pub fn spoken(span: Duration) -> String {
    match span.as_secs() / 3600 {
        0 => "less than an hour".to_owned(),
        hours @ 1..48 => counted(hours, "hour"),
        hours => counted(hours / 24, "day"),
    }
}
