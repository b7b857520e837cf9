//! Tokens to statements, by the rules of `grammar/igsh.abnf`.
//!
//! A command is parsed by nom (in [`rules`]); the loop over commands is written out, because it goes on after an
//! error, so that a script's errors are reported together.

mod explain;
mod rules;
mod scene;
mod tokens;

use nom::Input as _;
use nom::Parser as _;
use nom::combinator::cut;

use self::rules::{A_BLANK, THE_END, command, keyword, of_kind, spaced};
use self::tokens::{Cause, Parsed, Tokens, Wrong};
use super::ast::{Command, Foreach, Item, Name, PieceKind, Script, Statement, Value};
use super::code;
use super::diagnostic::Diagnostic;
use super::lexer::{Quote, Token, TokenKind, is_name, lex_significant};

/// So many errors are explained; further ones are counted.
const MAX_ERRORS: usize = 20;

/// What is open at the end of a text that more lines could complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    Quote(Quote),
    /// `(`
    Parenthesis,
    /// `{`
    Brace,
    /// A line that ends in `\`.
    Line,
}

/// A text that is not a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// At least one, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// So many more errors come after those.
    pub more: usize,
    /// What is open, if nothing is wrong but that the text ends too early. A live shell asks for another line.
    pub open: Option<Open>,
    /// The statements that parse, so that their other errors are reported at the same time.
    pub script: Script,
}

/// The statements of `text`, or everything that is wrong with it: the first 20 errors, and how many more there are.
pub fn parse(text: &str) -> Result<Script, Failed> {
    let significant = lex_significant(text);
    let mut parser = Parser {
        text,
        tokens: &significant,
        diagnostics: Vec::new(),
        more: 0,
        ended: false,
        open: None,
    };
    let start = Tokens {
        text,
        tokens: &significant,
        parentheses: 0,
        depth: 0,
    };
    let (_, script) = parser.script(start, None);
    if parser.diagnostics.is_empty() {
        return Ok(script);
    }
    let open = parser.open.filter(|_| parser.diagnostics.len() == 1);
    Err(Failed {
        diagnostics: parser.diagnostics,
        more: parser.more,
        open,
        script,
    })
}

/// A value on its own, without variables.
pub(super) fn parse_value(text: &str) -> Result<Value, Failed> {
    // As the value of an argument, so that it may begin with a dash.
    const BEFORE: &str = "x x=";
    let script =
        parse(&format!("{BEFORE}{text}")).map_err(|failed| shifted(failed, BEFORE.len()))?;
    let unfit = |title: &str| Failed {
        diagnostics: vec![Diagnostic::new(code::NO_VALUE, title, 0..text.len(), "")],
        more: 0,
        open: None,
        script: Script::default(),
    };
    let [Statement::Command(command)] = script.statements.as_slice() else {
        return Err(unfit("this is not one value"));
    };
    let [_, Item::Named(named)] = command.items.as_slice() else {
        return Err(unfit("this is not one value"));
    };
    let mut pieces = named.value.elements.iter().flat_map(|e| &e.pieces);
    if pieces.any(|piece| matches!(piece.kind, PieceKind::Variable { .. })) {
        return Err(unfit("a variable cannot stand here"));
    }
    Ok(named.value.clone())
}

/// The same errors, `by` bytes earlier.
fn shifted(mut failed: Failed, by: usize) -> Failed {
    for diagnostic in &mut failed.diagnostics {
        for label in &mut diagnostic.labels {
            label.span.start = label.span.start.saturating_sub(by);
            label.span.end = label.span.end.saturating_sub(by);
        }
    }
    failed
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Token],
    diagnostics: Vec<Diagnostic>,
    more: usize,
    /// Whether the text was found to end too early.
    ended: bool,
    open: Option<Open>,
}

impl<'t> Parser<'t> {
    /// `script`, up to the end of the text or, after the brace `within`, up to the `}`, which is left.
    fn script(&mut self, mut at: Tokens<'t>, within: Option<&'t Token>) -> (Tokens<'t>, Script) {
        let mut script = Script::default();
        while let Some((rest, token)) = at.next() {
            match token.kind {
                TokenKind::Newline | TokenKind::Semicolon => at = rest,
                TokenKind::CloseBrace if within.is_some() => break,
                _ => match self.statement(at).and_then(|(rest, statement)| {
                    at_end(rest, within.is_some()).map(|rest| (rest, statement))
                }) {
                    Ok((rest, statement)) => {
                        script.statements.push(statement);
                        at = rest;
                    }
                    Err(wrong) => {
                        let begun = self.tokens.len() - at.tokens.len();
                        at = self.recover(at, &wrong, within.is_some());
                        self.report(begun, &wrong);
                    }
                },
            }
        }
        (at, script)
    }

    fn statement(&mut self, at: Tokens<'t>) -> Result<(Tokens<'t>, Statement), Wrong> {
        if keyword("foreach")(at).is_ok() {
            let (rest, foreach) = self.foreach(at)?;
            return Ok((rest, Statement::Foreach(foreach)));
        }
        let (rest, command) = command(at).map_err(|error| wrong_of(error, at))?;
        Ok((rest, Statement::Command(command)))
    }

