//! Arguments that many commands share, declared once.

use std::path::PathBuf;

use crate::lang::args::{Key, Yes};
use crate::render::Format;

/// The arguments of a command that lists: its own, and those of every list.
macro_rules! list_args {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            $crate::command::FORMAT.arg,
            $crate::command::SHOWN.arg,
            $crate::command::SORT.arg,
            $crate::command::ROWS.arg,
            $crate::command::INTO.arg,
            $crate::command::OVERWRITE.arg,
        ]
    };
}
/// The same where a selection chooses the rows, which has its own `limit=`.
macro_rules! chosen_args {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            $crate::command::FORMAT.arg,
            $crate::command::SHOWN.arg,
            $crate::command::SORT.arg,
            $crate::command::INTO.arg,
            $crate::command::OVERWRITE.arg,
            $crate::command::shared_args::REQUIRE_MATCH.arg,
        ]
    };
}
pub(crate) use {chosen_args, list_args};

/// `format=`: of every command that shows something.
pub const FORMAT: Key<String> =
    Key::choice("format", Format::NAMES, "Output format of this command")
        .default("the session's format");
/// `columns=`: of every command that lists.
pub const SHOWN: Key<Vec<String>> = Key::texts("columns", "Show these columns, in this order");
/// `sort=`: of every command that lists.
pub const SORT: Key<Vec<String>> = Key::texts(
    "sort",
    "Order by these columns, -NAME descending; limit= then counts in this order",
);
/// `limit=`: of every command that lists and takes no selection.
pub const ROWS: Key<i64> = Key::number("limit", 1, i64::MAX, "Show so many rows at most");
/// `into=`: rows into a file.
pub const INTO: Key<PathBuf> =
    Key::out_file("into", "Write the result to this new file (mode 0600)");
/// `-overwrite`.
pub const OVERWRITE: Key<bool> = Key::flag("overwrite", "Replace the file if it exists");
/// `-yes`.
pub const YES: Key<Yes> = Key::yes("yes", "Do not ask; with =N only if exactly N are affected");
/// `-require-match`.
pub const REQUIRE_MATCH: Key<bool> = Key::flag(
    "require-match",
    "Fail with exit status 4 if nothing matches",
);
/// `-plan`.
pub const PLAN: Key<bool> = Key::flag("plan", "Show what would happen, and stop there");
/// `reason=`: for the audit.
pub const REASON: Key<String> = Key::text("reason", "Why, for the audit");
