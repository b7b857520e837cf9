//! The receiving side as a master uses it: imports, rehearsals, jobs, and everything that must be refused.

mod arrival;
mod killed;

use std::process::Stdio;
use std::time::{Duration, Instant};

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
    assert!(again.err.contains("nothing was changed"), "{}", again.err);
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
    house
        .igsh(&["-c", wrong])
        .fails(3, &["wrong password for Master2", "tenant-login="]);
    house.igsh(&["-c", own]).fails(3, &["locked"]);
    house
        .igsh(&["-c", "tenant user count"])
        .fails(2, &["no tenant is named"]);
    let mut command = house.command();
    command.env("IGSH_TENANT", house.at("t.db")).args([
        "-c",
        "tenant user count tenant-login=Master3 tenant-password-file=m3.txt",
    ]);
    Ran::of(&mut command).ok();
}

#[test]
fn passwords_and_bundles_that_are_wrong_change_nothing_and_are_on_record() {
    let house = house(20);
    let empty = contents(&house, "t.db");
    let bundle = std::fs::read(house.at("a.igb")).expect("the bundle");
    let typed = house.read("a.password");
    house.private(
        "mistyped.password",
        &typed.replacen(
            &typed[..1],
            if typed.starts_with('2') { "3" } else { "2" },
            1,
        ),
    );
    house
        .master(&[
            "export userid=b* file=b.igb",
            "bundle password 2 into=b.password",
        ])
        .ok();
    let mut damaged = bundle.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    house.file("damaged.igb", &damaged);
    house.file("cut.igb", &bundle[..bundle.len() / 2]);
    house.file("foreign.igb", "PK\u{3}\u{4} an archive");
    house.file(
        "newer.igb",
        String::from_utf8_lossy(&bundle[..40])
            .replace("igsh-bundle/1", "igsh-bundle/2")
            .as_bytes(),
    );
    house.file("costly.igb", costly(&bundle));
    let mut entries = 0;
    for (file, password, code, word) in [
        ("a.igb", "mistyped.password", 3, "mistyped"),
        ("a.igb", "b.password", 3, "wrong"),
        ("damaged.igb", "a.password", 6, "damaged"),
        ("cut.igb", "a.password", 6, "cut"),
        ("foreign.igb", "a.password", 1, "not"),
        ("newer.igb", "a.password", 1, "newer"),
        ("costly.igb", "a.password", 6, "header"),
        ("absent.igb", "a.password", 1, "no such file"),
    ] {
        let line = format!("tenant import file={file} password-file={password} tenant=t.db");
        house.master(&[&line]).fails(code, &[word, file]);
        entries += 1;
        assert_eq!(trail(&house), vec!["9062 failed"; entries], "{line}");
        assert_eq!(contents(&house, "t.db"), empty, "{line}");
    }
    house.master(&["tenant job list tenant=t.db -quiet"]);
    assert_eq!(
        database(&house, "t.db")
            .query_row("SELECT count(*) FROM jobs", [], |row| row.get::<_, u32>(0)),
        Ok(0)
    );
}

/// The bundle's header asking for 64 GiB, with the line that tells damage made to fit.
fn costly(bundle: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let mut lines: Vec<String> = bundle
        .split(|byte| *byte == b'\n')
        .take(4)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    lines[2] = lines[2].replace("m=65536", "m=67108864");
    let head = format!("{}\n", lines.join("\n"));
    let sum =
        base64::engine::general_purpose::STANDARD.encode(igsh::crypto::sha256(head.as_bytes()));
    format!("{head}--- {sum}\n").into_bytes()
}

#[test]
fn what_is_no_tenant_is_refused() {
    let house = house(5);
    house.private("text.db", "not a database");
    for (file, code, word) in [
        ("vault.db", 1, "is not a tenant"),
        ("text.db", 1, "is not a tenant"),
        ("absent.db", 1, "tenant init"),
    ] {
        house
            .master(&[&format!(
                "tenant import file=a.igb password-file=a.password tenant={file}"
            )])
            .fails(code, &[word]);
    }
    house.master(&[TENANT]).fails(1, &["exists already"]);
    database(&house, "t.db")
        .pragma_update(None, "user_version", 1999)
        .expect("a version");
    house
        .master(&["tenant user count tenant=t.db"])
        .fails(1, &["newer igsh"]);
}

