//! What can go wrong with the source copy, in words that say what to type next.

use crate::ambient::Cancelled;
use crate::store;

use super::load::{BadRecord, TooManyGone};
use super::selection::Unusable;

/// The result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the vault.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sealed file said no.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A record that cannot be taken; nothing was changed.
    #[error("{0}; nothing was changed")]
    Record(#[source] BadRecord),
    /// More users would be gone than a full load may make gone; nothing was changed.
    #[error("{0}; nothing was changed")]
    Gone(#[from] TooManyGone),
    /// The records are from a system that the vault does not hold.
    #[error(
        "the records are from the system '{found}', the vault holds '{known}'; nothing was changed: load them into \
         another vault, or add the system with -add-system"
    )]
    OtherSystem {
        /// The system that the file names.
        found: String,
        /// Those of the vault.
        known: String,
    },
    /// The records do not say which of the vault's systems they are from.
    #[error(
        "the vault holds the systems '{known}' and the file does not say which one it is from; nothing was changed: \
         name the system in the file's schema line"
    )]
    UnnamedSystem {
        /// Those of the vault.
        known: String,
    },
    /// The group that is to get tokens is not there.
    #[error("{}; nothing was changed", match .name {
        Some(name) => format!("there is no group '{name}': 'group list' shows those there are"),
        None => "the vault has no default group: say group=NAME".to_owned(),
    })]
    NoGroup {
        /// Its name; none for the default group.
        name: Option<String>,
    },
    /// The selection cannot become a query.
    #[error(transparent)]
    Selection(#[from] Unusable),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) {
            Self::Cancelled(Cancelled)
        } else {
            Self::Store(error.into())
        }
    }
}
