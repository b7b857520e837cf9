//! From text to commands that have run: one-shot lines, standard input, script files.

use std::path::Path;

use super::names::Names;
use super::script::{self, Text};
use super::{Shell, catalogue};
use crate::command::failure::code;
use crate::command::{Exit, Failure};
use crate::lang::ast::{self, Script, Statement};
use crate::lang::binder::{self, Around, Bound};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::grammar;
use crate::lang::live::NoLiveNames;

use crate::lang::value::{Lookup, Scope, Variables};
use crate::store::audit::Source;

/// How deep scripts may run each other.
const DEPTH: usize = 16;

impl Shell {
    /// Runs the lines of `-c`, one after the other, in one session.
    pub fn run_lines(&mut self, lines: &[String]) -> Exit {
        let mut worst = Exit::Ok;
        for line in lines {
            let exit = self.run_text(Text::line(line.as_str()), &Variables::new());
            worst = self.after(worst, exit);
            if self.ends(exit) {
                return if exit == Exit::Ok { worst } else { exit };
            }
        }
        worst
    }

    /// Runs standard input as a script.
    pub fn run_input(&mut self) -> Result<Exit, Failure> {
        let text = std::io::read_to_string(std::io::stdin())
            .map_err(|error| Failure::file("read", Path::new("standard input"), &error))?;
        self.run_script(Text::script("standard input", &text), &Variables::new())
    }

    /// Runs a script file with variables, `name=value` each.
    pub fn run_file(&mut self, path: &Path, variables: &[String]) -> Result<Exit, Failure> {
        let variables = script::variables(variables)?;
        let text = script::read(path, self.desk.session.is_some())?;
        self.run_script(text, &variables)
    }

    /// Reads and binds a script and runs nothing (`igsh check`). All its errors are reported together.
    pub fn check(&mut self, path: &Path) -> Result<Exit, Failure> {
        let text = script::read(path, false)?;
        match self.check_text(&text) {
            Ok(_) => Ok(Exit::Ok),
            Err(diagnostics) => Ok(self.report(diagnostics, &text)),
        }
    }

    /// Runs a script: all of it is read and bound before its first command runs.
    pub fn run_script(&mut self, text: Text, variables: &Variables) -> Result<Exit, Failure> {
        let name = text.name.clone().unwrap_or_default();
        if self.scripts.len() >= DEPTH || self.scripts.contains(&name) {
            return Err(Failure::new(
                Exit::Failed,
                code::FORBIDDEN,
                format!("{name} runs itself, directly or by others"),
            ));
        }
        let script = match self.check_text(&text) {
            Ok(script) => script,
            Err(diagnostics) => return Ok(self.report(diagnostics, &text)),
        };
        self.scripts.push(name);
        let exit = self.run_statements(&script, text, variables);
        self.scripts.pop();
        Ok(exit)
    }

    /// Runs a line; shows what fails.
    pub fn run_text(&mut self, text: Text, variables: &Variables) -> Exit {
        match grammar::parse(&text.text) {
            Ok(script) => self.run_statements(&script, text, variables),
            Err(failed) => self.report(failed.diagnostics, &text),
        }
    }

    fn run_statements(&mut self, script: &Script, mut text: Text, variables: &Variables) -> Exit {
        let mut worst = Exit::Ok;
        for statement in &script.statements {
            text.at = statement.span().start;
            let exit = match self.run_statement(statement, &text, variables) {
                Ok(exit) => exit,
                Err(failure) => self.fail(&failure, &text),
            };
            worst = self.after(worst, exit);
            if self.ends(exit) {
                return if exit == Exit::Ok { worst } else { exit };
            }
        }
        worst
    }

    fn run_statement(
        &mut self,
        statement: &Statement,
        text: &Text,
        variables: &Variables,
    ) -> Result<Exit, Failure> {
        let Statement::Command(command) = statement else {
            return Err(Failure::new(
                Exit::Failed,
                code::FORBIDDEN,
                "this version reads foreach and does not run it yet",
            )
            .hint("write the commands out, one for each"));
        };
        let bound = match self.bind(command, text, variables) {
            Ok(bound) => bound,
            Err(diagnostics) => return Ok(self.report(diagnostics, text)),
        };
        for note in &bound.notes {
            self.ui.notice(&note.text);
        }
        self.desk.who.source = match &text.name {
            Some(name) => Source::Script {
                file: name.clone(),
                line: text.line_number() as u64,
            },
            None if self.is_live => Source::Live,
            None => Source::Once,
        };
        if self.options.echo && text.name.is_some() {
            self.ui.notice(&format!("+ {}", bound.masked));
        }
        self.execute(&bound)
    }
}

impl Shell {
    /// Shows what is wrong with a text; nothing of it runs.
    fn report(&self, diagnostics: Vec<Diagnostic>, text: &Text) -> Exit {
        for diagnostic in diagnostics {
            self.fail(&diagnostic.into(), text);
        }
        Exit::Usage
    }

    /// The exit status so far. Under `--keep-going` any failure makes it "some failed".
    fn after(&self, worst: Exit, exit: Exit) -> Exit {
        match exit {
            Exit::Ok => worst,
            _ if self.options.keep_going => Exit::Partial,
            _ => exit,
        }
    }

    /// Whether a run ends here: somebody left, something failed, or was interrupted.
    fn ends(&self, exit: Exit) -> bool {
        let went_on = matches!(exit, Exit::Ok | Exit::Partial) || self.options.keep_going;
        self.leaving || exit == Exit::Interrupted || !went_on
    }
}

impl Shell {
    /// Binds a command, with what is known now of variables and of the vault.
    fn bind(
        &mut self,
        command: &ast::Command,
        text: &Text,
        variables: &Variables,
    ) -> Result<Bound, Vec<Diagnostic>> {
        let names = Names::of(&self.desk);
        let around = Around {
            catalogue: &catalogue(),
            scope: variables,
            now: self.ambient.clock.now(),
            live: &names,
        };
        binder::bind(command, &text.text, &around)
    }

    /// Everything that is wrong with a script, before any of it runs.
    fn check_text(&self, text: &Text) -> Result<Script, Vec<Diagnostic>> {
        let script = grammar::parse(&text.text).map_err(|failed| failed.diagnostics)?;
        let mut wrong = Vec::new();
        check_all(&script, text, self.ambient.clock.now(), &mut wrong);
        if wrong.is_empty() {
            Ok(script)
        } else {
            Err(wrong)
        }
    }
}

fn check_all(script: &Script, text: &Text, now: jiff::Timestamp, wrong: &mut Vec<Diagnostic>) {
    let around = Around {
        catalogue: &catalogue(),
        scope: &AnyVariable,
        now,
        live: &NoLiveNames,
    };
    for statement in &script.statements {
        let command = match statement {
            Statement::Command(command) => command,
            Statement::Foreach(foreach) => {
                check_all(&foreach.body, text, now, wrong);
                &foreach.rows
            }
        };
        if let Err(diagnostics) = binder::bind(command, &text.text, &around) {
            wrong.extend(diagnostics);
        }
    }
}

/// Every variable is known, and none has a value yet.
struct AnyVariable;

impl Scope for AnyVariable {
    fn lookup(&self, _: &str) -> Lookup<'_> {
        Lookup::Later
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}
