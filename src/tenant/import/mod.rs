//! Importing a bundle: checked whole first, then applied in blocks, each in the transaction that notes it.
//!
//! An import is a job, because it takes long and machines fail: a killed one goes on exactly behind its last block. One
//! thread decrypts, one parses (and seals, where all is new), the caller's writes.

mod apply;
mod indexes;
mod items;
mod prepare;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use rusqlite::Connection;
use rustix::fs::{FlockOperation, OFlags, flock};

use crate::ambient::{Ambient, CancelToken, Progress, Unit};
use crate::bundle::{Checked, Reader};
use crate::model::bundle::Record;
use crate::store::audit::{self, Code, Draft, Who, codes};
use crate::store::{self, Holder, Keys};

use apply::{Applier, State};
use prepare::{Ready, ready};

use super::error::{Error, Result};
use super::events::{Fate, Item, Tally, pack, row_id};
use super::jobs::{self, Job, JobState};
use super::{Policy, Tenant};

pub(super) use prepare::Attributes;

/// From so many users on an import into an empty tenant takes the indexes away.
const BULK_FROM: u64 = 2_000;
/// A transaction takes blocks for about so long: its flush is then a small part of it.
const TURN: Duration = Duration::from_millis(750);
/// Blocks that may wait for the writer.
const WAITING: usize = 2;

/// What an import is done with.
pub struct Work<'a> {
    /// The keys of the session.
    pub keys: &'a Keys,
    /// The master who imports.
    pub master: &'a str,
    /// The same for the audit.
    pub who: &'a Who,
    /// And for whoever has to wait.
    pub holder: &'a Holder,
    /// What the audit's entries begin with.
    pub draft: &'a Draft,
    /// Clock and randomness.
    pub ambient: &'a Ambient,
    /// Hears how far it is.
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
    pub retries: u32,
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
    /// What the target says when everything was there.
    pub fn changed(&self) -> bool {
        self.job.tally.changed()
    }
}

impl Tenant {
    /// Imports a bundle, or goes on with the job that was interrupted in it.
    ///
    /// # Errors
    /// Before the job has begun: [`Error::Running`], [`Error::Unfinished`], what is wrong with the bundle. Nothing was
    /// changed then. Afterwards the job is stopped or failed, says why, and can be resumed.
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

    /// Asks a job to stop, and stops it here and now when nobody works on it.
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

    /// The lock of whoever imports; two at once are refused.
    fn only_one(&self) -> Result<File> {
        let mut path = self.file.path().as_os_str().to_owned();
        path.push(".import");
        let path = std::path::PathBuf::from(path);
        let failed = |source| store::Error::Io {
            doing: "open the lock file",
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path)
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::Running),
            Err(errno) => Err(failed(errno.into()).into()),
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
            if let Record::Group(group) = record
                && group.default
            {
                defaults.insert(group.name.clone());
            }
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

/// An import under way.
struct Import<'a> {
    tenant: &'a mut Tenant,
    job: Job,
    defaults: HashSet<String>,
    terms: Terms,
    work: &'a Work<'a>,
    over_account: u64,
    interrupted: bool,
}

/// How a pass over the blocks ended.
enum Passed {
    /// All of them were applied.
    Whole,
    /// It stopped before the end, for this reason.
    Stopped(String),
}

type Block = (u32, Vec<Ready>);

