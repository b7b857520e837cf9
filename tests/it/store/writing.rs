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
