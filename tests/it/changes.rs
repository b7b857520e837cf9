//! What has changed since a bundle, and what a load would change: the delta of a progressive migration, end to end.

use std::time::Duration;

use crate::common::{House, Ran};

const SEED: &str = "MTIzNDU2Nzg5MDEyMzQ1Ng==";

fn schema(scope: &str) -> String {
    format!(
        r#"{{"type":"schema","version":1,"system":"old","scope":"{scope}","exported":"2026-11-01T00:00:00Z"}}"#
    )
}

fn token(serial: &str, algorithm: &str, counter: u64) -> String {
    format!(
        r#"{{"vendor":"HID","serial":"{serial}","kind":"hardware","algorithm":"{algorithm}","counter":{counter},"seed":"{SEED}","state":"current"}}"#
    )
}

fn user(name: &str, id: &str, more: &str) -> String {
    let more = if more.is_empty() {
        String::new()
    } else {
        format!(",{more}")
    };
    format!(r#"{{"type":"user","id":"{id}","group":"sales","userid":"{name}"{more}}}"#)
}

fn lines(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

/// Five people, the whole source.
fn source() -> Vec<String> {
    vec![
        schema("full"),
        r#"{"type":"group","name":"sales","default":true}"#.to_owned(),
        user(
            "anna",
            "1",
            &format!(r#""tokens":[{}]"#, token("1", "totp", 0)),
        ),
        user(
            "bert",
            "2",
            &format!(r#""tokens":[{}]"#, token("2", "hotp", 5)),
        ),
        user(
            "cleo",
            "3",
            r#""qa":[{"question":"School?","answer":"Central"}]"#,
        ),
        user("dora", "4", r#""passwords":[{"value":"correct horse"}]"#),
        user("emil", "5", ""),
        format!(
            r#"{{"type":"token","group":"sales","vendor":"HID","serial":"9","kind":"hardware","algorithm":"totp","seed":"{SEED}"}}"#
        ),
    ]
}

/// The same later: another token, a counter, an answer; one left, one came, one is called otherwise.
fn later() -> Vec<String> {
    vec![
        schema("full"),
        r#"{"type":"group","name":"sales","default":true}"#.to_owned(),
        user(
            "anna",
            "1",
            &format!(
                r#""lastAuth":"2026-10-31T00:00:00Z","tokens":[{},{}]"#,
                token("1", "totp", 0),
                token("9", "totp", 0)
            ),
        ),
        user(
            "bert",
            "2",
            &format!(r#""tokens":[{}]"#, token("2", "hotp", 6)),
        ),
        user(
            "cleo",
            "3",
            r#""qa":[{"question":"School?","answer":"Eastern"}]"#,
        ),
        user("dorothy", "4", r#""passwords":[{"value":"correct horse"}]"#),
        user("zoe", "6", ""),
    ]
}

fn house() -> House {
    let house = House::with_vault();
    house.private("people.ndjson", &lines(&source()));
    house.private("later.ndjson", &lines(&later()));
    house
        .master(&["source load file=people.ndjson format=ndjson"])
        .ok();
    house
}

/// What `source diff` prints, `change record name` each.
fn differences(ran: &Ran) -> Vec<String> {
    ran.out
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).expect("a row");
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", text("change"), text("record"), text("name"))
        })
        .collect()
}

fn diff(house: &House, line: &str) -> Ran {
    house.logged_in(&["--format", "ndjson", "-c", line])
}

#[test]
fn a_diff_shows_what_the_load_then_does_and_changes_nothing() {
    let house = house();
    let before = house.ask("json", "source get");
    let told = diff(&house, "source diff file=later.ndjson").ok();
    assert_eq!(
        differences(&told),
        [
            "reassigned token HID 9",
            "changed user sales/anna",
            "changed user sales/bert",
            "changed user sales/cleo",
            "renamed user sales/dorothy",
            "new user sales/zoe",
            "gone user sales/emil",
        ]
    );
    for words in [
        r#""detail":"new-authenticator""#,
        r#""detail":"counter""#,
        r#""detail":"qa""#,
        r#""detail":"was sales/dora""#,
        r#""line":4"#,
    ] {
        assert!(told.out.contains(words), "{words}: {}", told.out);
    }
    assert!(
        told.err
            .contains("users: 1 new, 3 changed, 1 as before, 1 gone, 1 renamed, 0 moved, 0 back"),
        "{}",
        told.err
    );
    assert_eq!(house.ask("json", "source get"), before);
    let loaded = house
        .master(&["source load file=later.ndjson format=ndjson -yes=1"])
        .ok();
    for words in [
        "5 users",
        "4 of the users were there before",
        "1 user is renamed",
        "1 user is not in this full load",
        "1 token or card was with another user before",
    ] {
        assert!(loaded.err.contains(words), "{words}: {}", loaded.err);
    }
    let again = diff(&house, "source diff file=later.ndjson").ok();
    assert_eq!(differences(&again), Vec::<String>::new());
}

#[test]
fn a_load_says_who_has_changed_since_the_bundle() {
    let house = house();
    let delta: Vec<String> = later()
        .into_iter()
        .filter(|l| !l.contains("dorothy"))
        .collect();
    house.private("delta.ndjson", &lines(&delta).replace("full", "delta"));
    house.master(&["export file=1.igb"]).ok();
    // What is seen beforehand is what the load says.
    let told = diff(&house, "source diff file=delta.ndjson").ok();
    let loaded = house
        .master(&["source load file=delta.ndjson format=ndjson"])
        .ok();
    let words = "3 exported users have changed since the last bundle (new-authenticator 1, counter 1, qa 1)";
    for ran in [&told, &loaded] {
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    let count = |selection: &str| house.ask("value", &format!("user count {selection}"));
    for (selection, users) in [
        ("changed=yes", "3\n"),
        ("changed=new-authenticator", "1\n"),
        ("changed=counter userid=bert", "1\n"),
        ("changed=qa userid=cleo", "1\n"),
        ("changed=other", "0\n"),
    ] {
        assert_eq!(count(selection), users, "{selection}");
    }
    // And back again: no user has.
    let back = house
        .master(&["source load file=people.ndjson format=ndjson -yes=1"])
        .ok();
    insta::assert_snapshot!(back.screen(), @r#"
    exit 0
    -- err
    note: loaded 1 group, 5 users, 3 tokens and 0 cards (5 of the users were there before)
    note: 1 user is not in this full load any more and will not be exported
    note: people.ndjson has no end record, so a cut would go unnoticed (igsh-source(5), end)
    note: people.ndjson is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(count("changed=yes"), "0\n");
    // The follow-up takes those with something new, and only they begin anew.
    house
        .master(&[
            "source load file=delta.ndjson format=ndjson",
            "export changed=new-authenticator file=2.igb",
        ])
        .ok();
    assert_eq!(count("exported=2"), "1\n");
    assert_eq!(count("changed=new-authenticator"), "0\n");
    assert_eq!(count("changed=yes"), "2\n");
    house.master(&["export file=3.igb"]).ok();
    let same = house
        .master(&["source load file=delta.ndjson format=ndjson"])
        .ok();
    insta::assert_snapshot!(same.screen(), @r#"
    exit 0
    -- err
    note: loaded 1 group, 4 users, 3 tokens and 0 cards (4 of the users were there before)
    note: delta.ndjson is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
}

#[test]
fn what_is_kept_of_answers_and_passwords_is_sealed() {
    let house = house();
    house.master(&["export file=1.igb"]).ok();
    let database = rusqlite::Connection::open(house.at("vault.db")).expect("the vault");
    let mut statement = database
        .prepare("SELECT digest FROM members")
        .expect("a statement");
    let digests: Vec<Vec<u8>> = statement
        .query_map([], |row| row.get(0))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("digests");
    assert_eq!(digests.len(), 5);
    // A version, an epoch, a nonce, and what differs from one export to the next.
    for (at, digest) in digests.iter().enumerate() {
        assert!(
            digest.len() > 45 && digest[..5] == [1, 0, 0, 0, 1],
            "{digest:?}"
        );
        assert!(
            digests[..at]
                .iter()
                .all(|other| other[5..29] != digest[5..29])
        );
    }
    drop(statement);
    // Swapping two of them is reported.
    database
        .execute_batch("UPDATE members SET digest = (SELECT digest FROM members WHERE user = 1) WHERE user = 2")
        .expect("an update");
    drop(database);
    let screen = house
        .master(&["source load file=people.ndjson format=ndjson"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 6
    -- err
    error[E0501]: people.ndjson: the sealed digest of user 2 (by row id) in bundle 1 does not belong there or is damaged
    hint: look at 'audit verify', and restore a backup
    "#);
}

#[test]
fn bad_records_are_listed_and_say_what_a_load_would_do() {
    let house = house();
    house.master(&["export file=1.igb"]).ok();
    let mut bad = later();
    bad.insert(3, "{\"type\":\"user\"".to_owned());
    bad.push(user("zoe", "7", ""));
    house.private("bad.ndjson", &lines(&bad));
    let told = diff(&house, "source diff file=bad.ndjson");
    assert_eq!(told.code, 5, "{}", told.err);
    let refused: Vec<_> = told
        .out
        .lines()
        .filter(|line| line.contains("\"refused\""))
        .collect();
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(refused[0].contains("\"line\":4"), "{refused:?}");
    assert!(refused[1].contains("was exported and is now called sales/dorothy"));
    assert!(
        refused[2].contains("sales/zoe is already in line 8"),
        "{refused:?}"
    );
    assert!(
        told.err
            .contains("a load would be refused because of 3 bad records"),
        "{}",
        told.err
    );
    let told = diff(&house, "source diff file=bad.ndjson -skip-bad").ok();
    insta::assert_snapshot!(told.screen(), @r#"
    exit 0
    -- out
    {"change":"reassigned","record":"token","name":"HID 9","line":3,"detail":"unassigned in sales → sales/anna"}
    {"change":"changed","record":"user","name":"sales/anna","line":3,"detail":"new-authenticator"}
    {"change":"refused","record":"record","name":"","line":4,"detail":"line 4, column 14, field 'type': the line ends inside the record; look for a line break in the record, or a file that was cut: a record is one whole line"}
    {"change":"changed","record":"user","name":"sales/bert","line":5,"detail":"counter"}
    {"change":"changed","record":"user","name":"sales/cleo","line":6,"detail":"qa"}
    {"change":"refused","record":"record","name":"","line":7,"detail":"line 7: user sales/dora was exported and is now called sales/dorothy; undo the rename or move in the source, or load with -force and correct the target by hand"}
    {"change":"new","record":"user","name":"sales/zoe","line":8,"detail":""}
    {"change":"refused","record":"record","name":"","line":9,"detail":"line 9: user sales/zoe is already in line 8; a key stands once in a file; remove one of the records"}
    {"change":"gone","record":"user","name":"sales/dora","line":null,"detail":"in bundle 1; disable on the target"}
    {"change":"gone","record":"user","name":"sales/emil","line":null,"detail":"in bundle 1; disable on the target"}
    -- err
    {"note":"users: 1 new, 3 changed, 0 as before, 2 gone, 0 renamed, 0 moved, 0 back"}
    {"note":"1 token or card would go to another user"}
    {"note":"3 exported users have changed since the last bundle (new-authenticator 1, counter 1, qa 1): 'user list changed=yes'"}
    {"note":"3 bad records would be left out; nothing was changed"}
    {"note":"2 of 5 users are not in bad.ndjson and would be gone"}
    {"note":"bad.ndjson has no end record, so a cut would go unnoticed (igsh-source(5), end)"}
    {"hint":"'source load' asks, or takes -yes=2"}
    "#);
    let told = diff(&house, "source diff file=bad.ndjson -skip-bad -force").ok();
    insta::assert_snapshot!(told.screen(), @r#"
    exit 0
    -- out
    {"change":"reassigned","record":"token","name":"HID 9","line":3,"detail":"unassigned in sales → sales/anna"}
    {"change":"changed","record":"user","name":"sales/anna","line":3,"detail":"new-authenticator"}
    {"change":"refused","record":"record","name":"","line":4,"detail":"line 4, column 14, field 'type': the line ends inside the record; look for a line break in the record, or a file that was cut: a record is one whole line"}
    {"change":"changed","record":"user","name":"sales/bert","line":5,"detail":"counter"}
    {"change":"changed","record":"user","name":"sales/cleo","line":6,"detail":"qa"}
    {"change":"renamed","record":"user","name":"sales/dorothy","line":7,"detail":"was sales/dora"}
    {"change":"new","record":"user","name":"sales/zoe","line":8,"detail":""}
    {"change":"refused","record":"record","name":"","line":9,"detail":"line 9: user sales/zoe is already in line 8; a key stands once in a file; remove one of the records"}
    {"change":"gone","record":"user","name":"sales/emil","line":null,"detail":"in bundle 1; disable on the target"}
    -- err
    {"note":"users: 1 new, 3 changed, 1 as before, 1 gone, 1 renamed, 0 moved, 0 back"}
    {"note":"1 token or card would go to another user"}
    {"note":"3 exported users have changed since the last bundle (new-authenticator 1, counter 1, qa 1): 'user list changed=yes'"}
    {"note":"2 bad records would be left out; nothing was changed"}
    {"note":"1 of 5 users is not in bad.ndjson and would be gone"}
    {"note":"bad.ndjson has no end record, so a cut would go unnoticed (igsh-source(5), end)"}
    {"hint":"'source load' asks, or takes -yes=1"}
    "#);
    assert!(differences(&told).contains(&"renamed user sales/dorothy".to_owned()));
    // Nothing of all that has happened.
    assert_eq!(house.ask("value", "user count userid=dora"), "1\n");
    assert_eq!(house.ask("value", "user count userid=zoe"), "0\n");
}

#[test]
fn files_that_are_no_source_are_refused() {
    let house = house();
    insta::assert_snapshot!(diff(&house, "source diff file=nowhere.ndjson").screen(), @r#"
    exit 1
    -- err
    {"error":{"code":"E0401","message":"nowhere.ndjson: there is no such file","hint":"check the path; a relative one starts at the current folder"}}
    "#);
    house.file("text.txt", "this is\nno source\n");
    insta::assert_snapshot!(diff(&house, "source diff file=text.txt").screen(), @r#"
    exit 1
    -- err
    {"error":{"code":"E0402","message":"text.txt: line 1, column 2: not JSON: expected ident; nothing was changed","hint":"correct the line: every record is one JSON object on one line"}}
    "#);
    house.private(
        "other.ndjson",
        &lines(&later()).replace("\"old\"", "\"another\""),
    );
    insta::assert_snapshot!(diff(&house, "source diff file=other.ndjson").screen(), @r#"
    exit 1
    -- err
    {"error":{"code":"E0402","message":"other.ndjson: the records are from the system 'another', the vault holds 'old'; nothing was changed","hint":"load them into another vault, or add the system with -add-system"}}
    "#);
    diff(&house, "source diff file=other.ndjson -add-system");
    assert_eq!(house.ask("value", "user count"), "5\n");
    house.file(
        "cut.ndjson.gz",
        [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3],
    );
    insta::assert_snapshot!(diff(&house, "source diff file=cut.ndjson.gz").screen(), @r#"
    exit 1
    -- err
    {"error":{"code":"E0401","message":"cut.ndjson.gz: cannot be read: incomplete deflate stream","hint":"check the file and the disk"}}
    "#);
    insta::assert_snapshot!(house.igsh(&["-c", "source diff file=people.ndjson"]).screen(), @r#"
    exit 3
    -- err
    error[E0601]: 'source diff' needs a master to be logged in
    hint: type 'login Master1' first, or start igsh with --login Master1 --password-file FILE
    "#);
}

#[test]
fn a_diff_works_read_only_from_a_directory_and_into_a_file() {
    let house = house();
    let ran = house
        .igsh(&[
            "--read-only",
            "--login",
            "Master1",
            "--password-file",
            "m1.txt",
            "-c",
            "source diff file=later.ndjson into=diff.json",
        ])
        .ok();
    assert_eq!(ran.out, "");
    assert!(house.read("diff.json").contains("sales/zoe"));
    house.file(
        "people.ldif",
        "dn: uid=anna,ou=sales,dc=x\nobjectClass: person\nuid: anna\ncn: Anna Smith\nsn: Smith\n\n\
         dn: ou=sales,dc=x\nobjectClass: organizationalUnit\nou: sales\n",
    );
    let told = diff(
        &house,
        "source diff file=people.ldif format=ldif group=sales -add-system",
    );
    insta::assert_snapshot!(told.screen(), @r#"
    exit 0
    -- out
    {"change":"changed","record":"group","name":"sales","line":1,"detail":"no longer the default group"}
    {"change":"changed","record":"user","name":"sales/anna","line":1,"detail":"state, other"}
    -- err
    {"note":"users: 0 new, 1 changed, 0 as before, 0 gone, 0 renamed, 0 moved, 0 back"}
    {"note":"groups: 0 new, 1 changed, 0 gone"}
    {"note":"nothing was changed"}
    {"note":"1 entry passed over: not people"}
    "#);
}

#[test]
fn a_diff_that_is_killed_or_interrupted_leaves_nothing() {
    let house = House::with_people(50);
    house
        .master(&["source generate users=4000 seed=2 file=people.ndjson"])
        .ok();
    let before = house.ask("json", "source get");
    for (signal, wait) in [
        ("-KILL", 60),
        ("-KILL", 150),
        ("-INT", 100),
        ("-INT", 200),
        ("-KILL", 300),
    ] {
        let mut child = house
            .command()
            .args(["--login", "Master3", "--password-file", "m3.txt", "--quiet"])
            .args([
                "-c",
                "source diff file=people.ndjson into=diff.txt -overwrite",
            ])
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("igsh starts");
        std::thread::sleep(Duration::from_millis(wait));
        Ran::of(std::process::Command::new("kill").args([signal, &child.id().to_string()]));
        child.wait().expect("it ends");
        assert_eq!(house.ask("json", "source get"), before);
    }
    let database = rusqlite::Connection::open(house.at("vault.db")).expect("the vault");
    let said: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("an answer");
    assert_eq!(said, "ok");
}

#[test]
fn an_old_source_copy_warns_or_blocks_an_export() {
    let house = house();
    let screen = house
        .master(&["system set migrate.max-source-age=7", "version"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0501]: '7' is no value for migrate.max-source-age
    hint: give a time up to 3650 days, such as 7d or 36h, or 0, or default
    "#);
    house.master(&["system set migrate.max-source-age=1h"]).ok();
    let warned = house.master(&["export userid=anna file=1.igb"]).ok();
    insta::assert_snapshot!(warned.screen(), @r#"
    exit 0
    -- out
    bundle:           1
    file:             HOUSE/1.igb
    size: SIZE
    sha256:           HASH
    groups:           1
    users:            1
    tokens:           1
    cards:            0
    questions:        0
    passwords:        0
    unassignedTokens: 0
    unassignedCards:  0
    -- err
    note: the source copy is 27 days old; migrate.max-source-age allows 1 hour
    note: wrote bundle 1
    hint: load the source again
    hint: 'bundle password 1' shows its password
    "#);
    house
        .master(&["system set migrate.stale-source=block"])
        .ok();
    insta::assert_snapshot!(house.master(&["export userid=bert file=2.igb"]).screen(), @r#"
    exit 1
    -- err
    error[E0705]: the source copy is 27 days old, and migrate.max-source-age allows 1 hour; nothing was exported
    hint: load the source anew, or type: system set migrate.stale-source=warn
    "#);
    assert!(!house.at("2.igb").exists());
    let refused = house.ask("ndjson", "audit list code=8502");
    assert!(refused.contains("\"outcome\":\"failed\""), "{refused}");
    house
        .master(&["system set migrate.max-source-age=off"])
        .ok();
    house.master(&["export userid=bert file=2.igb"]).ok();
}
