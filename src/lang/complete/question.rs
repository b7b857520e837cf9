//! `?` as the last word of a line: what could stand there.

use super::hint::wanted;
use super::place::{Place, pending};
use super::{Candidate, ends_in_comment};
use crate::lang::help;
use crate::lang::lexer::{Token, TokenKind, lex};
use crate::lang::names::{Names, Target};
use crate::lang::outline::{Outline, Role, outline};
use crate::lang::spec::{Arg, Catalogue, Command};

/// What a `?` at the end of a line asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lang) enum Question {
    /// Which commands there are at all.
    Commands,
    /// Which words may follow, or which arguments, or which values: an answer of two columns.
    Here {
        /// What stands before, as one sentence.
        title: String,
        /// What could follow, each with what it is.
        rows: Vec<(String, String)>,
        /// Where to read on.
        more: Option<String>,
    },
    /// What could follow these words, which begin no command.
    Unknown(String),
}

/// The question of a line whose last word is a `?` of its own; `None` for every other line.
pub(in crate::lang) fn question(line: &str, catalogue: &Catalogue) -> Option<Question> {
    let tokens = lex(line);
    let asked = tokens
        .iter()
        .rposition(|token| !matches!(token.kind, TokenKind::Blank | TokenKind::Newline))?;
    let (before, rest) = tokens.split_at(asked);
    let sign = rest.first()?;
    if sign.kind != TokenKind::Word || line.get(sign.span.clone()) != Some("?") || sign.glued {
        return None;
    }
    let line = line.get(..sign.span.start)?;
    // A `?` on a new line within a quote or a comment is none.
    if ends_in_comment(before) {
        return None;
    }
    Some(ask(line, before, catalogue))
}

fn ask(line: &str, tokens: &[Token], catalogue: &Catalogue) -> Question {
    let outlines = outline(line, tokens, catalogue);
    let Some(outline) = outlines.last() else {
        return Question::Commands;
    };
    let place = Place {
        line,
        outline,
        catalogue,
        after: Vec::new(),
    };
    place.question()
}

impl Place<'_, '_> {
    fn question(&self) -> Question {
        let words = &self.outline.words;
        if words.is_empty() {
            return Question::Commands;
        }
        if let Some(target) = awaited(self.outline) {
            return self.about_value(target);
        }
        let written: Vec<&str> = words.iter().map(|word| self.text(&word.span)).collect();
        let mut rows = rows(self.commands(&written));
        let Some((command, _)) = self.outline.command else {
            if matches!(words.last().map(|word| &word.role), Some(Role::Keyword)) {
                return Question::Commands;
            }
            if rows.is_empty() {
                return Question::Unknown(written.join(" "));
            }
            return Question::Here {
                title: format!("{} …", written.join(" ")),
                rows,
                more: None,
            };
        };
        if self.outline.in_where {
            rows = Vec::new();
            let found = super::at(self.line, self.line.len(), self.catalogue);
            rows.extend(self::rows(found.items));
        } else {
            rows.extend(self.arguments_left(command));
        }
        let title = format!("{}: {}", command.path, command.summary);
        let mut more = format!("'help {}' explains the command", command.path);
        if Names::of(command).selects() {
            more.push_str(", 'help selection' the choice of users");
        }
        Question::Here {
            title,
            rows,
            more: Some(more),
        }
    }

    /// The arguments that can still be given: what is needed first.
    fn arguments_left(&self, command: &'static Command) -> Vec<(String, String)> {
        let free: Vec<&Arg> = {
            let given = self.given(command);
            let args = command.args.iter();
            args.filter(|arg| !given.contains(&arg.name)).collect()
        };
        let (needed, optional): (Vec<&Arg>, Vec<&Arg>) =
            free.into_iter().partition(|arg| arg.required);
        let row = |arg: &Arg| (help::written(arg), help::described(arg));
        let mut rows: Vec<_> = needed.into_iter().map(row).collect();
        if Names::of(command).selects() {
            rows.push((
                "[selection]".to_owned(),
                "Which ones: group=sales userid=a* … limit=N; without it, all".to_owned(),
            ));
        }
        rows.extend(optional.into_iter().map(row));
        rows
    }

    fn about_value(&self, target: Target) -> Question {
        let (title, about, items) = match target {
            Target::Arg(arg) => {
                let (items, _) = self.possible(arg, "");
                (help::placeholder(arg), help::described(arg), items)
            }
            Target::Attribute { attribute, .. } => {
                let (items, _) = super::value::of_attribute(attribute);
                let shape = wanted(Some(target)).unwrap_or_default();
                let title = format!("{}={shape}", attribute.name);
                (title, attribute.summary.to_owned(), items)
            }
            Target::Limit => (
                "limit=N".to_owned(),
                "At most so many, in order of user id".to_owned(),
                Vec::new(),
            ),
            Target::Pair | Target::Unknown => (
                "a value".to_owned(),
                "of the name before it".to_owned(),
                Vec::new(),
            ),
        };
        Question::Here {
            title: format!("{title}: {about}"),
            rows: rows(items),
            more: None,
        }
    }
}

/// The name at the end of a command whose value is asked for.
fn awaited(outline: &Outline<'_>) -> Option<Target> {
    let last = outline.words.last()?;
    match &last.role {
        Role::Named {
            target: Some(target),
            value: Some(value),
            ..
        } if value.is_empty() => Some(*target),
        _ => pending(&outline.words),
    }
}

fn rows(items: Vec<Candidate>) -> Vec<(String, String)> {
    items
        .into_iter()
        .map(|item| (item.text, item.summary))
        .collect()
}
