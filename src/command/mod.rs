//! The commands that work on a vault or a file, one file a noun.
//!
//! A command is its spec and, right below, the function that runs it. Rows are pushed into the sink that the context
//! opens; what comes back is small. How a command is found, and what must hold before it may run, is the shell's
//! business.

mod alias;
mod audit;
mod bundle;
mod card;
pub mod context;
mod exit;
mod export;
pub mod failure;
pub mod file;
mod group;
mod idpurl;
mod master;
mod migrate;
mod shared_args;
mod source;
mod system;
mod tenant;
mod token;
mod user;

pub use context::{Context, rows_on};
pub use exit::Exit;
pub use failure::Failure;
pub(crate) use shared_args::list_args;
pub use shared_args::{FORMAT, INTO, OVERWRITE, REASON, ROWS, SHOWN, SORT, YES};
pub use source::overview;

use crate::lang::binder::Bound;
use crate::lang::spec::Command;
use crate::store::audit::EventCode;

/// A command with what runs it.
#[derive(Debug)]
pub struct Entry {
    /// Its one description.
    pub spec: Command,
    /// What the audit calls it, where it is audited: also when it failed.
    pub audit: Option<&'static EventCode>,
    /// What runs it.
    pub run: fn(&mut Context<'_>, &Bound) -> Result<Outcome, Failure>,
}

/// What a command says of itself after it went well.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Lines for a person, on stderr.
    pub notices: Vec<String>,
    /// Exit status, where it is not [`Exit::Ok`].
    pub exit: Option<Exit>,
}

impl Outcome {
    /// Nothing to say.
    pub fn quiet() -> Self {
        Self::default()
    }

    /// One line to say.
    pub fn said(notice: impl Into<String>) -> Self {
        Self {
            notices: vec![notice.into()],
            exit: None,
        }
    }
}

/// All commands of this room, in the order of the reference.
pub static ALL: &[&Entry] = &[
    &system::INIT,
    &system::GET,
    &system::SET,
    &system::CHECK,
    &system::ACCEPT,
    &master::LIST,
    &master::SET,
    &master::PASSWORD,
    &master::UNLOCK,
    &source::LOAD,
    &source::GENERATE,
    &source::GET,
    &source::DIFF,
    &token::LOAD,
    &user::LIST,
    &user::GET,
    &user::COUNT,
    &group::LIST,
    &token::LIST,
    &card::LIST,
    &alias::LIST,
    &export::EXPORT,
    &bundle::LIST,
    &bundle::GET,
    &bundle::PASSWORD,
    &bundle::SKIPPED,
    &bundle::INSPECT,
    &bundle::VERIFY,
    &migrate::BEGIN,
    &migrate::CHECK,
    &migrate::STAGE,
    &migrate::ADVANCE,
    &migrate::RETREAT,
    &migrate::EXCLUDE,
    &migrate::INCLUDE,
    &migrate::MAP,
    &migrate::ALIASES,
    &migrate::RESULTS,
    &migrate::STATUS,
    &migrate::END,
    &migrate::EXPLAIN,
    &idpurl::GET,
    &idpurl::SET,
    &idpurl::EXPORT,
    &migrate::REHEARSE,
    &tenant::INIT,
    &tenant::GET,
    &tenant::SET,
    &tenant::SYNC,
    &tenant::IMPORT,
    &tenant::JOB_LIST,
    &tenant::JOB_GET,
    &tenant::JOB_STOP,
    &tenant::JOB_RESUME,
    &tenant::JOB_RESULTS,
    &tenant::USER_LIST,
    &tenant::USER_GET,
    &tenant::USER_COUNT,
    &tenant::GROUP_LIST,
    &tenant::TOKEN_LIST,
    &tenant::CARD_LIST,
    &tenant::VERIFY,
    &tenant::CHALLENGE,
    &tenant::AUDIT_LIST,
    &audit::LIST,
    &audit::GET,
    &audit::VERIFY,
    &audit::PASSWORDS,
    &audit::EXPORT,
    &audit::CHECKPOINT,
    &audit::ACKNOWLEDGE,
];

/// The command with this description.
pub fn find(spec: &Command) -> Option<&'static Entry> {
    ALL.iter()
        .find(|entry| entry.spec.path == spec.path)
        .copied()
}
