//! igsh's own source format: one JSON object a line (igsh-source(5), THE SOURCE FORMAT).
//!
//! This is how a whole source gets in, so it is read at full speed and with full care: lines are borrowed from one
//! wiped buffer, private wire structs borrow from the line, secrets are decoded once into the buffer they stay in.
//! What needs the whole file to see, such as one user twice, is left to the vault's indexes, so that memory stays
//! constant.

mod cells;
mod convert;
mod end;
mod error;
mod locate;
mod member;
mod residue;
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
use end::Counts;
use error::Fault;
pub use residue::write_residue;
pub use writer::Writer;

pub use super::Error;
use super::error::too_long;
use super::input::{self, Input, OpenError};
use super::lines::{LineError, Lines};
use crate::model::{Group, SourceRecord};

/// The version of the format that is read and written.
const VERSION: u64 = 1;

/// Reads a source file record by record.
///
/// The first record is [`SourceRecord::Schema`]. An [`Error`] concerns one line and reading goes on behind it, unless
/// it is `fatal`; then the iterator ends. The end record is no item: where the file is not as it says, there is an error.
pub struct Reader<R> {
    lines: Lines<R>,
    so_far: SoFar,
    over: bool,
}

/// What the lines read so far hold.
#[derive(Default)]
struct SoFar {
    groups: Groups,
    counts: Counts,
    /// Lines that are no record.
    bad: u64,
    schema: bool,
    /// Whether the schema promises an end record.
    end_promised: bool,
    end: bool,
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
            so_far: SoFar::default(),
            over: false,
        }
    }

    /// The bytes of the line read last, for a residue file. They may hold secrets.
    pub fn line(&self) -> &[u8] {
        self.lines.current()
    }

    /// Whether the end record was read, so that nothing can be missing.
    pub fn has_end(&self) -> bool {
        self.so_far.end
    }

    fn read(&mut self) -> Result<Option<(u64, SourceRecord)>, Error> {
        loop {
            match self.lines.next() {
                Ok(None) => return self.so_far.whole(self.lines.number()).map(|()| None),
                Ok(Some(line)) if is_blank(line) => continue,
                Ok(Some(_)) => {}
                Err(LineError::TooLong) if !self.so_far.end => {
                    return Err(self.so_far.refused(too_long(self.lines.number())));
                }
                Err(LineError::TooLong) => {}
                Err(error) => return Err(error.into_error(self.lines.number())),
            }
            let number = self.lines.number();
            if self.so_far.end {
                return Err(behind_the_end(number));
            }
            let record = self.so_far.record(number, self.lines.current());
            match record {
                Ok(Some(record)) => return Ok(Some((number, record))),
                Ok(None) => {}
                Err(error) => return Err(self.so_far.refused(error)),
            }
        }
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<(u64, SourceRecord), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let item = self.read().transpose();
        self.over = match &item {
            None => true,
            Some(item) => item.as_ref().is_err_and(|error| error.fatal),
        };
        item
    }
}

/// Whether a line is blank or a comment, such as the reason above a line of a residue.
fn is_blank(line: &[u8]) -> bool {
    line.first() == Some(&b'#') || line.iter().all(u8::is_ascii_whitespace)
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
                    "set default to false for one of them",
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

const KINDS: &str = "schema, group, user, token, card, end";

impl SoFar {
    /// The record of a line; none where it is the end record.
    fn record(&mut self, number: u64, bytes: &[u8]) -> Result<Option<SourceRecord>, Error> {
        let line = std::str::from_utf8(bytes).map_err(|error| not_utf8(number, bytes, &error))?;
        let kind = kind_of(line);
        let record = match kind.as_deref() {
            Some("schema") if self.schema => Err(Fault::new(
                "type",
                "a second schema line",
                "split the file or remove this line",
            )),
            Some("schema") => {
                let schema: wire::Schema<'_> = parse(number, line)?;
                self.end_promised = schema.end == Some(true);
                convert::schema(schema).map(SourceRecord::Schema)
            }
            _ if !self.schema => {
                // The error for a line that is no JSON object comes first.
                parse::<Skipped>(number, line)?;
                return Err(no_schema(
                    number,
                    "the first line is not the schema".to_owned(),
                ));
            }
            Some("group") => convert::group(parse(number, line)?).and_then(|group| {
                self.groups.add(&group)?;
                Ok(SourceRecord::Group(group))
            }),
            Some("user") => convert::user(parse(number, line)?).and_then(|user| {
                self.groups.check(&user.facts.group)?;
                Ok(SourceRecord::User(Box::new(user)))
            }),
            Some("token") => token::unassigned(parse(number, line)?).and_then(|token| {
                self.groups.check(&token.group)?;
                Ok(SourceRecord::Token(Box::new(token)))
            }),
            Some("card") => convert::unassigned_card(parse(number, line)?).and_then(|card| {
                self.groups.check(&card.group)?;
                Ok(SourceRecord::Card(Box::new(card)))
            }),
            Some("end") => return self.end(number, line).map(|()| None),
            other => {
                parse::<Skipped>(number, line)?;
                Err(match other {
                    Some(other) => Fault::new(
                        "type",
                        format!("'{other}' is not a record"),
                        format!("write one of these, exactly so: {KINDS}"),
                    ),
                    None => Fault::new(
                        "type",
                        "required, but missing",
                        format!("add a type, one of {KINDS}"),
                    ),
                })
            }
        };
        let record = record.map_err(|fault| fault.into_error(number, line))?;
        self.schema = true;
        self.counts.add(&record);
        Ok(Some(record))
    }

    /// The end record, with which the records before it must agree.
    fn end(&mut self, number: u64, line: &str) -> Result<(), Error> {
        let agreed = parse(number, line).and_then(|end| {
            let agreed = Counts::of(end).and_then(|promised| self.counts.agree(promised, self.bad));
            agreed.map_err(|fault| fault.into_error(number, line))
        });
        self.end = agreed.is_ok();
        // Without it, nothing shows whether the file is whole.
        agreed.map_err(fatal)
    }

    /// A line that is no record.
    fn refused(&mut self, error: Error) -> Error {
        self.bad += 1;
        if self.schema { error } else { fatal(error) }
    }

    /// Whether the file may end here.
    fn whole(&self, line: u64) -> Result<(), Error> {
        if !self.schema {
            return Err(no_schema(1, "the file has no record".to_owned()));
        }
        if self.end_promised && !self.end {
            return Err(of_file(
                line,
                "the file ends without its end record: it was cut",
                "get the file again; its schema line promises {\"type\":\"end\",…}",
            ));
        }
        Ok(())
    }
}

fn fatal(error: Error) -> Error {
    Error {
        fatal: true,
        ..error
    }
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
        column: Some(1),
        ..of_file(
            line,
            what,
            "begin the file with {\"type\":\"schema\",\"version\":1,…}",
        )
    }
}

fn behind_the_end(line: u64) -> Error {
    of_file(
        line,
        "something stands behind the end record",
        "load files that were put together one by one: the end record is the last line",
    )
}

/// What is wrong with the file as a whole, seen at this line.
fn of_file(line: u64, what: impl Into<String>, hint: &str) -> Error {
    Error {
        line,
        column: None,
        field: String::new(),
        what: what.into(),
        hint: hint.to_owned(),
        fatal: true,
    }
}

#[cfg(test)]
mod tests;
