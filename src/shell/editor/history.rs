//! What was typed, to be recalled.
//!
//! rustyline's own history has neither secrets nor vaults, so this is another: every line goes into the file of
//! its vault as soon as it is accepted, with its secret values left blank, and how it went is filled in when it has
//! run. Lines of this session come before those of others that run at the same time, because the file is only read at
//! the start. A [`History`] is cheap to clone: the editor recalls from it, and the shell records how a line ended.

mod file;

use std::borrow::Cow;
use std::cell::{Ref, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rustyline::history::{History as Recallable, SearchDirection, SearchResult};

pub use self::file::HistoryError;
use self::file::{HistoryFile, Place};
use crate::ambient::Clock;
use crate::lang::redact::{Redaction, redact, secrets};
use crate::lang::spec::Catalogue;

/// Lines that are remembered; older ones are forgotten.
const KEPT: usize = 10_000;

/// A longer line is remembered for this session only.
const LONGEST: usize = 64 * 1024;

/// A line that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What names it until this session ends.
    pub number: u64,
    /// The line; its secret values are left out, unless it is remembered for this session only.
    pub line: String,
    /// When it was accepted, where that is known.
    pub at: Option<Timestamp>,
    /// The exit status of what it ran; none while it runs, or where that was never recorded.
    pub exit: Option<u8>,
    /// How long that took, in milliseconds.
    pub took: Option<u64>,
}

/// The lines of a vault's sessions.
#[derive(Clone)]
pub struct History {
    pages: Rc<RefCell<Pages>>,
    catalogue: Catalogue,
    clock: Arc<dyn Clock>,
    recall: Shared,
}

/// What a [`History`] holds.
#[derive(Default)]
struct Pages {
    /// The newest of each line, the oldest first.
    entries: Vec<Entry>,
    /// Numbers given so far.
    numbered: u64,
    file: Option<HistoryFile>,
    /// Lines of the file that could not be read.
    damaged: usize,
    /// Nothing is remembered for now.
    paused: bool,
    /// The entry that runs, and where it stands in the file.
    running: Option<(u64, Option<Place>)>,
}

/// What is being recalled; the key bindings and the history share it.
pub(super) type Shared = Arc<Mutex<Recall>>;

/// A search by the Up and Down keys, from the first of them on.
#[derive(Debug, Default)]
pub(super) struct Recall {
    /// The line when the search began, and its cursor: what Down returns to.
    typed: (String, usize),
    /// The line as the search has left it. Another one on the screen begins another search.
    shown: Option<(String, usize)>,
    /// Which entry is shown.
    at: Option<usize>,
}

impl Recall {
    /// A key of the search was pressed on this line.
    pub(super) fn press(&mut self, line: &str, cursor: usize) {
        let same = |(text, at): &(String, usize)| text == line && *at == cursor;
        if !self.shown.as_ref().is_some_and(same) {
            *self = Self {
                typed: (line.to_owned(), cursor),
                ..Self::default()
            };
        }
    }

    fn prefix(&self) -> &str {
        self.typed.0.get(..self.typed.1).unwrap_or_default()
    }
}

impl History {
    /// A history that ends with the session.
    pub fn private(catalogue: Catalogue, clock: Arc<dyn Clock>) -> Self {
        Self {
            pages: Rc::default(),
            catalogue,
            clock,
            recall: Shared::default(),
        }
    }

    /// The history in the file at `path`, which is made, with its directory, when there is none.
    pub fn open(
        path: &Path,
        catalogue: Catalogue,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, HistoryError> {
        let (file, read) = HistoryFile::open(path)?;
        let history = Self::private(catalogue, clock);
        {
            let mut pages = history.pages.borrow_mut();
            pages.file = Some(file);
            pages.damaged = read.damaged;
            for mut entry in read.entries {
                pages.numbered += 1;
                entry.number = pages.numbered;
                pages.entries.push(entry);
            }
        }
        Ok(history)
    }

    /// What is remembered, the oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.pages.borrow().entries.clone()
    }

    /// How many lines of the file could not be read, and were left out.
    pub fn damaged(&self) -> usize {
        self.pages.borrow().damaged
    }

