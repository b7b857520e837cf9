//! The shell: from a line to a command that has run, live, in scripts and one-shot.
//!
//! Three sources of lines end in the same place, [`Shell::execute`]: a bound command is let through or refused (session,
//! read-only), run, audited where it failed, and its outcome shown.

mod builtin;
mod check;
mod demo;
pub mod editor;
mod live;
mod names;
mod place;
mod repeat;
mod run;
mod script;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::LazyLock;

use crate::ambient::{Ambient, CancelToken};
use crate::command::context::{Desk, HowToLogIn, OpenTenant, Terms};
use crate::command::shared::YES;
use crate::command::{self, Context, Entry, Exit, Failure, Line, Outcome};
use crate::lang::args::Args;
use crate::lang::binder::Bound;
use crate::lang::code;
use crate::lang::spec::{Catalogue, Command, Effect};
use crate::lang::value::Variables;
use crate::migrate::settings;
use crate::render::{Failure as Shown, Ui};
use crate::store::audit::{Source, Who};
use crate::store::settings::REQUIRE_REASON;
use crate::store::{self, MasterSession, SealedFile, interruptible};
use crate::vault::decisions;

use names::Known;

pub use check::check;
pub use demo::Demo;
pub use place::{Folders, no_home};
pub use script::Text;

/// All commands of the product, those of the shell itself first.
pub fn catalogue() -> Catalogue {
    static ALL: LazyLock<Vec<&'static Command>> = LazyLock::new(|| {
        let builtin = builtin::ALL.iter().map(|entry| &entry.spec);
        builtin
            .chain(command::ALL.iter().map(|entry| &entry.spec))
            .collect()
    });
    Catalogue { commands: &ALL }
}

/// Whether a command may run in a dry run: it only looks, logs in, or asks before it changes anything, and stops there.
fn rehearses(spec: &Command) -> bool {
    spec.effect == Effect::Read
        || spec.args.iter().any(|arg| arg.name == YES.arg.name)
        || spec.path == "login"
}

/// What was said on the command line about the whole run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Answers and dry run.
    pub terms: Terms,
    /// Only commands that look.
    pub read_only: bool,
    /// Go on after a command that failed.
    pub keep_going: bool,
    /// Show each command of a script before it runs.
    pub echo: bool,
    /// Do not read `rc.igsh`.
    pub no_rc: bool,
    pub private: bool,
    /// Where history, settings and anchors are; none where the account has no home folder.
    pub folders: Option<Folders>,
}

pub struct Shell {
    ui: Ui,
    ambient: Ambient,
    cancel: CancelToken,
    options: Options,
    desk: Desk,
    /// The line that runs.
    line: Line,
    /// The scripts that are running, the innermost last, each at the command that runs.
    scripts: Vec<Text>,
    /// The variables of the session, and then those of each script that is running.
    scopes: Vec<Variables>,
    demo: Option<Demo>,
    /// The session as completion sees it.
    completion: Rc<RefCell<Known>>,
    /// So many failures were shown.
    failures: Cell<u64>,
    timing: bool,
    /// The history, once a line is typed or the history is listed.
    history: Option<editor::History>,
    leaving: bool,
    /// A gate was not passed: nothing that runs goes on, whatever `--keep-going` says.
    stopped: Cell<bool>,
    /// Lines are typed.
    is_live: bool,
    /// What runs is our own, and its notices are not shown.
    hushed: bool,
    /// The files of the configuration folder run, which may only change how things are shown.
    is_starting: bool,
}

impl Shell {
    /// A shell on the vault at this path; nothing is opened yet.
    pub fn new(
        ui: Ui,
        ambient: Ambient,
        cancel: CancelToken,
        options: Options,
        vault: PathBuf,
    ) -> Result<Self, Failure> {
        let mut who = Who::here(ambient.rng.as_ref())?;
        who.source = Source::Once;
        let desk = Desk {
            path: vault,
            vault: None,
            session: None,
            who,
            tenant_path: None,
            tenant: None,
            entry: None,
        };
        Ok(Self {
            ui,
            ambient,
            cancel,
            options,
            desk,
            line: Line::default(),
            scripts: Vec::new(),
            scopes: vec![Variables::new()],
            demo: None,
            completion: Rc::default(),
            failures: Cell::new(0),
            timing: false,
            history: None,
            leaving: false,
            stopped: Cell::new(false),
            is_live: false,
            hushed: false,
            is_starting: false,
        })
    }

