//! The commands that work on a vault or a file, one file a noun.
//!
//! A command is the struct of its arguments ([`crate::lang::keys`]), its spec and, below, the function that runs it. A
//! list declares its columns with their cells and pushes its rows; what comes back is small. The shell finds a
//! command and decides whether it may run.

mod alias;
mod ask;
mod audit;
mod bundle;
mod card;
pub mod context;
mod desk;
mod exit;
mod export;
pub mod failure;
pub mod file;
mod group;
mod idpurl;
mod line;
mod lists;
mod master;
mod migrate;
pub mod shared;
mod show;
mod source;
mod system;
mod tenant;
mod token;
mod transact;
mod user;

pub use context::Context;
pub use exit::Exit;
pub use failure::Failure;
pub use line::Line;
pub use source::overview;

use std::path::Path;

use crate::lang::args::Args;
use crate::lang::spec::Command;
use crate::store::audit::EventCode;

/// A command with what runs it.
#[derive(Debug)]
pub struct Entry {
    pub spec: Command,
    /// What the audit calls it, where it is audited: also when it failed.
    pub audit: Option<&'static EventCode>,
    pub run: fn(&mut Context<'_>, &Args) -> Result<Outcome, Failure>,
}

/// An [`Entry`]: the struct that holds its arguments, what runs it, what the audit calls it if it does, and its spec
/// without the arguments.
macro_rules! entry {
    ($args:ty, $run:expr, $code:expr, $spec:expr $(,)?) => {
        $crate::command::entry!(@ $args, $run, Some(&$code), $spec)
    };
    ($args:ty, $run:expr, $spec:expr $(,)?) => {
        $crate::command::entry!(@ $args, $run, None, $spec)
    };
    (@ $args:ty, $run:expr, $code:expr, $spec:expr) => {
        $crate::command::Entry {
            spec: $spec.taking(<$args as $crate::lang::keys::Arguments>::ARGS),
            audit: $code,
            run: |cx, given| $run(cx, <$args as $crate::lang::keys::Arguments>::take(given)?),
        }
    };
}
use entry;

/// What a command says of itself after it went well.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Lines for a person, on stderr.
    pub notices: Vec<String>,
    /// What to do next, after them.
    pub hints: Vec<String>,
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
            ..Self::default()
        }
    }

    /// The same with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same with a note about a file that holds secrets in plain text and stays where it is.
    pub fn in_plain(mut self, path: &Path) -> Self {
        let note = format!("{} is still there, in plain text", path.display());
        self.notices.push(note);
        self.hint("delete it when it is no longer needed")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::spec::Arg;

    #[test]
    fn what_the_context_takes_by_name_means_the_same_everywhere() {
        let shared = [
            shared::YES.arg,
            shared::REASON.arg,
            shared::REQUIRE_MATCH.arg,
        ];
        for entry in ALL {
            for arg in entry.spec.args {
                let path = entry.spec.path;
                let like = shared.iter().find(|one| one.name == arg.name);
                assert!(
                    like.is_none_or(|one| one.kind == arg.kind),
                    "{path} {}",
                    arg.name
                );
                let same = |other: &&Arg| other.name == arg.name;
                assert_eq!(
                    entry.spec.args.iter().filter(same).count(),
                    1,
                    "{path} {}",
                    arg.name
                );
            }
        }
    }
}