    /// `foreach = "foreach" name "in" "(" command ")" "{" script "}"`
    fn foreach(&mut self, at: Tokens<'t>) -> Result<(Tokens<'t>, Foreach), Wrong> {
        let (mut body, (start, variable, rows, brace)) =
            foreach_head(at).map_err(|error| wrong_of(error, at))?;
        if at.depth >= tokens::MAX_DEPTH {
            return Err(Wrong::new(at, None, Some(Cause::TooDeep)));
        }
        body.depth = at.depth + 1;
        let (rest, script) = self.script(body, Some(brace));
        let Some((rest, close)) = rest.next() else {
            return Err(Wrong::new(rest, Some("'}'"), None));
        };
        let foreach = Foreach {
            variable,
            rows,
            body: script,
            span: start..close.span.end,
        };
        Ok((rest.nested_as(at), foreach))
    }

    /// Notes the error of the statement that began at token `begun`.
    fn report(&mut self, begun: usize, wrong: &Wrong) {
        let place = self.tokens.len() - wrong.remaining;
        if self.diagnostics.len() >= MAX_ERRORS {
            // The end of the text is one error, however much it leaves open.
            let is_told = place == self.tokens.len() && std::mem::replace(&mut self.ended, true);
            self.more += usize::from(!is_told);
            return;
        }
        let (diagnostic, open) = explain::explain(self.text, self.tokens, begun, place, wrong);
        // Of what the end of the text leaves open, the innermost is reported.
        if place == self.tokens.len() || open.is_some() {
            if self.ended {
                return;
            }
            self.ended = true;
        }
        self.open = self.open.or(open);
        self.diagnostics.push(diagnostic);
    }

    /// Where to go on after a statement that began at `from` went wrong: at the line of the wrong token, if the
    /// statement ran over a line end by mistake (an open parenthesis), otherwise after the wrong token's command.
    fn recover(&self, from: Tokens<'t>, wrong: &Wrong, within: bool) -> Tokens<'t> {
        let place = self.tokens.len() - wrong.remaining;
        let begun = self.tokens.len() - from.tokens.len();
        let starts_line = place > begun
            && place
                .checked_sub(1)
                .and_then(|before| self.tokens.get(before))
                .is_some_and(|before| before.kind == TokenKind::Newline);
        let mut rest = from.take_from(place.saturating_sub(begun));
        if starts_line {
            return rest;
        }
        let mut braces = 0_u32;
        while let Some((after, token)) = rest.next() {
            match token.kind {
                TokenKind::OpenBrace => braces += 1,
                TokenKind::CloseBrace if braces > 0 => braces -= 1,
                TokenKind::CloseBrace if within => break,
                TokenKind::Newline | TokenKind::Semicolon if braces == 0 => break,
                _ => {}
            }
            rest = after;
        }
        rest
    }
}

/// The head of a loop, through its `{`.
fn foreach_head(at: Tokens<'_>) -> Parsed<'_, (usize, Name, Command, &Token)> {
    let (rest, start) = keyword("foreach")(at)?;
    let (rest, variable) = cut(spaced(variable_name)).parse(rest)?;
    let (rest, _) = cut(keyword("in")).parse(rest)?;
    let (mut rest, _) = cut(of_kind(|kind| kind == TokenKind::Open, "'('")).parse(rest)?;
    rest.parentheses += 1;
    let (rest, rows) = cut(command).parse(rest)?;
    let (rest, _) = cut(of_kind(|kind| kind == TokenKind::Close, "')'")).parse(rest)?;
    let (rest, brace) =
        cut(of_kind(|kind| kind == TokenKind::OpenBrace, "'{'")).parse(rest.nested_as(at))?;
    Ok((rest, (start.span.start, variable, rows, brace)))
}

fn variable_name(at: Tokens<'_>) -> Parsed<'_, Name> {
    match at.word() {
        Some((rest, token, text)) if is_name(text) => Ok((
            rest,
            Name {
                text: text.to_owned(),
                span: token.span.clone(),
            },
        )),
        _ => at.fail("the name of a variable"),
    }
}

/// `rest`, if the statement before it ends there.
fn at_end(rest: Tokens<'_>, within: bool) -> Result<Tokens<'_>, Wrong> {
    match rest.peek().map(|token| token.kind) {
        None | Some(TokenKind::Newline | TokenKind::Semicolon) => Ok(rest),
        Some(TokenKind::CloseBrace) if within => Ok(rest),
        Some(kind) => {
            let glued = rest.peek().is_some_and(|token| token.glued);
            let expected = match kind {
                TokenKind::Word | TokenKind::Quote(_) | TokenKind::Variable if glued => A_BLANK,
                _ => THE_END,
            };
            Err(Wrong::new(rest, Some(expected), None))
        }
    }
}

fn wrong_of(error: nom::Err<Wrong>, at: Tokens<'_>) -> Wrong {
    match error {
        nom::Err::Error(wrong) | nom::Err::Failure(wrong) => wrong,
        // None of the rules streams.
        nom::Err::Incomplete(_) => Wrong::new(at, None, None),
    }
}

#[cfg(test)]
mod tests;
