//! From the place where the rules stopped to a diagnostic.
//!
//! The token that stands there and the one before say more than the set of rules that failed: a blank after `=`, a
//! character that has to be quoted, a quote that nothing closes. What is expected comes from the rules.

use super::Open;
use super::rules::{A_BLANK, A_VALUE, AN_ARGUMENT, THE_END};
use super::scene::Scene;
use super::tokens::{Cause, Wrong};
use crate::lang::Span;
use crate::lang::code;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::lexer::{Bad, Operator, Quote, Token, TokenKind};
use crate::lang::lookalike;

pub(super) fn explain(
    text: &str,
    tokens: &[Token],
    begun: usize,
    place: usize,
    wrong: &Wrong,
) -> (Diagnostic, Option<Open>) {
    let scene = Scene {
        text,
        tokens,
        begun,
        place,
    };
    if let Some(token) = scene.here()
        && let TokenKind::Bad(bad) = token.kind
    {
        return scene.bad(bad, token.span.clone());
    }
    if let Some(diagnostic) = scene.look_alike() {
        return (diagnostic, None);
    }
    if let Some(cause) = wrong.cause {
        return (scene.caused(cause), None);
    }
    if let Some(diagnostic) = scene.misplaced_blank() {
        return (diagnostic, None);
    }
    if let Some(diagnostic) = scene.missing_value() {
        return (diagnostic, None);
    }
    match scene.here() {
        None => scene.too_early(wrong),
        Some(token) => (scene.unexpected(token, wrong), None),
    }
}

