//! The entries of an LDIF file (RFC 2849): folded lines, comments, base64, version, change records.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::exchange::Error;
use crate::exchange::encoding::Encoding;
use crate::exchange::error::{clipped, not_utf8, too_long};
use crate::exchange::lines::{LineError, Lines, MAX_LINE};
use crate::model::Wiped;

use super::search;

/// An entry, with those of its attributes that are wanted.
#[derive(Debug)]
pub(super) struct Entry {
    /// The line of its `dn`.
    pub(super) line: u64,
    pub(super) dn: String,
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) line: u64,
    /// The attribute's name without options.
    pub(super) name: String,
    /// Whether the name has options, such as a language.
    pub(super) has_options: bool,
    /// Whether the value is written in base64.
    pub(super) is_base64: bool,
    pub(super) value: Vec<u8>,
}

/// Reads entry by entry.
pub(super) struct Entries<R> {
    lines: Lines<R>,
    /// Names, in lower case and sorted, of the attributes that are kept.
    wanted: Vec<String>,
    /// The logical line: unfolded, or the beginning of one that is too long.
    logical: Wiped,
    logical_at: u64,
    logical_is_cut: bool,
    /// Whether the current physical line belongs to the next logical line.
    pending: bool,
    /// Whether it is only the beginning of one that is too long.
    physical_is_cut: bool,
    /// What is decoded only to see whether it can be.
    scratch: Wiped,
    /// References to other servers so far.
    pub(super) references: u64,
    /// Values in other files so far, of attributes that are not wanted.
    pub(super) urls: u64,
    /// The line that announces more pages of the search, until they have come.
    more_pages: Option<u64>,
}

impl<R: Read> Entries<R> {
    pub(super) fn new(input: R, mut wanted: Vec<String>) -> Self {
        wanted.sort_unstable();
        Self {
            lines: Lines::new(input),
            wanted,
            logical: Wiped::with_capacity(4096),
            logical_at: 0,
            logical_is_cut: false,
            pending: false,
            physical_is_cut: false,
            scratch: Wiped::with_capacity(4096),
            references: 0,
            urls: 0,
            more_pages: None,
        }
    }

