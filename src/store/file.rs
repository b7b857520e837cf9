//! A sealed file that is open: its connections, its one writer, its checkpoints.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::error::is_busy;
use super::guard::Guard;
use super::lock::{self, Holder, LockFile};
use super::memory::Memory;
use super::stamp::{self, OpenMark};
use super::{Error, Kind, Result, place};
use crate::ambient::{CancelToken, Waiting};

#[derive(Debug)]
pub struct SealedFile {
    connection: Connection,
    /// Dropped after the connection.
    guard: Guard,
    vid: [u8; 16],
    busy: Duration,
    pub(super) memory: Option<Memory>,
    pub(super) waiting: Waiting,
}

/// How a checkpoint ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkpoint {
    /// Everything is in the file and the log is empty: deleted data is gone from both.
    Done,
    /// Another session still reads an older state, so that deleted data stays in the log until it has finished.
    Blocked,
}

impl SealedFile {
    /// Opens the file at `path`, after every refusal of igsh-vault(5), FILES, and brings its schema up to date.
    ///
    /// This looks at the header and the first tables only, so that it takes no longer for a large file;
    /// [`SealedFile::check`] reads all of it.
    pub fn open(path: &Path, kind: &'static Kind) -> Result<Self> {
        place::inspect(path, kind)?;
        let path = place::resolve(path)?;
        let identity = place::inspect(&path, kind)?;
        place::inspect_around(&path, kind)?;
        let mark = OpenMark::checked(&path, kind, identity)?;
        let held = |error| or_held(&path, kind, error);
        let (mut connection, mut schema) = place::connect(&path, kind).map_err(held)?;
        place::in_place(&path, kind, identity)?;
        if kind.bring_forward(&mut connection).map_err(held)? {
            schema = kind.compare_schema(&connection)?;
        }
        let vid = connection
            .query_row("SELECT vid FROM state", [], |row| row.get(0))
            .optional()
            .map_err(|error| match or_held(&path, kind, error.into()) {
                Error::Sql(error) => place::corrupt(&path, kind, error.to_string()),
                held => held,
            })?
            .ok_or_else(|| place::corrupt(&path, kind, "its state row is missing".to_owned()))?;
        let lock = LockFile::open(&path)?;
        let stamp = stamp::Place::of(&connection)?
            .ok_or_else(|| place::corrupt(&path, kind, "its stamp is missing".to_owned()))?;
        Ok(Self {
            connection,
            guard: Guard::new(path, kind, lock, mark, stamp, schema),
            vid,
            busy: place::BUSY,
            memory: None,
            waiting: Waiting::default(),
        })
    }

    /// Refuses when the file that is open is not the one that lies at its path any more, or its audit is not the one
    /// that the session saw last. For before a secret leaves it: whatever writes looks by itself.
    ///
    /// # Errors
    /// [`Error::Gone`], after which nothing should be done with the file but to let it go.
    pub fn still_there(&self) -> Result<()> {
        self.guard.in_place(&self.connection)?;
        self.guard.unchanged(&self.connection)
    }

    pub(super) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Where it lies, absolute.
    pub fn path(&self) -> &Path {
        &self.guard.path
    }

