//! `system check`: each kind of damage that plain SQL or a change of a file can do is found and named.

use rusqlite::Connection;

use crate::common::{House, Ran};

/// A vault with made-up people, a bundle and its file.
fn house() -> House {
    let house = House::with_people(30);
    house
        .master(&[
            "export file=a.igb -skip-conflicts",
            "export userid=a* file=b.igb -skip-conflicts",
        ])
        .ok();
    house
}

fn sql(house: &House, text: &str) {
    let db = Connection::open(house.at("vault.db")).unwrap();
    db.execute_batch(text).unwrap();
}

fn check(house: &House, command: &str) -> Ran {
    house.logged_in(&["--format", "ndjson", "-c", command])
}

/// The kinds and the rows of what a check has found.
#[track_caller]
fn damaged(ran: &Ran) -> Vec<(String, String)> {
    assert_eq!(ran.code, 6, "{}\n{}", ran.out, ran.err);
    ran.out
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(row["advice"].is_string(), "{line}");
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            (
                text("kind"),
                format!("{} {}", text("where"), text("finding")),
            )
        })
        .collect()
}

/// Exactly one finding of this kind, with these words.
#[track_caller]
fn one(ran: &Ran, kind: &str, words: &[&str]) {
    let found = damaged(ran);
    let [(found_kind, text)] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(found_kind, kind, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

#[test]
fn a_sound_vault_is_reported_with_what_was_looked_at() {
    let house = house();
    let ran = check(&house, "system check").ok();
    assert_eq!(ran.out, "");
    for words in [
        "nothing is damaged: ",
        " fields, 2 bundles, ",
        " audit entries",
    ] {
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    let ran = check(&house, "system check -quick").ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- err
    {"note":"nothing is damaged: 2 bundles; sealed fields, the contents of bundles and the middle of the audit were not checked"}
    "#);
}

#[test]
fn a_seed_of_another_user_is_named() {
    let house = house();
    sql(
        &house,
        "UPDATE tokens SET seed = (SELECT seed FROM tokens WHERE id > 0 ORDER BY id DESC LIMIT 1) \
         WHERE id = (SELECT min(id) FROM tokens WHERE id > 0)",
    );
    let serial: String = Connection::open(house.at("vault.db"))
        .unwrap()
        .query_row(
            "SELECT serial FROM tokens WHERE id > 0 ORDER BY id",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let of_token = format!(" {serial} of ");
    one(
        &check(&house, "system check"),
        "field",
        &["the sealed seed of token", &of_token],
    );
    // The fields are what -quick leaves out.
    check(&house, "system check -quick").ok();
}

#[test]
fn a_load_repairs_what_is_damaged_of_users() {
    let house = house();
    sql(
        &house,
        "UPDATE users SET state = 'ASLEEP' WHERE id = 2; \
         UPDATE qa SET sealed = zeroblob(80) WHERE user = (SELECT max(user) FROM qa); \
         UPDATE tokens SET seed = zeroblob(80)",
    );
    damaged(&check(&house, "system check"));
    house
        .master(&["source generate users=30 seed=1 -load"])
        .ok();
    check(&house, "system check").ok();
}

#[test]
fn passwords_of_bundles_and_digests_are_opened_too() {
    let house = house();
    sql(
        &house,
        "UPDATE members SET digest = (SELECT digest FROM members WHERE bundle = 1 ORDER BY user DESC LIMIT 1) \
         WHERE bundle = 1 AND user = (SELECT min(user) FROM members WHERE bundle = 1)",
    );
    one(
        &check(&house, "system check"),
        "field",
        &["the sealed digest of user", "in bundle 1"],
    );
    let house = self::house();
    sql(
        &house,
        "UPDATE bundles SET password = (SELECT password FROM bundles WHERE number = 2) WHERE number = 1",
    );
    let found = damaged(&check(&house, "system check"));
    let kinds: Vec<_> = found.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["decision", "field"], "{found:?}");
    assert!(
        found[1].1.contains("the sealed password of bundle"),
        "{found:?}"
    );
}

#[test]
fn an_excluded_row_that_no_session_wrote_is_named_in_a_restricted_session_too() {
    let house = house();
    sql(
        &house,
        "INSERT INTO excluded VALUES (3, 0, 'Master2', 'not wanted')",
    );
    let words = ["excluded: 1 row, 0 expected", "not wanted"];
    one(&check(&house, "system check"), "decision", &words);
    one(&check(&house, "system check -quick"), "decision", &words);
    let house = self::house();
    sql(
        &house,
        "UPDATE setting SET value = value || '1' WHERE name = 'idle-timeout'; \
                 INSERT OR REPLACE INTO setting VALUES ('idle-timeout', '9h')",
    );
    let ran = check(&house, "system check");
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 6
    -- out
    {"kind":"decision","where":null,"finding":"setting: 1 row, 0 expected (one too many: idle-timeout, 9h)","advice":"restore a backup; or, when what is there is right, 'system accept-state'"}
    -- err
    {"error":{"code":"E0503","message":"the session is restricted: the file was changed by another program: setting: 1 row, 0 expected (one too many: idle-timeout, 9h)","hint":"'system check' and 'audit verify' say what differs; restore a backup, or take the vault as it is with 'system accept-state reason=…'"}}
    {"note":"damaged: decision 1; looked at 144 fields, 2 bundles, 13 audit entries"}
    "#);
    one(&ran, "decision", &["setting: "]);
}

#[test]
fn a_value_that_igsh_does_not_write_is_named_and_the_rest_is_looked_at() {
    let house = house();
    sql(
        &house,
        "UPDATE users SET state = 'ASLEEP' WHERE id = 2; \
         UPDATE qa SET sealed = zeroblob(80) WHERE user = (SELECT max(user) FROM qa)",
    );
    let found = damaged(&check(&house, "system check"));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].0 == "value" && found[0].1.starts_with("user "),
        "{found:?}"
    );
    assert!(
        found[0].1.contains("'ASLEEP' is not a user state"),
        "{found:?}"
    );
    assert!(
        found[1].1.contains("the sealed questions and answers of "),
        "{found:?}"
    );
    // A bundle in a state that does not exist.
    let house = self::house();
    sql(
        &house,
        "UPDATE bundles SET state = 'eaten' WHERE number = 1",
    );
    let found = damaged(&check(&house, "system check"));
    assert!(
        found
            .iter()
            .any(|(kind, text)| kind == "value"
                && text.starts_with("bundle 1 state: 'eaten' is not")),
        "{found:?}"
    );
}

#[test]
fn a_changed_bundle_file_is_damage_and_a_moved_one_a_remark() {
    let house = house();
    let mut bytes = std::fs::read(house.at("a.igb")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    house.file("a.igb", &bytes);
    one(
        &check(&house, "system check"),
        "bundle",
        &["bundle 1, ", "a.igb"],
    );
    check(&house, "system check -quick").ok();
    bytes.pop();
    house.file("a.igb", &bytes);
    one(
        &check(&house, "system check -quick"),
        "bundle",
        &["bundle 1, "],
    );
    std::fs::remove_file(house.at("a.igb")).unwrap();
    let ran = check(&house, "system check").ok();
    assert!(ran.out.contains(r#""kind":"remark""#), "{}", ran.out);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    {"kind":"remark","where":"bundle 1, HOUSE/a.igb","finding":"its file is missing","advice":"nothing, if it was moved"}
    -- err
    {"note":"nothing is damaged: 144 fields, 2 bundles, 19 audit entries"}
    "#);
}

#[test]
fn an_edited_audit_entry_is_named() {
    let house = house();
    sql(
        &house,
        "UPDATE audit SET body = replace(body, 'Master1', 'Master2') WHERE seq = 3",
    );
    one(&check(&house, "system check"), "audit", &["#3 was edited"]);
    // In the middle of the audit, which -quick leaves out.
    check(&house, "system check -quick").ok();
}

#[test]
fn references_that_lead_nowhere_are_found_as_structure() {
    let house = house();
    sql(
        &house,
        "PRAGMA foreign_keys = OFF; INSERT INTO audit_key VALUES (7, 9, x'00')",
    );
    let found = damaged(&check(&house, "system check -quick"));
    assert!(
        found
            .iter()
            .any(|(kind, text)| kind == "structure" && text.contains("a row of audit_key")),
        "{found:?}"
    );
}

#[test]
fn a_schema_that_changes_under_a_session_is_found() {
    let house = House::with_people(5);
    let mut shell = house.shell(&crate::common::LOGIN);
    shell.wait_for("Master1");
    sql(
        &house,
        "CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END",
    );
    shell.send("system check\r");
    shell.wait_for("nothing else was looked at");
    shell.wait_for("damaged: schema 1");
    shell.send("exit\r");
    shell.exit_code();
}

#[test]
fn many_findings_of_a_kind_are_counted_and_twenty_listed() {
    let house = house();
    sql(
        &house,
        "UPDATE cards SET cells = zeroblob(80); UPDATE tokens SET seed = zeroblob(80)",
    );
    let ran = check(&house, "system check");
    let found = damaged(&ran);
    assert_eq!(found.len(), 21, "{found:?}");
    assert!(found[20].1.contains("and "), "{found:?}");
    let db = Connection::open(house.at("vault.db")).unwrap();
    let count = "SELECT (SELECT count(*) FROM cards) + (SELECT count(*) FROM tokens)";
    let all: u64 = db.query_row(count, [], |row| row.get(0)).unwrap();
    assert!(
        ran.err.contains(&format!("damaged: field {all};")),
        "{}",
        ran.err
    );
}
