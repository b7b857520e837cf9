//! The file that keeps a history: what stands in it, and who may have it.
//!
//! Its first line names the format, and every other is a line that was typed (igsh.1, FILES):
//!
//! ```text
//! igsh history 2
//! 2026-11-26T18:04:05.123456Z →   0 →         12 → user count group=sales
//! ```
//!
//! → is a TAB. Time, exit status and milliseconds are of fixed width and a `-` where they are not known, so that they
//! can be filled in where the line stands once it has run. Sessions that run at the same time append under a lock;
//! no session rewrites a line of another. A file without the first line is of the first format, one command a line.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Entry, KEPT};
use crate::files::{self, Distrust, NoFile, Openness};

/// The first line of the file.
const FORMAT: &str = "igsh history 2";

/// What the first line of any format begins with.
const ANY_FORMAT: &str = "igsh history ";

/// The file is written anew once it holds this many times [`KEPT`] lines.
pub(super) const SLACK: usize = 2;

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Its mode lets others in.
    #[error(
        "the history {} is open to others (mode {mode:04o}); lines are remembered for this session only",
        path.display()
    )]
    OpenToOthers { path: PathBuf, mode: u32 },
    #[error("the history {} belongs to another user; lines are remembered for this session only", path.display())]
    Foreign { path: PathBuf },
    /// It is something else than a file.
    #[error("the history {} is not a regular file; lines are remembered for this session only", path.display())]
    NotAFile { path: PathBuf },
    /// A newer igsh has written it.
    #[error("the history {} is of a newer igsh; lines are remembered for this session only", path.display())]
    Newer { path: PathBuf },
    /// It cannot be read or written.
    #[error("the history {} cannot be used: {source}; lines are remembered for this session only", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl HistoryError {
    /// What to do about it.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::OpenToOthers { path, .. } => format!("type: chmod 600 {}", path.display()).into(),
            Self::Foreign { path } | Self::NotAFile { path } | Self::Newer { path } => {
                format!("move {} away", path.display()).into()
            }
            Self::Io { .. } => "--private keeps the history in memory without this warning".into(),
        })
    }

    fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// A history file, which is opened anew for each use: another session may have put one in its place.
pub(super) struct HistoryFile {
    path: PathBuf,
}

/// What was read: the newest of each line, the oldest first, no more than [`KEPT`].
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) entries: Vec<Entry>,
    /// Lines that are none.
    pub(super) damaged: usize,
}

/// Where a line stands: in which file, at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    inode: u64,
    at: u64,
}

impl HistoryFile {
    /// The file at `path`, which is made, with its directory, when there is none. One that is old, damaged or long is
    /// written anew.
    pub(super) fn open(path: &Path) -> Result<(Self, Contents), HistoryError> {
        if let Some(folder) = path.parent() {
            files::make_folder(folder).map_err(HistoryError::io(path))?;
        }
        let mut file = open_locked(path)?;
        let (contents, lines, is_old) = read(path, &mut file)?;
        if is_old || contents.damaged > 0 || lines > SLACK * KEPT {
            // A file that stays as it is is no reason to go without.
            let _ = rewrite(path, &contents.entries);
        }
        let path = path.to_owned();
        Ok((Self { path }, contents))
    }

    pub(super) fn append(&mut self, entry: &Entry) -> Result<Place, HistoryError> {
        let mut file = open_locked(&self.path)?;
        let mut appended = || -> io::Result<Place> {
            let end = file.seek(SeekFrom::End(0))?;
            let mut last = [b'\n'];
            if let Some(at) = end.checked_sub(1) {
                file.read_exact_at(&mut last, at)?;
            }
            let mut text = String::new();
            if end == 0 {
                text = format!("{FORMAT}\n");
            } else if last != *b"\n" {
                // Another session ended within its line.
                text.push('\n');
            }
            let at = end + text.len() as u64;
            text += &written(entry);
            file.write_all(text.as_bytes())?;
            let inode = file.metadata()?.ino();
            Ok(Place { inode, at })
        };
        appended().map_err(HistoryError::io(&self.path))
    }

    /// Writes how a line has ended, if it still stands where it did.
    pub(super) fn fill_in(&mut self, place: Place, entry: &Entry) {
        let Ok(file) = open_locked(&self.path) else {
            return;
        };
        let before = Entry {
            exit: None,
            took: None,
            ..entry.clone()
        };
        let (before, after) = (written(&before), written(entry));
        let mut there = vec![0; before.len()];
        if file.metadata().is_ok_and(|meta| meta.ino() == place.inode)
            && file.read_exact_at(&mut there, place.at).is_ok()
            && there == before.as_bytes()
            && before.len() == after.len()
        {
            let _ = file.write_all_at(after.as_bytes(), place.at);
        }
    }

    /// Keeps the lines that `wanted` says, of all sessions.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Entry) -> bool) -> Result<(), HistoryError> {
        let mut file = open_locked(&self.path)?;
        let (mut contents, ..) = read(&self.path, &mut file)?;
        contents.entries.retain(wanted);
        rewrite(&self.path, &contents.entries).map_err(HistoryError::io(&self.path))
    }
}

