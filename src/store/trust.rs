//! How far a login may trust the file: whether the tables that it works with are those that the last session left.

use rusqlite::Connection;

use super::audit::{Sums, beginning};
use super::state::{self, Standing, Summed};
use super::{Error, Keys, Result};

/// What a login has found.
#[derive(Debug)]
pub(super) enum Trust {
    /// Everything that was looked at is as it was left.
    Whole,
    /// An older igsh wrote the file: its tables are trusted as they are and summed from now on. What they hold, a line
    /// each, for the master to look at.
    Begins(Vec<String>),
    /// Something differs.
    Restricted {
        /// What, in one line.
        why: String,
        /// Whether the expected sums can still be read.
        is_expected_known: bool,
    },
}

impl Trust {
    /// What the login's entry holds about the tables.
    pub(super) fn sums(&self) -> Sums {
        match self {
            Self::Whole => Sums::Carried,
            Self::Begins(_) => Sums::First,
            Self::Restricted {
                is_expected_known: true,
                ..
            } => Sums::Carried,
            Self::Restricted { .. } => Sums::Unknown,
        }
    }
}

/// Compares what a login of this master works with. `may_begin`: nothing outside the file speaks against its being one
/// that was never summed.
///
/// # Errors
/// [`Error::OwnSlot`] when the master's own row is not the one that was left: an old key slot that was brought back
/// opens with its old password, and must not.
pub(super) fn trust(tx: &Connection, keys: &Keys, number: u8, may_begin: bool) -> Result<Trust> {
    let unknown = |error: Error| match error {
        Error::AuditDamaged { .. } | Error::State(_) => Ok(Trust::Restricted {
            why: error.to_string(),
            is_expected_known: false,
        }),
        error => Err(error),
    };
    let standing = beginning(tx, keys).and_then(|_| state::standing(tx, keys));
    let totals = match standing {
        Ok(Standing::Summed(totals)) => totals,
        Ok(Standing::Unsummed | Standing::Empty) => {
            return match may_begin && state::is_before_sums(tx, keys)? {
                true => begin(tx, keys),
                false => unknown(Error::State(
                    "the newest entry of the audit has no sums, as earlier ones had".to_owned(),
                )),
            };
        }
        Err(error) => return unknown(error),
    };
    let tables: Vec<&'static Summed> = keys.kind().summed_at_login().collect();
    let differences = match state::differences(tx, keys, &totals, &tables) {
        Ok(differences) => differences,
        Err(error @ Error::State(_)) => {
            return Ok(Trust::Restricted {
                why: error.to_string(),
                is_expected_known: true,
            });
        }
        Err(error) => return Err(error),
    };
    let own = state::of_master(number).name;
    if differences.iter().any(|difference| difference.table == own) {
        return Err(Error::OwnSlot);
    }
    Ok(match differences.is_empty() {
        true => Trust::Whole,
        false => Trust::Restricted {
            why: Error::State(state::in_words(&differences)).to_string(),
            is_expected_known: true,
        },
    })
}

/// What an older file holds, for the master who makes it the beginning.
fn begin(tx: &Connection, keys: &Keys) -> Result<Trust> {
    /// How many rows of the table that weighs most are shown.
    const SHOWN: usize = 5;
    let shown = keys.kind().late.first().map_or("", |table| table.name);
    let counted = state::counted(tx, keys, shown, SHOWN)?;
    let counts: Vec<String> = counted
        .tables
        .iter()
        .filter(|(_, rows)| *rows > 0)
        .map(|(table, rows)| format!("{table} {rows}"))
        .collect();
    let mut lines = vec![format!(
        "from now on changes by other programs are noticed; what is there now was taken as it is: {}",
        counts.join(", ")
    )];
    lines.extend(
        counted
            .shown
            .into_iter()
            .map(|row| format!("{shown}: {row}")),
    );
    Ok(Trust::Begins(lines))
}
