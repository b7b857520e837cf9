//! What could stand at the cursor: candidates for TAB, in [`hint`] what is still possible, and what a `?` at
//! the end of a line asks.
//!
//! Everything comes from the tokens and the catalogue. Names that are in the vault (groups, bundle numbers) or on the
//! disk (files) are given as their source, and the shell fills them in.

mod hint;
mod place;
mod question;
mod value;
mod variable;

use super::Span;
use super::lexer::{Quote, TokenKind, lex};
use super::names::Target;
use super::outline::{Role, outline};
use super::spec::{Catalogue, Complete, fold_name};
use place::Place;

pub use hint::hint;
pub(super) use question::{Question, question};

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
    /// Those of the catalogue, in its order.
    pub items: Vec<Candidate>,
}

/// Where more candidates come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum More {
    /// Nowhere.
    Nothing,
    /// The files of a directory; where there are some with this ending, only those, and the directories.
    Files(&'static str),
    Live(Complete),
    /// Names from the same sources, behind which a value must follow.
    Names(Complete),
    /// What the setting of this name can be.
    Values(Complete, String),
    /// The variables of the session.
    Variables,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What is put in. It ends with `=` or `(` where more must follow; otherwise a blank may be added.
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
        value::written(value, self.quote)
    }

    /// How the beginning of several of them is put in: where it needs a quote, that stays open.
    pub fn beginning(&self, value: &str) -> String {
        let mut written = self.insertion(value);
        if written.starts_with(['"', '\'']) {
            written.pop();
        }
        written
    }
}

/// What could stand at byte `cursor` of `line`.
pub fn at(line: &str, cursor: usize, catalogue: &Catalogue) -> Candidates {
    let whole = line;
    let line = line.get(..cursor).unwrap_or(line);
    let tokens = lex(line);
    if let Some(found) = variable::at(line, &tokens) {
        return found;
    }
    let outlines = outline(line, &tokens, catalogue);
    let (Some(outline), false) = (outlines.last(), ends_in_comment(&tokens)) else {
        return Candidates::nothing(line.len());
    };
    let place = Place {
        line,
        outline,
        catalogue,
        after: given_after(whole, line.len(), outlines.len(), catalogue),
    };
    place.candidates()
}

/// The arguments that stand behind the cursor in the same command, the `nth` of the text counted from 1.
fn given_after(whole: &str, cursor: usize, nth: usize, catalogue: &Catalogue) -> Vec<&'static str> {
    if cursor == whole.len() {
        return Vec::new();
    }
    let tokens = lex(whole);
    let outlines = outline(whole, &tokens, catalogue);
    let words = outlines.get(nth - 1).map(|outline| outline.words.iter());
    words
        .into_iter()
        .flatten()
        .filter(|word| word.span.start >= cursor)
        .filter_map(|word| match word.role {
            Role::Named {
                target: Some(Target::Arg(arg)),
                ..
            } => Some(arg.name),
            _ => None,
        })
        .collect()
}

fn ends_in_comment(tokens: &[super::lexer::Token]) -> bool {
    tokens
        .last()
        .is_some_and(|last| last.kind == TokenKind::Comment)
}

#[cfg(test)]
mod tests;
