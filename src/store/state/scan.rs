//! Reading a table along its key, and the sum of its rows' codes.

use std::cmp::Ordering;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Statement};

use super::super::{Error, Result};
use super::sum::Sum;
use super::tables::Summed;
use crate::crypto::Mac;
use crate::model::clipped;

/// How many rows a table has, and the sum of their codes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Total {
    pub(super) rows: u64,
    pub(super) sum: Sum,
}

/// A row as it is summed: the columns of the key and then those that are summed.
pub struct Row<'a, 'stmt> {
    row: &'a rusqlite::Row<'stmt>,
    order: usize,
    columns: usize,
}

impl Row<'_, '_> {
    /// The summed column at this place, from 0.
    pub fn get<T: rusqlite::types::FromSql>(&self, at: usize) -> Result<T> {
        Ok(self.row.get(self.order + at)?)
    }

    /// The row in words, so that a master can find it: its texts and numbers, at most so long that they fit a line.
    pub(super) fn described(&self) -> Result<String> {
        const LONGEST: usize = 100;
        let mut words = Vec::new();
        for at in self.order..self.order + self.columns {
            match self.row.get_ref(at)? {
                ValueRef::Text(text) => words.push(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Integer(number) => words.push(number.to_string()),
                _ => {}
            }
        }
        Ok(clipped(&words.join(", "), LONGEST).into_owned())
    }
}

/// Reads a table and sums its rows; `each` gets every row with its code, in the order of the key.
///
/// # Errors
/// [`Error::State`] when the rows do not come in strictly ascending order: then a look-up could find another row than
/// the one that was summed.
pub(super) fn scan(
    db: &Connection,
    mac: &Mac,
    table: &Summed,
    mut each: impl FnMut(&Row<'_, '_>, Sum) -> Result<()>,
) -> Result<Total> {
    let mut total = Total::default();
    for scan in table.scans {
        let mut statement = db.prepare_cached(scan.sql)?;
        scan_one(
            &mut statement,
            mac,
            table,
            scan.order,
            &mut total,
            &mut each,
        )?;
    }
    Ok(total)
}

fn scan_one(
    statement: &mut Statement<'_>,
    mac: &Mac,
    table: &Summed,
    order: usize,
    total: &mut Total,
    each: &mut dyn FnMut(&Row<'_, '_>, Sum) -> Result<()>,
) -> Result<()> {
    let columns = statement.column_count() - order;
    let mut message = Vec::with_capacity(256);
    let mut last: Vec<rusqlite::types::Value> = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut is_next = last.is_empty();
        for (at, last) in last.iter().enumerate() {
            match compare(last.into(), row.get_ref(at)?) {
                Ordering::Less => {
                    is_next = true;
                    break;
                }
                Ordering::Equal => {}
                Ordering::Greater => break,
            }
        }
        if !is_next {
            return Err(Error::State(format!(
                "the rows of {} are not in order",
                table.name
            )));
        }
        last.clear();
        for at in 0..order {
            last.push(row.get(at)?);
        }
        begin(&mut message, table.name, columns);
        for at in order..order + columns {
            put(&mut message, row.get_ref(at)?);
        }
        let code = Sum::from_bytes(mac.of(&message));
        total.rows += 1;
        total.sum = total.sum.plus(code);
        each(
            &Row {
                row,
                order,
                columns,
            },
            code,
        )?;
    }
    Ok(())
}

/// What a row's message begins with: label, table, number of columns.
fn begin(message: &mut Vec<u8>, table: &str, columns: usize) {
    message.clear();
    message.extend_from_slice(b"igsh-row/1\0");
    put_bytes(message, table.as_bytes());
    message.extend_from_slice(&u16::try_from(columns).unwrap_or(u16::MAX).to_be_bytes());
}

/// A value with its type, so that no two rows have the same message.
fn put(message: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => message.push(0),
        ValueRef::Integer(number) => {
            message.push(1);
            message.extend_from_slice(&number.to_be_bytes());
        }
        ValueRef::Text(text) => {
            message.push(2);
            put_bytes(message, text);
        }
        ValueRef::Blob(bytes) => {
            message.push(3);
            put_bytes(message, bytes);
        }
        // No column of a strict table that is summed holds one; a file that does was not written by igsh.
        ValueRef::Real(number) => {
            message.push(4);
            message.extend_from_slice(&number.to_bits().to_be_bytes());
        }
    }
}

fn put_bytes(message: &mut Vec<u8>, bytes: &[u8]) {
    // SQLite bounds a value far below 4 GiB.
    message.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    message.extend_from_slice(bytes);
}

/// The order of SQLite: no value, numbers, texts and bytes by their octets.
fn compare(a: ValueRef<'_>, b: ValueRef<'_>) -> Ordering {
    fn class(value: ValueRef<'_>) -> u8 {
        match value {
            ValueRef::Null => 0,
            ValueRef::Integer(_) | ValueRef::Real(_) => 1,
            ValueRef::Text(_) => 2,
            ValueRef::Blob(_) => 3,
        }
    }
    match (a, b) {
        (ValueRef::Integer(a), ValueRef::Integer(b)) => a.cmp(&b),
        (ValueRef::Text(a), ValueRef::Text(b)) | (ValueRef::Blob(a), ValueRef::Blob(b)) => a.cmp(b),
        _ => class(a).cmp(&class(b)),
    }
}

/// The number that hides a table's sum in one entry.
pub(super) fn pad(mac: &Mac, table: &str, salt: &[u8; 16]) -> Sum {
    let mut message = Vec::with_capacity(64);
    message.extend_from_slice(b"igsh-pad/1\0");
    put_bytes(&mut message, table.as_bytes());
    message.extend_from_slice(salt);
    Sum::from_bytes(mac.of(&message))
}
