//! Values after substitution, and the variables that they may name.
//!
//! A value keeps which of its characters stood in quotes: a wildcard, a `/` in a user id, an `@` count only outside.
//! A variable holds such a value, so that its text is never read a second time (igsh-script(5), Words).

use crate::model::Pattern;
use std::collections::BTreeMap;
use std::fmt;

use super::Span;
use super::ast::{self, PieceKind};
use super::grammar::{self, Failed};
use super::lookalike::meant;
use crate::model::{Sight, Sign, sight};

/// An element of a value, nothing left to substitute.
#[derive(Clone, PartialEq, Eq)]
pub struct Word {
    parts: Vec<Part>,
    /// Where it stands in the command, also when its text comes from a variable.
    pub span: Span,
}

/// Characters of a word that are all quoted or all bare.
#[derive(Clone, PartialEq, Eq)]
struct Part {
    text: String,
    quoted: bool,
}

/// What a variable holds: a list of one or more words. Opaque to `Debug`, since it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable(Vec<Word>);

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variable(…)")
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Word({:?})", self.span)
    }
}

/// Gives variables their values.
pub trait Scope {
    /// What a name stands for.
    fn lookup(&self, name: &str) -> Lookup<'_>;
    /// The names that are known, for "did you mean".
    fn names(&self) -> Vec<String>;
}

/// What a variable's name stands for.
#[derive(Debug, Clone, Copy)]
pub enum Lookup<'a> {
    Value(&'a Variable),
    /// A value that is not known before the script runs; what depends on it is checked then.
    Later,
    /// Nothing.
    Unknown,
}

/// The variables of a script: known ones, and with `None` those that get a value later.
pub type Variables = BTreeMap<String, Option<Variable>>;

impl Scope for Variables {
    fn lookup(&self, name: &str) -> Lookup<'_> {
        match self.get(name) {
            Some(Some(variable)) => Lookup::Value(variable),
            Some(None) => Lookup::Later,
            None => Lookup::Unknown,
        }
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

impl Variable {
    /// A text in which nothing has a meaning of its own: a row of a loop.
    pub fn literal(text: impl Into<String>) -> Self {
        Self(vec![Word::quoted(text.into(), 0..0)])
    }

    /// A value as it is written in a command, without variables: what follows `name=` on the command line.
    ///
    /// # Errors
    /// What is wrong with it, in terms of `text`.
    pub fn parse(text: &str) -> Result<Self, Failed> {
        let value = grammar::parse_value(text)?;
        Ok(Self(resolve_literal(&value)))
    }

    /// A list that the binder has resolved.
    pub(super) fn of(words: Vec<Word>) -> Self {
        Self(words)
    }

    /// The words, placed where the variable is used.
    pub(super) fn words(&self, at: &Span) -> Vec<Word> {
        let words = self.0.iter().cloned();
        words
            .map(|word| Word {
                span: at.clone(),
                ..word
            })
            .collect()
    }

    /// The text, if it is one without wildcards that count.
    pub fn text(&self) -> Option<String> {
        match self.0.as_slice() {
            [word] if word.pattern().literal().is_some() => Some(word.text()),
            _ => None,
        }
    }

    /// As it would be written.
    pub fn written(&self) -> String {
        let words: Vec<_> = self.0.iter().map(Word::written).collect();
        words.join(",")
    }
}

/// The words of a value that names no variable.
fn resolve_literal(value: &ast::Value) -> Vec<Word> {
    let elements = value.elements.iter();
    elements
        .map(|element| {
            let mut word = Word::empty(element.span.clone());
            for piece in &element.pieces {
                match &piece.kind {
                    PieceKind::Bare(text) => word.push(text, false),
                    PieceKind::Quoted(text) => word.push(text, true),
                    PieceKind::Variable { .. } => {}
                }
            }
            word
        })
        .collect()
}

impl Word {
    pub(super) fn empty(span: Span) -> Self {
        let parts = Vec::new();
        Self { parts, span }
    }

    fn quoted(text: String, span: Span) -> Self {
        let quoted = true;
        let parts = vec![Part { text, quoted }];
        Self { parts, span }
    }

    pub(super) fn push(&mut self, text: &str, quoted: bool) {
        let text = text.to_owned();
        self.parts.push(Part { text, quoted });
    }

    pub fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }

    /// Whether none of it stood in quotes.
    pub fn is_bare(&self) -> bool {
        self.parts.iter().all(|part| !part.quoted)
    }

    /// Whether it is a lone `*`: present at all.
    pub fn is_star(&self) -> bool {
        self.is_bare() && self.text().bytes().all(|b| b == b'*') && !self.text().is_empty()
    }

    /// Its text, where the wildcards outside quotes count.
    pub fn pattern(&self) -> Pattern {
        self.chars()
            .map(|(c, quoted)| if quoted { Sign::Char(c) } else { Sign::of(c) })
            .collect()
    }

