//! What this machine saw of a file's audit, kept in the OS user's state directory, away from the file: an old copy that
//! is brought back shows at the next login.
//!
//! Beside the anchor of a file, the newest entry that was seen, stand the older anchors that a login did not find in
//! the file. Every login warns of them until a master acknowledges them; the anchor itself moves on.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;

use super::audit::{self, Anchor, Claim, hex};
use super::{Error, Result, SealedFile, place};
use crate::ambient::Ambient;
use crate::files::{self, NoFile, Openness};

/// The anchors that this machine keeps, one small file for each sealed file.
#[derive(Debug, Clone)]
pub struct Memory {
    folder: PathBuf,
}

/// An anchor that a login did not find in the file, and that no master has acknowledged yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    line: String,
}

/// The word that an anchor ends with once the file's decisions are summed.
const SUMMED: &str = "state";

/// What a login has to show and to write down of the anchors.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) warnings: Vec<String>,
    pub(super) rolled_back: Vec<String>,
    /// Whether nothing that this machine noted speaks against the file's being one that was never summed.
    pub(super) may_begin: bool,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            warnings: Vec::new(),
            rolled_back: Vec::new(),
            may_begin: true,
        }
    }
}

/// The anchor of a file.
enum Noted {
    Nothing,
    Unreadable,
    Here(Rollback, Claim),
}

impl SealedFile {
    /// Lets this machine remember the newest audit entry it saw, and compare at the next login.
    pub fn remember_in(&mut self, memory: Memory) {
        self.memory = Some(memory);
    }

    /// The rollbacks that every login warns of, until [`SealedFile::acknowledged`].
    pub fn rollbacks(&self) -> Result<Vec<Rollback>> {
        match &self.memory {
            Some(memory) => memory.rollbacks(&self.vid()),
            None => Ok(Vec::new()),
        }
    }

    /// No longer warns of these; the audit holds that they were acknowledged.
    pub fn acknowledged(&self, rollbacks: &[Rollback]) -> Result<()> {
        match &self.memory {
            Some(memory) => memory.forget(&self.vid(), rollbacks),
            None => Ok(()),
        }
    }

    /// Notes the newest entry.
    pub(super) fn remember(&self, ambient: &Ambient) -> Result<()> {
        match &self.memory {
            Some(memory) => memory.note(&self.vid(), self.connection(), ambient.clock.now()),
            None => Ok(()),
        }
    }
}

impl Rollback {
    fn new(line: &str) -> Self {
        Self {
            line: line.trim().to_owned(),
        }
    }

    /// The entry that was seen; nothing where what was noted cannot be read.
    pub fn claim(&self) -> Option<Claim> {
        self.parts().map(|(claim, _)| claim)
    }

    /// Whether sums over the decisions of the file had begun when it was seen.
    fn has_sums(&self) -> bool {
        self.line.split(' ').nth(2) == Some(SUMMED)
    }

    /// The entry, and when it was seen. More words belong to a newer igsh.
    fn parts(&self) -> Option<(Claim, String)> {
        let mut words = self.line.split(' ');
        let claim = words.next()?.parse().ok()?;
        let when: Timestamp = words.next()?.parse().ok()?;
        Some((claim, when.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()))
    }

    /// What is wrong, seen from the audit that `connection` reads.
    fn described(&self, connection: &Connection) -> Result<String> {
        let what = match self.parts() {
            None => {
                "what this machine kept of an older audit of this vault cannot be read".to_owned()
            }
            Some((claim, when)) => {
                let last = audit::last(connection)?.seq;
                if claim.seq > last {
                    format!(
                        "this vault is older than what this machine saw at {when}: its audit ends at #{last}, then it had reached #{}; an older copy was brought back or its end was cut",
                        claim.seq
                    )
                } else if fits(&claim, connection)? {
                    format!(
                        "an earlier login found this vault older than what this machine saw at {when}; now #{} is there again",
                        claim.seq
                    )
                } else {
                    format!(
                        "the audit of this vault is not the one that this machine saw at {when}: #{} is another entry now; an older copy was brought back or the audit was changed: see audit verify anchor={claim}",
                        claim.seq
                    )
                }
            }
        };
        Ok(format!(
            "{what}; every login says so until a master types: audit acknowledge reason=\"…\""
        ))
    }
}

