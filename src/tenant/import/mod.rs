//! Importing a bundle: checked whole first, then applied in blocks, each in the transaction that notes it.
//!
//! An import is a job, because it takes long and machines fail: a killed one goes on exactly behind its last block. One
//! thread decrypts, one parses (and seals, where all is new), the caller's writes.

mod apply;
mod bounds;
mod indexes;
mod items;
mod prepare;
mod rehearsal;
mod rows;
mod running;
#[cfg(test)]
mod tests;
mod there;

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek};

use crate::ambient::{Ambient, CancelToken, Progress};
use crate::bundle::{Checked, Reader};
use crate::files::{self, NoFile, Openness};
use crate::model::bundle::Record;
use crate::store::audit::{self, Draft, Who, codes};
use crate::store::{self, Holder, Keys};

use running::{Import, append, entry, settle};

use super::Tenant;
use super::error::{Error, Result};
use super::events::Tally;
use super::jobs::{self, Job, JobState};

pub(super) use prepare::Attributes;
pub use rehearsal::rehearse;

/// From so many users on an import into an empty tenant takes the indexes away.
const BULK_FROM: u64 = 2_000;

/// What an import is done with.
pub struct Work<'a> {
    /// The keys of the session.
    pub keys: &'a Keys,
    pub master: &'a str,
    /// The same for the audit.
    pub who: &'a Who,
    /// And for the message of a session that has to wait.
    pub holder: &'a Holder,
    /// What the audit's entries begin with.
    pub draft: &'a Draft,
    /// Clock and randomness.
    pub ambient: &'a Ambient,
    /// Shows how far it is.
    pub progress: &'a dyn Progress,
    /// Whether it was asked to stop.
    pub cancel: &'a CancelToken,
}

/// How an import is to be done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms {
    /// Stop when so many records could not be taken.
    pub stop_after_errors: Option<u64>,
    /// How often to try again when another session holds the tenant.
    pub retries: u64,
}

/// What came of an import.
#[derive(Debug)]
pub struct Imported {
    /// The job as it stands now.
    pub job: Job,
    /// Users who got tokens and have more than the account allows.
    pub over_account: u64,
    /// Whether it was cancelled; it can be resumed.
    pub interrupted: bool,
}

impl Imported {
    /// The target's outcome when everything was there.
    pub fn changed(&self) -> bool {
        self.job.tally.changed()
    }
}

impl Tenant {
    /// Imports a bundle, or goes on with the job that was interrupted in it.
    ///
    /// # Errors
    /// Before the job has begun: [`Error::Running`], [`Error::Unfinished`], what is wrong with the bundle. Nothing was
    /// changed then. Afterwards the job is stopped or failed, keeps the reason, and can be resumed.
    pub fn import<R: Read + Seek + Send>(
        &mut self,
        reader: Reader<R>,
        file: &str,
        resume: Option<u64>,
        terms: Terms,
        work: &Work<'_>,
    ) -> Result<Imported> {
        let _lock = self.only_one()?;
        let (job, checked, defaults) = self.begin(reader, file, resume, work)?;
        let import = Import {
            tenant: self,
            job,
            defaults,
            terms,
            work,
            over_account: 0,
            interrupted: false,
        };
        import.run(checked)
    }

    /// Asks a job to stop, and stops it at once when no process works on it.
    pub fn stop_job(&mut self, number: u64, work: &Work<'_>) -> Result<JobState> {
        let draft = Draft {
            code: &codes::JOB_STOPPED,
            ..work.draft.clone()
        };
        let draft = draft.object(format!("job {number}"));
        let lock = self.only_one();
        self.file.write(work.holder, |tx| {
            let mut job = jobs::get(tx, number)?;
            if job.state == JobState::Done {
                return Err(Error::Done(number));
            }
            if lock.is_ok() {
                job.note = Some("stopped by a master".to_owned());
                settle(tx, &mut job, JobState::Stopped, work)?;
            } else {
                jobs::ask_to_stop(tx, number, true)?;
            }
            append(tx, &draft, work)?;
            Ok(job.state)
        })
    }

    /// The lock of the importing process; two at once are refused.
    fn only_one(&self) -> Result<File> {
        let path = files::beside(self.file.path(), ".import");
        let failed = |why| store::Error::no_file("open the lock file", &path, why);
        let file = files::open_or_make(&path, Openness::Readable).map_err(failed)?;
        match files::lock_alone(&file) {
            Ok(true) => Ok(file),
            Ok(false) => Err(Error::Running),
            Err(error) => Err(failed(NoFile::Io(error)).into()),
        }
    }

    /// Checks the bundle from end to end, and only then notes that a job has begun.
    fn begin<R: Read + Seek + Send>(
        &mut self,
        mut reader: Reader<R>,
        file: &str,
        resume: Option<u64>,
        work: &Work<'_>,
    ) -> Result<(Job, Checked<R>, HashSet<String>)> {
        let db = self.file.connection();
        let digest = reader.digest()?;
        let earlier = match resume {
            None => {
                jobs::none_unfinished(db)?;
                None
            }
            Some(number) => Some(resumable(jobs::get(db, number)?, &digest, file)?),
        };
        let mut defaults = HashSet::new();
        let checked = reader.check_each(work.progress, work.cancel, |record| {
            note_default(&mut defaults, record);
        })?;
        let manifest = checked.manifest();
        let counts = &manifest.records;
        let new = Job {
            number: 0,
            digest: digest.to_vec(),
            bundle: checked.header().meta.id.to_string(),
            file: file.to_owned(),
            master: work.master.to_owned(),
            state: JobState::Running,
            stop: false,
            bulk: false,
            blocks: manifest.blocks,
            next_block: 0,
            records: counts.group + counts.user + counts.token + counts.card,
            done: 0,
            tally: Tally::default(),
            started: work.ambient.clock.now(),
            finished: None,
            note: None,
        };
        let many = counts.user >= BULK_FROM;
        let job = self.file.write(work.holder, |tx| {
            let mut job = earlier.unwrap_or(new);
            if resume.is_none() {
                job.bulk = many && indexes::is_empty(tx)?;
                job.number = jobs::open(tx, &job)?;
                if job.bulk {
                    indexes::take_away(tx)?;
                }
            } else {
                jobs::ask_to_stop(tx, job.number, false)?;
                (job.state, job.finished, job.note) = (JobState::Running, None, None);
                jobs::save(tx, &job)?;
            }
            let mut draft = entry(&codes::IMPORT_BEGUN, &job, work);
            draft.outcome = audit::Outcome::Intent;
            append(tx, &draft, work)?;
            Ok::<_, Error>(job)
        })?;
        Ok((job, checked, defaults))
    }
}

/// The source's default group has no users on the target, where all users are in another one.
fn note_default(defaults: &mut HashSet<String>, record: &Record) {
    if let Record::Group(group) = record
        && group.default
    {
        defaults.insert(group.name.clone());
    }
}

fn resumable(job: Job, digest: &[u8], file: &str) -> Result<Job> {
    let number = job.number;
    if job.state == JobState::Done {
        return Err(Error::Done(number));
    }
    if job.digest != digest {
        let file = file.to_owned();
        return Err(Error::OtherBundle { number, file });
    }
    Ok(job)
}
