//! `help`, `version`.

use super::Entry;
use crate::command::failure::code;
use crate::command::{Exit, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::help as text;
use crate::lang::spec::{Command, Complete, Example};
use crate::shell::{Shell, catalogue};

const TOPIC: Key<Vec<String>> = Key::texts("topic", "A command, 'selection', or an error code")
    .positional()
    .complete(Complete::Commands);

/// `help`
pub(super) static HELP: Entry = Entry {
    spec: Command {
        details: "Without a topic, an overview. With the words of a command, everything about it; 'help selection' \
            is the reference of what chooses users; 'help E0101' explains an error.\n\nAt the prompt, a ? at the end of \
            a line, as in 'export ?', tells what could stand there and runs nothing; TAB completes what is begun, \
            Right or End takes the grey line that was typed before, and Ctrl-R searches those lines.",
        args: &[TOPIC.arg],
        session: false,
        examples: &[
            Example {
                line: "help",
                what: "An overview",
            },
            Example {
                line: "help export",
                what: "Everything about one command",
            },
            Example {
                line: "help selection",
                what: "How to choose users",
            },
        ],
        ..Command::new("help", "Explain commands, selections and errors")
    },
    run: help,
};

/// `version`
pub(super) static VERSION: Entry = Entry {
    spec: Command {
        details: "Shows the version of igsh and of the formats that it writes.",
        session: false,
        examples: &[Example {
            line: "version",
            what: "The version",
        }],
        ..Command::new("version", "Show the version")
    },
    run: version,
};

fn version(shell: &mut Shell, _: &Bound) -> Result<Outcome, Failure> {
    shell.ui.print(&format!(
        "igsh {} (igsh-bundle/1, igsh-audit/1)",
        env!("CARGO_PKG_VERSION")
    ))?;
    Ok(Outcome::quiet())
}

fn help(shell: &mut Shell, bound: &Bound) -> Result<Outcome, Failure> {
    let words = bound.args.get(&TOPIC).unwrap_or_default();
    let text = text::answer_with(words, &catalogue(), code::ALL).map_err(|missing| {
        Failure::new(Exit::Failed, code::UNKNOWN, missing).hint("'help' alone shows what there is")
    })?;
    shell.ui.print(&text)?;
    Ok(Outcome::quiet())
}
