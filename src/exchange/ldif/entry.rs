//! The entries of an LDIF file (RFC 2849): folded lines, comments, base64, version, change records.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::exchange::Error;
use crate::exchange::error::{broken_off, clipped, too_long};
use crate::exchange::lines::{LineError, Lines, MAX_LINE};
use crate::model::Wiped;

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
    /// The attribute's name in lower case, without options.
    pub(super) name: String,
    /// Whether the name has options, such as a language.
    pub(super) has_options: bool,
    pub(super) value: Vec<u8>,
}

/// Reads entry by entry.
pub(super) struct Entries<R> {
    lines: Lines<R>,
    /// Names, in lower case, of the attributes that are kept.
    wanted: Vec<String>,
    /// The logical line: unfolded.
    logical: Wiped,
    logical_at: u64,
    /// Whether the current physical line belongs to the next logical line.
    pending: bool,
    first: bool,
}

impl<R: Read> Entries<R> {
    pub(super) fn new(input: R, wanted: Vec<String>) -> Self {
        Self {
            lines: Lines::new(input),
            wanted,
            logical: Wiped::with_capacity(4096),
            logical_at: 0,
            pending: false,
            first: true,
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
            let line = self.logical_at;
            if self.logical.is_empty() {
                match entry {
                    Some(_) => return Ok(entry),
                    None => continue,
                }
            }
            let (name, has_options, value) = attribute(&self.logical, line)?;
            let Some(entry) = &mut entry else {
                if std::mem::take(&mut self.first) && name == "version" {
                    version(&value, line)?;
                } else {
                    entry = Some(Entry {
                        line,
                        dn: distinguished_name(&name, &value, line)?,
                        attributes: Vec::new(),
                    });
                }
                continue;
            };
            match name.as_str() {
                "dn" => {
                    return Err(fault(
                        line,
                        "dn",
                        "a second dn in one entry",
                        "entries are parted by a blank line",
                    ));
                }
                "changetype" if value.eq_ignore_ascii_case(b"add") => {}
                "changetype" => {
                    return Err(fault(
                        line,
                        "changetype",
                        "this change is not an addition",
                        "only entries and additions (changetype: add) can be loaded; export the entries themselves",
                    ));
                }
                _ if self.wanted.contains(&name) => {
                    entry.attributes.push(Attribute {
                        line,
                        name,
                        has_options,
                        value: value.to_vec(),
                    });
                }
                _ => {}
            }
        }
        Ok(entry)
    }

    /// Reads one logical line; `false` at the end. A blank line parts entries; comments are skipped.
    fn logical_line(&mut self) -> Result<bool, Error> {
        loop {
            self.logical.clear();
            if !std::mem::take(&mut self.pending) && !self.physical_line()? {
                return Ok(false);
            }
            self.logical_at = self.lines.number();
            if self.lines.current().starts_with(b" ") {
                return Err(fault(
                    self.logical_at,
                    "",
                    "this line continues nothing",
                    "a line that begins with a blank continues the one above it; remove the blank or the blank line",
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
                self.logical.push(trimmed(more));
                if self.logical.len() > MAX_LINE {
                    return Err(too_long(self.logical_at));
                }
            }
            if !self.logical.starts_with(b"#") {
                return Ok(true);
            }
        }
    }

    fn physical_line(&mut self) -> Result<bool, Error> {
        match self.lines.next() {
            Ok(line) => Ok(line.is_some()),
            Err(LineError::TooLong) => Err(too_long(self.lines.number())),
            Err(LineError::Io(error)) => Err(broken_off(self.lines.number() + 1, &error)),
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

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

type Parsed = (String, bool, Zeroizing<Vec<u8>>);

/// Name in lower case, whether it has options, and value of `name: value`.
fn attribute(text: &[u8], line: u64) -> Result<Parsed, Error> {
    let colon = text.iter().position(|byte| *byte == b':');
    let (description, rest) = text.split_at(colon.unwrap_or(0));
    let name = std::str::from_utf8(description).unwrap_or_default();
    let (name, options) = name.split_once(';').unwrap_or((name, ""));
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    if !is_name {
        return Err(fault(
            line,
            "",
            "not 'attribute: value'",
            "check the line; a long value goes on in lines that begin with one blank",
        ));
    }
    let value = match rest {
        [b':', b':', value @ ..] => STANDARD
            .decode(value.trim_ascii())
            .map(Zeroizing::new)
            .map_err(|error| {
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
                    "two colons announce base64; correct the value",
                )
            })?,
        [b':', b'<', ..] => {
            return Err(fault(
                line,
                name,
                "the value stands in another file",
                "values from a URL are not fetched; write the value itself into the file",
            ));
        }
        [_, value @ ..] => Zeroizing::new(value.trim_ascii_start().to_vec()),
        [] => Zeroizing::default(),
    };
    Ok((name.to_ascii_lowercase(), !options.is_empty(), value))
}

fn version(value: &[u8], line: u64) -> Result<(), Error> {
    if value == b"1" {
        return Ok(());
    }
    Err(Error {
        fatal: true,
        ..fault(
            line,
            "version",
            "this version of LDIF is not known",
            "RFC 2849 has version 1 only",
        )
    })
}

fn distinguished_name(name: &str, value: &[u8], line: u64) -> Result<String, Error> {
    if name != "dn" {
        return Err(fault(
            line,
            name,
            "an entry begins with its dn",
            "check the blank lines between entries; is this an LDIF file?",
        ));
    }
    String::from_utf8(value.to_vec()).map_err(|_| {
        fault(
            line,
            "dn",
            "the text is not UTF-8",
            "write the file in UTF-8",
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
