//! What is wrong in a file of lines, where, and what to do.

use std::borrow::Cow;
use std::io;

use super::encoding::Encoding;
use super::lines::MAX_LINE;

/// A record of a file that cannot be taken, or a file that cannot be read further.
///
/// No message holds the text of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}{}: {what}", column.map(|column| format!(", column {column}")).unwrap_or_default(), named(field))]
pub struct Error {
    /// The line, counted from 1.
    pub line: u64,
    /// The column, in characters counted from 1.
    pub column: Option<usize>,
    /// The field, such as `tokens[0].seed`, or the attribute; empty where none is meant.
    pub field: String,
    pub what: String,
    pub hint: String,
    /// Whether nothing more can be read from the file. Other errors concern one record.
    pub fatal: bool,
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(self.hint.clone().into())
    }
}

/// Why there is no file of what was left out.
#[derive(Debug, thiserror::Error)]
pub enum NoResidue {
    /// The file that was read cannot be read again.
    #[error(transparent)]
    Read(io::Error),
    /// The file of what was left out cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

fn named(field: &str) -> String {
    if field.is_empty() {
        String::new()
    } else {
        format!(", field '{field}'")
    }
}

/// The text, short enough for a message: a file may hold names of any length.
pub(super) fn clipped(mut text: String) -> String {
    const LONGEST: usize = 300;
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

/// The error for a stream that breaks off.
pub(super) fn broken_off(line: u64, error: &io::Error) -> Error {
    Error {
        line,
        column: None,
        field: String::new(),
        what: format!("the file cannot be read further: {error}"),
        hint: "copy the file again: if it is compressed, it may be cut or damaged".to_owned(),
        fatal: true,
    }
}

/// The error for a line without end.
pub(super) fn too_long(line: u64) -> Error {
    Error {
        line,
        column: None,
        field: String::new(),
        what: format!("the line has more than {MAX_LINE} bytes"),
        hint: "look for a missing line break".to_owned(),
        fatal: false,
    }
}

/// The error for a text that is not UTF-8.
pub(super) fn not_utf8(line: u64, column: Option<usize>, field: String, text: &[u8]) -> Error {
    let encoding = Encoding::of_text(text).unwrap_or(Encoding::Ansi);
    Error {
        line,
        column,
        field: clipped(field),
        what: encoding.what().to_owned(),
        hint: encoding.hint().to_owned(),
        fatal: false,
    }
}

/// The error for a file whose lines end with CR alone.
pub(super) fn returns_only() -> Error {
    Error {
        line: 1,
        column: None,
        field: String::new(),
        what: "the lines end with CR only, so the file is one line".to_owned(),
        hint: "convert it: tr '\\r' '\\n' < OLD > NEW".to_owned(),
        fatal: true,
    }
}
