//! What a person types to start igsh: argv, the hardening of the process, the exit status.

mod args;
mod manual;
mod signals;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use secrecy::{ExposeSecret as _, SecretSlice};

use crate::ambient::{Ambient, CancelToken};
use crate::command::context::{HowToLogIn, PasswordFrom, Terms};
use crate::command::file::{
    OUTER_BLANK, has_outer_blank, one_line, read_line, read_password, read_secret,
};
use crate::command::{Exit, Failure};
use crate::files::Interruptible;
use crate::lang::args::Yes;
use crate::lang::code;
use crate::render::sanitize::message;
use crate::render::{Colour, Failure as Shown, Setup, Terminal, Ui};
use crate::shell::{Folders, Shell, Text, no_home};

use args::{Action, Cli, Options};

/// What surrounds one run of igsh: the process's own, or what a test puts in its place.
pub struct Around {
    /// Streams, terminal and zone.
    pub setup: Setup,
    /// Clock and randomness.
    pub ambient: Ambient,
    /// What ends the run early.
    pub cancel: CancelToken,
    /// Where the default vault, history, settings and anchors are; none where the account has no home folder.
    pub folders: Option<Folders>,
}

impl Around {
    /// The surroundings of this process, whose signals cancel `cancel`.
    fn of_process(cancel: CancelToken) -> Self {
        Self {
            setup: Setup::of_process(Box::new(Terminal::new(cancel.clone()))),
            ambient: Ambient::system(),
            folders: Folders::of_process(),
            cancel,
        }
    }
}

/// The whole program.
pub fn main() -> ExitCode {
    let cancel = CancelToken::default();
    if let Err(what) = harden(&cancel) {
        say(&format!("error[{}]: {what}\n", code::INTERNAL));
        return ExitCode::from(Exit::Internal as u8);
    }
    let exit = run(std::env::args_os(), Around::of_process(cancel.clone()));
    signals::die(&cancel);
    ExitCode::from(exit as u8)
}

/// One run with these arguments, the name of the program first. It neither hardens the process nor ends it.
pub fn run<T: Into<OsString> + Clone>(
    args: impl IntoIterator<Item = T>,
    mut around: Around,
) -> Exit {
    match Cli::try_parse_from(args) {
        Ok(cli) => run_parsed(&cli, around),
        Err(error) if error.use_stderr() => {
            // It repeats arguments that may hold anything.
            let text = message(&error.render().to_string(), false);
            let _ = around.setup.err.write_all(text.as_bytes());
            Exit::Usage
        }
        Err(help) => {
            // It repeats what variables of the environment hold.
            let ui = Ui::new(around.setup);
            match ui.print(&help.render().ansi().to_string()) {
                Ok(_) => Exit::Ok,
                Err(error) => show(&ui, &error.into()),
            }
        }
    }
}

/// Hardens the process before it holds a secret (igsh-vault(5), PROCESS).
fn harden(cancel: &CancelToken) -> Result<(), String> {
    use rustix::process::{
        DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, umask,
    };
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|e| format!("cannot forbid core dumps: {e}"))?;
    setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    )
    .map_err(|e| format!("cannot forbid core dumps: {e}"))?;
    rustix::thread::set_no_new_privs(true)
        .map_err(|e| format!("cannot give up new privileges: {e}"))?;
    umask(rustix::fs::Mode::from_bits_truncate(0o077));
    // A panic unwinds, so that secrets are wiped; its message has the place, never the text.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        say(&format!(
            "error[{}]: igsh failed at {place}\nhint: please report it\n",
            code::INTERNAL
        ));
    }));
    signals::listen(cancel).map_err(|e| format!("cannot listen to signals: {e}"))
}

fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn run_parsed(cli: &Cli, around: Around) -> Exit {
    let options = &cli.options;
    let mut setup = around.setup;
    let is_typed = setup.in_terminal;
    setup.quiet = options.quiet;
    match options.color.as_str() {
        "always" => setup.colour = Colour::Always,
        "never" => setup.colour = Colour::Never,
        _ => {}
    }
    if let Some(format) = options.format.as_deref().and_then(|name| name.parse().ok()) {
        setup.format = format;
    }
    let ui = Ui::new(setup);
    let here = Text::line("");
    let terms = match yes(options.yes.as_deref()) {
        Ok(yes) => Terms {
            yes,
            dry_run: options.dry_run,
        },
        Err(failure) => return show(&ui, &failure),
    };
    let settings = crate::shell::Options {
        terms,
        read_only: options.read_only,
        keep_going: options.keep_going,
        echo: options.echo,
        no_rc: options.no_rc,
        private: options.private,
        folders: around.folders,
    };
    let given = options.vault.clone();
    let default = || {
        settings
            .folders
            .as_ref()
            .map(|all| all.data.join("vault.db"))
    };
    let vault = match given.or_else(default).ok_or_else(no_home) {
        Ok(path) => path,
        Err(failure) => return show(&ui, &failure),
    };
    let cancel = around.cancel.clone();
    let shell = Shell::new(ui.clone(), around.ambient, around.cancel, settings, vault);
    let mut shell = match shell {
        Ok(shell) => shell,
        Err(failure) => return show(&ui, &failure),
    };
    let done = act(&mut shell, cli, is_typed, &cancel);
    let exit = done.unwrap_or_else(|failure| shell.fail(&failure, &here));
    shell.close();
    exit
}

fn show(ui: &Ui, failure: &Failure) -> Exit {
    ui.error(&Shown {
        code: failure.code,
        message: &failure.message,
        hint: failure.hint.as_deref(),
        rendered: None,
    });
    failure.exit
}

/// Does what the command line says; `is_typed` where standard input is a terminal.
fn act(
    shell: &mut Shell,
    cli: &Cli,
    is_typed: bool,
    cancel: &CancelToken,
) -> Result<Exit, Failure> {
    let options = &cli.options;
    match &cli.action {
        Some(Action::Check { file }) => return shell.check(file),
        Some(Action::Man { page }) => return shell.prints(&manual::page(page)),
        Some(Action::Completions { shell: kind }) => {
            return shell.prints(&args::completions(*kind));
        }
        _ => {}
    }
    if options.demo {
        shell.open_demo()?;
    }
    if let Some(name) = &options.login {
        let password = password(options, cancel)?;
        // A password that can be read once is kept for a run that ends by itself, not in a shell that waits for input.
        let ends = cli.action.is_some() || !options.commands.is_empty();
        let again = match (&options.password_file, &password) {
            (Some(path), _) => Some(PasswordFrom::File(path.clone())),
            (None, Some(read)) if ends => {
                Some(PasswordFrom::Kept(read.expose_secret().to_vec().into()))
            }
            _ => None,
        };
        let blank = password.as_ref().is_some_and(has_outer_blank);
        shell.log_in(name, password).map_err(|failure| {
            match blank && failure.code == code::PASSWORD {
                true => failure.hint(OUTER_BLANK),
                false => failure,
            }
        })?;
        shell.about_tenants(
            options.tenant.clone(),
            Some(HowToLogIn {
                name: name.clone(),
                password: again,
            }),
        );
    } else {
        shell.about_tenants(options.tenant.clone(), None);
    }
    if let Some(Action::Run { file, variables }) = &cli.action {
        return shell.run_file(file, variables);
    }
    if !options.commands.is_empty() {
        return Ok(shell.run_lines(&options.commands));
    }
    if is_typed {
        return shell.live();
    }
    shell.run_input()
}

/// The master password, from wherever the options say; `None` to be asked on the terminal.
fn password(options: &Options, cancel: &CancelToken) -> Result<Option<SecretSlice<u8>>, Failure> {
    if let Some(path) = &options.password_file {
        return read_password(path).map(Some);
    }
    if let Some(number) = options.password_fd {
        let path = PathBuf::from(format!("/dev/fd/{number}"));
        let input =
            std::fs::File::open(&path).map_err(|error| Failure::file("read", &path, &error))?;
        let mut input = Interruptible::new(input, cancel.clone());
        return one_line(&read_secret(&mut input, &path)?, &path).map(Some);
    }
    if options.password_stdin {
        return read_line(cancel).map(Some);
    }
    Ok(None)
}

fn yes(option: Option<&str>) -> Result<Option<Yes>, Failure> {
    match option {
        None => Ok(None),
        Some("any") => Ok(Some(Yes::Any)),
        Some(number) => number
            .parse()
            .map(|count| Some(Yes::Count(count)))
            .map_err(|_| {
                Failure::new(
                    Exit::Usage,
                    code::UNKNOWN,
                    format!("--yes={number} is not a count"),
                )
                .hint("use --yes, or --yes=412 for exactly 412")
            }),
    }
}