    /// The next entry. After an error that is not fatal, reading goes on with the entry behind it.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, Error> {
        let entry = self.entry();
        if matches!(&entry, Err(error) if !error.fatal) {
            self.skip_entry()?;
        }
        entry
    }

    fn entry(&mut self) -> Result<Option<Entry>, Error> {
        let mut entry: Option<Entry> = None;
        while self.logical_line()? {
            match &mut entry {
                Some(_) if self.logical.is_empty() => return Ok(entry),
                None if self.logical.is_empty() => {}
                Some(entry) => self.attribute(entry)?,
                None => entry = self.beginning()?,
            }
        }
        match self.more_pages.take() {
            Some(line) if entry.is_none() => Err(search::no_last_page(line)),
            _ => Ok(entry),
        }
    }

    /// A line where an entry begins; `None` for one that stands between the entries.
    fn beginning(&mut self) -> Result<Option<Entry>, Error> {
        let line = self.logical_at;
        if let Some(said) = search::said(&self.logical, line)? {
            self.keep(said, line);
            return Ok(None);
        }
        let Written { name, value, .. } = Written::of(&self.logical, line)?;
        if self.logical_is_cut {
            return Err(too_long(line));
        }
        let is_version = name.eq_ignore_ascii_case("version");
        if !is_version && !name.eq_ignore_ascii_case("dn") {
            return Err(fault(
                line,
                name,
                "an entry begins with its dn",
                "check the blank lines between entries, and that this is an LDIF file",
            ));
        }
        let value = value.read(line, name)?;
        if is_version {
            // Files that were put together have more than one.
            return version(&value, line).map(|()| None);
        }
        let dn = String::from_utf8(value.to_vec())
            .map_err(|_| not_utf8(line, None, name.to_owned(), &value))?;
        Ok(Some(Entry {
            line,
            dn,
            attributes: Vec::new(),
        }))
    }

    fn attribute(&mut self, entry: &mut Entry) -> Result<(), Error> {
        let line = self.logical_at;
        let Written {
            name,
            options,
            value,
        } = Written::of(&self.logical, line)?;
        if name.eq_ignore_ascii_case("dn") {
            return Err(fault(
                line,
                "dn",
                "a second dn in one entry",
                "part entries by a blank line",
            ));
        }
        if name.eq_ignore_ascii_case("changetype") {
            let value = value.read(line, name)?;
            if value.trim_ascii().eq_ignore_ascii_case(b"add") {
                return Ok(());
            }
            return Err(fault(
                line,
                "changetype",
                "this change is not an addition",
                "export the entries themselves: only entries and additions (changetype: add) can be loaded",
            ));
        }
        let lower = || name.bytes().map(|byte| byte.to_ascii_lowercase());
        let wanted = self
            .wanted
            .binary_search_by(|wanted| wanted.bytes().cmp(lower()));
        if wanted.is_err() || is_deleted(options) {
            match value {
                Value::Elsewhere => self.urls += 1,
                Value::Base64(_) if self.logical_is_cut => {}
                Value::Base64(text) => check_base64(text, line, name, &mut self.scratch)?,
                Value::Plain(_) => {}
            }
            return Ok(());
        }
        if self.logical_is_cut {
            return Err(too_long(line));
        }
        entry.attributes.push(Attribute {
            line,
            name: name.to_owned(),
            has_options: !options.is_empty(),
            is_base64: matches!(value, Value::Base64(_)),
            value: value.read(line, name)?.to_vec(),
        });
        Ok(())
    }

    /// Reads one logical line; `false` at the end. A blank line parts entries; comments are skipped.
    fn logical_line(&mut self) -> Result<bool, Error> {
        loop {
            self.logical.clear();
            if !std::mem::take(&mut self.pending) && !self.physical_line()? {
                return Ok(false);
            }
            self.logical_at = self.lines.number();
            self.logical_is_cut = self.physical_is_cut;
            if self.lines.current().starts_with(b" ") {
                return Err(fault(
                    self.logical_at,
                    "",
                    "this line continues nothing",
                    "remove the blank or the blank line: a line that begins with a blank continues the one above it",
                ));
            }
            self.logical.push(trimmed(self.lines.current()));
            while self.physical_line()? {
                let Some(more) = self.lines.current().strip_prefix(b" ") else {
                    self.pending = true;
                    break;
                };
                if self.logical.is_empty() {
                    self.pending = true;
                    break;
                }
                self.logical_is_cut |=
                    self.physical_is_cut || self.logical.len() + more.len() > MAX_LINE;
                if !self.logical_is_cut {
                    self.logical.push(trimmed(more));
                }
            }
            if !self.logical.starts_with(b"#") {
                return Ok(true);
            }
            self.keep(search::said_aside(&self.logical), self.logical_at);
        }
    }

    /// Keeps what `ldapsearch` reports about its search.
    fn keep(&mut self, said: search::Said, line: u64) {
        match said {
            search::Said::Reference => self.references += 1,
            search::Said::Page { last } => self.more_pages = (!last).then_some(line),
            search::Said::Other => {}
        }
    }

    /// Goes to the next line; `false` at the end. Of one that is too long, the beginning is there.
    fn physical_line(&mut self) -> Result<bool, Error> {
        let line = self.lines.next();
        self.physical_is_cut = matches!(line, Err(LineError::TooLong));
        match line {
            Ok(line) => Ok(line.is_some()),
            Err(LineError::TooLong) => Ok(true),
            Err(error) => Err(error.into_error(self.lines.number())),
        }
    }

    /// Goes to the blank line behind the entry.
    fn skip_entry(&mut self) -> Result<(), Error> {
        self.logical.clear();
        let mut more = std::mem::take(&mut self.pending) || self.physical_line()?;
        while more && !trimmed(self.lines.current()).is_empty() {
            more = self.physical_line()?;
        }
        Ok(())
    }
}

