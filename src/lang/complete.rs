//! What could stand at the cursor: candidates for TAB, and in [`hint`] what is still possible.
//!
//! Everything comes from the tokens and the catalogue. What only the vault knows (groups, bundle numbers) or only
//! the disk (files) is named by its source, and the shell fills it in.

mod hint;

use super::Span;
use super::binder::path;
use super::lexer::{Bad, Quote, TokenKind, lex};
use super::names::{Names, Target, takes_pairs};
use super::outline::{Outline, Role, Word, outline};
use super::selection::{Attribute, AttributeKind};
use super::spec::{Arg, Catalogue, Command, Complete, Kind, fold_name};
use super::value::Variable;
pub use hint::hint;

/// What can be put at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// What the chosen candidate replaces.
    pub replace: Span,
    /// What is typed of it so far, without quotes.
    pub typed: String,
    /// The quote that is open around it.
    pub quote: Option<Quote>,
    /// Where more candidates come from, which the shell adds.
    pub more: More,
    /// Those that the catalogue knows, in its order.
    pub items: Vec<Candidate>,
}

/// Where more candidates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// Nowhere.
    Nothing,
    /// The files of a directory.
    Files,
    /// The vault.
    Live(Complete),
}

/// A candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What is put in. It ends with `=` where a value must follow; otherwise a blank may be added.
    pub text: String,
    /// What it is, without a full stop; may be empty.
    pub summary: String,
}

impl Candidates {
    fn nothing(at: usize) -> Self {
        Self {
            replace: at..at,
            typed: String::new(),
            quote: None,
            more: More::Nothing,
            items: Vec::new(),
        }
    }

    /// Keeps the items that begin with what is typed.
    fn matching(mut self) -> Self {
        let typed = fold_name(&self.typed);
        self.items
            .retain(|item| fold_name(&item.text).starts_with(&typed));
        self
    }

    /// How a live value or a file's name is put in: quoted where it must be.
    pub fn insertion(&self, value: &str) -> String {
        match self.quote {
            Some(Quote::Single) if !value.contains('\'') => format!("'{value}'"),
            _ => Variable::literal(value).written(),
        }
    }
}

/// What could stand at byte `cursor` of `line`.
pub fn at(line: &str, cursor: usize, catalogue: &Catalogue) -> Candidates {
    let line = line.get(..cursor).unwrap_or(line);
    let tokens = lex(line);
    let outlines = outline(line, &tokens, catalogue);
    let (Some(outline), false) = (outlines.last(), ends_in_comment(&tokens)) else {
        return Candidates::nothing(line.len());
    };
    let place = Place {
        line,
        outline,
        catalogue,
    };
    place.candidates()
}

fn ends_in_comment(tokens: &[super::lexer::Token]) -> bool {
    tokens
        .last()
        .is_some_and(|last| last.kind == TokenKind::Comment)
}

struct Place<'a, 't> {
    line: &'a str,
    outline: &'a Outline<'t>,
    catalogue: &'a Catalogue,
}

