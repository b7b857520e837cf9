//! The commands of the shell itself: they need the shell, not only a vault.

mod display;
mod exit;
mod help;
mod history;
mod last;
mod script;
mod session;
mod status;
mod variable;

pub(super) use self::display::DISPLAY;
pub(super) use self::variable::LET;

use super::Shell;
use crate::command::{Failure, Outcome};
use crate::lang::args::Args;
use crate::lang::spec::Command;

/// A built-in command with what runs it.
#[derive(Debug)]
pub struct Entry {
    pub spec: Command,
    pub run: fn(&mut Shell, &Args) -> Result<Outcome, Failure>,
}

/// An [`Entry`]: the struct that holds its arguments, what runs it, and its spec without the arguments.
macro_rules! entry {
    ($args:ty, $run:expr, $spec:expr $(,)?) => {
        $crate::shell::builtin::Entry {
            spec: $spec.taking(<$args as $crate::lang::keys::Arguments>::ARGS),
            run: |shell, given| {
                $run(
                    shell,
                    <$args as $crate::lang::keys::Arguments>::take(given)?,
                )
            },
        }
    };
}
use entry;

/// All built-in commands, in the order of the reference.
pub static ALL: &[&Entry] = &[
    &session::LOGIN,
    &session::LOGOUT,
    &session::WHOAMI,
    &status::STATUS,
    &help::HELP,
    &help::VERSION,
    &display::SET,
    &script::RUN,
    &script::ECHO,
    &variable::LET,
    &variable::ASSERT,
    &variable::CONFIRM,
    &last::LAST,
    &history::LIST,
    &history::DELETE,
    &history::OFF,
    &history::ON,
    &exit::EXIT,
];

/// The built-in command with this description.
pub fn find(spec: &Command) -> Option<&'static Entry> {
    ALL.iter()
        .find(|entry| entry.spec.path == spec.path)
        .copied()
}
