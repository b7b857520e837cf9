//! A record that a load does not take.

/// A record that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct BadRecord {
    /// Its line in the file.
    pub line: u64,
    /// What is wrong, the line named in it.
    pub what: String,
    /// What to do about it.
    pub hint: String,
    /// Whether nothing more can be read after it.
    pub fatal: bool,
}

impl BadRecord {
    pub(super) fn at(line: u64, what: impl std::fmt::Display, hint: impl Into<String>) -> Self {
        Self {
            line,
            what: format!("line {line}: {what}"),
            hint: hint.into(),
            fatal: false,
        }
    }

    /// The same key twice in one file.
    pub(super) fn twice(line: u64, first: i64, what: &str) -> Self {
        let first = first.unsigned_abs();
        let what = if line == first {
            format!("{what} is there twice")
        } else {
            format!("{what} is already in line {first}")
        };
        let hint = "a key stands once in a file; remove one of the records";
        Self::at(line, what, hint)
    }
}