/// The line without the CR that some programs write before the line feed, more than once when a file was copied as text.
pub(super) fn trimmed(mut line: &[u8]) -> &[u8] {
    while let Some(rest) = line.strip_suffix(b"\r") {
        line = rest;
    }
    line
}

/// Whether a replica keeps the value only as a sign that it was deleted (389 Directory Server).
fn is_deleted(options: &str) -> bool {
    options.split(';').any(|option| {
        option.eq_ignore_ascii_case("deleted") || option.eq_ignore_ascii_case("deletedattribute")
    })
}

/// An attribute as it is written: `name;options: value`.
struct Written<'a> {
    name: &'a str,
    options: &'a str,
    value: Value<'a>,
}

/// A value as it is written.
enum Value<'a> {
    Plain(&'a [u8]),
    Base64(&'a [u8]),
    /// In another file, which the value names.
    Elsewhere,
}

impl<'a> Written<'a> {
    fn of(text: &'a [u8], line: u64) -> Result<Self, Error> {
        let colon = memchr::memchr(b':', text);
        let (description, rest) = text.split_at(colon.unwrap_or(0));
        let description = std::str::from_utf8(description).unwrap_or_default();
        let (name, options) = description.split_once(';').unwrap_or((description, ""));
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        if !is_name {
            return Err(match Encoding::of_text(text) {
                Some(Encoding::PartlyUtf16) => not_utf8(line, None, String::new(), text),
                _ => fault(
                    line,
                    "",
                    "not 'attribute: value'",
                    "check the line: a long value continues in lines that begin with one blank",
                ),
            });
        }
        let value = match rest {
            [b':', b':', value @ ..] => Value::Base64(value.trim_ascii()),
            [b':', b'<', ..] => Value::Elsewhere,
            [_, value @ ..] => Value::Plain(value.trim_ascii_start()),
            [] => Value::Plain(&[]),
        };
        Ok(Self {
            name,
            options,
            value,
        })
    }
}

impl Value<'_> {
    /// The bytes that are meant.
    fn read(self, line: u64, name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self {
            Self::Plain(value) => Ok(Zeroizing::new(value.to_vec())),
            Self::Base64(value) => STANDARD
                .decode(value)
                .map(Zeroizing::new)
                .map_err(|error| not_base64(line, name, &error)),
            Self::Elsewhere => Err(fault(
                line,
                name,
                "the value stands in another file",
                "write the value itself into the file: values from a URL are not fetched",
            )),
        }
    }
}

/// Decodes what is not wanted, since a value that is damaged is a sign that the file is.
fn check_base64(text: &[u8], line: u64, name: &str, scratch: &mut Wiped) -> Result<(), Error> {
    scratch.clear();
    let room = scratch.with_room(base64::decoded_len_estimate(text.len()));
    STANDARD
        .decode_vec(text, room)
        .map_err(|error| not_base64(line, name, &error))
}

fn not_base64(line: u64, name: &str, error: &base64::DecodeError) -> Error {
    let place = match error {
        base64::DecodeError::InvalidByte(at, _)
        | base64::DecodeError::InvalidLastSymbol { offset: at, .. } => {
            format!(" at character {} of the value", at + 1)
        }
        _ => ": length or padding is wrong".to_owned(),
    };
    fault(
        line,
        name,
        format!("not base64{place}"),
        "correct the value: two colons announce base64",
    )
}

fn version(value: &[u8], line: u64) -> Result<(), Error> {
    if value.trim_ascii_end() == b"1" {
        return Ok(());
    }
    Err(Error {
        fatal: true,
        ..fault(
            line,
            "version",
            "unknown version of LDIF",
            "write version 1, the only one of RFC 2849",
        )
    })
}

pub(super) fn fault(line: u64, field: &str, what: impl Into<String>, hint: &str) -> Error {
    Error {
        line,
        column: None,
        field: clipped(field.to_owned()),
        what: clipped(what.into()),
        hint: hint.to_owned(),
        fatal: false,
    }
}
