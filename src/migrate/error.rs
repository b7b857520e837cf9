//! What can go wrong on the way from the source copy to a bundle.

use std::time::Duration;

use crate::ambient::{Cancelled, NoRandomness};
use crate::files::FileError;
use crate::render::spoken;
use crate::{bundle, store, vault};

/// The result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the migration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody and nothing was chosen, or everything that was is left out. No file was written.
    #[error("{}; no file was written", nothing(.left_out))]
    Nothing {
        /// Users who were chosen, and are left out as gone, excluded or in conflict.
        left_out: u64,
    },
    /// Chosen users would share a name on the target. No file was written.
    #[error(
        "{found} {} on the target, where names are unique; nothing was exported: give them other names with \
         'migrate map file=F', take users out with 'migrate exclude', or leave all of them out with -skip-conflicts",
        if *.found == 1 { "name would be shared" } else { "names would be shared" }
    )]
    Conflicts {
        /// How many names.
        found: u64,
    },
    /// The source copy is older than it may be, and that blocks. No file was written.
    #[error(
        "the source copy is {} old, and migrate.max-source-age allows {}; nothing was exported: load the source anew",
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
        "the selection now takes {found} where it took {asked} when you were asked; nothing was exported: look again"
    )]
    Changed {
        /// Users and unassigned items at the time of the question.
        asked: u64,
        /// And now.
        found: u64,
    },
    /// Users came to a later phase, or left one, between the question and the answer.
    #[error(
        "{found} of the chosen users are imported or migrated now, and {asked} were when you were asked; nothing was \
         exported: look again"
    )]
    Advanced {
        /// How many at the time of the question.
        asked: u64,
        /// And now.
        found: u64,
    },
    /// The bundle is written whole, but the vault could not note it.
    #[error(
        "bundle {number} is written, but the vault could not take note of it ({source}); the next login settles that"
    )]
    Unsettled {
        /// Its number.
        number: u64,
        /// Why not.
        source: Box<Error>,
    },
    /// No such bundle, user or token.
    #[error("{0}")]
    Unknown(String),
    /// The target's answers cannot be taken in. Nothing was changed.
    #[error("{what}; nothing was changed")]
    Answers {
        /// What is wrong with them, and where.
        what: String,
        /// What to do about it.
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
    /// Somebody asked to stop. Nothing stays behind.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl Error {
    /// Whether somebody asked to stop, wherever that was noticed.
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Cancelled(_)
                | Self::Vault(vault::Error::Cancelled(_))
                | Self::Bundle(bundle::Error::Cancelled(_))
        )
    }
}

fn nothing(left_out: &u64) -> String {
    match left_out {
        0 => "nothing matches the selection".to_owned(),
        1 => "the only user of the selection is left out".to_owned(),
        n => format!("all {n} users of the selection are left out"),
    }
}
