//! Sheets: delimited text whose first non-blank row names the columns, as bulk files and lists of answers are.
//!
//! People keep these in spreadsheets, so a byte order mark, CRLF, blank lines, quoted values, empty columns at the end
//! and any of the usual delimiters are taken; the header, or a line `sep=;` before it, decides which delimiter it is.
//! Columns may stand in any order and their names compare as argument names do. A sheet that igsh wrote is read back as
//! what it was. One row is held at a time, and an error names the line, the column and the fix.

use std::borrow::Cow;
use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::Error;
use super::error::{not_utf8, returns_only};
use super::lines::holds_returns;
use crate::lang::suggest::{did_you_mean, similar};
use crate::model::{Sight, sight};
use crate::render::{counted, original};

/// The delimiters a sheet may have.
const DELIMITERS: [(u8, &str); 4] = [
    (b',', "a comma"),
    (b';', "a semicolon"),
    (b'|', "a bar"),
    (b'\t', "a tab"),
];

/// Longest row that is read, in bytes: a quote that is never closed must not swallow the file.
const MAX_ROW: u64 = 1 << 20;

/// A column that a reader takes.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its names; the first one is used in messages.
    pub names: Vec<String>,
    /// Whether a sheet without it is refused.
    pub required: bool,
    /// Whether a row without a value in it is refused.
    pub filled: bool,
    /// Whether a row may end before it: spreadsheets leave out the empty values at a row's end.
    pub last: bool,
}

impl Field {
    /// A column that has to be there, with a value in every row.
    pub fn required(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            required: true,
            filled: true,
            last: false,
        }
    }

    /// A column that has to be there, where a row may leave the value out.
    pub fn present(names: &[&str]) -> Self {
        Self {
            filled: false,
            ..Self::required(names)
        }
    }

    /// A column that may be there.
    pub fn optional(names: &[&str]) -> Self {
        Self {
            required: false,
            ..Self::present(names)
        }
    }

    /// A column that may be there, and that a row may end before.
    pub fn last(names: &[&str]) -> Self {
        Self {
            last: true,
            ..Self::optional(names)
        }
    }

    fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    fn is_called(&self, header: &str) -> bool {
        self.names.iter().any(|name| folded(name) == folded(header))
    }
}

/// What becomes of columns that are no field of the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// They are passed over: the sheet is another program's.
    Ignored,
    /// They are named ([`Sheet::unused`]), and one whose name is nearly that of a column which the sheet does not have
    /// is an error: the sheet was written for igsh.
    Named,
}

/// A sheet that is being read.
pub struct Sheet<R> {
    rows: csv::Reader<Bounded<R>>,
    fields: Vec<Field>,
    /// Where each field stands in a row.
    places: Vec<Option<usize>>,
    /// Values that a row has at least, columns with a name, and values that a row has at most where the others are not
    /// empty.
    width: usize,
    named: usize,
    room: usize,
    delimiter: u8,
    /// Lines before the first that `rows` counts.
    before: u64,
    record: ByteRecord,
    line: u64,
    /// Columns whose names are no field's.
    unused: Vec<String>,
}

/// The delimiter of a sheet with one column: a control character, so that every other character belongs to the value.
const NONE: u8 = 0x1f;

/// A row: a value for each field, empty where the sheet has no such column.
#[derive(Debug)]
pub struct Row<'a> {
    /// Its line in the file, from 1.
    pub line: u64,
    values: Vec<&'a str>,
}

impl<'a> Row<'a> {
    /// The value of a field, by its place in the list that [`Sheet::new`] was given; blanks around it do not count, and
    /// what igsh writes otherwise is what it was.
    pub fn get(&self, field: usize) -> Cow<'a, str> {
        original(self.spelt(field))
    }

    /// The value as it is spelt.
    pub fn spelt(&self, field: usize) -> &'a str {
        self.values.get(field).copied().unwrap_or_default()
    }
}