/// Reads the file: what is in it, how many lines it has, and whether it is of the first format.
fn read(path: &Path, file: &mut File) -> Result<(Contents, usize, bool), HistoryError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(HistoryError::io(path))?;
    let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
    let first = lines.peek().copied().unwrap_or_default();
    let is_old = first != FORMAT.as_bytes();
    if is_old && first.starts_with(ANY_FORMAT.as_bytes()) {
        let path = path.to_owned();
        return Err(HistoryError::Newer { path });
    }
    let mut contents = Contents::default();
    let mut count = 0;
    for line in lines
        .skip(usize::from(!is_old))
        .filter(|line| !line.is_empty())
    {
        count += 1;
        // What a power failure leaves of a write has no line end: the next line follows it.
        let lost = line.iter().position(|byte| *byte != 0);
        let line = line.get(lost.unwrap_or(0)..).unwrap_or(line);
        let entry = if is_old { old(line) } else { entry(line) };
        match entry {
            Some(entry) => contents.entries.push(entry),
            None => contents.damaged += 1,
        }
    }
    let mut seen = HashSet::new();
    let mut newest: Vec<Entry> = contents
        .entries
        .into_iter()
        .rev()
        .filter(|entry| seen.insert(entry.line.clone()))
        .take(KEPT)
        .collect();
    newest.reverse();
    contents.entries = newest;
    Ok((contents, count, is_old))
}

/// Opens and locks the file, makes it where there is none, and refuses one that others could read.
fn open_locked(path: &Path) -> Result<File, HistoryError> {
    loop {
        let file = files::open_or_make(path, Openness::Closed).map_err(|why| match why {
            NoFile::Io(error) => HistoryError::io(path)(error),
            NoFile::Distrusted(Distrust::NotPlain(_)) => HistoryError::NotAFile {
                path: path.to_owned(),
            },
            NoFile::Distrusted(Distrust::Open { mode, .. }) => HistoryError::OpenToOthers {
                path: path.to_owned(),
                mode,
            },
            NoFile::Distrusted(_) => HistoryError::Foreign {
                path: path.to_owned(),
            },
        })?;
        let meta = file.metadata().map_err(HistoryError::io(path))?;
        file.lock().map_err(HistoryError::io(path))?;
        // Another session may have put another file in its place while this one waited.
        if std::fs::metadata(path).is_ok_and(|now| now.ino() == meta.ino()) {
            return Ok(file);
        }
    }
}

/// Puts a file with just these lines in the place of the one that the caller has locked.
fn rewrite(path: &Path, entries: &[Entry]) -> io::Result<()> {
    let mut text = format!("{FORMAT}\n");
    for entry in entries {
        text += &written(entry);
    }
    let again = |error: &io::Error| io::Error::from(error.kind());
    files::write_whole(path, true, again, |file| file.write_all(text.as_bytes()))
}

/// A line of the file, with its end.
fn written(entry: &Entry) -> String {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let at = or_dash(entry.at.map(|at| format!("{at:.6}")));
    let exit = or_dash(entry.exit.map(|exit| exit.to_string()));
    let took = or_dash(entry.took.map(|took| took.to_string()));
    format!("{at:>27}\t{exit:>3}\t{took:>10}\t{}\n", encode(&entry.line))
}

/// What a line of the file says; nothing where it says nothing sensible.
fn entry(line: &[u8]) -> Option<Entry> {
    fn field<T: std::str::FromStr>(text: &str) -> Option<Option<T>> {
        match text.trim_start() {
            "-" => Some(None),
            text => text.parse().ok().map(Some),
        }
    }
    let text = std::str::from_utf8(line).ok()?;
    let mut fields = text.splitn(4, '\t');
    let entry = Entry {
        number: 0,
        at: field::<Timestamp>(fields.next()?)?,
        exit: field(fields.next()?)?,
        took: field(fields.next()?)?,
        line: decode(fields.next()?)?,
    };
    (!entry.line.trim().is_empty()).then_some(entry)
}

/// A line of the first format.
fn old(line: &[u8]) -> Option<Entry> {
    let line = decode(std::str::from_utf8(line).ok()?)?;
    (!line.trim().is_empty()).then_some(Entry {
        number: 0,
        line,
        at: None,
        exit: None,
        took: None,
    })
}

/// `\n` for a newline, `\\` for a `\`, `\u{1b}` for another control character that no terminal should obey.
fn encode(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\\' => out.push_str("\\\\"),
            '\t' => out.push('\t'),
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// The line again; nothing where [`encode`] cannot have written it.
fn decode(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '\\' || (c.is_control() && c != '\t')) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        if let Some(after) = special.strip_prefix("\\n") {
            out.push('\n');
            rest = after;
        } else if let Some(after) = special.strip_prefix("\\\\") {
            out.push('\\');
            rest = after;
        } else {
            let (code, after) = special.strip_prefix("\\u{")?.split_once('}')?;
            out.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
            rest = after;
        }
    }
    out.push_str(rest);
    Some(out)
}
