//! Values: which an argument or attribute can have, what is typed of one, and how one is written.

use super::{Candidate, Candidates, More};
use crate::lang::code;
use crate::lang::help::TOPICS;
use crate::lang::lexer::{Bad, Quote, Token, TokenKind};
use crate::lang::selection::{Attribute, AttributeKind};
use crate::lang::spec::{Arg, Complete, Kind};
use crate::lang::value::Variable;
use crate::render::sanitize::{Reader, is_neutralised};

/// The values that an argument can have, those of commands aside.
pub(super) fn of_arg(arg: &Arg) -> (Vec<Candidate>, More) {
    let names = |set: &[&str]| {
        let mut items = plain(set);
        for item in &mut items {
            if arg.default == Some(item.text.as_str()) {
                item.summary = "the default".to_owned();
            }
        }
        items
    };
    match (arg.complete, arg.kind) {
        // What is secret is not looked up anywhere.
        _ if arg.secret => (Vec::new(), More::Nothing),
        (Complete::Kind, Kind::Choice(set)) => (names(set), More::Nothing),
        (Complete::Kind, Kind::Flag | Kind::FlagOrNumber) => (plain(&["yes", "no"]), More::Nothing),
        (Complete::Kind, Kind::InFile | Kind::OutFile) => (Vec::new(), More::Files("")),
        (Complete::Kind, _) => (Vec::new(), More::Nothing),
        (Complete::Scripts, _) => (Vec::new(), More::Files(".igsh")),
        (source, _) => (Vec::new(), More::Live(source)),
    }
}

/// The values that an attribute can have.
pub(super) fn of_attribute(attribute: &Attribute) -> (Vec<Candidate>, More) {
    let items = match attribute.kind {
        AttributeKind::Names(set) | AttributeKind::NumberOr(set) => plain(set),
        _ => Vec::new(),
    };
    let more = match attribute.complete {
        Complete::Kind => More::Nothing,
        source => More::Live(source),
    };
    (items, more)
}

/// What has a page of help beside the commands; error codes only for who has begun one.
pub(super) fn of_help(typed: &str) -> Vec<Candidate> {
    let mut items: Vec<Candidate> = TOPICS
        .iter()
        .map(|(name, summary)| candidate(name, summary))
        .collect();
    let digits = typed.strip_prefix(['e', 'E']);
    if digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit())) {
        items.extend(
            code::ALL
                .iter()
                .map(|code| candidate(code.code, code.title)),
        );
    }
    items
}

pub(super) fn candidate(text: &str, summary: &str) -> Candidate {
    Candidate {
        text: text.to_owned(),
        summary: summary.to_owned(),
    }
}

fn plain(set: &[&str]) -> Vec<Candidate> {
    set.iter().map(|name| candidate(name, "")).collect()
}

/// The text that tokens of one element stand for; `None` where a variable or a mistake leaves that open.
pub(super) fn decoded(line: &str, tokens: &[Token]) -> Option<String> {
    let mut out = String::new();
    for token in tokens {
        match token.kind {
            TokenKind::Word | TokenKind::Text => out.push_str(line.get(token.span.clone())?),
            TokenKind::Escape(c) => out.push(c),
            TokenKind::Quote(_)
            | TokenKind::EndQuote(_)
            | TokenKind::Bad(Bad::OpenQuote(_))
            // What is being escaped is not known yet.
            | TokenKind::Bad(Bad::Escape) => {}
            _ => return None,
        }
    }
    Some(out)
}

/// The quote that is open at the end of tokens.
pub(super) fn open_quote(tokens: &[Token]) -> Option<Quote> {
    tokens.iter().find_map(|token| match token.kind {
        TokenKind::Bad(Bad::OpenQuote(quote)) => Some(quote),
        _ => None,
    })
}

/// How a value is put in: quoted where it must be or `quote` was typed; what a terminal would obey as an escape.
pub(super) fn written(value: &str, quote: Option<Quote>) -> String {
    let harmful = value.contains(|c| is_neutralised(c, Reader::Program));
    match quote {
        Some(Quote::Single) if !value.contains('\'') && !harmful => format!("'{value}'"),
        None if !harmful => Variable::literal(value).written(),
        _ => {
            let mut out = String::with_capacity(value.len() + 2);
            out.push('"');
            for c in value.chars() {
                match c {
                    '\n' => out.push_str("\\n"),
                    '\t' => out.push_str("\\t"),
                    '"' | '\\' | '$' => out.extend(['\\', c]),
                    c if is_neutralised(c, Reader::Program) => out.extend(c.escape_unicode()),
                    c => out.push(c),
                }
            }
            out.push('"');
            out
        }
    }
}

impl Candidates {
    /// Takes what is typed of the last element of a value, whose tokens these are. Where that is unknown, nothing
    /// is offered.
    pub(super) fn take_typed(&mut self, line: &str, tokens: &[Token]) -> bool {
        self.quote = open_quote(tokens);
        let typed = decoded(line, tokens);
        let known = typed.is_some();
        self.typed = typed.unwrap_or_default();
        known
    }
}