impl Memory {
    /// Kept below the program's state directory.
    pub fn below(state: &Path) -> Self {
        Self {
            folder: state.join("anchors"),
        }
    }

    /// What is wrong with the audit that `connection` reads, seen from here; nothing when all is well or when this
    /// machine has not seen the file before. An anchor that does not fit is kept. What cannot be kept or read is a
    /// warning.
    pub(super) fn compare(&self, vid: &[u8; 16], connection: &Connection) -> Result<Seen> {
        let (mut warnings, mut may_begin) = (Vec::new(), true);
        let mut rollbacks = self.rollbacks(vid).unwrap_or_else(|error| {
            warnings.push(error.in_one_line());
            Vec::new()
        });
        match self.noted(vid) {
            Ok(Noted::Here(anchor, claim)) if !fits(&claim, connection)? => {
                if let Err(error) = self.keep(vid, &anchor) {
                    warnings.push(error.in_one_line());
                }
                if !rollbacks.contains(&anchor) {
                    rollbacks.push(anchor);
                }
            }
            Ok(Noted::Here(anchor, _)) => may_begin = !anchor.has_sums(),
            Ok(Noted::Nothing) => {}
            Ok(Noted::Unreadable) => warnings.push(format!(
                "what this machine noted of the vault's audit cannot be read; it is noted anew in {}",
                self.path(vid).display()
            )),
            Err(error) => warnings.push(error.in_one_line()),
        }
        let mut seen = Seen {
            may_begin: may_begin && rollbacks.is_empty(),
            ..Seen::default()
        };
        for rollback in &rollbacks {
            seen.warnings.push(rollback.described(connection)?);
            seen.rolled_back
                .extend(rollback.claim().map(|claim| claim.to_string()));
        }
        seen.warnings.extend(warnings);
        Ok(seen)
    }

    /// Notes the newest entry. The anchor before it is kept where it does not fit, and stays where it is newer: another
    /// session has noted it.
    fn note(&self, vid: &[u8; 16], connection: &Connection, now: Timestamp) -> Result<()> {
        let last: Anchor = audit::last(connection)?;
        match self.noted(vid)? {
            Noted::Here(anchor, claim) if !fits(&claim, connection)? => self.keep(vid, &anchor)?,
            Noted::Here(_, claim) if claim.seq >= last.seq => return Ok(()),
            Noted::Here(..) | Noted::Nothing | Noted::Unreadable => {}
        }
        replace(&self.path(vid), &format!("{last} {now} {SUMMED}\n"))
    }

    fn noted(&self, vid: &[u8; 16]) -> Result<Noted> {
        let Some(text) = read(&self.path(vid))? else {
            return Ok(Noted::Nothing);
        };
        let anchor = Rollback::new(&text);
        Ok(match anchor.claim() {
            Some(claim) => Noted::Here(anchor, claim),
            None => Noted::Unreadable,
        })
    }

    fn rollbacks(&self, vid: &[u8; 16]) -> Result<Vec<Rollback>> {
        let text = read(&self.path_of_rollbacks(vid))?.unwrap_or_default();
        Ok(text.lines().map(Rollback::new).collect())
    }

    fn keep(&self, vid: &[u8; 16], anchor: &Rollback) -> Result<()> {
        let mut rollbacks = self.rollbacks(vid)?;
        if rollbacks.contains(anchor) {
            return Ok(());
        }
        rollbacks.push(anchor.clone());
        self.store(vid, &rollbacks)
    }

    fn forget(&self, vid: &[u8; 16], rollbacks: &[Rollback]) -> Result<()> {
        let mut left = self.rollbacks(vid)?;
        left.retain(|rollback| !rollbacks.contains(rollback));
        if !left.is_empty() {
            return self.store(vid, &left);
        }
        let path = self.path_of_rollbacks(vid);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", &path, source))
            }
            _ => Ok(()),
        }
    }

    /// It must outlast the anchor that is replaced next.
    fn store(&self, vid: &[u8; 16], rollbacks: &[Rollback]) -> Result<()> {
        let path = self.path_of_rollbacks(vid);
        let lines = rollbacks
            .iter()
            .map(|rollback| format!("{}\n", rollback.line));
        replace(&path, &lines.collect::<String>())?;
        place::sync_folder(&path)
    }

    fn path(&self, vid: &[u8; 16]) -> PathBuf {
        self.folder.join(hex(vid))
    }

    fn path_of_rollbacks(&self, vid: &[u8; 16]) -> PathBuf {
        self.folder.join(format!("{}.rollback", hex(vid)))
    }
}

