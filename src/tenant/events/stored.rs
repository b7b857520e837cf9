//! Events as rows.
//!
//! There are several events a user and millions of users, so that a row holds all events of one record, packed:
//! u8 subject ‖ u8 fate ‖ u8 why ‖ lp(name) ‖ lp(detail) for each, lengths as LEB128. Texts are made when
//! events are shown.

use rusqlite::{Connection, params};

use super::{Fate, Item, Subject, Why};
use crate::model::Timestamp;
use crate::store::stored;
use crate::tenant::error::{Error, Result};

/// The events of one record as they are stored.
pub(in crate::tenant) fn pack(items: &[Item], out: &mut Vec<u8>) {
    out.clear();
    for item in items {
        out.extend([item.subject as u8, item.fate as u8, item.why as u8]);
        for text in [&item.name, &item.detail] {
            let mut length = text.len();
            while length >= 0x80 {
                out.push((length & 0x7f) as u8 | 0x80);
                length >>= 7;
            }
            out.push(length as u8);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// The events again; nothing when the bytes are not theirs.
fn unpack(mut bytes: &[u8]) -> Option<Vec<Item>> {
    fn text(bytes: &mut &[u8]) -> Option<String> {
        let (mut length, mut shift) = (0usize, 0);
        loop {
            let (&byte, rest) = bytes.split_first()?;
            *bytes = rest;
            length |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                break;
            }
            shift += 7;
        }
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        String::from_utf8(text.to_vec()).ok()
    }
    let mut items = Vec::new();
    while let Some((&[subject, fate, why], rest)) = bytes.split_first_chunk() {
        bytes = rest;
        items.push(Item {
            subject: *Subject::ALL.get(usize::from(subject))?,
            fate: *Fate::ALL.get(usize::from(fate))?,
            why: *Why::ALL.get(usize::from(why))?,
            name: text(&mut bytes)?,
            detail: text(&mut bytes)?,
        });
    }
    bytes.is_empty().then_some(items)
}

/// An event as it is read back.
#[derive(Debug)]
pub struct Event<'a> {
    pub job: u64,
    /// When its block was applied.
    pub at: Timestamp,
    /// The user; empty for unassigned items.
    pub user: &'a str,
    pub item: &'a Item,
}

/// So many records a bundle can have.
const RECORDS: u32 = 40;

/// The row id of the events of a job's record.
pub(in crate::tenant) const fn row_id(job: u64, record: u64) -> i64 {
    ((job << RECORDS) | record).cast_signed()
}

/// Hands out the events of all jobs, or of one, in order, until `each` says that it wants no more.
pub fn events<E: From<Error>>(
    db: &Connection,
    job: Option<u64>,
    user: Option<&str>,
    mut each: impl FnMut(Event<'_>) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = |error: rusqlite::Error| E::from(Error::from(error));
    let (from, to) = match job {
        Some(job) => (row_id(job, 0), row_id(job.saturating_add(1), 0)),
        None => (i64::MIN, i64::MAX),
    };
    let mut statement = db
        .prepare("SELECT id, name, items FROM events WHERE id >= ?1 AND id < ?2 AND (?3 IS NULL OR name = ?3) ORDER BY id")
        .map_err(sql)?;
    let mut when = db
        .prepare(
            "SELECT at FROM journal WHERE job = ?1 AND first <= ?2 ORDER BY block DESC LIMIT 1",
        )
        .map_err(sql)?;
    let mut rows = statement.query(params![from, to, user]).map_err(sql)?;
    while let Some(row) = rows.next().map_err(sql)? {
        let id: i64 = row.get(0).map_err(sql)?;
        let job = id.cast_unsigned() >> RECORDS;
        let name: Option<String> = row.get(1).map_err(sql)?;
        let packed = row
            .get_ref(2)
            .and_then(|value| value.as_blob().map_err(Into::into))
            .map_err(sql)?;
        let items = unpack(packed).ok_or(Error::Events(job))?;
        let at = when
            .query_row(params![job, id], |row| stored::at(row, 0))
            .map_err(sql)?;
        for item in &items {
            let user = name.as_deref().unwrap_or_default();
            let event = Event {
                job,
                at,
                user,
                item,
            };
            if !each(event)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_packed_and_come_back() {
        let item = |subject, fate, why, name: &str, detail: &str| Item {
            subject,
            fate,
            why,
            name: name.to_owned(),
            detail: detail.to_owned(),
        };
        let mut items = vec![
            item(Subject::User, Fate::Added, Why::Nothing, "", ""),
            item(
                Subject::Token,
                Fate::Skipped,
                Why::TooMany,
                "HID 1",
                &"x".repeat(300),
            ),
        ];
        for (subject, (fate, why)) in Subject::ALL
            .into_iter()
            .zip(Fate::ALL.iter().copied().cycle().zip(Why::ALL))
        {
            items.push(item(subject, fate, why, "ü", "7"));
        }
        let mut packed = Vec::new();
        pack(&items, &mut packed);
        assert_eq!(unpack(&packed).unwrap(), items);
        for cut in 1..packed.len() {
            if let Some(fewer) = unpack(&packed[..cut]) {
                assert!(fewer.len() < items.len() && items.starts_with(&fewer));
            }
        }
        packed[0] = 99;
        assert_eq!(unpack(&packed), None);
    }
}
