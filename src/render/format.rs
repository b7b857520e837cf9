//! The formats in which a list or a record can be shown (igsh(1), OPTIONS).

use std::str::FromStr;

use crate::model::Named;

/// How rows and records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Columns that fit the terminal.
    #[default]
    Table,
    /// A block a row, a line a column.
    Expanded,
    /// One array of objects.
    Json,
    /// An object a line.
    Ndjson,
    /// Comma-separated, RFC 4180 but for the line ends, which are LF.
    Csv,
    /// Tab-separated, unquoted.
    Tsv,
    /// Bare values, one a line.
    Value,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format '{0}'; the formats are table, expanded, json, ndjson, csv, tsv and value")]
pub struct UnknownFormat(String);

impl Format {
    /// The names, for arguments that choose one; in the order of the variants.
    pub const NAMES: &'static [&'static str] =
        &["table", "expanded", "json", "ndjson", "csv", "tsv", "value"];

    const ALL: [Self; 7] = [
        Self::Table,
        Self::Expanded,
        Self::Json,
        Self::Ndjson,
        Self::Csv,
        Self::Tsv,
        Self::Value,
    ];

    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Whether a person reads it: local time, grouped numbers, a count line.
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Expanded)
    }

    /// Whether messages beside it are JSON objects too.
    pub fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Ndjson)
    }
}

impl Named for Format {
    const NAMES: &'static [&'static str] = Self::NAMES;

    fn name(self) -> &'static str {
        Self::name(self)
    }

    fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for (name, format) in Format::NAMES.iter().zip(Format::ALL) {
            assert_eq!(name.parse::<Format>(), Ok(format));
            assert_eq!(format.name(), *name);
        }
        assert_eq!("JSON".parse::<Format>(), Ok(Format::Json));
        assert!("xml".parse::<Format>().is_err());
    }
}
