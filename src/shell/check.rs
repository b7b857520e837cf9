//! Everything that is wrong with a text before any of it runs (igsh-script(5), SCRIPTS).
//!
//! What a variable holds is often not known yet, so a check asks only whether it will have a value by then: given
//! with the script, by `let` in an earlier line, or by a loop around.

use std::collections::BTreeSet;

use super::builtin::LET;
use super::{Text, catalogue};
use crate::command::shared::COLUMNS;
use crate::lang::ast::{Command, Foreach, Item, Script, Statement};
use crate::lang::binder::{self, Around, Bound};
use crate::lang::code;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::grammar::{self, Failed};
use crate::lang::live::NoLiveNames;
use crate::lang::value::{Lookup, Scope, Variables};

/// So many errors of a text are shown, and so many warnings; the others are counted.
const MOST: usize = 20;

/// A text that was read, with what there is to say about it.
#[derive(Debug)]
pub struct Checked {
    /// Its statements; those that are right, where some are not.
    pub script: Script,
    /// What is wrong with it. It may run only where nothing is.
    pub errors: Found,
    /// What is hardly meant.
    pub warnings: Found,
}

/// The first errors or warnings of a text, in its order, and the number of those that follow.
#[derive(Debug, Default)]
pub struct Found {
    /// At most 20.
    pub first: Vec<Diagnostic>,
    /// So many more.
    pub more: usize,
}

impl Found {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// What was found in one pass.
    pub(super) fn of(diagnostics: Vec<Diagnostic>) -> Self {
        let mut found = Self::default();
        found.add(diagnostics);
        found
    }

    fn add(&mut self, diagnostics: Vec<Diagnostic>) {
        let room = MOST.saturating_sub(self.first.len());
        self.more += diagnostics.len().saturating_sub(room);
        self.first.extend(diagnostics.into_iter().take(room));
    }

    /// These and those of another pass over the same text.
    fn merged(mut self, other: Self) -> Self {
        self.first.extend(other.first);
        self.first.sort_by_key(|diagnostic| diagnostic.span().start);
        self.more += other.more + self.first.len().saturating_sub(MOST);
        self.first.truncate(MOST);
        self
    }
}

/// Reads a text and binds every command of it. `known` holds the variables that it begins with; without it, as when a
/// script is only checked, any name may have been given.
pub fn check(text: &Text, known: Option<&Variables>, now: jiff::Timestamp) -> Checked {
    check_parsed(grammar::parse(&text.text), text, known, now)
}

/// The same for a text that was read.
pub(super) fn check_parsed(
    parsed: Result<Script, Failed>,
    text: &Text,
    known: Option<&Variables>,
    now: jiff::Timestamp,
) -> Checked {
    let (script, unread) = match parsed {
        Ok(script) => (script, Found::default()),
        Err(failed) => (
            failed.script,
            Found {
                first: failed.diagnostics,
                more: failed.more,
            },
        ),
    };
    let mut check = Check {
        text,
        now,
        ahead: Ahead {
            known,
            later: BTreeSet::new(),
        },
        errors: Found::default(),
        warnings: Found::default(),
    };
    check.script(&script);
    Checked {
        script,
        errors: unread.merged(check.errors),
        warnings: check.warnings,
    }
}

/// Whether a command yields rows that a loop can run over; what is wrong where it does not.
pub fn yields_rows(bound: &Bound) -> Result<(), Box<Diagnostic>> {
    if bound
        .spec
        .args
        .iter()
        .any(|arg| arg.name == COLUMNS.arg.name)
    {
        return Ok(());
    }
    let title = format!(
        "'{}' lists nothing that a loop could run over",
        bound.spec.path
    );
    let label = "not a list";
    Err(Box::new(
        Diagnostic::new(code::ROWLESS, title, bound.span.clone(), label)
            .help("foreach takes a command that lists, such as 'group list' or 'user list'"),
    ))
}

struct Check<'a> {
    text: &'a Text,
    now: jiff::Timestamp,
    ahead: Ahead<'a>,
    errors: Found,
    warnings: Found,
}

impl Check<'_> {
    fn script(&mut self, script: &Script) {
        for statement in &script.statements {
            match statement {
                Statement::Command(command) => {
                    self.command(command);
                }
                Statement::Foreach(foreach) => self.foreach(foreach),
            }
        }
    }

    fn command(&mut self, command: &Command) -> Option<Bound> {
        let around = Around {
            catalogue: &catalogue(),
            scope: &self.ahead,
            now: self.now,
            live: &NoLiveNames,
        };
        match binder::bind(command, &self.text.text, &around) {
            Ok(mut bound) => {
                self.warnings.add(std::mem::take(&mut bound.warnings));
                if bound.spec.path == LET.spec.path {
                    // Also those whose values are not known yet.
                    let names = command.items.iter().filter_map(|item| match item {
                        Item::Named(named) => Some(&named.name),
                        Item::Dash(dash) => Some(&dash.name),
                        _ => None,
                    });
                    self.ahead.later.extend(names.map(|name| name.text.clone()));
                }
                Some(bound)
            }
            Err(diagnostics) => {
                self.errors.add(diagnostics);
                None
            }
        }
    }

    fn foreach(&mut self, foreach: &Foreach) {
        if let Some(bound) = self.command(&foreach.rows)
            && let Err(diagnostic) = yields_rows(&bound)
        {
            self.errors.add(vec![*diagnostic]);
        }
        let name = &foreach.variable.text;
        let is_new = self.ahead.later.insert(name.clone());
        self.script(&foreach.body);
        if is_new {
            self.ahead.later.remove(name);
        }
    }
}

/// The variables there will be.
struct Ahead<'a> {
    known: Option<&'a Variables>,
    later: BTreeSet<String>,
}

impl Scope for Ahead<'_> {
    fn lookup(&self, name: &str) -> Lookup<'_> {
        // `${user.group}`: another column of the row that a loop stands at.
        let row = name.split_once('.').map_or(name, |(row, _)| row);
        if self.later.contains(name) || self.later.contains(row) {
            return Lookup::Later;
        }
        self.known.map_or(Lookup::Later, |known| known.lookup(name))
    }

    fn names(&self) -> Vec<String> {
        let known = self.known.into_iter().flat_map(Variables::keys);
        known.chain(&self.later).cloned().collect()
    }
}
