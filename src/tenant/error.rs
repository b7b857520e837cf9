//! What can go wrong in a tenant, in words that say what to type next.

use crate::ambient::Cancelled;
use crate::{bundle, store};

/// The result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a tenant.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sealed file.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The bundle.
    #[error(transparent)]
    Bundle(bundle::Error),
    /// The work was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A job that had begun could not go on. What it has applied stays, and it can be resumed.
    #[error("job {number} stopped: {source}")]
    Failed {
        /// The job.
        number: u64,
        /// Why.
        source: Box<Error>,
    },
    /// Another process imports.
    #[error("another import into this tenant is under way; nothing was changed")]
    Running,
    /// An import was killed and holds the tenant half full.
    #[error("job {number} ({bundle}) was interrupted and comes first; nothing was changed")]
    Unfinished {
        /// Its number.
        number: u64,
        /// The bundle's id.
        bundle: String,
    },
    /// There is no such job.
    #[error("there is no job {0}")]
    NoJob(u64),
    /// The job is over.
    #[error("job {0} is done; there is nothing to go on with")]
    Done(u64),
    /// The job was about another bundle.
    #[error("{file} is not the bundle of job {number}; nothing was changed")]
    OtherBundle {
        /// The job.
        number: u64,
        /// The file that was given.
        file: String,
    },
    /// Stored events that cannot be read.
    #[error("the events of job {0} are damaged; restore a backup")]
    Events(u64),
}

impl From<bundle::Error> for Error {
    /// A reader that was asked to stop is the work that was asked to stop.
    fn from(error: bundle::Error) -> Self {
        match error {
            bundle::Error::Cancelled(cancelled) => cancelled.into(),
            error => Self::Bundle(error),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