impl<R: Read> Sheet<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// An empty file, a header that lacks a required column, names one twice, or (with [`Others::Named`]) nearly names
    /// one; text that is not UTF-8. A file of JSON is fatal.
    pub fn new(mut input: R, fields: Vec<Field>, others: Others) -> Result<Self, Error> {
        let (header, line, delimiter) = header(&mut input)?;
        let names = split(&header, delimiter);
        let delimiter = if names.len() == 1 { NONE } else { delimiter };
        let places = fields
            .iter()
            .map(|field| place(field, &names, line))
            .collect::<Result<Vec<_>, _>>()?;
        let absent: Vec<&Field> = fields
            .iter()
            .zip(&places)
            .filter(|(_, place)| place.is_none())
            .map(|(field, _)| field)
            .collect();
        let missing: Vec<&str> = absent
            .iter()
            .filter(|field| field.required)
            .map(|field| field.name())
            .collect();
        if !missing.is_empty() {
            return Err(lacking(&header, &missing, &names, line));
        }
        let unused = unused(&names, &places);
        if others == Others::Named {
            unused
                .iter()
                .try_for_each(|(at, name)| is_not_near(*at, name, &absent, line))?;
        }
        let unused = unused.into_iter().map(|(_, name)| name.clone()).collect();
        let needed = fields.iter().zip(&places).filter(|(field, _)| !field.last);
        let width = needed.filter_map(|(_, place)| *place).max();
        let bounded = Bounded {
            input,
            left: MAX_ROW,
            read: 0,
            tail: [b'\n'; 3],
        };
        let rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            // Carriage returns are blanks at the end of a row; so lines are counted right.
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(bounded);
        Ok(Self {
            rows,
            fields,
            places,
            width: width.map_or(0, |at| at + 1),
            named: names
                .iter()
                .rposition(|name| !name.is_empty())
                .map_or(0, |at| at + 1),
            room: names.len(),
            delimiter,
            before: line,
            record: ByteRecord::new(),
            line,
            unused,
        })
    }

    /// The names of the columns that are passed over.
    pub fn unused(&self) -> &[String] {
        &self.unused
    }

    /// Whether the sheet has this column, by its place in the list of fields.
    pub fn has(&self, field: usize) -> bool {
        self.places.get(field).is_some_and(Option::is_some)
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// A row of another width than the header, text that is not UTF-8, a row that is too long, an empty value of a
    /// required column. Only a fatal error ends the reading.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, Error> {
        loop {
            self.rows.get_mut().left = MAX_ROW;
            let read = self.rows.read_byte_record(&mut self.record);
            if !read.map_err(|error| self.broken(&error))? {
                return Ok(None);
            }
            self.line = self.first_line();
            // A line of blanks is no row; the reader itself passes over empty ones.
            if self
                .record
                .iter()
                .any(|value| !value.trim_ascii().is_empty())
            {
                break;
            }
        }
        // A spreadsheet that once had more columns writes empty values for them.
        let mut more = self.record.iter().skip(self.room);
        let is_other = self.record.len() == 1 && self.named > 1 && self.other_delimiter().is_some();
        if self.record.len() < self.width || is_other || !more.all(|v| v.trim_ascii().is_empty()) {
            return Err(self.other_width());
        }
        let mut values = Vec::with_capacity(self.fields.len());
        for (field, place) in self.fields.iter().zip(&self.places) {
            let bytes = place.and_then(|place| self.record.get(place));
            let column = place.map(|place| place + 1);
            let bytes = bytes.unwrap_or_default();
            let value = std::str::from_utf8(bytes)
                .map_err(|_| not_utf8(self.line, column, String::new(), bytes))?
                .trim();
            if field.filled && value.is_empty() {
                let what = format!("no value for '{}'", field.name());
                return Err(wrong(
                    self.line,
                    column,
                    what,
                    "fill it in or remove the row",
                ));
            }
            values.push(value);
        }
        Ok(Some(Row {
            line: self.line,
            values,
        }))
    }

    /// The first line of the record, counted from its end: where the reader puts its beginning, blank lines may stand.
    fn first_line(&self) -> u64 {
        let (end, input) = (self.rows.position(), self.rows.get_ref());
        // At the end of the file no line feed may be left, or the last one may belong to a value whose quote is open.
        let in_value = self
            .record
            .iter()
            .next_back()
            .is_some_and(|v| v.ends_with(b"\n"));
        let is_taken = input.tail[2] != b'\n' || in_value && input.tail != *b"\n\"\n";
        let open_end = end.byte() == input.read && is_taken;
        let inside = self.record.as_slice().iter().filter(|&&byte| byte == b'\n');
        let lines = inside.count() as u64 + u64::from(!open_end);
        (self.before + end.line()).saturating_sub(lines)
    }

    /// What a delimiter that the row has and the header has not is called.
    fn other_delimiter(&self) -> Option<&'static str> {
        let mut others = DELIMITERS.iter().filter(|(one, _)| *one != self.delimiter);
        let has = |wanted: &u8| self.record.iter().any(|value| value.contains(wanted));
        others.find(|(one, _)| has(one)).map(|(_, name)| *name)
    }

    fn other_width(&self) -> Error {
        let (found, expected) = (self.record.len(), self.named);
        let other = self.other_delimiter().filter(|_| found < expected);
        let ours = name_of(self.delimiter);
        let what = format!(
            "{} where the header has {}",
            counted(found as u64, "value"),
            counted(expected as u64, "column")
        );
        match other {
            Some(theirs) => wrong(
                self.line,
                None,
                format!("{what}: the row has {theirs} where the header has {ours}"),
                "use one delimiter throughout",
            ),
            None => wrong(
                self.line,
                None,
                what,
                &format!("separate values by {ours}, and quote a value that holds one"),
            ),
        }
    }

    fn broken(&self, error: &csv::Error) -> Error {
        let line = error
            .position()
            .map_or(self.line + 1, |at| self.before + at.line());
        match error.kind() {
            csv::ErrorKind::Io(source) if source.kind() == io::ErrorKind::FileTooLarge => Error {
                fatal: true,
                ..wrong(
                    self.line + 1,
                    None,
                    format!("the row has more than {MAX_ROW} bytes"),
                    "look for a quote that is not closed",
                )
            },
            csv::ErrorKind::Io(source) => super::error::broken_off(line, source),
            _ => wrong(line, None, error.to_string(), "check the row"),
        }
    }
}

