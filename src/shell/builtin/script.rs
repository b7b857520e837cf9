//! `run`, `echo`.

use std::path::{Path, PathBuf};

use super::Entry;
use crate::command::{Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Complete, Example};
use crate::lang::value::{Variable, Variables};
use crate::shell::Shell;
use crate::shell::script::{beside, read};

const FILE: Key<PathBuf> = Key::in_file("file", "The script, relative to the script that runs it")
    .positional()
    .required()
    .complete(Complete::Scripts);
pub(super) const VARIABLES: Key<Vec<(String, Variable)>> =
    Key::variables("variable", "Variables of the script, as name=value");
const WORDS: Key<Vec<String>> = Key::texts("text", "What to show").positional();

/// `run`
pub(super) static RUN: Entry = Entry {
    spec: Command {
        details: "Runs a script. It is read and checked whole before its first command runs, and ends at the first \
            error. A script that others can write is not run while a master is logged in.",
        args: &[FILE.arg, VARIABLES.arg],
        session: false,
        examples: &[Example {
            line: "run quickstart.igsh source=people.ndjson out=first",
            what: "Run a script",
        }],
        ..Command::new("run", "Run a script")
    },
    run,
};

/// `echo`
pub(super) static ECHO: Entry = Entry {
    spec: Command {
        details: "Shows its words on standard output, with variables filled in.",
        args: &[WORDS.arg],
        session: false,
        examples: &[Example {
            line: "echo 'first phase done'",
            what: "Tell where a script is",
        }],
        ..Command::new("echo", "Show a text")
    },
    run: echo,
};

fn echo(shell: &mut Shell, bound: &Bound) -> Result<Outcome, Failure> {
    shell
        .ui
        .print(&bound.args.get(&WORDS).unwrap_or_default().join(" "))?;
    Ok(Outcome::quiet())
}

fn run(shell: &mut Shell, bound: &Bound) -> Result<Outcome, Failure> {
    let file = bound.args.get(&FILE).unwrap_or_else(|| Path::new(""));
    let path = beside(
        shell
            .scripts
            .last()
            .and_then(|script| script.name.as_deref()),
        file,
    );
    let text = read(&path, shell.desk.session.is_some())?;
    let given = bound.args.get(&VARIABLES).unwrap_or_default();
    let variables: Variables = given
        .iter()
        .map(|(name, value)| (name.clone(), Some(value.clone())))
        .collect();
    let exit = shell.run_script(text, variables)?;
    Ok(Outcome {
        exit: Some(exit),
        ..Outcome::quiet()
    })
}
