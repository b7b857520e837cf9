//! A sealed file as the rooms above see it: what is refused, who gets in, who waits for whom, and what tampering with
//! plain SQL comes to.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use igsh::ambient::{Ambient, Clock, SystemRandomness};
use igsh::crypto::kdf::Cost;
use igsh::model::SecretBytes;
use igsh::store::audit::{self, Draft, Outcome, Source, Who, codes};
use igsh::store::{
    Checkpoint, Class, Column, Error, Holder, Kind, MASTERS, MasterSession, Memory, NewMaster,
    SealedFile, masters,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

static KIND: Kind = Kind {
    name: "vault",
    init: "system init",
    application_id: 0x6967_7368,
    migrations: &["CREATE TABLE thing (owner TEXT PRIMARY KEY, sealed BLOB) STRICT"],
};

const WORDS: [&str; 3] = ["first-password", "second-password", "third-password"];

/// A clock that a test moves.
struct Hand(Mutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
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

#[test]
fn a_new_file_is_whole_private_and_alone() {
    let bench = Bench::new();
    let path = bench.folder.path().join("new/deep/vault.db");
    bench.create(&path).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    let mut file = SealedFile::open(&path, &KIND).unwrap();
    assert_eq!(codes_of(&file), ["9000"]);
    assert_eq!(file.check().unwrap(), [""; 0]);
    let session = bench.login(&mut file, 0).unwrap();
    assert_eq!(findings(&file, &session), [""; 0]);
}

#[test]
fn what_is_there_is_never_replaced() {
    let bench = Bench::new();
    fs::write(bench.path(), "precious").unwrap();
    assert!(matches!(
        bench.create(&bench.path()),
        Err(Error::Exists { .. })
    ));
    fs::remove_file(bench.path()).unwrap();
    symlink("nowhere", bench.path()).unwrap();
    assert!(matches!(
        bench.create(&bench.path()),
        Err(Error::Exists { .. })
    ));
    assert_eq!(bench.names(), ["vault.db"]);
}

#[test]
fn a_refused_creation_leaves_nothing() {
    let bench = Bench::new();
    let masters = std::array::from_fn(|at| NewMaster {
        name: MASTERS[at].to_owned(),
        password: password("the same for all"),
    });
    for cost in [Cost::FLOOR, Cost::new(1, 1, 1)] {
        let made = SealedFile::create(
            &bench.path(),
            &KIND,
            &masters,
            cost,
            "",
            &who(),
            &bench.ambient,
        );
        assert!(made.is_err());
    }
    assert_eq!(bench.names(), [""; 0]);
}

#[test]
fn every_file_that_is_not_ours_is_refused_and_left_alone() {
    let bench = Bench::made();
    let path = bench.path();
    let other = |name: &str| bench.folder.path().join(name);

    let error = refused(&other("missing"));
    assert!(
        error.to_string().contains("make one with 'system init'"),
        "{error}"
    );

    symlink(&path, other("link")).unwrap();
    let error = refused(&other("link"));
    assert!(error.to_string().contains("a symbolic link"), "{error}");

    let error = refused(bench.folder.path());
    assert!(error.to_string().contains("a folder"), "{error}");

    let private = |name: &str, content: &[u8]| {
        fs::write(other(name), content).unwrap();
        fs::set_permissions(other(name), fs::Permissions::from_mode(0o600)).unwrap();
        other(name)
    };
    let error = refused(&private(
        "text",
        &b"no database at all, but long enough to look at ".repeat(40),
    ));
    assert!(
        error.to_string().contains("not an SQLite database"),
        "{error}"
    );
    let error = refused(&private("empty", b""));
    assert!(error.to_string().contains("the file is empty"), "{error}");

    let foreign = private("foreign", b"");
    Connection::open(&foreign)
        .unwrap()
        .execute_batch("PRAGMA application_id = 7; CREATE TABLE t (a)")
        .unwrap();
    let before = fs::read(&foreign).unwrap();
    let error = refused(&foreign);
    assert!(
        error
            .to_string()
            .contains("another application (id 0x00000007)"),
        "{error}"
    );
    assert_eq!(error.class(), Class::Failed);
    assert_eq!(fs::read(&foreign).unwrap(), before);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = refused(&path);
    assert!(
        error
            .to_string()
            .ends_with(&format!("type: chmod 600 '{}'", path.display())),
        "{error}"
    );
    assert_eq!(error.class(), Class::Refused);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(SealedFile::open(&path, &KIND).is_ok());
}

#[test]
fn a_folder_may_be_a_link() {
    let bench = Bench::made();
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(bench.folder.path(), elsewhere.path().join("link")).unwrap();
    assert!(SealedFile::open(&elsewhere.path().join("link/vault.db"), &KIND).is_ok());
}

#[test]
fn a_newer_schema_is_refused_on_either_side() {
    for version in [1002, 2001, 999_999] {
        let bench = Bench::made();
        bench.sql(&format!("PRAGMA user_version = {version}"));
        let error = refused(&bench.path());
        assert!(
            error.to_string().contains("was written by a newer igsh"),
            "{error}"
        );
    }
}

#[test]
fn an_older_schema_is_brought_forward_once() {
    static NEXT: Kind = Kind {
        migrations: &[
            "CREATE TABLE thing (owner TEXT PRIMARY KEY, sealed BLOB) STRICT",
            "CREATE TABLE more (a INTEGER) STRICT",
        ],
        ..KIND
    };
    let bench = Bench::made();
    for _ in 0..2 {
        let file = SealedFile::open(&bench.path(), &NEXT).unwrap();
        file.connection()
            .execute("INSERT INTO more VALUES (1)", [])
            .unwrap();
    }
    assert!(matches!(refused(&bench.path()), Error::Newer { .. }));
}

#[test]
fn a_damaged_file_is_told_apart() {
    let bench = Bench::made();
    let whole = fs::read(bench.path()).unwrap();
    fs::write(bench.path(), &whole[..whole.len() / 2]).unwrap();
    let error = refused(&bench.path());
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert_eq!(error.class(), Class::Integrity);

    let mut schema = whole.clone();
    schema[100..4096].fill(0x55);
    fs::write(bench.path(), schema).unwrap();
    let error = refused(&bench.path());
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");

    fs::write(bench.path(), &whole).unwrap();
    bench.sql("DELETE FROM state");
    let error = refused(&bench.path());
    assert!(
        error.to_string().contains("state row is missing"),
        "{error}"
    );
}

#[test]
fn damage_further_on_is_found_when_asked() {
    let bench = Bench::made();
    bench.sql("WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO thing SELECT 'owner' || i, zeroblob(100) FROM n");
    let mut bytes = fs::read(bench.path()).unwrap();
    let at = bytes.len() / 2 / 4096 * 4096;
    bytes[at..at + 4096].fill(0x55);
    fs::write(bench.path(), bytes).unwrap();
    let file = bench.open();
    assert_ne!(file.check().unwrap(), [""; 0]);
}

#[test]
fn every_connection_is_hardened() {
    let bench = Bench::made();
    let file = bench.open();
    let second = file.second().unwrap();
    for connection in [file.connection(), &second] {
        for (pragma, expected) in [
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("secure_delete", "1"),
            ("temp_store", "1"),
            ("foreign_keys", "1"),
            ("trusted_schema", "0"),
            ("cell_size_check", "1"),
        ] {
            let value = connection
                .pragma_query_value(None, pragma, |row| {
                    Ok(match row.get_ref(0)? {
                        rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                        other => other.as_str()?.to_owned(),
                    })
                })
                .unwrap();
            assert_eq!(value, expected, "{pragma}");
        }
        let defensive = rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE;
        assert!(connection.db_config(defensive).unwrap());
    }
}

#[test]
fn a_failed_write_changes_nothing() {
    let bench = Bench::made();
    let mut file = bench.open();
    let outcome: Result<(), Error> = file.write(&holder("load"), |tx| {
        tx.execute("INSERT INTO thing VALUES ('a', NULL)", [])?;
        Err(Error::Internal("as if"))
    });
    assert!(outcome.is_err());
    let count: i64 = file
        .connection()
        .query_row("SELECT count(*) FROM thing", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 0);
}

#[test]
fn a_waiting_writer_is_told_who_holds_the_file() {
    let bench = Bench::made();
    let (mut first, mut second) = (bench.open(), bench.open());
    let outcome: Result<(), Error> = first.write(&holder("source load file=people.ndjson"), |tx| {
        tx.execute("INSERT INTO thing VALUES ('a', NULL)", [])?;
        let seen: i64 = second
            .connection()
            .query_row("SELECT count(*) FROM thing", [], |row| row.get(0))?;
        assert_eq!(seen, 0, "a reader works on");
        let error = second.write(&holder("x"), |_| Ok::<_, Error>(())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the vault is held by 'source load file=people.ndjson' of session 1a2b3c4d since 2026-03-01 10:00:00 UTC; \
             nothing was changed: try again when that has finished"
        );
        assert_eq!(error.class(), Class::Failed);
        Ok(())
    });
    outcome.unwrap();
    second.write(&holder("x"), |_| Ok::<_, Error>(())).unwrap();

    // Somebody who leaves no note is not mistaken for the last one who did.
    let foreign = Connection::open(bench.path()).unwrap();
    foreign.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = second
        .write(&holder("x"), |_| Ok::<_, Error>(()))
        .unwrap_err();
    assert!(
        error.to_string().contains("held by another program"),
        "{error}"
    );
}

#[test]
fn one_reads_and_writes_on_two_connections() {
    let bench = Bench::made();
    let file = bench.open();
    let mut second = file.second().unwrap();
    let reading = file.connection().unchecked_transaction().unwrap();
    let count = || -> i64 {
        reading
            .query_row("SELECT count(*) FROM thing", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(count(), 0);
    file.write_on(&mut second, &holder("export"), |tx| {
        tx.execute("INSERT INTO thing VALUES ('a', NULL)", [])?;
        Ok::<_, Error>(())
    })
    .unwrap();
    assert_eq!(count(), 0, "the snapshot stands");
    drop(reading);
}

#[test]
fn a_checkpoint_says_when_a_reader_blocks_it() {
    let bench = Bench::made();
    let (mut file, reader) = (bench.open(), bench.open());
    let log = bench.folder.path().join("vault.db-wal");
    let reading = reader.connection().unchecked_transaction().unwrap();
    reading
        .query_row("SELECT count(*) FROM thing", [], |row| row.get::<_, i64>(0))
        .unwrap();
    file.write(&holder("x"), |tx| {
        tx.execute("INSERT INTO thing VALUES ('a', NULL)", [])?;
        Ok::<_, Error>(())
    })
    .unwrap();
    assert_eq!(file.checkpoint().unwrap(), Checkpoint::Blocked);
    drop(reading);
    assert_eq!(file.checkpoint().unwrap(), Checkpoint::Done);
    assert_eq!(fs::metadata(log).unwrap().len(), 0);
}

#[test]
fn every_master_gets_in_under_any_letter_case() {
    let bench = Bench::made();
    let mut file = bench.open();
    for (name, word) in [
        ("Master1", WORDS[0]),
        ("master2", WORDS[1]),
        ("MASTER3", "third-password\n"),
    ] {
        let session = file
            .login(name, &password(word), &who(), &bench.ambient)
            .unwrap();
        assert!(session.name().eq_ignore_ascii_case(name));
        assert!(session.keys().is_ok());
    }
    let error = file
        .login("Master2", &password(WORDS[0]), &who(), &bench.ambient)
        .err()
        .unwrap();
    assert!(
        matches!(error, Error::WrongPassword { wait: 1, .. }),
        "{error}"
    );
}

#[test]
fn a_login_is_on_record_with_everything_it_found() {
    let bench = Bench::made();
    let mut file = bench.open();
    file.write(&holder("master set"), |tx| {
        masters::set_holder(tx, "Master1", "Anna")
    })
    .unwrap();
    bench.fail(&mut file, 0);
    bench.pass(10);
    let session = bench.login(&mut file, 0).unwrap();
    assert_eq!((session.number(), session.holder()), (1, Some("Anna")));
    let arrival = session.arrival();
    assert_eq!(
        (arrival.failures, arrival.last_login, arrival.last_audit.seq),
        (1, None, 2)
    );
    assert!(arrival.warnings.is_empty());
    let expected = [
        ("9000", Outcome::Ok),
        ("AUD103", Outcome::Failed),
        ("AUD101", Outcome::Ok),
    ];
    assert_eq!(
        trail(&file),
        expected.map(|(code, outcome)| (code.to_owned(), outcome))
    );
    let failed = audit::get(file.connection(), 2).unwrap().entry.unwrap();
    assert_eq!(
        (
            failed.master.as_deref(),
            failed.object.as_str(),
            failed.session
        ),
        (Some("Master1"), "Master1", false)
    );
    let entry = audit::get(file.connection(), 3).unwrap().entry.unwrap();
    assert_eq!(
        (
            entry.master.as_deref(),
            entry.holder.as_deref(),
            entry.session
        ),
        (Some("Master1"), Some("Anna"), true)
    );
    let now = bench.ambient.clock.now();
    let master = masters::find(file.connection(), "Master1", now).unwrap();
    assert_eq!(
        (master.last_login, master.failures, master.locked_until),
        (Some(now), 0, None)
    );
    assert_eq!(findings(&file, &session), [""; 0]);
}

#[test]
fn wrong_passwords_lock_in_time_and_never_for_good() {
    let bench = Bench::made();
    let mut file = bench.open();
    for (failure, wait) in [1, 2, 4, 8, 900, 900].into_iter().enumerate() {
        match bench.fail(&mut file, 0) {
            Error::WrongPassword { wait: told, .. } => assert_eq!(told, wait, "failure {failure}"),
            other => panic!("{other}"),
        }
        bench.pass(wait - 1);
        // Even the right password is not looked at.
        match bench.login(&mut file, 0).err().unwrap() {
            Error::LockedOut { wait, failures, .. } => {
                assert_eq!((wait, failures as usize), (1, failure + 1));
            }
            other => panic!("{other}"),
        }
        bench.pass(1);
    }
    assert!(
        bench.login(&mut file, 1).is_ok(),
        "the others are not locked"
    );
    assert!(bench.login(&mut file, 0).is_ok());
    assert!(
        matches!(
            bench.fail(&mut file, 0),
            Error::WrongPassword { wait: 1, .. }
        ),
        "success resets"
    );
    assert_eq!(
        codes_of(&file)
            .iter()
            .filter(|code| *code == "AUD103")
            .count(),
        13
    );
}

#[test]
fn another_master_unlocks() {
    let bench = Bench::made();
    let mut file = bench.open();
    for wait in [1, 2, 4, 8, 0] {
        bench.fail(&mut file, 0);
        bench.pass(wait);
    }
    let error = bench.login(&mut file, 0).err().unwrap();
    assert_eq!(
        error.to_string(),
        "Master1 is locked for another 15 minutes after 5 failed logins; wait, or let another master type: master unlock Master1"
    );
    assert_eq!(error.class(), Class::Refused);
    file.write(&holder("master unlock"), |tx| {
        masters::unlock(tx, "master1")
    })
    .unwrap();
    assert!(bench.login(&mut file, 0).is_ok());
}

#[test]
fn a_clock_that_was_set_back_cannot_make_a_lock_longer() {
    let bench = Bench::made();
    let mut file = bench.open();
    bench.pass(365 * 86_400);
    bench.fail(&mut file, 0);
    bench.pass(-365 * 86_400);
    assert!(matches!(
        bench.login(&mut file, 0),
        Err(Error::LockedOut { wait: 900, .. })
    ));
    bench.pass(900);
    assert!(bench.login(&mut file, 0).is_ok());
}

#[test]
fn a_name_that_is_no_master_is_told_and_not_written_down() {
    let bench = Bench::made();
    let mut file = bench.open();
    let error = file
        .login(
            "typed-my-password-here",
            &password(WORDS[0]),
            &who(),
            &bench.ambient,
        )
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("Master1, Master2, Master3"),
        "{error}"
    );
    assert_eq!(error.class(), Class::Refused);
    let row = audit::get(file.connection(), 2).unwrap();
    assert_eq!(row.entry.unwrap().outcome, Outcome::Refused);
    assert!(!row.body.contains("typed-my-password"));
}

#[test]
fn what_is_no_password_is_a_wrong_one_or_a_wrong_file() {
    let bench = Bench::made();
    let mut file = bench.open();
    let mut try_with = |text: &str| {
        file.login("Master1", &password(text), &who(), &bench.ambient)
            .err()
            .unwrap()
    };
    assert!(matches!(
        try_with("two\nlines-in-the-file"),
        Error::Password { .. }
    ));
    assert!(matches!(try_with("short"), Error::WrongPassword { .. }));
    assert!(matches!(try_with("short"), Error::LockedOut { .. }));
}

#[test]
fn a_damaged_slot_is_no_wrong_password() {
    let bench = Bench::made();
    bench.sql("UPDATE master SET kdf_memory = 99999999 WHERE number = 1");
    let mut file = bench.open();
    for _ in 0..2 {
        assert!(matches!(bench.login(&mut file, 0), Err(Error::Cost(_))));
    }
    let now = bench.ambient.clock.now();
    assert_eq!(
        masters::find(file.connection(), "Master1", now)
            .unwrap()
            .failures,
        0
    );
}

#[test]
fn a_password_is_changed_by_who_knows_the_old_one() {
    let bench = Bench::made();
    let mut file = bench.open();
    let session = bench.login(&mut file, 0).unwrap();
    let new = password("a-brand-new-one");
    let mut change = |old: &str, new: &SecretBytes| {
        file.change_password(
            &session,
            &password(old),
            new,
            "master password",
            &who(),
            &bench.ambient,
        )
    };
    assert!(matches!(
        change(WORDS[0], &password("short")),
        Err(Error::Password { .. })
    ));
    assert!(matches!(
        change(WORDS[1], &new),
        Err(Error::WrongPassword { .. })
    ));
    bench.pass(5);
    change(WORDS[0], &new).unwrap();
    assert_eq!(codes_of(&file)[1..], ["AUD101", "AUD109", "AUD108"]);
    assert!(matches!(
        bench.login(&mut file, 0),
        Err(Error::WrongPassword { .. })
    ));
    bench.pass(5);
    let again = file.login("Master1", &new, &who(), &bench.ambient).unwrap();
    assert_eq!(findings(&file, &again), [""; 0]);
    assert!(bench.login(&mut file, 1).is_ok());
}

#[test]
fn a_locked_session_has_no_keys_until_its_master_returns() {
    let bench = Bench::made();
    let mut file = bench.open();
    let mut session = bench.login(&mut file, 0).unwrap();
    let running = session.keys().unwrap();
    session.lock();
    assert!(session.is_locked());
    assert!(matches!(session.keys(), Err(Error::Locked)));
    assert_eq!(
        Arc::strong_count(&running),
        1,
        "only the running command has them"
    );
    let wrong = file.relogin(&mut session, &password(WORDS[1]), &who(), &bench.ambient);
    assert!(matches!(wrong, Err(Error::WrongPassword { .. })));
    bench.pass(5);
    file.relogin(&mut session, &password(WORDS[0]), &who(), &bench.ambient)
        .unwrap();
    assert!(session.keys().is_ok());
    assert_eq!(codes_of(&file)[1..], ["AUD101", "AUD104", "AUD101"]);
}

#[test]
fn the_watchdog_takes_the_keys_and_says_so() {
    let bench = Bench::made();
    let mut file = bench.open();
    let mut session = bench.login(&mut file, 0).unwrap();
    session.arm(Duration::from_secs(3600)).unwrap();
    session.disarm();
    assert!(session.keys().is_ok() && session.idle_since().is_none());
    session.arm(Duration::ZERO).unwrap();
    while !codes_of(&file).contains(&"9001".to_owned()) {
        std::thread::yield_now();
    }
    assert!(matches!(session.keys(), Err(Error::Locked)));
    assert_eq!(session.idle_since(), Some(bench.ambient.clock.now()));
    file.relogin(&mut session, &password(WORDS[0]), &who(), &bench.ambient)
        .unwrap();
    assert!(session.idle_since().is_none());
    assert_eq!(findings(&file, &session), [""; 0]);
    file.logout(session, "logout", &who(), &bench.ambient)
        .unwrap();
}

#[test]
fn a_logout_ends_on_record_and_with_an_empty_log() {
    let bench = Bench::made();
    let mut file = bench.open();
    let session = bench.login(&mut file, 0).unwrap();
    assert_eq!(
        file.logout(session, "logout", &who(), &bench.ambient)
            .unwrap(),
        Checkpoint::Done
    );
    assert_eq!(codes_of(&file)[1..], ["AUD101", "AUD102"]);
    assert_eq!(
        fs::metadata(bench.folder.path().join("vault.db-wal"))
            .unwrap()
            .len(),
        0
    );
    let session = bench.login(&mut file, 0).unwrap();
    session.lock();
    file.logout(session, "logout", &who(), &bench.ambient)
        .unwrap();
    assert_eq!(codes_of(&file).len(), 4);
}

#[test]
fn an_old_copy_that_is_brought_back_is_noticed() {
    let bench = Bench::made();
    let state = tempfile::tempdir().unwrap();
    let open = || {
        let mut file = bench.open();
        file.remember_in(Memory::below(state.path()));
        file
    };
    let mut file = open();
    let session = bench.login(&mut file, 0).unwrap();
    assert!(session.arrival().warnings.is_empty());
    file.logout(session, "logout", &who(), &bench.ambient)
        .unwrap();
    drop(file);
    let old = fs::read(bench.path()).unwrap();

    let mut file = open();
    let session = bench.login(&mut file, 0).unwrap();
    assert!(session.arrival().warnings.is_empty());
    file.logout(session, "logout", &who(), &bench.ambient)
        .unwrap();
    drop(file);
    fs::write(bench.path(), old).unwrap();

    let mut file = open();
    let session = bench.login(&mut file, 1).unwrap();
    let warnings = &session.arrival().warnings;
    assert!(
        warnings[0].contains("this vault is older than what this machine saw at 2026-03-01"),
        "{warnings:?}"
    );
    let entry = audit::get(file.connection(), 4).unwrap().entry.unwrap();
    assert_eq!(entry.detail.as_ref(), Some(&warnings[0]));
    drop(session);
    assert!(
        bench
            .login(&mut file, 1)
            .unwrap()
            .arrival()
            .warnings
            .is_empty(),
        "told once"
    );
}

fn token(user: &str) -> [&str; 9] {
    ["sales", user, "HID", "111", "", "totp", "sha1", "6", "30"]
}

#[test]
fn sealed_fields_that_sql_has_moved_do_not_open() {
    let bench = Bench::made();
    let mut file = bench.open();
    let session = bench.login(&mut file, 0).unwrap();
    let keys = session.keys().unwrap();
    file.write(&holder("load"), |tx| {
        for user in ["asmith", "bjones"] {
            let sealed = keys.seal(Column::TokenSeed, &token(user), user.as_bytes());
            tx.execute("INSERT INTO thing VALUES (?1, ?2)", (user, sealed))?;
        }
        Ok::<_, Error>(())
    })
    .unwrap();
    let read = |user: &str| {
        let sealed: Vec<u8> = file
            .connection()
            .query_row("SELECT sealed FROM thing WHERE owner = ?1", [user], |row| {
                row.get(0)
            })
            .unwrap();
        keys.open(Column::TokenSeed, &token(user), &sealed)
    };
    assert_eq!(read("asmith").unwrap().as_slice(), b"asmith");
    bench.sql("UPDATE thing SET sealed = (SELECT sealed FROM thing WHERE owner = 'bjones') WHERE owner = 'asmith'");
    let error = read("asmith").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the sealed seed of token HID 111 of sales/asmith does not belong there"),
        "{error}"
    );
    assert_eq!(error.class(), Class::Integrity);

    let stolen = Bench::made();
    let mut other = stolen.open();
    let keys_of_other = stolen.login(&mut other, 0).unwrap().keys().unwrap();
    let sealed = keys_of_other.seal(Column::TokenSeed, &token("bjones"), b"theirs");
    assert!(
        keys.open(Column::TokenSeed, &token("bjones"), &sealed)
            .is_err(),
        "another vault's field"
    );
}

#[test]
fn tampering_with_the_audit_is_found_after_a_login() {
    for (change, expected) in [
        (
            r#"UPDATE audit SET body = replace(body, 'Anna', 'Bert') WHERE seq = 3"#,
            "#3 was edited",
        ),
        ("DELETE FROM audit WHERE seq = 3", "#3 was deleted"),
        (
            "UPDATE audit SET seq = -seq WHERE seq IN (3, 4); UPDATE audit SET seq = 7 + seq WHERE seq < 0",
            "the entries were reordered: #4 stands in the place of #3",
        ),
        (
            "INSERT INTO audit (seq, body, hash) SELECT 6, body, hash FROM audit WHERE seq = 5",
            "#5 was inserted: no master's session wrote it",
        ),
    ] {
        let bench = Bench::made();
        let mut file = bench.open();
        let session = bench.login(&mut file, 0).unwrap();
        let keys = session.keys().unwrap();
        file.write(&holder("master set"), |tx| {
            for _ in 0..3 {
                let draft = Draft::new(&codes::MASTER_SET, "master set Master1 holder=Anna");
                audit::append(tx, &draft, &who(), Some(&keys), &*bench.ambient.clock)?;
            }
            Ok::<_, Error>(())
        })
        .unwrap();
        assert_eq!(findings(&file, &session), [""; 0]);
        bench.sql(change);
        assert_eq!(findings(&file, &session), [expected], "{change}");
    }
}

#[test]
fn a_session_keeps_the_file_shared() {
    let bench = Bench::made();
    let (mut first, mut second) = (bench.open(), bench.open());
    let _one = bench.login(&mut first, 0).unwrap();
    let two = bench.login(&mut second, 1).unwrap();
    let lock = fs::File::open(bench.folder.path().join("vault.db.lock")).unwrap();
    assert!(lock.try_lock().is_err(), "a key update has to wait");
    drop((_one, two));
    lock.try_lock().unwrap();
    assert!(matches!(
        bench.login(&mut first, 0),
        Err(Error::KeysInChange)
    ));
}

#[test]
fn temporary_files_lie_beside_a_vault() {
    let bench = Bench::made();
    let file = bench.open();
    let folder: String = file
        .connection()
        .pragma_query_value(None, "temp_store_directory", |row| row.get(0))
        .unwrap();
    // Tests share a process, so it is the folder of whichever file was opened first.
    assert!(folder.starts_with('/'), "{folder}");
}
