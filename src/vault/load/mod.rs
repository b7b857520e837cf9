//! Loading source records: one transaction, all or nothing, in constant memory.
//!
//! Reading and sealing run on one core, inserting on another. A record replaces the record with its key as a whole;
//! phases, bundles and what igsh itself made stay (igsh-source(5), Loading again). A load that is big beside what is
//! there takes the indexes away and builds them again at its end, inside the same transaction.

mod bad;
mod bulk_indexes;
mod comparison;
mod difference;
mod duplicates;
mod gone;
mod groups;
mod in_bundles;
mod items;
mod options;
mod people;
mod prepare;
mod report;
mod rows;
mod running;
mod source;
mod standing;
mod tokens;
mod trouble;
mod twins;
mod writer;

#[cfg(test)]
pub(in crate::vault) mod tests;

use rusqlite::Transaction;

use crate::ambient::{CancelToken, Cancelled, Progress};
use crate::model::SourceRecord;
use crate::store::audit::Sums;
use crate::store::{self, Holder, Keys, state};

pub use bad::BadRecord;
pub use difference::{Difference, Subject, What};
pub use gone::{GoneLimit, TooManyGone};
pub use options::LoadOptions;
pub use report::{Drift, LoadReport, Remarks, Tally};

use super::decisions::LATE;
use super::{Error, Result, Vault};
use running::{Load, News};
use writer::Writer;

/// The number of users from which a load may take the indexes away; below it they cost less than building them.
const BULK_FROM: u64 = 2_000;

impl Vault {
    /// Loads `records`, each with its line. All of them, or nothing when one is bad, unless `skip_bad`, which hands
    /// the bad ones to `bad`. `audit` runs in the load's transaction, after everything else.
    ///
    /// # Errors
    /// [`Error::Record`] for a bad record, [`Error::OtherSystem`], [`Error::Gone`], [`Error::Cancelled`]: nothing was
    /// changed.
    #[allow(clippy::too_many_arguments)]
    pub fn load<I>(
        &mut self,
        keys: &Keys,
        records: I,
        options: &LoadOptions,
        holder: &Holder,
        audit: impl FnOnce(&Transaction<'_>, &LoadReport, Sums) -> store::Result<()>,
        bad: &mut dyn FnMut(&BadRecord),
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<LoadReport>
    where
        I: Iterator<Item = Result<(u64, SourceRecord), BadRecord>> + Send,
    {
        let mut news = |news: News| {
            if let News::Bad(record) = news {
                bad(&record);
            }
            Ok(())
        };
        let (report, big) = self.file.write(holder, |tx| {
            // A user who is renamed, moved or gone may stand in any of them.
            let amended = state::amend(tx, keys, LATE)?;
            let writer = Writer::new(tx, options, keys, BULK_FROM)?;
            let done = Load {
                options,
                news: &mut news,
                progress,
                cancel,
            }
            .run(writer, records)?;
            options.gone_limit.check(&done.0)?;
            audit(tx, &done.0, amended.into())?;
            Ok::<_, Error>(done)
        })?;
        self.after(big);
        Ok(report)
    }

    /// What [`Vault::load`] would do: the same work in a transaction that is taken back. `each` gets each difference,
    /// in the order of the file and then what would be gone; it ends the work by returning `false`. Bad records are
    /// differences too, whether or not the load would give up for them.
    ///
    /// # Errors
    /// As [`Vault::load`], and [`Error::Cancelled`] after a `false`.
    #[allow(clippy::too_many_arguments)]
    pub fn diff<I>(
        &mut self,
        keys: &Keys,
        records: I,
        options: &LoadOptions,
        holder: &Holder,
        each: &mut dyn FnMut(Difference) -> bool,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<LoadReport>
    where
        I: Iterator<Item = Result<(u64, SourceRecord), BadRecord>> + Send,
    {
        let options = LoadOptions {
            skip_bad: true,
            ..options.clone()
        };
        let mut news = |news: News| {
            let difference = match news {
                News::Bad(record) => Difference::refused(&record),
                News::Difference(difference) => difference,
            };
            if each(difference) {
                Ok(())
            } else {
                Err(Cancelled.into())
            }
        };
        let (report, big) = self.file.without_effect(holder, |tx| {
            let mut writer = Writer::new(tx, &options, keys, BULK_FROM)?;
            writer.compare()?;
            Load {
                options: &options,
                news: &mut news,
                progress,
                cancel,
            }
            .run(writer, records)
        })?;
        self.after(big);
        Ok(report)
    }

    /// The log is as large as the load; emptied now, it does not slow the next reader down.
    fn after(&self, big: bool) {
        if big {
            let _ = self.file.checkpoint();
        }
    }
}
