//! Every way to tamper with the chain by plain SQL (igsh-vault(5), AUDIT).

use super::*;
use crate::store::audit::tests::{bare, put};
use crate::store::audit::{Draft, last};
use crate::store::keys::tests::loose;
use rusqlite::params;

fn session(connection: &Connection) {
    put(
        connection,
        &Draft::new(&codes::SETTING, "system set a=b"),
        true,
    );
}

fn failure(connection: &Connection) {
    put(
        connection,
        &Draft::new(&codes::LOGIN_FAILED, "login"),
        false,
    );
}

fn init(connection: &Connection) {
    put(
        connection,
        &Draft::new(&codes::INIT, "system init a=b"),
        true,
    );
}

/// Ten entries of sessions.
fn ten() -> Connection {
    let connection = bare();
    init(&connection);
    (1..10).for_each(|_| session(&connection));
    connection
}

fn run(connection: &Connection, claims: &[Claim]) -> (Vec<Finding>, Verified) {
    let mut findings = Vec::new();
    let verified = verify(connection, &loose(&[1]), claims, |finding| {
        findings.push(finding.clone());
    })
    .unwrap();
    assert_eq!(findings.len() as u64, verified.findings);
    (findings, verified)
}

fn findings(connection: &Connection) -> Vec<Finding> {
    run(connection, &[]).0
}

fn at(connection: &Connection, seq: i64) -> Anchor {
    Anchor {
        seq: seq as u64,
        hash: connection
            .query_row("SELECT hash FROM audit WHERE seq = ?1", [seq], |row| {
                row.get(0)
            })
            .unwrap(),
    }
}

/// Makes the hashes fit again from `from` on, as a program without the keys can.
fn rehash(connection: &Connection, from: i64) {
    let mut before = if from == 1 {
        origin(connection).unwrap()
    } else {
        at(connection, from - 1)
    };
    let end = last(connection).unwrap().seq as i64;
    for seq in from..=end {
        let body: String = connection
            .query_row("SELECT body FROM audit WHERE seq = ?1", [seq], |row| {
                row.get(0)
            })
            .unwrap();
        let hash = link(&before.hash, body.as_bytes());
        connection
            .execute(
                "UPDATE audit SET hash = ?1 WHERE seq = ?2",
                params![hash, seq],
            )
            .unwrap();
        before.hash = hash;
    }
}

/// Moves the entries from `from` on by one place, as far as their numbers in the table go.
fn renumber(connection: &Connection, from: i64, by: i64) {
    connection
        .execute(
            "UPDATE audit SET seq = -(seq + ?1) WHERE seq >= ?2",
            [by, from],
        )
        .unwrap();
    connection
        .execute("UPDATE audit SET seq = -seq WHERE seq < 0", [])
        .unwrap();
}

fn edited(seq: u64) -> Finding {
    Finding::Edited { from: seq, to: seq }
}

#[test]
fn a_sound_chain_has_no_findings() {
    let connection = ten();
    failure(&connection);
    failure(&connection);
    let claims: Vec<Claim> = (0..=12)
        .map(|seq| match seq {
            0 => origin(&connection).unwrap().into(),
            _ => at(&connection, seq).into(),
        })
        .collect();
    let (findings, verified) = run(&connection, &claims);
    assert_eq!(findings, []);
    assert_eq!((verified.entries, verified.unconfirmed), (12, 2));
    session(&connection);
    assert_eq!(run(&connection, &claims).1.unconfirmed, 0);
}

#[test]
fn an_edited_body_is_found() {
    for seq in 1..=10_i64 {
        for change in ["replace(body, 'a=b', 'a=c')", "'not even JSON'", "x'00ff'"] {
            let connection = ten();
            connection
                .execute(
                    &format!("UPDATE audit SET body = CAST({change} AS TEXT) WHERE seq = ?1"),
                    [seq],
                )
                .unwrap();
            assert_eq!(findings(&connection), [edited(seq as u64)], "{change}");
        }
    }
}

#[test]
fn an_edit_with_the_hashes_made_to_fit_is_found() {
    let connection = ten();
    connection
        .execute(
            "UPDATE audit SET body = replace(body, 'a=b', 'a=c') WHERE seq = 4",
            [],
        )
        .unwrap();
    rehash(&connection, 4);
    assert_eq!(findings(&connection), [Finding::Edited { from: 4, to: 10 }]);
}

#[test]
fn a_changed_hash_or_code_is_found() {
    for change in [
        "hash = zeroblob(32)",
        "hash = x''",
        "mac = zeroblob(32)",
        "mac = NULL",
    ] {
        let connection = ten();
        connection
            .execute(&format!("UPDATE audit SET {change} WHERE seq = 4"), [])
            .unwrap();
        assert!(
            findings(&connection).contains(&edited(4))
                || findings(&connection) == [Finding::Edited { from: 4, to: 5 }],
            "{change}"
        );
    }
}

