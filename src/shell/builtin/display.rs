//! `set`: how things are shown in this session.

use super::Entry;
use crate::command::failure::code;
use crate::command::{Exit, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Complete, Example};
use crate::render::Format;
use crate::render::doc::{Cell, Column};
use crate::shell::Shell;

const SETTINGS: Key<Vec<(String, String)>> =
    Key::settings("setting", "format=… or timing=on|off").complete(Complete::Display);

/// The display settings for completion: name, meaning, values.
pub(in crate::shell) const DISPLAY: &[(&str, &str, &[&str])] = &[
    ("format", "Format of lists", Format::NAMES),
    (
        "timing",
        "Whether each command says how long it took",
        &["on", "off"],
    ),
];

/// `set`
pub(super) static SET: Entry = Entry {
    spec: Command {
        details: "Without arguments shows the display settings of this session. 'format' is the format of lists; \
            'timing' says after each command how long it took. What belongs to the vault is set by 'system set'.",
        args: &[SETTINGS.arg],
        session: false,
        examples: &[
            Example {
                line: "set",
                what: "The settings of this session",
            },
            Example {
                line: "set format=json",
                what: "Lists as JSON from now on",
            },
        ],
        ..Command::new("set", "Show or change how things are shown in this session")
    },
    run: set,
};

fn set(shell: &mut Shell, bound: &Bound) -> Result<Outcome, Failure> {
    let Some(settings) = bound
        .args
        .get(&SETTINGS)
        .filter(|settings| !settings.is_empty())
    else {
        return show(shell);
    };
    let (mut format, mut timing) = (shell.ui.format(), shell.timing);
    for (name, value) in settings {
        match (name.as_str(), value.as_str()) {
            ("format", _) => format = value.parse().map_err(wrong)?,
            ("timing", "on" | "yes") => timing = true,
            ("timing", "off" | "no") => timing = false,
            ("timing", _) => return Err(wrong(format!("timing is on or off, not '{value}'"))),
            _ => {
                return Err(wrong(format!("'{name}' is not a display setting"))
                    .hint("there are: format, timing"));
            }
        }
    }
    shell.ui.set_format(format);
    shell.timing = timing;
    Ok(Outcome::quiet())
}

fn wrong(message: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, code::UNKNOWN, message)
}

fn show(shell: &Shell) -> Result<Outcome, Failure> {
    let mut rows = shell.ui.rows(shell.ui.format());
    rows.begin(
        "setting",
        &[
            Column::whole("name"),
            Column::whole("value"),
            Column::text("meaning"),
        ],
    )?;
    let timing = if shell.timing { "on" } else { "off" };
    for (name, value, meaning) in [
        (
            "format",
            shell.ui.format().name().to_owned(),
            "Format of lists",
        ),
        (
            "timing",
            timing.to_owned(),
            "Whether each command says how long it took",
        ),
    ] {
        rows.row(vec![name.into(), Cell::Text(value), meaning.into()])?;
    }
    rows.end()?;
    Ok(Outcome::quiet())
}
