//! A restricted session only looks, until a master takes the vault as it is.

use igsh::command;
use igsh::lang::spec::Command;

use super::*;

const SETTING: &str = "UPDATE setting SET value = '1h' WHERE name = 'idle-timeout'";

#[test]
fn only_these_commands_run_in_a_restricted_session() {
    let looks = |spec: &Command| spec.session && spec.inspects;
    let found: Vec<&str> = command::ALL
        .iter()
        .map(|entry| &entry.spec)
        .filter(|spec| looks(spec))
        .map(|spec| spec.path)
        .filter(|path| *path != "system check")
        .collect();
    let expected = [
        "system accept-state",
        "audit list",
        "audit get",
        "audit verify",
    ];
    assert_eq!(found, expected);
    let house = changed(SETTING);
    master(
        &house,
        1,
        &[
            "whoami",
            "status",
            "audit list limit=1",
            "audit get 1",
            "audit verify",
            "logout",
        ],
    )
    .ok();
    for command in [
        "user list limit=1",
        "user count",
        "system get",
        "system set idle-timeout=30m",
        "master list",
        "master set Master1 holder=Eve",
        "master password",
        EXPORT,
        "bundle password 1 into=x.password",
        "bundle list",
        "migrate status",
        "migrate map file=ids.csv",
        "source get",
        "audit passwords",
        "audit checkpoint",
    ] {
        let ran = master(&house, 1, &[command]);
        refused(
            &house,
            ran,
            &["E0503", "the session is restricted"],
            command,
        );
    }
}

#[test]
fn what_a_master_takes_is_whole_and_on_record() {
    let house = changed(SETTING);
    // An export that was interrupted, and what it left.
    let id = "00000000-0000-4000-8000-000000000003";
    let part = house.file(&format!(".third.igb.{id}.part"), "half a bundle");
    let path = house.at("third.igb").display().to_string();
    change(
        &house,
        &format!(
            "INSERT INTO bundles SELECT 3, '{id}', 'open', '{path}', 0, master, selection, password, 1, opened, NULL, \
             NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM bundles WHERE number = 1"
        ),
    );
    // What is shown of a row is cut at a length, and the folder of the house has another one elsewhere.
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"Master2, phase=[^)]*\)", "Master2, …)");
    let _bound = settings.bind_to_scope();
    let state = "SELECT state FROM bundles WHERE number = 3";
    insta::assert_snapshot!(master(&house, 1, &["user count"]).screen(), @r#"
    exit 6
    -- err
    error[E0503]: the session is restricted: the file was changed by another program: setting: 4 rows, not the expected ones; bundles: 3 rows, 2 expected (one too many: 3, 00000000-0000-4000-8000-000000000003, open, HOUSE/third.igb, 0, Master2, …)
    hint: 'system check' and 'audit verify' say what differs; restore a backup, or take the vault as it is with 'system accept-state reason=…'
    error[E0503]: the session is restricted: the file was changed by another program: setting: 4 rows, not the expected ones; bundles: 3 rows, 2 expected (one too many: 3, 00000000-0000-4000-8000-000000000003, open, HOUSE/third.igb, 0, Master2, …)
    hint: 'system check' and 'audit verify' say what differs; restore a backup, or take the vault as it is with 'system accept-state reason=…'
    "#);
    assert!(part.exists());
    assert_eq!(ask(&house, state), "open");
    insta::assert_snapshot!(master(&house, 1, &["system accept-state"]).screen(), @r#"
    exit 2
    -- err
    error[E0503]: the session is restricted: the file was changed by another program: setting: 4 rows, not the expected ones; bundles: 3 rows, 2 expected (one too many: 3, 00000000-0000-4000-8000-000000000003, open, HOUSE/third.igb, 0, Master2, …)
    hint: 'system check' and 'audit verify' say what differs; restore a backup, or take the vault as it is with 'system accept-state reason=…'
    error[E0204]: 'system accept-state' needs reason=TEXT
     |
     | system accept-state
     | ^^^^^^^^^^^^^^^^^^^ missing here
     |
     = help: reason: Why, for the audit
    "#);
    let reason = "system accept-state reason=\"restored by hand, ticket 7\"";
    let said = master(&house, 1, &[reason, "user count", "audit verify"]).ok();
    insta::assert_snapshot!(said.screen(), @r#"
    exit 0
    -- out
    users: 55
    entries:     59
    last:        59:HASH
    anchors:     0
    unconfirmed: 0
    -- err
    error[E0503]: the session is restricted: the file was changed by another program: setting: 4 rows, not the expected ones; bundles: 3 rows, 2 expected (one too many: 3, 00000000-0000-4000-8000-000000000003, open, HOUSE/third.igb, 0, Master2, …)
    hint: 'system check' and 'audit verify' say what differs; restore a backup, or take the vault as it is with 'system accept-state reason=…'
    note: the vault is accepted as it is; the next login settles interrupted exports
    note: the audit is whole
    "#);
    assert_eq!(
        ask(&house, state),
        "open",
        "it is settled at the next login"
    );
    let entry = ask(&house, "SELECT body FROM audit WHERE code = '9006'");
    for word in [
        "restored by hand, ticket 7",
        "setting: 4 rows, not the expected ones",
        "bundles: 3 rows, 2 expected (one too many: 3, ",
        "\"differences\":2",
    ] {
        assert!(entry.contains(word), "{word} is not in {entry}");
    }
    let login = ask(
        &house,
        "SELECT body FROM audit WHERE code = 'AUD101' ORDER BY seq DESC LIMIT 1",
    );
    assert!(login.contains("restricted: "), "{login}");
    let said = master(&house, 2, &["user count", "audit verify"]).ok();
    insta::assert_snapshot!(said.screen(), @r#"
    exit 0
    -- out
    users: 55
    entries:     62
    last:        62:HASH
    anchors:     0
    unconfirmed: 0
    -- err
    note: The export of bundle 3 to 'HOUSE/third.igb' was interrupted; no file and no phase was changed: export again.
    note: the audit is whole
    "#);
    assert_eq!(ask(&house, state), "failed");
    assert!(!part.exists());
}

#[test]
fn what_only_a_migration_works_with_can_be_taken_too() {
    let house = changed("DELETE FROM excluded WHERE user = 7");
    let ran = master(&house, 1, &["user count", EXPORT]);
    refused(&house, ran, &["excluded: 4 rows, 5 expected"], EXPORT);
    let said = master(
        &house,
        1,
        &["system accept-state reason=right", EXPORT, "audit verify"],
    );
    said.ok();
}

#[test]
fn taking_it_again_changes_nothing() {
    let house = changed("");
    master(&house, 1, &["system accept-state reason=none"]).ok();
    assert_eq!(
        ask(
            &house,
            "SELECT count(*) || '' FROM audit WHERE code = '9006'"
        ),
        "0"
    );
}

#[test]
fn another_master_takes_what_was_done_to_a_masters_row() {
    let house = changed("UPDATE master SET holder = 'Eve' WHERE number = 1");
    let ran = master(&house, 1, &["system accept-state reason=mine"]);
    refused(&house, ran, &["the login's own row"], "Master1");
    master(&house, 2, &["system accept-state reason=\"seen\""]).ok();
    master(&house, 1, &["user count", "audit verify"]).ok();
}
