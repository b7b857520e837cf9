//! Values that somebody has put into a vault or tenant by other means: damage, which is told as such.

use crate::common::{House, LOGIN, PASSWORDS, Ran};

const FAR: &str = "9223372036854775807";
const NO_TEXT: &str = "CAST(x'ff' AS TEXT)";

/// A vault with two bundles and a tenant that has taken one of them in.
fn house() -> House {
    let house = House::with_people(60);
    house
        .master(&[
            "migrate begin",
            "migrate stage wave=W1 limit=20 phase=none",
            "export phase=export wave=W1 file=a.igb",
            "bundle password 1 into=a.password",
            "system set migrate.qa-limit=40",
            "tenant init file=t.db passwords=masters.txt kdf=19456,2,1",
            "tenant import file=a.igb password-file=a.password tenant=t.db",
            "tenant set qa.pairs=40 tenant=t.db",
        ])
        .ok();
    for name in ["vault.db", "t.db"] {
        let db = rusqlite::Connection::open(house.at(name)).expect("the file");
        db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
            .expect("the log");
    }
    house
}

/// Runs `command` on copies in which `change` was made.
fn damaged(house: &House, file: &str, change: &str, command: &str) -> Ran {
    for name in ["vault.db", "t.db"] {
        for rest in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(house.at(&format!("{name}.copy{rest}")));
        }
        std::fs::copy(house.at(name), house.at(&format!("{name}.copy"))).expect("a copy");
    }
    let db = rusqlite::Connection::open(house.at(&format!("{file}.copy"))).expect("the copy");
    db.execute_batch(&format!("PRAGMA ignore_check_constraints = 1; {change}"))
        .unwrap_or_else(|error| panic!("{change}: {error}"));
    assert!(db.total_changes() > 0, "{change}");
    drop(db);
    let mut igsh = house.command();
    igsh.env("IGSH_VAULT", house.at("vault.db.copy"));
    igsh.env("IGSH_TENANT", house.at("t.db.copy"));
    igsh.args(LOGIN).args(["--yes", "--quiet", "-c", command]);
    Ran::of(&mut igsh)
}

