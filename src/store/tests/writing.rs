//! Writers, readers and checkpoints on one file.

use super::*;

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
fn a_waiting_writer_sees_who_holds_the_file() {
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
             nothing was changed"
        );
        assert_eq!(error.class(), Class::Failed);
        Ok(())
    });
    outcome.unwrap();
    second.write(&holder("x"), |_| Ok::<_, Error>(())).unwrap();

    // A holder that leaves no note is not mistaken for the last one that did.
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
fn a_short_writer_is_waited_for() {
    let bench = Bench::made();
    let mut first = bench.open();
    let begun = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            let mut file = bench.open();
            file.set_busy_timeout(Duration::from_secs(60)).unwrap();
            begun.wait();
            file.write(&holder("migrate stage"), |tx| {
                Ok::<_, Error>(tx.execute("INSERT INTO thing VALUES ('b', NULL)", [])?)
            })
        });
        first
            .write(&holder("source load"), |tx| {
                begun.wait();
                // Long enough for the other one to find the file held, on most machines.
                std::thread::sleep(Duration::from_millis(100));
                Ok::<_, Error>(tx.execute("INSERT INTO thing VALUES ('a', NULL)", [])?)
            })
            .unwrap();
        assert_eq!(second.join().unwrap().unwrap(), 1);
    });
}

#[test]
fn a_file_is_opened_when_its_only_holder_lets_go_and_else_the_error_names_the_holder() {
    let bench = Bench::made();
    // As the last connection has it while it closes, and the first one while it recovers the log.
    let alone = Connection::open(bench.path()).unwrap();
    alone
        .execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; DELETE FROM thing; COMMIT;",
        )
        .unwrap();
    let note = r#"{"command":"system init","session":"5e6f7a8b","since":"2026-03-01T10:00:00Z","process":1}"#;
    fs::write(bench.folder.path().join("vault.db.lock"), note).unwrap();
    let error = refused(&bench.path());
    assert!(
        error.to_string().starts_with(
            "the vault is held by 'system init' of session 5e6f7a8b since 2026-03-01 10:00:00 UTC"
        ),
        "{error}"
    );
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| SealedFile::open(&bench.path(), &KIND).map(drop));
        std::thread::sleep(Duration::from_millis(100));
        drop(alone);
        opening.join().unwrap().unwrap();
    });
}

#[test]
fn a_checkpoint_that_a_reader_blocks_keeps_no_writer_out() {
    let bench = Bench::made();
    let (mut writer, reader) = (bench.open(), bench.open());
    writer.set_busy_timeout(Duration::from_millis(200)).unwrap();
    let put = |file: &mut SealedFile, name: usize| {
        file.write(&holder("x"), |tx| {
            Ok::<_, Error>(tx.execute("INSERT INTO thing VALUES (?1, NULL)", [name.to_string()])?)
        })
    };
    put(&mut writer, 0).unwrap();
    // It reads all that there is, so that everything can be copied but nothing cut.
    let reading = reader.connection().unchecked_transaction().unwrap();
    reading
        .query_row("SELECT count(*) FROM thing", [], |row| row.get::<_, i64>(0))
        .unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = bench.open();
            file.set_busy_timeout(Duration::from_secs(5)).unwrap();
            assert_eq!(file.checkpoint().unwrap(), Checkpoint::Blocked);
            done.store(true, std::sync::atomic::Ordering::Release);
        });
        for name in 1.. {
            put(&mut writer, name).unwrap();
            // The checkpoint has its chance to take the write lock.
            std::thread::sleep(Duration::from_millis(20));
            if done.load(std::sync::atomic::Ordering::Acquire) {
                break;
            }
        }
    });
}