    /// Whether lines go into a file.
    pub fn is_kept(&self) -> bool {
        self.pages.borrow().file.is_some()
    }

    /// Remembers no line from now on, or does so again.
    pub fn pause(&self, paused: bool) {
        self.pages.borrow_mut().paused = paused;
    }

    /// Remembers a line, unless it is blank, begins with a blank, or nothing is to be remembered. When the file fails,
    /// the line is remembered all the same, and the file is left alone from then on.
    pub fn remember(&self, line: &str) -> Result<(), HistoryError> {
        let line = line.trim_end();
        *self.recall() = Recall::default();
        let mut pages = self.pages.borrow_mut();
        pages.running = None;
        if pages.paused || line.is_empty() || line.starts_with([' ', '\t', '\n']) {
            return Ok(());
        }
        let (line, lasting) = match redact(line, &self.catalogue) {
            Redaction::Keep(text) => (text, true),
            Redaction::NeverStore => (line.to_owned(), false),
        };
        pages.numbered += 1;
        let entry = Entry {
            number: pages.numbered,
            line,
            at: Some(self.clock.now()),
            exit: None,
            took: None,
        };
        let lasting = lasting && entry.line.len() <= LONGEST;
        let written = match pages.file.as_mut().filter(|_| lasting) {
            Some(file) => file.append(&entry).map(Some),
            None => Ok(None),
        };
        pages.running = Some((entry.number, *written.as_ref().unwrap_or(&None)));
        pages.entries.retain(|other| other.line != entry.line);
        pages.entries.push(entry);
        let excess = pages.entries.len().saturating_sub(KEPT);
        pages.entries.drain(..excess);
        written.map(drop).inspect_err(|_| pages.file = None)
    }

    /// Fills in how the line that was remembered last has ended. A file that cannot take it is no reason to complain:
    /// the line itself is there.
    pub fn finished(&self, exit: u8) {
        let now = self.clock.now();
        let mut pages = self.pages.borrow_mut();
        let Some((number, place)) = pages.running.take() else {
            return;
        };
        let newest = pages.entries.iter_mut().rev();
        let Some(entry) = newest.take(1).find(|entry| entry.number == number) else {
            return;
        };
        entry.exit = Some(exit);
        entry.took = entry
            .at
            .and_then(|at| u64::try_from(now.duration_since(at).as_millis()).ok());
        let entry = entry.clone();
        if let (Some(file), Some(place)) = (&mut pages.file, place) {
            file.fill_in(place, &entry);
        }
    }

    /// Forgets the line with this number; `false` when there is none.
    pub fn delete(&self, number: u64) -> Result<bool, HistoryError> {
        let mut pages = self.pages.borrow_mut();
        let Some(at) = pages
            .entries
            .iter()
            .position(|entry| entry.number == number)
        else {
            return Ok(false);
        };
        let line = pages.entries.remove(at).line;
        if let Some(file) = &mut pages.file {
            file.retain(|entry| entry.line != line)?;
        }
        Ok(true)
    }

    /// Forgets all lines, also those that other sessions have written; says how many this session knew.
    pub fn delete_all(&self) -> Result<usize, HistoryError> {
        let mut pages = self.pages.borrow_mut();
        let count = pages.entries.len();
        pages.entries.clear();
        pages.running = None;
        if let Some(file) = &mut pages.file {
            file.retain(|_| false)?;
        }
        Ok(count)
    }

    /// The state that the bindings of Up and Down share.
    pub(super) fn shared_recall(&self) -> Shared {
        Arc::clone(&self.recall)
    }