#[test]
fn a7_a_value_that_its_column_cannot_hold_is_damage_and_no_fault_of_igsh() {
    let house = house();
    let user = "user get csmith";
    let again = "tenant import file=a.igb password-file=a.password";
    let set = |table: &str, column: &str, value: &str| {
        format!(
            "UPDATE {table} SET {column} = {value} WHERE {column} IS NOT {value} AND rowid = \
             (SELECT max(rowid) FROM {table} WHERE {column} IS NOT NULL)"
        )
    };
    let all =
        |table: &str, column: &str, value: &str| format!("UPDATE {table} SET {column} = {value}");
    let mut wrong = Vec::new();
    for (file, change, command, what) in [
        ("vault.db", all("state", "generation", FAR), "whoami", FAR),
        (
            "vault.db",
            all("master", "kdf_memory", "7"),
            "whoami",
            "key slot of Master1",
        ),
        (
            "vault.db",
            all("master", "slot", "x''"),
            "whoami",
            "key slot of Master1",
        ),
        (
            "vault.db",
            all("master", "salt", "x'00'"),
            "whoami",
            "16 byte",
        ),
        (
            "vault.db",
            all("master", "last_login", FAR),
            "status",
            "last_login",
        ),
        (
            "vault.db",
            all("audit_key", "generation", FAR) + " WHERE master = 1",
            "whoami",
            FAR,
        ),
        (
            "vault.db",
            all("epoch", "wrapped", "x''"),
            "whoami",
            "data key 1",
        ),
        (
            "vault.db",
            all("setting", "value", "'many'"),
            "migrate check",
            "setting: 1 row, not the expected ones",
        ),
        (
            "vault.db",
            set("audit", "hash", "x''"),
            "whoami",
            "hash of 32 bytes",
        ),
        ("vault.db", set("audit", "seq", FAR), "whoami", FAR),
        (
            "vault.db",
            all("systems", "name", NO_TEXT),
            "status",
            "UTF-8",
        ),
        ("vault.db", all("loads", "at", FAR), "status", "at"),
        (
            "vault.db",
            set("groups", "name", NO_TEXT),
            "group list",
            "UTF-8",
        ),
        (
            "vault.db",
            all("users", "state", "'no such'"),
            user,
            "not a user state",
        ),
        (
            "vault.db",
            all("users", "id", FAR) + " WHERE userid = 'csmith'",
            "user count phase=none state=active",
            FAR,
        ),
        ("vault.db", all("aliases", "alias", NO_TEXT), user, "UTF-8"),
        ("vault.db", all("contacts", "label", NO_TEXT), user, "UTF-8"),
        ("vault.db", all("qa", "pairs", "-1"), user, "-1"),
        (
            "vault.db",
            all("qa", "sealed", "x''"),
            "migrate rehearse",
            "questions",
        ),
        (
            "vault.db",
            all("passwords", "expires", FAR),
            user,
            "expires",
        ),
        (
            "vault.db",
            all("tokens", "kind", "'no such'"),
            user,
            "not a token kind",
        ),
        ("vault.db", all("tokens", "digits", FAR), user, FAR),
        (
            "vault.db",
            all("cards", "cell_usage", "'no such'"),
            "migrate check",
            "cell_usage",
        ),
        (
            "vault.db",
            all("locations", "last_auth", FAR),
            user,
            "last_auth",
        ),
        (
            "vault.db",
            all("expected", "place", NO_TEXT),
            "migrate check",
            "UTF-8",
        ),
        (
            "vault.db",
            all("overrides", "max_history", "-1"),
            "migrate check",
            "-1",
        ),
        (
            "vault.db",
            all("not_migrated", "kind", "'no such'"),
            "migrate check",
            "kind",
        ),
        (
            "vault.db",
            all("progress", "phase", "9"),
            "user list",
            "no phase 9",
        ),
        (
            "vault.db",
            all("bundles", "state", "'no such'"),
            "bundle list",
            "bundles: 1 row, not the expected ones",
        ),
        (
            "vault.db",
            all("bundles", "opened", FAR),
            "bundle list",
            "opened",
        ),
        (
            "vault.db",
            all("not_taken", "count", "-1"),
            "bundle get 1",
            "-1",
        ),
        (
            "vault.db",
            all("members", "target", NO_TEXT),
            "migrate explain csmith",
            "UTF-8",
        ),
        (
            "vault.db",
            all("left_out", "reason", NO_TEXT),
            "bundle skipped 1",
            "UTF-8",
        ),
        (
            "vault.db",
            all("campaigns", "began", FAR),
            "migrate status",
            "began",
        ),
        (
            "vault.db",
            format!(
                "INSERT INTO excluded SELECT id, {FAR}, 'x', 'y' FROM users WHERE userid = 'csmith'"
            ),
            "migrate explain csmith",
            "at",
        ),
        (
            "t.db",
            all("state", "generation", FAR),
            "tenant user list",
            FAR,
        ),
        (
            "t.db",
            all("setting", "value", "'many'"),
            again,
            "setting: 1 row, not the expected ones",
        ),
        (
            "t.db",
            set("groups", "name", NO_TEXT),
            "tenant group list",
            "UTF-8",
        ),
        (
            "t.db",
            all("users", "state", "'no such'"),
            "tenant challenge user=csmith",
            "not a target state",
        ),
        (
            "t.db",
            all("users", "failures", "-1"),
            "tenant user list",
            "-1",
        ),
        ("t.db", all("qa", "pairs", "-1"), "tenant user list", "-1"),
        (
            "t.db",
            all("tokens", "expires", FAR),
            "tenant token list",
            "expires",
        ),
        (
            "t.db",
            all("cards", "cell_usage", "'no such'"),
            "tenant challenge user=csmith",
            "cell_usage",
        ),
        ("t.db", all("locations", "country", NO_TEXT), again, "UTF-8"),
        (
            "t.db",
            all("jobs", "state", "'no such'"),
            "tenant job list",
            "not a job state",
        ),
        (
            "t.db",
            all("jobs", "counts", "'{'"),
            "tenant job list",
            "counts",
        ),
        (
            "t.db",
            all("jobs", "started", FAR),
            "tenant job list",
            "started",
        ),
        ("t.db", all("journal", "at", FAR), "tenant audit list", "at"),
        (
            "t.db",
            all("events", "items", "x'63'"),
            "tenant audit list",
            "events",
        ),
    ] {
        let ran = damaged(&house, file, &change, command);
        let advice = ["restore a backup", "=default", "make a new tenant"];
        let advised = advice.iter().any(|advice| ran.err.contains(advice));
        if ran.code != 6 || !ran.err.contains(what) || !advised {
            wrong.push(format!(
                "{change}\n{command}: {}, {what}\n{}{}",
                ran.code, ran.out, ran.err
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A body of the audit that does not parse is a finding, whatever number stands in it.
#[test]
fn a7_an_audit_body_that_does_not_parse_is_found() {
    let house = house();
    for change in [
        "UPDATE audit SET body = 'x' WHERE seq = 3",
        "UPDATE audit SET body = json_set(body, '$.seq', 1e30) WHERE seq = 3",
        "UPDATE audit SET body = replace(body, '\"seq\":3,', '\"seq\":18446744073709551615,') WHERE seq = 3",
        "UPDATE audit SET seq = -5 WHERE seq = 1",
    ] {
        for command in ["audit verify", "audit list"] {
            let ran = damaged(&house, "vault.db", change, command);
            assert!(
                matches!(ran.code, 0 | 6),
                "{change}: {}{}",
                ran.out,
                ran.err
            );
            assert!(command == "audit list" || ran.code == 6, "{change}");
        }
    }
}

/// A setting that cannot be keeps nobody from putting it right.
#[test]
fn a7_the_live_shell_waits_for_lines_whatever_its_idle_timeout_is() {
    let house = House::with_vault();
    let db = rusqlite::Connection::open(house.at("vault.db")).expect("the vault");
    db.execute("INSERT INTO setting VALUES ('idle-timeout', '99999h')", [])
        .expect("a setting");
    drop(db);
    let mut shell = house.shell(&[]);
    shell.wait_for_line("igsh>");
    shell.send("login Master1\r");
    shell.wait_for_line("Password of Master1:");
    shell.send(&format!("{}\r", PASSWORDS[0]));
    shell.wait_for("type: system set idle-timeout=default");
    shell.wait_for_line("igsh (Master1)>");
    shell.send("system set idle-timeout=default\r");
    shell.wait_for_line("igsh (Master1)>");
    shell.send("exit\r");
    assert_eq!(shell.exit_code(), 0);
}