impl Scene<'_> {
    fn bad(self, bad: Bad, span: Span) -> (Diagnostic, Option<Open>) {
        match bad {
            Bad::OpenQuote(quote) => {
                return (self.open_quote(quote, span), Some(Open::Quote(quote)));
            }
            Bad::Backslash if span.end == self.text.len() => {
                let diagnostic = Diagnostic::new(
                    code::BACKSLASH,
                    "the last line ends in '\\'",
                    span,
                    "there is no next line",
                );
                return (diagnostic, Some(Open::Line));
            }
            _ => {}
        }
        let diagnostic = match bad {
            Bad::Backslash => Diagnostic::new(
                code::BACKSLASH,
                "'\\' in the middle of a line",
                span,
                "only the newline may follow",
            )
            .help("outside quotes '\\' continues a line; write '…\\…' in single quotes to mean the character"),
            Bad::Control(c) => Diagnostic::new(
                code::CONTROL,
                format!("control character U+{:04X}", u32::from(c)),
                span,
                "cannot stand in a command",
            )
            .help(format!(
                "remove the character, or write it as \"\\u{{{:x}}}\"",
                u32::from(c)
            )),
            Bad::Space(c) => Diagnostic::new(
                code::UNQUOTED,
                format!("U+{:04X} looks like a blank but is none", u32::from(c)),
                span,
                "not a blank",
            )
            .help("type a blank here, or quote the value"),
            Bad::Escape => Diagnostic::new(code::ESCAPE, "unknown escape", span, "")
                .expected(["\\n", "\\t", "\\\"", "\\\\", "\\$", "\\u{…}"])
                .help("write \\\\ for the character itself, or use single quotes"),
            Bad::Dollar => Diagnostic::new(
                code::DOLLAR,
                "'$' without the name of a variable",
                span,
                "a name must follow",
            )
            .expected(["$name", "${name}"])
            .help("to mean the character, quote it: '$'"),
            Bad::LookAlike(c) => lookalike::error(c, span),
            Bad::Quotable(_) | Bad::OpenQuote(_) => return (self.must_quote(), None),
        };
        (diagnostic, None)
    }

    fn open_quote(self, quote: Quote, span: Span) -> Diagnostic {
        let rest = self.text.get(span.end..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let start = span.end;
        let mut diagnostic = Diagnostic::new(
            code::OPEN_QUOTE,
            "this quote is never closed",
            span,
            "opened here",
        );
        if let Some((at, c)) = lookalike::quote_like(line, quote.as_char()) {
            let place = start + at;
            let about = format!("U+{:04X} looks like a quote but is none", u32::from(c));
            diagnostic = diagnostic
                .also(place..place + c.len_utf8(), about)
                .help(format!("type {} there", quote.as_char()));
        }
        if let Some(earlier) = self.quote_over_lines(quote) {
            diagnostic = diagnostic
                .also(earlier, "this text runs over the end of its line")
                .help("check whether a quote is missing there");
        }
        if quote == Quote::Single {
            diagnostic = diagnostic.help("an apostrophe within a text: \"it's\"");
        }
        diagnostic
    }

    fn caused(self, cause: Cause) -> Diagnostic {
        let span = self.span();
        let word = self.slice(&span);
        match cause {
            Cause::TooDeep => Diagnostic::new(
                code::NESTED,
                format!("nested more than {} deep", super::tokens::MAX_DEPTH),
                span,
                "one level too many",
            ),
            Cause::NoName => Diagnostic::new(
                code::NOT_A_NAME,
                format!("'{word}' is not a name"),
                span,
                "stands before a relation",
            )
            .help("a name is a letter, then letters, digits, '-', '_' or '.'")
            .help("to mean the text itself, quote all of it"),
            Cause::DashedRelation => {
                let name = word.trim_start_matches('-');
                Diagnostic::new(
                    code::RELATION,
                    "a dashed name takes a value, not a relation",
                    span,
                    "",
                )
                .help(format!("write it without the dash: {name}<…"))
            }
            Cause::WhereRelation => {
                Diagnostic::new(code::RELATION, "a condition is written where=", span, "")
                    .help("write where=(…)")
            }
        }
    }

    /// `（group=sales）`, `group≠sales` in a condition: the word that cannot stand here holds what explains it.
    fn look_alike(self) -> Option<Diagnostic> {
        let token = self.here().filter(|token| token.kind == TokenKind::Word)?;
        let word = self.slice(&token.span);
        let (at, c) = lookalike::sign(word)?;
        let start = token.span.start + at;
        Some(lookalike::error(c, start..start + c.len_utf8()))
    }

    /// `group= sales`, `group =sales`, `a, b`, `a ,b`
    fn misplaced_blank(self) -> Option<Diagnostic> {
        let here = self.here()?;
        let before = self.before()?;
        if here.glued || matches!(here.kind, TokenKind::Newline | TokenKind::Semicolon) {
            return None;
        }
        let gap = before.span.end..here.span.start;
        // A newline between them is no blank but the end of the command.
        if before.kind == TokenKind::Newline {
            return None;
        }
        let joined = |code, what: &str, sign: &Token, side: &str| {
            let sign = self.slice(&sign.span);
            Diagnostic::new(
                code,
                format!("blank {side} '{sign}'"),
                gap.clone(),
                "a blank too many",
            )
            .help(format!(
                "{what} is written without blanks: {}",
                self.squeezed()
            ))
        };
        match (before.kind, here.kind) {
            (TokenKind::Operator(_), _) => Some(joined(
                code::BLANK_AT_RELATION,
                "a relation",
                before,
                "after",
            )),
            (_, TokenKind::Operator(_)) => Some(joined(
                code::BLANK_AT_RELATION,
                "a relation",
                here,
                "before",
            )),
            (TokenKind::Comma, _) => Some(joined(code::BLANK_AT_COMMA, "a list", before, "after")),
            (_, TokenKind::Comma) => Some(joined(code::BLANK_AT_COMMA, "a list", here, "before")),
            _ => None,
        }
    }

    /// Nothing follows a relation or a comma.
    fn missing_value(self) -> Option<Diagnostic> {
        let before = self.before()?;
        let sign = self.slice(&before.span);
        let after = match before.kind {
            TokenKind::Operator(_) => "relation",
            TokenKind::Comma => "comma",
            _ => return None,
        };
        let ended = match self.here().map(|token| token.kind) {
            None => true,
            Some(kind) => matches!(
                kind,
                TokenKind::Newline | TokenKind::Semicolon | TokenKind::Comma | TokenKind::Close
            ),
        };
        let end = before.span.end;
        ended.then(|| {
            Diagnostic::new(
                code::NO_VALUE,
                format!("no value after '{sign}'"),
                end..end,
                format!("a value must follow the {after}"),
            )
            .help("an empty text is written \"\"")
        })
    }

    /// The text ends where more must follow.
    fn too_early(self, wrong: &Wrong) -> (Diagnostic, Option<Open>) {
        if let Some((opening, open)) = self.opening() {
            let sign = self.slice(&opening.span);
            let closing = if open == Open::Brace { '}' } else { ')' };
            let diagnostic = Diagnostic::new(
                code::UNBALANCED,
                format!("this '{sign}' is never closed"),
                opening.span.clone(),
                "opened here",
            )
            .expected([format!("'{closing}'")]);
            return (diagnostic, Some(open));
        }
        (self.incomplete(wrong), None)
    }

    fn incomplete(self, wrong: &Wrong) -> Diagnostic {
        Diagnostic::new(
            code::MISPLACED,
            "the command ends too early",
            self.span(),
            "here",
        )
        .expected(wrong.expected.iter())
    }

    fn unexpected(self, token: &Token, wrong: &Wrong) -> Diagnostic {
        let sign = self.slice(&token.span);
        let opening = self.opening();
        let starts_line = self
            .before()
            .is_some_and(|before| before.kind == TokenKind::Newline);
        if let Some(diagnostic) = self.misused_relation(token) {
            return diagnostic;
        }
        match (token.kind, opening) {
            (TokenKind::Close, None) | (TokenKind::CloseBrace, None) => Diagnostic::new(
                code::UNBALANCED,
                format!("nothing opened this '{sign}'"),
                token.span.clone(),
                "has no counterpart",
            )
            .help(format!("to mean the character, quote it: \"{sign}\"")),
            (_, Some((opening, Open::Parenthesis))) if starts_line => Diagnostic::new(
                code::UNBALANCED,
                "this '(' is never closed",
                opening.span.clone(),
                "opened here",
            )
            .also(token.span.clone(), "not part of the condition any more")
            .expected(["')'"]),
            (TokenKind::Newline | TokenKind::Semicolon, _) => self.incomplete(wrong),
            (
                TokenKind::Operator(_)
                | TokenKind::Comma
                | TokenKind::Open
                | TokenKind::OpenBrace
                | TokenKind::CloseBrace
                | TokenKind::Close,
                _,
            ) if wrong.expected.iter().all(is_value_like) => self.must_quote(),
            _ => Diagnostic::new(
                code::MISPLACED,
                format!("'{sign}' cannot stand here"),
                token.span.clone(),
                if wrong.expected.is_only(A_BLANK) {
                    "a blank is missing before it"
                } else {
                    "not expected"
                },
            )
            .expected(wrong.expected.iter()),
        }
    }

    /// A character within a value that has a meaning of its own.
    fn must_quote(self) -> Diagnostic {
        let span = self.span();
        let sign = self.slice(&span).to_owned();
        let diagnostic = Diagnostic::new(
            code::UNQUOTED,
            format!("'{sign}' must be quoted"),
            span,
            "has a meaning of its own",
        );
        match self.quoted_run() {
            Some(written) => diagnostic.help(format!("write {written}")),
            None => diagnostic.help("put the whole value between quotes"),
        }
    }

    /// `a==b` and `"a"=b`, which quoting would not mend.
    fn misused_relation(self, token: &Token) -> Option<Diagnostic> {
        if !matches!(token.kind, TokenKind::Operator(_)) {
            return None;
        }
        let before = self.before().filter(|_| token.glued)?;
        if matches!(before.kind, TokenKind::Operator(_)) {
            let span = before.span.start..token.span.end;
            let title = format!("'{}' is no relation", self.slice(&span));
            let relations = Operator::ALL.map(Operator::as_str);
            return Some(Diagnostic::new(code::RELATION, title, span, "").expected(relations));
        }
        let run = self.run();
        let quoted = matches!(run.first()?.kind, TokenKind::Quote(_) | TokenKind::Variable);
        let relations = run
            .iter()
            .filter(|token| matches!(token.kind, TokenKind::Operator(_)));
        let first = relations.map(|relation| relation.span.start).next()?;
        (quoted && first == token.span.start).then(|| {
            Diagnostic::new(
                code::NOT_A_NAME,
                "what stands before a relation is no name",
                run.first().map_or(0, |token| token.span.start)..first,
                "a name is written without quotes",
            )
        })
    }
}

fn is_value_like(expected: &str) -> bool {
    [A_VALUE, AN_ARGUMENT, THE_END].contains(&expected)
}
