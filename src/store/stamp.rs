//! Whether a write-ahead log belongs to the file that it lies beside.
//!
//! SQLite merges any log whose checksums are right: that of another copy turns a restored backup into a mix of both.
//! So every transaction that writes moves the file's stamp on (`prev` := `own`, `own` := 16 random bytes), and a log is
//! only applied to a file whose own stamp is the one that the log begins from, or one that the log has come to.
//!
//! The log is read while others may write it and copy it into the file. That is sound: frames of one log are only
//! added, and a log begins anew, with other salts, only after the whole of it is in the file. A stamp that is not found
//! is therefore foreign, provided that file and salts are the same afterwards; otherwise it is looked for again.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::place::{self, Identity};
use super::wal::{Frames, Salts};
use super::{Error, Kind, Result};
use crate::files::{self, NoFile, Openness};

/// Less than this is no frame.
const SMALLEST: u64 = 32 + 24 + 512;

/// So often a file that others change under our eyes is looked at again.
const LOOKS: usize = 10;

/// Moves the stamp on, in the transaction that writes.
pub(super) fn renew(tx: &Connection) -> Result<()> {
    tx.prepare_cached("UPDATE stamp SET prev = own, own = randomblob(16)")?
        .execute([])?;
    Ok(())
}

/// Refuses a log that is not the file's. To be called before the first connection.
pub(super) fn check(path: &Path, kind: &Kind) -> Result<()> {
    let log = files::beside(path, "-wal");
    if place::look(&log)?.is_none_or(|meta| meta.len() < SMALLEST) {
        return Ok(());
    }
    let mut seen = None;
    for _ in 0..LOOKS {
        let Some(base) = base(path)? else {
            return Ok(());
        };
        let Lead::Elsewhere(salts) = lead(&log, &base)? else {
            return Ok(());
        };
        if seen == Some((base.own, salts)) {
            return Err(Error::OtherLog {
                kind: kind.name,
                log,
            });
        }
        seen = Some((base.own, salts));
    }
    // Sessions write to it and copy it all the time: it is theirs.
    Ok(())
}

/// The stamp of the file itself, without what is in its log.
struct Base {
    page: u32,
    own: [u8; 16],
}

/// Reads it as if there were no log; nothing where the file has no stamp yet, or cannot be read by itself: a copying of
/// the log that was cut off leaves it so, and only SQLite, with the log, can put it right.
///
/// Closing this connection takes away the locks that this process has on the file, so none may be open in it.
fn base(path: &Path) -> Result<Option<Base>> {
    let read = || -> rusqlite::Result<Option<Base>> {
        let connection = Connection::open_with_flags(
            address(path),
            OpenFlags::SQLITE_OPEN_READ_ONLY
                | OpenFlags::SQLITE_OPEN_URI
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_NOFOLLOW
                | OpenFlags::SQLITE_OPEN_EXRESCODE,
        )?;
        place::restrict(&connection)?;
        let page = connection
            .query_row(
                "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'stamp'",
                [],
                |row| row.get(0),
            )
            .optional()?;
        let Some(page) = page else { return Ok(None) };
        let own = connection
            .query_row("SELECT own FROM stamp", [], |row| row.get(0))
            .optional()?;
        Ok(own.map(|own| Base { page, own }))
    };
    match read() {
        Err(rusqlite::Error::SqliteFailure(error, _))
            if matches!(
                error.code,
                rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase
            ) =>
        {
            Ok(None)
        }
        outcome => Ok(outcome?),
    }
}

/// The path as an address for a file that does not change: every byte but the plainest is written as `%` and its number.
fn address(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    let mut address = "file:".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._".contains(&byte) {
            address.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address + "?immutable=1"
}

/// Where a log leads.
enum Lead {
    /// To the file or from it.
    Here,
    /// To another file, whatever it is.
    Elsewhere(Salts),
    /// It has no committed stamp.
    Nowhere,
}

fn lead(log: &Path, base: &Base) -> Result<Lead> {
    let failed = |source| Error::io("read", log, source);
    let file = match files::open_private(log, Openness::Closed) {
        Ok(file) => file,
        Err(NoFile::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Lead::Nowhere);
        }
        Err(why) => return Err(Error::no_file("read", log, why)),
    };
    let Some(mut frames) = Frames::of(file).map_err(failed)? else {
        return Ok(Lead::Nowhere);
    };
    let salts = frames.salts();
    let (mut is_first, mut is_pending, mut is_committed) = (true, false, false);
    while let Some(frame) = frames.next().map_err(failed)? {
        if frame.page == base.page {
            let fits = |(prev, own): ([u8; 16], [u8; 16])| {
                // A first stamp that follows the file's need not be committed: without it the log has none at all.
                own == base.own || (is_first && prev == base.own)
            };
            if stamp_on(frame.content).is_some_and(fits) {
                return Ok(Lead::Here);
            }
            (is_first, is_pending) = (false, true);
        }
        is_committed |= is_pending && frame.commits;
    }
    Ok(if is_committed {
        Lead::Elsewhere(salts)
    } else {
        Lead::Nowhere
    })
}

