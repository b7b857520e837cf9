//! Exports that were interrupted are settled at the next login, row by row (igsh-vault(5), BUNDLES).
//!
//! A row is left alone while its writer lives, which the lock of its file says. Files are touched only where name and
//! id, or name and hash, are those of the row.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::store::Connection;
use uuid::Uuid;

use crate::ambient::Ambient;
use crate::files::{AtPath, Destination, FileError};
use crate::migrate::bundle_file::sha256;
use crate::migrate::error::{Error, Result};
use crate::migrate::export::KEPT;
use crate::render::{agree, counted};
use crate::store::audit::{self, Draft, Filter, Who, codes};
use crate::store::{Holder, Keys, state};
use crate::vault::ledger::{self, Bundle, State};
use crate::vault::{Vault, decisions};

/// What a login reports about an export that was interrupted.
#[derive(Debug)]
pub struct Notice {
    pub number: u64,
    /// Where its file is, or was to be.
    pub path: PathBuf,
    pub fate: Fate,
}

/// What became of an interrupted export.
#[derive(Debug)]
pub enum Fate {
    /// It had not been written whole: nothing of it stays.
    Failed,
    /// It had been written whole: it has its name, and so many users moved to `exported`.
    Done(u64),
    /// It had been written whole, but its file is nowhere.
    Lost,
    /// It is written whole, but cannot get its name yet.
    Waiting(FileError),
    /// The row's id is not one that igsh gives, so no file is opened.
    Damaged,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, path, fate } = self;
        let path = path.display();
        match fate {
            Fate::Failed => write!(
                f,
                "The export of bundle {number} to '{path}' was interrupted; no file and no phase was changed: export again."
            ),
            Fate::Done(moved) => write!(
                f,
                "The export of bundle {number} to '{path}' was interrupted at its end and is now complete; {} {} \
                 exported.",
                counted(*moved, "user"),
                agree(*moved, "is", "are")
            ),
            Fate::Lost => write!(
                f,
                "Bundle {number} was written to '{path}', but its file is missing, so its users are not exported: look \
                 for it, or export again."
            ),
            Fate::Waiting(error) => write!(
                f,
                "Bundle {number} is written, but cannot be put in its place: {error}. The next login tries again."
            ),
            Fate::Damaged => write!(
                f,
                "the row of bundle {number} in the vault is damaged: igsh gives no such id; no file was touched"
            ),
        }
    }
}

/// Settles every export that was begun and has no writer any more. For right after a login.
///
/// # Errors
/// Only the vault's: what a file system refuses is a notice.
pub fn recover(
    vault: &mut Vault,
    keys: &Keys,
    who: &Who,
    holder: &Holder,
    ambient: &Ambient,
) -> Result<Vec<Notice>> {
    let mut notices = Vec::new();
    for bundle in ledger::unresolved(vault.file().connection())? {
        let Some(id) = id_of(&bundle) else {
            notices.push(Notice {
                number: bundle.number,
                path: PathBuf::from(&bundle.path),
                fate: Fate::Damaged,
            });
            continue;
        };
        let seen = match bundle.state {
            State::Open => look_for_open(&bundle, id),
            _ => look_for_sealed(&bundle, id),
        };
        let write = |tx: &Connection| -> Result<Option<Fate>> {
            let amended = state::amend(tx, keys, &[&decisions::BUNDLES])?;
            // Another session may have been faster, or the writer may have come to its end.
            let now = ledger::get(tx, bundle.number)?;
            if now.is_none_or(|now| now.state != bundle.state) {
                return Ok(None);
            }
            let fate = note(tx, &bundle, seen, ambient)?;
            if let Some(draft) = fate.as_ref().and_then(|fate| draft(&bundle, fate, holder)) {
                let clock = &*ambient.clock;
                audit::append_with(tx, &draft, who, Some(keys), amended.into(), clock)?;
            }
            Ok(fate)
        };
        let fate = vault.file_mut().write(holder, |tx| write(tx))?;
        notices.extend(fate.map(|fate| Notice {
            number: bundle.number,
            path: PathBuf::from(&bundle.path),
            fate,
        }));
    }
    Ok(notices)
}

