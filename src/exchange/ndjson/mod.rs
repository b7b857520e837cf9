//! igsh's own source format: one JSON object a line (records.md §1, igsh-source(5)).
//!
//! This is how a whole source gets in, so it is read at full speed and with full care: lines are borrowed from one
//! wiped buffer, private wire structs borrow from the line, secrets are decoded once into the buffer they stay in.
//! What needs the whole file to see, such as one user twice, is left to the vault's indexes, so that memory stays
//! constant.

mod cells;
mod convert;
mod error;
mod locate;
mod member;
mod token;
mod value;
mod wire;
mod writer;

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use crate::json::object::{Skipped, Text};
use error::Fault;
pub use writer::Writer;

pub use super::Error;
use super::input::{self, Input, OpenError};
use super::lines::Lines;
use crate::model::{Group, SourceRecord};

/// The version of the format that is read and written.
const VERSION: u64 = 1;

/// Reads a source file record by record.
///
/// The first record is [`SourceRecord::Schema`]. An [`Error`] concerns one line and reading goes on behind it, unless
/// it is `fatal`; then the iterator ends.
pub struct Reader<R> {
    lines: Lines<R>,
    groups: Groups,
    schema_read: bool,
    over: bool,
}

/// Opens a source file, compressed or not.
///
/// # Errors
/// [`OpenError`] when the file cannot be opened.
pub fn open(path: &Path) -> Result<Reader<Input>, OpenError> {
    Ok(Reader::new(input::open(path)?))
}

impl<R: Read> Reader<R> {
    /// A reader of plain bytes.
    pub fn new(input: R) -> Self {
        Self {
            lines: Lines::new(input),
            groups: Groups::default(),
            schema_read: false,
            over: false,
        }
    }

    /// The bytes of the line read last, for a residue file. They may hold secrets.
    pub fn line(&self) -> &[u8] {
        self.lines.current()
    }

    fn read(&mut self) -> Option<Result<(u64, SourceRecord), Error>> {
        loop {
            match self.lines.next() {
                Ok(None) if self.schema_read => return None,
                Ok(None) => {
                    self.over = true;
                    return Some(Err(no_schema(1, "the file has no record".to_owned())));
                }
                Ok(Some(line)) if line.iter().all(u8::is_ascii_whitespace) => {}
                Ok(Some(_)) => break,
                Err(error) => {
                    let error = error.into_error(self.lines.number());
                    self.over = error.fatal;
                    return Some(Err(error));
                }
            }
        }
        let number = self.lines.number();
        let record = record(
            number,
            self.lines.current(),
            &mut self.groups,
            self.schema_read,
        );
        if !self.schema_read {
            self.schema_read = record.is_ok();
            self.over = record.is_err();
        }
        Some(match record {
            Err(mut error) => {
                error.fatal = self.over;
                Err(error)
            }
            Ok(record) => Ok((number, record)),
        })
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<(u64, SourceRecord), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over { None } else { self.read() }
    }
}

/// The groups named so far: few, even in a file of millions.
#[derive(Default)]
struct Groups {
    names: HashSet<String>,
    default: Option<String>,
}

impl Groups {
    fn add(&mut self, group: &Group) -> Result<(), Fault> {
        if self.names.contains(&group.name) {
            return Err(Fault::new(
                "name",
                format!("group '{}' stands twice in this file", group.name),
                "remove one of the two lines",
            ));
        }
        if group.default {
            if let Some(other) = &self.default {
                return Err(Fault::new(
                    "default",
                    format!("a second default group, besides '{other}'"),
                    "a source has one default group",
                ));
            }
            self.default = Some(group.name.clone());
        }
        self.names.insert(group.name.clone());
        Ok(())
    }

    fn check(&self, name: &str) -> Result<(), Fault> {
        if self.names.contains(name) {
            return Ok(());
        }
        Err(Fault::new(
            "group",
            format!("group '{name}' is not named before this line"),
            "add a line {\"type\":\"group\",\"name\":…} above it, or correct the name",
        ))
    }
}

const KINDS: &str = "schema, group, user, token, card";

fn record(
    number: u64,
    bytes: &[u8],
    groups: &mut Groups,
    schema_read: bool,
) -> Result<SourceRecord, Error> {
    let line = std::str::from_utf8(bytes).map_err(|error| not_utf8(number, bytes, &error))?;
    let kind = kind_of(line);
    let record = match kind.as_deref() {
        Some("schema") if schema_read => Err(Fault::new(
            "type",
            "a second schema line",
            "a file has one; split it or remove this line",
        )),
        Some("schema") => convert::schema(parse(number, line)?).map(SourceRecord::Schema),
        _ if !schema_read => {
            // A line that is no JSON object gets that said instead.
            parse::<Skipped>(number, line)?;
            return Err(no_schema(
                number,
                "the first line is not the schema".to_owned(),
            ));
        }
        Some("group") => convert::group(parse(number, line)?).and_then(|group| {
            groups.add(&group)?;
            Ok(SourceRecord::Group(group))
        }),
        Some("user") => convert::user(parse(number, line)?).and_then(|user| {
            groups.check(&user.facts.group)?;
            Ok(SourceRecord::User(Box::new(user)))
        }),
        Some("token") => token::unassigned(parse(number, line)?).and_then(|token| {
            groups.check(&token.group)?;
            Ok(SourceRecord::Token(Box::new(token)))
        }),
        Some("card") => convert::unassigned_card(parse(number, line)?).and_then(|card| {
            groups.check(&card.group)?;
            Ok(SourceRecord::Card(Box::new(card)))
        }),
        other => {
            parse::<Skipped>(number, line)?;
            Err(match other {
                Some(other) => Fault::new(
                    "type",
                    format!("'{other}' is not a record: expected one of {KINDS}"),
                    "correct the type",
                ),
                None => Fault::new(
                    "type",
                    "required, but missing",
                    format!("every record has a type, one of {KINDS}"),
                ),
            })
        }
    };
    record.map_err(|fault| fault.into_error(number, line))
}

fn parse<'a, T: Deserialize<'a>>(number: u64, line: &'a str) -> Result<T, Error> {
    serde_json::from_str(line).map_err(|error| error::from_json(number, line, &error))
}

/// The value of the field `type`, which nearly every writer puts first.
fn kind_of(line: &str) -> Option<Cow<'_, str>> {
    let start = match line.strip_prefix("{\"type\":") {
        Some(_) => "{\"type\":".len(),
        None => locate::value_at(line, "type")?,
    };
    let value = line.get(start..)?.trim_start();
    let mut stream = serde_json::Deserializer::from_str(value);
    Text::deserialize(&mut stream).ok().map(|Text(kind)| kind)
}

fn not_utf8(number: u64, bytes: &[u8], error: &std::str::Utf8Error) -> Error {
    let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
    let good = String::from_utf8_lossy(good);
    let field = locate::path_at(&good, good.len()).0;
    super::error::not_utf8(number, Some(good.chars().count() + 1), field, bytes)
}

fn no_schema(line: u64, what: String) -> Error {
    Error {
        line,
        column: Some(1),
        field: String::new(),
        what,
        hint: "the first line is {\"type\":\"schema\",\"version\":1,…}".to_owned(),
        fatal: true,
    }
}

#[cfg(test)]
mod tests;
