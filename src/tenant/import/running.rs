//! A job under way: blocks applied one after the other, each in the transaction that notes it, until the bundle or the
//! patience of a master is at its end.

use std::collections::HashSet;
use std::io::{Read, Seek};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use rusqlite::Connection;

use super::apply::{Applier, State};
use super::prepare::{Ready, ready};
use super::{Imported, Terms, Work, indexes};
use crate::ambient::Unit;
use crate::bundle::Checked;
use crate::store;
use crate::store::audit::{self, Draft, EventCode, codes};
use crate::tenant::Tenant;
use crate::tenant::error::{Error, Result};
use crate::tenant::events::{Fate, Tally, pack, row_id};
use crate::tenant::jobs::{self, Job, JobState};

/// A transaction takes blocks for about so long: its flush is then a small part of it. In tests each block has one of
/// its own, so that what happens between blocks happens.
const TURN: Duration = if cfg!(test) {
    Duration::ZERO
} else {
    Duration::from_millis(750)
};
/// KiB of pages that are kept: a bundle's order is not that of the indexes in which each record is looked up, and those
/// of a million users fit in about so much.
const CACHE: i64 = 96 * 1024;
/// Blocks that may wait for the writer.
const WAITING: usize = 2;

/// An import under way.
pub(super) struct Import<'a> {
    pub(super) tenant: &'a mut Tenant,
    pub(super) job: Job,
    pub(super) defaults: HashSet<String>,
    pub(super) terms: Terms,
    pub(super) work: &'a Work<'a>,
    pub(super) over_account: u64,
    pub(super) interrupted: bool,
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
    /// Applies all of the bundle that is left, and settles the job.
    pub(super) fn run<R: Read + Seek + Send>(
        mut self,
        mut checked: Checked<R>,
    ) -> Result<Imported> {
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
        db.pragma_update(None, "cache_size", -CACHE)?;
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
                    // No reader is left when the work has ended; its cause is reported there.
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
pub(super) fn settle(
    tx: &Connection,
    job: &mut Job,
    state: JobState,
    work: &Work<'_>,
) -> Result<bool> {
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

/// What an audit entry about the job begins with.
pub(super) fn entry(code: &'static EventCode, job: &Job, work: &Work<'_>) -> Draft {
    let draft = Draft {
        code,
        ..work.draft.clone()
    };
    draft.object(format!("job {}: bundle {}", job.number, job.bundle))
}

pub(super) fn append(tx: &Connection, draft: &Draft, work: &Work<'_>) -> Result<()> {
    let clock = &*work.ambient.clock;
    audit::append(tx, draft, work.who, Some(work.keys), clock)?;
    Ok(())
}