impl Import<'_> {
    fn run<R: Read + Seek + Send>(mut self, mut checked: Checked<R>) -> Result<Imported> {
        loop {
            let ended = match self.pass(&mut checked) {
                Ok(Passed::Whole) => self.finish(JobState::Done, None),
                Ok(Passed::Stopped(why)) => self.finish(JobState::Stopped, Some(why)),
                Err(Error::Cancelled(_)) => {
                    self.interrupted = true;
                    self.finish(JobState::Stopped, Some("interrupted".to_owned()))
                }
                Err(error) => {
                    // Where even this cannot be written, the job stays as if it had been killed, and is resumed alike.
                    let _ = self.finish(JobState::Failed, Some(error.to_string()));
                    return Err(Error::Failed {
                        number: self.job.number,
                        source: Box::new(error),
                    });
                }
            };
            if ended? {
                return Ok(Imported {
                    job: self.job,
                    over_account: self.over_account,
                    interrupted: self.interrupted,
                });
            }
        }
    }

    /// Applies what is left of the bundle.
    fn pass<R: Read + Seek + Send>(&mut self, checked: &mut Checked<R>) -> Result<Passed> {
        let db = self.tenant.file.connection();
        let mut state = State::new(db, self.defaults.clone(), self.job.bulk)?;
        state.tally = self.job.tally.clone();
        let policy = state.policy().clone();
        let (from, cancel) = (self.job.next_block, self.work.cancel);
        let seal = self.job.bulk.then_some(self.work.keys);
        self.work
            .progress
            .begin("importing", Unit::Items, Some(self.job.records));
        let passed = std::thread::scope(|scope| {
            let (sender, blocks) = crossbeam_channel::bounded::<Block>(WAITING);
            let policy = &policy;
            let reading = scope.spawn(move || {
                checked.blocks(from, &crate::ambient::Silent, cancel, |number, records| {
                    let ready = records
                        .into_iter()
                        .map(|record| ready(record, policy, seal))
                        .collect();
                    // Nobody listening is the end of the work, whose cause is known there.
                    sender
                        .send((number, ready))
                        .map_err(|_| crate::ambient::Cancelled.into())
                })
            });
            let passed = self.write_all(&blocks, &mut state);
            drop(blocks);
            let read: Result<(), crate::bundle::Error> = reading
                .join()
                .map_err(|_| store::Error::Internal("the reading of the bundle stopped"))?;
            match passed {
                Ok(Passed::Whole) => read.map(|()| Passed::Whole).map_err(Error::from),
                other => other,
            }
        });
        self.work.progress.end();
        self.over_account = state.over_account;
        passed
    }

    /// Writes blocks until there are no more, a transaction for those of each turn.
    fn write_all(&mut self, blocks: &Receiver<Block>, state: &mut State) -> Result<Passed> {
        loop {
            let mut tries = 0;
            let turn = loop {
                let turn = self.turn(blocks, state);
                match turn {
                    Err(Error::Store(store::Error::Held { .. })) if tries < self.terms.retries => {
                        tries += 1
                    }
                    other => break other,
                }
            };
            match turn? {
                Some(passed) => return Ok(passed),
                None => self.work.progress.at(self.job.done),
            }
        }
    }

    /// One transaction. Nothing when there may be more.
    fn turn(&mut self, blocks: &Receiver<Block>, state: &mut State) -> Result<Option<Passed>> {
        let (work, terms, mut job) = (self.work, self.terms, self.job.clone());
        let (passed, job) = self.tenant.file.write(work.holder, |tx| {
            let mut applier = Applier::new(tx, state, work.keys)?;
            let started = Instant::now();
            let mut packed = Vec::new();
            let passed = loop {
                work.cancel.check()?;
                let Ok((number, records)) = blocks.recv() else {
                    break Some(Passed::Whole);
                };
                let first = row_id(job.number, job.done);
                jobs::applied(tx, job.number, number, first, work.ambient.clock.now())?;
                for record in records {
                    let (name, items) = applier.apply(record)?;
                    pack(items, &mut packed);
                    applier.rows.put_event(
                        row_id(job.number, job.done),
                        name.as_deref(),
                        &packed,
                    )?;
                    job.done += 1;
                }
                job.next_block = number + 1;
                let errors = applier.state.tally.all(Fate::Error);
                if let Some(most) = terms.stop_after_errors.filter(|most| errors >= *most) {
                    let why = format!("{errors} records could not be taken, of {most} allowed");
                    break Some(Passed::Stopped(why));
                }
                if jobs::is_asked_to_stop(tx, job.number)? {
                    break Some(Passed::Stopped("stopped by a master".to_owned()));
                }
                if started.elapsed() >= TURN {
                    break None;
                }
            };
            job.tally = applier.state.tally.clone();
            jobs::save(tx, &job)?;
            Ok::<_, Error>((passed, job))
        })?;
        self.job = job;
        Ok(passed)
    }

    /// Ends the job in this state. `false` when it has to begin again, because its bundle holds a key twice.
    fn finish(&mut self, state: JobState, why: Option<String>) -> Result<bool> {
        let (work, mut job) = (self.work, self.job.clone());
        job.note = why;
        let (over, big) = (self.over_account, job.bulk);
        let (ended, job) = self.tenant.file.write(work.holder, |tx| {
            let ended = settle(tx, &mut job, state, work)?;
            if ended || state != JobState::Done {
                let mut draft = entry(&codes::IMPORT_ENDED, &job, work);
                for (what, count) in job.tally.iter() {
                    draft = draft.count(what, count);
                }
                if over > 0 {
                    draft = draft.count("overAccountMax", over);
                }
                if let Some(why) = &job.note {
                    draft = draft.failed(why.as_str());
                }
                append(tx, &draft, work)?;
            }
            Ok::<_, Error>((ended, job))
        })?;
        self.job = job;
        if big {
            // The log is as large as the import; emptied now, it does not slow the next reader down.
            let _ = self.tenant.file.checkpoint();
        }
        Ok(ended || state != JobState::Done)
    }
}

