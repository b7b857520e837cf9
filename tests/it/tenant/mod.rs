//! The receiving side as a master uses it: imports, rehearsals, jobs, and everything that must be refused.

mod answers;
mod arrival;
mod killed;
mod refused;
mod rehearsal;

use std::process::Stdio;

use crate::common::{House, PASSWORDS, Ran};

const TENANT: &str = "tenant init file=t.db passwords=masters.txt kdf=19456,2,1";
const IMPORT: &str = "tenant import file=a.igb password-file=a.password tenant=t.db";

/// A vault with people, a bundle of all of them, its password, and an empty tenant.
fn house(users: u32) -> House {
    let house = House::with_people(users);
    house
        .master(&[
            "export file=a.igb",
            "bundle password 1 into=a.password",
            TENANT,
        ])
        .ok();
    house
}

fn database(house: &House, name: &str) -> rusqlite::Connection {
    rusqlite::Connection::open(house.at(name)).expect("the database")
}

/// Everything that imports write, sealed values left out.
fn contents(house: &House, name: &str) -> String {
    let db = database(house, name);
    let mut text = String::new();
    for (table, columns) in [
        ("groups", "id, name"),
        (
            "users",
            "id, userid, fold, group_id, synced, state, first_name, last_name, email, phone, mobile, missing",
        ),
        ("aliases", "id, alias, fold"),
        ("qa", "user, pairs"),
        ("passwords", "id, name"),
        (
            "tokens",
            "id, group_id, vendor, serial, state, counter, drift",
        ),
        ("cards", "id, group_id, serial, state, rows, columns"),
        ("locations", "id, country, city, ip"),
        ("expected", "id, place"),
        (
            "overrides",
            "user, max_locations, check_ip, check_velocity, max_expected",
        ),
        ("events", "id, name, hex(items)"),
    ] {
        let key = columns.split(',').next().expect("a column");
        let sql = format!("SELECT json_array({columns}) FROM {table} ORDER BY {key}");
        let mut statement = db.prepare(&sql).expect("a statement");
        let rows = statement
            .query_map([], |row| row.get::<_, String>(0))
            .expect("rows");
        for row in rows {
            text += &format!("{table} {}\n", row.expect("a row"));
        }
    }
    text
}

