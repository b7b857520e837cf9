//! `run`, `echo`.

use std::path::PathBuf;

use super::{Entry, entry};
use crate::command::{Failure, Outcome};
use crate::lang::keys::{self, Key, args};
use crate::lang::spec::{Command, Example};
use crate::lang::value::{Variable, Variables};
use crate::shell::Shell;
use crate::shell::script::{beside, read};

pub(super) const VARIABLES: Key<Vec<(String, Variable)>> =
    keys::variables("variable", "Variables of the script, as name=value");

args! {
    struct Run {
        file: PathBuf = in_file("file", "The script, relative to the script that runs it")
            .positional()
            .required()
            .complete(Complete::Scripts),
        variables: Vec<(String, Variable)> = VARIABLES,
    }

    struct Echo {
        text: Vec<String> = texts("text", "What to show").positional(),
    }
}

/// `run`
pub(super) static RUN: Entry = entry!(
    Run,
    run,
    Command {
        details: "Runs a script. It is read and checked whole before its first command runs, and ends at the first \
            error. A script that others can write is not run while a master is logged in.",
        session: false,
        examples: &[Example::new(
            "run quickstart.igsh source=people.ndjson out=first",
            "Run a script"
        )],
        ..Command::new("run", "Run a script")
    }
);

/// `echo`
pub(super) static ECHO: Entry = entry!(
    Echo,
    echo,
    Command {
        details: "Shows its words on standard output, with variables filled in.",
        session: false,
        examples: &[Example::new(
            "echo 'first phase done'",
            "Show how far a script is"
        )],
        ..Command::new("echo", "Show a text")
    }
);

fn echo(shell: &mut Shell, args: Echo) -> Result<Outcome, Failure> {
    shell.ui.print(&args.text.join(" "))?;
    Ok(Outcome::quiet())
}

fn run(shell: &mut Shell, args: Run) -> Result<Outcome, Failure> {
    let path = beside(
        shell
            .scripts
            .last()
            .and_then(|script| script.name.as_deref()),
        &args.file,
    );
    let text = read(&path, shell.desk.session.is_some())?;
    let given = args.variables.into_iter();
    let variables: Variables = given.map(|(name, value)| (name, Some(value))).collect();
    let exit = shell.run_script(text, variables)?;
    Ok(Outcome {
        exit: Some(exit),
        ..Outcome::quiet()
    })
}