    fn chars(&self) -> impl Iterator<Item = (char, bool)> + '_ {
        let parts = self.parts.iter();
        parts.flat_map(|part| part.text.chars().map(|c| (c, part.quoted)))
    }

    /// The first character outside quotes that is `wanted`.
    pub fn find_bare(&self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let found = self.chars().find(|(c, quoted)| !quoted && wanted(*c));
        found.map(|(c, _)| c)
    }

    /// What stands before and after the first `sign` outside quotes.
    pub fn split_once(&self, sign: char) -> Option<(Self, Self)> {
        let at = self
            .parts
            .iter()
            .position(|part| !part.quoted && part.text.contains(sign))?;
        let part = self.parts.get(at)?;
        let (left, right) = part.text.split_once(sign)?;
        let mut before = Self {
            parts: self.parts.get(..at)?.to_vec(),
            span: self.span.clone(),
        };
        let mut after = Self::empty(self.span.clone());
        before.push(left, false);
        after.push(right, false);
        after.parts.extend_from_slice(self.parts.get(at + 1..)?);
        Some((before, after))
    }

    /// What follows a `sign` at its beginning, outside quotes.
    pub fn after(&self, sign: char) -> Option<String> {
        let (before, after) = self.split_once(sign)?;
        before.text().is_empty().then(|| after.text())
    }

    /// As it would be written: quoted where needed, and only there.
    pub fn written(&self) -> String {
        let mut out = String::new();
        for (at, part) in self.parts.iter().enumerate() {
            let signs = ['*', '?', '/', '@', '#'];
            let needed = part.text.is_empty()
                || part.text.contains(signs)
                || at == 0 && part.text.starts_with('-')
                || !part.text.chars().all(super::lexer::is_bare)
                || part
                    .text
                    .contains(|c| meant(c).is_some() || sight(c) == Sight::Harmful);
            if !part.quoted || !needed {
                out.push_str(&part.text);
            } else {
                out.push('"');
                push_escaped(&mut out, &part.text);
                out.push('"');
            }
        }
        if out.is_empty() {
            out.push_str("\"\"");
        }
        out
    }
}

/// `text` as it is written between double quotes.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '"' | '\\' | '$' => out.extend(['\\', c]),
            c if sight(c) == Sight::Harmful => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Piece;
    use proptest::prelude::*;

    fn word(text: &str) -> Word {
        Variable::parse(text).unwrap().0.remove(0)
    }

    #[test]
    fn wildcards_count_outside_quotes_only() {
        let any = |text: &str| word(text).pattern();
        assert_eq!(
            any("a*?b").0,
            [
                Piece::Literal("a".into()),
                Piece::Any,
                Piece::One,
                Piece::Literal("b".into())
            ]
        );
        assert_eq!(any("\"a*\"").literal(), Some("a*"));
        assert_eq!(any("'a'b\"?\"").literal(), Some("ab?"));
        assert_eq!(any("a**b").0.len(), 3);
        assert_eq!(any("[a]").literal(), Some("[a]"));
        assert_eq!(any("''").literal(), Some(""));
        assert!(word("*").is_star() && !word("'*'").is_star() && !word("a*").is_star());
    }

    #[test]
    fn signs_split_outside_quotes_only() {
        let split = |text: &str| {
            let pair = word(text).split_once('/');
            pair.map(|(a, b)| (a.text(), b.text()))
        };
        assert_eq!(split("g/u/v"), Some(("g".into(), "u/v".into())));
        assert_eq!(split("'a/b'/c"), Some(("a/b".into(), "c".into())));
        assert_eq!(split("'a/b'"), None);
        assert_eq!(word("@f").after('@'), Some("f".into()));
        assert_eq!(word("@'my file'").after('@'), Some("my file".into()));
        assert_eq!(word("'@f'").after('@'), None);
        assert_eq!(word("a@f").after('@'), None);
    }

    #[test]
    fn a_variable_holds_a_parsed_value() {
        let list = Variable::parse("a,'b c'").unwrap();
        assert_eq!(list.words(&(3..5)).len(), 2);
        assert_eq!(list.text(), None);
        assert_eq!(Variable::parse("a*").unwrap().text(), None);
        assert_eq!(Variable::literal("a*").text().as_deref(), Some("a*"));
        assert!(Variable::parse("a b").is_err());
        assert!(Variable::parse("$a").is_err());
        assert!(Variable::parse("a=b").is_err());
        assert!(Variable::parse("").is_err());
        assert_eq!(format!("{list:?}"), "Variable(…)");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "(?s).*") {
            let variable = Variable::literal(text.clone());
            let again = Variable::parse(&variable.written()).unwrap();
            prop_assert_eq!(again.text(), Some(text));
        }
    }
}
