//! Arguments that many commands share, declared once.

use std::path::PathBuf;

use crate::lang::args::Yes;
use crate::lang::keys::{self, Key, args};
use crate::lang::spec::Arg;
use crate::render::Format;

args! {
    /// How a list is shown, and where it goes to. A record takes some of it, and so does a list whose rows a selection
    /// chooses, which has its own `limit=`.
    #[derive(Debug, Default)]
    pub struct Out {
        /// `format=`
        pub format: Option<Format> = FORMAT,
        /// `columns=`
        pub columns: Vec<String> = COLUMNS,
        /// `sort=`
        pub sort: Vec<String> = SORT,
        /// `limit=`
        pub limit: Option<u64> = ROWS,
        /// `into=`
        pub into: Option<PathBuf> = INTO,
        /// `-overwrite`
        pub overwrite: bool = OVERWRITE,
    }
}

/// Of a list whose rows a selection chooses.
pub const CHOSEN: &[Arg] = &[
    FORMAT.arg,
    COLUMNS.arg,
    SORT.arg,
    INTO.arg,
    OVERWRITE.arg,
    REQUIRE_MATCH.arg,
];
/// Of a record.
pub const RECORD: &[Arg] = &[FORMAT.arg, INTO.arg, OVERWRITE.arg];
/// Of rows that come in the session's format.
pub const TO_FILE: &[Arg] = &[INTO.arg, OVERWRITE.arg];
/// Of a record that goes to no file.
pub const SHOWN: &[Arg] = &[FORMAT.arg];

args! {
    /// What a command takes that shows a list of the chosen rows.
    pub struct Chosen {
        ..pub out: Out = CHOSEN,
    }

    /// What a command takes that only says why.
    pub struct Reasoned {
        _ = REASON,
    }

    /// What a command takes that shows a few facts.
    pub struct Shown {
        ..pub out: Out = SHOWN,
    }

    /// What a command takes that shows a record.
    pub struct Record {
        ..pub out: Out = RECORD,
    }
}

/// `format=`: of every command that shows something.
const FORMAT: Key<Option<Format>> =
    keys::choice("format", "Output format of this command").absent("the session's format");
/// `columns=`: of every command that lists.
pub const COLUMNS: Key<Vec<String>> = keys::texts("columns", "Show these columns, in this order");
/// `sort=`: of every command that lists.
const SORT: Key<Vec<String>> = keys::texts(
    "sort",
    "Order by these columns, -NAME descending; limit= then counts in this order",
);
/// `limit=`: of every command that lists and takes no selection.
const ROWS: Key<Option<u64>> = keys::number("limit", 1, i64::MAX, "Show so many rows at most");
/// `into=`: rows into a file.
const INTO: Key<Option<PathBuf>> =
    keys::out_file("into", "Write the result to this new file (mode 0600)");
/// `-overwrite`.
pub const OVERWRITE: Key<bool> = keys::flag("overwrite", "Replace the file if it exists");
/// `-yes`, which the context takes.
pub const YES: Key<Option<Yes>> =
    keys::yes("yes", "Do not ask; with =N only if exactly N are affected");
/// `-require-match`, which the context takes.
pub const REQUIRE_MATCH: Key<bool> = keys::flag(
    "require-match",
    "Fail with exit status 4 if nothing matches",
);
/// `reason=`: for the audit; the context takes it.
pub const REASON: Key<Option<String>> = keys::text("reason", "Why, for the audit");
