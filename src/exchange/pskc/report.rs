//! Errors and notices about a PSKC file, and the counts of what was in it.

use std::borrow::Cow;

/// Where a key stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line, counted from 1.
    pub line: u64,
    /// The byte, counted from 0.
    pub byte: u64,
    /// The package, counted from 1; 0 outside all of them.
    pub package: u64,
}

/// A key that cannot be taken, or a file that cannot be read further. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {}, byte {}{}: {what}", position.line, position.byte, whose(position.package, key_id.as_deref(), serial.as_deref()))]
pub struct Error {
    pub position: Position,
    pub key_id: Option<String>,
    /// The device's serial number.
    pub serial: Option<String>,
    pub what: String,
    pub hint: String,
    /// Whether nothing more can be read from the file. Other errors concern one key.
    pub fatal: bool,
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(self.hint.clone().into())
    }
}

/// Package, key and serial number, as far as they are there.
fn whose(package: u64, key_id: Option<&str>, serial: Option<&str>) -> String {
    let package = (package > 0).then(|| format!(", package {package}"));
    let key = key_id.map(|id| format!(", key '{id}'"));
    let serial = serial.map(|serial| format!(", serial '{serial}'"));
    [package, key, serial].into_iter().flatten().collect()
}

/// Something about a key that is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {}{}: {what}", position.line, whose(position.package, key_id.as_deref(), serial.as_deref()))]
pub struct Notice {
    pub position: Position,
    pub key_id: Option<String>,
    /// The device's serial number.
    pub serial: Option<String>,
    pub what: String,
}

/// What was in a file besides the tokens themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Tokens handed out.
    pub tokens: u64,
    /// PINs attached to the tokens they protect.
    pub pins: u64,
    /// Keys that only name a key kept somewhere else.
    pub references: u64,
    /// Keys of algorithms that are not supported.
    pub unsupported: u64,
    /// The first thousand notices.
    pub notices: Vec<Notice>,
    /// How many notices there were beyond those.
    pub more_notices: u64,
}
