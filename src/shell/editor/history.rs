//! What was typed, to be recalled.
//!
//! rustyline's own history knows neither of secrets nor of vaults, so this is another: a file for each vault, readable
//! by its owner alone, into which every line goes as soon as it is accepted, with its secret values left blank. Lines
//! of this session come before those of others that run at the same time, because they are only read at the start.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustyline::history::{History as Recallable, SearchDirection, SearchResult};

use crate::lang::redact::{Redaction, redact, secrets};
use crate::lang::spec::Catalogue;

/// Lines that are remembered; older ones are forgotten.
const KEPT: usize = 10_000;

/// A longer line is remembered for this session only.
const LONGEST: usize = 64 * 1024;

/// The file is written anew once it holds this many times [`KEPT`] lines.
const SLACK: usize = 2;

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Its mode lets others in.
    #[error(
        "the history {} is open to others (mode {mode:04o}); lines are remembered for this session only",
        path.display()
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error("the history {} belongs to another user; lines are remembered for this session only", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is something else than a file.
    #[error("the history {} is not a regular file; lines are remembered for this session only", path.display())]
    NotAFile {
        /// What stands in its place.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error("the history {} cannot be used: {source}; lines are remembered for this session only", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl HistoryError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::OpenToOthers { path, .. } => format!("chmod 600 {}", path.display()),
            Self::Foreign { path } | Self::NotAFile { path } => {
                format!("move {} out of the way", path.display())
            }
            Self::Io { .. } => "--private keeps the history in memory without this warning".into(),
        }
    }

    fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// The lines of a vault's sessions, the oldest first.
pub struct History {
    lines: Vec<String>,
    file: Option<PathBuf>,
    catalogue: Catalogue,
    recall: Shared,
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
    pub fn private(catalogue: Catalogue) -> Self {
        Self {
            lines: Vec::new(),
            file: None,
            catalogue,
            recall: Shared::default(),
        }
    }

    /// The history in the file at `path`, which is made, with its directory, when there is none.
    pub fn open(path: &Path, catalogue: Catalogue) -> Result<Self, HistoryError> {
        if let Some(folder) = path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(HistoryError::io(path))?;
        }
        let mut file = open_locked(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(HistoryError::io(path))?;
        let text = String::from_utf8_lossy(&bytes);
        let lines = latest(text.lines().map(decode).collect());
        if text.lines().count() > SLACK * KEPT {
            // A file that stays too long is no reason to go without.
            let _ = rewrite(path, &lines);
        }
        Ok(Self {
            lines,
            file: Some(path.to_owned()),
            catalogue,
            recall: Shared::default(),
        })
    }

    /// What is remembered, the oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.lines.iter().map(String::as_str)
    }

    /// Remembers a line, unless it is blank or begins with a blank. When the file fails, the line is remembered all the
    /// same, and the file is left alone from then on.
    pub fn remember(&mut self, line: &str) -> Result<(), HistoryError> {
        let line = line.trim_end();
        *self.recall() = Recall::default();
        if line.is_empty() || line.starts_with([' ', '\t', '\n']) {
            return Ok(());
        }
        let (line, lasting) = match redact(line, &self.catalogue) {
            Redaction::Keep(text) => (text, true),
            Redaction::NeverStore => (line.to_owned(), false),
        };
        let repeated = self.lines.last() == Some(&line);
        self.lines.retain(|other| *other != line);
        let lasting = lasting && !repeated && line.len() <= LONGEST;
        let file = self.file.take_if(|_| lasting);
        let kept = file.map(|path| append(&path, &line).map(|()| path));
        self.lines.push(line);
        let excess = self.lines.len().saturating_sub(KEPT);
        self.lines.drain(..excess);
        if let Some(kept) = kept {
            self.file = Some(kept?);
        }
        Ok(())
    }

    /// What the bindings of Up and Down have to know.
    pub(super) fn shared_recall(&self) -> Shared {
        Arc::clone(&self.recall)
    }

    fn recall(&self) -> MutexGuard<'_, Recall> {
        self.recall.lock().unwrap_or_else(PoisonError::into_inner)
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
        let test = |at: usize| matches(self.lines.get(at)?).map(|pos| (at, pos));
        match dir {
            SearchDirection::Forward => (start..self.lines.len()).find_map(test),
            SearchDirection::Reverse => {
                let end = start.saturating_add(1).min(self.lines.len());
                (0..end).rev().find_map(test)
            }
        }
    }

    fn result(&self, idx: usize, pos: usize) -> Option<SearchResult<'_>> {
        self.lines.get(idx).map(|line| SearchResult {
            entry: Cow::Borrowed(line),
            idx,
            pos,
        })
    }
}

