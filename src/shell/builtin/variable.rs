//! `let`, `assert`, `confirm`: what scripts say about themselves.

use super::script::VARIABLES;
use super::{Entry, entry};
use crate::command::context::{Go, Terms};
use crate::command::shared::YES;
use crate::command::{Exit, Failure, Outcome};
use crate::lang::args::{Comparison, Yes};
use crate::lang::code;
use crate::lang::keys::args;
use crate::lang::spec::{Command, Example, Selects};
use crate::lang::value::Variable;
use crate::render::{counted, grouped};
use crate::shell::Shell;
use crate::vault::query;

args! {
    struct Let {
        variables: Vec<(String, Variable)> = VARIABLES,
    }

    struct Assert {
        count: Comparison = comparison("count", "How many users there must be").required(),
    }

    struct Confirm {
        question: String = text("question", "What to ask").positional().required(),
        _ = YES,
    }
}

/// `let`
pub(in crate::shell) static LET: Entry = entry!(
    Let,
    set,
    Command {
        details: "Gives variables their values, for the commands that follow in this script or session. A value may \
            be a list or hold wildcards; $name then stands for all of it. Without arguments shows the names that have \
            a value.",
        session: false,
        examples: &[
            Example::new(
                "let day=monday; let out=\"wave ${day}\"",
                "Two variables, the second from the first"
            ),
            Example::new(
                "let first=a*,b*; echo done",
                "A list of patterns, for userid=$first"
            ),
        ],
        ..Command::new("let", "Give variables their values")
    }
);

/// `assert`
pub(super) static ASSERT: Entry = entry!(
    Assert,
    assert,
    Command {
        details: "Ends a script that is about to work on the wrong users: counts the users of a selection, and fails \
            unless the count is as it is written. Any relation will do: count>0, count<=500, count=412. It also ends a \
            script that goes on after other errors (--keep-going), and so does an assert that cannot be evaluated.",
        selects: Selects::Users,
        examples: &[
            Example::new(
                "assert count>0 group=* phase=none",
                "Go on only if users are left"
            ),
            Example::new(
                "assert count<=5000 userid=a*",
                "Go on only if they are not too many"
            ),
        ],
        gate: true,
        ..Command::new("assert", "Go on only if a selection has the expected size")
    }
);

/// `confirm`
pub(super) static CONFIRM: Entry = entry!(
    Confirm,
    confirm,
    Command {
        details: "Asks, and ends the script unless the answer is yes. -yes, or the program's option --yes, answers \
            beforehand; without a terminal one of them is required. It also ends a script that goes on after other \
            errors (--keep-going).",
        session: false,
        examples: &[Example::new(
            "confirm \"Is the help desk informed?\" -yes",
            "Ask before the script goes on"
        )],
        gate: true,
        ..Command::new("confirm", "Ask before a script goes on")
    }
);

fn set(shell: &mut Shell, args: Let) -> Result<Outcome, Failure> {
    if args.variables.is_empty() {
        let names: Vec<_> = shell.scope().keys().cloned().collect();
        return Ok(Outcome::said(if names.is_empty() {
            "no variable has a value".to_owned()
        } else {
            format!("these variables have a value: {}", names.join(", "))
        }));
    }
    for (name, value) in args.variables {
        shell.scope().insert(name, Some(value));
    }
    Ok(Outcome::quiet())
}

fn assert(shell: &mut Shell, args: Assert) -> Result<Outcome, Failure> {
    let expected = args.count;
    let cx = shell.context();
    let found = query::count(cx.db()?, &cx.selection()?)?;
    if expected.holds(i64::try_from(found).unwrap_or(i64::MAX)) {
        return Ok(Outcome::quiet());
    }
    let relation = expected.operator.as_str();
    let number = grouped(expected.number);
    let chosen = match shell.line.selection.text.as_str() {
        "" => "there are".to_owned(),
        text => format!("'{text}' chooses"),
    };
    Err(Failure::new(
        Exit::Failed,
        code::ASSERTED,
        format!(
            "count{relation}{number} does not hold: {chosen} {}",
            counted(found, "user")
        ),
    )
    .hint("'user list' with the same selection shows who they are"))
}

fn confirm(shell: &mut Shell, args: Confirm) -> Result<Outcome, Failure> {
    let question = &args.question;
    let terms = Terms {
        // A count that was given beforehand is about users, not about this.
        yes: shell.options.terms.yes.map(|_| Yes::Any),
        ..shell.options.terms
    };
    Ok(match terms.ask(&shell.ui, shell.line.yes, 1, question)? {
        Go::On => Outcome::quiet(),
        Go::DryRun => Outcome::said(format!("a dry run does not ask: {question}")),
    })
}
