//! Arguments that many commands share, declared once.

use std::path::PathBuf;

use crate::lang::args::{Key, Yes};
use crate::render::Format;

/// `format=`: of every command that shows something.
pub const FORMAT: Key<String> =
    Key::choice("format", Format::NAMES, "Output format of this command")
        .default("the session's format");
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
/// `tenant=`: which one.
pub const TENANT: Key<PathBuf> = Key::in_file("tenant", "The tenant file")
    .default("the one opened last, --tenant, or $IGSH_TENANT");
/// `tenant-login=`.
pub const LOGIN: Key<String> =
    Key::text("tenant-login", "Master of the tenant").default("as in the vault");
/// `tenant-password-file=`.
pub const PASSWORD: Key<PathBuf> = Key::in_file(
    "tenant-password-file",
    "File of mode 0600 with that master's password; without it the one of --password-file is tried, or the shell asks",
);
