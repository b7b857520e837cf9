//! What helps while a line is typed: completion, the grey hint, colours.
//!
//! All of it is computed by the language from the text alone; here it only gets rustyline's shape. What is typed in a
//! continued command is but the end of the text that the language has to see, so that every position moves by the
//! length of the lines before.

use std::borrow::Cow;

use rustyline::Context;
use rustyline::Helper;
use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::Validator;
use unicode_width::UnicodeWidthStr;

use super::offer::{Live, Offer, offers};
use crate::lang::highlight::Class;
use crate::lang::spec::Catalogue;
use crate::lang::{Span, complete, highlight};
use crate::render::Ui;
use crate::render::sanitize::{Reader, is_neutralised, sanitize};

/// The language in rustyline's shape.
pub(super) struct Assist {
    ui: Ui,
    catalogue: Catalogue,
    live: Box<dyn Live>,
    /// The lines before the one that is typed, each with its newline.
    before: String,
}

impl Assist {
    pub(super) fn new(ui: Ui, catalogue: Catalogue, live: Box<dyn Live>) -> Self {
        Self {
            ui,
            catalogue,
            live,
            before: String::new(),
        }
    }

    /// A line is asked for, which continues the lines `before`.
    pub(super) fn begin(&mut self, before: &str) {
        before.clone_into(&mut self.before);
    }

    fn whole(&self, line: &str) -> String {
        format!("{}{line}", self.before)
    }
}

impl Helper for Assist {}

/// Any line is taken; whether more must follow is the editor's concern.
impl Validator for Assist {}

impl Completer for Assist {
    type Candidate = Offer;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Offer>)> {
        let offset = self.before.len();
        let text = self.whole(line);
        let found = complete::at(&text, offset + pos, &self.catalogue);
        // What began in a line that is already entered cannot be replaced.
        let Some(start) = found.replace.start.checked_sub(offset) else {
            return Ok((pos, Vec::new()));
        };
        let width = self.ui.width().unwrap_or(80);
        Ok((start, offers(found, self.live.as_ref(), width)))
    }
}

/// A hint that is only looked at.
pub(super) struct Grey(String);

impl Hint for Grey {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Assist {
    type Hint = Grey;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Grey> {
        if pos < line.len() || line.trim().is_empty() {
            return None;
        }
        let hint = complete::hint(&self.whole(line), &self.catalogue)?;
        Some(Grey(sanitize(&hint, Reader::Terminal).into_owned()))
    }
}

impl Highlighter for Assist {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let classes = if self.ui.out_has_colours() {
            highlight::classes(&self.whole(line), &self.catalogue)
        } else {
            Vec::new()
        };
        Cow::Owned(painted(line, self.before.len(), &classes))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.ui.out_has_colours() {
            Cow::Owned(format!("\u{1b}[90m{hint}\u{1b}[0m"))
        } else {
            Cow::Borrowed(hint)
        }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
    }
}

/// The colour of a class, as parameters of an SGR sequence.
fn colour(class: Class) -> Option<&'static str> {
    match class {
        Class::Plain | Class::Sign | Class::Value => None,
        Class::Command => Some("1"),
        Class::Name => Some("36"),
        Class::Quoted => Some("32"),
        Class::Variable => Some("35"),
        Class::Keyword => Some("34"),
        Class::Comment => Some("90"),
        Class::Wrong => Some("31"),
    }
}

/// `line`, which stands at `offset` of the text that `classes` speaks of, in its colours. A character that a terminal
/// would obey shows as dots of its width, so that the cursor stays where rustyline expects it.
fn painted(line: &str, offset: usize, classes: &[(Span, Class)]) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    let mut at = 0;
    for (span, class) in classes {
        let Some(colour) = colour(*class) else {
            continue;
        };
        let start = span.start.saturating_sub(offset).clamp(at, line.len());
        let end = span.end.saturating_sub(offset).clamp(start, line.len());
        let (Some(plain), Some(coloured)) = (line.get(at..start), line.get(start..end)) else {
            continue;
        };
        visible(plain, &mut out);
        if !coloured.is_empty() {
            out.push_str("\u{1b}[");
            out.push_str(colour);
            out.push('m');
            visible(coloured, &mut out);
            out.push_str("\u{1b}[0m");
        }
        at = end;
    }
    visible(line.get(at..).unwrap_or_default(), &mut out);
    out
}

fn visible(text: &str, out: &mut String) {
    for c in text.chars() {
        if matches!(c, '\n' | '\t') || !is_neutralised(c, Reader::Program) {
            out.push(c);
        } else {
            let width = c.encode_utf8(&mut [0; 4]).width();
            out.extend(std::iter::repeat_n('·', width));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_lie_where_the_language_puts_them() {
        let classes = [
            (0..4, Class::Command),
            (4..5, Class::Plain),
            (5..9, Class::Name),
            (14..18, Class::Wrong),
        ];
        assert_eq!(
            painted("user list 'a b' grüp", 0, &classes),
            "\u{1b}[1muser\u{1b}[0m \u{1b}[36mlist\u{1b}[0m 'a b\u{1b}[31m' gr\u{1b}[0müp"
        );
    }

    #[test]
    fn a_continued_line_shows_its_own_colours_only() {
        // The text is "echo 'a\nb' c".
        let classes = [
            (0..4, Class::Command),
            (5..10, Class::Quoted),
            (11..12, Class::Name),
        ];
        assert_eq!(
            painted("b' c", 8, &classes),
            "\u{1b}[32mb'\u{1b}[0m \u{1b}[36mc\u{1b}[0m"
        );
    }

    #[test]
    fn a_span_that_splits_a_character_colours_nothing() {
        assert_eq!(painted("ü", 0, &[(0..1, Class::Wrong)]), "ü");
    }

    #[test]
    fn pasted_control_characters_do_not_reach_the_terminal() {
        let line = "a\u{1b}[2J\u{9b}b\u{202e}c\u{7}\nd\te";
        let shown = painted(line, 0, &[]);
        assert!(shown.starts_with("a·[2J·b"), "{shown:?}");
        assert!(shown.ends_with("c·\nd\te"), "{shown:?}");
        let width = |text: &str| text.replace('\n', "").width();
        assert_eq!(width(&shown), width(line));
    }
}
