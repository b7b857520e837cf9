//! What is made, what is refused, and how a connection is hardened (security.md §5).

use super::*;

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
    for version in [2002, 3001, 999_999] {
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
