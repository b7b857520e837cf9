//! A catalogue for the tests of the editor.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::lang::keys::{self, Key};
use crate::lang::spec::{Catalogue, Command, Effect, Selects};

static FILE: Key<PathBuf> = keys::out_file("file", "Bundle to write").required();
static PIN: Key<Option<SecretString>> = keys::secret("pin", "The PIN");
static NAME: Key<Option<String>> = keys::text("name", "Whose card").positional();
static TEXT: Key<Vec<String>> = keys::texts("text", "What to say").positional();

static EXPORT: Command = Command {
    args: &[FILE.arg],
    selects: Selects::Users,
    effect: Effect::Write,
    ..Command::new("export", "Write users into a bundle")
};
static USER_COUNT: Command = Command {
    selects: Selects::Users,
    ..Command::new("user count", "Count users")
};
static USER_LIST: Command = Command {
    selects: Selects::Users,
    ..Command::new("user list", "Show users")
};
static CARD: Command = Command {
    args: &[PIN.arg, NAME.arg],
    ..Command::new("card", "Set the PIN of a card")
};
static STATUS: Command = Command::new("status", "Show the vault");
static ECHO: Command = Command {
    args: &[TEXT.arg],
    ..Command::new("echo", "Say something")
};

pub(super) static CATALOGUE: Catalogue = Catalogue {
    commands: &[&EXPORT, &USER_COUNT, &USER_LIST, &CARD, &STATUS, &ECHO],
};
