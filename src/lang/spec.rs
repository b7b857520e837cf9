//! What a command *is*: its one description, read by binder, completion, help, man page and history.

#[derive(Debug)]
pub struct Command {
    /// The words that name it, such as `"user list"`.
    pub path: &'static str,
    /// Other paths that mean the same.
    pub synonyms: &'static [&'static str],
    /// One line, without a full stop.
    pub summary: &'static str,
    /// What `help` shows below the summary: paragraphs, in plain English.
    pub details: &'static str,
    /// Arguments; positional ones in their order.
    pub args: &'static [Arg],
    /// Whether it takes a selection, and of what.
    pub selects: Selects,
    /// What it does to the world.
    pub effect: Effect,
    /// Whether a master must be logged in.
    pub session: bool,
    /// Whether it also runs in a session that is restricted, because the vault was changed by another program.
    pub inspects: bool,
    /// Whether a script ends where this does not go well, whatever else may fail there.
    pub gate: bool,
    /// Lines that work as they stand on a vault with generated people; a test runs them all.
    pub examples: &'static [Example],
}

/// Which selection attributes a command takes (igsh-commands(7), SELECTIONS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selects {
    Nothing,
    Users,
    /// Token rows: `token.*` filters rows, also under the bare names.
    Tokens,
    Cards,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Looks only.
    Read,
    /// Changes the vault or a file.
    Write,
    /// Lets a secret leave the vault in clear.
    Reveal,
    /// Removes what cannot be brought back.
    Destroy,
}

/// An example with what it shows.
#[derive(Debug)]
pub struct Example {
    pub line: &'static str,
    /// What it does, without a full stop.
    pub what: &'static str,
}

impl Example {
    /// A line, and what it does.
    pub const fn new(line: &'static str, what: &'static str) -> Self {
        Self { line, what }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Arg {
    /// Its name, as in `file=…` and `-file …`.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// One line, without a full stop.
    pub summary: &'static str,
    /// Whether the command needs it.
    pub required: bool,
    /// The command needs it unless the one of this name is given.
    pub unless: Option<&'static str>,
    /// Whether it may stand without its name, in the order of the list.
    pub positional: bool,
    /// Whether it takes a list, or all the positionals that are left.
    pub many: bool,
    /// What absence means, as help shows it.
    pub default: Option<&'static str>,
    /// Whether its value is a secret: masked in diagnostics and audit, blank in history.
    pub secret: bool,
    /// Where live candidates for completion come from.
    pub complete: Complete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Present or not; `=yes` and `=no` are accepted.
    Flag,
    /// Present, absent, or with a number, only as `name=N`.
    FlagOrNumber,
    Text,
    /// A text in which unquoted wildcards count, or a list of them.
    Pattern,
    /// A whole number within bounds, both inclusive.
    Number(i64, i64),
    /// One of a set; letter case does not matter.
    Choice(&'static [&'static str]),
    InFile,
    OutFile,
    /// A moment or a day: `YYYY-MM-DD`, RFC 3339 or `[+-]N(d|h)`.
    When,
    /// `name=value` pairs of the command's own choosing, as texts.
    Settings,
    /// `name=value` pairs of the command's own choosing, as parsed values.
    Variables,
    /// A whole number with any relation before it, as in `count>0`.
    Comparison,
}

/// Where candidates for completion come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Complete {
    /// Nowhere, or from the kind (choices, files).
    Kind,
    Masters,
    Groups,
    /// Bundle numbers.
    Bundles,
    Users,
    Vendors,
    Models,
    /// Serial numbers of tokens.
    Serials,
    /// Aliases, and what many of them begin with.
    Aliases,
    Waves,
    Locales,
    PasswordNames,
    /// Countries of users' places.
    Countries,
    /// Paths of commands, and what else has a page of help.
    Commands,
    Scripts,
    Settings,
    TenantSettings,
    /// Names of the session's display settings.
    Display,
}

impl Arg {
    /// An optional, named argument without a default.
    pub const fn new(name: &'static str, kind: Kind, summary: &'static str) -> Self {
        Self {
            name,
            kind,
            summary,
            required: false,
            unless: None,
            positional: false,
            many: false,
            default: None,
            secret: false,
            complete: Complete::Kind,
        }
    }
}

/// All commands that a line may name.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue {
    /// In the order of the reference.
    pub commands: &'static [&'static Command],
}

/// A name as it is compared: lower case, without `-`, `_` and `.` (igsh-script(5), Commands).
pub fn fold_name(name: &str) -> String {
    folded(name).collect()
}

fn folded(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars()
        .filter(|c| !matches!(c, '-' | '_' | '.'))
        .flat_map(char::to_lowercase)
}

/// Whether a name of the catalogue is the one that was folded to `folded`. Made for every name of the catalogue at every
/// word of a script, so it allocates nothing; the catalogue's own names are ASCII.
pub(super) fn is_called(name: &str, folded: &str) -> bool {
    let mut wanted = folded.bytes();
    let mut own = name.bytes().filter(|b| !matches!(b, b'-' | b'_' | b'.'));
    own.all(|b| wanted.next() == Some(b.to_ascii_lowercase())) && wanted.next().is_none()
}

impl Command {
    /// The same with these arguments; a spec that has some of its own does not compile.
    pub const fn taking(self, args: &'static [Arg]) -> Self {
        assert!(self.args.is_empty());
        Self { args, ..self }
    }

    /// A reading command that needs a session and takes nothing; the base that a spec is written over.
    pub const fn new(path: &'static str, summary: &'static str) -> Self {
        Self {
            path,
            synonyms: &[],
            summary,
            details: "",
            args: &[],
            selects: Selects::Nothing,
            effect: Effect::Read,
            session: true,
            inspects: false,
            gate: false,
            examples: &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::selection::ATTRIBUTES;

    #[test]
    fn a_name_is_called_what_it_folds_to() {
        let names = ATTRIBUTES.iter().map(|attribute| attribute.name);
        for name in names.chain(["-a.B_c-", "", "require-match"]) {
            let folded = fold_name(name);
            assert!(name.is_ascii() && is_called(name, &folded), "{name}");
            assert!(!is_called(name, &format!("{folded}x")), "{name}");
            assert!(
                folded.is_empty() || !is_called(name, &folded[1..]),
                "{name}"
            );
        }
    }
}
