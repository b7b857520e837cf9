//! The shape of a text that need not be right: which words name a command, which an argument, which are values.
//!
//! Completion, highlighter and redaction look at lines that are being typed, where the grammar has nothing to
//! offer yet. They read this instead, which finds a place for every token and never fails.

use super::Span;
use super::binder::path;
use super::lexer::{Token, TokenKind, is_name};
use super::names::{ENTITIES, Names, Target};
use super::spec::{Catalogue, Command, Kind};

/// A command of the text, as far as it is known.
#[derive(Debug)]
pub(super) struct Outline<'t> {
    /// The command that its words name, and how many of them do.
    pub(super) command: Option<(&'static Command, usize)>,
    /// Its words, in their order.
    pub(super) words: Vec<Word<'t>>,
    /// Whether `where=` is not over at its end.
    pub(super) in_where: bool,
}

/// Tokens without a blank between them.
#[derive(Debug)]
pub(super) struct Word<'t> {
    pub(super) role: Role,
    pub(super) tokens: &'t [Token],
    pub(super) span: Span,
}

/// What a word is in its command.
#[derive(Debug, Clone)]
pub(super) enum Role {
    /// A word before any argument: it may belong to the command's path.
    Leading,
    /// `name=value` or `-name` or `-name=value`
    Named {
        target: Option<Target>,
        name: Span,
        /// From after the relation; `None` without one.
        value: Option<Span>,
        dashed: bool,
    },
    /// The value of the dashed name before it, or of a name from which a blank separates it by mistake.
    ValueOf(Option<Target>, Span),
    /// A value on its own.
    Value,
    /// `and`, `or`, `not` of a condition; `foreach`, `in`.
    Keyword,
    /// `token` of `token(…)`.
    Entity,
    /// A parenthesis of its own.
    Parenthesis,
}

/// The commands of `text`, whose tokens these are.
pub(super) fn outline<'t>(
    text: &str,
    tokens: &'t [Token],
    catalogue: &Catalogue,
) -> Vec<Outline<'t>> {
    let mut outlines = Vec::new();
    let mut from = 0;
    let mut parentheses = 0_usize;
    let mut head = Head::None;
    for (at, token) in tokens.iter().enumerate() {
        let ends = match token.kind {
            TokenKind::Newline => parentheses == 0,
            TokenKind::Semicolon | TokenKind::OpenBrace | TokenKind::CloseBrace => true,
            TokenKind::Open if head == Head::Before => {
                head = Head::Inside;
                outlines.push(one(
                    text,
                    tokens.get(from..=at).unwrap_or_default(),
                    catalogue,
                ));
                from = at + 1;
                continue;
            }
            TokenKind::Open => {
                parentheses += 1;
                false
            }
            TokenKind::Close => {
                let closes_head = head == Head::Inside && parentheses == 0;
                parentheses = parentheses.saturating_sub(1);
                closes_head
            }
            TokenKind::Word if is_word(text, token, "foreach") => {
                let statement = tokens.get(from..at).unwrap_or_default();
                if statement.iter().all(|before| is_trivia(before.kind)) {
                    head = Head::Before;
                }
                false
            }
            _ => false,
        };
        if ends {
            outlines.push(one(
                text,
                tokens.get(from..=at).unwrap_or_default(),
                catalogue,
            ));
            from = at + 1;
            parentheses = 0;
            head = Head::None;
        }
    }
    outlines.push(one(text, tokens.get(from..).unwrap_or_default(), catalogue));
    outlines
}

/// How far the head of a loop is read; the command within its parentheses is one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    None,
    Before,
    Inside,
}

fn is_trivia(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Blank | TokenKind::Newline | TokenKind::Comment
    )
}

fn is_word(text: &str, token: &Token, word: &str) -> bool {
    token.kind == TokenKind::Word
        && text
            .get(token.span.clone())
            .is_some_and(|written| written.eq_ignore_ascii_case(word))
}