    fn folders(&self) -> Result<&Folders, Failure> {
        self.options.folders.as_ref().ok_or_else(no_home)
    }

    /// Takes what the command line said about tenants: which one, and how to log in.
    pub fn about_tenants(&mut self, path: Option<PathBuf>, entry: Option<HowToLogIn>) {
        self.desk.tenant_path = path;
        self.desk.entry = entry;
    }

    /// Shows a failure, and says which exit status it has.
    pub fn fail(&self, failure: &Failure, text: &Text) -> Exit {
        self.failures.set(self.failures.get() + 1);
        self.show(failure, text);
        for outer in self.scripts.iter().rev().skip(1) {
            if let Some(place) = outer.place_of(outer.at).filter(|_| text.name.is_some()) {
                self.ui.hint(&format!("run from {place}"));
            }
        }
        failure.exit
    }

    /// Shows a failure or a warning, with its place where the text has a name.
    fn show(&self, failure: &Failure, text: &Text) {
        let (place, rendered) = match &failure.diagnostic {
            Some(diagnostic) => (
                text.place_of(diagnostic.span().start),
                Some(text.rendered(diagnostic, &self.ui)),
            ),
            None => {
                let place = text.place_of(text.at);
                let rendered = place.as_ref().map(|place| {
                    let hint = failure.hint.as_ref();
                    let hint = hint.map_or_else(String::new, |hint| format!("\nhint: {hint}"));
                    let (code, message) = (failure.code, &failure.message);
                    format!("{place}: error[{code}]: {message}{hint}")
                });
                (place, rendered)
            }
        };
        let message = match place {
            Some(place) => format!("{place}: {}", failure.message),
            None => failure.message.clone(),
        };
        let shown = Shown {
            code: failure.code,
            message: &message,
            hint: failure.hint.as_deref(),
            rendered: rendered.as_deref(),
        };
        if failure
            .diagnostic
            .as_ref()
            .is_some_and(|found| found.is_warning())
        {
            self.ui.coded_warning(&shown);
        } else {
            self.ui.error(&shown);
        }
    }

    /// Runs a bound command: lets it through or refuses it, runs it, and shows its outcome.
    fn execute(&mut self, bound: Bound) -> Result<Exit, Failure> {
        let spec = bound.spec;
        let (line, args) = Line::of(bound)?;
        // What runs may be a script, with lines of its own.
        let outer = std::mem::replace(&mut self.line, line);
        let done = self.execute_line(spec, &args);
        self.line = outer;
        if spec.gate && !matches!(done, Ok(Exit::Ok)) {
            self.stopped.set(true);
        }
        done
    }

    fn execute_line(&mut self, spec: &'static Command, args: &Args) -> Result<Exit, Failure> {
        let started = self.ambient.clock.now();
        self.admit(spec)?;
        if self.options.terms.dry_run && !rehearses(spec) {
            self.ui.notice(&format!(
                "this was a dry run; '{}' was not run",
                self.line.masked
            ));
            return Ok(Exit::Ok);
        }
        // 'run' only looks itself; what it runs may write.
        let is_looking = spec.effect == Effect::Read && spec.path != "run";
        if let Some(vault) = self.desk.vault.as_mut().filter(|_| is_looking) {
            vault.file_mut().interrupted_by(Some(&self.cancel))?;
        }
        let outcome = match builtin::find(spec) {
            Some(entry) => (entry.run)(self, args),
            None => self.run_command(spec, args),
        };
        if let Some(vault) = self.desk.vault.as_mut().filter(|_| is_looking) {
            vault.file_mut().interrupted_by(None)?;
        }
        if self.timing {
            let took = self.ambient.clock.now().duration_since(started);
            self.ui.notice(&format!("took {took:#}"));
        }
        if let Err(failure) = &outcome
            && failure.code == code::GONE
        {
            self.let_go()?;
        }
        let outcome = outcome?;
        for notice in outcome.notices.iter().filter(|_| !self.hushed) {
            self.ui.notice(notice);
        }
        for hint in outcome.hints.iter().filter(|_| !self.hushed) {
            self.ui.hint(hint);
        }
        Ok(outcome.exit.unwrap_or(Exit::Ok))
    }

