//! What a sealed file that is open has to be still, before anything is written to it or shown from it: the file at its
//! path, with the audit that the session saw last.
//!
//! A file that is deleted or replaced lives on for the processes that have it open, and takes writes that are lost with
//! it.

use std::cell::Cell;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};

use super::audit::{self, Anchor};
use super::compiled;
use super::lock::LockFile;
use super::place::{self, Identity};
use super::stamp::{self, OpenMark};
use super::{Error, Kind, Result};

/// The place of an open file, and what was seen there.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) path: PathBuf,
    pub(super) kind: &'static Kind,
    pub(super) lock: LockFile,
    /// The newest entry of the audit that the session has seen; nothing without a session.
    seen: Cell<Option<Anchor>>,
    stamp: stamp::Place,
    /// The state of the schema that was compared last.
    schema: Cell<i64>,
    /// When the file was changed last and how large it was when its stamp was looked at.
    looked: Cell<Option<(i64, i64, u64)>>,
    mark: OpenMark,
}

impl Guard {
    pub(super) fn new(
        path: PathBuf,
        kind: &'static Kind,
        lock: LockFile,
        mark: OpenMark,
        stamp: stamp::Place,
        schema: i64,
    ) -> Self {
        Self {
            stamp,
            schema: Cell::new(schema),
            looked: Cell::new(None),
            path,
            kind,
            lock,
            seen: Cell::new(None),
            mark,
        }
    }

    pub(super) fn identity(&self) -> Identity {
        self.mark.identity()
    }

    /// Refuses when another file, or none, lies at the path.
    pub(super) fn in_place(&self, connection: &Connection) -> Result<()> {
        place::in_place(&self.path, self.kind, self.identity()).inspect_err(|_| let_go(connection))
    }

    /// Refuses when another copy was written over the file, which changes neither its path nor its number: then the
    /// entry that was seen last is not there any more, or the file is not the one that the log leads from.
    pub(super) fn unchanged(&self, connection: &Connection) -> Result<()> {
        let look = || -> Result<bool> {
            Ok(self.has_seen_entry(connection)? && self.has_its_stamp(connection)?)
        };
        match look() {
            Ok(true) => Ok(()),
            Err(Error::Sql(error)) if !Error::is_damage(&error) => Err(error.into()),
            Ok(false) | Err(Error::Sql(_)) => {
                let_go(connection);
                Err(place::gone(
                    &self.path,
                    self.kind,
                    "was overwritten with another copy",
                ))
            }
            Err(error) => Err(error),
        }
    }

    fn has_seen_entry(&self, connection: &Connection) -> Result<bool> {
        let Some(seen) = self.seen.get().filter(|seen| seen.seq > 0) else {
            return Ok(true);
        };
        let hash: Option<Vec<u8>> = connection
            .prepare_cached("SELECT hash FROM audit WHERE seq = ?1")?
            .query_row([seen.seq.cast_signed()], |row| row.get(0))
            .optional()?;
        Ok(hash.is_some_and(|hash| hash == seen.hash))
    }

    /// Looks only where the file was changed since the last look, which every copying of the log does.
    fn has_its_stamp(&self, connection: &Connection) -> Result<bool> {
        let file = self.mark.file();
        let meta = file
            .metadata()
            .map_err(|source| Error::io("look at", &self.path, source))?;
        let state = Some((meta.ctime(), meta.ctime_nsec(), meta.size()));
        if state == self.looked.get() {
            return Ok(true);
        }
        let holds = self.stamp.holds(connection, file, &self.path)?;
        if holds {
            self.looked.set(state);
        }
        Ok(holds)
    }

    /// Compares the schema anew where it is not in the state in which it was compared last.
    pub(super) fn check_schema(&self, connection: &Connection) -> Result<()> {
        if compiled::schema_version(connection)? != self.schema.get() {
            self.schema.set(self.kind.compare_schema(connection)?);
        }
        Ok(())
    }

    /// From now on the newest entry has to stay where it is.
    pub(super) fn watch(&self, connection: &Connection) -> Result<()> {
        self.seen.set(Some(audit::last(connection)?));
        Ok(())
    }

    /// No session is left that saw anything.
    pub(super) fn unwatch(&self) {
        self.seen.set(None);
    }

    /// The newest entry in a transaction that is about to end, for [`Guard::saw`]; nothing where no session watches.
    pub(super) fn newest(&self, connection: &Connection) -> Result<Option<Anchor>> {
        match self.seen.get() {
            Some(_) => audit::last(connection).map(Some),
            None => Ok(None),
        }
    }

    /// The transaction has ended well.
    pub(super) fn saw(&self, newest: Option<Anchor>) {
        self.seen.set(newest);
    }
}

/// What is in the log is not copied into the file when the connection ends: it may be another one's by now.
fn let_go(connection: &Connection) {
    // Where it cannot be set, SQLite leaves a file alone that has moved.
    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}
