//! How a load is to be done.

use super::gone::GoneLimit;
use crate::model::Timestamp;

/// How a load is to be done.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// What the records come from, as `source get` shows it: a file name.
    pub source: String,
    /// The format they were in.
    pub format: String,
    /// The master who loads.
    pub master: String,
    pub at: Timestamp,
    /// Leave bad records out instead of giving up.
    pub skip_bad: bool,
    /// Take renames and group moves of users who were exported.
    pub force: bool,
    /// Take records of a system that is new to the vault.
    pub add_system: bool,
    /// How many users a full load may make gone.
    pub gone_limit: GoneLimit,
    /// Prefixes of aliases that only drive the migration (`migrate.prefixes`); the first one stages a user.
    pub prefixes: Vec<String>,
}
