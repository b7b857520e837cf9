//! A file that is deleted, moved, replaced or overwritten under a session.

use super::*;

fn write(file: &mut SealedFile) -> Result<(), Error> {
    file.write(&holder("x"), |tx| {
        tx.execute("INSERT INTO thing VALUES (hex(randomblob(8)), NULL)", [])?;
        Ok(())
    })
}

/// The next write and the next look say what happened, and nothing was written.
#[track_caller]
fn is_gone(file: &mut SealedFile, session: &MasterSession, what: &str) {
    for error in [write(file).unwrap_err(), file.still_there().unwrap_err()] {
        assert!(matches!(error, Error::Gone { .. }), "{error}");
        assert_eq!(error.class(), Class::Integrity);
        assert!(error.to_string().contains(what), "{error}");
    }
    let keys = session.keys().unwrap();
    let changed = file.write(&holder("x"), |tx| {
        let draft = Draft::new(&codes::SETTING, "system set");
        audit::append(tx, &draft, &who(), Some(&keys), &jiff_clock())
    });
    assert!(changed.is_err());
}

fn jiff_clock() -> impl Clock {
    Hand(Mutex::new("2026-03-01T10:00:00Z".parse().unwrap()))
}

#[test]
fn a_deleted_or_moved_file_takes_no_more_writes() {
    let bench = Bench::made();
    let mut file = bench.open();
    let session = bench.login(&mut file, 0).unwrap();
    write(&mut file).unwrap();
    file.still_there().unwrap();
    let elsewhere = bench.folder.path().join("elsewhere.db");
    fs::rename(bench.path(), &elsewhere).unwrap();
    is_gone(&mut file, &session, "was deleted or moved away");
    assert!(file.second().is_err());
    fs::remove_file(&elsewhere).unwrap();
    is_gone(&mut file, &session, "was deleted or moved away");
    drop((session, file));
    assert!(!bench.path().exists());
}

#[test]
fn a_file_in_its_place_is_neither_written_nor_loses_its_log() {
    let bench = Bench::made();
    let other = Bench::made();
    let mut writer = other.open();
    write(&mut writer).unwrap();
    let mut file = bench.open();
    let session = bench.login(&mut file, 0).unwrap();
    for end in ["", "-wal"] {
        let name = format!("vault.db{end}");
        let new = bench.folder.path().join("new");
        fs::copy(other.folder.path().join(&name), &new).unwrap();
        fs::rename(new, bench.folder.path().join(&name)).unwrap();
    }
    let read = |name: &str| fs::read(bench.folder.path().join(name)).unwrap();
    let (base, log) = (read("vault.db"), read("vault.db-wal"));
    is_gone(&mut file, &session, "was replaced by another file");
    drop((session, file));
    assert!(base == read("vault.db") && log == read("vault.db-wal"));
}

#[test]
fn a_copy_that_is_written_over_a_file_is_noticed() {
    let bench = Bench::made();
    let mut file = bench.open();
    write(&mut file).unwrap();
    assert_eq!(file.checkpoint().unwrap(), Checkpoint::Done);
    let old = fs::read(bench.path()).unwrap();
    let session = bench.login(&mut file, 0).unwrap();
    // Once with all of it in the log, once with nothing.
    write(&mut file).unwrap();
    fs::write(bench.path(), &old).unwrap();
    write(&mut file).unwrap();
    assert_eq!(file.checkpoint().unwrap(), Checkpoint::Done);
    write(&mut file).unwrap();
    fs::write(bench.path(), &old).unwrap();
    is_gone(&mut file, &session, "was overwritten with another copy");
    drop((session, file));
    assert!(old == fs::read(bench.path()).unwrap());
    let said = refused(&bench.path()).to_string();
    assert!(
        said.contains("vault.db-wal belongs to another copy"),
        "{said}"
    );
    fs::remove_file(bench.folder.path().join("vault.db-wal")).unwrap();

    let mut file = bench.open();
    let session = bench.login(&mut file, 0).unwrap();
    assert_eq!(file.checkpoint().unwrap(), Checkpoint::Done);
    fs::write(bench.path(), &old).unwrap();
    is_gone(&mut file, &session, "was overwritten with another copy");
    drop((session, file));
    assert!(old == fs::read(bench.path()).unwrap());
}
