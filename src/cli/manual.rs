//! The manual pages. igsh(1) is prose with the tables of the program in it; igsh-commands(7) comes from the catalogue;
//! the others are as they are written in `man/`.

use std::fmt::Write as _;

use clap::{Arg, CommandFactory as _};

use super::args::Cli;
use crate::ambient::environment::{FILES, VARIABLES};
use crate::command::Exit;
use crate::lang::help::commands_7;
use crate::lang::help::man::Page;
use crate::shell::catalogue;

/// The source of a page of [`super::args::PAGES`].
pub fn page(name: &str) -> String {
    match name {
        "igsh-script" => include_str!("../../man/igsh-script.5").to_owned(),
        "igsh-bundle" => include_str!("../../man/igsh-bundle.5").to_owned(),
        "igsh-source" => include_str!("../../man/igsh-source.5").to_owned(),
        "igsh-vault" => include_str!("../../man/igsh-vault.5").to_owned(),
        "igsh-migration" => include_str!("../../man/igsh-migration.7").to_owned(),
        "igsh-commands" => commands_7(&catalogue()),
        _ => igsh_1(),
    }
}

fn igsh_1() -> String {
    let statuses = Exit::MEANINGS.iter();
    let statuses = statuses.map(|(exit, _, sentence)| ((*exit as u8).to_string(), *sentence));
    include_str!("igsh.1.in")
        .replace("@OPTIONS@\n", &options())
        .replace("@ENVIRONMENT@\n", &described(VARIABLES))
        .replace("@FILES@\n", &described(FILES))
        .replace("@EXIT@\n", &table(statuses))
}

fn described(rows: &[(&str, &'static str)]) -> String {
    table(rows.iter().map(|(term, text)| ((*term).to_owned(), *text)))
}

/// Terms with what they mean.
fn table(rows: impl Iterator<Item = (String, impl Into<String>)>) -> String {
    let mut page = Page::default();
    page.list(rows.map(|(term, text)| (term, text.into())));
    page.into_source()
}

/// The options of argv, each with its whole help.
fn options() -> String {
    let cli = Cli::command();
    table(cli.get_arguments().map(|arg| {
        let help = arg.get_long_help().or_else(|| arg.get_help());
        let mut text = help.map(ToString::to_string).unwrap_or_default();
        // Help is a title and paragraphs; here it runs on in sentences.
        if let Some(end) = text.find("\n\n") {
            text.replace_range(end..end + 2, ". ");
        }
        if !text.ends_with('.') {
            text.push('.');
        }
        (written(arg), text)
    }))
}

/// How an option is written: `-q, --quiet`, `--yes[=N]`, `--format FORMAT`.
fn written(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names: Vec<_> = short.into_iter().chain(long).collect();
    let mut out = names.join(", ");
    let takes = arg.get_action().takes_values();
    if let Some(name) = arg
        .get_value_names()
        .and_then(<[_]>::first)
        .filter(|_| takes)
    {
        let _ = if arg.is_require_equals_set() {
            write!(out, "[={name}]")
        } else {
            write!(out, " {name}")
        };
    }
    out
}