impl Recallable for History {
    fn get(&self, index: usize, _: SearchDirection) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(self
            .lines
            .get(index)
            .and_then(|line| self.result(index, self.cursor(line))))
    }

    /// The editor remembers lines itself, with [`History::remember`].
    fn add(&mut self, _: &str) -> rustyline::Result<bool> {
        Ok(false)
    }

    fn add_owned(&mut self, _: String) -> rustyline::Result<bool> {
        Ok(false)
    }

    fn len(&self) -> usize {
        self.lines.len()
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty()
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
        self.lines.clear();
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
            (None, SearchDirection::Reverse, Some(at)) => Some((at, self.cursor(&self.lines[at]))),
            (found, ..) => found,
        };
        recall.at = found.map(|(at, _)| at);
        let result = match found {
            Some((at, pos)) => self.result(at, pos),
            None => Some(SearchResult {
                entry: Cow::Owned(recall.typed.0.clone()),
                idx: self.lines.len(),
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

/// The newest of each line, the oldest first, no more than [`KEPT`].
fn latest(lines: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut kept: Vec<String> = lines
        .into_iter()
        .rev()
        .filter(|line| !line.trim().is_empty() && seen.insert(line.clone()))
        .take(KEPT)
        .collect();
    kept.reverse();
    kept
}

/// Opens and locks the file, makes it where there is none, and refuses one that others could read.
fn open_locked(path: &Path) -> Result<File, HistoryError> {
    loop {
        let opened = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(path);
        let file = match opened {
            Err(e) if e.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(HistoryError::NotAFile {
                    path: path.to_owned(),
                });
            }
            other => other.map_err(HistoryError::io(path))?,
        };
        let meta = file.metadata().map_err(HistoryError::io(path))?;
        if !meta.is_file() {
            return Err(HistoryError::NotAFile {
                path: path.to_owned(),
            });
        }
        if meta.uid() != rustix::process::geteuid().as_raw() {
            return Err(HistoryError::Foreign {
                path: path.to_owned(),
            });
        }
        if meta.mode() & 0o077 != 0 {
            return Err(HistoryError::OpenToOthers {
                path: path.to_owned(),
                mode: meta.mode() & 0o7777,
            });
        }
        file.lock().map_err(HistoryError::io(path))?;
        // Another session may have put a shorter file in its place while this one waited.
        if std::fs::metadata(path).is_ok_and(|now| now.ino() == meta.ino()) {
            return Ok(file);
        }
    }
}

fn append(path: &Path, line: &str) -> Result<(), HistoryError> {
    let mut file = open_locked(path)?;
    let line = format!("{}\n", encode(line));
    file.write_all(line.as_bytes())
        .map_err(HistoryError::io(path))
}

/// Puts a file with just these lines in the place of the one that the caller has locked.
fn rewrite(path: &Path, lines: &[String]) -> io::Result<()> {
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    let mut text = String::new();
    for line in lines {
        text.push_str(&encode(line));
        text.push('\n');
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // It is ours, and of no use to anybody.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// A line of the file: `\n` for a newline, `\\` for a `\`.
fn encode(line: &str) -> String {
    line.replace('\\', "\\\\").replace('\n', "\\n")
}

fn decode(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
