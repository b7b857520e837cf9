//! From a parsed line to a command that can be run, as the catalogue describes it.
//!
//! The binder finds the command's path, gives every item its argument or attribute, substitutes variables, and
//! checks each value against its kind, so that a command's arguments can be taken by their types. It goes on after an
//! error: a line's errors are reported together.

mod arguments;
mod condition;
pub(crate) mod path;
mod typed;
mod warn;

#[cfg(test)]
mod selection_tests;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::Span;
use super::args::{Args, Given, Value};
use super::ast::{self, Item, PieceKind};
use super::code;
use super::diagnostic::{Diagnostic, quoted};
use super::live::LiveNames;
use super::mask::{masked, rewrite};
use super::names::{Names, takes_pairs};
use super::selection::{ATTRIBUTES, Attribute, Expr, Selection};
use super::spec::{Arg, Catalogue, Command, Kind};
use super::suggest::{did_you_mean, similar};
use super::value::{Lookup, Scope, Variable, Word, push_escaped};
use crate::lang::lexer::TokenKind;

/// After so many errors of a line no suggestion is computed.
const MAX_ERRORS: usize = 20;

/// A command that can be run.
#[derive(Debug)]
pub struct Bound {
    pub spec: &'static Command,
    pub args: Args,
    /// What it is about, for a command that selects.
    pub selection: Selection,
    pub span: Span,
    /// The command as typed, on one line, with secret values masked: for audit, ledger and messages.
    pub masked: String,
    /// Notes about a line that is right.
    pub notes: Vec<Note>,
    /// What is allowed and hardly meant, with codes that begin with `W`.
    pub warnings: Vec<Diagnostic>,
    /// Whether something depends on a variable that gets its value later ([`Lookup::Later`]). Such a command is
    /// checked as far as it can be, and must not be run.
    pub deferred: bool,
}

/// A remark about a place of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub span: Span,
    /// The remark, without a full stop.
    pub text: String,
}

/// What surrounds a line that is bound.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The commands there are.
    pub catalogue: &'a Catalogue,
    /// The values of variables.
    pub scope: &'a dyn Scope,
    /// The one *now* that relative dates count from.
    pub now: jiff::Timestamp,
    /// What exists in the vault.
    pub live: &'a dyn LiveNames,
}

/// Binds `line`, a command of the script `text`.
///
/// # Errors
/// Everything that is wrong with it, at least one diagnostic, in the order of the line.
pub fn bind(
    line: &ast::Command,
    text: &str,
    around: &Around<'_>,
) -> Result<Bound, Vec<Diagnostic>> {
    bind_with(line, text, around, ATTRIBUTES)
}

fn bind_with(
    line: &ast::Command,
    text: &str,
    around: &Around<'_>,
    attributes: &'static [Attribute],
) -> Result<Bound, Vec<Diagnostic>> {
    let words = path::leading_words(line);
    let Some((spec, length)) = path::find(&words, around.catalogue) else {
        return Err(vec![path::unknown(line, &words, around.catalogue)]);
    };
    let mut binder = Binder {
        around: *around,
        text,
        spec,
        names: Names { spec, attributes },
        args: Args::default(),
        given: Vec::new(),
        listed: Vec::new(),
        pairs: Vec::new(),
        pair_names: HashMap::new(),
        conditions: Vec::new(),
        limit: None,
        selecting: Vec::new(),
        secrets: Vec::new(),
        notes: Vec::new(),
        warnings: Vec::new(),
        deferred: false,
        diagnostics: Vec::new(),
    };
    binder.items(line.items.get(length..).unwrap_or_default());
    let end = line
        .items
        .get(length.saturating_sub(1))
        .map_or(line.span.end, |item| item.span().end);
    binder.finish(line, line.span.start..end)
}

