//! The live shell: a banner, a prompt, and lines until 'exit'.

use std::rc::Rc;
use std::time::Duration;

use super::editor::{Editor, EditorError, History, LOCKED, Line};
use super::{Shell, Text, catalogue, place, script};
use crate::command::{Exit, Failure};
use crate::lang::code;
use crate::lang::help;
use crate::lang::value::Variables;
use crate::migrate::settings;
use crate::render::counted;
use crate::store::Pulse;
use crate::store::settings::IDLE_TIMEOUT;
use crate::vault::migration;

/// After how long without a key the session of a tenant is locked.
const TENANT_IDLE: Duration = Duration::from_secs(600);

impl Shell {
    /// Reads lines from the terminal until 'exit'.
    pub fn live(&mut self) -> Result<Exit, Failure> {
        self.is_live = true;
        self.greet();
        self.read_settings()?;
        let mut editor = self.editor()?;
        let mut last = Exit::Ok;
        while !self.leaving && self.cancel.ended().is_none() {
            let line = self.next_line(&mut editor)?;
            self.stopped.set(false);
            match line {
                Line::Text(line, parsed) => {
                    last = self.run_parsed(parsed, Text::line(line));
                    editor.history().finished(last as u8);
                }
                Line::Question(line, answer) => {
                    last = self.answer(answer, line);
                    editor.history().finished(last as u8);
                }
                // A signal may have come between two lines.
                Line::Interrupted => self.cancel.reset(),
                Line::End => break,
                Line::HungUp => self.cancel.end(signal_hook::consts::SIGHUP),
            }
        }
        // Leaving is no failure, whatever the last command said; only an interrupted shell says so.
        Ok(if last == Exit::Interrupted {
            last
        } else {
            Exit::Ok
        })
    }

    /// Answers a line that ends with `?`; nothing of it runs.
    fn answer(&self, answer: Result<String, help::NoHelp>, line: String) -> Exit {
        let shown = match answer {
            Ok(text) => self.ui.print(&text).map_err(Failure::from),
            Err(missing) => {
                let hint = missing.hint("'?' alone lists the commands");
                Err(Failure::unknown(missing).hint(hint))
            }
        };
        match shown {
            Ok(_) => Exit::Ok,
            Err(failure) => self.fail(&failure, &Text::line(line)),
        }
    }

    /// The next line. While the shell waits for its keys, the idle clock of the session runs.
    fn next_line(&mut self, editor: &mut Editor) -> Result<Line, Failure> {
        let prompt = self.prompt();
        self.open_completion();
        let idle = self.idle_timeout();
        let mut pulses = Vec::new();
        // Which of the two the last list is from is not known: it goes with either.
        if let Some(session) = &mut self.desk.session {
            let (ui, waiting) = (self.ui.clone(), editor.waiting());
            session.when_locked(move || {
                ui.forget();
                waiting.lock();
            });
            session.arm(idle)?;
            pulses.push(session.pulse());
        }
        if let Some(open) = &mut self.desk.tenant {
            let ui = self.ui.clone();
            open.session.when_locked(move || ui.forget());
            open.session.arm(TENANT_IDLE)?;
            pulses.push(open.session.pulse());
        }
        // While keys come here, Ctrl-C is one of them, so an earlier request to stop belongs to something else. One
        // after the last key, Enter, belongs to what begins.
        let cancel = self.cancel.clone();
        editor.at_each_key(move || {
            cancel.reset();
            pulses.iter().for_each(Pulse::beat);
        });
        let line = editor.read_line(&prompt);
        if let Some(session) = &self.desk.session {
            session.disarm();
        }
        if let Some(open) = &self.desk.tenant {
            open.session.disarm();
        }
        Ok(line?)
    }

    /// After how long without a key the session is locked. A wrong setting must not end the shell.
    fn idle_timeout(&self) -> Duration {
        let Some(vault) = self.desk.vault.as_ref().filter(|_| self.desk.is_unlocked()) else {
            return TENANT_IDLE;
        };
        settings::VAULT
            .span(vault.file().connection(), IDLE_TIMEOUT.name)
            .unwrap_or_else(|error| {
                self.ui.warning(&error.to_string());
                if let Some(hint) = error.hint() {
                    self.ui.hint(&hint);
                }
                IDLE_TIMEOUT.default_span()
            })
    }

