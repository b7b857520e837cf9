//! Imports as jobs: what has been applied, in the transaction that applied it.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::model::{Timestamp, names};
use crate::store::stored::{at, moment, unfit, word};

use super::error::{Error, Result};
use super::events::Tally;

names! {
    /// How a job stands.
    JobState, "job state" {
        /// Under way, or killed.
        Running = "running",
        /// A master stopped it.
        Stopped = "stopped",
        /// Something stopped it.
        Failed = "failed",
        /// Every record was applied.
        Done = "done",
    }
}

#[derive(Debug, Clone)]
pub struct Job {
    pub number: u64,
    /// The identity of its bundle.
    pub digest: Vec<u8>,
    /// The id that the bundle gives itself.
    pub bundle: String,
    /// The file it was read from.
    pub file: String,
    /// Who began it.
    pub master: String,
    pub state: JobState,
    /// Whether it was asked to stop.
    pub stop: bool,
    /// Whether the indexes are away.
    pub bulk: bool,
    /// Blocks of the bundle.
    pub blocks: u32,
    /// The first block that was not applied.
    pub next_block: u32,
    /// Records of the bundle.
    pub records: u64,
    /// Records that were applied.
    pub done: u64,
    /// What became of them.
    pub tally: Tally,
    /// When it began.
    pub started: Timestamp,
    /// When it ended or stopped.
    pub finished: Option<Timestamp>,
    /// Why it stopped.
    pub note: Option<String>,
}

const COLUMNS: &str = "number, digest, bundle, file, master, state, stop, bulk, blocks, next_block, records, done, \
     counts, started, finished, note";

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        number: row.get(0)?,
        digest: row.get(1)?,
        bundle: row.get(2)?,
        file: row.get(3)?,
        master: row.get(4)?,
        state: word(row, 5)?,
        stop: row.get(6)?,
        bulk: row.get(7)?,
        blocks: row.get(8)?,
        next_block: row.get(9)?,
        records: row.get(10)?,
        done: row.get(11)?,
        tally: Tally::from_json(row.get_ref(12)?.as_str()?).map_err(|why| unfit(row, 12, why))?,
        started: at(row, 13)?,
        finished: moment(row, 14)?,
        note: row.get(15)?,
    })
}

/// Hands out all jobs, the oldest first.
pub fn jobs(db: &Connection) -> Result<Vec<Job>> {
    let mut statement = db.prepare(&format!("SELECT {COLUMNS} FROM jobs ORDER BY number"))?;
    let jobs = statement.query_map([], job)?;
    Ok(jobs.collect::<rusqlite::Result<_>>()?)
}

/// The job of this number.
///
/// # Errors
/// [`Error::NoJob`].
pub fn get(db: &Connection, number: u64) -> Result<Job> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE number = ?1"))?
        .query_row([number], job)
        .optional()?
        .ok_or(Error::NoJob(number))
}

/// The job that has to be resumed or stopped before anything else is taken in.
pub(super) fn unfinished(db: &Connection) -> Result<Option<Job>> {
    Ok(db
        .prepare(&format!(
            "SELECT {COLUMNS} FROM jobs WHERE state = 'running' OR bulk = 1 AND state <> 'done' LIMIT 1"
        ))?
        .query_row([], job)
        .optional()?)
}

/// Refuses what must wait for a job that was interrupted.
pub(super) fn none_unfinished(db: &Connection) -> Result<()> {
    match unfinished(db)? {
        Some(job) => Err(Error::Unfinished {
            number: job.number,
            bundle: job.bundle,
        }),
        None => Ok(()),
    }
}

/// Writes the row of a new job and gives back its number.
pub(super) fn open(db: &Connection, job: &Job) -> Result<u64> {
    db.execute(
        "INSERT INTO jobs (digest, bundle, file, master, state, bulk, blocks, records, started) \
         VALUES (?, ?, ?, ?, 'running', ?, ?, ?, ?)",
        params![
            job.digest,
            job.bundle,
            job.file,
            job.master,
            job.bulk,
            job.blocks,
            job.records,
            job.started.as_microsecond()
        ],
    )?;
    Ok(db.last_insert_rowid().unsigned_abs())
}

/// Writes down how a job stands, with the rows of its events.
pub(super) fn save(db: &Connection, job: &Job) -> Result<()> {
    db.prepare_cached(
        "UPDATE jobs SET state = ?2, bulk = ?3, next_block = ?4, done = ?5, counts = ?6, finished = ?7, note = ?8 \
         WHERE number = ?1",
    )?
    .execute(params![
        job.number,
        job.state.as_str(),
        job.bulk,
        job.next_block,
        job.done,
        job.tally.to_json(),
        job.finished.map(Timestamp::as_microsecond),
        job.note
    ])?;
    Ok(())
}

/// Notes that a block was applied; `first` is the row id of its first event.
pub(super) fn applied(
    db: &Connection,
    number: u64,
    block: u32,
    first: i64,
    at: Timestamp,
) -> Result<()> {
    db.prepare_cached("INSERT INTO journal (job, block, at, first) VALUES (?, ?, ?, ?)")?
        .execute(params![number, block, at.as_microsecond(), first])?;
    Ok(())
}

/// Whether a job was asked to stop.
pub(super) fn is_asked_to_stop(db: &Connection, number: u64) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT stop FROM jobs WHERE number = ?1")?
        .query_row([number], |row| row.get(0))?)
}

/// Asks a job to stop, or takes the request back.
pub(super) fn ask_to_stop(db: &Connection, number: u64, stop: bool) -> Result<()> {
    db.execute(
        "UPDATE jobs SET stop = ?2 WHERE number = ?1",
        params![number, stop],
    )?;
    Ok(())
}
