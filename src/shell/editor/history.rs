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
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::shell::editor::testing::CATALOGUE;

    fn open(path: &Path) -> History {
        History::open(path, CATALOGUE).unwrap()
    }

    fn lines(history: &History) -> Vec<&str> {
        history.lines().collect()
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/vault.history");
        (folder, path)
    }

    #[test]
    fn lines_outlive_the_session_without_their_secrets() {
        let (_folder, path) = folder();
        let mut history = open(&path);
        for line in [
            "user list",
            " login Master1",
            "",
            "card pin=1234 x",
            "card pin='1234",
            "echo 'a\nb \\n'",
            "user list",
        ] {
            history.remember(line).unwrap();
        }
        let session = [
            "card pin= x",
            "card pin='1234",
            "echo 'a\nb \\n'",
            "user list",
        ];
        assert_eq!(lines(&history), session);
        assert_eq!(
            lines(&open(&path)),
            ["card pin= x", "echo 'a\nb \\n'", "user list"]
        );
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("1234"), "{text}");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let state = path.parent().unwrap();
        assert_eq!(std::fs::metadata(state).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_private_session_leaves_nothing() {
        let (folder, _) = folder();
        let mut history = History::private(CATALOGUE);
        history.remember("user list").unwrap();
        assert_eq!(lines(&history), ["user list"]);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn repeated_lines_are_written_once() {
        let (_folder, path) = folder();
        let mut history = open(&path);
        for line in ["a", "a", "b", "a"] {
            history.remember(line).unwrap();
        }
        assert_eq!(lines(&history), ["b", "a"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nb\na\n");
        assert_eq!(lines(&open(&path)), ["b", "a"]);
    }

    #[test]
    fn the_lines_of_this_session_come_first() {
        let (_folder, path) = folder();
        let (mut one, mut other) = (open(&path), open(&path));
        one.remember("a").unwrap();
        other.remember("b").unwrap();
        one.remember("c").unwrap();
        assert_eq!(lines(&one), ["a", "c"]);
        assert_eq!(lines(&open(&path)), ["a", "b", "c"]);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_remedy() {
        let (_folder, path) = folder();
        open(&path).remember("a").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let Err(refused) = History::open(&path, CATALOGUE) else {
            panic!("opened");
        };
        assert!(matches!(
            refused,
            HistoryError::OpenToOthers { mode: 0o640, .. }
        ));
        assert!(refused.to_string().contains("mode 0640"), "{refused}");
        assert_eq!(refused.hint(), format!("chmod 600 {}", path.display()));
    }

    #[test]
    fn a_link_and_a_folder_are_refused() {
        let (folder, path) = folder();
        open(&path);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for wrong in [link.as_path(), folder.path()] {
            assert!(History::open(wrong, CATALOGUE).is_err());
        }
    }

    #[test]
    fn a_file_that_fails_later_leaves_the_session_its_memory() {
        let (_folder, path) = folder();
        let mut history = open(&path);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(history.remember("a").is_err());
        assert!(history.remember("b").is_ok());
        assert_eq!(lines(&history), ["a", "b"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
    }

    #[test]
    fn only_the_newest_lines_are_kept_and_the_file_shrinks() {
        let (_folder, path) = folder();
        drop(open(&path));
        let many: String = (0..=SLACK * KEPT).map(|n| format!("line {n}\n")).collect();
        std::fs::write(&path, many).unwrap();
        let mut history = open(&path);
        assert_eq!(history.lines().len(), KEPT);
        assert_eq!(history.lines().next(), Some("line 10001"));
        assert_eq!(
            std::fs::read_to_string(&path).unwrap().lines().count(),
            KEPT
        );
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        history.remember("another").unwrap();
        assert_eq!(history.lines().len(), KEPT);
        assert_eq!(history.lines().next(), Some("line 10002"));
        assert_eq!(lines(&open(&path)).last(), Some(&"another"));
    }

    #[test]
    fn a_line_too_long_is_remembered_for_the_session() {
        let (_folder, path) = folder();
        let mut history = open(&path);
        history.remember(&"x".repeat(LONGEST + 1)).unwrap();
        assert_eq!(history.lines().len(), 1);
        assert_eq!(lines(&open(&path)), [] as [&str; 0]);
    }

    #[test]
    fn a_file_that_somebody_wrote_by_hand_can_be_read() {
        let (_folder, path) = folder();
        drop(open(&path));
        std::fs::write(&path, b"a\n\n  \nb\xff\nlast\\").unwrap();
        assert_eq!(lines(&open(&path)), ["a", "b\u{fffd}", "last\\"]);
    }

    /// Presses Up or Down as the line editor does: it moves its index first.
    struct Keys<'h> {
        history: &'h History,
        index: usize,
        line: (String, usize),
    }

    impl<'h> Keys<'h> {
        fn on(history: &'h History, line: &str, cursor: usize) -> Self {
            Self {
                history,
                index: history.len(),
                line: (line.into(), cursor),
            }
        }

        fn press(&mut self, dir: SearchDirection) -> (&str, usize) {
            self.history.recall().press(&self.line.0, self.line.1);
            let stuck = match dir {
                SearchDirection::Reverse => self.index == 0,
                SearchDirection::Forward => self.index == self.history.len(),
            };
            if !stuck {
                match dir {
                    SearchDirection::Reverse => self.index -= 1,
                    SearchDirection::Forward => self.index += 1,
                }
                let found = self.history.starts_with("", self.index, dir).unwrap();
                if let Some(found) = found {
                    self.index = found.idx;
                    self.line = (found.entry.into_owned(), found.pos);
                }
            }
            (&self.line.0, self.line.1)
        }

        fn up(&mut self) -> (&str, usize) {
            self.press(SearchDirection::Reverse)
        }

        fn down(&mut self) -> (&str, usize) {
            self.press(SearchDirection::Forward)
        }
    }

    fn remembering(lines: &[&str]) -> History {
        let mut history = History::private(CATALOGUE);
        for line in lines {
            history.remember(line).unwrap();
        }
        history
    }

    #[test]
    fn up_and_down_walk_through_all_lines_and_back() {
        let history = remembering(&["a", "b", "c"]);
        let mut keys = Keys::on(&history, "", 0);
        assert_eq!(keys.up(), ("c", 1));
        assert_eq!(keys.up(), ("b", 1));
        assert_eq!(keys.up(), ("a", 1));
        assert_eq!(keys.up(), ("a", 1));
        assert_eq!(keys.down(), ("b", 1));
        assert_eq!(keys.down(), ("c", 1));
        assert_eq!(keys.down(), ("", 0));
        assert_eq!(keys.down(), ("", 0));
        assert_eq!(keys.up(), ("c", 1));
    }

    #[test]
    fn up_finds_what_begins_as_typed_and_down_restores_it() {
        let history = remembering(&["user list", "export x", "user count", "status"]);
        let mut keys = Keys::on(&history, "user xy", 5);
        assert_eq!(keys.up(), ("user count", 10));
        assert_eq!(keys.up(), ("user list", 9));
        assert_eq!(keys.up(), ("user list", 9));
        assert_eq!(keys.down(), ("user count", 10));
        assert_eq!(keys.down(), ("user xy", 5));
        let mut keys = Keys::on(&history, "nothing", 7);
        assert_eq!(keys.up(), ("nothing", 7));
        assert_eq!(keys.down(), ("nothing", 7));
    }

    #[test]
    fn editing_a_recalled_line_begins_another_search() {
        let history = remembering(&["user list", "export x", "user count"]);
        let mut keys = Keys::on(&history, "", 0);
        keys.up();
        keys.line = ("e".into(), 1);
        assert_eq!(keys.up(), ("export x", 8));
    }

    #[test]
    fn a_recalled_line_has_the_cursor_in_its_blank() {
        let history = remembering(&["card pin=1234 x"]);
        assert_eq!(Keys::on(&history, "", 0).up(), ("card pin= x", 9));
        let got = history.get(0, SearchDirection::Reverse).unwrap().unwrap();
        assert_eq!((got.entry.as_ref(), got.pos), ("card pin= x", 9));
    }

    #[test]
    fn ctrl_r_finds_the_middle_of_a_line() {
        let history = remembering(&["user list group=sales", "status"]);
        let found = |term: &str, start, dir| {
            history
                .search(term, start, dir)
                .unwrap()
                .map(|found| (found.idx, found.pos))
        };
        assert_eq!(found("sales", 1, SearchDirection::Reverse), Some((0, 16)));
        assert_eq!(found("sales", 1, SearchDirection::Forward), None);
        assert_eq!(found("", 1, SearchDirection::Reverse), None);
        assert_eq!(found("s", 9, SearchDirection::Reverse), Some((1, 0)));
    }
}
