//! `help`, `version`.

use super::{Entry, entry};
use crate::command::{Failure, Outcome};
use crate::lang::help as text;
use crate::lang::keys::{Nothing, args};
use crate::lang::spec::{Command, Example};
use crate::shell::{Shell, catalogue};

args! {
    struct Help {
        topic: Vec<String> = texts("topic", "A command, 'selection', or an error code")
            .positional()
            .complete(Complete::Commands),
    }
}

/// `help`
pub(super) static HELP: Entry = entry!(
    Help,
    help,
    Command {
        details: "Without a topic, an overview. With the words of a command, everything about it; 'help selection' \
            is the reference of what chooses users; 'help E0101' explains an error.\n\nAt the prompt, a ? at the end of \
            a line, as in 'export ?', lists what could stand there and runs nothing. TAB completes a word, \
            Right or End accepts the grey rest of an earlier line, and Ctrl-R searches those lines.",
        session: false,
        examples: &[
            Example::new("help", "An overview"),
            Example::new("help export", "Everything about one command"),
            Example::new("help selection", "How to choose users"),
        ],
        ..Command::new("help", "Explain commands, selections and errors")
    }
);

/// `version`
pub(super) static VERSION: Entry = entry!(
    Nothing,
    version,
    Command {
        details: "Shows the version of igsh and of the formats that it writes.",
        session: false,
        examples: &[Example::new("version", "The version")],
        ..Command::new("version", "Show the version")
    }
);

fn version(shell: &mut Shell, _: Nothing) -> Result<Outcome, Failure> {
    shell.ui.print(&format!(
        "igsh {} (igsh-bundle/1, igsh-audit/1)",
        env!("CARGO_PKG_VERSION")
    ))?;
    Ok(Outcome::quiet())
}

fn help(shell: &mut Shell, args: Help) -> Result<Outcome, Failure> {
    let text = text::answer(&args.topic, &catalogue()).map_err(|missing| {
        let hint = missing.hint("'help' alone lists the commands and topics");
        Failure::unknown(missing).hint(hint)
    })?;
    shell.ui.print(&text)?;
    Ok(Outcome::quiet())
}
