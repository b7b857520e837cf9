//! From text to commands that have run: one-shot lines, standard input, script files.

use std::path::Path;

use super::check::{Found, check, check_parsed};
use super::names::Names;
use super::script::{self, Text};
use super::{Shell, catalogue};
use crate::command::{Exit, Failure};
use crate::files::Interruptible;
use crate::lang::Span;
use crate::lang::ast::{self, Script, Statement};
use crate::lang::binder::{self, Around, Bound, path};
use crate::lang::code;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::grammar::{self, Failed};
use crate::lang::lexer::{TokenKind, lex};
use crate::lang::value::Variables;
use crate::render::counted;
use crate::store::audit::Source;

/// How deep scripts may run each other.
const DEPTH: usize = 16;

impl Shell {
    /// Runs the lines of `-c`, one after the other, in one session.
    pub fn run_lines(&mut self, lines: &[String]) -> Exit {
        let mut worst = Exit::Ok;
        for line in lines {
            let exit = self.run_text(Text::argument(line));
            worst = self.after(worst, exit);
            if self.ends(exit) {
                return if exit == Exit::Ok { worst } else { exit };
            }
        }
        worst
    }

    /// Runs standard input as a script.
    pub fn run_input(&mut self) -> Result<Exit, Failure> {
        let name = Path::new("standard input");
        let mut input = Interruptible::new(rustix::stdio::stdin(), self.cancel.clone());
        let text = script::from(&mut input, name, |error| match self.cancel.check() {
            Err(cancelled) => cancelled.into(),
            Ok(()) => Failure::file("read", name, &error),
        })?;
        self.run_script(text, Variables::new())
    }

    /// Runs a script file with variables, `name=value` each.
    pub fn run_file(&mut self, path: &Path, variables: &[String]) -> Result<Exit, Failure> {
        let variables = script::variables(variables)?;
        let text = script::read(path, self.desk.session.is_some())?;
        self.run_script(text, variables)
    }

    /// Reads and binds a script and runs nothing (`igsh check`). All its errors and warnings are reported together.
    pub fn check(&mut self, path: &Path) -> Result<Exit, Failure> {
        let text = script::read(path, false)?;
        let checked = check(&text, None, self.ambient.clock.now());
        self.warn(checked.warnings, &text);
        Ok(if checked.errors.is_empty() {
            Exit::Ok
        } else {
            self.report(checked.errors, &text)
        })
    }

    /// Runs a script with variables of its own: all of it is read and bound before its first command runs.
    pub fn run_script(&mut self, text: Text, variables: Variables) -> Result<Exit, Failure> {
        let name = text.name.clone().unwrap_or_default();
        if self.scripts.len() >= DEPTH || self.scripts.iter().any(|outer| outer.is(&name)) {
            return Err(Failure::new(
                Exit::Failed,
                code::FORBIDDEN,
                format!("{name} runs itself, directly or through other scripts"),
            )
            .hint("scripts may run each other 16 deep, and none that is still running"));
        }
        let checked = check(&text, Some(&variables), self.ambient.clock.now());
        self.scripts.push(text.clone());
        self.scopes.push(variables);
        let exit = if checked.errors.is_empty() {
            self.warn(checked.warnings, &text);
            self.run_statements(&checked.script, &text)
        } else {
            self.report(checked.errors, &text)
        };
        self.scopes.pop();
        self.scripts.pop();
        Ok(exit)
    }

    /// Runs a line with the variables of the session; shows what fails.
    pub fn run_text(&mut self, text: Text) -> Exit {
        self.run_parsed(grammar::parse(&text.text), text)
    }

    /// The same for a line that was read. Where it is a single command, nothing is known of it later that is not known
    /// now: it is bound once, as it runs.
    pub(super) fn run_parsed(&mut self, parsed: Result<Script, Failed>, text: Text) -> Exit {
        if let Ok(script) = &parsed
            && let [Statement::Command(command)] = script.statements.as_slice()
        {
            return self.run_single(command, text);
        }
        let checked = check_parsed(parsed, &text, self.scopes.last(), self.ambient.clock.now());
        if !checked.errors.is_empty() {
            return self.report(checked.errors, &text);
        }
        self.warn(checked.warnings, &text);
        self.run_statements(&checked.script, &text)
    }

    fn run_single(&mut self, command: &ast::Command, mut text: Text) -> Exit {
        text.at = command.span.start;
        let mut bound = match self.bind(command, &text) {
            Ok(bound) => bound,
            Err(diagnostics) => return self.report(Found::of(diagnostics), &text),
        };
        self.warn(Found::of(std::mem::take(&mut bound.warnings)), &text);
        let done = self.run_bound(bound, &text);
        let exit = done.unwrap_or_else(|failure| self.fail(&failure, &text));
        if self.ends(exit) {
            return exit;
        }
        self.after(Exit::Ok, exit)
    }

    pub(super) fn run_statements(&mut self, script: &Script, text: &Text) -> Exit {
        let mut text = text.clone();
        let mut worst = Exit::Ok;
        for statement in &script.statements {
            text.at = statement.span().start;
            if let Some(running) = self.scripts.last_mut().filter(|_| text.name.is_some()) {
                running.at = text.at;
            }
            let done = match statement {
                Statement::Command(command) => self.run_command_line(command, &text),
                Statement::Foreach(foreach) => self.run_loop(foreach, &text),
            };
            let exit = done.unwrap_or_else(|failure| self.fail(&failure, &text));
            worst = self.after(worst, exit);
            if self.ends(exit) {
                return if exit == Exit::Ok { worst } else { exit };
            }
        }
        worst
    }

