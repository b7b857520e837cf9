//! What can go wrong with the source copy, in words that say what to type next.

use crate::ambient::Cancelled;
use crate::store;

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
