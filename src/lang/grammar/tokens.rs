//! What the nom rules read: the tokens that matter, and the error that remembers the furthest place.

use std::iter::Enumerate;
use std::slice::Iter;

use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Input, Needed};

use crate::lang::Span;
use crate::lang::lexer::{Operator, Token, TokenKind};

/// How deep conditions and loops may nest; more is an error, so that no input overflows the stack.
pub(super) const MAX_DEPTH: u32 = 64;

/// The tokens from some place on, without blanks and comments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'t> {
    pub(super) text: &'t str,
    pub(super) tokens: &'t [Token],
    /// Open parentheses around this place; between them a newline is a blank.
    pub(super) parentheses: u32,
    pub(super) depth: u32,
}

pub(super) type Parsed<'t, T> = IResult<Tokens<'t>, T, Wrong>;

impl<'t> Tokens<'t> {
    /// Past the newlines that are blanks here.
    pub(super) fn ahead(self) -> Self {
        if self.parentheses == 0 {
            return self;
        }
        let newlines = self
            .tokens
            .iter()
            .take_while(|token| token.kind == TokenKind::Newline)
            .count();
        self.take_from(newlines)
    }

    pub(super) fn peek(self) -> Option<&'t Token> {
        self.ahead().tokens.first()
    }

    /// The next token, and what follows it.
    pub(super) fn next(self) -> Option<(Self, &'t Token)> {
        let ahead = self.ahead();
        Some((ahead.take_from(1), ahead.tokens.first()?))
    }

    /// How many words there are from here to the end of the line, at most.
    pub(super) fn words(self) -> usize {
        let ends = |token: &&Token| matches!(token.kind, TokenKind::Newline | TokenKind::Semicolon);
        let line = self.tokens.iter().take_while(|token| !ends(token));
        line.filter(|token| !token.glued).count()
    }

    pub(super) fn slice(self, span: &Span) -> &'t str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The next token if it is a word, with its text.
    pub(super) fn word(self) -> Option<(Self, &'t Token, &'t str)> {
        let (rest, token) = self.next()?;
        (token.kind == TokenKind::Word).then(|| (rest, token, self.slice(&token.span)))
    }

    /// The relation that is glued to what was read last.
    pub(super) fn glued_operator(self) -> Option<(Self, Operator, Span)> {
        let (rest, token) = self.next()?;
        match token.kind {
            TokenKind::Operator(operator) if token.glued => {
                Some((rest, operator, token.span.clone()))
            }
            _ => None,
        }
    }

    /// This place, under the nesting of `outer`.
    pub(super) fn nested_as(self, outer: Self) -> Self {
        Self {
            parentheses: outer.parentheses,
            depth: outer.depth,
            ..self
        }
    }

    /// Fails with the places where this is to be found.
    pub(super) fn fail<T>(self, expected: &'static str) -> Parsed<'t, T> {
        Err(nom::Err::Error(Wrong::new(self, Some(expected), None)))
    }

    /// Fails for good.
    pub(super) fn refuse<T>(self, cause: Cause) -> Parsed<'t, T> {
        Err(self.refusal(cause))
    }

    pub(super) fn refusal(self, cause: Cause) -> nom::Err<Wrong> {
        nom::Err::Failure(Wrong::new(self, None, Some(cause)))
    }
}

impl<'t> Input for Tokens<'t> {
    type Item = &'t Token;
    type Iter = Iter<'t, Token>;
    type IterIndices = Enumerate<Iter<'t, Token>>;

    fn input_len(&self) -> usize {
        self.tokens.len()
    }

    fn take(&self, index: usize) -> Self {
        Self {
            tokens: self.tokens.get(..index).unwrap_or(self.tokens),
            ..*self
        }
    }

    fn take_from(&self, index: usize) -> Self {
        Self {
            tokens: self.tokens.get(index..).unwrap_or_default(),
            ..*self
        }
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.tokens.iter().position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        self.tokens.iter()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.tokens.iter().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        match count.checked_sub(self.tokens.len()) {
            None | Some(0) => Ok(count),
            Some(missing) => Err(Needed::new(missing)),
        }
    }
}

/// Where the rules went no further, and what they would have taken there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// How many tokens are left there; fewer is further.
    pub(super) remaining: usize,
    pub(super) expected: Expected,
    pub(super) cause: Option<Cause>,
}

/// What could stand at a place. A rule that is tried in vain makes one of these, at every item of every line, so that
/// one name is kept without an allocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expected {
    first: Option<&'static str>,
    others: Vec<&'static str>,
}

impl Expected {
    fn push(&mut self, name: &'static str) {
        if self.first.is_none() {
            self.first = Some(name);
        } else if self.iter().last() != Some(name) {
            self.others.push(name);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.first.into_iter().chain(self.others.iter().copied())
    }

    /// Whether this and nothing else could stand there.
    pub(super) fn is_only(&self, name: &str) -> bool {
        self.first == Some(name) && self.others.is_empty()
    }
}

/// The cause of an error, where the token alone does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// What stands before a relation is no name.
    NoName,
    /// `-name` is followed by a relation other than `=`.
    DashedRelation,
    /// `where` has a dash, or a relation other than `=`.
    WhereRelation,
}

impl Wrong {
    pub(super) fn new(
        at: Tokens<'_>,
        expected: Option<&'static str>,
        cause: Option<Cause>,
    ) -> Self {
        Self {
            remaining: at.ahead().tokens.len(),
            expected: Expected {
                first: expected,
                others: Vec::new(),
            },
            cause,
        }
    }
}

impl ParseError<Tokens<'_>> for Wrong {
    fn from_error_kind(input: Tokens<'_>, _: ErrorKind) -> Self {
        Self::new(input, None, None)
    }

    fn append(_: Tokens<'_>, _: ErrorKind, other: Self) -> Self {
        other
    }

    fn or(mut self, other: Self) -> Self {
        match self.remaining.cmp(&other.remaining) {
            std::cmp::Ordering::Less => self,
            std::cmp::Ordering::Greater => other,
            std::cmp::Ordering::Equal => {
                other
                    .expected
                    .iter()
                    .for_each(|name| self.expected.push(name));
                self.cause = self.cause.or(other.cause);
                self
            }
        }
    }
}