fn one<'t>(text: &str, tokens: &'t [Token], catalogue: &Catalogue) -> Outline<'t> {
    let runs = runs(text, tokens);
    let leading = runs.iter().map_while(|run| match run {
        [token] if token.kind == TokenKind::Word => text.get(token.span.clone()),
        _ => None,
    });
    let leading: Vec<&str> = leading.take_while(|word| !word.starts_with('-')).collect();
    let command = path::find(&leading, catalogue);
    let mut scan = Scan {
        text,
        names: command.map(|(spec, _)| Names::of(spec)),
        leading: leading.len(),
        path: command.map(|(_, length)| length),
        words: Vec::new(),
        pending: None,
        in_where: false,
        depth: 0,
    };
    for run in runs {
        scan.run(run);
    }
    Outline {
        command,
        words: scan.words,
        in_where: scan.in_where,
    }
}

/// Runs of glued tokens; parentheses stand alone where they can belong to a condition.
fn runs<'t>(text: &str, tokens: &'t [Token]) -> Vec<&'t [Token]> {
    let mut runs = Vec::new();
    let mut from = 0;
    for at in 0..=tokens.len() {
        let here = tokens.get(at);
        let run = tokens.get(from..at).unwrap_or_default();
        let cut = match here {
            None => true,
            Some(token) if is_separator(token.kind) => true,
            Some(token) if !token.glued => true,
            // `pin=a(b` is one wrong value, `where=(` and `not(` are not.
            Some(token) if token.kind == TokenKind::Open => !holds_value(text, run),
            Some(token) if token.kind == TokenKind::Close => {
                !run.iter().any(|token| token.kind == TokenKind::Open) || run.len() == 1
            }
            // What follows `where=` is a condition, not its value.
            Some(_) if is_where(text, run) => true,
            Some(_) => run
                .last()
                .is_some_and(|last| run.len() == 1 && is_parenthesis(last.kind)),
        };
        if cut {
            if !run.is_empty() {
                runs.push(run);
            }
            from = if here.is_some_and(|token| is_separator(token.kind)) {
                at + 1
            } else {
                at
            };
        }
    }
    runs
}

fn is_separator(kind: TokenKind) -> bool {
    use TokenKind as T;
    is_trivia(kind) || matches!(kind, T::Semicolon | T::OpenBrace | T::CloseBrace)
}

fn is_parenthesis(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Open | TokenKind::Close)
}

/// Whether a run is `name=…` with another name than `where`, or `-name=…`.
fn holds_value(text: &str, run: &[Token]) -> bool {
    match run {
        [name, operator, ..] => {
            matches!(operator.kind, TokenKind::Operator(_)) && !is_word(text, name, "where")
        }
        _ => false,
    }
}

/// Whether a run is `where=` and nothing more.
fn is_where(text: &str, run: &[Token]) -> bool {
    match run {
        [name, operator] => {
            matches!(operator.kind, TokenKind::Operator(_)) && is_word(text, name, "where")
        }
        _ => false,
    }
}

/// The run over a command's words.
struct Scan<'a, 't> {
    text: &'a str,
    names: Option<Names>,
    /// How many plain words begin the command.
    leading: usize,
    /// How many of them name it.
    path: Option<usize>,
    words: Vec<Word<'t>>,
    /// The name whose value must come next.
    pending: Option<Option<Target>>,
    in_where: bool,
    depth: usize,
}

