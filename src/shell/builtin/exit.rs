//! `exit`.

use super::Entry;
use crate::command::{Failure, Outcome};
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Example};
use crate::shell::Shell;

/// `exit`
pub(super) static EXIT: Entry = Entry {
    spec: Command {
        synonyms: &["quit"],
        details: "Ends the login, if there is one, and leaves the shell. Ctrl-D does the same.",
        session: false,
        examples: &[Example {
            line: "exit",
            what: "Leave",
        }],
        ..Command::new("exit", "Leave the shell")
    },
    run: exit,
};

fn exit(shell: &mut Shell, _: &Bound) -> Result<Outcome, Failure> {
    shell.leaving = true;
    Ok(Outcome::quiet())
}
