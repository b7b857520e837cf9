//! Loading source records: one transaction, all or nothing, in constant memory.
//!
//! Reading and sealing run on one core, inserting on another. A record replaces the record with its key as a whole;
//! phases, bundles and what igsh itself made stay (records.md §1). A load that is big beside what is there takes the
//! indexes away and builds them again at its end, inside the same transaction (security.md §6).

mod difference;
mod duplicates;
mod exported;
mod indexes;
mod items;
mod origin;
mod person;
mod prepare;
mod rows;
mod tokens;
mod writer;

#[cfg(test)]
pub(in crate::vault) mod tests;

use rusqlite::Transaction;

use crate::ambient::{CancelToken, Cancelled, Progress, Unit};
use crate::model::{SourceRecord, Timestamp};
use crate::store::audit::Sums;
use crate::store::{self, Holder, Keys, interruptible, state};

pub use difference::{Difference, Subject, What};
pub use exported::Drift;

use super::decisions::LATE;
use super::{Error, Result, Vault};
use prepare::{Batch, Preparing, prepare};
use writer::Writer;

/// How a load is to be done.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// What the records come from, as `source get` shows it: a file name.
    pub source: String,
    /// The format they were in.
    pub format: String,
    /// The master who loads.
    pub master: String,
    /// Now.
    pub at: Timestamp,
    /// Leave bad records out instead of giving up.
    pub skip_bad: bool,
    /// Take renames and group moves of users who were exported.
    pub force: bool,
    /// Take records of a system that is new to the vault.
    pub add_system: bool,
    /// Prefixes of aliases that only drive the migration (`migrate.prefixes`); the first one stages a user.
    pub prefixes: Vec<String>,
}

/// A record that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct BadRecord {
    /// Its line in the file.
    pub line: u64,
    /// What is wrong, the line named in it.
    pub what: String,
    /// What to do about it.
    pub hint: String,
    /// Whether nothing more can be read after it.
    pub fatal: bool,
}

impl BadRecord {
    fn at(line: u64, what: impl std::fmt::Display, hint: impl Into<String>) -> Self {
        Self {
            line,
            what: format!("line {line}: {what}"),
            hint: hint.into(),
            fatal: false,
        }
    }
}

/// How many records of a kind a load has brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Not there before.
    pub new: u64,
    /// There before, replaced.
    pub replaced: u64,
    /// There before and not in this full load.
    pub gone: u64,
}

impl Tally {
    /// Records in the file.
    pub fn loaded(&self) -> u64 {
        self.new + self.replaced
    }
}

/// What a load has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// The number of the load.
    pub number: i64,
    /// The system the records come from; empty where it has no name.
    pub system: String,
    /// Whether absent records are now gone.
    pub full: bool,
    /// When the source wrote the records.
    pub exported: Option<Timestamp>,
    /// Groups.
    pub groups: Tally,
    /// Users.
    pub users: Tally,
    /// Unassigned tokens.
    pub tokens: Tally,
    /// Unassigned cards.
    pub cards: Tally,
    /// Tokens of the loaded users.
    pub assigned_tokens: u64,
    /// Cards of the loaded users.
    pub assigned_cards: u64,
    /// Users with another name than before.
    pub renamed: u64,
    /// Users in another group than before.
    pub moved: u64,
    /// Users who had been gone.
    pub returned: u64,
    /// Users whose workflow alias has staged them for export.
    pub staged: u64,
    /// Workflow aliases that were left out.
    pub aliases_dropped: u64,
    /// Tokens and cards that were another's before.
    pub reassigned: u64,
    /// Loaded users who differ from what their last bundle held.
    pub drift: Drift,
    /// Bad records that were left out.
    pub skipped: u64,
}

/// The number of users from which a load may take the indexes away; below it they cost less than building them.
const BULK_FROM: u64 = 2_000;

