//! A catalogue for the tests of this room: every kind of argument, and paths that share their beginnings.

use super::args::{Comparison, When, Yes};
use super::binder::{Around, Bound, bind};
use super::diagnostic::Diagnostic;
use super::grammar;
use super::keys::{self, Key};
use super::live::{LiveNames, NoLiveNames};
use super::spec::{Catalogue, Command, Complete, Effect, Example, Selects};
use super::value::{Variable, Variables};
use crate::model::names;
use secrecy::SecretString;
use std::path::PathBuf;

pub(super) static FILE: Key<PathBuf> = keys::out_file("file", "Bundle to write").required();
pub(super) static OVERWRITE: Key<bool> = keys::flag("overwrite", "Replace an existing file");
pub(super) static YES: Key<Option<Yes>> = keys::yes("yes", "Do not ask");
pub(super) static NUMBER: Key<u64> = keys::number("bundle", 1, 1_000, "Number of the bundle")
    .required()
    .positional();
static INTO: Key<Option<PathBuf>> = keys::out_file("into", "File to write");
static FORMAT: Key<Shape> = keys::choice("format", "How rows are shown").default("table");
pub(super) static SETTINGS: Key<Vec<(String, String)>> = keys::settings("settings", "What to set");
pub(super) static VARIABLES: Key<Vec<(String, Variable)>> =
    keys::variables("variables", "Variables");
pub(super) static SCRIPT: Key<PathBuf> =
    keys::in_file("file", "The script").required().positional();
pub(super) static COUNT: Key<Comparison> =
    keys::comparison("count", "How many there must be").required();
pub(super) static TOPIC: Key<Vec<String>> = keys::texts("topic", "Command, topic or error code")
    .positional()
    .complete(Complete::Commands);
pub(super) static PIN: Key<Option<SecretString>> = keys::secret("pin", "The PIN");
pub(super) static SINCE: Key<Option<When>> = keys::when("since", "Not before");
pub(super) static NAME: Key<Option<String>> = keys::text("name", "Name of the master")
    .positional()
    .complete(Complete::Masters);

names! {
    /// How rows are shown.
    Shape, "format" {
        Table = "table",
        Json = "json",
        Csv = "csv",
    }
}

static EXPORT: Command = Command {
    synonyms: &["authexport"],
    details: "A paragraph.\n\nAnother one.",
    args: &[FILE.arg, OVERWRITE.arg, YES.arg, FORMAT.arg],
    selects: Selects::Users,
    effect: Effect::Write,
    examples: &[Example::new(
        "export group=sales file=p1.igb",
        "Write a group to a bundle",
    )],
    ..Command::new("export", "Write users to a bundle")
};
static BUNDLE_PASSWORD: Command = Command {
    synonyms: &["export password"],
    args: &[NUMBER.arg, INTO.arg],
    effect: Effect::Reveal,
    ..Command::new("bundle password", "Show a bundle's password")
};
static BUNDLE_GET: Command = Command {
    args: &[NUMBER.arg, FORMAT.arg],
    ..Command::new("bundle get", "Show a bundle")
};
static USER_LIST: Command = Command {
    args: &[FORMAT.arg],
    selects: Selects::Users,
    ..Command::new("user list", "List users")
};
static TOKEN_LIST: Command = Command {
    selects: Selects::Tokens,
    ..Command::new("token list", "List tokens")
};
static TENANT_USER_LIST: Command = Command::new("tenant user list", "List users of the tenant");
static AUDIT_LIST: Command = Command {
    args: &[SINCE.arg],
    ..Command::new("audit list", "List what was done")
};
static SYSTEM_SET: Command = Command {
    args: &[SETTINGS.arg],
    effect: Effect::Write,
    ..Command::new("system set", "Change settings")
};
static RUN: Command = Command {
    args: &[SCRIPT.arg, VARIABLES.arg],
    session: false,
    ..Command::new("run", "Run a script")
};
static ASSERT: Command = Command {
    args: &[COUNT.arg],
    selects: Selects::Users,
    ..Command::new("assert", "Stop unless so many users are chosen")
};
static HELP: Command = Command {
    args: &[TOPIC.arg],
    session: false,
    ..Command::new("help", "Explain a command")
};
static LOGIN: Command = Command {
    args: &[NAME.arg, PIN.arg],
    session: false,
    ..Command::new("login", "Begin a session")
};

pub(super) static CATALOGUE: Catalogue = Catalogue {
    commands: &[
        &LOGIN,
        &HELP,
        &RUN,
        &ASSERT,
        &SYSTEM_SET,
        &USER_LIST,
        &TOKEN_LIST,
        &EXPORT,
        &BUNDLE_GET,
        &BUNDLE_PASSWORD,
        &AUDIT_LIST,
        &TENANT_USER_LIST,
    ],
};

/// The moment that the tests call now.
pub(super) fn now() -> jiff::Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(super) fn try_bind_in(
    text: &str,
    scope: &Variables,
    live: &dyn LiveNames,
) -> Result<Bound, Vec<Diagnostic>> {
    let script = grammar::parse(text).map_err(|failed| failed.diagnostics)?;
    let [super::ast::Statement::Command(line)] = script.statements.as_slice() else {
        panic!("{text} is not one command");
    };
    let around = Around {
        catalogue: &CATALOGUE,
        scope,
        now: now(),
        live,
    };
    bind(line, text, &around)
}

pub(super) fn try_bind(text: &str) -> Result<Bound, Vec<Diagnostic>> {
    try_bind_in(text, &Variables::new(), &NoLiveNames)
}

pub(super) fn bound(text: &str) -> Bound {
    try_bind(text).unwrap_or_else(|errors| panic!("{text}: {errors:#?}"))
}
