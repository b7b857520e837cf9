//! What is made, what is refused, and how a connection is hardened (igsh-vault(5), FILES).

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
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("make one with 'system init'"), "{hint}");

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
    let advice = format!("type: chmod 600 '{}'", path.display());
    assert_eq!(error.hint().as_deref(), Some(&*advice), "{error}");
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

/// What is refused, and that the attempt left nothing behind.
#[track_caller]
fn refused_untouched(bench: &Bench, words: &[&str]) -> Error {
    let (names, content) = (bench.names(), fs::read(bench.path()).unwrap());
    let error = refused(&bench.path());
    let said = format!("{error}\n{}", error.hint().unwrap_or_default());
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    assert_eq!(bench.names(), names);
    assert_eq!(fs::read(bench.path()).unwrap(), content);
    error
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_read_only_vault_is_reported_and_works_after_the_advice() {
    let bench = Bench::made();
    set_mode(&bench.path(), 0o400);
    let error = refused_untouched(
        &bench,
        &["cannot be written (mode 0400)", "type: chmod 600 '"],
    );
    assert_eq!(error.class(), Class::Refused);
    set_mode(&bench.path(), 0o600);
    let folder = bench.folder.path().canonicalize().unwrap();
    set_mode(&folder, 0o500);
    let words = [
        "the folder ",
        "cannot be written (mode 0500)",
        "chmod u+rwx '",
    ];
    refused_untouched(&bench, &words);
    set_mode(&folder, 0o700);
    let mut file = bench.open();
    bench.login(&mut file, 0).unwrap();
}

#[test]
fn a_folder_that_others_can_write_is_refused() {
    let bench = Bench::made();
    for mode in [0o770, 0o707, 0o1777] {
        set_mode(bench.folder.path(), mode);
        let words = ["the folder ", "can be written by others", "chmod go-w '"];
        let error = refused_untouched(&bench, &words);
        assert_eq!(error.class(), Class::Refused);
        assert!(bench.create(&bench.folder.path().join("new.db")).is_err());
        assert_eq!(bench.names(), ["vault.db"]);
    }
    set_mode(bench.folder.path(), 0o755);
    bench.open();
}

#[test]
fn a_journal_beside_a_vault_is_never_replayed() {
    let bench = Bench::made();
    let journal = bench.folder.path().join("vault.db-journal");
    for made in [
        &(|| fs::write(&journal, b"").unwrap()) as &dyn Fn(),
        &|| fs::write(&journal, b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7").unwrap(),
        &|| symlink("nowhere", &journal).unwrap(),
        &|| fs::create_dir(&journal).unwrap(),
    ] {
        made();
        let words = [
            "vault.db-journal",
            "may delete the file that it names",
            "remove it",
        ];
        let error = refused_untouched(&bench, &words);
        assert_eq!(error.class(), Class::Integrity);
        let _ = fs::remove_file(&journal);
    }
}

#[test]
fn what_others_could_have_put_beside_a_vault_is_refused() {
    let bench = Bench::made();
    for end in ["-wal", "-shm", ".lock"] {
        let path = bench.folder.path().join(format!("vault.db{end}"));
        let refused_with = |words: &[&str]| {
            let error = refused_untouched(&bench, &[&[&*format!("vault.db{end}")], words].concat());
            assert_eq!(error.class(), Class::Refused, "{end}");
        };
        symlink("/dev/null", &path).unwrap();
        refused_with(&["is a symbolic link"]);
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"").unwrap();
        set_mode(&path, 0o666);
        refused_with(&["can be written by others (mode 0666)"]);
        // What an older igsh left beside a vault of mode 0400.
        set_mode(&path, 0o400);
        refused_with(&["cannot be written (mode 0400)", "chmod 600 '"]);
        set_mode(&path, 0o600);
        if std::os::unix::fs::chown(&path, Some(12_345), None).is_ok() {
            refused_with(&["belongs to another user (number 12345)"]);
        } else {
            eprintln!("skipped: only root can give a file away");
        }
        fs::remove_file(&path).unwrap();
    }
    if std::os::unix::fs::chown(bench.path(), Some(12_345), None).is_ok() {
        refused_untouched(&bench, &["belongs to another user (number 12345)"]);
    }
}

#[test]
fn a_new_vault_takes_nothing_over_from_an_old_one() {
    for end in ["-wal", "-journal"] {
        let bench = Bench::new();
        let name = format!("vault.db{end}");
        fs::write(bench.folder.path().join(&name), "old").unwrap();
        let error = bench.create(&bench.path()).unwrap_err();
        assert!(
            error.to_string().contains("left by another vault"),
            "{error}"
        );
        assert_eq!(bench.names(), [name]);
    }
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
fn a_damaged_file_has_a_message_of_its_own() {
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
