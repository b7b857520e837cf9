//! Errors as a user meets them: on a terminal of 80 columns, and as JSON for a program.

use std::os::unix::fs::PermissionsExt as _;

use crate::common::{House, LOGIN, Screen};

/// What `args` show in a house that `make` has made: on the terminal, and then as JSON. Advice that the one shows stands
/// in `hint` of the other.
fn both(make: impl Fn() -> House, args: &[&str]) -> String {
    let shown = make().igsh_on(Screen::Terminal(80), args);
    let json = make().igsh(&[&["--format", "json"], args].concat());
    assert_eq!(shown.code, json.code);
    let objects = json.err.lines().map(serde_json::from_str);
    let objects: Vec<serde_json::Value> = objects.collect::<Result<_, _>>().expect("JSON");
    let errors = || objects.iter().filter_map(|object| object.get("error"));
    assert!(errors().count() > 0, "{}", json.err);
    let has_advice = ["hint: ", "= help: "]
        .iter()
        .any(|mark| shown.err.contains(mark));
    let has_hint = errors().any(|error| error["hint"].is_string());
    assert_eq!(has_advice, has_hint, "{}\n{}", shown.err, json.err);
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
    insta::assert_snapshot!(line(make, "user count"), @r#"
    exit 3
    -- err
    error[E0602]: wrong password for Master1; the next attempt is taken in 1 second

    exit 3
    -- err
    {"error":{"code":"E0602","message":"wrong password for Master1; the next attempt is taken in 1 second"}}
    "#);
}

#[test]
fn a_vault_that_others_can_read() {
    let make = || {
        let house = House::with_vault();
        let loose = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(house.at("vault.db"), loose).expect("its mode");
        house
    };
    insta::assert_snapshot!(line(make, "user count"), @r#"
    exit 3
    -- err
    error[E0501]: HOUSE/vault.db is open to others (mode 0644)
    hint: type: chmod 600 'HOUSE/vault.db'

    exit 3
    -- err
    {"error":{"code":"E0501","message":"HOUSE/vault.db is open to others (mode 0644)","hint":"type: chmod 600 'HOUSE/vault.db'"}}
    "#);
}

#[test]
fn a_vault_that_is_not_there() {
    insta::assert_snapshot!(line(House::empty, "user count"), @r#"
    exit 1
    -- err
    error[E0501]: there is no vault at HOUSE/vault.db
    hint: make one with 'system init', or name another file

    exit 1
    -- err
    {"error":{"code":"E0501","message":"there is no vault at HOUSE/vault.db","hint":"make one with 'system init', or name another file"}}
    "#);
}

#[test]
fn an_argument_that_no_command_has() {
    let make = House::with_vault;
    insta::assert_snapshot!(line(make, "export grup=sales file=x.igb"), @r#"
    exit 2
    -- err
    error[E0101]: unknown attribute 'grup'
     |
     | export grup=sales file=x.igb
     |        ^^^^ 'export' does not take it
     |
     = expected: file, overwrite, plan, skip-conflicts, keep-phase, strict, unassigned, yes, reason, format or an attribute ('help selection')
     = help: did you mean 'group'?

    exit 2
    -- err
    {"error":{"code":"E0101","message":"unknown attribute 'grup'","hint":"did you mean 'group'?"}}
    "#);
}

#[test]
fn a_selection_that_is_broken_off() {
    let make = House::with_vault;
    insta::assert_snapshot!(line(make, "user list where=(userid=a* and"), @r#"
    exit 2
    -- err
    error[E0111]: this '(' is never closed
     |
     | user list where=(userid=a* and
     |                 ^ opened here
     |
     = expected: ')'

    exit 2
    -- err
    {"error":{"code":"E0111","message":"this '(' is never closed"}}
    "#);
}

#[test]
fn an_export_of_no_user() {
    let make = || House::with_people(5);
    insta::assert_snapshot!(line(make, "export userid=zzz* file=x.igb"), @r#"
    exit 4
    -- err
    error[E0701]: nothing matches the selection; no file was written
    hint: look at the selection with 'user count'

    exit 4
    -- err
    {"error":{"code":"E0701","message":"nothing matches the selection; no file was written","hint":"look at the selection with 'user count'"}}
    "#);
}

#[test]
fn names_that_would_be_one_in_the_target() {
    let make = || {
        let house = House::with_vault();
        let people = "source generate users=50 seed=1 duplicates=3 -load";
        house.master(&[people]).ok();
        house
    };
    insta::assert_snapshot!(line(make, "export file=x.igb"), @r#"
    exit 1
    -- out
    sharedName   group    userid       as       name         selected  bundle
    ─────────────────────────────────────────────────────────────────────────
    bsmith       Siège    bsmith       user id  bsmith       yes
    bsmith       Zürich   bsmith       user id  bsmith       yes
    gchen1       loans    gchen1       user id  gchen1       yes
    gchen1       risk     gchen1       user id  gchen1       yes
    wconceicao1  tax      wconceicao1  user id  wconceicao1  yes
    wconceicao1  payroll  wconceicao1  user id  wconceicao1  yes
    6 parties
    -- err
    warning: without a selection all users are chosen: 50 users
    error[E0702]: 3 names would be shared on the target, where names are unique; nothing was exported
    hint: give other names with 'migrate map file=F', or leave the users out with 'migrate exclude' or -skip-conflicts

    exit 1
    -- out
    [
    {"sharedName":"bsmith","group":"Siège","userid":"bsmith","as":"user id","name":"bsmith","selected":true,"bundle":null},
    {"sharedName":"bsmith","group":"Zürich","userid":"bsmith","as":"user id","name":"bsmith","selected":true,"bundle":null},
    {"sharedName":"gchen1","group":"loans","userid":"gchen1","as":"user id","name":"gchen1","selected":true,"bundle":null},
    {"sharedName":"gchen1","group":"risk","userid":"gchen1","as":"user id","name":"gchen1","selected":true,"bundle":null},
    {"sharedName":"wconceicao1","group":"tax","userid":"wconceicao1","as":"user id","name":"wconceicao1","selected":true,"bundle":null},
    {"sharedName":"wconceicao1","group":"payroll","userid":"wconceicao1","as":"user id","name":"wconceicao1","selected":true,"bundle":null}
    ]
    -- err
    {"warning":"without a selection all users are chosen: 50 users"}
    {"error":{"code":"E0702","message":"3 names would be shared on the target, where names are unique; nothing was exported","hint":"give other names with 'migrate map file=F', or leave the users out with 'migrate exclude' or -skip-conflicts"}}
    "#);
}

#[test]
fn a_file_that_is_there_already() {
    let make = || {
        let house = House::with_people(5);
        house.file("x.igb", "");
        house
    };
    insta::assert_snapshot!(line(make, "export file=x.igb"), @r#"
    exit 1
    -- err
    warning: without a selection all users are chosen: 5 users
    error[E0401]: 'HOUSE/x.igb' exists already
    hint: name another file, or add -overwrite

    exit 1
    -- err
    {"warning":"without a selection all users are chosen: 5 users"}
    {"error":{"code":"E0401","message":"'HOUSE/x.igb' exists already","hint":"name another file, or add -overwrite"}}
    "#);
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
    insta::assert_snapshot!(line(make, "source load file=people.ndjson format=ndjson"), @r#"
    exit 1
    -- err
    error[E0402]: people.ndjson: line 3, column 41, field 'userid': expected a string, found a number; nothing was changed
    hint: see igsh-source(5) for what belongs in this field

    exit 1
    -- err
    {"error":{"code":"E0402","message":"people.ndjson: line 3, column 41, field 'userid': expected a string, found a number; nothing was changed","hint":"see igsh-source(5) for what belongs in this field"}}
    "#);
}

#[test]
fn a_vault_that_another_program_has_changed() {
    let make = || {
        let house = House::with_people(5);
        // What a login expects is sealed once every master has been there.
        for master in [1, 2, 3] {
            house.master_number(master, &["whoami"]).ok();
        }
        house.master(&["migrate exclude limit=1 reason=later"]).ok();
        let db = rusqlite::Connection::open(house.at("vault.db")).expect("the vault");
        db.execute_batch("DELETE FROM excluded").expect("its rows");
        house
    };
    insta::assert_snapshot!(line(make, "export file=x.igb"), @r#"
    exit 6
    -- err
    error[E0503]: the file was changed by another program: excluded: 0 rows, 1 expected
    hint: 'system check' and 'audit verify' say what differs; restore a backup, or take the vault as it is with 'system accept-state reason=…'

    exit 6
    -- err
    {"error":{"code":"E0503","message":"the file was changed by another program: excluded: 0 rows, 1 expected","hint":"'system check' and 'audit verify' say what differs; restore a backup, or take the vault as it is with 'system accept-state reason=…'"}}
    "#);
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
    insta::assert_snapshot!(both(make, &["-c", verify]), @r#"
    exit 3
    -- err
    error[E0801]: x.igb: the password is mistyped: its check characters do not fit
    hint: compare it with the original

    exit 3
    -- err
    {"error":{"code":"E0801","message":"x.igb: the password is mistyped: its check characters do not fit","hint":"compare it with the original"}}
    "#);
}
