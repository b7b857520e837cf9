//! The file that was opened, and whether it is still the one that lies at its path.
//!
//! A file that is deleted or replaced under a session lives on without a name: what is written to it is lost, and
//! reported as done. So every transaction that writes first holds path and content against what the session has seen.

use std::cell::Cell;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _};

use super::audit::Anchor;
use super::lock::LockFile;
use super::place::{self, Identity};
use super::{Error, Kind, Result, wal};

/// Files that are open in this process: no handle to them may be closed beside SQLite's own.
static OPEN: Mutex<Vec<Identity>> = Mutex::new(Vec::new());

/// A file that is open.
#[derive(Debug)]
pub(super) struct Presence {
    id: Identity,
    /// The newest entry of the audit that was seen, once a session has begun.
    seen: Cell<Option<Anchor>>,
    is_registered: bool,
}

impl Presence {
    /// For another connection to a file that is open.
    pub(super) fn of(path: &Path, kind: &Kind) -> Result<Self> {
        Ok(Self {
            id: place::inspect(path, kind)?,
            seen: Cell::new(None),
            is_registered: false,
        })
    }

    /// For the first connection to a file: also looks whether the write-ahead log beside it is its own, unless another
    /// session uses it, whose log that is.
    pub(super) fn begin(path: &Path, kind: &Kind, lock: &LockFile) -> Result<Self> {
        let mut presence = Self::of(path, kind)?;
        let is_first = !open_files().contains(&presence.id);
        if is_first && has_log(path)? && lock.is_alone()? {
            let fits = wal::fits(path).map_err(|error| Error::io("read the log of", path, error));
            lock.release();
            if !fits? {
                return Err(Error::OtherLog {
                    kind: kind.name,
                    log: place::beside(path, "-wal"),
                });
            }
        }
        open_files().push(presence.id);
        presence.is_registered = true;
        Ok(presence)
    }

    /// Whether the file that was opened still lies at its path.
    pub(super) fn check(&self, path: &Path, kind: &Kind) -> Result<()> {
        let what = match place::look(path)?.map(|meta| Identity::of(&meta)) {
            Some(id) if id == self.id => return Ok(()),
            Some(_) => "another file stands in its place",
            None => "it was deleted or moved",
        };
        Err(gone(path, kind, what))
    }

    /// Whether the transaction sees the entry that was seen last: all that has come since comes after it.
    pub(super) fn check_seen(&self, tx: &Connection, path: &Path, kind: &Kind) -> Result<()> {
        let Some(seen) = self.seen.get().filter(|seen| seen.seq > 0) else {
            return Ok(());
        };
        let hash: Option<Vec<u8>> = tx
            .prepare_cached("SELECT hash FROM audit WHERE seq = ?1")?
            .query_row([seen.seq.cast_signed()], |row| row.get(0))
            .optional()?;
        if hash.is_some_and(|hash| hash == seen.hash) {
            Ok(())
        } else {
            Err(gone(path, kind, "another copy was put in its place"))
        }
    }

    /// Takes note of what was committed.
    pub(super) fn saw(&self, newest: Anchor) {
        self.seen.set(Some(newest));
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if self.is_registered {
            let mut open = open_files();
            if let Some(at) = open.iter().position(|id| *id == self.id) {
                open.swap_remove(at);
            }
        }
    }
}

fn open_files() -> MutexGuard<'static, Vec<Identity>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn has_log(path: &Path) -> Result<bool> {
    Ok(place::look(&place::beside(path, "-wal"))?.is_some_and(|meta| meta.len() > 0))
}

fn gone(path: &Path, kind: &Kind, what: &'static str) -> Error {
    Error::Gone {
        kind: kind.name,
        path: path.to_owned(),
        what,
    }
}
