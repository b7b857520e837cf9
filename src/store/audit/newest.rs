//! The newest entry that a session wrote, proven: what is expected of the file follows from it.

use rusqlite::{Connection, Rows};

use super::verify::{Seal, Stored, read, seal};
use super::{codes, link, origin};
use crate::store::{Error, Keys, Result};

/// How many entries of no session may stand after the newest one of a session.
const MOST: usize = 10_000;

/// The body of the newest entry that a session wrote, after its place in the chain and its code were made anew;
/// nothing of an empty audit.
///
/// # Errors
/// [`Error::AuditDamaged`] names the entry that does not fit.
pub(crate) fn newest_of_session(db: &Connection, keys: &Keys) -> Result<Option<Vec<u8>>> {
    let mut statement =
        db.prepare_cached("SELECT seq, body, hash, mac FROM audit ORDER BY seq DESC")?;
    let mut rows = statement.query([])?;
    let Some(mut entry) = read(&mut rows)? else {
        return Ok(None);
    };
    for _ in 0..=MOST {
        let before = follows(db, &mut rows, &entry)?;
        match seal(keys, &entry) {
            Seal::Proven => {
                let generation = entry.head.as_ref().map(|head| head.g);
                return if generation == Some(keys.generation()) {
                    Ok(Some(entry.body))
                } else {
                    Err(damaged(entry.place))
                };
            }
            Seal::Excused => {}
            Seal::Broken => return Err(damaged(entry.place)),
        }
        // The first entry is one of a session.
        entry = before.ok_or_else(|| damaged(1))?;
    }
    Err(damaged(entry.place))
}

/// The first entry's body, after it was proven to be that of the making of the file.
///
/// # Errors
/// [`Error::AuditDamaged`].
pub(crate) fn beginning(db: &Connection, keys: &Keys) -> Result<Vec<u8>> {
    let mut statement =
        db.prepare_cached("SELECT seq, body, hash, mac FROM audit ORDER BY seq LIMIT 1")?;
    let first = read(&mut statement.query([])?)?.ok_or_else(|| damaged(1))?;
    let is_init = first
        .head
        .as_ref()
        .is_some_and(|head| head.seq == 1 && head.code == codes::INIT.code);
    let is_linked = first.hash == link(&origin(db)?.hash, &first.body);
    if first.place == 1 && is_init && is_linked && seal(keys, &first) == Seal::Proven {
        Ok(first.body)
    } else {
        Err(damaged(1))
    }
}

/// The entry before this one, after this one was found to follow from it.
fn follows(db: &Connection, rows: &mut Rows<'_>, entry: &Stored) -> Result<Option<Stored>> {
    let before = read(rows)?;
    let (place, hash) = match &before {
        Some(before) => (before.place, before.hash),
        None => (0, origin(db)?.hash),
    };
    let is_next = entry.place == place + 1
        && entry.head.as_ref().map(|head| head.seq) == Some(entry.place)
        && entry.hash == link(&hash, &entry.body);
    if is_next {
        Ok(before)
    } else {
        Err(damaged(entry.place))
    }
}

fn damaged(seq: u64) -> Error {
    Error::AuditDamaged { seq }
}
