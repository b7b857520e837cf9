//! What helps while a line is typed: completion, the grey hint, colours.
//!
//! All of it is computed by the language from the text alone; here it only gets rustyline's shape. What is typed in a
//! continued command is but the end of the text that the language has to see, so that every position moves by the
//! length of the lines before.

use std::borrow::Cow;
use std::ops::Range;

use rustyline::Context;
use rustyline::Helper;
use rustyline::completion::{Candidate, Completer};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::Validator;
use unicode_width::UnicodeWidthStr;

use super::Waiting;
use crate::lang::spec::Complete;
use crate::render::Ui;
use crate::render::sanitize::{Reader, is_neutralised, sanitize};

/// Live names, from the vault.
pub trait Live {
    /// Up to `limit` names of this kind that begin with `prefix`, each with what there is to say of it.
    fn candidates(&self, source: Complete, prefix: &str, limit: usize) -> Vec<(String, String)>;
}

/// Names that are asked for at most; who has more types another letter.
pub const OFFERED: usize = 201;

/// What may come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What replaces the text from the start of the completed word to the cursor, quoted where it must be.
    pub text: String,
    /// What there is to say of it; may be empty.
    pub summary: String,
}

/// What is open at the end of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open(pub &'static str);

impl Open {
    /// What a continuation prompt shows.
    pub fn sign(self) -> &'static str {
        self.0
    }
}

/// A stretch of text and the colour it has, as the parameters of an SGR sequence.
pub type Paint = (Range<usize>, &'static str);

/// The command language, as far as the editor needs it.
pub trait Language {
    /// What is open at the end of `text`, if more lines could complete it.
    fn open(&self, text: &str) -> Option<Open>;
    /// What may stand at `cursor`, and from where on it replaces the text.
    fn complete(&self, text: &str, cursor: usize) -> (usize, Vec<Offer>);
    /// What could follow the text, in a few words.
    fn hint(&self, text: &str) -> Option<String>;
    /// Colours, in the order of the text, apart from each other.
    fn paint(&self, text: &str) -> Vec<Paint>;
}

/// The language in rustyline's shape.
pub(super) struct Assist {
    ui: Ui,
    language: Box<dyn Language>,
    waiting: Box<dyn Waiting>,
    /// The lines before the one that is typed, each with its newline.
    before: String,
}

impl Assist {
    pub(super) fn new(ui: Ui, language: Box<dyn Language>, waiting: Box<dyn Waiting>) -> Self {
        Self {
            ui,
            language,
            waiting,
            before: String::new(),
        }
    }

    /// A line is asked for, which continues the lines `before`.
    pub(super) fn begin(&mut self, before: &str) {
        before.clone_into(&mut self.before);
        self.waiting.began();
    }

    /// The line is there.
    pub(super) fn end(&self) {
        self.waiting.ended();
    }

    pub(super) fn open(&self, text: &str) -> Option<Open> {
        self.language.open(text)
    }

    fn whole(&self, line: &str) -> String {
        format!("{}{line}", self.before)
    }
}

impl Helper for Assist {}

/// Any line is taken; whether more must follow is the editor's concern.
impl Validator for Assist {}

/// A candidate with its summary beside it.
pub(super) struct Choice {
    text: String,
    display: String,
}

impl Candidate for Choice {
    fn display(&self) -> &str {
        &self.display
    }

    fn replacement(&self) -> &str {
        &self.text
    }
}

impl Completer for Assist {
    type Candidate = Choice;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Choice>)> {
        let offset = self.before.len();
        let (start, offers) = self.language.complete(&self.whole(line), offset + pos);
        // A word cannot begin in a line that is already entered.
        let Some(start) = start.checked_sub(offset) else {
            return Ok((pos, Vec::new()));
        };
        Ok((start, choices(offers, self.ui.width().unwrap_or(80))))
    }
}

/// The offers with their summaries in a column, none wider than the terminal.
fn choices(offers: Vec<Offer>, width: usize) -> Vec<Choice> {
    let name = |offer: &Offer| sanitize(&offer.text, Reader::Terminal).into_owned();
    let widest = offers.iter().map(|offer| name(offer).width()).max();
    let column = widest.unwrap_or(0).min(width / 2);
    offers
        .into_iter()
        .map(|offer| {
            let mut display = name(&offer);
            if !offer.summary.is_empty() {
                let gap = column.saturating_sub(display.width()) + 2;
                let summary = sanitize(&offer.summary, Reader::Terminal);
                display.push_str(&" ".repeat(gap));
                display.push_str(&summary);
            }
            Choice {
                text: offer.text,
                display: crate::render::cut(&display, width.saturating_sub(1)),
            }
        })
        .collect()
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
        self.waiting.typed();
        if pos < line.len() || line.trim().is_empty() {
            return None;
        }
        let hint = self.language.hint(&self.whole(line))?;
        Some(Grey(sanitize(&hint, Reader::Terminal).into_owned()))
    }
}

impl Highlighter for Assist {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let paints = if self.ui.out_has_colours() {
            self.language.paint(&self.whole(line))
        } else {
            Vec::new()
        };
        Cow::Owned(painted(line, self.before.len(), &paints))
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

/// `line`, which stands at `offset` of the text that `paints` speaks of, in its colours. A character that a terminal
/// would obey shows as dots of its width, so that the cursor stays where rustyline expects it.
fn painted(line: &str, offset: usize, paints: &[Paint]) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    let mut at = 0;
    for (span, colour) in paints {
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
        let paints = [(0..4, "1"), (5..9, "36"), (14..18, "31")];
        assert_eq!(
            painted("user list 'a b' grüp", 0, &paints),
            "\u{1b}[1muser\u{1b}[0m \u{1b}[36mlist\u{1b}[0m 'a b\u{1b}[31m' gr\u{1b}[0müp"
        );
    }

    #[test]
    fn a_continued_line_shows_its_own_colours_only() {
        // The text is "echo 'a\nb' c".
        let paints = [(0..4, "1"), (5..10, "32"), (11..12, "36")];
        assert_eq!(
            painted("b' c", 8, &paints),
            "\u{1b}[32mb'\u{1b}[0m \u{1b}[36mc\u{1b}[0m"
        );
    }

    #[test]
    fn a_span_that_splits_a_character_colours_nothing() {
        assert_eq!(painted("ü", 0, &[(0..1, "31")]), "ü");
    }

    #[test]
    fn pasted_control_characters_do_not_reach_the_terminal() {
        let line = "a\u{1b}[2J\u{9b}b\u{202e}c\u{7}\nd\te";
        let shown = painted(line, 0, &[]);
        assert!(shown.starts_with("a·[2J·b"), "{shown:?}");
        assert!(shown.ends_with("c·\nd\te"), "{shown:?}");
        assert_eq!(
            shown.replace('\n', "").width(),
            line.replace('\n', "").width()
        );
    }

    #[test]
    fn candidates_stand_beside_their_summaries_and_fit() {
        let offer = |text: &str, summary: &str| Offer {
            text: text.into(),
            summary: summary.into(),
        };
        let shown = |width| -> Vec<String> {
            let offers = vec![
                offer("export", "Write users into a bundle"),
                offer("user list", "Show users"),
                offer("x\u{1b}y", ""),
            ];
            choices(offers, width)
                .into_iter()
                .map(|c| c.display)
                .collect()
        };
        assert_eq!(
            shown(80),
            [
                "export     Write users into a bundle",
                "user list  Show users",
                "x\\u{1b}y"
            ]
        );
        assert_eq!(shown(20)[0], "export     Write u…");
        assert!(shown(20).iter().all(|line| line.width() < 20));
    }
}