/// Where the stamp stands in an open file.
#[derive(Debug)]
pub(super) struct Place {
    page: u32,
    page_size: u64,
}

impl Place {
    /// Where it stands; nothing where the file has lost it.
    pub(super) fn of(connection: &Connection) -> Result<Option<Self>> {
        let page = connection
            .query_row(
                "SELECT rootpage FROM sqlite_schema, stamp WHERE type = 'table' AND name = 'stamp'",
                [],
                |row| row.get(0),
            )
            .optional()?;
        let Some(page) = page else { return Ok(None) };
        let page_size = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        Ok(Some(Self { page, page_size }))
    }

    /// Whether the open file is still the one that the connection has opened: another copy can be written over it,
    /// which SQLite, with its log and its memory of pages, does not notice. Reads the file without SQLite.
    pub(super) fn holds(&self, connection: &Connection, file: &File, path: &Path) -> Result<bool> {
        let log = files::beside(path, "-wal");
        let mut seen = None;
        for _ in 0..LOOKS {
            let Some(own) = self.read(file).map_err(|e| Error::io("read", path, e))? else {
                // It has none yet: the log has it.
                return Ok(true);
            };
            let believed: Option<[u8; 16]> = connection
                .prepare_cached("SELECT own FROM stamp")?
                .query_row([], |row| row.get(0))
                .optional()?;
            let base = Base {
                page: self.page,
                own,
            };
            if Some(own) == believed || matches!(lead(&log, &base)?, Lead::Here) {
                return Ok(true);
            }
            if seen == Some((own, believed)) {
                return Ok(false);
            }
            seen = Some((own, believed));
        }
        Ok(true)
    }

    fn read(&self, file: &File) -> std::io::Result<Option<[u8; 16]>> {
        let mut page = vec![0; usize::try_from(self.page_size).unwrap_or_default()];
        let at = u64::from(self.page.saturating_sub(1)) * self.page_size;
        match file.read_exact_at(&mut page, at) {
            Ok(()) => Ok(stamp_on(&page).map(|(_, own)| own)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The stamp on a page of its table, `prev` and `own`: a leaf with one row of two blobs of 16 bytes.
fn stamp_on(page: &[u8]) -> Option<([u8; 16], [u8; 16])> {
    const LEAF: u8 = 0x0d;
    const BLOB_16: u64 = 12 + 2 * 16;
    let two = |at: usize| {
        Some(usize::from(u16::from_be_bytes([
            *page.get(at)?,
            *page.get(at + 1)?,
        ])))
    };
    if *page.first()? != LEAF || two(3)? != 1 {
        return None;
    }
    let mut at = two(8)?;
    let mut varint = || -> Option<u64> {
        let mut value = 0;
        for count in 1..=9 {
            let byte = *page.get(at)?;
            at += 1;
            if count == 9 {
                return Some(value << 8 | u64::from(byte));
            }
            value = value << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(value)
    };
    // Length of the record, row id, and in the record: length of its head, then the types of `one` (the row id stands
    // for it), `prev` and `own`.
    let (_length, _row) = (varint()?, varint()?);
    let types = (varint()?, varint()?, varint()?, varint()?);
    if types != (4, 0, BLOB_16, BLOB_16) {
        return None;
    }
    let blob = |at: usize| <[u8; 16]>::try_from(page.get(at..at + 16)?).ok();
    Some((blob(at)?, blob(at + 16)?))
}

/// Which sealed files are open in this process, how often, and a handle of each: closing one would take away the locks
/// that SQLite has on the file, so it is kept until the last connection has ended.
static OPEN: Mutex<BTreeMap<Identity, (usize, Arc<File>)>> = Mutex::new(BTreeMap::new());

/// The mark that a sealed file is open in this process. It is to be dropped after the last connection.
#[derive(Debug)]
pub(super) struct OpenMark {
    identity: Identity,
    file: Arc<File>,
}

impl OpenMark {
    /// Marks the file as open; before that, a log that is not its own is refused, unless the file is open in this
    /// process already, when it was checked and SQLite has locks on it.
    pub(super) fn checked(path: &Path, kind: &'static Kind, identity: Identity) -> Result<Self> {
        // Nothing else may open it between the look and the mark.
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((count, file)) = open.get_mut(&identity) {
            *count += 1;
            let file = Arc::clone(file);
            return Ok(Self { identity, file });
        }
        check(path, kind)?;
        let file = files::open_private(path, Openness::Closed)
            .map_err(|why| Error::no_file("open", path, why))?;
        let meta = file
            .metadata()
            .map_err(|source| Error::io("look at", path, source))?;
        if Identity::of(&meta) != identity {
            return Err(place::replaced(path, kind));
        }
        let file = Arc::new(file);
        open.insert(identity, (1, Arc::clone(&file)));
        Ok(Self { identity, file })
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for OpenMark {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((count, _)) = open.get_mut(&self.identity) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.identity);
            }
        }
    }
}
