//! `set`: how things are shown in this session, and from now on.

use std::io::Write as _;
use std::path::Path;

use super::{Entry, entry};
use crate::command::file::write_new;
use crate::command::{Failure, Outcome};
use crate::files::make_folder;
use crate::lang::keys::args;
use crate::lang::spec::{Command, Example};
use crate::render::doc::{self, Col, ToCell as _};
use crate::render::{Format, Ui};
use crate::shell::{Shell, place};

args! {
    struct Set {
        settings: Vec<(String, String)> = settings("setting", "format=…, timing=on|off or columns=N|auto")
            .complete(Complete::Display),
        save: bool = flag("save", "Also keep the settings for other sessions"),
    }
}

/// `set`
pub(super) static SET: Entry = entry!(
    Set,
    set,
    Command {
        details: "Without arguments shows the display settings of this session. 'format' is the format of lists; \
            'timing' says after each command how long it took; 'columns' is how wide tables may be, as wide as the \
            terminal with 'auto'. With -save the live shell begins with the settings that are named from now on, or with all of them where none is: they are kept in \
            settings.igsh ('help environment' says where), and rc.igsh may change them again. What belongs to the \
            vault is set by 'system set'.",
        session: false,
        examples: &[
            Example::new("set", "The settings of this session"),
            Example::new("set format=json", "Lists as JSON from now on"),
            Example::new(
                "set timing=on -save",
                "Say how long commands took, in later sessions too"
            ),
        ],
        ..Command::new("set", "Show or change how things are shown in this session")
    }
);

/// How things are shown.
#[derive(Debug, Clone, Copy)]
struct Display {
    format: Format,
    timing: bool,
    columns: Option<u16>,
}

pub(in crate::shell) struct Setting {
    pub(in crate::shell) name: &'static str,
    /// What it means.
    pub(in crate::shell) meaning: &'static str,
    /// The words that it can be; there may be numbers besides.
    pub(in crate::shell) values: &'static [&'static str],
    get: fn(&Display) -> String,
    set: fn(&mut Display, &str) -> Result<(), String>,
}

pub(in crate::shell) const DISPLAY: &[Setting] = &[
    Setting {
        name: "format",
        meaning: "Format of lists",
        values: Format::NAMES,
        get: |display| display.format.name().to_owned(),
        set: |display, value| {
            display.format = value.parse().map_err(|error| format!("{error}"))?;
            Ok(())
        },
    },
    Setting {
        name: "timing",
        meaning: "Whether each command says how long it took",
        values: &["on", "off"],
        get: |display| if display.timing { "on" } else { "off" }.to_owned(),
        set: |display, value| {
            display.timing = match value {
                "on" | "yes" => true,
                "off" | "no" => false,
                _ => return Err(format!("timing is on or off, not '{value}'")),
            };
            Ok(())
        },
    },
    Setting {
        name: "columns",
        meaning: "How wide tables may be",
        values: &["auto"],
        get: |display| {
            let text = display.columns.map(|columns| columns.to_string());
            text.unwrap_or_else(|| "auto".to_owned())
        },
        set: |display, value| {
            display.columns = match (value, value.parse()) {
                ("auto", _) => None,
                (_, Ok(columns @ 10..)) => Some(columns),
                _ => {
                    return Err(format!(
                        "columns is a number from 10 or 'auto', not '{value}'"
                    ));
                }
            };
            Ok(())
        },
    },
];

fn set(shell: &mut Shell, args: Set) -> Result<Outcome, Failure> {
    let Set { settings, save } = args;
    let mut display = Display {
        format: shell.ui.format(),
        timing: shell.timing,
        columns: shell.ui.columns(),
    };
    if settings.is_empty() && !save {
        return show(&shell.ui, &display);
    }
    for (name, value) in &settings {
        let Some(setting) = DISPLAY.iter().find(|setting| setting.name == name) else {
            let names: Vec<_> = DISPLAY.iter().map(|setting| setting.name).collect();
            return Err(wrong(format!("'{name}' is not a display setting"))
                .hint(format!("there are: {}", names.join(", "))));
        };
        (setting.set)(&mut display, value).map_err(wrong)?;
    }
    // Kept before it holds, so that a file that cannot be written changes nothing.
    if save {
        let named = |name: &str| settings.is_empty() || settings.iter().any(|one| one.0 == name);
        keep(&shell.folders()?.config, &display, named)?;
    }
    shell.ui.set_format(display.format);
    shell.ui.set_columns(display.columns);
    shell.timing = display.timing;
    Ok(Outcome::quiet())
}

fn wrong(message: impl std::fmt::Display) -> Failure {
    Failure::usage(message)
}

/// Writes the settings that are `named` where the next live shell reads them; what else is kept there stays.
fn keep(folder: &Path, display: &Display, named: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| Failure::file("write", &path, &error)
    };
    make_folder(folder).map_err(failed(folder))?;
    let path = folder.join(place::SETTINGS);
    let before = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Failure::file("read", &path, &error));
        }
        before => before.unwrap_or_else(|_| "# Written by 'set -save'.\n".to_owned()),
    };
    let line = |setting: &Setting| format!("set {}=", setting.name);
    let kept: Vec<_> = DISPLAY.iter().filter(|one| named(one.name)).collect();
    write_new(&path, true, |file| {
        let stays = |text: &&str| !kept.iter().any(|one| text.starts_with(&line(one)));
        let stay = before.lines().filter(stays).map(str::to_owned);
        let new = kept.iter().map(|one| line(one) + &(one.get)(display));
        let text: String = stay.chain(new).map(|line| line + "\n").collect();
        file.write_all(text.as_bytes()).map_err(failed(&path))
    })
}

fn show(ui: &Ui, display: &Display) -> Result<Outcome, Failure> {
    const COLUMNS: &[Col<(&Setting, String)>] = &[
        Col::whole("name", |(setting, _)| setting.name.into()),
        Col::whole("value", |(_, value)| value.cell()),
        Col::text("meaning", |(setting, _)| setting.meaning.into()),
    ];
    let mut rows = ui.rows(ui.format());
    doc::list::<_, Failure>(rows.as_mut(), "setting", COLUMNS, |push| {
        for setting in DISPLAY {
            push((setting, (setting.get)(display)))?;
        }
        Ok(())
    })?;
    Ok(Outcome::quiet())
}
