//! A write-ahead log beside the file that it belongs to, in every state that a killed session can leave, and beside
//! another one.

use super::*;

/// A file and its log as they are at one moment.
#[derive(Clone)]
struct Moment {
    base: Vec<u8>,
    log: Vec<u8>,
}

impl Moment {
    fn of(bench: &Bench) -> Self {
        let read = |name: &str| fs::read(bench.folder.path().join(name)).unwrap_or_default();
        Self {
            base: read("vault.db"),
            log: read("vault.db-wal"),
        }
    }

    fn with_log_of(&self, other: &Self) -> Self {
        Self {
            base: self.base.clone(),
            log: other.log.clone(),
        }
    }

    /// Puts both into a new folder and opens them there: the rows of `thing`, or what was said.
    fn opened(&self) -> Result<i64, String> {
        // A name that has to be written differently in an address.
        let folder = tempfile::Builder::new()
            .prefix("a b?#%41")
            .tempdir()
            .unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, content) in [("vault.db", &self.base), ("vault.db-wal", &self.log)] {
            fs::write(at(name), content).unwrap();
            fs::set_permissions(at(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let outcome = SealedFile::open(&at("vault.db"), &KIND);
        match outcome {
            Ok(file) => {
                assert_eq!(file.check().unwrap(), [""; 0]);
                Ok(rows(&file))
            }
            Err(error) => {
                assert_eq!(error.class(), Class::Integrity);
                assert!(fs::read(at("vault.db")).unwrap() == self.base, "touched");
                assert!(fs::read(at("vault.db-wal")).unwrap() == self.log, "touched");
                assert!(!at("vault.db-shm").exists(), "touched");
                Err(error.to_string())
            }
        }
    }

    #[track_caller]
    fn is_refused(&self) {
        let said = self.opened().unwrap_err();
        for words in [
            "vault.db-wal belongs to another copy of this vault",
            "nothing was touched",
        ] {
            assert!(said.contains(words), "{said}");
        }
    }
}

fn rows(file: &SealedFile) -> i64 {
    file.connection()
        .query_row("SELECT count(*) FROM thing", [], |row| row.get(0))
        .unwrap()
}

/// Adds rows in a transaction of their own.
fn add(file: &mut SealedFile, rows: u32) {
    file.write(&holder("add"), |tx| fill(tx, rows)).unwrap();
}

fn fill(tx: &Connection, rows: u32) -> Result<(), Error> {
    tx.execute(
        "WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO thing SELECT hex(randomblob(8)), randomblob(900) FROM n",
        [rows],
    )?;
    Ok(())
}

/// Copies the log into the file as far as readers allow, and leaves it there.
fn copy_back(file: &SealedFile) {
    file.connection()
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        .unwrap();
}

#[test]
fn a_log_of_another_copy_is_not_merged() {
    let bench = Bench::made();
    let first = Moment::of(&bench);
    let mut file = bench.open();
    add(&mut file, 1);
    let second = Moment::of(&bench);
    copy_back(&file);
    add(&mut file, 1);
    let third = Moment::of(&bench);
    copy_back(&file);
    add(&mut file, 1);
    let fourth = Moment::of(&bench);
    for (moment, there) in [(&first, 0), (&second, 1), (&third, 2), (&fourth, 3)] {
        assert_eq!(moment.opened(), Ok(there), "a backup with its own log");
    }
    // An old file with a new log, and a new file with an old one.
    first.with_log_of(&third).is_refused();
    second.with_log_of(&fourth).is_refused();
    fourth.with_log_of(&second).is_refused();
    // The log that led to the file does no harm.
    assert_eq!(third.with_log_of(&second).opened(), Ok(1));

    let other = Bench::made();
    let mut file = other.open();
    add(&mut file, 1);
    first.with_log_of(&Moment::of(&other)).is_refused();
}

#[test]
fn a_copying_of_the_log_that_was_cut_off_anywhere_goes_on() {
    let bench = Bench::made();
    let mut file = bench.open();
    add(&mut file, 40);
    copy_back(&file);
    add(&mut file, 60);
    add(&mut file, 30);
    let before = Moment::of(&bench);
    copy_back(&file);
    let after = Moment::of(&bench);
    assert_eq!(before.log, after.log);
    assert_eq!(after.opened(), Ok(130), "before the log was emptied");
    let pages = after.base.len() / 4096;
    for page in 0..=pages {
        let mut base = before.base.clone();
        base.resize(after.base.len().min(base.len().max(page * 4096)), 0);
        base[..page * 4096].copy_from_slice(&after.base[..page * 4096]);
        let cut = Moment {
            base,
            log: after.log.clone(),
        };
        assert_eq!(cut.opened(), Ok(130), "{page} of {pages} pages");
    }
}

#[test]
fn a_log_that_was_cut_off_or_has_no_end_yet_opens() {
    let bench = Bench::made();
    let mut file = bench.open();
    add(&mut file, 2);
    file.connection()
        .execute_batch("PRAGMA cache_size = 8")
        .unwrap();
    let mut within = None;
    let outcome: Result<(), Error> = file.write(&holder("load"), |tx| {
        fill(tx, 500)?;
        within = Some(Moment::of(&bench));
        Ok(())
    });
    outcome.unwrap();
    let within = within.unwrap();
    assert!(
        within.log.len() > 400_000,
        "the load is in the log, but not its end"
    );
    assert_eq!(within.opened(), Ok(2), "killed in a load");
    let whole = Moment::of(&bench);
    assert_eq!(whole.opened(), Ok(502));
    for length in [0, 10, 32, 40, 60, 4096 + 56, 20_000, whole.log.len() - 1] {
        let mut cut = whole.clone();
        cut.log.truncate(length);
        cut.opened().unwrap();
    }
    // A load that is the first thing in a log that has begun anew.
    copy_back(&file);
    let mut within = None;
    let outcome: Result<(), Error> = file.write(&holder("load"), |tx| {
        fill(tx, 500)?;
        within = Some(Moment::of(&bench));
        Err(Error::Internal("as if"))
    });
    outcome.unwrap_err();
    assert_eq!(within.unwrap().opened(), Ok(502));
}

#[test]
fn two_sessions_and_a_reader_that_stays_leave_files_that_open() {
    let bench = Bench::made();
    let (mut first, mut second) = (bench.open(), bench.open());
    let reader = bench.open();
    let mut expected = 0;
    for round in 0..6 {
        // In every other round a reader keeps the log from being copied whole and from beginning anew.
        let reading = (round % 2 == 0).then(|| {
            let reading = reader.connection().unchecked_transaction().unwrap();
            reading
                .query_row("SELECT count(*) FROM thing", [], |_| Ok(()))
                .unwrap();
            reading
        });
        for _ in 0..3 {
            add(&mut first, 3);
            copy_back(&first);
            add(&mut second, 2);
            expected += 5;
            assert_eq!(Moment::of(&bench).opened(), Ok(expected), "{round}");
        }
        copy_back(&second);
        assert_eq!(Moment::of(&bench).opened(), Ok(expected), "{round}");
        drop(reading);
    }
}

#[test]
fn every_write_moves_the_stamp_on() {
    let bench = Bench::made();
    let mut file = bench.open();
    // The watchdog's transaction may be about to end.
    file.set_busy_timeout(Duration::from_secs(5)).unwrap();
    let stamp = |file: &SealedFile| -> (Vec<u8>, Vec<u8>) {
        file.connection()
            .query_row("SELECT prev, own FROM stamp", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap()
    };
    let mut before = stamp(&file);
    let mut moved = |file: &SealedFile, what: &str| {
        let now = stamp(file);
        assert_eq!(now.0, before.1, "{what}");
        assert_ne!(now.1, before.1, "{what}");
        before = now;
    };
    add(&mut file, 1);
    moved(&file, "a write");
    let mut second = file.second().unwrap();
    file.write_on(&mut second, &holder("x"), |_| Ok::<_, Error>(()))
        .unwrap();
    moved(&file, "a write on a second connection");
    let mut session = bench.login(&mut file, 0).unwrap();
    before = stamp(&file);
    session.arm(Duration::ZERO).unwrap();
    while !session.is_locked() || !codes_of(&file).contains(&"9001".to_owned()) {
        std::thread::yield_now();
    }
    assert_eq!(stamp(&file).0, before.1, "the watchdog");
    before = stamp(&file);
    file.without_effect(&holder("x"), |_| Ok::<_, Error>(()))
        .unwrap();
    assert_eq!(stamp(&file), before, "what is taken back is no write");
}