    pub fn kind(&self) -> &'static Kind {
        self.guard.kind
    }

    /// Its identity: 16 random bytes made when it was.
    pub fn vid(&self) -> [u8; 16] {
        self.vid
    }

    /// The connection for reading and, through [`SealedFile::write`], for writing.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Lets `cancel` end whatever statement runs on the connection, until it is called with `None`. Only for commands
    /// that look: one that writes has to put away what it has begun.
    pub fn interrupted_by(&mut self, cancel: Option<&CancelToken>) -> Result<()> {
        /// Steps of SQLite's machine between two looks: a fraction of a millisecond.
        const STEPS: i32 = 10_000;
        let handler = cancel.cloned().map(|cancel| move || cancel.is_cancelled());
        Ok(self.connection.progress_handler(STEPS, handler)?)
    }

    /// Another connection to the same file, hardened alike: an export reads on one and writes on another.
    pub fn second(&self) -> Result<Connection> {
        self.guard.in_place(&self.connection)?;
        let (path, kind) = (&self.guard.path, self.guard.kind);
        let (connection, _) =
            place::connect(path, kind).map_err(|error| or_held(path, kind, error))?;
        connection.busy_timeout(self.busy)?;
        Ok(connection)
    }

    /// Changes how long a writer waits for another one; five seconds except in tests.
    pub fn set_busy_timeout(&mut self, wait: Duration) -> Result<()> {
        self.connection.busy_timeout(wait)?;
        self.busy = wait;
        Ok(())
    }

    /// Does `f` in one immediate transaction: all of it, or nothing when it fails.
    ///
    /// # Errors
    /// [`Error::Held`] when another session writes and has not finished within the wait; those of `f`.
    pub fn write<T, E: From<Error>>(
        &mut self,
        holder: &Holder,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        write_on(&mut self.connection, &self.guard, holder, f)
    }

    /// As [`SealedFile::write`], and then takes everything back: what it would do, seen by doing it.
    pub fn without_effect<T, E: From<Error>>(
        &mut self,
        holder: &Holder,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        transact(&mut self.connection, &self.guard, holder, |tx| {
            let outcome = f(&tx);
            tx.rollback().map_err(|error| E::from(Error::Sql(error)))?;
            outcome
        })
    }

    /// As [`SealedFile::write`], on a connection that [`SealedFile::second`] has given.
    pub fn write_on<T, E: From<Error>>(
        &self,
        connection: &mut Connection,
        holder: &Holder,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        write_on(connection, &self.guard, holder, f)
    }

    /// Sees to it that the schema is still the one that was compared: to be called before anything is read that a
    /// command works with. Costs a look at the file's header unless the schema was changed.
    pub fn check_schema(&self) -> Result<()> {
        self.guard.check_schema(&self.connection)
    }

    /// Moves the log into the file and empties it, so that deleted data is gone from both.
    pub fn checkpoint(&self) -> Result<Checkpoint> {
        self.connection.busy_timeout(Duration::ZERO)?;
        let outcome = self.empty_log();
        self.connection.busy_timeout(self.busy)?;
        outcome
    }

    /// SQLite would wait for readers with the write lock in its hand, and keep every writer out meanwhile. So this
    /// waits without a lock, and takes the write lock only for what is short: all is copied, and the log is to be cut.
    fn empty_log(&self) -> Result<Checkpoint> {
        const LONGEST: Duration = Duration::from_millis(500);
        const TURN: Duration = Duration::from_millis(25);
        let mut left = self.busy.min(LONGEST);
        loop {
            if self.copied("PASSIVE")? && self.copied("TRUNCATE")? {
                return Ok(Checkpoint::Done);
            }
            if left.is_zero() {
                return Ok(Checkpoint::Blocked);
            }
            let turn = left.min(TURN);
            std::thread::sleep(turn);
            left -= turn;
        }
    }

    /// Whether a checkpoint of this mode left nothing in the log that is not in the file.
    fn copied(&self, mode: &str) -> Result<bool> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let outcome = self.connection.query_row(&sql, [], |row| {
            let (busy, log, copied): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(busy == 0 && log == copied)
        });
        match outcome {
            Err(error) if is_busy(&error) => Ok(false),
            outcome => Ok(outcome?),
        }
    }

    /// Reads the whole file and lists what is wrong with it; empty when nothing is. Takes seconds a gigabyte.
    pub fn check(&self) -> Result<Vec<String>> {
        let mut findings = Vec::new();
        for check in [Self::check_pages, Self::check_references] {
            match check(self, &mut findings) {
                Err(Error::Sql(error)) if Error::is_damage(&error) => {
                    findings.push(error.to_string())
                }
                outcome => outcome?,
            }
        }
        Ok(findings)
    }

    fn check_pages(&self, findings: &mut Vec<String>) -> Result<()> {
        let mut statement = self.connection.prepare("PRAGMA quick_check")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let line: String = row.get(0)?;
            if line != "ok" {
                findings.push(line);
            }
        }
        Ok(())
    }

    fn check_references(&self, findings: &mut Vec<String>) -> Result<()> {
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            findings.push(format!(
                "a row of {table} names a row of {parent} that is not there"
            ));
        }
        Ok(())
    }
}

fn write_on<T, E: From<Error>>(
    connection: &mut Connection,
    guard: &Guard,
    holder: &Holder,
    f: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    transact(connection, guard, holder, |tx| {
        let value = f(&tx)?;
        let newest = guard.newest(&tx)?;
        tx.commit().map_err(|error| E::from(Error::Sql(error)))?;
        guard.saw(newest);
        Ok(value)
    })
}

/// Hands one immediate transaction on the file that it should be to `f`, which ends it.
fn transact<T, E: From<Error>>(
    connection: &mut Connection,
    guard: &Guard,
    holder: &Holder,
    f: impl FnOnce(Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    guard.in_place(connection)?;
    immediate(connection, &guard.lock, guard.kind, holder, |tx| {
        guard.check_schema(&tx)?;
        guard.unchanged(&tx)?;
        stamp::renew(&tx)?;
        f(tx)
    })
}

/// One immediate transaction on any connection to the file; meanwhile a note says who writes. `f` moves the stamp on
/// and ends the transaction.
pub(super) fn immediate<T, E: From<Error>>(
    connection: &mut Connection,
    lock: &LockFile,
    kind: &Kind,
    holder: &Holder,
    f: impl FnOnce(Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let tx = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| E::from(or_held(lock.vault(), kind, error.into())))?;
    let note = lock.note(holder);
    let outcome = f(tx);
    lock.clear(&note);
    outcome
}

/// Who holds the file, where that is why SQLite gave up.
fn or_held(path: &Path, kind: &Kind, error: Error) -> Error {
    match error {
        Error::Sql(error) if is_busy(&error) => Error::Held {
            kind: kind.name,
            holder: lock::holder(path),
        },
        error => error,
    }
}
