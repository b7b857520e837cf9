//! The vault is changed while a session is open, or a session's change is taken back: what comes next is refused.

use super::*;
use crate::common::{LOGIN, PASSWORDS};
use crate::typed_secrets::answer;

/// Users are staged, which the star says.
const PROMPT: &str = "igsh (Master1)*>";

/// What a change while the session waits for a command makes of that command.
fn between(sql: &str, command: &str, words: &[&str]) {
    let house = changed("");
    let mut shell = house.shell(&LOGIN);
    shell.wait_for_line(PROMPT);
    shell.send("user count\r");
    shell.wait_for("55");
    shell.wait_for_line(PROMPT);
    change(&house, sql);
    shell.send(&format!("{command}\r"));
    shell.wait_for("E0503");
    for word in words {
        shell.wait_for(word);
    }
    shell.wait_for_line(PROMPT);
    shell.send("\x04");
    shell.exit_code();
    assert!(!house.at("x.password").exists() && !house.at("x.igb").exists());
}

#[test]
fn a_schema_that_is_changed_stops_the_next_command() {
    between(
        "CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM audit WHERE seq = new.seq; END",
        "bundle password 1 into=x.password",
        &["the trigger 't'"],
    );
    between(
        "CREATE VIEW v AS SELECT 1",
        "user list limit=1",
        &["the view 'v'"],
    );
}

#[test]
fn bundles_and_settings_are_proven_before_a_password_is_shown() {
    between(
        "UPDATE bundles SET password = CASE number WHEN 1 THEN (SELECT password FROM bundles WHERE number = 2) \
         ELSE (SELECT password FROM bundles WHERE number = 1) END",
        "bundle password 1 into=x.password",
        &["bundles: 2 rows"],
    );
    between(
        "DELETE FROM setting",
        "bundle password 1 into=x.password",
        &["setting: 0 rows, 4 expected"],
    );
}

#[test]
fn decisions_are_proven_in_the_snapshot_of_an_export() {
    between(
        "DELETE FROM excluded",
        "export file=x.igb -skip-conflicts -yes",
        &["excluded: 0 rows, 5 expected"],
    );
}

#[test]
fn an_older_key_slot_lets_no_master_in() {
    const SLOT: &str = "salt, kdf_memory, kdf_passes, kdf_lanes, slot, vault_key, password_changed";
    let house = changed_new("");
    let db = open(&house);
    db.execute_batch(&format!(
        "CREATE TEMP TABLE older AS SELECT number, {SLOT} FROM master"
    ))
    .expect("the older slots");
    let mut shell = house.shell(&LOGIN);
    shell.wait_for_line("igsh (Master1)>");
    shell.send("master password\r");
    answer(&mut shell, &["Present"], PASSWORDS[0]);
    answer(&mut shell, &["New"], "another-master-word");
    answer(&mut shell, &["again"], "another-master-word");
    shell.wait_for_line("igsh (Master1)>");
    shell.send("\x04");
    assert_eq!(shell.exit_code(), 0);
    master(&house, 1, &["user count"]).fails(3, &["wrong password"]);
    db.execute_batch(&format!(
        "UPDATE master SET ({SLOT}) = (SELECT {SLOT} FROM older WHERE older.number = 1), failures = 0, not_before = 0 \
         WHERE number = 1"
    ))
    .expect("the older slot");
    let ran = master(&house, 1, &["user count"]);
    refused(
        &house,
        ran,
        &["the login's own row was changed", "not the one in force"],
        "Master1",
    );
    let ran = master(&house, 2, &["user count"]);
    refused(&house, ran, &["restricted", "master1: 1 row"], "Master2");
}