/// Brings a job into this state, with the indexes in place. `false` when it has to begin again.
fn settle(tx: &Connection, job: &mut Job, state: JobState, work: &Work<'_>) -> Result<bool> {
    let mut ended = true;
    job.state = state;
    if job.bulk {
        job.bulk = false;
        if !indexes::build(tx, work.progress)? {
            indexes::start_over(tx, job.number)?;
            (job.next_block, job.done, job.tally) = (0, 0, Tally::default());
            ended = false;
            if state == JobState::Done {
                job.state = JobState::Running;
            }
        }
    }
    if job.state != JobState::Running {
        job.finished = Some(work.ambient.clock.now());
    }
    jobs::save(tx, job)?;
    Ok(ended)
}

fn entry(code: &'static Code, job: &Job, work: &Work<'_>) -> Draft {
    let draft = Draft {
        code,
        ..work.draft.clone()
    };
    draft.object(format!("job {}: bundle {}", job.number, job.bundle))
}

fn append(tx: &Connection, draft: &Draft, work: &Work<'_>) -> Result<()> {
    let clock = &*work.ambient.clock;
    audit::append(tx, draft, work.who, Some(work.keys), clock)?;
    Ok(())
}

/// Applies a whole bundle inside the caller's transaction and writes no event; `hear` is told of each record. For a
/// rehearsal, whose transaction is taken back.
pub fn rehearse<R: Read + Seek + Send, E: From<Error>>(
    db: &Connection,
    keys: &Keys,
    reader: Reader<R>,
    progress: &dyn Progress,
    cancel: &CancelToken,
    mut hear: impl FnMut(Option<&str>, &[Item]) -> Result<(), E>,
) -> Result<Tally, E> {
    jobs::none_unfinished(db)?;
    let mut defaults = HashSet::new();
    let checked = reader.check_each(progress, cancel, |record| {
        if let Record::Group(group) = record
            && group.default
        {
            defaults.insert(group.name.clone());
        }
    });
    let mut checked = checked.map_err(Error::from)?;
    let mut state = State::new(db, defaults, false)?;
    let policy: Policy = state.policy().clone();
    let mut applier = Applier::new(db, &mut state, keys)?;
    let mut trouble = None;
    let passed = checked.blocks(0, progress, cancel, |_, records| {
        for record in records {
            let told = applier
                .apply(ready(record, &policy, None))
                .map_err(E::from)
                .and_then(|(name, items)| hear(name.as_deref(), items));
            if let Err(error) = told {
                trouble = Some(error);
                return Err(crate::bundle::Error::from(crate::ambient::Cancelled));
            }
        }
        Ok(())
    });
    match trouble {
        Some(error) => Err(error),
        None => {
            passed.map_err(Error::from)?;
            Ok(state.tally)
        }
    }
}
