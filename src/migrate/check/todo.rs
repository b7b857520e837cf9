//! What has to be set on the target by hand: only what applies.

use crate::migrate::report::{EXPECTED_LOCATIONS, LOCATION_HISTORY};
use crate::model::{NotMigrated, Reason};

use super::{Finding, Totals};

/// One thing to do on the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    pub what: String,
    /// How many users, tokens or cards it is about.
    pub count: u64,
}

pub(super) fn todo(totals: &Totals) -> Vec<Todo> {
    let roles = |kind| totals.of(Finding::Stays(Reason::NotMigrated(kind)));
    let passwords = totals
        .kinds(Finding::NamedPassword)
        .map(|(name, users)| (format!("configure a password named '{name}'"), users));
    let rest = [
        (
            format!(
                "raise the maximum number of locations from {LOCATION_HISTORY} to {}",
                totals.history
            ),
            totals.of(Finding::LongHistory),
        ),
        (
            format!(
                "raise the maximum number of expected locations from {EXPECTED_LOCATIONS} to {}",
                totals.expected
            ),
            totals.of(Finding::LongExpected),
        ),
        ("assign roles again".to_owned(), roles(NotMigrated::Roles)),
        (
            "set up what user access groups allowed".to_owned(),
            roles(NotMigrated::UserAccessGroups),
        ),
        (
            "disable users who have left".to_owned(),
            totals.of(Finding::GoneExported),
        ),
        ("rename users".to_owned(), totals.of(Finding::Renamed)),
        (
            "move users to another group".to_owned(),
            totals.of(Finding::Moved),
        ),
        (
            "synchronise users from the directory".to_owned(),
            totals.of(Finding::TargetMissing),
        ),
        (
            "resynchronise event-based tokens".to_owned(),
            totals.of(Finding::CounterAdvanced),
        ),
        (
            "make room for unassigned cards".to_owned(),
            totals.of(Finding::UnassignedCards),
        ),
        (
            "change the identity provider's address of soft tokens (see 'idpurl set')".to_owned(),
            totals.push_tokens,
        ),
    ];
    passwords
        .chain(rest)
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| Todo { what, count })
        .collect()
}
