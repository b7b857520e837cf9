//! The embedded tenant: a receiving side that follows the target's documented rules (igsh-migration(7), THE TARGET), so
//! that a migration can be rehearsed and its bundles are read by another code path than the one that wrote them.
//!
//! A tenant is a sealed file of its own with three masters of its own. The only room with its SQL.

mod error;
pub mod events;
pub mod import;
pub mod jobs;
pub mod query;
pub mod sealing;
mod settings;
pub mod sync;
pub mod verify;

use std::path::Path;

use crate::store::records::Besides;
use crate::store::{self, Kind, SealedFile};

pub use error::{Error, Result};
pub use settings::{ATTRIBUTES, Policy, SETTINGS};

/// What makes a sealed file a tenant.
pub static KIND: Kind = Kind {
    name: "tenant",
    init: "tenant init",
    application_id: i32::from_be_bytes(*b"igst"),
    migrations: &[include_str!("schema.sql")],
    bulk: Some("SELECT EXISTS (SELECT 1 FROM jobs WHERE bulk <> 0)"),
    sums: &[],
    late: &[],
};

/// What the tables of users' things are like here.
const TABLES: Besides = Besides {
    token: "",
    card: "",
    overrides: "max_locations, check_ip, check_velocity, max_expected",
};

#[derive(Debug)]
pub struct Tenant {
    file: SealedFile,
}

impl Tenant {
    /// Opens the tenant at `path`, see [`SealedFile::open`].
    pub fn open(path: &Path) -> store::Result<Self> {
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
