//! A vault that is deleted, replaced or restored while a session has it open, seen from the shell.

use crate::common::pty::Pty;
use crate::common::{House, LOGIN, PASSWORDS};

/// A shell on a new vault with Master1 logged in.
fn logged_in(house: &House) -> Pty {
    let mut shell = house.shell(&LOGIN);
    shell.wait_for_line("igsh (Master1)>");
    shell
}

#[test]
fn a_vault_deleted_under_a_session_ends_it() {
    let house = House::with_people(5);
    let mut shell = logged_in(&house);
    std::fs::rename(house.at("vault.db"), house.at("away.db")).expect("moved");
    shell.send("migrate stage userid=* -yes\r");
    shell.wait_for("error[E0504]");
    shell.wait_for("was deleted or moved away while it was open");
    shell.wait_for_line("igsh>");
    shell.send("user list\r");
    shell.wait_for("error[E0601]");
    // Put back as it was, with its log, it is the same vault again.
    std::fs::rename(house.at("away.db"), house.at("vault.db")).expect("moved back");
    shell.send("login Master1\r");
    shell.wait_for_line("Password of Master1:");
    shell.send(&format!("{}\r", PASSWORDS[0]));
    shell.wait_for_line("igsh (Master1)>");
    shell.send("user count phase=none format=value\r");
    shell.wait("nobody was staged", |screen| {
        screen.contents().lines().any(|line| line.trim() == "5")
    });
}

#[test]
fn no_password_is_shown_from_a_vault_that_was_replaced() {
    let house = House::with_people(5);
    house.master(&["export file=a.igb"]).ok();
    std::fs::copy(house.at("vault.db"), house.at("copy.db")).expect("a copy");
    let mut shell = logged_in(&house);
    std::fs::rename(house.at("copy.db"), house.at("vault.db")).expect("replaced");
    shell.send("bundle password 1 into=a.password\r");
    shell.wait_for("was replaced by another file");
    shell.wait_for_line("igsh>");
    assert!(!house.at("a.password").exists());
}

#[test]
fn a_connection_that_stays_without_a_session_changes_no_rule() {
    let house = House::with_people(5);
    let old = std::fs::read(house.at("vault.db")).expect("the vault");
    // As a session that the idle lock has closed: it holds no lock, but its connection keeps the log from going.
    let idle = rusqlite::Connection::open(house.at("vault.db")).expect("a connection");
    let count = || -> i64 {
        idle.query_row("SELECT count(*) FROM users", [], |row| row.get(0))
            .expect("a count")
    };
    assert_eq!(count(), 5);
    for _ in 0..3 {
        house.master(&["audit checkpoint", "user count"]).ok();
        assert_eq!(count(), 5);
    }
    assert!(house.at("vault.db-wal").exists());
    house.private("old.db", "");
    std::fs::write(house.at("old.db"), &old).expect("the backup");
    // Every logout empties the log; a session that lives on writes into it.
    let mut shell = logged_in(&house);
    shell.send("audit checkpoint\r");
    shell.wait_for("anchor");
    std::fs::rename(house.at("old.db"), house.at("vault.db")).expect("restored");
    let log = std::fs::read(house.at("vault.db-wal")).expect("the log");
    assert!(!log.is_empty());
    insta::assert_snapshot!(house.master(&["user count"]).screen(), @r#"
    exit 6
    -- err
    error[E0501]: HOUSE/vault.db-wal belongs to another copy of this vault: opening the vault would mix both, so nothing was touched
    hint: move the log away, or put the file back that it belongs to; a backup is restored with its own log or none
    "#);
    assert!(std::fs::read(house.at("vault.db")).expect("the vault") == old);
    assert!(std::fs::read(house.at("vault.db-wal")).expect("the log") == log);
}
