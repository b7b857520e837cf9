//! Proving tables against the sums of the newest entry, and making the sums of the next one.

use std::fmt;

use rusqlite::Connection;
use serde::Deserialize;

use super::super::audit::{beginning, newest_of_session};
use super::super::{Error, Keys, Result};
use super::record::Record;
use super::scan::{Row, Total, scan};
use super::tables::Summed;
use crate::render::{self, agree, grouped};

/// What the audit expects of the file.
#[derive(Debug)]
pub(crate) enum Standing {
    /// The totals of the newest entry that a session wrote, in the order of the file's kind.
    Summed(Vec<Total>),
    /// That entry has no sums: an older igsh wrote it, or a session that could not prove the file.
    Unsummed,
    /// There is no entry at all.
    Empty,
}

/// The part of a body that is asked for here.
#[derive(Deserialize)]
struct Stated {
    state: Option<Record>,
}

/// What the audit expects of the file.
///
/// # Errors
/// [`Error::AuditDamaged`] when its newest entries do not fit.
pub(crate) fn standing(db: &Connection, keys: &Keys) -> Result<Standing> {
    let Some(body) = newest_of_session(db, keys)? else {
        return Ok(Standing::Empty);
    };
    Ok(match record(&body)? {
        Some(record) => Standing::Summed(record.totals(keys)?),
        None => Standing::Unsummed,
    })
}

fn record(body: &[u8]) -> Result<Option<Record>> {
    let stated: Stated = serde_json::from_slice(body)
        .map_err(|error| Error::State(format!("the newest entry of the audit: {error}")))?;
    Ok(stated.state)
}

/// Whether no session has summed this file yet, so that the next login may begin: neither its first entry nor any later
/// one holds sums.
pub(crate) fn is_before_sums(db: &Connection, keys: &Keys) -> Result<bool> {
    if record(&beginning(db, keys)?)?.is_some() {
        return Ok(false);
    }
    let mut statement = db.prepare("SELECT body FROM audit ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let body = row.get_ref(0)?.as_bytes().unwrap_or_default();
        // What is no JSON is found by `audit verify`.
        if serde_json::from_slice(body).is_ok_and(|stated: Stated| stated.state.is_some()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A table whose rows are not those that a session left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub table: &'static str,
    /// How many rows it has.
    pub found: u64,
    /// How many it should have.
    pub expected: u64,
    /// The one row too many, where it is one.
    pub added: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            table,
            found,
            expected,
            added,
        } = self;
        let rows = render::counted(*found, "row");
        if found == expected {
            let ones = agree(*found, "the expected one", "the expected ones");
            write!(f, "{table}: {rows}, not {ones}")?;
        } else {
            write!(f, "{table}: {rows}, {} expected", grouped(*expected))?;
        }
        match added {
            Some(row) => write!(f, " (one too many: {row})"),
            None => Ok(()),
        }
    }
}

/// What is wrong with the tables that are summed, each in words; nothing when all are as a session left them.
pub fn all_differences(db: &Connection, keys: &Keys) -> Result<Vec<String>> {
    let shown = |error: Error| match error {
        Error::State(_) | Error::AuditDamaged { .. } => Ok(vec![error.to_string()]),
        error => Err(error),
    };
    let expected = match beginning(db, keys).and_then(|_| expected(db, keys)) {
        Ok(expected) => expected,
        Err(error) => return shown(error),
    };
    let all: Vec<_> = keys.kind().summed().collect();
    let mut found = Vec::new();
    for difference in compared(db, keys, &expected, &all, &mut |_, _| Ok(())) {
        match difference {
            Ok(difference) => found.push(difference.to_string()),
            Err(error) => found.extend(shown(error)?),
        }
    }
    Ok(found)
}

/// Compares these tables with what is expected of them.
pub(crate) fn differences(
    db: &Connection,
    keys: &Keys,
    expected: &[Total],
    tables: &[&'static Summed],
) -> Result<Vec<Difference>> {
    compared(db, keys, expected, tables, &mut |_, _| Ok(())).collect()
}

/// Compares these tables, one after the other; `each` gets every row as it is summed.
fn compared<'a>(
    db: &'a Connection,
    keys: &'a Keys,
    expected: &'a [Total],
    tables: &'a [&'static Summed],
    each: &'a mut dyn FnMut(&'static Summed, &Row<'_, '_>) -> Result<()>,
) -> impl Iterator<Item = Result<Difference>> {
    let all = keys.kind().summed().zip(expected);
    all.filter(|(table, _)| tables.iter().any(|wanted| wanted.name == table.name))
        .filter_map(move |(table, expected)| {
            let mut each = |row: &Row<'_, '_>| each(table, row);
            difference(db, keys, table, *expected, &mut each).transpose()
        })
}

