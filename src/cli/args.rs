//! What may stand in argv: the one definition that parsing, `--help`, igsh(1) and the completions of shells come from.
//!
//! The first paragraph of an option is its line in `-h`, the rest is for `--help` and the manual.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueHint};
use clap_complete::Shell as Kind;

use crate::command::Exit;
use crate::lang::spec::Command;
use crate::render::Format;

/// The names of the manual pages.
pub const PAGES: &[&str] = &[
    "igsh",
    "igsh-commands",
    "igsh-script",
    "igsh-bundle",
    "igsh-source",
    "igsh-vault",
    "igsh-migration",
];

/// An interactive admin shell that moves second factors from an on-premises server into a cloud service.
#[derive(Debug, Parser)]
#[command(name = "igsh", version, about, args_conflicts_with_subcommands = false)]
#[command(after_help = after())]
pub struct Cli {
    /// How to run.
    #[command(flatten)]
    pub options: Options,
    /// What to run instead of the live shell.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// The options of the process.
#[derive(Debug, Args)]
pub struct Options {
    /// The vault file [default: igsh/vault.db in the XDG data folder]
    ///
    /// That folder is usually ~/.local/share.
    #[arg(long, global = true, value_name = "PATH", env = "IGSH_VAULT", value_hint = ValueHint::FilePath)]
    pub vault: Option<PathBuf>,
    /// The tenant file of the tenant commands that name none
    ///
    /// A tenant has masters of its own; the name and password of --login are tried on it as well.
    #[arg(long, global = true, value_name = "PATH", env = "IGSH_TENANT", value_hint = ValueHint::FilePath)]
    pub tenant: Option<PathBuf>,
    /// Log in as this master before anything else
    ///
    /// Without one of the three options below the shell asks for the password on the terminal. A password is never
    /// taken from an argument or the environment.
    #[arg(long, global = true, value_name = "NAME")]
    pub login: Option<String>,
    /// Read the master password from this open file descriptor
    #[arg(
        long,
        global = true,
        value_name = "N",
        group = "password",
        requires = "login"
    )]
    pub password_fd: Option<u32>,
    /// Read the master password from this file (mode 0600)
    ///
    /// It holds the password in one line and nothing else, as UTF-8; a byte order mark and the line's end (LF or CR LF)
    /// are no part of it, blanks are.
    #[arg(long, global = true, value_name = "PATH", group = "password", requires = "login", value_hint = ValueHint::FilePath)]
    pub password_file: Option<PathBuf>,
    /// Read the master password from the first line of standard input
    #[arg(long, global = true, group = "password", requires = "login")]
    pub password_stdin: bool,
    /// Run this command and leave; may be given several times
    ///
    /// All commands run in one session; the first that fails ends it.
    #[arg(short = 'c', value_name = "COMMAND", allow_hyphen_values = true)]
    pub commands: Vec<String>,
    /// Output format
    #[arg(long, global = true, value_name = "FORMAT", value_parser = Format::NAMES.to_vec())]
    pub format: Option<String>,
    /// Colours
    ///
    /// By default those of a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", value_parser = ["auto", "always", "never"], default_value = "auto")]
    pub color: String,
    /// Say yes to every question but those about destroying and about users who would be gone after a load; with =N only where exactly N are affected
    #[arg(long, global = true, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "any")]
    pub yes: Option<String>,
    /// Change nothing: stop at the question of every command that asks, and before every other one that changes something
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Run only commands that look
    ///
    /// Logins are still in the audit.
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Go on after a command that failed
    ///
    /// The exit status is then 5. A failed 'assert' or 'confirm' ends the run all the same.
    #[arg(long, global = true)]
    pub keep_going: bool,
    /// Show each command of a script before it runs
    ///
    /// Secrets in it are masked.
    #[arg(long, global = true)]
    pub echo: bool,
    /// Do not read settings.igsh and rc.igsh
    #[arg(long, global = true)]
    pub no_rc: bool,
    /// Keep no history
    #[arg(long, global = true)]
    pub private: bool,
    /// Only data and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Open a throw-away vault with generated people
    ///
    /// The vault goes when the shell ends.
    #[arg(long, conflicts_with = "login")]
    pub demo: bool,
}

/// What to run instead of the live shell.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Run a script
    Run {
        /// The script
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Variables for it
        #[arg(value_name = "name=value")]
        variables: Vec<String>,
    },
    /// Parse and bind a script without running anything
    Check {
        /// The script
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Print a manual page (igsh-commands without a name)
    Man {
        /// Its name
        #[arg(default_value = "igsh-commands", value_parser = PAGES.to_vec())]
        page: String,
    },
    /// Print what makes a shell complete igsh's arguments
    ///
    /// bash: igsh completions bash > ~/.local/share/bash-completion/completions/igsh
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// A shell that can complete.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Shell {
    /// GNU Bash.
    Bash,
    /// Z shell.
    Zsh,
    /// Friendly interactive shell.
    Fish,
}

fn after() -> String {
    let statuses: Vec<_> = Exit::MEANINGS
        .iter()
        .map(|(exit, brief, _)| format!("{} {brief}", *exit as u8))
        .collect();
    format!(
        "Without a command the live shell opens. Type 'help' there, or 'igsh -c help'.\nExit status: {}.",
        statuses.join(", ")
    )
}

/// The script that makes `shell` complete the arguments of igsh. Behind `-c` it offers the commands of the catalogue.
pub fn completions(shell: Shell) -> String {
    let catalogue = crate::shell::catalogue();
    let commands = catalogue.commands.iter();
    // Bash splits its candidates at blanks, so only the first word of a command can be one.
    let nouns = || {
        let first = commands
            .clone()
            .filter_map(|one| one.path.split(' ').next());
        let nouns: BTreeSet<_> = first.collect();
        nouns.into_iter().map(PossibleValue::new).collect()
    };
    let whole = || {
        let value = |one: &&'static Command| PossibleValue::new(one.path).help(one.summary);
        commands.clone().map(value).collect()
    };
    let (kind, offered): (Kind, Vec<PossibleValue>) = match shell {
        Shell::Bash => (Kind::Bash, nouns()),
        Shell::Zsh => (Kind::Zsh, whole()),
        Shell::Fish => (Kind::Fish, whole()),
    };
    let mut cli = Cli::command().mut_arg("commands", |arg| arg.value_parser(offered));
    let mut out = Vec::new();
    clap_complete::generate(kind, &mut cli, "igsh", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