/// A line that is half bound.
struct Binder<'a> {
    around: Around<'a>,
    text: &'a str,
    spec: &'static Command,
    names: Names,
    args: Args,
    /// Names that were given once, with their places.
    given: Vec<(&'static str, Span)>,
    /// The words of positional arguments that take many.
    listed: Vec<(&'static Arg, Vec<Word>, Span)>,
    /// `name=value` of the command's own choosing.
    pairs: Vec<(String, Vec<Word>, Span)>,
    /// Which of the pairs has a name.
    pair_names: HashMap<String, usize>,
    conditions: Vec<Expr>,
    limit: Option<u64>,
    /// Where the selection is written.
    selecting: Vec<Span>,
    secrets: Vec<Span>,
    notes: Vec<Note>,
    warnings: Vec<Diagnostic>,
    deferred: bool,
    diagnostics: Vec<Diagnostic>,
}

impl Binder<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The value, or the report of what is wrong.
    fn accept<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|diagnostic| self.report(diagnostic)).ok()
    }

    fn items(&mut self, items: &[Item]) {
        let mut at = 0;
        while let Some(item) = items.get(at) {
            at += 1;
            match item {
                Item::Value(value) => self.positional(value),
                Item::Named(named) => self.named(named),
                Item::Where(item) => self.where_item(item),
                Item::Dash(dash) => {
                    let next = match items.get(at) {
                        Some(Item::Value(value)) => Some(value),
                        _ => None,
                    };
                    if self.dash(dash, next, items.get(at)) {
                        at += 1;
                    }
                }
            }
        }
    }

    /// The words of a value; `None` if something is wrong (and reported) or not known yet (and noted).
    fn resolve(&mut self, value: &ast::Value) -> Option<Vec<Word>> {
        let mut words = Vec::new();
        let mut complete = true;
        for element in &value.elements {
            if let [piece] = &*element.pieces
                && let PieceKind::Variable {
                    name,
                    quoted: false,
                } = &piece.kind
            {
                match self.variable(name, &piece.span) {
                    Some(variable) => words.extend(variable.words(&element.span)),
                    None => complete = false,
                }
                continue;
            }
            match self.element(element) {
                Some(word) => words.push(word),
                None => complete = false,
            }
        }
        complete.then_some(words)
    }

    fn element(&mut self, element: &ast::Element) -> Option<Word> {
        let mut word = Word::empty(element.span.clone());
        let mut complete = true;
        for piece in &element.pieces {
            match &piece.kind {
                PieceKind::Bare(text) => word.push(text, false),
                PieceKind::Quoted(text) => word.push(text, true),
                PieceKind::Variable { name, .. } => match self.variable_text(name, &piece.span) {
                    Some(text) => word.push(&text, true),
                    None => complete = false,
                },
            }
        }
        complete.then_some(word)
    }

    fn variable(&mut self, name: &str, span: &Span) -> Option<Variable> {
        match self.around.scope.lookup(name) {
            Lookup::Value(variable) => return Some(variable.clone()),
            Lookup::Later => self.deferred = true,
            Lookup::Unknown => {
                let known = self.around.scope.names();
                let near = similar(name, known.iter().map(String::as_str));
                let title = format!("unknown variable {}", quoted(name));
                let diagnostic =
                    Diagnostic::new(code::VARIABLE, title, span.clone(), "has no value")
                        .helps(did_you_mean(&near))
                        .help("to mean the character '$', put it in single quotes");
                self.report(diagnostic);
            }
        }
        None
    }

    /// The text of a variable within a word.
    fn variable_text(&mut self, name: &str, span: &Span) -> Option<String> {
        let variable = self.variable(name, span)?;
        let text = variable.text();
        if text.is_none() {
            let title = format!("'${name}' is not a single text");
            let diagnostic = Diagnostic::new(
                code::NOT_SINGLE,
                title,
                span.clone(),
                "within a word",
            )
            .help(
                "a list or a wildcard can be substituted only as a whole value, such as group=$x",
            );
            self.report(diagnostic);
        }
        text
    }

    /// Notes that an argument was given; reports it when it already was.
    fn once(&mut self, name: &'static str, span: &Span) -> bool {
        if let Some((_, first)) = self.given.iter().find(|(given, _)| *given == name) {
            let diagnostic = Diagnostic::new(
                code::TWICE,
                format!("'{name}' is given twice"),
                span.clone(),
                "the second time",
            )
            .also(first.clone(), "the first time");
            self.report(diagnostic);
            return false;
        }
        self.given.push((name, span.clone()));
        true
    }

    fn finish(mut self, line: &ast::Command, path: Span) -> Result<Bound, Vec<Diagnostic>> {
        self.hand_over();
        self.missing(&path);
        if !self.diagnostics.is_empty() {
            self.diagnostics.sort_by_key(|found| found.span().start);
            return Err(self.diagnostics);
        }
        let warning = warn::never(&self.conditions);
        self.warnings.extend(warning);
        self.warnings.sort_by_key(|found| found.span().start);
        let selection = self.selection();
        self.secrets.sort_by_key(|span| span.start);
        Ok(Bound {
            spec: self.spec,
            args: self.args,
            selection,
            span: line.span.clone(),
            masked: masked(self.text, &line.span, &self.secrets),
            notes: self.notes,
            warnings: self.warnings,
            deferred: self.deferred,
        })
    }

    /// The arguments that were collected from several items.
    fn hand_over(&mut self) {
        for (arg, words, span) in std::mem::take(&mut self.listed) {
            let texts = words.iter().map(Word::text).collect();
            self.args.push(Given {
                name: arg.name,
                value: Value::Texts(texts),
                span,
            });
        }
        let pairs = std::mem::take(&mut self.pairs);
        let (Some((_, _, first)), Some((_, _, last))) = (pairs.first(), pairs.last()) else {
            return;
        };
        let span = first.start..last.end;
        let mut args = self.spec.args.iter();
        let taker = args.find(|arg| takes_pairs(arg));
        let Some(arg) = taker else {
            return;
        };
        self.given.push((arg.name, span.clone()));
        let value = if arg.kind == Kind::Variables {
            let pairs = pairs.into_iter();
            Value::Variables(
                pairs
                    .map(|(name, words, _)| (name, Variable::of(words)))
                    .collect(),
            )
        } else {
            let text = |words: Vec<Word>| {
                let texts: Vec<_> = words.iter().map(Word::text).collect();
                texts.join(",")
            };
            let pairs = pairs.into_iter();
            Value::Settings(pairs.map(|(name, words, _)| (name, text(words))).collect())
        };
        self.args.push(Given {
            name: arg.name,
            value,
            span,
        });
    }

    /// Reports the arguments that the command needs and did not get.
    fn missing(&mut self, path: &Span) {
        // After a misspelled name one of them may well be there.
        if self
            .diagnostics
            .iter()
            .any(|found| found.code == code::UNKNOWN_NAME)
        {
            return;
        }
        let is_given = |wanted: &str| self.given.iter().any(|(name, _)| *name == wanted);
        let is_needed =
            |arg: &Arg| arg.required || arg.unless.is_some_and(|other| !is_given(other));
        let args = self.spec.args;
        let missing: Vec<&Arg> = args
            .iter()
            .filter(|arg| is_needed(arg) && !is_given(arg.name))
            .collect();
        if missing.is_empty() {
            return;
        }
        let other = |arg: &Arg| args.iter().find(|other| Some(other.name) == arg.unless);
        let names: Vec<String> = missing
            .iter()
            .map(|arg| match (super::help::placeholder(arg), other(arg)) {
                (name, Some(other)) => format!("{name} or {}", super::help::placeholder(other)),
                (name, None) => name,
            })
            .collect();
        let title = format!("'{}' needs {}", self.spec.path, names.join(" and "));
        let mut diagnostic = Diagnostic::new(code::REQUIRED, title, path.clone(), "missing here");
        for arg in missing {
            diagnostic = diagnostic.help(format!("{}: {}", arg.name, arg.summary));
        }
        self.report(diagnostic);
    }

    fn selection(&mut self) -> Selection {
        let mut conditions = std::mem::take(&mut self.conditions);
        let expr = match conditions.len() {
            0 | 1 => conditions.pop(),
            _ => Some(Expr::All(conditions)),
        };
        let parts: Vec<String> = self
            .selecting
            .iter()
            .map(|span| self.substituted(span))
            .collect();
        Selection {
            expr,
            limit: self.limit,
            text: parts.join(" "),
        }
    }

    /// A stretch of the line with the values of its variables written out.
    fn substituted(&self, span: &Span) -> String {
        let mut within = false;
        rewrite(self.text, span, |token, written| {
            match token.kind {
                TokenKind::Quote(_) => within = true,
                TokenKind::EndQuote(_) => within = false,
                TokenKind::Variable => {
                    let name = super::lexer::variable_name(written);
                    let Lookup::Value(variable) = self.around.scope.lookup(name) else {
                        return None;
                    };
                    return Some(if within {
                        let mut escaped = String::new();
                        push_escaped(&mut escaped, &variable.text()?);
                        escaped
                    } else {
                        variable.written()
                    });
                }
                _ => {}
            }
            None
        })
    }
}