#[test]
fn an_entry_of_a_session_cannot_pose_as_a_failed_login() {
    let connection = ten();
    connection
        .execute(
            r#"UPDATE audit SET mac = NULL, body = replace(replace(body, '"session":true', '"session":false'), '"9002"', '"AUD103"') WHERE seq = 4"#,
            [],
        )
        .unwrap();
    assert_eq!(findings(&connection), [edited(4)]);
    rehash(&connection, 4);
    assert_eq!(findings(&connection), [Finding::Edited { from: 5, to: 10 }]);
}

#[test]
fn an_edited_failed_login_is_found_once_a_session_has_confirmed_it() {
    let connection = bare();
    init(&connection);
    failure(&connection);
    failure(&connection);
    session(&connection);
    connection
        .execute(
            "UPDATE audit SET body = replace(body, 'anna', 'bert') WHERE seq = 2",
            [],
        )
        .unwrap();
    assert_eq!(findings(&connection), [edited(2)]);
    let body: String = connection
        .query_row("SELECT body FROM audit WHERE seq = 2", [], |row| row.get(0))
        .unwrap();
    let hash = link(&at(&connection, 1).hash, body.as_bytes());
    connection
        .execute("UPDATE audit SET hash = ?1 WHERE seq = 2", [hash])
        .unwrap();
    assert_eq!(findings(&connection), [Finding::Edited { from: 2, to: 3 }]);
}

#[test]
fn deleted_entries_are_found() {
    let connection = ten();
    connection
        .execute("DELETE FROM audit WHERE seq IN (4, 5, 8)", [])
        .unwrap();
    let expected = [
        Finding::Deleted { from: 4, to: 5 },
        Finding::Deleted { from: 8, to: 8 },
    ];
    assert_eq!(findings(&connection), expected);
    let connection = ten();
    connection
        .execute("DELETE FROM audit WHERE seq = 1", [])
        .unwrap();
    assert_eq!(findings(&connection), [Finding::Deleted { from: 1, to: 1 }]);
    renumber(&connection, 2, -1);
    assert_eq!(findings(&connection), [Finding::Deleted { from: 1, to: 1 }]);
}