impl<'t> Scan<'_, 't> {
    fn run(&mut self, tokens: &'t [Token]) {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return;
        };
        let span = first.span.start..last.span.end;
        let role = self.role(tokens, first, &span);
        if ends_open(last.kind)
            && !is_where(self.text, tokens)
            && let Role::Named { target, .. } | Role::ValueOf(target, _) = &role
        {
            self.pending = Some(*target);
        }
        self.words.push(Word { role, tokens, span });
    }

    fn role(&mut self, tokens: &'t [Token], first: &Token, span: &Span) -> Role {
        let pending = self.pending.take();
        match first.kind {
            TokenKind::Open => {
                self.depth += 1;
                if let Some(word) = self.words.last_mut()
                    && matches!(word.role, Role::Value)
                    && word.span.end == first.span.start
                {
                    word.role = Role::Entity;
                }
                return Role::Parenthesis;
            }
            TokenKind::Close => {
                self.depth = self.depth.saturating_sub(1);
                return Role::Parenthesis;
            }
            // `name =value`: the word before was meant as a name.
            TokenKind::Operator(_) => {
                let before = self.words.last().map(|word| word.span.clone());
                let name = before
                    .and_then(|before| self.text.get(before))
                    .unwrap_or_default();
                let target = self.target(name.trim_start_matches('-'));
                return Role::ValueOf(target, first.span.end..span.end);
            }
            _ => {}
        }
        if let Some(named) = self.named(tokens, first, span) {
            return named;
        }
        if let Some(target) = pending {
            return Role::ValueOf(target, span.clone());
        }
        let written = self.text.get(span.clone()).unwrap_or_default();
        let keyword = |words: &[&str]| words.iter().any(|word| written.eq_ignore_ascii_case(word));
        if self.in_where && keyword(&["and", "or", "not"]) {
            return Role::Keyword;
        }
        if self.words.is_empty() && keyword(&["foreach"]) || self.in_loop_head(written) {
            return Role::Keyword;
        }
        if self.words.len() < self.path.unwrap_or(self.leading) {
            return Role::Leading;
        }
        if self.words.len() < self.leading && self.names.is_none() {
            return Role::Leading;
        }
        Role::Value
    }

    fn in_loop_head(&self, written: &str) -> bool {
        let head = self.words.first();
        let is_head = head.is_some_and(|word| matches!(word.role, Role::Keyword));
        is_head && !self.in_where && written.eq_ignore_ascii_case("in")
    }

    fn named(&mut self, tokens: &'t [Token], first: &Token, span: &Span) -> Option<Role> {
        if first.kind != TokenKind::Word {
            return None;
        }
        let word = self.text.get(first.span.clone())?;
        let (name, dashed) = match word.strip_prefix('-') {
            Some(name) => (name, true),
            None => (word, false),
        };
        let operator = match tokens.get(1).map(|token| (token.kind, token.span.end)) {
            Some((TokenKind::Operator(_), end)) => Some(end),
            Some(_) => return None,
            None if dashed => None,
            None => return None,
        };
        if !is_name(name) {
            return None;
        }
        let is_where = !dashed && name.eq_ignore_ascii_case("where");
        if self.in_where && self.depth == 0 && !self.continues() {
            self.in_where = false;
        }
        let target = if is_where {
            self.in_where = true;
            None
        } else {
            self.target(name)
        };
        if dashed && operator.is_none() && takes_next(target) {
            self.pending = Some(target);
        }
        Some(Role::Named {
            target,
            name: first.span.end - name.len()..first.span.end,
            value: operator.map(|end| end..span.end),
            dashed,
        })
    }

    /// Whether the last word of a condition asks for more of it.
    fn continues(&self) -> bool {
        match self.words.last() {
            Some(word) => match &word.role {
                Role::Keyword => true,
                Role::Named { value, .. } => value.as_ref().is_some_and(Span::is_empty),
                _ => false,
            },
            None => false,
        }
    }

    fn target(&self, name: &str) -> Option<Target> {
        let names = self.names?;
        let bare = |entity| names.attribute_of(entity, &super::spec::fold_name(name));
        match names.target(name) {
            Target::Unknown if self.in_where && self.depth > 0 => {
                let mut found = ENTITIES.iter().filter_map(|(_, entity)| bare(*entity));
                Some(
                    found
                        .next()
                        .map_or(Target::Unknown, |attribute| Target::Attribute {
                            attribute,
                            prefix: false,
                        }),
                )
            }
            target => Some(target),
        }
    }
}

/// Whether a dashed name takes the word after it as its value.
fn takes_next(target: Option<Target>) -> bool {
    match target {
        Some(Target::Arg(arg)) => !matches!(arg.kind, Kind::Flag | Kind::FlagOrNumber),
        _ => true,
    }
}

/// Whether a value must follow, although a blank does.
fn ends_open(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Operator(_) | TokenKind::Comma)
}
