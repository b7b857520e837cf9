//! `migrate rehearse`: the fate of all users, and nothing left behind.

use std::time::Duration;

use super::{contents, database, house, spawn};
use crate::common::House;

#[test]
fn a_rehearsal_shows_the_fate_of_all_users_and_leaves_nothing() {
    let house = house(50);
    let state = |house: &House| {
        let db = database(house, "vault.db");
        let sum = |sql: &str| {
            db.query_row(sql, [], |row| row.get::<_, String>(0))
                .expect("a row")
        };
        let mut names: Vec<_> = std::fs::read_dir(house.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name())
            .filter(|name| {
                !name.to_string_lossy().ends_with(".lock")
                    && !name.to_string_lossy().contains(".login")
                    && !name.to_string_lossy().ends_with("-shm")
                    && !name.to_string_lossy().ends_with("-wal")
            })
            .collect();
        names.sort();
        (
            sum("SELECT json_group_array(json_array(number, state, path)) FROM bundles"),
            sum("SELECT json_group_array(json_array(user, phase, bundle)) FROM progress"),
            sum("SELECT coalesce(json_group_array(code), '') FROM audit WHERE code LIKE '85%'"),
            names,
        )
    };
    let before = state(&house);
    let ran = house.master(&["migrate rehearse format=ndjson"]).ok();
    let users = ran
        .out
        .lines()
        .filter(|line| line.contains(r#""record":"user""#))
        .count();
    assert_eq!(users, 50, "{}", ran.out);
    house.master(&["migrate rehearse"]).ok();
    house
        .master(&["migrate rehearse with=\"tokens.global-max=0\" format=csv"])
        .ok();
    insta::assert_snapshot!(house.master(&["migrate rehearse with=\"tokens=0\""]).screen(), @r#"
    exit 1
    -- err
    error[E0501]: there is no setting 'tokens'
    hint: there are default-group, existing-local, mandatory, passwords.named, tokens.global-max, tokens.account-max, tokens.supported, qa.pairs, qa.answer-length, qa.total-size, cards.unassigned-max, locations.history-max, locations.expected-max, lockout.failures, challenge.cells
    "#);
    let contents_before = contents(&house, "t.db");
    let ran = house
        .master(&["migrate rehearse userid=a* tenant=t.db"])
        .ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    record                     added  merged  exists  skipped  error
    ────────────────────────────────────────────────────────────────
    group                          2       0       0        0      0
    user                           3       0       0        0      0
    alias                          3       0       0        0      0
    qa                             3       0       0        0      0
    password                       3       0       0        0      0
    token                          1       0       0        0      0
    card                           3       0       0        0      0
    location                       3       0       0        0      0
    not exported: biometrics                                2
    not exported: token.model                               1
    not exported: token.state                               1
    11 kinds
    -- err
    note: on HOUSE/t.db: 3 users would be created, 0 users merged, 0 users already there; nothing was changed
    "#);
    assert_eq!(contents(&house, "t.db"), contents_before);
    insta::assert_snapshot!(house.master(&["migrate rehearse userid=nobody*"]).screen(), @r#"
    exit 4
    -- err
    error[E0701]: nothing matches the selection; no file was written
    hint: look at the selection with 'user count'
    "#);
    // Interrupted at several moments.
    for wait in [60, 110, 180] {
        for signal in ["-INT", "-KILL"] {
            let mut child = spawn(&house, "migrate rehearse tenant=t.db", 3);
            std::thread::sleep(Duration::from_millis(wait));
            std::process::Command::new("kill")
                .args([signal, &child.id().to_string()])
                .status()
                .expect("kill runs");
            child.wait().expect("it ends");
        }
    }
    assert_eq!(state(&house), before);
    assert_eq!(contents(&house, "t.db"), contents_before);
}

#[test]
fn the_script_rehearses_a_migration() {
    let house = House::with_people(40);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/rehearse.igsh");
    let to = [
        "tenant=rehearsal.tenant",
        "masters=masters.txt",
        "out=rehearsal",
    ];
    let ran = house.logged_in(&[&["--yes", "run", script], &to[..]].concat());
    let ran = ran.ok();
    assert!(
        ran.err
            .contains("nothing was changed, all records of this bundle"),
        "{}",
        ran.err
    );
    assert!(house.read("rehearsal.fate.ndjson").lines().count() > 40);
    assert!(house.read("rehearsal.results.csv").lines().count() > 40);
}

#[test]
fn a4_the_script_rehearses_in_a_vault_with_bundles_and_leaves_who_has_moved() {
    let house = House::with_people(40);
    house
        .master(&[
            "export userid=a* file=one.igb",
            "export userid=b* file=two.igb",
            "migrate advance to=migrated phase=exported",
        ])
        .ok();
    let moved = house.ask("value", "user count phase=migrated");
    assert_ne!(moved, "0\n");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/rehearse.igsh");
    for name in ["first", "second"] {
        let (tenant, out) = (format!("tenant={name}.tenant"), format!("out={name}"));
        let run = ["--yes", "run", script, "masters=masters.txt", &tenant, &out];
        house.logged_in(&run).ok();
        assert_eq!(house.ask("value", "user count phase=migrated"), moved);
    }
}
