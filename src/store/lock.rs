//! The lock file beside a sealed file: who is logged in, and which command writes.
//!
//! A login holds it shared, a key update alone (igsh-vault(5), FILES). A writer notes its command in it while it has
//! SQLite's write lock, so that a session that waited in vain can name it. The note is no lock: it is only read
//! by a session that was kept out, and a note left by a killed process names a process that is gone.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::audit::Who;
use super::{Error, Result};
use crate::files::{self, Openness, beside};

/// Who writes, for the message of a session that has to wait.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The command as typed, secrets masked.
    pub command: String,
    /// The session, as a person would recognise it.
    pub session: String,
    /// When the command began.
    pub since: Timestamp,
}

impl Holder {
    /// The command that `who` began at `since`.
    pub fn new(command: impl Into<String>, who: &Who, since: Timestamp) -> Self {
        Self {
            command: command.into(),
            session: who.label(),
            since,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Note {
    command: String,
    session: String,
    since: Timestamp,
    process: i32,
}

/// An open lock file. Whatever it holds ends when it is dropped.
#[derive(Debug)]
pub(crate) struct LockFile {
    file: File,
    vault: PathBuf,
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // A process that is being started has the file open too for a moment, so that closing it is not enough. What
        // cannot be unlocked goes with the last of them.
        let _ = self.file.unlock();
    }
}

/// What its name has more than that of the sealed file.
const END: &str = ".lock";

impl LockFile {
    /// The lock file of the sealed file at `vault`, made if it is not there.
    pub(crate) fn open(vault: &Path) -> Result<Self> {
        Ok(Self {
            file: open(&beside(vault, END))?,
            vault: vault.to_owned(),
        })
    }

    /// The sealed file that it stands beside.
    pub(super) fn vault(&self) -> &Path {
        &self.vault
    }

    /// One of the sessions that are logged in; a key update has to be the only one.
    pub(crate) fn share(&self) -> Result<()> {
        match files::lock_shared(&self.file) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::KeysInChange),
            Err(error) => Err(Error::io("lock", &beside(&self.vault, END), error)),
        }
    }

    /// Notes who writes, and gives back what to clear. That it cannot be noted stops no writer.
    pub(crate) fn note(&self, holder: &Holder) -> Vec<u8> {
        let note = Note {
            command: holder.command.clone(),
            session: holder.session.clone(),
            since: holder.since,
            process: rustix::process::getpid().as_raw_nonzero().get(),
        };
        let mut line = serde_json::to_vec(&note).unwrap_or_default();
        line.push(b'\n');
        let _ = self
            .file
            .write_all_at(&line, 0)
            .and_then(|()| self.file.set_len(line.len() as u64));
        line
    }

    /// Takes the note away, unless the next writer's is there already.
    pub(crate) fn clear(&self, note: &[u8]) {
        let mut there = vec![0; note.len()];
        if self.file.read_exact_at(&mut there, 0).is_ok() && there == note {
            let _ = self.file.set_len(0);
        }
    }
}

/// Who has kept us waiting for the sealed file at `vault`, in words.
pub(super) fn holder(vault: &Path) -> String {
    read(&beside(vault, END)).map_or_else(
        || "another program".to_owned(),
        |note| {
            format!(
                "'{}' of session {} since {}",
                note.command,
                note.session,
                note.since.strftime("%Y-%m-%d %H:%M:%S UTC")
            )
        },
    )
}

fn read(path: &Path) -> Option<Note> {
    let mut text = String::new();
    files::open_private(path, Openness::Readable)
        .ok()?
        .take(64 * 1024)
        .read_to_string(&mut text)
        .ok()?;
    let note: Note = serde_json::from_str(text.lines().next()?).ok()?;
    let process = rustix::process::Pid::from_raw(note.process)?;
    // Another user's process answers EPERM: it lives.
    let gone = rustix::process::test_kill_process(process) == Err(rustix::io::Errno::SRCH);
    (!gone).then_some(note)
}

/// Opens a lock file, made if it is not there.
pub(super) fn open(path: &Path) -> Result<File> {
    files::open_or_make(path, Openness::Readable)
        .map_err(|why| Error::no_file("open the lock file", path, why))
}
