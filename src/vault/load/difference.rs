//! One thing that a load changes, to be shown beforehand.

use crate::model::names;

use super::bad::BadRecord;

names! {
    /// What a load does to a record of the vault.
    What, "kind of change" {
        /// Not there before.
        New = "new",
        /// There before, with something else in it.
        Changed = "changed",
        /// Back after a full load that did not have it.
        Returned = "returned",
        /// A user with another name than before.
        Renamed = "renamed",
        /// A user in another group than before.
        Moved = "moved",
        /// A token or card that was another's.
        Reassigned = "reassigned",
        /// Not in this full load any more.
        Gone = "gone",
        /// A record that is not taken.
        Refused = "refused",
    }
}

names! {
    Subject, "kind of record" {
        Group = "group",
        /// A user with all that is theirs.
        User = "user",
        /// A token that gets another owner, or none.
        Token = "token",
        /// A card, likewise.
        Card = "card",
        /// A record that could not be read.
        Record = "record",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub what: What,
    pub subject: Subject,
    /// Its name: `group/userid`, vendor and serial; empty for a record that is refused.
    pub name: String,
    /// The line of the file that does it; none for what the file does not have.
    pub line: Option<u64>,
    /// Which parts, from whom, or why.
    pub detail: String,
}

impl Difference {
    pub(super) fn refused(bad: &BadRecord) -> Self {
        Self {
            what: What::Refused,
            subject: Subject::Record,
            name: String::new(),
            line: Some(bad.line),
            detail: format!("{}; {}", bad.what, bad.hint),
        }
    }
}
