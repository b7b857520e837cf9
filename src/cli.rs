//! What a person types to start igsh: argv, the hardening of the process, the exit status.

mod args;
mod manual;
mod signals;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use secrecy::{ExposeSecret as _, SecretSlice};

use crate::ambient::{Ambient, CancelToken};
use crate::command::context::{HowToLogIn, PasswordFrom, Terms};
use crate::command::failure::code;
use crate::command::file::{
    OUTER_BLANK, has_outer_blank, one_line, read_line, read_password, read_secret,
};
use crate::command::{Exit, Failure};
use crate::files::Interruptible;
use crate::lang::args::Yes;
use crate::render::sanitize::message;
use crate::render::{Colour, Failure as Shown, Setup, Terminal, Ui};
use crate::shell::{Shell, Text};

use args::{Action, Cli, Options};

/// The whole program.
pub fn main() -> ExitCode {
    let cancel = CancelToken::default();
    if let Err(what) = harden(&cancel) {
        return say(
            Exit::Internal,
            &format!("error[{}]: {what}\n", code::INTERNAL),
        );
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let exit = run(cli, cancel.clone());
    signals::die(&cancel);
    ExitCode::from(exit as u8)
}

/// What nobody may do to this process, before it holds a secret (igsh-vault(5), PROCESS).
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
    // A panic unwinds, so that secrets are wiped, and tells where, never what.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let _ = say(
            Exit::Internal,
            &format!(
                "error[{}]: igsh failed at {place}; please report it\n",
                code::INTERNAL
            ),
        );
    }));
    signals::listen(cancel).map_err(|e| format!("cannot listen to signals: {e}"))
}

/// Shows what clap has to say: help, or an error, which repeats arguments that may hold anything.
fn refuse(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let _ = say(Exit::Usage, &message(&error.render().to_string(), false));
    } else {
        // It repeats what variables of the environment hold.
        let ask = Box::new(Terminal::new(CancelToken::default()));
        let ui = Ui::new(Setup::of_process(ask));
        if let Err(error) = ui.print(&error.render().ansi().to_string()) {
            return ExitCode::from(show(&ui, &error.into()) as u8);
        }
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage as u8))
}

fn say(exit: Exit, text: &str) -> ExitCode {
    use std::io::Write as _;
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(exit as u8)
}

fn run(cli: Cli, cancel: CancelToken) -> Exit {
    let options = &cli.options;
    let mut setup = Setup::of_process(Box::new(Terminal::new(cancel.clone())));
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
    };
    let vault = match vault_path(options.vault.clone()) {
        Ok(path) => path,
        Err(failure) => return show(&ui, &failure),
    };
    let heard = cancel.clone();
    let mut shell = match Shell::new(ui.clone(), Ambient::system(), cancel, settings, vault) {
        Ok(shell) => shell,
        Err(failure) => return show(&ui, &failure),
    };
    let done = act(&mut shell, &cli, &heard);
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

fn act(shell: &mut Shell, cli: &Cli, cancel: &CancelToken) -> Result<Exit, Failure> {
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
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
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
                .hint("say --yes, or --yes=412 for exactly 412")
            }),
    }
}

fn vault_path(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(path) = given {
        return Ok(path);
    }
    let folders = crate::shell::folders()?;
    Ok(folders.data.join("vault.db"))
}