fn difference(
    db: &Connection,
    keys: &Keys,
    table: &'static Summed,
    expected: Total,
    each: &mut dyn FnMut(&Row<'_, '_>) -> Result<()>,
) -> Result<Option<Difference>> {
    let mac = keys.state_mac();
    let found = scan(db, mac, table, |row, _| each(row))?;
    if found == expected {
        return Ok(None);
    }
    let mut added = None;
    if found.rows == expected.rows + 1 {
        let surplus = found.sum.minus(expected.sum);
        scan(db, mac, table, |row, code| {
            if code == surplus {
                added = Some(row.described()?);
            }
            Ok(())
        })?;
    }
    Ok(Some(Difference {
        table: table.name,
        found: found.rows,
        expected: expected.rows,
        added,
    }))
}

/// Proves these tables. The caller's transaction must be the one in which they are used.
///
/// # Errors
/// [`Error::State`] names the tables that differ and how, [`Error::AuditDamaged`] that the expected sums are unknown.
pub fn prove(db: &Connection, keys: &Keys, tables: &[&'static Summed]) -> Result<()> {
    prove_with(db, keys, tables, &mut |_, _| Ok(()))
}

/// The same; `each` gets every row as it was summed, so that what is used is what was proven. It must keep nothing when
/// this fails.
pub fn prove_with(
    db: &Connection,
    keys: &Keys,
    tables: &[&'static Summed],
    each: &mut dyn FnMut(&'static Summed, &Row<'_, '_>) -> Result<()>,
) -> Result<()> {
    if tables.is_empty() {
        return Ok(());
    }
    let expected = expected(db, keys)?;
    let found: Vec<_> = compared(db, keys, &expected, tables, each).collect::<Result<_>>()?;
    match found.is_empty() {
        true => Ok(()),
        false => Err(Error::State(in_words(&found))),
    }
}

/// Differences in one line.
pub(crate) fn in_words(found: &[Difference]) -> String {
    let words: Vec<String> = found.iter().map(Difference::to_string).collect();
    words.join("; ")
}

fn expected(db: &Connection, keys: &Keys) -> Result<Vec<Total>> {
    match standing(db, keys)? {
        Standing::Summed(totals) => Ok(totals),
        Standing::Unsummed | Standing::Empty => Err(Error::State(
            "the newest entry of the audit has no sums".to_owned(),
        )),
    }
}

/// Tables that were proven in this transaction, so that it may write them; its entry sums them anew.
#[derive(Debug)]
#[must_use = "the entry of the audit takes it"]
pub struct Amended(Vec<&'static str>);

/// Proves these tables, in the transaction that is about to write them. To sum a table without that would be to sign
/// what another program has put there.
///
/// # Errors
/// As [`prove`].
pub fn amend(tx: &Connection, keys: &Keys, tables: &[&'static Summed]) -> Result<Amended> {
    prove(tx, keys, tables)?;
    Ok(Amended(tables.iter().map(|table| table.name).collect()))
}

/// The sums for the next entry: of amended tables anew, of all others as the newest entry has them.
pub(crate) fn carried(tx: &Connection, keys: &Keys, amended: &[Amended]) -> Result<Record> {
    let mut totals = expected(tx, keys)?;
    for (table, total) in keys.kind().summed().zip(&mut totals) {
        if amended
            .iter()
            .any(|amended| amended.0.contains(&table.name))
        {
            *total = scan(tx, keys.state_mac(), table, |_, _| Ok(()))?;
        }
    }
    Ok(Record::new(keys, &totals))
}

/// The sums of every table as it is now, believed.
pub(crate) fn summed_anew(tx: &Connection, keys: &Keys) -> Result<Record> {
    let totals = keys
        .kind()
        .summed()
        .map(|table| scan(tx, keys.state_mac(), table, |_, _| Ok(())))
        .collect::<Result<Vec<_>>>()?;
    Ok(Record::new(keys, &totals))
}

/// What the tables hold.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// Each table with its rows.
    pub(crate) tables: Vec<(&'static str, u64)>,
    /// The first few rows of one of them, in words.
    pub(crate) shown: Vec<String>,
}

/// What the tables hold; of the table `shown` also the first `most` rows.
pub(crate) fn counted(db: &Connection, keys: &Keys, shown: &str, most: usize) -> Result<Counted> {
    let mut counted = Counted::default();
    for table in keys.kind().summed() {
        let total = scan(db, keys.state_mac(), table, |row, _| {
            if table.name == shown && counted.shown.len() < most {
                counted.shown.push(row.described()?);
            }
            Ok(())
        })?;
        counted.tables.push((table.name, total.rows));
    }
    Ok(counted)
}