/// Whether the audit holds the entry of a claim, its hash made anew.
fn fits(claim: &Claim, connection: &Connection) -> Result<bool> {
    let here = audit::recomputed(connection, claim.seq)?;
    Ok(here.is_some_and(|hash| claim.fits(&hash)))
}

/// A small file that no link leads to; nothing where there is none.
fn read(path: &Path) -> Result<Option<String>> {
    const MOST: u64 = 64 * 1024;
    let file = match files::open_private(path, Openness::Readable) {
        Ok(file) => file,
        Err(NoFile::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(Error::no_file("read", path, why)),
    };
    let mut bytes = Vec::new();
    file.take(MOST)
        .read_to_end(&mut bytes)
        .map_err(|source| Error::io("read", path, source))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Puts a new file in the place of an old one, or of nothing.
fn replace(path: &Path, text: &str) -> Result<()> {
    place::make_folder(path)?;
    let failed = |source: io::Error| Error::io("note the audit's anchor in", path, source);
    files::write_whole(
        path,
        true,
        |error| failed(error.kind().into()),
        |file| file.write_all(text.as_bytes()).map_err(failed),
    )
}

#[cfg(test)]
mod tests {
    use super::super::audit::tests::{bare, put};
    use super::super::audit::{Draft, codes};
    use super::*;
    use std::fs;

    const VID: [u8; 16] = [7; 16];

    fn compare(memory: &Memory, connection: &Connection) -> String {
        memory
            .compare(&VID, connection)
            .unwrap()
            .warnings
            .join("\n")
    }

    fn note(memory: &Memory, connection: &Connection) {
        memory
            .note(&VID, connection, Timestamp::UNIX_EPOCH)
            .unwrap();
    }

    fn entry(connection: &Connection) -> Anchor {
        put(connection, &Draft::new(&codes::SETTING, "system set"), true)
    }

    /// Four entries that this machine has seen.
    fn four(memory: &Memory) -> (Connection, Anchor) {
        let connection = bare();
        for _ in 0..3 {
            entry(&connection);
        }
        let anchor = entry(&connection);
        note(memory, &connection);
        (connection, anchor)
    }

    #[test]
    fn an_older_or_other_audit_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::below(folder.path());
        assert_eq!(compare(&memory, &bare()), "");
        let (connection, _) = four(&memory);
        assert_eq!(compare(&memory, &connection), "");
        entry(&connection);
        assert_eq!(compare(&memory, &connection), "");
        connection
            .execute("DELETE FROM audit WHERE seq > 2", [])
            .unwrap();
        let warning = compare(&memory, &connection);
        assert!(
            warning.contains("older than what this machine saw at 1970-01-01 00:00:00 UTC")
                && warning.contains("ends at #2, then it had reached #4"),
            "{warning}"
        );
        put(&connection, &Draft::new(&codes::SETTING, "other"), true);
        entry(&connection);
        let warning = compare(&memory, &connection);
        assert!(warning.contains("#4 is another entry now"), "{warning}");
    }

    #[test]
    fn a_rollback_is_a_warning_until_it_is_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::below(folder.path());
        let (connection, anchor) = four(&memory);
        connection
            .execute("DELETE FROM audit WHERE seq > 2", [])
            .unwrap();
        for _ in 0..3 {
            let seen = memory.compare(&VID, &connection).unwrap();
            assert_eq!(seen.rolled_back, [anchor.to_string()]);
            assert!(seen.warnings[0].contains("audit acknowledge reason="));
            entry(&connection);
            note(&memory, &connection);
        }
        let kept = memory.rollbacks(&VID).unwrap();
        assert_eq!(kept.len(), 1);
        // One more that was not shown yet stays.
        connection
            .execute("DELETE FROM audit WHERE seq > 3", [])
            .unwrap();
        note(&memory, &connection);
        memory.forget(&VID, &kept).unwrap();
        assert_eq!(
            memory.compare(&VID, &connection).unwrap().rolled_back.len(),
            1
        );
        memory
            .forget(&VID, &memory.rollbacks(&VID).unwrap())
            .unwrap();
        assert_eq!(compare(&memory, &connection), "");
        assert!(!memory.path_of_rollbacks(&VID).exists());
    }

    #[test]
    fn the_row_of_the_anchor_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::below(folder.path());
        let (connection, _) = four(&memory);
        for change in [
            "body = replace(body, 'system set', 'system get') WHERE seq = 4",
            "hash = zeroblob(32) WHERE seq = 3",
            "hash = x'' WHERE seq = 3",
        ] {
            let tx = connection.unchecked_transaction().unwrap();
            tx.execute(&format!("UPDATE audit SET {change}"), [])
                .unwrap();
            let warning = compare(&memory, &tx);
            assert!(
                warning.contains("#4 is another entry now"),
                "{change}: {warning}"
            );
            drop(tx);
            memory
                .forget(&VID, &memory.rollbacks(&VID).unwrap())
                .unwrap();
        }
        assert_eq!(compare(&memory, &connection), "");
    }

    #[test]
    fn an_anchor_does_not_go_back_while_it_fits() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::below(folder.path());
        let (connection, anchor) = four(&memory);
        let before = read(&memory.path(&VID)).unwrap();
        memory.note(&VID, &connection, Timestamp::MAX).unwrap();
        assert_eq!(read(&memory.path(&VID)).unwrap(), before);
        assert!(before.unwrap().starts_with(&anchor.to_string()));
    }

    #[test]
    fn what_cannot_be_read_is_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::below(folder.path());
        let (connection, _) = four(&memory);
        for nonsense in [&b"nonsense"[..], b"", b"\xff\xfe"] {
            fs::write(memory.path(&VID), nonsense).unwrap();
            assert!(compare(&memory, &connection).contains("cannot be read"));
            note(&memory, &connection);
            assert_eq!(compare(&memory, &connection), "");
        }
        fs::write(memory.path_of_rollbacks(&VID), "nonsense\n").unwrap();
        for _ in 0..2 {
            assert!(compare(&memory, &connection).contains("cannot be read"));
            note(&memory, &connection);
        }
    }

    #[test]
    fn a_link_in_the_place_of_an_anchor_is_not_followed_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::below(folder.path());
        let (connection, _) = four(&memory);
        let other = folder.path().join("other");
        for path in [memory.path(&VID), memory.path_of_rollbacks(&VID)] {
            fs::rename(&path, &other)
                .or_else(|_| fs::write(&other, ""))
                .unwrap();
            let text = fs::read(&other).unwrap();
            std::os::unix::fs::symlink(&other, &path).unwrap();
            connection
                .execute("DELETE FROM audit WHERE seq > 2", [])
                .unwrap();
            let warning = compare(&memory, &connection);
            assert!(warning.contains("is a symbolic link"), "{warning}");
            assert!(memory.note(&VID, &connection, Timestamp::MAX).is_err());
            assert_eq!(fs::read(&other).unwrap(), text);
            fs::remove_file(&path).unwrap();
            fs::rename(&other, &path).unwrap();
        }
    }

    #[test]
    fn a_note_that_others_could_have_put_there_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::below(folder.path());
        let connection = bare();
        put(
            &connection,
            &Draft::new(&codes::SETTING, "system set"),
            true,
        );
        let path = memory.path(&VID);
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let warnings = || {
            let seen = memory.compare(&VID, &connection).unwrap();
            seen.warnings.join(" ")
        };
        let note = || memory.note(&VID, &connection, Timestamp::UNIX_EPOCH);
        note().unwrap();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        assert!(warnings().contains("is a symbolic link"));
        assert!(note().is_err(), "it may be a rollback's only witness");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        fs::remove_file(&path).unwrap();
        note().unwrap();
        assert_eq!(warnings(), "");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        fs::set_permissions(&path, mode).unwrap();
        assert!(warnings().contains("can be written by others"));
    }
}
