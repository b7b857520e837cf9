//! A load under way: one core reads and seals, this one writes.

use crate::ambient::{CancelToken, Progress, Unit};
use crate::model::SourceRecord;
use crate::store::{self, interruptible};
use crate::vault::{Error, Result};

use super::bad::BadRecord;
use super::difference::Difference;
use super::options::LoadOptions;
use super::prepare::{Batch, Preparing, prepare};
use super::report::LoadReport;
use super::trouble::Trouble;
use super::writer::Writer;

/// What a load has to say while it runs.
pub(super) enum News {
    /// A record that is left out.
    Bad(BadRecord),
    /// What a record changes.
    Difference(Difference),
}

/// Gets it; an error ends the load.
pub(super) type OnNews<'a> = &'a mut dyn FnMut(News) -> Result<()>;

/// A load under way.
pub(super) struct Load<'a> {
    pub(super) options: &'a LoadOptions,
    pub(super) news: OnNews<'a>,
    pub(super) progress: &'a dyn Progress,
    pub(super) cancel: &'a CancelToken,
}

impl Load<'_> {
    /// The report, and whether the load was big.
    pub(super) fn run<I>(
        &mut self,
        mut writer: Writer<'_, '_>,
        records: I,
    ) -> Result<(LoadReport, bool)>
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
                    digests: writer.wants_digests(),
                };
                let sealing = scope.spawn(move || prepare(records, with, &sender));
                let stage = match writer.compares() {
                    false => "loading",
                    true => "comparing",
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
                            Ok(differences) => self.pass_on(differences)?,
                            Err(trouble) => self.refused(&mut writer, trouble)?,
                        }
                    }
                    self.progress.at(done);
                }
                // A reader that panicked has sent less than there was.
                writer.report.encoded = sealing
                    .join()
                    .map_err(|_| store::Error::Internal("the reading of the file stopped"))?;
                self.progress.end();
                self.finish(&mut writer)
            })
        })
    }

    fn finish(&mut self, writer: &mut Writer<'_, '_>) -> Result<(LoadReport, bool)> {
        let big = writer.is_bulk();
        for trouble in writer.doubles(self.progress)? {
            self.refused(writer, Trouble::Record(trouble))?;
        }
        let report = writer.finish()?;
        writer.each_gone(&mut |difference| {
            self.cancel.check()?;
            (self.news)(News::Difference(difference))
        })?;
        Ok((report, big))
    }

    /// Passes on what the record that was just written changes.
    fn pass_on(&mut self, differences: Vec<Difference>) -> Result<()> {
        differences
            .into_iter()
            .try_for_each(|difference| (self.news)(News::Difference(difference)))
    }

    /// A record was not taken: the end of the load, or one more for the residue.
    fn refused(&mut self, writer: &mut Writer<'_, '_>, trouble: Trouble) -> Result<()> {
        match trouble {
            Trouble::Record(bad) if self.options.skip_bad && !bad.fatal => {
                writer.report.skipped += 1;
                (self.news)(News::Bad(bad))
            }
            Trouble::Record(bad) => Err(Error::Record(bad)),
            Trouble::Load(error) => Err(error),
        }
    }
}
