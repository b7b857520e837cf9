//! `exit`.

use super::{Entry, entry};
use crate::command::{Failure, Outcome};
use crate::lang::keys::Nothing;
use crate::lang::spec::{Command, Example};
use crate::shell::Shell;

/// `exit`
pub(super) static EXIT: Entry = entry!(
    Nothing,
    exit,
    Command {
        synonyms: &["quit"],
        details: "Ends the login, if there is one, and leaves the shell. Ctrl-D does the same.",
        session: false,
        examples: &[Example::new("exit", "Leave")],
        ..Command::new("exit", "Leave the shell")
    }
);

fn exit(shell: &mut Shell, _: Nothing) -> Result<Outcome, Failure> {
    shell.leaving = true;
    Ok(Outcome::quiet())
}
