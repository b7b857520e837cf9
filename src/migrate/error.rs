//! What can go wrong on the way from the source copy to a bundle.

use std::borrow::Cow;
use std::time::Duration;

use crate::ambient::{Cancelled, NoRandomness};
use crate::files::FileError;
use crate::render::{agree, counted, grouped, spoken};
use crate::{bundle, store, vault};

/// The result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The selection is empty, or everything that it chooses is left out. No file was written.
    #[error("{}; no file was written", nothing(*.left_out))]
    Nothing {
        /// Users who were chosen, and are left out as gone, excluded or in conflict.
        left_out: u64,
    },
    /// Chosen users would share a name on the target. No file was written.
    #[error(
        "{} would be shared on the target, where names are unique; nothing was exported",
        counted(*.found, "name")
    )]
    Conflicts { found: u64 },
    /// The source copy is older than it may be, and that blocks. No file was written.
    #[error(
        "the source copy is {} old, and migrate.max-source-age allows {}; nothing was exported",
        spoken(*.age),
        spoken(*.most)
    )]
    Stale {
        /// How old it is.
        age: Duration,
        /// How old it may be.
        most: Duration,
    },
    /// The vault was changed between the question and the answer.
    #[error(
        "the selection came to {} at the question and comes to {} now; nothing was exported",
        counted(*.asked, "record"),
        counted(*.found, "record")
    )]
    Changed {
        /// Users and unassigned items at the time of the question.
        asked: u64,
        found: u64,
    },
    /// Users came to a later phase, or left one, between the question and the answer.
    #[error(
        "{} of the chosen users {} imported or migrated at the question, and {} now; nothing was exported",
        grouped(*.asked),
        agree(*.asked, "was", "were"),
        grouped(*.found)
    )]
    Advanced {
        /// How many at the time of the question.
        asked: u64,
        found: u64,
    },
    /// The bundle is written whole, but its row in the ledger could not be.
    #[error("bundle {number} is written, but the vault could not record it: {source}")]
    Unsettled { number: u64, source: Box<Error> },
    /// No such bundle, user or token.
    #[error("{what}")]
    Unknown { what: String, hint: String },
    /// The target's answers cannot be taken in. Nothing was changed.
    #[error("{what}; nothing was changed")]
    Answers {
        /// What is wrong with them, and where.
        what: String,
        hint: String,
    },
    /// The bundle's file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its content.
    #[error(transparent)]
    Bundle(#[from] bundle::Error),
    /// The source copy.
    #[error(transparent)]
    Vault(#[from] vault::Error),
    /// The vault's file.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The user asked to stop. Nothing stays behind.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::Nothing { left_out: 0 } => "look at the selection with 'user count'",
            Self::Nothing { .. } => "see why with 'migrate check', or choose other users",
            Self::Conflicts { .. } => {
                "give other names with 'migrate map file=F', or leave the users out with 'migrate exclude' or \
                 -skip-conflicts"
            }
            Self::Stale { .. } => {
                "load the source anew, or type: system set migrate.stale-source=warn"
            }
            Self::Changed { .. } | Self::Advanced { .. } => {
                "look at the selection again, then export again"
            }
            Self::Unsettled { .. } => "log in again: a login settles what an export left open",
            Self::Unknown { hint, .. } | Self::Answers { hint, .. } => {
                return Some(hint.clone().into());
            }
            Self::File(error) => return error.hint(),
            Self::Bundle(error) => return error.hint(),
            Self::Vault(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
            Self::Cancelled(_) | Self::Randomness(_) => return None,
        };
        Some(hint.into())
    }

    /// Whether it stands for a request to stop, wherever that was noticed.
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Cancelled(_)
                | Self::Vault(vault::Error::Cancelled(_))
                | Self::Bundle(bundle::Error::Cancelled(_))
        )
    }
}

fn nothing(left_out: u64) -> String {
    match left_out {
        0 => "nothing matches the selection".to_owned(),
        1 => "the only user of the selection is left out".to_owned(),
        users => format!(
            "all {} of the selection are left out",
            counted(users, "user")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_happened_and_hints_what_to_do() {
        let day = Duration::from_secs(86_400);
        let (age, most) = (day * 3, day);
        let errors = [
            Error::Nothing { left_out: 0 },
            Error::Nothing { left_out: 1 },
            Error::Nothing { left_out: 1_200 },
            Error::Conflicts { found: 1 },
            Error::Conflicts { found: 1_234 },
            Error::Stale { age, most },
            Error::Changed { asked: 1, found: 2 },
            Error::Advanced { asked: 1, found: 2 },
            FileError::Exists("p.igb".into()).into(),
            Error::Unsettled {
                number: 7,
                source: Box::new(Error::Cancelled(Cancelled)),
            },
        ];
        let said: Vec<String> = errors
            .iter()
            .map(|error| format!("{error}\n    {}", error.hint().unwrap_or_default()))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        nothing matches the selection; no file was written
            look at the selection with 'user count'
        the only user of the selection is left out; no file was written
            see why with 'migrate check', or choose other users
        all 1,200 users of the selection are left out; no file was written
            see why with 'migrate check', or choose other users
        1 name would be shared on the target, where names are unique; nothing was exported
            give other names with 'migrate map file=F', or leave the users out with 'migrate exclude' or -skip-conflicts
        1,234 names would be shared on the target, where names are unique; nothing was exported
            give other names with 'migrate map file=F', or leave the users out with 'migrate exclude' or -skip-conflicts
        the source copy is 3 days old, and migrate.max-source-age allows 24 hours; nothing was exported
            load the source anew, or type: system set migrate.stale-source=warn
        the selection came to 1 record at the question and comes to 2 records now; nothing was exported
            look at the selection again, then export again
        1 of the chosen users was imported or migrated at the question, and 2 now; nothing was exported
            look at the selection again, then export again
        'p.igb' exists already
            name another file, or add -overwrite
        bundle 7 is written, but the vault could not record it: interrupted; nothing was changed
            log in again: a login settles what an export left open
        ");
    }
}
