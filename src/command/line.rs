//! What a line says whatever its command.

use super::Failure;
use super::shared::{REASON, REQUIRE_MATCH, YES};
use crate::lang::args::{Args, Yes};
use crate::lang::binder::Bound;
use crate::lang::selection::Selection;

/// The line that runs, without what is the command's own.
#[derive(Debug, Default)]
pub struct Line {
    /// As it was typed, on one line, with secret values masked: for audit, ledger and messages.
    pub masked: String,
    /// Whom or what it is about, as it was written.
    pub selection: Selection,
    /// `-yes`.
    pub yes: Option<Yes>,
    /// `reason=`.
    pub reason: Option<String>,
    /// `-require-match`.
    pub require_match: bool,
}

impl Line {
    /// That of a bound command, and the command's arguments.
    pub fn of(bound: Bound) -> Result<(Self, Args), Failure> {
        let args = bound.args;
        let line = Self {
            masked: bound.masked,
            selection: bound.selection,
            yes: args.take(&YES)?,
            reason: args.take(&REASON)?,
            require_match: args.take(&REQUIRE_MATCH)?,
        };
        Ok((line, args))
    }
}
