//! The place where the rules stopped, and what stands around it.

use super::Open;
use crate::lang::Span;
use crate::lang::lexer::{Quote, Token, TokenKind};

/// A place among the tokens of a text.
#[derive(Clone, Copy)]
pub(super) struct Scene<'t> {
    pub(super) text: &'t str,
    pub(super) tokens: &'t [Token],
    /// Where the command begins.
    pub(super) begun: usize,
    /// Where the rules stopped.
    pub(super) place: usize,
}

impl<'t> Scene<'t> {
    pub(super) fn here(self) -> Option<&'t Token> {
        self.tokens.get(self.place)
    }

    pub(super) fn before(self) -> Option<&'t Token> {
        self.tokens.get(self.place.checked_sub(1)?)
    }

    pub(super) fn slice(self, span: &Span) -> &'t str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The place of the wrong token, or of the end.
    pub(super) fn span(self) -> Span {
        match self.here() {
            Some(token) if token.kind != TokenKind::Newline => token.span.clone(),
            _ => {
                let end = self
                    .before()
                    .map_or(self.text.len(), |token| token.span.end);
                end..end
            }
        }
    }

    /// An earlier text between the same quotes that holds a newline: often the one that was left open.
    pub(super) fn quote_over_lines(self, quote: Quote) -> Option<Span> {
        let mut opening = None;
        for token in self.tokens.get(..self.place)? {
            match token.kind {
                TokenKind::Quote(kind) if kind == quote => opening = Some(token.span.clone()),
                TokenKind::Text if opening.is_some() && self.slice(&token.span).contains('\n') => {
                    return opening;
                }
                TokenKind::EndQuote(_) => opening = None,
                _ => {}
            }
        }
        None
    }

    /// The words on both sides of the wrong blank, and of others like it, without the blanks.
    pub(super) fn squeezed(self) -> String {
        let tight = |at: usize| {
            let side = |at: usize| {
                self.tokens.get(at).is_some_and(|token| {
                    matches!(token.kind, TokenKind::Operator(_) | TokenKind::Comma)
                })
            };
            self.tokens.get(at).is_some_and(|token| {
                token.kind != TokenKind::Newline
                    && token.kind != TokenKind::Semicolon
                    && (token.glued || side(at) || at.checked_sub(1).is_some_and(side))
            })
        };
        let mut first = self.place;
        while first > 0 && tight(first) {
            first -= 1;
        }
        let mut last = self.place;
        while tight(last + 1) {
            last += 1;
        }
        self.tokens
            .get(first..=last)
            .unwrap_or_default()
            .iter()
            .map(|token| self.slice(&token.span))
            .collect()
    }

    /// The innermost parenthesis or brace of the command that is open here.
    pub(super) fn opening(self) -> Option<(&'t Token, Open)> {
        let mut open = Vec::new();
        for token in self.tokens.get(self.begun..self.place)? {
            match token.kind {
                TokenKind::Open => open.push((token, Open::Parenthesis)),
                TokenKind::OpenBrace => open.push((token, Open::Brace)),
                TokenKind::Close | TokenKind::CloseBrace => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.pop()
    }

    /// The word around the wrong token as it should be written: `base="dc=example,dc=com"`.
    pub(super) fn quoted_run(self) -> Option<String> {
        let run = self.run();
        let before = run
            .iter()
            .take_while(|token| token.span.start < self.span().start);
        let mut relations = before.filter(|token| matches!(token.kind, TokenKind::Operator(_)));
        let first = run.first()?.span.start;
        let start = relations.next().map_or(first, |relation| relation.span.end);
        let head = self.text.get(first..start)?;
        let value = self.text.get(start..run.last()?.span.end)?;
        let plain = !value.contains(['"', '\'', '\\', '$', '\n']) && value.chars().count() <= 60;
        plain.then(|| format!("{head}\"{value}\""))
    }

    /// The tokens around this one without a blank between them.
    pub(super) fn run(self) -> &'t [Token] {
        let ends = |token: &Token| matches!(token.kind, TokenKind::Newline | TokenKind::Semicolon);
        let joined = |at: usize| match (self.tokens.get(at), self.tokens.get(at + 1)) {
            (Some(a), Some(b)) => a.span.end == b.span.start && !ends(a) && !ends(b),
            _ => false,
        };
        let mut first = self.place;
        while first > 0 && joined(first - 1) {
            first -= 1;
        }
        let mut last = self.place;
        while joined(last) {
            last += 1;
        }
        self.tokens.get(first..=last).unwrap_or_default()
    }
}
