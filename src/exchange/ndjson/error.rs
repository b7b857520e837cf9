//! What is wrong with a line of JSON, in our own words.

use std::borrow::Cow;

use super::locate;
use crate::exchange::Error;
use crate::exchange::error::clipped;
use crate::exchange::number::misfit;

/// What is wrong with a value, before it gets line and column.
#[derive(Debug)]
pub(super) struct Fault {
    /// The path from here to the field.
    pub(super) path: String,
    pub(super) what: String,
    pub(super) hint: String,
}

impl Fault {
    pub(super) fn new(field: &str, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            path: field.to_owned(),
            what: what.into(),
            hint: hint.into(),
        }
    }

    /// The same fault, seen from the object that holds this one as `field`.
    pub(super) fn within(mut self, field: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{field}{dot}{}", self.path);
        self
    }

    /// The same fault, seen from the object that holds this one as item `index` of `field`.
    pub(super) fn within_item(self, field: &str, index: usize) -> Self {
        self.within(&format!("{field}[{index}]"))
    }

    /// The error of a whole line. A field that is not in the line is pointed at by the object that lacks it.
    pub(super) fn into_error(self, number: u64, line: &str) -> Error {
        let object = self.path.rsplit_once('.').map_or("", |(object, _)| object);
        let at = locate::value_at(line, &self.path).or_else(|| locate::value_at(line, object));
        Error {
            line: number,
            column: at.map(|at| column(line, at)),
            field: clipped(self.path),
            what: clipped(self.what),
            hint: self.hint,
            fatal: false,
        }
    }
}

/// The error for what serde_json reports about a line. Its own words may quote a value, so they are replaced.
pub(super) fn from_json(number: u64, line: &str, error: &serde_json::Error) -> Error {
    use serde_json::error::Category;
    let said = error.to_string();
    let said = said
        .rsplit_once(" at line ")
        .map_or(said.as_str(), |(text, _)| text);
    // Syntax errors name the offending byte, counted from 1; data errors the bytes read so far.
    let mut offset = match error.classify() {
        Category::Data => error.column(),
        _ => error.column().saturating_sub(1),
    };
    let (field, start) = locate::path_at(line, offset);
    let (what, hint) = match error.classify() {
        Category::Eof => (
            "the line ends inside the record".to_owned(),
            "look for a line break in the record, or a file that was cut: a record is one whole line"
                .into(),
        ),
        Category::Syntax | Category::Io => (
            format!("not JSON: {said}"),
            "correct the line: every record is one JSON object on one line".into(),
        ),
        Category::Data => {
            offset = start;
            of_field(said, line, offset)
        }
    };
    Error {
        line: number,
        column: Some(column(line, offset)),
        field: clipped(field),
        what: clipped(what),
        hint: hint.into_owned(),
        fatal: false,
    }
}

/// What is wrong with the field at `offset`, and what to do about it.
fn of_field(said: &str, line: &str, offset: usize) -> (String, Cow<'static, str>) {
    if let Some((_, expected)) = said.rsplit_once(", expected ")
        && said.starts_with("invalid ")
    {
        let misfit = misfit_at(line, offset, expected).unwrap_or_else(|| {
            let (expected, found) = (plain_name(expected), kind_of(line, offset));
            format!("expected {expected}, found {found}")
        });
        let hint = "see igsh-source(5) for what belongs in this field";
        return (misfit, hint.into());
    }
    match said.split_once("; did you mean ") {
        Some((what, near)) => {
            let hint = format!("did you mean {near} igsh-source(5) lists all fields");
            (what.to_owned(), hint.into())
        }
        None => (
            said.to_owned(),
            "correct the field; igsh-source(5) lists them all, and the object 'x' is free for your own"
                .into(),
        ),
    }
}

/// The column, in characters from 1, of byte `offset`.
pub(super) fn column(line: &str, offset: usize) -> usize {
    line.char_indices()
        .take_while(|(at, _)| *at < offset)
        .count()
        + 1
}

fn plain_name(expected: &str) -> &str {
    match expected {
        "a sequence" => "an array",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" => "a whole number, 0 or more",
        "i64" => "a whole number",
        "a boolean" => "true or false",
        other => other,
    }
}

/// What is wrong with the number at `offset`, where a whole number is expected.
fn misfit_at(line: &str, offset: usize, expected: &str) -> Option<String> {
    let range = match expected {
        "u32" => 0..=u32::MAX.into(),
        "u64" => 0..=i64::MAX.into(),
        "i64" => i64::MIN.into()..=i64::MAX.into(),
        _ => return None,
    };
    let rest = line.get(offset..)?;
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    let number = rest.split(|c| !is_number(c)).next()?;
    (!number.is_empty()).then(|| misfit(number, &range))
}

fn kind_of(line: &str, offset: usize) -> &'static str {
    match line.as_bytes().get(offset) {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        Some(b'-' | b'0'..=b'9') => "a number",
        _ => "something else",
    }
}
