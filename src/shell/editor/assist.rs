//! What helps while a line is typed: completion, the grey hint, colours.
//!
//! All of it is computed by the language from the text alone; here it only gets rustyline's shape. What is typed in a
//! continued command is but the end of the text that the language has to see, so that every position moves by the
//! length of the lines before.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::line_buffer::LineBuffer;
use rustyline::validate::Validator;
use rustyline::{Changeset, CompletionType, Context, GraphemeClusterMode, Helper};

use super::keys::Signals;
use super::offer::{Live, Offer, offers, overlap};
use super::paint::{columns, painted};
use crate::lang::highlight::Class;
use crate::lang::redact::secrets;
use crate::lang::spec::Catalogue;
use crate::lang::{complete, highlight};
use crate::render::sanitize::{Reader, is_neutralised, sanitize};
use crate::render::{Ui, cut};

/// A longer text, which was pasted, is shown plain and without help, so that each key takes effect at once.
const LONGEST: usize = 16 * 1024;

/// The language in rustyline's shape.
pub(super) struct Assist {
    ui: Ui,
    catalogue: Catalogue,
    live: Box<dyn Live>,
    signals: Arc<Signals>,
    mode: GraphemeClusterMode,
    /// The lines before the one that is typed, each with its newline.
    before: String,
    /// Columns of the prompt.
    prompt: usize,
    /// The lines of the history, the newest last.
    recent: Vec<String>,
}

impl Assist {
    pub(super) fn new(
        ui: Ui,
        catalogue: Catalogue,
        live: Box<dyn Live>,
        signals: Arc<Signals>,
    ) -> Self {
        Self {
            ui,
            catalogue,
            live,
            signals,
            mode: GraphemeClusterMode::from_env(),
            before: String::new(),
            prompt: 0,
            recent: Vec::new(),
        }
    }

    /// A line is asked for behind `prompt`, which continues the lines `before`; `recent` was typed earlier.
    pub(super) fn begin(&mut self, prompt: &str, before: &str, recent: Vec<String>) {
        before.clone_into(&mut self.before);
        self.prompt = columns(prompt, self.mode);
        self.recent = recent;
    }

    fn whole(&self, line: &str) -> String {
        format!("{}{line}", self.before)
    }

    fn is_long(&self, line: &str) -> bool {
        self.before.len() + line.len() > LONGEST
    }

    /// What of the newest line that begins with `line` comes after it. Nothing is shown of one that holds a secret,
    /// that would not look as it is, or that was but a question.
    fn recalled(&self, line: &str) -> Option<&str> {
        if !self.before.is_empty() {
            return None;
        }
        let begun = self.recent.iter().rev().filter_map(|old| {
            let rest = old.strip_prefix(line)?;
            let harmless = !rest.contains(|c| is_neutralised(c, Reader::Program));
            let was_asked = old.ends_with(" ?");
            (!rest.is_empty() && harmless && !was_asked && old.len() <= LONGEST)
                .then_some((old, rest))
        });
        let mut open = begun.filter(|(old, _)| secrets(old, &self.catalogue).is_empty());
        open.next().map(|(_, rest)| rest)
    }

    /// Columns that are left behind `line` in its last row.
    fn room(&self, line: &str) -> usize {
        let width = self.ui.width().unwrap_or(80).max(1);
        let used = match line.rsplit_once('\n') {
            Some((_, last)) => columns(last, self.mode),
            None => self.prompt + columns(line, self.mode),
        };
        width - used % width - 1
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
        if self.is_long(line) {
            return Ok((pos, Vec::new()));
        }
        let offset = self.before.len();
        let text = self.whole(line);
        let found = complete::at(&text, offset + pos, &self.catalogue);
        // What began in a line that is already entered cannot be replaced.
        let Some(start) = found.replace.start.checked_sub(offset) else {
            return Ok((pos, Vec::new()));
        };
        let (Some(written), Some(behind)) = (line.get(start..pos), line.get(pos..)) else {
            return Ok((pos, Vec::new()));
        };
        let width = self.ui.width().unwrap_or(80);
        let offers = offers(&found, written, behind, self.live.as_ref(), width);
        Ok((start, offers))
    }

    /// What stands behind the cursor stays, but is not put in a second time.
    fn update(&self, line: &mut LineBuffer, start: usize, elected: &str, changes: &mut Changeset) {
        let end = line.pos();
        let written = line.get(start..end).unwrap_or_default();
        let behind = line.get(end..).unwrap_or_default();
        let end = end + overlap(written, elected, behind);
        line.replace(start..end, elected, changes);
    }
}

/// A hint: what is shown, and what Right puts in, if it can be put in.
pub(super) struct Grey {
    shown: String,
    taken: Option<String>,
}

impl Hint for Grey {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.taken.as_deref()
    }
}

impl Hinter for Assist {
    type Hint = Grey;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Grey> {
        if pos < line.len() || line.trim().is_empty() || self.is_long(line) {
            return None;
        }
        let only_shown = |shown: &str| Grey {
            shown: sanitize(shown, Reader::Terminal).into_owned(),
            taken: None,
        };
        let is_invisible = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        let hint = if line.contains(is_invisible) {
            only_shown(" # the line holds control characters")
        } else if let Some(possible) = complete::hint(&self.whole(line), &self.catalogue) {
            only_shown(&possible)
        } else {
            let rest = self.recalled(line)?;
            Grey {
                shown: rest.to_owned(),
                taken: Some(rest.to_owned()),
            }
        };
        let room = self.room(line);
        let shown = cut(&hint.shown, room);
        (room > 1).then_some(Grey { shown, ..hint })
    }
}

impl Highlighter for Assist {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        self.signals.is_listing.store(false, Ordering::Relaxed);
        let classes = if self.is_long(line) {
            Vec::new()
        } else if self.ui.out_has_colours() {
            highlight::classes(&self.whole(line), &self.catalogue)
        } else {
            // Without colours a secret is hidden all the same.
            let secrets = secrets(&self.whole(line), &self.catalogue).into_iter();
            secrets.map(|span| (span, Class::Secret)).collect()
        };
        let painted = painted(line, self.before.len(), &classes, self.mode);
        self.ui.showable(Cow::Owned(painted))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        self.ui.showable(if self.ui.out_has_colours() {
            Cow::Owned(format!("\u{1b}[90m{hint}\u{1b}[0m"))
        } else {
            Cow::Borrowed(hint)
        })
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        self.signals.is_listing.store(true, Ordering::Relaxed);
        self.ui.showable(match candidate.split_once("  ") {
            Some((name, about)) if self.ui.out_has_colours() => {
                Cow::Owned(format!("{name}  \u{1b}[90m{about}\u{1b}[0m"))
            }
            _ => Cow::Borrowed(candidate),
        })
    }

    /// A long line is not painted anew for every key.
    fn highlight_char(&self, line: &str, _: usize, _: CmdKind) -> bool {
        !self.is_long(line)
    }
}
