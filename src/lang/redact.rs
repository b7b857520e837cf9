//! Where secrets stand in a line, right or wrong, and what of it a history may keep (igsh(1), FILES).
//!
//! A secret is recognised by its argument, never by its looks. Where the argument itself is misspelled, or the command
//! not known, any name that is near the name of a secret argument counts: a password must not reach a file because
//! of a typing error.

use super::Span;
use super::grammar;
use super::lexer::lex;
use super::names::Target;
use super::outline::{Outline, Role, outline};
use super::spec::{Arg, Catalogue};
use super::suggest::similar;

/// What a history may keep of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redaction {
    /// This line; where there was a secret value is nothing, so that recalling it leaves a blank to fill.
    Keep(String),
    /// Nothing in a file: the end of its secret is uncertain.
    NeverStore,
}

/// What a history may keep of `line`.
pub fn redact(line: &str, catalogue: &Catalogue) -> Redaction {
    let secrets = secrets(line, catalogue);
    if secrets.is_empty() {
        return Redaction::Keep(line.to_owned());
    }
    if grammar::parse(line).is_err() {
        return Redaction::NeverStore;
    }
    let mut kept = String::with_capacity(line.len());
    let mut at = 0;
    for secret in &secrets {
        kept.push_str(line.get(at..secret.start).unwrap_or_default());
        at = secret.end;
    }
    kept.push_str(line.get(at..).unwrap_or_default());
    Redaction::Keep(kept)
}

/// Where secret values stand in `text`, in order and not overlapping.
pub fn secrets(text: &str, catalogue: &Catalogue) -> Vec<Span> {
    let tokens = lex(text);
    of_outlines(text, &outline(text, &tokens, catalogue), catalogue)
}

/// The same for who has its outlines.
pub(super) fn of_outlines(
    text: &str,
    outlines: &[Outline<'_>],
    catalogue: &Catalogue,
) -> Vec<Span> {
    let all: Vec<&'static str> = catalogue
        .commands
        .iter()
        .flat_map(|command| command.args)
        .filter(|arg| arg.secret)
        .map(|arg| arg.name)
        .collect();
    if all.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Span> = outlines
        .iter()
        .flat_map(|outline| of_command(text, outline, &all))
        .filter(|span| !span.is_empty())
        .collect();
    found.sort_by_key(|span| span.start);
    found
}

fn of_command(text: &str, outline: &Outline<'_>, secret_names: &[&'static str]) -> Vec<Span> {
    let is_secret = |target: Option<Target>, name: &str| match target {
        Some(Target::Arg(arg)) => arg.secret,
        Some(Target::Unknown) | None => !similar(name, secret_names.iter().copied()).is_empty(),
        Some(Target::Attribute { .. } | Target::Limit | Target::Pair) => false,
    };
    let mut found = Vec::new();
    let mut name = "";
    let mut values = 0;
    for (at, word) in outline.words.iter().enumerate() {
        let written = text.get(word.span.clone()).unwrap_or_default();
        match &word.role {
            Role::Named {
                target,
                name: place,
                value,
                ..
            } => {
                name = text.get(place.clone()).unwrap_or_default();
                if let Some(value) = value
                    && is_secret(*target, name)
                {
                    found.push(value.clone());
                }
            }
            Role::ValueOf(target, value) => {
                if is_secret(*target, name) {
                    found.push(value.clone());
                }
            }
            Role::Value => {
                if let Some(arg) = positional(outline, values)
                    && arg.secret
                {
                    found.push(word.span.clone());
                }
                values += 1;
            }
            Role::Leading if at + 1 == outline.words.len() => {}
            Role::Leading | Role::Keyword | Role::Entity | Role::Parenthesis => {}
        }
        if matches!(word.role, Role::Value | Role::Leading) {
            name = written;
        }
    }
    found
}

/// The positional argument that the value number `at` of a command goes to.
fn positional(outline: &Outline<'_>, at: usize) -> Option<&'static Arg> {
    let (command, _) = outline.command?;
    let mut free = command.args.iter().filter(|arg| arg.positional);
    let arg = free.clone().nth(at);
    arg.or_else(|| free.find(|arg| arg.many))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::testing::CATALOGUE;

    fn masked(text: &str) -> Vec<&str> {
        let spans = secrets(text, &CATALOGUE);
        spans.into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn secrets_are_found_by_their_argument() {
        for (text, expected) in [
            ("login Master1 pin=1234", vec!["1234"]),
            ("login -PIN 1234 Master1", vec!["1234"]),
            ("login -pin=1234", vec!["1234"]),
            ("login pin='12 34'; login pin=5", vec!["'12 34'", "5"]),
            ("user list userid=pin", vec![]),
            ("system set pin=1", vec![]),
            ("login Master1", vec![]),
            ("# login pin=1", vec![]),
        ] {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn secrets_of_wrong_lines_are_found_too() {
        for (text, expected) in [
            ("login pin='12 34", vec!["'12 34"]),
            ("login pin= 1234", vec!["1234"]),
            ("login pin =1234", vec!["1234"]),
            ("login pin = 1234", vec!["1234"]),
            ("login pin=12, 34", vec!["12,", "34"]),
            ("login pin=a(b)c!d", vec!["a(b)c!d"]),
            ("login pni=1234", vec!["1234"]),
            ("logni -pin 1234", vec!["1234"]),
            ("pin=1234", vec!["1234"]),
            ("foreach x in (login pin=1) { login pin=2 }", vec!["1", "2"]),
            ("user list where=(group=a or", vec![]),
        ] {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn history_keeps_the_line_with_a_blank_or_nothing() {
        let keep = |line: &str| Redaction::Keep(line.to_owned());
        for (line, expected) in [
            ("user list group=a", keep("user list group=a")),
            ("user list group= a", keep("user list group= a")),
            ("login M pin=1234 -x", keep("login M pin= -x")),
            ("login -pin '12 34' M", keep("login -pin  M")),
            ("login pin=1 -pin 2", keep("login pin= -pin ")),
            ("login pin='1234", Redaction::NeverStore),
            ("login pin= 1234", Redaction::NeverStore),
            ("logni pin=1234", keep("logni pin=")),
        ] {
            assert_eq!(redact(line, &CATALOGUE), expected, "{line}");
        }
    }
}