/// The tenant's audit entries of imports: code and outcome.
fn trail(house: &House) -> Vec<String> {
    let db = database(house, "t.db");
    let mut statement = db
        .prepare("SELECT code || ' ' || (body ->> '$.outcome') FROM audit WHERE code LIKE '906%' ORDER BY seq")
        .expect("a statement");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

#[test]
fn a_bundle_is_imported_looked_at_and_imported_again() {
    let house = house(60);
    let ran = house
        .master(&[IMPORT, "tenant user count format=value"])
        .ok();
    assert!(ran.out.ends_with("60\n"), "{}", ran.out);
    let again = house.master(&[IMPORT]).ok();
    insta::assert_snapshot!(again.screen(), @r#"
    exit 0
    -- out
    record          added  merged  exists  skipped  error
    ─────────────────────────────────────────────────────
    group               0       0      49        1      0
    user                0       0      60        0      0
    alias               0       0      60        0      0
    qa                  0       0      60        0      0
    password            0       0      60        0      0
    token               0       0      55        0      0
    card                0       0      29        0      0
    location            0       0      60        0      0
    rba                 0       0       6        0      0
    unassignedCard      0       0       1        0      0
    10 kinds
    -- err
    note: job 2: nothing was changed, all records of this bundle were there already or are not taken
    "#);
    for line in [
        "tenant user list limit=3",
        "tenant group list",
        "tenant token list limit=3",
        "tenant card list limit=3",
        "tenant audit list outcome=exists event=*.error.qa limit=3",
        "tenant job list",
        "tenant job get 2",
        "tenant get tokens.*",
    ] {
        let ran = house.master(&[&format!("{line} tenant=t.db")]).ok();
        assert!(!ran.out.is_empty(), "{line}");
    }
    assert_eq!(
        trail(&house),
        ["9062 intent", "9063 ok", "9062 intent", "9063 ok"]
    );
}

#[test]
fn a_tenant_needs_no_vault_and_takes_names_and_passwords_of_its_own() {
    let house = House::empty();
    house.igsh(&["-c", TENANT]).ok();
    assert!(!house.at("vault.db").exists());
    let own = "tenant user count tenant=t.db tenant-login=Master2 tenant-password-file=m2.txt";
    let ran = house.igsh(&["--format", "value", "-c", own]).ok();
    assert_eq!(ran.out, "0\n");
    let wrong = "tenant user count tenant=t.db tenant-login=Master2 tenant-password-file=m1.txt";
    insta::assert_snapshot!(house.igsh(&["-c", wrong]).screen(), @r#"
    exit 3
    -- err
    error[E0602]: tenant t.db: wrong password for Master2; the next attempt is taken in 1 second
    hint: the tenant has masters of its own: name one with tenant-login= and tenant-password-file=
    "#);
    // The next try waits a second, and names this one.
    let ran = house.igsh(&["--format", "value", "-c", own]).ok();
    assert_eq!(ran.out, "0\n");
    insta::assert_snapshot!(house.igsh(&["-c", "tenant user count"]).screen(), @r#"
    exit 2
    -- err
    error[E0703]: no tenant is named
    hint: add tenant=FILE, or start igsh with --tenant FILE
    "#);
    let mut command = house.command();
    command.env("IGSH_TENANT", house.at("t.db")).args([
        "-c",
        "tenant user count tenant-login=Master3 tenant-password-file=m3.txt",
    ]);
    Ran::of(&mut command).ok();
}

#[test]
fn settings_are_checked_and_change_what_is_taken() {
    let house = house(40);
    let answers = house.dialogue(&[
        "tenant set tokens.global-max=many tenant=t.db",
        "tenant set existing-local=all tenant=t.db",
        "tenant set mandatory=shoe tenant=t.db",
    ]);
    insta::assert_snapshot!(answers, @r#"
    $ tenant set tokens.global-max=many tenant=t.db
    exit 1
    -- err
    error[E0501]: 'many' is no value for tokens.global-max
    hint: give a number from 0 to 1000, or default

    $ tenant set existing-local=all tenant=t.db
    exit 1
    -- err
    error[E0501]: 'all' is no value for existing-local
    hint: give one of authenticators, contacts-and-state, or default

    $ tenant set mandatory=shoe tenant=t.db
    exit 1
    -- err
    error[E0501]: 'shoe' is no value for mandatory
    hint: give some of firstName, lastName, email, phone, mobile, separated by commas, or default
    "#);
    house
        .master(&["tenant set tokens.global-max=0 tenant=t.db", IMPORT])
        .ok();
    let tokens =
        database(&house, "t.db").query_row("SELECT count(*) FROM tokens WHERE id > 0", [], |row| {
            row.get::<_, u32>(0)
        });
    assert_eq!(tokens, Ok(0));
    assert_eq!(
        trail(&house)[..4],
        ["9060 failed", "9060 failed", "9060 failed", "9060 ok"]
    );
}

#[test]
fn directory_users_come_from_ldif_and_sheets() {
    let house = house(5);
    house.file("people.ldif", "dn: uid=ldap1,dc=example\nobjectClass: inetOrgPerson\nuid: ldap1\ncn: Ldap One\nmail: l@example.com\n");
    house.file("people.csv", "userid;firstName;mail;state\nsheet1;Anna;a@example.com;inactive\nLDAP1;Other;x@example.com;active\n");
    house
        .master(&[
            "tenant sync file=people.ldif tenant=t.db",
            "tenant sync file=people.csv",
        ])
        .ok();
    let db = database(&house, "t.db");
    let rows: String = db
        .query_row("SELECT json_group_array(json_array(userid, first_name, email, state, synced)) FROM users", [], |row| row.get(0))
        .expect("rows");
    assert_eq!(
        rows,
        r#"[["ldap1","Other","x@example.com","ACTIVE",1],["sheet1","Anna","a@example.com","INACTIVE",1]]"#
    );
    house.file("bad.csv", "userid,state\nx1,active\nx2,asleep\n");
    insta::assert_snapshot!(house.master(&["tenant sync file=bad.csv tenant=t.db"]).screen(), @r#"
    exit 1
    -- err
    error[E0402]: bad.csv: line 3: 'asleep' is no state; nothing was changed
    hint: a state is active or inactive
    "#);
    house.file("nobody.csv", "name\nx\n");
    let screen = house
        .master(&["tenant sync file=nobody.csv tenant=t.db"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0402]: nobody.csv: line 1: the header lacks 'userid'; it names 'name'; nothing was changed
    hint: name the columns in the first row, separated by commas
    "#);
    drop(db);
    let count = database(&house, "t.db")
        .query_row("SELECT count(*) FROM users", [], |row| row.get::<_, u32>(0));
    assert_eq!(count, Ok(2), "all of a file or nothing");
}

#[test]
fn results_are_written_once() {
    let house = house(20);
    house
        .master(&[
            IMPORT,
            "tenant job results 1 file=r.csv",
            "tenant job results 1 file=r.ndjson",
        ])
        .ok();
    let csv = house.read("r.csv");
    assert!(csv.starts_with("user,record,outcome,message\n"), "{csv}");
    let lines = csv.lines().count() - 1;
    let json: Vec<serde_json::Value> = house
        .read("r.ndjson")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(json.len(), lines);
    assert_eq!(
        json.iter()
            .filter(|row| row["record"] == "user" && row["outcome"] == "added")
            .count(),
        20
    );
    let before = house.read("r.csv");
    let screen = house
        .master(&["tenant job results 1 file=r.csv tenant=t.db"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0401]: cannot write r.csv: it exists
    hint: name another file, or add -overwrite
    "#);
    assert_eq!(house.read("r.csv"), before);
    let screen = house
        .master(&["tenant job results 7 file=s.csv tenant=t.db"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0703]: there is no job 7
    hint: 'tenant job list' shows those there are
    "#);
    assert!(!house.at("s.csv").exists());
}

fn spawn(house: &House, line: &str, master: u32) -> std::process::Child {
    let (name, file) = (format!("Master{master}"), format!("m{master}.txt"));
    house
        .command()
        .args([
            "--login",
            &name,
            "--password-file",
            &file,
            "--yes",
            "-c",
            line,
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("igsh starts")
}

#[test]
fn no_password_stands_where_it_does_not_belong() {
    let house = house(10);
    house.master(&[IMPORT]).ok();
    let password = house.read("a.password");
    for name in ["t.db", "vault.db"] {
        let bytes = std::fs::read(house.at(name)).expect("a file");
        for word in PASSWORDS.iter().copied().chain([password.trim()]) {
            assert!(
                !bytes
                    .windows(word.len())
                    .any(|window| window == word.as_bytes()),
                "{name}"
            );
        }
    }
}