    fn run_command_line(&mut self, command: &ast::Command, text: &Text) -> Result<Exit, Failure> {
        self.cancel.check()?;
        match self.bind(command, text) {
            Ok(bound) => self.run_bound(bound, text),
            Err(diagnostics) => {
                self.stop_at_gate(text, &command.span);
                Ok(self.report_at_run(diagnostics, text))
            }
        }
    }

    fn run_bound(&mut self, bound: Bound, text: &Text) -> Result<Exit, Failure> {
        self.cancel.check()?;
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
        self.echo(text, || bound.masked.clone());
        self.execute(bound)
    }

    /// Shows a command of a script before it runs, where that was asked for; `masked` holds no secret.
    pub(super) fn echo(&self, text: &Text, masked: impl FnOnce() -> String) {
        if self.options.echo && text.name.is_some() {
            self.ui.notice(&format!("+ {}", masked()));
        }
    }
}

impl Shell {
    /// Shows what is wrong with a text; nothing of it runs.
    fn report(&self, found: Found, text: &Text) -> Exit {
        self.stop_at_gate(text, &(0..text.text.len()));
        let shown = found.first.len();
        let exit = self.report_at_run(found.first, text);
        self.and_more(shown, found.more, "error");
        exit
    }

    /// Shows what was found to be wrong with a command when its turn came.
    pub(super) fn report_at_run(&self, diagnostics: Vec<Diagnostic>, text: &Text) -> Exit {
        for diagnostic in diagnostics {
            self.fail(&diagnostic.into(), text);
        }
        Exit::Usage
    }

    /// Shows the warnings about a text; it runs all the same.
    fn warn(&self, found: Found, text: &Text) {
        let shown = found.first.len();
        for diagnostic in found.first {
            self.show(&diagnostic.into(), text);
        }
        self.and_more(shown, found.more, "warning");
    }

    fn and_more(&self, shown: usize, more: usize, noun: &str) {
        if more > 0 {
            let (shown, more) = (shown as u64, counted(more as u64, &format!("more {noun}")));
            self.ui
                .notice(&format!("the first {shown} are shown, and {more}"));
        }
    }

    /// Ends what runs where a stretch of a text does not run that holds a gate: one that is not looked at is not passed.
    pub(super) fn stop_at_gate(&self, text: &Text, span: &Span) {
        if holds_gate(text.text.get(span.clone()).unwrap_or_default()) {
            self.stopped.set(true);
        }
    }

    /// The exit status so far. Under `--keep-going` any failure makes it "some failed", but for a gate that was not
    /// passed.
    pub(super) fn after(&self, worst: Exit, exit: Exit) -> Exit {
        match exit {
            Exit::Ok => worst,
            _ if self.options.keep_going && !self.stopped.get() => Exit::Partial,
            _ => exit,
        }
    }

    /// Whether a run ends here: the user left, something failed, or was interrupted.
    pub(super) fn ends(&self, exit: Exit) -> bool {
        let went_on = matches!(exit, Exit::Ok | Exit::Partial) || self.options.keep_going;
        self.leaving || self.stopped.get() || exit == Exit::Interrupted || !went_on
    }

    /// The variables of the script that runs, or of the session.
    pub(super) fn scope(&mut self) -> &mut Variables {
        if self.scopes.is_empty() {
            self.scopes.push(Variables::new());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    /// Binds a command, with what is known now of variables and of the vault.
    pub(super) fn bind(
        &mut self,
        command: &ast::Command,
        text: &Text,
    ) -> Result<Bound, Vec<Diagnostic>> {
        let nothing = Variables::new();
        let names = Names::of(&self.desk);
        let around = Around {
            catalogue: &catalogue(),
            scope: self.scopes.last().unwrap_or(&nothing),
            now: self.ambient.clock.now(),
            live: &names,
        };
        binder::bind(command, &text.text, &around)
    }
}

/// Whether some command of a text, right or wrong, is a gate.
fn holds_gate(text: &str) -> bool {
    let mut begins = true;
    lex(text).into_iter().any(|token| {
        let at_begin = match token.kind {
            TokenKind::Blank | TokenKind::Comment => return false,
            TokenKind::Newline | TokenKind::Semicolon | TokenKind::OpenBrace => {
                begins = true;
                return false;
            }
            TokenKind::Word => std::mem::take(&mut begins),
            _ => {
                begins = false;
                false
            }
        };
        let word = text.get(token.span).unwrap_or_default();
        at_begin && path::find(&[word], &catalogue()).is_some_and(|(command, _)| command.gate)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_found_wherever_a_command_begins_and_nowhere_else() {
        let gates = [
            "assert count=1",
            "  Assert count> 1",
            "echo a; confirm \"x\"",
            "# c\nassert",
            "foreach u in (user list) {\n  assert count=1\n}",
            "foreach u in (user list) { confirm x }",
        ];
        for text in gates {
            assert!(holds_gate(text), "{text}");
        }
        for text in [
            "",
            "# assert",
            "echo assert",
            "echo 'a\nassert b'",
            "help confirm",
            "\"assert\" x",
        ] {
            assert!(!holds_gate(text), "{text}");
        }
    }
}
