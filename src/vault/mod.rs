//! The source copy: schema, load, queries, snapshots, and the ledger of the bundles made from it.
//!
//! The only room with the vault's SQL. Everything but the secrets is plain, so that looking and counting need no key;
//! secrets are sealed for their owner and leave here sealed, to be opened on another core.

mod alike;
pub mod answers;
pub mod check;
pub mod decisions;
pub mod digest;
mod error;
pub mod find;
pub mod idp;
pub mod ledger;
pub mod listed;
pub mod load;
pub mod migration;
pub mod named;
pub mod phases;
pub mod query;
mod schema;
pub mod sealed;
pub mod selection;
pub mod snapshot;
pub mod targets;
#[cfg(test)]
pub(crate) mod testing;
pub mod workflow;

use std::path::Path;

pub(crate) use crate::model::fold;
pub use crate::store::interruptible;
use crate::store::{Kind, SealedFile};

pub use error::{Error, Result};
pub use load::{BadRecord, GoneLimit, LoadOptions, LoadReport, Tally};
pub use snapshot::{Snapshot, SourceUser, Unassigned};

/// What makes a sealed file a vault.
pub static KIND: Kind = Kind {
    name: "vault",
    init: "system init",
    application_id: i32::from_be_bytes(*b"igsv"),
    migrations: schema::MIGRATIONS,
    bulk: None,
    sums: &[&decisions::BUNDLES],
    late: decisions::LATE,
};

#[derive(Debug)]
pub struct Vault {
    file: SealedFile,
}

impl Vault {
    /// Opens the vault at `path`, see [`SealedFile::open`].
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            file: SealedFile::open(path, &KIND)?,
        })
    }

    /// The sealed file: masters, sessions, audit, settings.
    pub fn file(&self) -> &SealedFile {
        &self.file
    }

    /// The sealed file, for what changes it.
    pub fn file_mut(&mut self) -> &mut SealedFile {
        &mut self.file
    }
}
