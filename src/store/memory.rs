//! What this machine saw of a file's audit, kept in the OS user's state directory, away from the file (security.md
//! §4): an old copy that is brought back shows at the next login.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::audit::{self, Anchor, Claim, hex};
use super::{Error, Result, place};
use crate::files::{self, NoFile, Openness};

/// More than any anchor takes.
const LONGEST: u64 = 1024;

/// The anchors that this machine keeps, one small file for each sealed file.
#[derive(Debug, Clone)]
pub struct Memory {
    folder: PathBuf,
}

impl Memory {
    /// Kept below the program's state directory.
    pub fn below(state: &Path) -> Self {
        Self {
            folder: state.join("anchors"),
        }
    }

    /// What is wrong with the audit that `connection` reads, seen from here; nothing when all is well or when this
    /// machine has not seen the file before.
    pub(super) fn compare(
        &self,
        vid: &[u8; 16],
        connection: &Connection,
    ) -> Result<Option<String>> {
        let path = self.path(vid);
        let mut text = Vec::new();
        match files::open_private(&path, Openness::Readable) {
            Ok(file) => file
                .take(LONGEST)
                .read_to_end(&mut text)
                .map_err(|source| Error::io("read", &path, source))?,
            Err(NoFile::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(Error::no_file("read", &path, why)),
        };
        let Some((claim, when)) = parse(&String::from_utf8_lossy(&text)) else {
            return Ok(Some(format!(
                "what this machine noted of the vault's audit cannot be read; it is noted anew in {}",
                path.display()
            )));
        };
        let last = audit::last(connection)?;
        let there: Option<[u8; 32]> = connection
            .prepare_cached("SELECT hash FROM audit WHERE seq = ?1")?
            .query_row([claim.seq.cast_signed()], |row| row.get(0))
            .optional()?;
        Ok(match there {
            Some(hash) if claim.fits(&hash) => None,
            None if claim.seq > last.seq => Some(format!(
                "this vault is older than what this machine saw at {when}: its audit ends at #{}, then it had reached #{}; an older copy was brought back or its end was cut",
                last.seq, claim.seq
            )),
            _ => Some(format!(
                "the audit of this vault is not the one that this machine saw at {when}: #{} is another entry now; an older copy was brought back or the audit was changed: see audit verify anchor={claim}",
                claim.seq
            )),
        })
    }

    /// Notes the newest entry.
    pub(super) fn note(&self, vid: &[u8; 16], anchor: &Anchor, now: Timestamp) -> Result<()> {
        let path = self.path(vid);
        place::make_folder(&path)?;
        let failed = |source: io::Error| Error::io("note the audit's anchor in", &path, source);
        files::write_whole(
            &path,
            true,
            |error| failed(error.kind().into()),
            |file| writeln!(file, "{anchor} {now}").map_err(failed),
        )
    }

    fn path(&self, vid: &[u8; 16]) -> PathBuf {
        self.folder.join(hex(vid))
    }
}

fn parse(text: &str) -> Option<(Claim, String)> {
    let (claim, when) = text.trim_end().split_once(' ')?;
    let when: Timestamp = when.parse().ok()?;
    Some((
        claim.parse().ok()?,
        when.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    ))
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
            .unwrap_or_default()
    }

    #[test]
    fn an_older_or_other_audit_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::below(folder.path());
        let connection = bare();
        let entry = || {
            put(
                &connection,
                &Draft::new(&codes::SETTING, "system set"),
                true,
            )
        };
        assert_eq!(compare(&memory, &connection), "");
        for _ in 0..3 {
            entry();
        }
        let anchor = entry();
        memory.note(&VID, &anchor, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(compare(&memory, &connection), "");
        entry();
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
        entry();
        let warning = compare(&memory, &connection);
        assert!(warning.contains("#4 is another entry now"), "{warning}");
    }

    #[test]
    fn a_note_that_cannot_be_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::below(folder.path());
        let anchor = audit::last(&bare()).unwrap();
        memory.note(&VID, &anchor, Timestamp::UNIX_EPOCH).unwrap();
        fs::write(memory.path(&VID), "nonsense").unwrap();
        assert!(compare(&memory, &bare()).contains("cannot be read"));
    }

    #[test]
    fn a_note_that_others_could_have_put_there_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::below(folder.path());
        let connection = bare();
        let anchor = put(
            &connection,
            &Draft::new(&codes::SETTING, "system set"),
            true,
        );
        let path = memory.path(&VID);
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let compare = || {
            memory
                .compare(&VID, &connection)
                .map_err(|error| error.to_string())
        };
        let note = || memory.note(&VID, &anchor, Timestamp::UNIX_EPOCH).unwrap();
        note();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        assert!(compare().unwrap_err().contains("is a symbolic link"));
        note();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert_eq!(compare(), Ok(None));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        fs::set_permissions(&path, mode).unwrap();
        assert!(compare().unwrap_err().contains("can be written by others"));
    }
}
