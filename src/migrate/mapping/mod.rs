//! The mapping rules (igsh-migration(7), WHAT GOES): pure, one record in, one record and its losses out.
//!
//! Everything that a source record holds is either in the bundle record, or named in `left_out`, or listed in
//! igsh-migration(7), WHAT STAYS, as never going along without a word (lockout counts, locale, password history).
//! Records are moved, not copied: an export does this a million times.

mod card;
mod token;
mod user;

#[cfg(test)]
mod tests;

pub use card::map_card;
pub use token::map_token;
pub use user::map_user;

use crate::model::Reason;

/// A record in the target's terms, and what of the source record is not in it.
#[derive(Debug)]
pub struct Mapped<T> {
    /// The record; for an unassigned item `None` when it stays behind.
    pub record: T,
    /// What is not, or not whole, in the record; in the order of igsh-migration(7), WHAT STAYS.
    pub left_out: Vec<LeftOut>,
}

/// Something of a source record that is not, or not whole, in the bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub reason: Reason,
    /// What: `token Entrust 4824413456`, `card 10023`, `Q&A 3`, `alias EXPORT_asmith`. Never secret.
    pub item: String,
    /// The particulars: the state, the model, how much was cut.
    pub detail: String,
    /// How many things of the same kind this stands for, at least 1.
    pub count: u64,
}

impl LeftOut {
    /// One thing left out.
    pub fn one(reason: Reason, item: String, detail: impl Into<String>) -> Self {
        Self {
            reason,
            item,
            detail: detail.into(),
            count: 1,
        }
    }

    /// A whole user left out, with everything that is theirs.
    pub fn user(reason: Reason, group: &str, userid: &str, detail: impl Into<String>) -> Self {
        Self::one(reason, format!("user {group}/{userid}"), detail)
    }
}
