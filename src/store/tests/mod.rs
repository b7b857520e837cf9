//! A sealed file as the rooms above see it: what is refused, who gets in, who waits for whom, and what tampering with
//! plain SQL comes to.

mod gone;
mod login;
mod logs;
mod opening;
mod sessions;
mod tampering;
mod writing;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::ambient::{Ambient, Clock, SystemRandomness};
use crate::crypto::kdf::Cost;
use crate::model::SecretBytes;
use crate::store::audit::{self, Draft, Outcome, Source, Who, codes};
use crate::store::{
    Checkpoint, Class, Column, Error, Holder, Kind, MASTERS, MasterSession, Memory, NewMaster,
    SealedFile, masters, state,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

static KIND: Kind = Kind {
    name: "vault",
    init: "system init",
    application_id: 0x6967_7368,
    migrations: &["CREATE TABLE thing (owner TEXT PRIMARY KEY, sealed BLOB) STRICT"],
    bulk: None,
    sums: &[],
    late: &[],
};

const WORDS: [&str; 3] = ["first-password", "second-password", "third-password"];

/// A clock that a test moves.
struct Hand(Mutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    /// A sleep moves it.
    fn sleep(&self, span: Duration) {
        *self.0.lock().unwrap() += span;
    }
}

struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<Hand>,
    ambient: Ambient,
}

impl Bench {
    fn new() -> Self {
        let start = "2026-03-01T10:00:00Z".parse().unwrap();
        let clock = Arc::new(Hand(Mutex::new(start)));
        Self {
            folder: tempfile::tempdir().unwrap(),
            ambient: Ambient {
                clock: Arc::clone(&clock) as Arc<dyn Clock>,
                rng: Arc::new(SystemRandomness),
            },
            clock,
        }
    }

    fn made() -> Self {
        let bench = Self::new();
        bench.create(&bench.path()).unwrap();
        bench
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("vault.db")
    }

    fn create(&self, path: &Path) -> Result<(), Error> {
        let masters = std::array::from_fn(|at| NewMaster {
            name: MASTERS[at].to_owned(),
            password: password(WORDS[at]),
        });
        SealedFile::create(
            path,
            &KIND,
            &masters,
            Cost::FLOOR,
            "system init",
            &who(),
            &self.ambient,
        )
    }

    fn open(&self) -> SealedFile {
        let mut file = SealedFile::open(&self.path(), &KIND).unwrap();
        file.set_busy_timeout(Duration::from_millis(1)).unwrap();
        file
    }

    /// The file, with its anchors below this folder.
    fn open_remembering(&self, state: &Path) -> SealedFile {
        let mut file = self.open();
        file.remember_in(Memory::below(state));
        file
    }

    fn pass(&self, seconds: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }

    fn login(&self, file: &mut SealedFile, master: usize) -> Result<MasterSession, Error> {
        file.login(
            MASTERS[master],
            &password(WORDS[master]),
            &who(),
            &self.ambient,
        )
    }

    fn fail(&self, file: &mut SealedFile, master: usize) -> Error {
        let wrong = password("not the password");
        file.login(MASTERS[master], &wrong, &who(), &self.ambient)
            .err()
            .unwrap()
    }

    fn sql(&self, text: &str) {
        Connection::open(self.path())
            .unwrap()
            .execute_batch(text)
            .unwrap();
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn password(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes().to_vec())
}

fn who() -> Who {
    Who {
        host: "host".to_owned(),
        os_user: "anna".to_owned(),
        terminal: None,
        session: "1a2b3c4d".to_owned(),
        source: Source::Live,
        master: None,
        holder: None,
    }
}

fn holder(command: &str) -> Holder {
    Holder {
        command: command.to_owned(),
        session: "1a2b3c4d".to_owned(),
        since: "2026-03-01T10:00:00Z".parse().unwrap(),
    }
}

/// Codes and outcomes of the audit, oldest first.
fn trail(file: &SealedFile) -> Vec<(String, Outcome)> {
    let mut trail = Vec::new();
    audit::list(file.connection(), &audit::Filter::default(), |row| {
        let entry = row.entry.unwrap();
        trail.push((entry.code, entry.outcome));
        Ok::<_, Error>(true)
    })
    .unwrap();
    trail
}

fn codes_of(file: &SealedFile) -> Vec<String> {
    trail(file).into_iter().map(|(code, _)| code).collect()
}

fn findings(file: &SealedFile, session: &MasterSession) -> Vec<String> {
    let mut findings = Vec::new();
    let keys = session.keys().unwrap();
    audit::verify(file.connection(), &keys, &[], |finding| {
        findings.push(finding.to_string())
    })
    .unwrap();
    findings
}

fn refused(path: &Path) -> Error {
    SealedFile::open(path, &KIND).err().unwrap()
}
