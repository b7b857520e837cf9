//! `history list|delete|off|on`: what was typed.

use super::{Entry, entry};
use crate::command::shared::Out;
use crate::command::{Exit, Failure, Outcome};
use crate::lang::code;
use crate::lang::keys::{Nothing, args};
use crate::lang::mask::masked;
use crate::lang::redact::secrets;
use crate::lang::spec::{Command, Example};
use crate::render::counted;
use crate::render::doc::{Cell, Col, ToCell as _};
use crate::shell::editor::{Entry as Typed, History, HistoryError};
use crate::shell::{Shell, catalogue};

args! {
    struct Delete {
        number: Option<u64> = number("number", 1, i64::MAX, "The line's number in 'history list'").positional(),
        all: bool = flag("all", "All lines, also those of other sessions"),
    }
}

/// `history list`
pub(super) static LIST: Entry = entry!(
    Out,
    list,
    Command {
        synonyms: &["history"],
        details: "Lists what was typed on this vault, the newest first, each line once: when it ran last, its exit \
            status, and how many milliseconds it took. Values of secret arguments are not kept, and a line that \
            begins with a blank is not kept at all. Numbers hold until the shell ends.",
        session: false,
        examples: &[
            Example::new("history list limit=20", "The last twenty lines"),
            Example::new("history list sort=-tookMs limit=5", "What took longest"),
        ],
        ..Command::new("history list", "List what was typed")
    }
);

/// `history delete`
pub(super) static DELETE: Entry = entry!(
    Delete,
    delete,
    Command {
        details: "Forgets a line wherever it was typed, in this session and in the file, or with -all everything. \
            The audit is another matter: nothing is ever deleted there.",
        session: false,
        examples: &[Example::new("history delete -all", "Forget everything")],
        ..Command::new("history delete", "Forget what was typed")
    }
);

/// `history off`
pub(super) static OFF: Entry = entry!(
    Nothing,
    pause,
    Command {
        details: "Lines that are typed from now on are not remembered, until 'history on'. For a single line, a blank \
            before it does the same; --private keeps nothing of a whole session.",
        session: false,
        examples: &[Example::new("history off", "Remember nothing from now on")],
        ..Command::new("history off", "Remember no lines from now on")
    }
);

/// `history on`
pub(super) static ON: Entry = entry!(
    Nothing,
    resume,
    Command {
        details: "Lines that are typed from now on are remembered again.",
        session: false,
        examples: &[Example::new("history on", "Remember lines again")],
        ..Command::new("history on", "Remember lines again")
    }
);

const COLUMNS: &[Col<Typed>] = &[
    Col::whole("number", |entry| Cell::Id(entry.number)),
    Col::whole("time", |entry| entry.at.cell()),
    Col::whole("status", |entry| entry.exit.map(u32::from).into()),
    Col::whole("tookMs", |entry| entry.took.cell()),
    Col::text("line", |entry| {
        // Only a line of this session can still hold one.
        match secrets(&entry.line, &catalogue()) {
            hidden if hidden.is_empty() => entry.line.cell(),
            hidden => masked(&entry.line, &(0..entry.line.len()), &hidden).into(),
        }
    }),
];

fn list(shell: &mut Shell, out: Out) -> Result<Outcome, Failure> {
    let entries = opened(shell)?.entries();
    shell.context().list(&out, "line", COLUMNS, |push| {
        for entry in entries.into_iter().rev() {
            if !push(entry)? {
                break;
            }
        }
        Ok(())
    })
}

fn delete(shell: &mut Shell, args: Delete) -> Result<Outcome, Failure> {
    let history = opened(shell)?;
    match (args.number, args.all) {
        (None, true) => {
            let count = history.delete_all()?;
            Ok(Outcome::said(format!(
                "{} forgotten",
                counted(count as u64, "line")
            )))
        }
        (Some(number), false) => {
            if !history.delete(number)? {
                return Err(
                    Failure::unknown(format!("there is no line {number} in the history"))
                        .hint("'history list' shows the numbers"),
                );
            }
            Ok(Outcome::said("1 line forgotten"))
        }
        _ => Err(Failure::usage("the number of a line is missing")
            .hint("type 'history delete 12', or 'history delete -all'")),
    }
}

fn pause(shell: &mut Shell, _: Nothing) -> Result<Outcome, Failure> {
    set_paused(shell, true)
}

fn resume(shell: &mut Shell, _: Nothing) -> Result<Outcome, Failure> {
    set_paused(shell, false)
}

fn set_paused(shell: &mut Shell, paused: bool) -> Result<Outcome, Failure> {
    let history = opened(shell)?;
    history.pause(paused);
    Ok(Outcome::said(match (paused, history.is_kept()) {
        (true, _) => "lines are not remembered until 'history on'",
        (false, true) => "lines are remembered",
        (false, false) => "lines are remembered until this session ends",
    }))
}

/// The history of the live shell, or the file of the vault outside of it.
fn opened(shell: &mut Shell) -> Result<History, Failure> {
    if let Some(history) = &shell.history {
        return Ok(history.clone());
    }
    let history = shell.open_history()?;
    shell.history = Some(history.clone());
    Ok(history)
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        let hint = error.hint();
        Self::new(Exit::Failed, code::FILE, error).advised(hint)
    }
}