/// The id of a row, which becomes part of a file's name: it has to be one, written as igsh writes it.
fn id_of(bundle: &Bundle) -> Option<Uuid> {
    let id = Uuid::try_parse(&bundle.id).ok()?;
    (id.to_string() == bundle.id).then_some(id)
}

/// What the file system has of a bundle.
enum Seen {
    /// Its writer lives.
    Alive,
    /// Nothing to keep.
    Nothing,
    /// All of it, under its final name.
    Whole,
    /// All of it, but not where it should be.
    Stuck(FileError),
}

/// A file that was not written whole goes.
fn look_for_open(bundle: &Bundle, id: Uuid) -> Seen {
    let Ok(destination) = Destination::new(Path::new(&bundle.path)) else {
        return Seen::Nothing;
    };
    if destination.is_locked(id) {
        return Seen::Alive;
    }
    // What cannot be removed is half a file under a hidden name: no reason to keep the row.
    let _ = destination.remove_part(id);
    Seen::Nothing
}

/// A file that was written whole gets its name.
fn look_for_sealed(bundle: &Bundle, id: Uuid) -> Seen {
    let look = || -> Result<Seen, FileError> {
        let destination = match Destination::new(Path::new(&bundle.path)) {
            Err(FileError::Folder { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                return Ok(Seen::Nothing);
            }
            destination => destination?,
        };
        if destination.is_locked(id) {
            return Ok(Seen::Alive);
        }
        let is_whole = |id| -> Result<bool, FileError> {
            let AtPath::File(file) = destination.open(id)? else {
                return Ok(false);
            };
            let found = sha256(&destination, &file, &mut |_| Ok(()))?;
            Ok(Some(found) == bundle.sha256)
        };
        if is_whole(None)? {
            destination.sync()?;
            return Ok(Seen::Whole);
        }
        if is_whole(Some(id))? {
            destination.publish(id, bundle.overwrite)?;
            return Ok(Seen::Whole);
        }
        Ok(Seen::Nothing)
    };
    look().unwrap_or_else(Seen::Stuck)
}

fn note(tx: &Connection, bundle: &Bundle, seen: Seen, ambient: &Ambient) -> Result<Option<Fate>> {
    let (number, now) = (bundle.number, ambient.clock.now());
    Ok(match (seen, bundle.state) {
        (Seen::Alive, _) => None,
        (Seen::Stuck(error), _) => Some(Fate::Waiting(error)),
        (Seen::Whole, _) => {
            let keep = keeps_phases(tx, number)?;
            Some(Fate::Done(ledger::finish(tx, number, now, keep)?))
        }
        (Seen::Nothing, State::Open) => {
            ledger::fail(tx, number, "interrupted before it was written", now)?;
            Some(Fate::Failed)
        }
        (Seen::Nothing, _) => {
            ledger::lose(
                tx,
                number,
                "interrupted; its file was not there at the next login",
                now,
            )?;
            Some(Fate::Lost)
        }
    })
}

/// Whether the users of a bundle who are imported or migrated were to stay that, as the audit says of its export.
fn keeps_phases(tx: &Connection, number: u64) -> Result<bool> {
    let sealed = Filter {
        codes: vec![codes::BUNDLE_SEALED.code.to_owned()],
        bundle: Some(number),
        newest: Some(1),
        ..Filter::default()
    };
    let mut keeps = false;
    audit::list::<Error>(tx, &sealed, |row| {
        keeps = row
            .entry
            .is_some_and(|entry| entry.counts.contains_key(KEPT));
        Ok(true)
    })?;
    Ok(keeps)
}

fn draft(bundle: &Bundle, fate: &Fate, holder: &Holder) -> Option<Draft> {
    let draft = Draft {
        bundle: Some(bundle.number),
        ..Draft::new(&codes::BUNDLE_RECOVERED, holder.command.as_str())
    }
    .object(bundle.path.as_str());
    match fate {
        Fate::Failed => Some(draft.failed("not written whole; removed")),
        Fate::Lost => Some(draft.failed("written whole; the file is not there")),
        Fate::Done(moved) => Some(draft.count("users", *moved)),
        Fate::Waiting(_) | Fate::Damaged => None,
    }
}

#[cfg(test)]
mod tests;