    fn run_command(&mut self, spec: &Command, args: &Args) -> Result<Outcome, Failure> {
        let Some(entry) = command::find(spec) else {
            return Err(Failure::new(
                Exit::Internal,
                code::INTERNAL,
                "the catalogue names a command without an implementation",
            ));
        };
        let outcome = self
            .prove_decisions(spec)
            .and_then(|()| (entry.run)(&mut self.context(), args));
        if let Err(failure) = &outcome {
            self.audit_failure(entry, failure);
        }
        outcome
    }

    /// A command of the migration works with decisions that a login leaves alone, so that these are proven before it. An
    /// export proves them in its own snapshot.
    fn prove_decisions(&self, spec: &Command) -> Result<(), Failure> {
        let noun = spec.path.split(' ').next().unwrap_or_default();
        let (Some(vault), Some(session)) = (&self.desk.vault, &self.desk.session) else {
            return Ok(());
        };
        if !["migrate", "idpurl"].contains(&noun) || session.is_locked() {
            return Ok(());
        }
        let keys = session.keys()?;
        let db = vault.file().connection();
        Ok(interruptible(db, &self.cancel, || {
            decisions::prove(db, &keys)
        })?)
    }

    fn context(&mut self) -> Context<'_> {
        Context {
            desk: &mut self.desk,
            ui: &self.ui,
            ambient: &self.ambient,
            cancel: &self.cancel,
            terms: self.options.terms,
            line: &self.line,
        }
    }

    /// Prints a text about igsh itself.
    pub fn prints(&self, text: &str) -> Result<Exit, Failure> {
        self.ui.print(text)?;
        Ok(Exit::Ok)
    }

    /// Refuses a command that may not run. A locked session is logged in again.
    fn admit(&mut self, spec: &Command) -> Result<(), Failure> {
        if self.is_starting && spec.path != "set" {
            return Err(Failure::new(
                Exit::Denied,
                code::FORBIDDEN,
                "the files that run at the start hold only 'set' commands",
            )
            .hint("put other commands into a script and run that"));
        }
        if self.options.read_only && spec.effect != Effect::Read && spec.path != "login" {
            return Err(Failure::new(
                Exit::Denied,
                code::FORBIDDEN,
                format!(
                    "'{}' would change something, and this shell is read-only",
                    spec.path
                ),
            )
            .hint("start igsh without --read-only"));
        }
        if spec.session && self.desk.session.is_none() {
            return Err(Failure::new(
                Exit::Denied,
                code::SESSION,
                format!("'{}' needs a master to be logged in", spec.path),
            )
            .hint("type 'login Master1' first, or start igsh with --login Master1 --password-file FILE"));
        }
        if spec.session
            && self
                .desk
                .session
                .as_ref()
                .is_some_and(MasterSession::is_locked)
        {
            self.log_in_again()?;
        }
        self.admit_restricted(spec)?;
        self.admit_reason(spec)
    }

    /// In a session that is restricted only what looks into the vault runs.
    fn admit_restricted(&self, spec: &Command) -> Result<(), Failure> {
        let why = self
            .desk
            .session
            .as_ref()
            .and_then(|session| session.arrival().restricted.as_ref());
        match why {
            Some(why) if spec.session && !spec.inspects => Err(command::failure::restricted(why)),
            _ => Ok(()),
        }
    }

    /// Whether a command that reveals or destroys says why, where the vault demands it.
    fn admit_reason(&self, spec: &Command) -> Result<(), Failure> {
        let Some(vault) = self
            .desk
            .vault
            .as_ref()
            .filter(|_| spec.effect >= Effect::Reveal)
        else {
            return Ok(());
        };
        if self.line.reason.is_some()
            || !settings::VAULT.flag(vault.file().connection(), REQUIRE_REASON.name)?
        {
            return Ok(());
        }
        Err(Failure::new(
            Exit::Denied,
            code::FORBIDDEN,
            format!("'{}' needs a reason on this vault", spec.path),
        )
        .hint("add reason=\"…\"; it goes to the audit"))
    }

    /// Ends the sessions on files that are not there any more: keys, names and the handle go, and nothing is written.
    fn let_go(&mut self) -> Result<(), Failure> {
        let is_gone =
            |file: &SealedFile| matches!(file.still_there(), Err(store::Error::Gone { .. }));
        let tenant = self.desk.tenant.as_ref();
        if tenant.is_some_and(|open| is_gone(open.tenant.file())) {
            self.desk.tenant = None;
        }
        let vault = self.desk.vault.as_ref();
        if vault.is_some_and(|vault| is_gone(vault.file())) {
            self.desk.session = None;
            self.desk.who = Who {
                source: self.desk.who.source.clone(),
                ..Who::here(self.ambient.rng.as_ref())?
            };
            self.ui.forget();
            self.completion.borrow_mut().live = None;
            self.desk.vault = None;
        }
        Ok(())
    }

    /// Ends the shell: logs out, so that the keys are wiped and the audit has an entry.
    pub fn close(&mut self) {
        if let Err(failure) = self.log_out() {
            self.ui.warning(&failure.message);
        }
    }

    /// Logs out of the tenant, if one is open; a tenant that cannot note it keeps no login of the vault open.
    fn leave_tenant(&mut self) -> Result<(), Failure> {
        let Some(open) = self.desk.tenant.take() else {
            return Ok(());
        };
        let OpenTenant {
            mut tenant,
            session,
            who,
        } = open;
        tenant
            .file_mut()
            .logout(session, "logout", &who, &self.ambient)?;
        Ok(())
    }

    /// What a failed command leaves in the audit: that it was tried. A dry run and a mistyped line leave nothing.
    fn audit_failure(&mut self, entry: &Entry, failure: &Failure) {
        let Some(code) = entry.audit else { return };
        // There is no audit any more that could note that its file is gone.
        if failure.audited || failure.code == code::GONE || self.desk.session.is_none() {
            return;
        }
        let mut context = self.context();
        let draft = context.audit(code).failed(&failure.message);
        if let Err(error) = context.append_audit(draft) {
            self.ui.warning(&format!(
                "the audit could not note that this failed: {}",
                error.message
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Setup, Terminal};

    #[test]
    fn no_command_runs_without_what_it_needs() {
        let cancel = CancelToken::default();
        let ui = Ui::new(Setup::of_process(Box::new(Terminal::new(cancel.clone()))));
        let (ambient, options) = (Ambient::system(), Options::default());
        let nowhere = PathBuf::from("/nowhere/vault.db");
        let mut shell = Shell::new(ui, ambient, cancel, options, nowhere).unwrap();
        let nothing = Args::default();
        let mut refused = 0;
        for spec in catalogue().commands {
            let Some(needed) = spec.args.iter().find(|arg| arg.required) else {
                continue;
            };
            let done = match builtin::find(spec) {
                Some(entry) => (entry.run)(&mut shell, &nothing),
                None => (command::find(spec).unwrap().run)(&mut shell.context(), &nothing),
            };
            let failure = done.expect_err(spec.path);
            assert_eq!(failure.exit, Exit::Internal, "{}", spec.path);
            let what = format!("the argument '{}' is missing", needed.name);
            assert_eq!(failure.message, what, "{}", spec.path);
            refused += 1;
        }
        assert!(refused > 20, "{refused}");
    }
}
