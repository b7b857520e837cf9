//! Variables behind a `$`, outside quotes or in `"…"`.

use super::{Candidate, Candidates, More};
use crate::lang::lexer::{Bad, Token, TokenKind, is_name};

/// The variables that can stand at the end of `line`, if a `$` says that one is meant.
pub(super) fn at(line: &str, tokens: &[Token]) -> Option<Candidates> {
    let dollar = line.rfind('$')?;
    let after = line.get(dollar + 1..)?;
    let name = after.strip_prefix('{').unwrap_or(after);
    if !name.is_empty() && !is_name(name) {
        return None;
    }
    let token = tokens.iter().rfind(|token| token.span.start == dollar)?;
    if !matches!(
        token.kind,
        TokenKind::Variable | TokenKind::Bad(Bad::Dollar)
    ) {
        return None;
    }
    let braced = after.starts_with('{');
    let names = of_the_line(line, tokens).into_iter();
    let items = names
        .filter(|one| one.starts_with(name))
        .map(|one| Candidate {
            text: written(one, braced),
            summary: "set in this line".to_owned(),
        });
    Some(Candidates {
        replace: dollar..line.len(),
        typed: after.to_owned(),
        quote: None,
        more: More::Variables,
        items: items.collect(),
    })
}

/// `$name` or `${name}`.
fn written(name: &str, braced: bool) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if braced || !plain {
        format!("${{{name}}}")
    } else {
        format!("${name}")
    }
}

impl Candidates {
    /// How the variable of this name is put in.
    pub fn variable(&self, name: &str) -> String {
        written(name, self.typed.starts_with('{'))
    }
}

/// The variables of the loops that the line has begun, and of its `let`s.
fn of_the_line<'a>(line: &'a str, tokens: &[Token]) -> Vec<&'a str> {
    let words: Vec<&Token> = tokens
        .iter()
        .filter(|token| token.kind != TokenKind::Blank)
        .collect();
    let text = |token: &Token| line.get(token.span.clone()).unwrap_or_default();
    let mut names = Vec::new();
    let mut lets = false;
    for (at, token) in words.iter().enumerate() {
        let next = words.get(at + 1).copied();
        let name = match token.kind {
            TokenKind::Newline | TokenKind::Semicolon | TokenKind::OpenBrace => {
                lets = false;
                None
            }
            TokenKind::Word if text(token).eq_ignore_ascii_case("foreach") => {
                next.filter(|next| next.span.end < line.len()).map(text)
            }
            TokenKind::Word if text(token).eq_ignore_ascii_case("let") => {
                lets = true;
                None
            }
            TokenKind::Word
                if lets && next.is_some_and(|next| matches!(next.kind, TokenKind::Operator(_))) =>
            {
                Some(text(token))
            }
            _ => None,
        };
        names.extend(name.filter(|name| is_name(name) && !names.contains(name)));
    }
    names
}
