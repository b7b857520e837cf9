//! Values that were put into a vault or tenant by other means: damage, which is reported as such.

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

/// What is put into the vault, the command that reads it, and what the command says of it. `LAST` is an update of the
/// newest row that has a value there.
const IN_THE_VAULT: &str = "\
UPDATE state SET generation = FAR                      | whoami                             | FAR
UPDATE master SET kdf_memory = 7                       | whoami                             | key slot of Master1
UPDATE master SET slot = x''                           | whoami                             | key slot of Master1
UPDATE master SET salt = x'00'                         | whoami                             | 16 byte
UPDATE master SET last_login = FAR                     | status                             | last_login
UPDATE audit_key SET generation = FAR WHERE master = 1 | whoami                             | FAR
UPDATE epoch SET wrapped = x''                         | whoami                             | data key 1
UPDATE setting SET value = 'many'                      | migrate check                      | setting: 1 row, not the expected one
LAST audit SET hash = x''                              | whoami                             | hash of 32 bytes
LAST audit SET seq = FAR                               | whoami                             | FAR
UPDATE systems SET name = NO_TEXT                      | status                             | UTF-8
UPDATE loads SET at = FAR                              | status                             | at
LAST groups SET name = NO_TEXT                         | group list                         | UTF-8
UPDATE users SET state = 'no such'                     | user get csmith                    | not a user state
UPDATE users SET id = FAR WHERE userid = 'csmith'      | user count phase=none state=active | FAR
UPDATE aliases SET alias = NO_TEXT                     | user get csmith                    | UTF-8
UPDATE contacts SET label = NO_TEXT                    | user get csmith                    | UTF-8
UPDATE qa SET pairs = -1                               | user get csmith                    | -1
UPDATE qa SET sealed = x''                             | migrate rehearse                   | questions
UPDATE passwords SET expires = FAR                     | user get csmith                    | expires
UPDATE tokens SET kind = 'no such'                     | user get csmith                    | not a token kind
UPDATE tokens SET digits = FAR                         | user get csmith                    | FAR
UPDATE cards SET cell_usage = 'no such'                | migrate check                      | cell_usage
UPDATE locations SET last_auth = FAR                   | user get csmith                    | last_auth
UPDATE expected SET place = NO_TEXT                    | migrate check                      | UTF-8
UPDATE overrides SET max_history = -1                  | migrate check                      | -1
UPDATE not_migrated SET kind = 'no such'               | migrate check                      | kind
UPDATE progress SET phase = 9                          | user list                          | no phase 9
UPDATE bundles SET state = 'no such'                   | bundle list                        | bundles: 1 row, not the expected one
UPDATE bundles SET opened = FAR                        | bundle list                        | opened
UPDATE not_taken SET count = -1                        | bundle get 1                       | -1
UPDATE members SET target = NO_TEXT                    | migrate explain csmith             | UTF-8
UPDATE left_out SET reason = NO_TEXT                   | bundle skipped 1                   | UTF-8
UPDATE campaigns SET began = FAR                       | migrate status                     | began
INSERT INTO excluded SELECT id, FAR, 'x', 'y' FROM users WHERE userid = 'csmith' | migrate explain csmith             | at";

/// And into the tenant.
const IN_THE_TENANT: &str = "\
UPDATE state SET generation = FAR       | tenant user list             | FAR
UPDATE setting SET value = 'many'       | tenant import file=a.igb password-file=a.password | setting: 1 row, not the expected one
LAST groups SET name = NO_TEXT          | tenant group list            | UTF-8
UPDATE users SET state = 'no such'      | tenant challenge user=csmith | not a target state
UPDATE users SET failures = -1          | tenant user list             | -1
UPDATE qa SET pairs = -1                | tenant user list             | -1
UPDATE tokens SET expires = FAR         | tenant token list            | expires
UPDATE cards SET cell_usage = 'no such' | tenant challenge user=csmith | cell_usage
UPDATE locations SET country = NO_TEXT  | tenant import file=a.igb password-file=a.password | UTF-8
UPDATE jobs SET state = 'no such'       | tenant job list              | not a job state
UPDATE jobs SET counts = '{'            | tenant job list              | counts
UPDATE jobs SET started = FAR           | tenant job list              | started
UPDATE journal SET at = FAR             | tenant audit list            | at
UPDATE events SET items = x'63'         | tenant audit list            | events";

/// A change of one of the tables above as SQL.
fn sql(change: &str) -> String {
    let sql = match change.strip_prefix("LAST ") {
        None => change.to_owned(),
        Some(last) => {
            let words: Vec<&str> = last.splitn(5, ' ').collect();
            let [table, _, column, _, value] = words[..] else {
                panic!("{change}");
            };
            format!(
                "UPDATE {table} SET {column} = {value} WHERE {column} IS NOT {value} AND rowid = \
                 (SELECT max(rowid) FROM {table} WHERE {column} IS NOT NULL)"
            )
        }
    };
    sql.replace("NO_TEXT", NO_TEXT).replace("FAR", FAR)
}

#[test]
fn a7_a_value_that_its_column_cannot_hold_is_damage_and_no_fault_of_igsh() {
    let house = house();
    let mut wrong = Vec::new();
    for (file, table) in [("vault.db", IN_THE_VAULT), ("t.db", IN_THE_TENANT)] {
        for case in table.lines() {
            let parts: Vec<&str> = case.split(" | ").map(str::trim).collect();
            let [change, command, what] = parts[..] else {
                panic!("{case}");
            };
            let what = what.replace("FAR", FAR);
            let ran = damaged(&house, file, &sql(change), command);
            let advice = ["restore a backup", "=default", "make a new tenant"];
            let advised = advice.iter().any(|advice| ran.err.contains(advice));
            if ran.code != 6 || !ran.err.contains(&what) || !advised {
                let (code, out, err) = (ran.code, &ran.out, &ran.err);
                wrong.push(format!("{case}\n{code}\n{out}{err}"));
            }
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

/// A setting that cannot be does not stop the command that puts it right.
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