/// Bytes of the next row, and no more.
struct Bounded<R> {
    input: R,
    left: u64,
    /// Bytes read so far, and the last three of them.
    read: u64,
    tail: [u8; 3],
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.input.read(out)?;
        self.left = self.left.saturating_sub(read as u64);
        self.read += read as u64;
        for byte in &out[read.saturating_sub(self.tail.len())..read] {
            self.tail.rotate_left(1);
            self.tail[2] = *byte;
        }
        Ok(read)
    }
}

/// The first line that is not blank behind so many others, with its number. Read byte by byte, so that nothing behind it
/// is taken.
fn first_line(input: &mut impl Read, before: u64) -> Result<(String, u64), Error> {
    let mut line = before + 1;
    let mut text = Vec::new();
    let mut byte = [0];
    loop {
        let read = loop {
            match input.read(&mut byte) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(|error| super::error::broken_off(line, &error))?,
            }
        };
        if read == 1 && byte[0] != b'\n' {
            text.push(byte[0]);
            if text.len() as u64 > MAX_ROW {
                return Err(super::error::too_long(line));
            }
            continue;
        }
        let bytes = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text);
        if line == 1 && holds_returns(bytes) {
            return Err(returns_only());
        }
        let name =
            std::str::from_utf8(bytes).map_err(|_| not_utf8(line, None, String::new(), bytes))?;
        if !name.trim().is_empty() {
            return Ok((name.trim_end_matches('\r').to_owned(), line));
        }
        if read == 0 {
            let hint = "name the columns in the first row, and put the values below";
            return Err(wrong(1, None, "the file is empty".to_owned(), hint));
        }
        text.clear();
        line += 1;
    }
}

/// The header, its line, and the delimiter.
fn header(input: &mut impl Read) -> Result<(String, u64, u8), Error> {
    let (first, line) = first_line(input, 0)?;
    match delimiter_said(&first, line)? {
        Some(delimiter) => {
            let (header, line) = first_line(input, line)?;
            Ok((header, line, delimiter))
        }
        None => {
            let delimiter = delimiter_of(&first);
            Ok((first, line, delimiter))
        }
    }
}

/// The error for a header without columns that have to be there.
fn lacking(header: &str, missing: &[&str], names: &[String], line: u64) -> Error {
    if header.trim_start().starts_with(['{', '[']) {
        let what = "this is JSON, not a sheet".to_owned();
        return Error {
            fatal: true,
            ..wrong(
                line,
                None,
                what,
                "write CSV whose first row names the columns",
            )
        };
    }
    let what = format!(
        "the header lacks {}; it names {}",
        quoted(missing),
        quoted(names)
    );
    let hint = "name the columns in the first row, separated by commas";
    wrong(line, None, what, hint)
}

