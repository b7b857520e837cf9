//! Whether the write-ahead log beside a file is the log of that file.
//!
//! SQLite merges whatever log it finds under the right name: a backup that was put in the place of a file whose log was
//! still there is destroyed by it. So every write moves a stamp on (one row on a page of its own), and before the first
//! connection the stamps in the log are held against the file's. This is a guard against accidents: who writes both on
//! purpose can make them fit.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::place;

/// The random bytes of one write.
type Mark = [u8; 16];

/// The header of a log, and of each of its frames, in bytes.
const HEADER: usize = 32;
const FRAME: usize = 24;

/// Whether the log beside this file, if there is one, follows from it. The file must not be open in this process:
/// closing it here would take away the locks of the other handles.
pub(super) fn fits(path: &Path) -> io::Result<bool> {
    let log = match File::open(place::beside(path, "-wal")) {
        Ok(log) => log,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    if log.metadata()?.len() <= HEADER as u64 {
        return Ok(true);
    }
    // A file without a stamp is older than stamps; one that cannot be read alone may be whole with its log.
    let Some((page, own)) = base(path).ok().flatten() else {
        return Ok(true);
    };
    let mut first = None;
    let mut is_among = false;
    each_stamp(BufReader::with_capacity(1 << 20, log), page, |stamp| {
        first.get_or_insert(stamp.prev);
        is_among |= stamp.own == own;
    })?;
    Ok(is_among || first.is_none_or(|prev| prev == own))
}

/// The page of the stamp in the file alone, without its log, and the write that it names.
fn base(path: &Path) -> rusqlite::Result<Option<(u32, Mark)>> {
    let mut uri = "file:".to_owned();
    for byte in std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()) {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    let db = Connection::open_with_flags(
        uri,
        OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW,
    )?;
    place::restrict(&db)?;
    let page = db
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'stamp'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    let Some(page) = page else {
        return Ok(None);
    };
    let own = db.query_row("SELECT own FROM stamp", [], |row| row.get(0))?;
    Ok(Some((page, own)))
}

/// A stamp as a frame of the log holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    prev: Mark,
    own: Mark,
}

/// Reads the log up to the end of its last whole transaction and hands on the stamp of each: what SQLite would take.
/// The format is that of SQLite's "WAL-mode File Format".
fn each_stamp(mut log: impl Read, page: u32, mut each: impl FnMut(Stamp)) -> io::Result<()> {
    let mut header = [0; HEADER];
    if !fill(&mut log, &mut header)? {
        return Ok(());
    }
    let word = |bytes: &[u8], at: usize| -> u32 {
        let bytes = bytes.get(4 * at..4 * at + 4);
        bytes.map_or(0, |b| {
            b.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
        })
    };
    let big_endian = match word(&header, 0) {
        0x377f_0682 => false,
        0x377f_0683 => true,
        // SQLite takes nothing of such a log.
        _ => return Ok(()),
    };
    let size = word(&header, 2);
    let mut sum = Checksum {
        big_endian,
        ..Checksum::default()
    };
    sum.take(&header[..24]);
    if !(512..=65_536).contains(&size) || (word(&header, 6), word(&header, 7)) != (sum.a, sum.b) {
        return Ok(());
    }
    let mut frame = [0; FRAME];
    let mut content = vec![0; size as usize];
    let mut pending = None;
    while fill(&mut log, &mut frame)? && fill(&mut log, &mut content)? {
        if frame[8..16] != header[16..24] {
            break;
        }
        sum.take(&frame[..8]);
        sum.take(&content);
        if (word(&frame, 4), word(&frame, 5)) != (sum.a, sum.b) {
            break;
        }
        if word(&frame, 0) == page {
            pending = stamp(&content).or(pending);
        }
        // The last frame of a transaction holds the size of the file.
        if word(&frame, 1) != 0
            && let Some(stamp) = pending.take()
        {
            each(stamp);
        }
    }
    Ok(())
}

/// The whole buffer, or `false` at the end of the file.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The running checksum of a log.
#[derive(Default)]
struct Checksum {
    big_endian: bool,
    a: u32,
    b: u32,
}

impl Checksum {
    /// Takes the next bytes, a multiple of eight.
    fn take(&mut self, bytes: &[u8]) {
        let (pairs, _) = bytes.as_chunks::<8>();
        for &[a, b, c, d, e, f, g, h] in pairs {
            let (first, second) = ([a, b, c, d], [e, f, g, h]);
            let (first, second) = match self.big_endian {
                true => (u32::from_be_bytes(first), u32::from_be_bytes(second)),
                false => (u32::from_le_bytes(first), u32::from_le_bytes(second)),
            };
            self.a = self.a.wrapping_add(first).wrapping_add(self.b);
            self.b = self.b.wrapping_add(second).wrapping_add(self.a);
        }
    }
}

/// The stamp on its page: a leaf with one cell, whose record is one, prev, own. Nothing where the page is not that.
fn stamp(page: &[u8]) -> Option<Stamp> {
    /// A leaf of a table, and the types of the record: the row id for nothing, two times 16 bytes.
    const LEAF: u8 = 0x0d;
    const RECORD: [u8; 6] = [36, 1, 4, 0, 44, 44];
    let cells = u16::from_be_bytes([*page.get(3)?, *page.get(4)?]);
    if *page.first()? != LEAF || cells != 1 {
        return None;
    }
    let at = usize::from(u16::from_be_bytes([*page.get(8)?, *page.get(9)?]));
    let cell = page.get(at..at + RECORD.len() + 32)?;
    let (head, marks) = cell.split_at(RECORD.len());
    let (marks, _) = marks.as_chunks::<16>();
    match (head == RECORD, marks) {
        (true, [prev, own]) => Some(Stamp {
            prev: *prev,
            own: *own,
        }),
        _ => None,
    }
}