impl<'t> Place<'_, 't> {
    fn text(&self, span: &Span) -> &str {
        self.line.get(span.clone()).unwrap_or_default()
    }

    /// The word that the cursor touches, and the ones before it.
    fn split(&self) -> (&[Word<'t>], Option<&Word<'t>>) {
        let words = self.outline.words.as_slice();
        match words.split_last() {
            Some((last, before))
                if last.span.end == self.line.len() && !matches!(last.role, Role::Parenthesis) =>
            {
                (before, Some(last))
            }
            _ => (words, None),
        }
    }

    fn candidates(&self) -> Candidates {
        let (before, word) = self.split();
        let end = self.line.len();
        let mut found = Candidates::nothing(end);
        match word.map(|word| (&word.role, word)) {
            Some((
                Role::Named {
                    target,
                    value: Some(value),
                    ..
                },
                word,
            )) => {
                return self.value(*target, value, word);
            }
            Some((Role::ValueOf(target, value), word)) => return self.value(*target, value, word),
            Some((Role::Named { dashed: true, .. }, word)) => {
                found.replace = word.span.clone();
                found.typed = self.text(&word.span).trim_start_matches('-').to_owned();
                found.items = self.names("-");
                let mut found = found.matching();
                found.typed = self.text(&word.span).to_owned();
                return found;
            }
            Some((Role::Keyword, _)) => return found,
            Some((_, word)) => {
                found.replace = word.span.clone();
                found.typed = self.text(&word.span).to_owned();
                found.quote = open_quote(word);
            }
            None => {
                if let Some(target) = pending(before) {
                    return self.value(
                        Some(target),
                        &(end..end),
                        &Word {
                            role: Role::Value,
                            tokens: &[],
                            span: end..end,
                        },
                    );
                }
            }
        }
        let leading = |word: &Word<'_>| matches!(word.role, Role::Leading);
        if before.iter().all(leading)
            && word.is_none_or(|word| leading(word) || self.path_may_go_on())
        {
            let words: Vec<&str> = before.iter().map(|word| self.text(&word.span)).collect();
            found.items = self.commands(&words);
        }
        if let Some((command, length)) = self.outline.command
            && before.len() >= length
        {
            found.items.extend(self.arguments(before));
            if let Some(arg) = free_positional(command, &self.given(command)) {
                let (items, more) = self.possible(arg);
                found.items.extend(items);
                found.more = more;
            }
        }
        if found.quote.is_some() || found.typed.starts_with(['\'', '"']) {
            found.items.clear();
        }
        found.matching()
    }

    /// Whether the words so far may be the beginning of a longer path.
    fn path_may_go_on(&self) -> bool {
        let words = self.outline.words.iter();
        let words: Vec<&str> = words.map(|word| self.text(&word.span)).collect();
        let before = words.split_last().map_or(&[][..], |(_, before)| before);
        !path::next_words(before, self.catalogue).is_empty()
    }

    fn commands(&self, words: &[&str]) -> Vec<Candidate> {
        let next = path::next_words(words, self.catalogue);
        next.into_iter()
            .map(|word| {
                let mut path = words.to_vec();
                path.push(word);
                let exact = path::find(&path, self.catalogue)
                    .filter(|(_, length)| *length == path.len())
                    .map(|(command, _)| command.summary.to_owned());
                let summary =
                    exact.unwrap_or_else(|| path::next_words(&path, self.catalogue).join(", "));
                Candidate {
                    text: word.to_owned(),
                    summary,
                }
            })
            .collect()
    }

    /// What may stand where an argument begins.
    fn arguments(&self, before: &[Word<'_>]) -> Vec<Candidate> {
        if self.outline.in_where {
            let word = |text: &str| Candidate {
                text: text.to_owned(),
                summary: String::new(),
            };
            let complete = before.last().is_some_and(|last| match &last.role {
                Role::Named { value, .. } => value.as_ref().is_some_and(|value| !value.is_empty()),
                Role::Parenthesis => self.text(&last.span) == ")",
                _ => false,
            });
            if !complete {
                let mut items = self.attributes();
                items.push(word("not"));
                return items;
            }
            let mut items = vec![word("and"), word("or")];
            items.extend(self.names(""));
            return items;
        }
        self.names("")
    }

    fn attributes(&self) -> Vec<Candidate> {
        let names = self.outline.command.map(|(command, _)| Names::of(command));
        let Some(names) = names.filter(|names| names.selects()) else {
            return Vec::new();
        };
        names.attributes.iter().map(named_attribute).collect()
    }

    /// The arguments that are not given yet, and the attributes.
    fn names(&self, dash: &str) -> Vec<Candidate> {
        let Some((command, _)) = self.outline.command else {
            return Vec::new();
        };
        let given = self.given(command);
        let args = command
            .args
            .iter()
            .filter(|arg| !takes_pairs(arg) && !given.contains(&arg.name));
        let mut items: Vec<Candidate> = args.map(|arg| named_arg(arg, dash)).collect();
        if Names::of(command).selects() {
            if dash.is_empty() {
                items.extend(self.attributes());
                items.push(Candidate {
                    text: "where=".to_owned(),
                    summary: "A condition with and, or, not and parentheses".to_owned(),
                });
            } else {
                let attributes = self.attributes().into_iter();
                items.extend(attributes.map(|item| Candidate {
                    text: format!("{dash}{}", item.text.trim_end_matches('=')),
                    ..item
                }));
            }
            let equal = if dash.is_empty() { "=" } else { "" };
            items.push(Candidate {
                text: format!("{dash}limit{equal}"),
                summary: "At most so many, in order of user id".to_owned(),
            });
        }
        items
    }

    /// The arguments that the words before the cursor give, by name or by position.
    fn given(&self, command: &'static Command) -> Vec<&'static str> {
        let (before, _) = self.split();
        let mut given: Vec<&'static str> = before
            .iter()
            .filter_map(|word| match &word.role {
                Role::Named {
                    target: Some(Target::Arg(arg)),
                    ..
                } => Some(arg.name),
                _ => None,
            })
            .collect();
        for _ in before
            .iter()
            .filter(|word| matches!(word.role, Role::Value))
        {
            let mut args = command.args.iter();
            let next = args.find(|arg| arg.positional && !arg.many && !given.contains(&arg.name));
            given.extend(next.map(|arg| arg.name));
        }
        given
    }

    /// The values that an argument can have.
    fn possible(&self, arg: &Arg) -> (Vec<Candidate>, More) {
        let names = |set: &[&str]| set.iter().map(|name| plain(name)).collect::<Vec<_>>();
        match (arg.complete, arg.kind) {
            (Complete::Commands, _) => (self.commands(&[]), More::Nothing),
            (Complete::Kind, Kind::Choice(set)) => (names(set), More::Nothing),
            (Complete::Kind, Kind::Flag | Kind::FlagOrNumber) => {
                (names(&["yes", "no"]), More::Nothing)
            }
            (Complete::Kind, Kind::InFile | Kind::OutFile) => (Vec::new(), More::Files),
            (Complete::Kind, _) => (Vec::new(), More::Nothing),
            (source, _) => (Vec::new(), More::Live(source)),
        }
    }

    /// Candidates for the last element of the value `span` within `word`.
    fn value(&self, target: Option<Target>, span: &Span, word: &Word<'_>) -> Candidates {
        let comma = word
            .tokens
            .iter()
            .rfind(|token| token.kind == TokenKind::Comma && token.span.start >= span.start);
        let start = comma.map_or(span.start, |comma| comma.span.end);
        let mut found = Candidates::nothing(self.line.len());
        found.replace.start = start;
        found.quote = open_quote(word);
        let written = self.text(&found.replace);
        let unquoted = written.trim_start_matches(['"', '\'']);
        found.typed = unquoted.to_owned();
        match target {
            Some(Target::Arg(arg)) => (found.items, found.more) = self.possible(arg),
            Some(Target::Attribute { attribute, .. }) => {
                if attribute.kind == AttributeKind::UserId
                    && let Some(file) = written.strip_prefix('@')
                {
                    found.replace.start += 1;
                    found.typed = file.to_owned();
                    found.more = More::Files;
                    return found;
                }
                (found.items, found.more) = possible_of(attribute);
            }
            _ => {}
        }
        found.matching()
    }
}

/// The argument that a value without a name would go to.
fn free_positional(command: &'static Command, given: &[&str]) -> Option<&'static Arg> {
    let mut args = command.args.iter();
    args.find(|arg| arg.positional && !given.contains(&arg.name))
}

/// The name that waits for its value after a blank.
fn pending(before: &[Word<'_>]) -> Option<Target> {
    match &before.last()?.role {
        Role::Named {
            target: Some(target),
            value: None,
            dashed: true,
            ..
        } => match target {
            Target::Arg(arg) if matches!(arg.kind, Kind::Flag | Kind::FlagOrNumber) => None,
            Target::Unknown | Target::Pair => None,
            target => Some(*target),
        },
        _ => None,
    }
}

fn open_quote(word: &Word<'_>) -> Option<Quote> {
    word.tokens.iter().find_map(|token| match token.kind {
        TokenKind::Bad(Bad::OpenQuote(quote)) => Some(quote),
        _ => None,
    })
}

fn plain(text: &str) -> Candidate {
    Candidate {
        text: text.to_owned(),
        summary: String::new(),
    }
}

fn named_arg(arg: &Arg, dash: &str) -> Candidate {
    let text = match arg.kind {
        Kind::Flag | Kind::FlagOrNumber => format!("-{}", arg.name),
        _ if !dash.is_empty() => format!("{dash}{}", arg.name),
        Kind::Comparison => arg.name.to_owned(),
        _ => format!("{}=", arg.name),
    };
    Candidate {
        text,
        summary: arg.summary.to_owned(),
    }
}

fn named_attribute(attribute: &Attribute) -> Candidate {
    Candidate {
        text: format!("{}=", attribute.name),
        summary: attribute.summary.to_owned(),
    }
}

fn possible_of(attribute: &Attribute) -> (Vec<Candidate>, More) {
    let items = match attribute.kind {
        AttributeKind::Names(set) | AttributeKind::NumberOr(set) => {
            set.iter().map(|name| plain(name)).collect()
        }
        _ => Vec::new(),
    };
    let more = match attribute.complete {
        Complete::Kind => More::Nothing,
        source => More::Live(source),
    };
    (items, more)
}

#[cfg(test)]
mod tests;