impl Vault {
    /// Loads `records`, each with its line. All of them, or nothing when one is bad, unless `skip_bad`, which hands
    /// the bad ones to `bad`. `audit` runs in the load's transaction, after everything else.
    ///
    /// # Errors
    /// [`Error::Record`] for a bad record, [`Error::OtherSystem`], [`Error::Cancelled`]: nothing was changed.
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
        let mut hear = |news: News| {
            if let News::Bad(record) = news {
                bad(&record);
            }
            Ok(())
        };
        let (report, big) = self.file.write(holder, |tx| {
            // Whoever is renamed, moved or gone may stand in any of them.
            let amended = state::amend(tx, keys, LATE)?;
            let writer = Writer::new(tx, options, keys, BULK_FROM)?;
            let done = load(options, &mut hear, progress, cancel).run(writer, records)?;
            audit(tx, &done.0, amended.into())?;
            Ok::<_, Error>(done)
        })?;
        self.after(big);
        Ok(report)
    }

    /// What [`Vault::load`] would do: the same work in a transaction that is taken back. `tell` hears each difference,
    /// in the order of the file and then what would be gone; it ends the work by saying `false`. Bad records are
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
        tell: &mut dyn FnMut(Difference) -> bool,
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
        let mut hear = |news: News| {
            let difference = match news {
                News::Bad(record) => Difference::refused(&record),
                News::Difference(difference) => difference,
            };
            if tell(difference) {
                Ok(())
            } else {
                Err(Cancelled.into())
            }
        };
        let (report, big) = self.file.without_effect(holder, |tx| {
            let mut writer = Writer::new(tx, &options, keys, BULK_FROM)?;
            writer.differences = Some(Vec::new());
            load(&options, &mut hear, progress, cancel).run(writer, records)
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

/// What a load has to say while it runs.
enum News {
    /// A record that is left out.
    Bad(BadRecord),
    /// What a record changes.
    Difference(Difference),
}

/// Who hears it; an error ends the load.
type Hear<'a> = &'a mut dyn FnMut(News) -> Result<()>;

const fn load<'a>(
    options: &'a LoadOptions,
    hear: Hear<'a>,
    progress: &'a dyn Progress,
    cancel: &'a CancelToken,
) -> Load<'a> {
    Load {
        options,
        hear,
        progress,
        cancel,
    }
}

/// A load under way.
struct Load<'a> {
    options: &'a LoadOptions,
    hear: Hear<'a>,
    progress: &'a dyn Progress,
    cancel: &'a CancelToken,
}

impl Load<'_> {
    /// The report, and whether the load was big.
    fn run<I>(&mut self, mut writer: Writer<'_, '_>, records: I) -> Result<(LoadReport, bool)>
    where
        I: Iterator<Item = Result<(u64, SourceRecord), BadRecord>> + Send,
    {
        let cancel = self.cancel;
        interruptible(writer.db, cancel, || {
            std::thread::scope(|scope| {
                let (sender, receiver) = crossbeam_channel::bounded::<Batch>(8);
                let with = Preparing {
                    keys: writer.keys,
                    prefixes: &self.options.prefixes,
                    digests: writer.in_bundles.is_some() || writer.differences.is_some(),
                };
                let sealing = scope.spawn(move || prepare(records, with, &sender));
                let stage = match writer.differences {
                    None => "loading",
                    Some(_) => "comparing",
                };
                self.progress.begin(stage, Unit::Items, None);
                let mut done = 0;
                for batch in &receiver {
                    cancel.check()?;
                    for item in batch {
                        done += 1;
                        let written = item
                            .map_err(Trouble::from)
                            .and_then(|(line, record)| writer.write(line, record));
                        match written {
                            Ok(()) => self.tell(&mut writer)?,
                            Err(trouble) => self.refused(&mut writer, trouble)?,
                        }
                    }
                    self.progress.at(done);
                }
                // A reader that panicked has sent less than there was.
                sealing
                    .join()
                    .map_err(|_| store::Error::Internal("the reading of the file stopped"))?;
                self.progress.end();
                self.finish(&mut writer)
            })
        })
    }

    fn finish(&mut self, writer: &mut Writer<'_, '_>) -> Result<(LoadReport, bool)> {
        let big = writer.is_bulk();
        if big {
            for trouble in writer.rebuild_indexes(self.progress)? {
                self.refused(writer, Trouble::Record(trouble))?;
            }
        }
        let report = writer.finish()?;
        if writer.differences.is_some() {
            writer.each_gone(&mut |difference| {
                self.cancel.check()?;
                (self.hear)(News::Difference(difference))
            })?;
        }
        Ok((report, big))
    }

    /// Tells what the record that was just written changes.
    fn tell(&mut self, writer: &mut Writer<'_, '_>) -> Result<()> {
        writer
            .differences
            .iter_mut()
            .flat_map(|differences| differences.drain(..))
            .try_for_each(|difference| (self.hear)(News::Difference(difference)))
    }

    /// A record was not taken: the end of the load, or one more for the residue.
    fn refused(&mut self, writer: &mut Writer<'_, '_>, trouble: Trouble) -> Result<()> {
        if let Some(differences) = &mut writer.differences {
            differences.clear();
        }
        match trouble {
            Trouble::Record(bad) if self.options.skip_bad && !bad.fatal => {
                writer.report.skipped += 1;
                (self.hear)(News::Bad(bad))
            }
            Trouble::Record(bad) => Err(Error::Record(bad)),
            Trouble::Load(error) => Err(error),
        }
    }
}

/// Why a record was not written.
#[derive(Debug)]
enum Trouble {
    /// The record is bad.
    Record(BadRecord),
    /// Nothing more can be written.
    Load(Error),
}

impl From<BadRecord> for Trouble {
    fn from(bad: BadRecord) -> Self {
        Self::Record(bad)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Load(error)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Load(error.into())
    }
}
