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
    house.igsh(&[
        "--login",
        "Master1",
        "--password-file",
        "m1.txt",
        "--format",
        "ndjson",
        "-c",
        line,
    ])
}

#[test]
fn a_diff_tells_what_the_load_then_does_and_changes_nothing() {
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
    // And back again: nobody has.
    let back = house
        .master(&["source load file=people.ndjson format=ndjson -yes=1"])
        .ok();
    assert!(!back.err.contains("since the last bundle"), "{}", back.err);
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
    assert!(!same.err.contains("since the last bundle"), "{}", same.err);
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
    // Somebody who swaps two of them is told.
    database
        .execute_batch("UPDATE members SET digest = (SELECT digest FROM members WHERE user = 1) WHERE user = 2")
        .expect("an update");
    drop(database);
    house
        .master(&["source load file=people.ndjson format=ndjson"])
        .fails(6, &["the sealed digest of user 2"]);
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
    assert!(
        told.err.contains("3 bad records would be left out"),
        "{}",
        told.err
    );
    let told = diff(&house, "source diff file=bad.ndjson -skip-bad -force").ok();
    assert!(
        told.err.contains("2 bad records would be left out"),
        "{}",
        told.err
    );
    assert!(differences(&told).contains(&"renamed user sales/dorothy".to_owned()));
    // Nothing of all that has happened.
    assert_eq!(house.ask("value", "user count userid=dora"), "1\n");
    assert_eq!(house.ask("value", "user count userid=zoe"), "0\n");
}

#[test]
fn files_that_are_no_source_are_refused() {
    let house = house();
    diff(&house, "source diff file=nowhere.ndjson").fails(1, &["there is no such file"]);
    house.file("text.txt", "this is\nno source\n");
    diff(&house, "source diff file=text.txt").fails(1, &["line 1", "not JSON"]);
    house.private(
        "other.ndjson",
        &lines(&later()).replace("\"old\"", "\"another\""),
    );
    diff(&house, "source diff file=other.ndjson").fails(
        1,
        &[
            "from the system 'another'",
            "-add-system",
            "nothing was changed",
        ],
    );
    diff(&house, "source diff file=other.ndjson -add-system");
    assert_eq!(house.ask("value", "user count"), "5\n");
    house.file(
        "cut.ndjson.gz",
        [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3],
    );
    diff(&house, "source diff file=cut.ndjson.gz").fails(1, &["cut.ndjson.gz"]);
    house
        .igsh(&["-c", "source diff file=people.ndjson"])
        .fails(3, &["logged in"]);
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
    assert!(told.out.contains("sales/anna"), "{}{}", told.out, told.err);
    assert!(told.err.contains("passed over: not people"), "{}", told.err);
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
    house
        .master(&["system set migrate.max-source-age=7", "version"])
        .fails(1, &["such as 7d"]);
    house.master(&["system set migrate.max-source-age=1h"]).ok();
    let warned = house.master(&["export userid=anna file=1.igb"]).ok();
    assert!(
        warned.err.contains("the source copy is ")
            && warned.err.contains("migrate.max-source-age allows 1 hour"),
        "{}",
        warned.err
    );
    house
        .master(&["system set migrate.stale-source=block"])
        .ok();
    house.master(&["export userid=bert file=2.igb"]).fails(
        1,
        &[
            "migrate.max-source-age allows 1 hour",
            "nothing was exported",
            "E0705",
        ],
    );
    assert!(!house.at("2.igb").exists());
    let refused = house.ask("ndjson", "audit list code=8502");
    assert!(refused.contains("\"outcome\":\"failed\""), "{refused}");
    house
        .master(&["system set migrate.max-source-age=off"])
        .ok();
    house.master(&["export userid=bert file=2.igb"]).ok();
}
