//! What plain SQL can do to sealed fields and to the audit.

use super::*;

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

fn token(user: &str) -> [&str; 9] {
    ["sales", user, "HID", "111", "", "totp", "sha1", "6", "30"]
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
fn no_secret_stands_in_clear_in_any_file() {
    let bench = Bench::made();
    let mut file = bench.open();
    let session = bench.login(&mut file, 0).unwrap();
    let keys = session.keys().unwrap();
    bench.fail(&mut file, 1);
    file.write(&holder("load"), |tx| {
        let sealed = keys.seal(
            Column::Card,
            &["sales", "asmith", "7", "5", "10"],
            b"CANARY-CELLS",
        );
        tx.execute("INSERT INTO thing VALUES ('a', ?1)", [sealed])?;
        Ok::<_, Error>(())
    })
    .unwrap();
    for name in bench.names() {
        let bytes = fs::read(bench.folder.path().join(&name)).unwrap();
        for secret in [
            WORDS[0],
            WORDS[1],
            WORDS[2],
            "not the password",
            "CANARY-CELLS",
        ] {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} stands in {name}");
        }
    }
}