#[test]
fn settings_are_checked_and_change_what_is_taken() {
    let house = house(40);
    house
        .master(&["tenant set tokens.global-max=many tenant=t.db"])
        .fails(1, &["a number from 0 to 1000"]);
    house
        .master(&["tenant set existing-local=all tenant=t.db"])
        .fails(1, &["authenticators, contacts-and-state"]);
    house
        .master(&["tenant set mandatory=shoe tenant=t.db"])
        .fails(1, &["firstName"]);
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
    house
        .master(&["tenant sync file=bad.csv tenant=t.db"])
        .fails(1, &["line 3", "asleep"]);
    house.file("nobody.csv", "name\nx\n");
    house
        .master(&["tenant sync file=nobody.csv tenant=t.db"])
        .fails(1, &["userid"]);
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
    house
        .master(&["tenant job results 1 file=r.csv tenant=t.db"])
        .fails(1, &["r.csv", "exists"]);
    assert_eq!(house.read("r.csv"), before);
    house
        .master(&["tenant job results 7 file=s.csv tenant=t.db"])
        .fails(1, &["no job 7"]);
    assert!(!house.at("s.csv").exists());
}

#[test]
fn a_rehearsal_tells_the_fate_of_everybody_and_leaves_nothing() {
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
    house
        .master(&["migrate rehearse with=\"tokens=0\""])
        .fails(1, &["there is no setting"]);
    let contents_before = contents(&house, "t.db");
    let ran = house
        .master(&["migrate rehearse userid=a* tenant=t.db"])
        .ok();
    assert!(ran.err.contains("would be created"), "{}", ran.err);
    assert_eq!(contents(&house, "t.db"), contents_before);
    house
        .master(&["migrate rehearse userid=nobody*"])
        .fails(4, &["nothing matches"]);
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
fn a_full_disk_stops_the_job_and_it_goes_on_when_there_is_room() {
    // How much fits before the first block and after the last one is SQLite's business: one of these lies between.
    let limits = [3000, 2800, 3200, 2600, 3400, 2400, 3600];
    assert!(
        limits.into_iter().any(stops_and_goes_on),
        "no job was stopped half way"
    );
}

/// Imports where no file may be larger than `limit` KiB. Whether the job had begun by then; if so it went on.
fn stops_and_goes_on(limit: u32) -> bool {
    let house = house(3000);
    let script = format!(
        r#"ulimit -f {limit}; exec "$IGSH" --login Master1 --password-file m1.txt --yes -c '{IMPORT}'"#
    );
    let mut command = std::process::Command::new("bash");
    command
        .env_clear()
        .current_dir(house.path())
        .env("IGSH", env!("CARGO_BIN_EXE_igsh"));
    for (name, value) in house.environment() {
        command.env(name, value);
    }
    let ran = Ran::of(command.args(["-c", &script]));
    let check: String = database(&house, "t.db")
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("an answer");
    assert_eq!(check, "ok");
    let again = house.master(&[IMPORT]);
    if ran.code == 0 || again.code == 0 {
        return false;
    }
    assert_eq!(ran.code, 1, "{}\n{}", ran.out, ran.err);
    again.fails(1, &["comes first", "tenant job resume 1"]);
    house
        .master(&["tenant job resume 1 password-file=a.password tenant=t.db"])
        .ok();
    let count = database(&house, "t.db")
        .query_row("SELECT count(*) FROM users", [], |row| row.get::<_, u32>(0));
    assert_eq!(count, Ok(3000));
    true
}

#[test]
fn two_imports_at_once_do_not_mix() {
    let house = house(3000);
    let mut first = spawn(&house, IMPORT, 1);
    let lock = house.at("t.db.import");
    let started = Instant::now();
    while !lock.exists() && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut second = house.command();
    second.args([
        "--login",
        "Master2",
        "--password-file",
        "m2.txt",
        "--yes",
        "-c",
        IMPORT,
    ]);
    let second = Ran::of(&mut second);
    let first = first.wait().expect("it ends");
    assert!(first.success());
    assert!(
        second.code == 1 && second.err.contains("another import")
            || second.err.contains("nothing was changed"),
        "{}",
        second.err
    );
    let count = database(&house, "t.db")
        .query_row("SELECT count(*) FROM users", [], |row| row.get::<_, u32>(0));
    assert_eq!(count, Ok(3000));
}

#[test]
fn everybody_arrives_as_the_rules_say() {
    let house = house(400);
    house.master(&[IMPORT]).ok();
    let db = database(&house, "vault.db");
    db.execute("ATTACH ?1 AS t", [house.at("t.db").display().to_string()])
        .expect("both");
    for (what, sql) in [
        (
            "users and states",
            "SELECT count(*) FROM users u WHERE NOT EXISTS (SELECT 1 FROM t.users x WHERE x.userid = u.userid \
          AND x.state = iif(u.state = 'active', 'ACTIVE', 'INACTIVE') AND x.failures = 0)",
        ),
        (
            "tokens that migrate",
            "SELECT count(*) FROM t.tokens x JOIN t.users y ON y.id = x.id >> 16 WHERE x.id > 0 AND NOT EXISTS ( \
          SELECT 1 FROM tokens k JOIN users u ON u.id = k.id >> 16 WHERE k.serial = x.serial AND k.vendor = x.vendor \
          AND u.userid = y.userid AND k.counter IS x.counter AND k.drift IS x.drift AND k.digits IS x.digits \
          AND x.state = iif(k.state IN ('pending', 'current'), 'ACTIVE', 'INACTIVE') \
          AND k.state NOT IN ('activating', 'canceled'))",
        ),
        (
            "cards that migrate",
            "SELECT count(*) FROM t.cards x JOIN t.users y ON y.id = x.id >> 16 WHERE x.id > 0 AND NOT EXISTS ( \
          SELECT 1 FROM cards k JOIN users u ON u.id = k.id >> 16 WHERE k.serial = x.serial AND u.userid = y.userid \
          AND k.rows = x.rows AND k.columns = x.columns AND x.state = CASE k.state WHEN 'current' THEN 'ACTIVE' \
          WHEN 'pending' THEN 'PENDING' WHEN 'hold' THEN 'INACTIVE' WHEN 'hold_pending' THEN 'INACTIVE' END)",
        ),
        (
            "cards in a state that migrates, not expired",
            "SELECT count(*) FROM cards k WHERE k.id > 0 AND k.state <> 'canceled' \
          AND (k.expires IS NULL OR k.expires > unixepoch() * 1000000) \
          AND NOT EXISTS (SELECT 1 FROM t.cards x WHERE x.serial = k.serial)",
        ),
        (
            "questions",
            "SELECT count(*) FROM qa q JOIN users u ON u.id = q.user WHERE NOT EXISTS (SELECT 1 FROM t.qa x \
          JOIN t.users y ON y.id = x.user WHERE y.userid = u.userid AND x.pairs = min(q.pairs, 50))",
        ),
        (
            "default passwords",
            "SELECT count(*) FROM passwords p JOIN users u ON u.id = p.id >> 16 WHERE p.name IS NULL AND NOT EXISTS ( \
          SELECT 1 FROM t.passwords x JOIN t.users y ON y.id = x.id >> 16 WHERE y.userid = u.userid AND x.name IS NULL)",
        ),
        (
            "aliases",
            "SELECT count(*) FROM aliases a JOIN users u ON u.id = a.id >> 16 WHERE NOT EXISTS (SELECT 1 FROM t.aliases x \
          JOIN t.users y ON y.id = x.id >> 16 WHERE y.userid = u.userid AND x.alias = a.alias)",
        ),
        (
            "locations",
            "SELECT abs((SELECT count(*) FROM locations) - (SELECT count(*) FROM t.locations))",
        ),
        (
            "unassigned cards",
            "SELECT abs((SELECT count(*) FROM cards WHERE id < 0) - (SELECT count(*) FROM t.cards WHERE id < 0))",
        ),
    ] {
        let differ: u32 = db
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(differ, 0, "{what}");
    }
    let tokens: u32 = db
        .query_row("SELECT count(*) FROM t.tokens WHERE id > 0", [], |row| {
            row.get(0)
        })
        .expect("a row");
    assert!(tokens > 300, "{tokens}");
}

#[test]
fn the_script_rehearses_a_migration() {
    let house = House::with_people(40);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/rehearse.igsh");
    let ran = house.igsh(&[
        "--login",
        "Master1",
        "--password-file",
        "m1.txt",
        "--yes",
        "run",
        script,
        "tenant=rehearsal.tenant",
        "masters=masters.txt",
        "out=rehearsal",
    ]);
    let ran = ran.ok();
    assert!(
        ran.err
            .contains("nothing was changed, everything in this bundle"),
        "{}",
        ran.err
    );
    assert!(house.read("rehearsal.fate.ndjson").lines().count() > 40);
    assert!(house.read("rehearsal.results.csv").lines().count() > 40);
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
