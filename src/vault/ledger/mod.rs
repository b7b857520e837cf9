//! The ledger of bundles: which were made, who was in them, what of theirs stayed behind (igsh-vault(5), BUNDLES).
//!
//! A row goes `open → sealed → done`. Each step is a function over the caller's transaction, so that the step and the
//! audit entry about it are one. Rows are never removed: a number means one bundle for ever.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::{
    Membership, Password, Skipped, bundles_of, each, get, left_out_of, left_out_unassigned, list,
    next, not_taken, of_id, password, skipped, source_written, unassigned_cards, unresolved,
};
pub use write::{
    LeftOut, Member, Opening, Sealing, add_left_out, add_members, fail, finish, lose, open, seal,
};

use crate::model::bundle::Counts;
use crate::model::{Timestamp, names};

names! {
    State, "bundle state" {
        /// Being written; its password is kept already.
        Open = "open",
        /// Written whole; on its way to its final name.
        Sealed = "sealed",
        /// Under its final name, and its users are in phase `exported`.
        Done = "done",
        /// Not finished; its file and its members are gone.
        Failed = "failed",
        /// Was finished, but its file was not there when an interrupted export was settled.
        Lost = "lost",
        /// Another bundle took its file's place.
        Replaced = "replaced",
        /// Its password was removed from the vault.
        Forgotten = "forgotten",
    }
}

/// A bundle as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Its number, from 1.
    pub number: u64,
    /// The id in its header.
    pub id: String,
    pub state: State,
    /// Where its file was written, absolute.
    pub path: String,
    /// Whether it may take the place of another file.
    pub overwrite: bool,
    /// Who exported it.
    pub master: String,
    /// The selection as typed.
    pub selection: String,
    /// When the export began.
    pub opened: Timestamp,
    /// When it ended, well or not.
    pub finished: Option<Timestamp>,
    /// The newest load at that time.
    pub loaded: Option<Timestamp>,
    /// Hash of the whole file, in hexadecimal digits.
    pub sha256: Option<String>,
    /// Size of the file in bytes.
    pub size: Option<u64>,
    pub counts: Counts,
    /// Why it failed, or how it was settled.
    pub note: Option<String>,
}

/// `users` and the like are never beyond what SQLite counts to.
fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