/// The columns with a name that is no field's.
fn unused<'n>(names: &'n [String], places: &[Option<usize>]) -> Vec<(usize, &'n String)> {
    let named = names
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty());
    named
        .filter(|(at, _)| !places.contains(&Some(*at)))
        .collect()
}

/// That a column is not meant for one that the sheet does not have.
fn is_not_near(at: usize, name: &str, absent: &[&Field], line: u64) -> Result<(), Error> {
    let Some(meant) = did_you_mean(&near(name, absent)) else {
        return Ok(());
    };
    let what = format!("unknown column {}", quoted(&[name]));
    let hint = format!("{meant} correct the column's name, or remove the column");
    Err(wrong(line, Some(at + 1), what, &hint))
}

/// The delimiter that a line `sep=;` names, which Excel writes and reads before the header.
fn delimiter_said(first: &str, line: u64) -> Result<Option<u8>, Error> {
    let said = first.trim_matches(['"', ' ', '\r']);
    let Some((sep, sign)) = said.split_once('=') else {
        return Ok(None);
    };
    if !sep.trim().eq_ignore_ascii_case("sep") {
        return Ok(None);
    }
    // A program that takes the line for a row ends it as it ends rows.
    let known = DELIMITERS
        .iter()
        .find(|(known, _)| sign.as_bytes().first() == Some(known));
    let known = known.filter(|_| {
        sign.get(1..)
            .is_some_and(|rest| rest.trim_matches([',', ';']).is_empty())
    });
    match known {
        Some((delimiter, _)) => Ok(Some(*delimiter)),
        None => Err(wrong(
            line,
            None,
            format!(
                "'{}' names none of the delimiters",
                super::error::clipped(said.to_owned())
            ),
            "separate values by commas, semicolons, bars or tabs, and name that sign",
        )),
    }
}

/// The delimiter that the header has most of; a comma where there is only one column.
fn delimiter_of(header: &str) -> u8 {
    let count = |wanted: u8| {
        let mut quoted = false;
        let mut found = 0;
        for byte in header.bytes() {
            quoted ^= byte == b'"';
            found += usize::from(!quoted && byte == wanted);
        }
        found
    };
    DELIMITERS
        .iter()
        .rev()
        .max_by_key(|(delimiter, _)| count(*delimiter))
        .map_or(b',', |(delimiter, _)| *delimiter)
}

fn split(header: &str, delimiter: u8) -> Vec<String> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .from_reader(header.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(|name| name.trim().to_owned()).collect(),
        _ => vec![header.trim().to_owned()],
    }
}

/// Where a field stands in the header.
fn place(field: &Field, names: &[String], line: u64) -> Result<Option<usize>, Error> {
    let mut found = names
        .iter()
        .enumerate()
        .filter(|(_, name)| field.is_called(name))
        .map(|(at, _)| at);
    let first = found.next();
    match found.next() {
        None => Ok(first),
        Some(again) => Err(wrong(
            line,
            Some(again + 1),
            format!("the header names '{}' twice", field.name()),
            "remove one of the columns",
        )),
    }
}

fn name_of(delimiter: u8) -> &'static str {
    DELIMITERS
        .iter()
        .find(|(known, _)| *known == delimiter)
        .map_or("a comma", |(_, name)| name)
}

/// The names of absent fields that a column could be meant for: those that are spelt nearly so, or a part of its name.
fn near<'a>(name: &str, absent: &[&'a Field]) -> Vec<&'a str> {
    let name = folded(name);
    let absent = absent.iter().flat_map(|field| &field.names);
    match absent.clone().find(|known| name.contains(&folded(known))) {
        Some(known) => vec![known],
        None => similar(&name, absent.map(String::as_str)),
    }
}

/// As argument names compare, blanks and what is not seen aside.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| {
            !matches!(c, '-' | '_' | '.' | '#') && !c.is_whitespace() && sight(*c) == Sight::Visible
        })
        .flat_map(char::to_lowercase)
        .collect()
}

fn quoted(names: &[impl AsRef<str>]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("'{}'", name.as_ref()))
        .collect();
    super::error::clipped(names.join(", "))
}

fn wrong(line: u64, column: Option<usize>, what: String, hint: &str) -> Error {
    Error {
        line,
        column,
        field: String::new(),
        what,
        hint: hint.to_owned(),
        fatal: false,
    }
}

#[cfg(test)]
mod tests;