#[test]
fn an_inserted_entry_is_found() {
    for (place, body) in [
        (4, r#"{"seq":4,"g":1,"session":true,"code":"8503"}"#),
        (4, r#"{"seq":4,"g":1,"session":false,"code":"8503"}"#),
        (4, r#"{"seq":4,"g":1,"session":false,"code":"AUD103"}"#),
        (4, r#"{"seq":4,"g":9,"session":true,"code":"8503"}"#),
        (11, r#"{"seq":11,"g":1,"session":true,"code":"8503"}"#),
    ] {
        let connection = ten();
        renumber(&connection, place, 1);
        let hash = link(&at(&connection, place - 1).hash, body.as_bytes());
        connection
            .execute(
                "INSERT INTO audit (seq, body, hash, mac) VALUES (?1, ?2, ?3, NULL)",
                params![place, body, hash],
            )
            .unwrap();
        let expected = [Finding::Inserted { seq: place as u64 }];
        assert_eq!(findings(&connection), expected, "{body}");
    }
}

#[test]
fn an_entry_that_bears_the_number_of_another_is_found_on_either_side() {
    let forged = |number: u64, place: i64| {
        let connection = ten();
        renumber(&connection, place, 1);
        let body = format!(r#"{{"seq":{number},"g":1,"session":true,"code":"8503"}}"#);
        let hash = link(&at(&connection, place - 1).hash, body.as_bytes());
        connection
            .execute(
                "INSERT INTO audit (seq, body, hash, mac) VALUES (?1, ?2, ?3, NULL)",
                params![place, body, hash],
            )
            .unwrap();
        findings(&connection)
    };
    for (number, place) in [(4, 5), (4, 4), (9, 6), (2, 6)] {
        assert_eq!(
            forged(number, place),
            [Finding::Inserted { seq: number }],
            "{number} at {place}"
        );
    }
}

#[test]
fn a_doubled_entry_is_found() {
    let connection = ten();
    connection
        .execute("INSERT INTO audit (seq, body, hash, mac) SELECT 11, body, hash, mac FROM audit WHERE seq = 3", [])
        .unwrap();
    assert_eq!(findings(&connection), [Finding::Inserted { seq: 3 }]);
}

#[test]
fn reordered_entries_are_found() {
    let connection = ten();
    connection
        .execute_batch(
            "UPDATE audit SET seq = 100 WHERE seq = 5;
             UPDATE audit SET seq = 5 WHERE seq = 7;
             UPDATE audit SET seq = 7 WHERE seq = 100;",
        )
        .unwrap();
    let found = findings(&connection);
    assert_eq!(found[0], Finding::Reordered { seq: 7, place: 5 });

    // One that was moved to before the one that was expected.
    let connection = ten();
    renumber(&connection, 6, 1);
    connection
        .execute("UPDATE audit SET seq = 6 WHERE seq = 10", [])
        .unwrap();
    assert_eq!(
        findings(&connection)[0],
        Finding::Reordered { seq: 9, place: 6 }
    );

    let connection = ten();
    renumber(&connection, 1, 90);
    assert_eq!(
        findings(&connection),
        [Finding::Reordered { seq: 1, place: 91 }]
    );
}

#[test]
fn a_cut_end_is_found_with_an_anchor() {
    let connection = ten();
    let anchor = Claim::from(at(&connection, 9));
    connection
        .execute("DELETE FROM audit WHERE seq > 7", [])
        .unwrap();
    assert_eq!(findings(&connection), []);
    let expected = [Finding::Cut {
        last: 7,
        anchor: anchor.clone(),
    }];
    assert_eq!(run(&connection, &[anchor]).0, expected);
}

#[test]
fn an_older_file_that_went_on_is_found_with_an_anchor() {
    let connection = ten();
    let anchor = Claim::from(at(&connection, 9));
    connection
        .execute("DELETE FROM audit WHERE seq > 7", [])
        .unwrap();
    for _ in 0..5 {
        put(
            &connection,
            &Draft::new(&codes::SETTING, "system set other=1"),
            true,
        );
    }
    assert_eq!(findings(&connection), []);
    let expected = [Finding::RolledBack {
        anchor: anchor.clone(),
    }];
    assert_eq!(run(&connection, &[anchor]).0, expected);
}

#[test]
fn the_audit_of_another_vault_is_found() {
    let connection = ten();
    connection
        .execute("UPDATE state SET vid = ?1", [[8u8; 16]])
        .unwrap();
    assert_eq!(findings(&connection), [edited(1)]);
}

#[test]
fn an_audit_that_was_emptied_is_found_without_an_anchor() {
    assert_eq!(findings(&bare()), [Finding::Beginning]);
    let connection = ten();
    connection.execute("DELETE FROM audit", []).unwrap();
    assert_eq!(findings(&connection), [Finding::Beginning]);
    put(&connection, &Draft::new(&codes::LOGIN, "login"), true);
    session(&connection);
    assert_eq!(findings(&connection), [Finding::Beginning]);
    // An entry of that code which no session wrote is none.
    connection.execute("DELETE FROM audit", []).unwrap();
    put(&connection, &Draft::new(&codes::INIT, "system init"), false);
    assert_eq!(findings(&connection), [Finding::Inserted { seq: 1 }]);
    session(&connection);
    assert_eq!(findings(&connection), [edited(1)]);
}

#[test]
fn anchors_that_logins_did_not_find_are_listed_until_and_after_they_are_acknowledged() {
    let connection = ten();
    let with = |code, anchors: &[&str]| {
        let mut draft = Draft::new(code, "x");
        draft.rolled_back = anchors.iter().map(ToString::to_string).collect();
        put(&connection, &draft, true);
    };
    with(&codes::LOGIN, &["9:aaaaaaaa"]);
    with(&codes::LOGIN, &["9:aaaaaaaa", "8:bbbbbbbb"]);
    with(&codes::ACKNOWLEDGED, &["9:aaaaaaaa", "7:cccccccc"]);
    with(&codes::LOGIN, &["8:bbbbbbbb", "9:aaaaaaaa"]);
    let (findings, verified) = run(&connection, &[]);
    assert_eq!(findings, []);
    let listed: Vec<_> = verified
        .rolled_back
        .iter()
        .map(|it| (it.anchor.as_str(), it.login, it.acknowledged))
        .collect();
    let expected = [
        ("9:aaaaaaaa", 11, Some(13)),
        ("8:bbbbbbbb", 12, None),
        ("9:aaaaaaaa", 14, None),
    ];
    assert_eq!(listed, expected);
    assert_eq!(
        verified.rolled_back[0].to_string(),
        "#11: the login of Master1 at 2026-03-01T10:00:00.000001Z did not find the anchor 9:aaaaaaaa, which #13 acknowledged"
    );
}

#[test]
fn a_finding_names_one_entry_or_the_first_and_the_last() {
    for finding in [
        |from, to| Finding::Edited { from, to },
        |from, to| Finding::Deleted { from, to },
    ] {
        let (one, several) = (finding(3, 3).to_string(), finding(3, 5).to_string());
        assert!(one.contains("#3") && !one.contains("to"), "{one}");
        assert!(several.contains("#3 to #5"), "{several}");
    }
}
