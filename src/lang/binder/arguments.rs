//! The items of a line, each to its argument or attribute.

use secrecy::SecretString;

use super::typed;
use super::{Binder, MAX_ERRORS};
use crate::lang::Span;
use crate::lang::args::{Comparison, Given, Value};
use crate::lang::ast::{self, Item};
use crate::lang::code;
use crate::lang::diagnostic::{Diagnostic, quoted};
use crate::lang::lexer::{Operator, is_name};
use crate::lang::lookalike;
use crate::lang::names::{LIMIT, Target, takes_pairs};
use crate::lang::spec::{Arg, Kind, fold_name};
use crate::lang::suggest::{did_you_mean, similar};
use crate::lang::value::Word;

impl Binder<'_> {
    /// `name op value`
    pub(super) fn named(&mut self, named: &ast::Named) {
        match self.names.target(&named.name.text) {
            Target::Arg(arg) => {
                self.mark_secret(arg, &named.value);
                if self.once(arg.name, &named.span)
                    && let Some(words) = self.resolve(&named.value)
                {
                    self.give(arg, &words, named);
                }
            }
            Target::Attribute { attribute, prefix } => {
                self.selecting.push(named.span.clone());
                if let Some(words) = self.resolve(&named.value)
                    && let Some(expr) = self.test(attribute, prefix, named.operator, &words, named)
                {
                    self.conditions.push(expr);
                }
            }
            Target::Limit => {
                self.selecting.push(named.span.clone());
                let equal = self.only_equal(named, LIMIT);
                if self.once(LIMIT, &named.span)
                    && equal
                    && let Some(words) = self.resolve(&named.value)
                {
                    self.set_limit(&words, &named.value.span);
                }
            }
            Target::Pair => {
                if self.only_equal(named, &named.name.text)
                    && let Some(words) = self.resolve(&named.value)
                {
                    self.pair(named.name.text.clone(), words, &named.span);
                }
            }
            Target::Unknown => {
                self.unknown_name(&named.name);
            }
        }
    }

    /// `-name`, `-name=value`, `-name value`. Whether the next item was taken as its value.
    pub(super) fn dash(
        &mut self,
        dash: &ast::Dash,
        next: Option<&ast::Value>,
        following: Option<&Item>,
    ) -> bool {
        let target = self.names.target(&dash.name.text);
        if let Target::Arg(arg) = target
            && matches!(arg.kind, Kind::Flag | Kind::FlagOrNumber)
        {
            match &dash.value {
                Some(value) => self.named(&as_named(dash, value)),
                None if self.once(arg.name, &dash.span) => {
                    let value = match arg.kind {
                        Kind::Flag => Value::Flag(true),
                        _ => Value::Yes(crate::lang::args::Yes::Any),
                    };
                    self.push(arg, value, &dash.span);
                }
                None => {}
            }
            return false;
        }
        if matches!(target, Target::Unknown) {
            self.unknown_name(&dash.name);
            // Most names take a value; one error is enough.
            return dash.value.is_none() && next.is_some();
        }
        if let Some(value) = dash.value.as_ref().or(next) {
            self.named(&as_named(dash, value));
            return dash.value.is_none();
        }
        if let Target::Arg(arg) = target {
            self.given.push((arg.name, dash.span.clone()));
        }
        let end = dash.span.end;
        let title = format!("'-{}' needs a value", dash.name.text);
        let mut diagnostic =
            Diagnostic::new(code::DANGLING, title, end..end, "a value must follow");
        if let Some(Item::Named(named)) = following {
            diagnostic = diagnostic.also(
                named.span.clone(),
                "this is an argument of its own; quote it to make it the value",
            );
        }
        self.report(diagnostic);
        false
    }

    /// A value without a name.
    pub(super) fn positional(&mut self, value: &ast::Value) {
        if let Some(diagnostic) = self.looks_like_a_name(value) {
            return self.report(diagnostic);
        }
        let free = self.spec.args.iter().find(|arg| {
            arg.positional
                && !takes_pairs(arg)
                && (!self.given.iter().any(|(name, _)| *name == arg.name)
                    || self
                        .listed
                        .iter()
                        .any(|(listed, ..)| listed.name == arg.name))
        });
        let Some(arg) = free else {
            return self.unexpected(value);
        };
        self.mark_secret(arg, value);
        if !arg.many {
            self.given.push((arg.name, value.span.clone()));
            if let Some(words) = self.resolve(value) {
                self.give_value(arg, &words, &value.span);
            }
            return;
        }
        if !self.given.iter().any(|(name, _)| *name == arg.name) {
            self.given.push((arg.name, value.span.clone()));
            self.listed.push((arg, Vec::new(), value.span.clone()));
        }
        if let Some(words) = self.resolve(value)
            && let Some((_, listed, span)) = self.listed.last_mut()
        {
            listed.extend(words);
            span.end = value.span.end;
        }
    }

    /// An argument with a relation and its words.
    fn give(&mut self, arg: &'static Arg, words: &[Word], named: &ast::Named) {
        if arg.kind == Kind::Comparison {
            if let Some(word) = self.single(arg.name, words, &named.value.span)
                && let Some(number) = self.accept(typed::number(word, i64::MIN, i64::MAX))
            {
                let operator = named.operator;
                let value = Value::Comparison(Comparison { operator, number });
                self.push(arg, value, &named.value.span);
            }
        } else if self.only_equal(named, arg.name) {
            self.give_value(arg, words, &named.value.span);
        }
    }

    fn give_value(&mut self, arg: &'static Arg, words: &[Word], span: &Span) {
        if arg.many {
            let texts = words.iter().map(Word::text).collect();
            return self.push(arg, Value::Texts(texts), span);
        }
        if arg.kind == Kind::Pattern {
            let patterns = words.iter().map(Word::pattern).collect();
            return self.push(arg, Value::Patterns(patterns), span);
        }
        let Some(word) = self.single(arg.name, words, span) else {
            return;
        };
        let value = match arg.kind {
            Kind::Flag => typed::flag(word).map(Value::Flag),
            Kind::FlagOrNumber => match typed::yes(word) {
                Ok(Some(yes)) => Ok(Value::Yes(yes)),
                Ok(None) => return,
                Err(diagnostic) => Err(diagnostic),
            },
            Kind::Number(min, max) => typed::number(word, min, max).map(Value::Number),
            Kind::Choice(set) => typed::choice(word, set).map(|name| Value::Text(name.to_owned())),
            Kind::When => typed::when(word, self.around.now).map(Value::When),
            Kind::InFile | Kind::OutFile if word.text().is_empty() => Err(Diagnostic::new(
                code::NAMELESS,
                format!("'{}' names no file", arg.name),
                span.clone(),
                "empty",
            )),
            Kind::Text if arg.secret => Ok(Value::Secret(SecretString::from(word.text()))),
            Kind::Text | Kind::InFile | Kind::OutFile => Ok(Value::Text(word.text())),
            // Without a name in front there is no relation; pairs never come here.
            Kind::Pattern | Kind::Comparison | Kind::Settings | Kind::Variables => {
                Err(Diagnostic::new(
                    code::UNEXPECTED,
                    format!("'{}' is written with a relation", arg.name),
                    span.clone(),
                    "",
                )
                .help(format!("such as {}>0", arg.name)))
            }
        };
        if let Some(value) = self.accept(value) {
            self.push(arg, value, span);
        }
    }

    fn push(&mut self, arg: &'static Arg, value: Value, span: &Span) {
        self.args.push(Given {
            name: arg.name,
            value,
            span: span.clone(),
        });
    }

    fn pair(&mut self, name: String, words: Vec<Word>, span: &Span) {
        let next = self.pairs.len();
        let first = *self.pair_names.entry(name.clone()).or_insert(next);
        if let Some((_, _, first)) = self.pairs.get(first) {
            let title = format!("'{name}' is given twice");
            let diagnostic = Diagnostic::new(code::TWICE, title, span.clone(), "the second time")
                .also(first.clone(), "the first time");
            return self.report(diagnostic);
        }
        self.pairs.push((name, words, span.clone()));
    }

    fn set_limit(&mut self, words: &[Word], span: &Span) {
        if let Some(word) = self.single(LIMIT, words, span)
            && let Some(limit) = self.accept(typed::number(word, 1, i64::MAX))
        {
            self.limit = u64::try_from(limit).ok();
        }
    }

    /// The only word of a value.
    fn single<'w>(&mut self, name: &str, words: &'w [Word], span: &Span) -> Option<&'w Word> {
        if let [word] = words {
            return Some(word);
        }
        let diagnostic = Diagnostic::new(
            code::LIST,
            format!("'{name}' takes one value, not a list"),
            span.clone(),
            "a list",
        )
        .help("a ',' within a text is quoted: \"a,b\"");
        self.report(diagnostic);
        None
    }

    fn only_equal(&mut self, named: &ast::Named, name: &str) -> bool {
        if named.operator == Operator::Equal {
            return true;
        }
        let diagnostic = Diagnostic::new(
            code::COMPARED,
            format!("'{name}' takes '='"),
            named.operator_span.clone(),
            "not a relation for an argument",
        )
        .help("other relations are for the attributes of a selection");
        self.report(diagnostic);
        false
    }

    /// Marks a secret's place, whether or not its value turns out to be right.
    fn mark_secret(&mut self, arg: &Arg, value: &ast::Value) {
        if arg.secret {
            self.secrets.push(value.span.clone());
        }
    }

    fn unknown_name(&mut self, name: &ast::Name) {
        let selects = self.names.selects();
        let folded = fold_name(&name.text);
        if !selects && (self.names.attribute(&folded).is_some() || folded == LIMIT) {
            let title = format!("'{}' takes no selection", self.spec.path);
            let label = format!("'{}' is an attribute of selections", name.text);
            let diagnostic = Diagnostic::new(code::SELECTION, title, name.span.clone(), label)
                .expected(self.names.short());
            return self.report(diagnostic);
        }
        let what = if selects { "attribute" } else { "argument" };
        let names = self.names.all();
        let near = if self.diagnostics.len() < MAX_ERRORS {
            similar(&name.text, names.iter().copied())
        } else {
            Vec::new()
        };
        let diagnostic = Diagnostic::new(
            code::UNKNOWN_NAME,
            format!("unknown {what} {}", quoted(&name.text)),
            name.span.clone(),
            format!("'{}' does not take it", self.spec.path),
        )
        .helps(did_you_mean(&near))
        .expected(self.names.short());
        self.report(diagnostic);
    }

    fn unexpected(&mut self, value: &ast::Value) {
        // The value of a name that was misspelled, most likely.
        if self
            .diagnostics
            .iter()
            .any(|found| found.code == code::UNKNOWN_NAME)
        {
            return;
        }
        if let Some((_, c, span)) = self.related(value) {
            return self.report(lookalike::error(c, span));
        }
        let written = self.text.get(value.span.clone()).unwrap_or_default();
        let mut diagnostic = Diagnostic::new(
            code::UNEXPECTED,
            format!("unexpected {}", quoted(written)),
            value.span.clone(),
            format!("'{}' takes no more values without a name", self.spec.path),
        );
        let word = value.bare().map(fold_name).unwrap_or_default();
        let args = self.spec.args.iter();
        let flag = args.clone().find(|arg| {
            matches!(arg.kind, Kind::Flag | Kind::FlagOrNumber) && fold_name(arg.name) == word
        });
        if let Some(flag) = flag {
            diagnostic = diagnostic.help(format!("write -{}", flag.name));
        } else if self.names.all().iter().any(|name| fold_name(name) == word) {
            diagnostic = diagnostic.help(format!("write {written}=…"));
        } else if self.names.selects() {
            diagnostic = diagnostic.help(format!(
                "to choose users, name the attribute: userid={written}"
            ));
        }
        self.report(diagnostic);
    }

    /// `userid≠anna`: the character, with its place, behind what is a name.
    fn related(&self, value: &ast::Value) -> Option<(&str, char, Span)> {
        let written = self.text.get(value.span.clone())?;
        let (at, c) = lookalike::sign(written)?;
        let name = written.get(..at).filter(|name| is_name(name))?;
        let start = value.span.start + at;
        Some((name, c, start..start + c.len_utf8()))
    }

    /// `--overwrite`, `userid≠anna`
    fn looks_like_a_name(&self, value: &ast::Value) -> Option<Diagnostic> {
        let is_known = |name: &str| !matches!(self.names.target(name), Target::Unknown);
        if let Some((_, c, span)) = self.related(value).filter(|(name, ..)| is_known(name)) {
            return Some(lookalike::error(c, span));
        }
        let name = value.bare()?.strip_prefix("--")?;
        let folded = fold_name(name);
        let known = self
            .names
            .all()
            .into_iter()
            .find(|known| fold_name(known) == folded)?;
        let diagnostic = Diagnostic::new(
            code::TWO_DASHES,
            "a name takes one dash",
            value.span.clone(),
            "two dashes",
        );
        Some(diagnostic.help(format!("write -{known}")))
    }
}

/// `-name value` as the `name=value` that it means.
fn as_named(dash: &ast::Dash, value: &ast::Value) -> ast::Named {
    ast::Named {
        name: dash.name.clone(),
        operator: Operator::Equal,
        operator_span: dash.name.span.end..dash.name.span.end,
        value: value.clone(),
        span: dash.span.start..value.span.end,
    }
}
