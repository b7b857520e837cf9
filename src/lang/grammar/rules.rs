//! The rules of `grammar/igsh.abnf` that a command is made of, in its order.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, map};
use nom::sequence::preceded;

use super::tokens::{Cause, MAX_DEPTH, Parsed, Tokens};
use crate::lang::Span;
use crate::lang::ast::{
    Command, Condition, Dash, Element, Few, Item, Name, Named, Piece, PieceKind, Value, Where,
};
use crate::lang::lexer::{Operator, Token, TokenKind, is_name, variable_name};

pub(super) const AN_ARGUMENT: &str = "an argument";
pub(super) const A_VALUE: &str = "a value";
pub(super) const THE_END: &str = "the end of the command";
pub(super) const A_BLANK: &str = "a blank";
const A_CONDITION: &str = "a condition such as group=sales";

/// `command = item *( 1*WSP item )`
pub(super) fn command(input: Tokens<'_>) -> Parsed<'_, Command> {
    let (rest, first) = item(input)?;
    let start = first.span().start;
    let mut items = Vec::with_capacity(input.words());
    items.push(first);
    let (rest, items) = followed_by(rest, items, |at| match at.peek() {
        Some(token) if !is_end(token.kind) => spaced(item)(at),
        _ => at.fail(THE_END),
    })?;
    let end = items.last().map_or(start, |last| last.span().end);
    let span = start..end;
    Ok((rest, Command { items, span }))
}

/// `item = where / named / dash / value`
fn item(input: Tokens<'_>) -> Parsed<'_, Item> {
    // The first two tokens decide most items, which saves attempts that fail.
    if let Some((rest, token, text)) = input.word() {
        let is_related = rest.glued_operator().is_some();
        if !is_related && !text.starts_with('-') && !token.glued {
            return map(value, Item::Value).parse(input);
        }
        if is_related && is_name(text) && !text.eq_ignore_ascii_case("where") {
            return map(named, Item::Named).parse(input);
        }
        if let Ok((rest, dash)) = dash(input) {
            return Ok((rest, Item::Dash(dash)));
        }
    }
    alt((
        map(where_item, Item::Where),
        map(named, Item::Named),
        map(dash, Item::Dash),
        map(value, Item::Value),
    ))
    .parse(input)
}

/// What was read, and what `parser` reads after it as often as it can: [`nom::multi::many0`] with room for no more than
/// is there, since most lists have one element.
fn followed_by<'t, T>(
    mut rest: Tokens<'t>,
    mut all: Vec<T>,
    mut parser: impl FnMut(Tokens<'t>) -> Parsed<'t, T>,
) -> Parsed<'t, Vec<T>> {
    loop {
        match parser(rest) {
            Ok((after, next)) => {
                all.push(next);
                rest = after;
            }
            Err(nom::Err::Error(_)) => return Ok((rest, all)),
            Err(failure) => return Err(failure),
        }
    }
}

/// `where = "where" "=" or-expr`
fn where_item(input: Tokens<'_>) -> Parsed<'_, Where> {
    let Some((rest, word, "where")) = lower_word(input) else {
        return input.fail(AN_ARGUMENT);
    };
    let Some((rest, operator, _)) = rest.glued_operator() else {
        return input.fail(AN_ARGUMENT);
    };
    if operator != Operator::Equal {
        return input.refuse(Cause::WhereRelation);
    }
    let (rest, condition) = cut(glued(any_of)).parse(rest)?;
    let span = word.span.start..end_of(input, rest, word.span.end);
    Ok((rest, Where { condition, span }))
}

/// `or-expr = and-expr *( 1*WSP "or" 1*WSP and-expr )`
fn any_of(input: Tokens<'_>) -> Parsed<'_, Condition> {
    chain(input, "or", all_of, Condition::Any)
}

/// `and-expr = unary *( 1*WSP "and" 1*WSP unary )`
fn all_of(input: Tokens<'_>) -> Parsed<'_, Condition> {
    chain(input, "and", unary, Condition::All)
}

fn chain<'t>(
    input: Tokens<'t>,
    joint: &'static str,
    link: fn(Tokens<'t>) -> Parsed<'t, Condition>,
    join: fn(Vec<Condition>) -> Condition,
) -> Parsed<'t, Condition> {
    let (rest, first) = link(input)?;
    let mut next = preceded(keyword(joint), cut(spaced(link)));
    let (rest, mut links) = followed_by(rest, vec![first], |at| next.parse(at))?;
    let only = if links.len() == 1 { links.pop() } else { None };
    Ok((rest, only.unwrap_or_else(|| join(links))))
}

/// `unary = [ "not" *WSP ] primary`, a blank unless `(` follows.
fn unary(input: Tokens<'_>) -> Parsed<'_, Condition> {
    let Some((rest, _, "not")) = lower_word(input) else {
        return primary(input);
    };
    match rest.peek() {
        Some(next) if next.glued && next.kind != TokenKind::Open => primary(input),
        _ => {
            let inner = deeper(input, rest)?;
            let (rest, condition) = cut(unary).parse(inner)?;
            Ok((rest.nested_as(input), Condition::Not(Box::new(condition))))
        }
    }
}

/// `primary = "(" *WSP or-expr *WSP ")" / name "(" *WSP or-expr *WSP ")" / named`
fn primary(input: Tokens<'_>) -> Parsed<'_, Condition> {
    if let Some((rest, token)) = input.next()
        && token.kind == TokenKind::Open
    {
        return inside(input, rest);
    }
    if let Some((rest, word, text)) = input.word()
        && let Some((rest, next)) = rest.next()
        && next.glued
        && next.kind == TokenKind::Open
        && is_name(text)
    {
        let (rest, condition) = inside(input, rest)?;
        let name = name_of(word, text);
        return Ok((rest, Condition::Same(name, Box::new(condition))));
    }
    match named(input) {
        Ok((rest, test)) => Ok((rest, Condition::Test(test))),
        Err(nom::Err::Error(_)) => input.fail(A_CONDITION),
        Err(failure) => Err(failure),
    }
}

/// A condition after its `(`, and the `)`.
fn inside<'t>(outer: Tokens<'t>, after_open: Tokens<'t>) -> Parsed<'t, Condition> {
    let mut inner = deeper(outer, after_open)?;
    inner.parentheses += 1;
    let (rest, condition) = cut(any_of).parse(inner)?;
    match rest.next() {
        Some((rest, token)) if token.kind == TokenKind::Close => {
            Ok((rest.nested_as(outer), condition))
        }
        _ => cut(|input: Tokens<'t>| input.fail("')'")).parse(rest),
    }
}

/// `rest` one level below `outer`, unless that is too deep.
fn deeper<'t>(
    outer: Tokens<'t>,
    mut rest: Tokens<'t>,
) -> Result<Tokens<'t>, nom::Err<super::tokens::Wrong>> {
    if outer.depth >= MAX_DEPTH {
        return Err(outer.refusal(Cause::TooDeep));
    }
    rest.depth = outer.depth + 1;
    Ok(rest)
}

/// `named = name op value`
fn named(input: Tokens<'_>) -> Parsed<'_, Named> {
    let Some((rest, word, text)) = input.word() else {
        return input.fail(AN_ARGUMENT);
    };
    let Some((rest, operator, operator_span)) = rest.glued_operator() else {
        return input.fail(AN_ARGUMENT);
    };
    if dashed_name(text).is_some() {
        return input.fail(AN_ARGUMENT);
    }
    if !is_name(text) {
        return input.refuse(Cause::NoName);
    }
    let (rest, value) = cut(glued(value)).parse(rest)?;
    let span = word.span.start..value.span.end;
    let name = name_of(word, text);
    Ok((
        rest,
        Named {
            name,
            operator,
            operator_span,
            value,
            span,
        },
    ))
}

/// `dash = "-" name [ "=" value ]`
fn dash(input: Tokens<'_>) -> Parsed<'_, Dash> {
    let Some((rest, word, text)) = input.word() else {
        return input.fail(AN_ARGUMENT);
    };
    let Some(name) = dashed_name(text) else {
        return input.fail(AN_ARGUMENT);
    };
    let name = Name {
        text: name.to_owned(),
        span: word.span.start + 1..word.span.end,
    };
    if name.text.eq_ignore_ascii_case("where") {
        return input.refuse(Cause::WhereRelation);
    }
    let mut span = word.span.clone();
    match rest.glued_operator() {
        Some((rest, Operator::Equal, _)) => {
            let (rest, value) = cut(glued(value)).parse(rest)?;
            span.end = value.span.end;
            let value = Some(value);
            Ok((rest, Dash { name, value, span }))
        }
        Some(_) => input.refuse(Cause::DashedRelation),
        // "-a*" and "-a,b" are values: a dashed name stands alone.
        None if rest.peek().is_some_and(|next| next.glued && goes_on(next)) => {
            input.fail(AN_ARGUMENT)
        }
        None => Ok((
            rest,
            Dash {
                name,
                value: None,
                span,
            },
        )),
    }
}

/// The name in `-name`.
fn dashed_name(word: &str) -> Option<&str> {
    word.strip_prefix('-').filter(|name| is_name(name))
}

fn goes_on(token: &Token) -> bool {
    use TokenKind as T;
    matches!(token.kind, T::Comma | T::Quote(_) | T::Variable)
}

/// `value = element *( "," element )`
fn value(input: Tokens<'_>) -> Parsed<'_, Value> {
    let (rest, first) = element(input)?;
    let start = first.span.start;
    let comma = glued(of_kind(|kind| kind == TokenKind::Comma, "','"));
    let mut next = preceded(comma, cut(glued(element)));
    let (rest, elements) = followed_by(rest, vec![first], |at| next.parse(at))?;
    let end = elements.last().map_or(start, |last| last.span.end);
    let span = start..end;
    Ok((rest, Value { elements, span }))
}

/// `element = 1*( bare / squote / dquote / var )`
fn element(input: Tokens<'_>) -> Parsed<'_, Element> {
    let (mut rest, mut pieces) = piece(input)?;
    loop {
        match glued(piece)(rest) {
            Ok((after, more)) => {
                pieces = pieces.and(more);
                rest = after;
            }
            Err(nom::Err::Error(_)) => break,
            Err(failure) => return Err(failure),
        }
    }
    let start = pieces.first().map_or(0, |piece| piece.span.start);
    let end = pieces.last().map_or(start, |piece| piece.span.end);
    let span = start..end;
    Ok((rest, Element { pieces, span }))
}

/// One piece, or what a pair of quotes holds.
fn piece(input: Tokens<'_>) -> Parsed<'_, Few<Piece>> {
    let Some((rest, token)) = input.next() else {
        return input.fail(A_VALUE);
    };
    let text = input.slice(&token.span);
    let kind = match token.kind {
        TokenKind::Word => PieceKind::Bare(text.to_owned()),
        TokenKind::Variable => variable(text, false),
        TokenKind::Quote(_) => return cut(quoted(token)).parse(rest),
        _ => return input.fail(A_VALUE),
    };
    let span = token.span.clone();
    Ok((rest, Few::one(Piece { kind, span })))
}

fn variable(token: &str, quoted: bool) -> PieceKind {
    PieceKind::Variable {
        name: variable_name(token).to_owned(),
        quoted,
    }
}

/// What follows the quote `opening`, up to the closing one. The lexer has seen that there is one.
fn quoted<'t>(opening: &'t Token) -> impl FnMut(Tokens<'t>) -> Parsed<'t, Few<Piece>> {
    move |input| {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut start = opening.span.start;
        // Within quotes a newline is part of a text token, whatever parentheses surround them.
        let mut rest = input;
        while let Some((after, token)) = rest.next() {
            let written = input.slice(&token.span);
            match token.kind {
                TokenKind::Text => text.push_str(written),
                TokenKind::Escape(c) => text.push(c),
                TokenKind::Variable => {
                    if !text.is_empty() {
                        let kind = PieceKind::Quoted(std::mem::take(&mut text));
                        let span = start..token.span.start;
                        pieces.push(Piece { kind, span });
                    }
                    let kind = variable(written, true);
                    let span = token.span.clone();
                    pieces.push(Piece { kind, span });
                    start = token.span.end;
                }
                TokenKind::EndQuote(_) => {
                    let end = token.span.end;
                    if pieces.is_empty() || !text.is_empty() {
                        let kind = PieceKind::Quoted(text);
                        let span = start..end;
                        pieces.push(Piece { kind, span });
                    }
                    widen(&mut pieces, opening.span.start..end);
                    return Ok((after, pieces.into()));
                }
                _ => break,
            }
            rest = after;
        }
        rest.fail("the closing quote")
    }
}

/// The first and the last piece take the quotes, so that the spans of an element's pieces are the element.
fn widen(pieces: &mut [Piece], whole: Span) {
    if let Some(first) = pieces.first_mut() {
        first.span.start = whole.start;
    }
    if let Some(last) = pieces.last_mut() {
        last.span.end = whole.end;
    }
}

fn name_of(word: &Token, text: &str) -> Name {
    Name {
        text: text.to_owned(),
        span: word.span.clone(),
    }
}

/// The next word if it is one of the reserved ones, in lower case.
fn lower_word(input: Tokens<'_>) -> Option<(Tokens<'_>, &Token, &'static str)> {
    let (rest, token, text) = input.word()?;
    let reserved = ["where", "not"]
        .into_iter()
        .find(|word| text.eq_ignore_ascii_case(word))?;
    Some((rest, token, reserved))
}

/// A word of the language that stands on its own; `and=x` is an argument.
pub(super) fn keyword<'t>(word: &'static str) -> impl FnMut(Tokens<'t>) -> Parsed<'t, &'t Token> {
    move |input| match input.word() {
        Some((rest, token, text))
            if !token.glued
                && text.eq_ignore_ascii_case(word)
                && rest.glued_operator().is_none() =>
        {
            Ok((rest, token))
        }
        _ => input.fail(word),
    }
}

pub(super) fn of_kind<'t>(
    wanted: fn(TokenKind) -> bool,
    expected: &'static str,
) -> impl FnMut(Tokens<'t>) -> Parsed<'t, &'t Token> {
    move |input| match input.next() {
        Some((rest, token)) if wanted(token.kind) => Ok((rest, token)),
        _ => input.fail(expected),
    }
}

/// `parser`, where no blank stands before it.
fn glued<'t, T>(
    mut parser: impl FnMut(Tokens<'t>) -> Parsed<'t, T>,
) -> impl FnMut(Tokens<'t>) -> Parsed<'t, T> {
    move |input| match input.peek() {
        Some(token) if token.glued => parser(input),
        _ => input.fail(A_VALUE),
    }
}

/// `parser`, where a blank stands before it.
pub(super) fn spaced<'t, T>(
    mut parser: impl FnMut(Tokens<'t>) -> Parsed<'t, T>,
) -> impl FnMut(Tokens<'t>) -> Parsed<'t, T> {
    move |input| match input.peek() {
        Some(token) if token.glued && !is_end(token.kind) => input.fail(A_BLANK),
        _ => parser(input),
    }
}

/// Whether a command ends here; a word that is missing is missing, not its blank.
fn is_end(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(kind, T::Newline | T::Semicolon | T::Close | T::CloseBrace)
}

/// Where what was read between two places ends.
fn end_of(from: Tokens<'_>, to: Tokens<'_>, at_least: usize) -> usize {
    let read = from.tokens.len().saturating_sub(to.tokens.len());
    from.tokens
        .get(..read)
        .and_then(|read| read.last())
        .map_or(at_least, |token| token.span.end)
}
