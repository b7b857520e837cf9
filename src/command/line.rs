//! What a line says whatever its command.

use super::Failure;
use super::shared::{REASON, REQUIRE_MATCH, YES};
use crate::lang::args::Yes;
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
    /// That of a bound command.
    pub fn of(bound: &Bound) -> Result<Self, Failure> {
        Ok(Self {
            masked: bound.masked.clone(),
            selection: bound.selection.clone(),
            yes: bound.args.take(&YES)?,
            reason: bound.args.take(&REASON)?,
            require_match: bound.args.take(&REQUIRE_MATCH)?,
        })
    }
}