    /// Completion reads the vault only while a master is logged in. It never waits for a writer.
    fn open_completion(&self) {
        let desk = &self.desk;
        let open = desk.vault.as_ref().zip(desk.session.as_ref());
        let mut known = self.completion.borrow_mut();
        match open.filter(|_| desk.is_unlocked()) {
            None => known.live = None,
            Some((vault, session)) if known.live.is_none() => {
                let second = vault.file().second().ok();
                let second = second.filter(|second| second.busy_timeout(Duration::ZERO).is_ok());
                known.live = second.map(|second| (second, session.pulse()));
            }
            Some(_) => {}
        }
        let variables = self.scopes.last();
        known.variables = variables
            .map(|scope| scope.keys().cloned().collect())
            .unwrap_or_default();
    }

    /// The prompt says who is logged in, and with a star that a migration goes on.
    fn prompt(&self) -> String {
        let (Some(session), Some(vault)) = (&self.desk.session, &self.desk.vault) else {
            return "igsh> ".to_owned();
        };
        if session.is_locked() {
            return LOCKED.to_owned();
        }
        // A vault that cannot be read says so when a command needs it.
        let goes_on = migration::running(vault.file().connection());
        let star = if matches!(goes_on, Ok(Some(_))) {
            "*"
        } else {
            ""
        };
        format!("igsh ({}){star}> ", session.name())
    }

    fn greet(&self) {
        if self.demo.is_some() {
            return;
        }
        let (version, vault) = (env!("CARGO_PKG_VERSION"), self.desk.path.display());
        if self.desk.path.exists() {
            let begin = match self.desk.session {
                Some(_) => "",
                None => "'login' to begin, ",
            };
            self.ui.banner(&[
                format!("igsh {version} on {vault}"),
                format!("Type {begin}'help' for help, 'exit' to leave."),
            ]);
            return;
        }
        self.ui.banner(&[
            format!("igsh {version}: moves users and their second factors into a cloud service."),
            format!("There is no vault yet at {vault}."),
            "Type 'system init' to make it, then 'login' and 'source load'; 'help' for help, 'exit' to leave."
                .to_owned(),
            "To look around first: 'igsh --demo' opens a made-up one.".to_owned(),
        ]);
    }

    /// Runs the saved settings and `rc.igsh`, which may only change how things are shown. Their errors are
    /// shown, and the shell opens all the same.
    fn read_settings(&mut self) -> Result<(), Failure> {
        if self.options.no_rc {
            return Ok(());
        }
        let folder = self.folders()?.config.clone();
        for name in [place::SETTINGS, place::RC] {
            let path = folder.join(name);
            if !path.exists() {
                continue;
            }
            self.is_starting = true;
            let done =
                script::read(&path, true).and_then(|text| self.run_script(text, Variables::new()));
            self.is_starting = false;
            if let Err(failure) = done {
                self.fail(&failure, &Text::line(""));
            }
        }
        Ok(())
    }

    /// The line editor with the history of this vault.
    fn editor(&mut self) -> Result<Editor, Failure> {
        let history = self.open_history()?;
        self.history = Some(history.clone());
        let live = super::names::Candidates::from(Rc::clone(&self.completion));
        Ok(Editor::new(
            self.ui.clone(),
            catalogue(),
            Box::new(live),
            history,
        )?)
    }

    /// The history of this vault; where it cannot be kept, one for the session.
    pub(super) fn open_history(&self) -> Result<History, Failure> {
        let clock = || std::sync::Arc::clone(&self.ambient.clock);
        if self.options.private || self.demo.is_some() {
            return Ok(History::private(catalogue(), clock()));
        }
        let path = place::history(&self.folders()?.state, &self.desk.path);
        let history = History::open(&path, catalogue(), clock()).unwrap_or_else(|error| {
            self.ui.warning(&error.to_string());
            if let Some(hint) = error.hint() {
                self.ui.hint(&hint);
            }
            History::private(catalogue(), clock())
        });
        if history.damaged() > 0 {
            let lines = counted(history.damaged() as u64, "damaged line");
            self.ui.warning(&format!(
                "{lines} of the history {} could not be read and are left out",
                path.display()
            ));
        }
        Ok(history)
    }
}

impl From<EditorError> for Failure {
    fn from(error: EditorError) -> Self {
        Self::new(Exit::Failed, code::FILE, error)
    }
}