    fn recall(&self) -> MutexGuard<'_, Recall> {
        self.recall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> Ref<'_, [Entry]> {
        Ref::map(self.pages.borrow(), |pages| pages.entries.as_slice())
    }

    /// Where the cursor belongs in a recalled line.
    fn cursor(&self, line: &str) -> usize {
        blank(line, &self.catalogue).unwrap_or(line.len())
    }

    /// The nearest entry from `start` on that `matches`, which says where.
    fn find(
        &self,
        start: usize,
        dir: SearchDirection,
        matches: impl Fn(&str) -> Option<usize>,
    ) -> Option<(usize, usize)> {
        let entries = self.known();
        let test = |at: usize| matches(&entries.get(at)?.line).map(|pos| (at, pos));
        match dir {
            SearchDirection::Forward => (start..entries.len()).find_map(test),
            SearchDirection::Reverse => {
                let end = start.saturating_add(1).min(entries.len());
                (0..end).rev().find_map(test)
            }
        }
    }

    fn result(&self, idx: usize, pos: usize) -> Option<SearchResult<'static>> {
        self.known().get(idx).map(|entry| SearchResult {
            entry: Cow::Owned(entry.line.clone()),
            idx,
            pos,
        })
    }
}

impl Recallable for History {
    fn get(&self, index: usize, _: SearchDirection) -> rustyline::Result<Option<SearchResult<'_>>> {
        let cursor = self
            .known()
            .get(index)
            .map(|entry| self.cursor(&entry.line));
        Ok(cursor.and_then(|cursor| self.result(index, cursor)))
    }

    /// The editor remembers lines itself, with [`History::remember`].
    fn add(&mut self, _: &str) -> rustyline::Result<bool> {
        Ok(false)
    }

    fn add_owned(&mut self, _: String) -> rustyline::Result<bool> {
        Ok(false)
    }

    fn len(&self) -> usize {
        self.known().len()
    }

    fn is_empty(&self) -> bool {
        self.known().is_empty()
    }

    fn set_max_len(&mut self, _: usize) -> rustyline::Result<()> {
        Ok(())
    }

    fn ignore_dups(&mut self, _: bool) -> rustyline::Result<()> {
        Ok(())
    }

    fn ignore_space(&mut self, _: bool) {}

    fn save(&mut self, _: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn append(&mut self, _: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn load(&mut self, _: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn clear(&mut self) -> rustyline::Result<()> {
        Ok(())
    }

    /// Ctrl-R.
    fn search(
        &self,
        term: &str,
        start: usize,
        dir: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        if term.is_empty() {
            return Ok(None);
        }
        Ok(self
            .find(start, dir, |line| line.find(term))
            .and_then(|(at, pos)| self.result(at, pos)))
    }

    /// Up and Down: the next line that begins as the typed one did, with the cursor in its first blank. Where there is
    /// none, the line stays as it is; Down from the newest returns to what was typed.
    fn starts_with(
        &self,
        _: &str,
        start: usize,
        dir: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        let mut recall = self.recall();
        let found = self.find(start, dir, |line| {
            (line.starts_with(recall.prefix()) && *line != recall.typed.0)
                .then(|| self.cursor(line))
        });
        let found = match (found, dir, recall.at) {
            (None, SearchDirection::Reverse, Some(at)) => self
                .known()
                .get(at)
                .map(|entry| (at, self.cursor(&entry.line))),
            (found, ..) => found,
        };
        recall.at = found.map(|(at, _)| at);
        let result = match found {
            Some((at, pos)) => self.result(at, pos),
            None => Some(SearchResult {
                entry: Cow::Owned(recall.typed.0.clone()),
                idx: self.known().len(),
                pos: recall.typed.1,
            }),
        };
        recall.shown = result.as_ref().map(|r| (r.entry.to_string(), r.pos));
        Ok(result)
    }
}

/// The first place of `line` where a secret was left out: what would stand there would be a secret.
fn blank(line: &str, catalogue: &Catalogue) -> Option<usize> {
    let first = line.find(['=', ' '])?;
    let gap = |at: &usize| {
        let (before, after) = line.split_at(*at);
        before.ends_with(['=', ' ']) && (after.is_empty() || after.starts_with([' ', ';', '\n']))
    };
    // Few lines have such a place, and asking the language about one costs a look at the whole line.
    (first + 1..=line.len())
        .filter(|at| line.is_char_boundary(*at))
        .filter(gap)
        .find(|at| {
            let (before, after) = line.split_at(*at);
            let filled = format!("{before}x{after}");
            secrets(&filled, catalogue)
                .iter()
                .any(|secret| secret.start == *at)
        })
}

#[cfg(test)]
mod tests;
