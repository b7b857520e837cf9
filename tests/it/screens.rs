//! Errors as a user meets them: on a terminal of 80 columns, and as JSON for a program.

use std::os::unix::fs::PermissionsExt as _;

use crate::common::{House, LOGIN, Screen};

/// What `args` show in a house that `make` has made: on the terminal, and then as JSON, where the error has its advice
/// in `hint`.
fn both(make: impl Fn() -> House, args: &[&str]) -> String {
    let shown = make().igsh_on(Screen::Terminal(80), args);
    let json = make().igsh(&[&["--format", "json"], args].concat());
    assert_eq!(shown.code, json.code);
    let errors: Vec<serde_json::Value> = json
        .err
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|object: &serde_json::Value| object.get("error").is_some())
        .collect();
    assert!(!errors.is_empty(), "{}", json.err);
    for error in &errors {
        assert!(error["error"]["hint"].is_string(), "{error}");
    }
    format!("{}\n{}", shown.screen(), json.screen())
}

/// This line in a session of Master1 who says yes to every question.
fn line(make: impl Fn() -> House, line: &str) -> String {
    both(make, &[&LOGIN[..], &["--yes", "-c", line]].concat())
}

#[test]
fn a_wrong_password() {
    let make = || {
        let house = House::with_vault();
        house.private("m1.txt", "not-the-password\n");
        house
    };
    insta::assert_snapshot!(line(make, "user count"), @"");
}

#[test]
fn a_vault_that_others_can_read() {
    let make = || {
        let house = House::with_vault();
        let loose = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(house.at("vault.db"), loose).expect("its mode");
        house
    };
    insta::assert_snapshot!(line(make, "user count"), @"");
}

#[test]
fn a_vault_that_is_not_there() {
    insta::assert_snapshot!(line(House::empty, "user count"), @"");
}

#[test]
fn an_argument_that_no_command_has() {
    let make = House::with_vault;
    insta::assert_snapshot!(line(make, "export grup=sales file=x.igb"), @"");
}

#[test]
fn a_selection_that_is_broken_off() {
    let make = House::with_vault;
    insta::assert_snapshot!(line(make, "user list where=(userid=a* and"), @"");
}

#[test]
fn an_export_of_no_user() {
    let make = || House::with_people(5);
    insta::assert_snapshot!(line(make, "export userid=zzz* file=x.igb"), @"");
}

#[test]
fn names_that_would_be_one_in_the_target() {
    let make = || {
        let house = House::with_vault();
        let people = "source generate users=50 seed=1 duplicates=3 -load";
        house.master(&[people]).ok();
        house
    };
    insta::assert_snapshot!(line(make, "export file=x.igb"), @"");
}

#[test]
fn a_file_that_is_there_already() {
    let make = || {
        let house = House::with_people(5);
        house.file("x.igb", "");
        house
    };
    insta::assert_snapshot!(line(make, "export file=x.igb"), @"");
}

#[test]
fn a_record_that_is_none() {
    let make = || {
        let house = House::with_vault();
        let text = r#"{"type":"schema","version":1}
{"type":"group","name":"sales"}
{"type":"user","group":"sales","userid":7}
"#;
        house.file("people.ndjson", text);
        house
    };
    insta::assert_snapshot!(line(make, "source load file=people.ndjson format=ndjson"), @"");
}

#[test]
fn a_vault_that_another_program_has_changed() {
    let make = || {
        let house = House::with_people(5);
        house
            .master(&["migrate exclude userid=a* reason=later"])
            .ok();
        let db = rusqlite::Connection::open(house.at("vault.db")).expect("the vault");
        db.execute_batch("DELETE FROM excluded").expect("its rows");
        house
    };
    insta::assert_snapshot!(line(make, "export file=x.igb"), @"");
}

#[test]
fn a_password_of_a_bundle_that_is_mistyped() {
    let make = || {
        let house = House::with_people(5);
        house
            .master(&["export file=x.igb", "bundle password 1 into=x.password"])
            .ok();
        let right = house.read("x.password");
        let wrong = right.replacen(|sign: char| sign.is_ascii_digit(), "Z", 1);
        house.private("x.password", &wrong);
        house
    };
    let verify = "bundle verify file=x.igb password-file=x.password";
    insta::assert_snapshot!(both(make, &["-c", verify]), @"");
}
