//! What an import must not swallow: wrong passwords, damaged and hostile bundles, full disks, another import.

use std::time::{Duration, Instant};

use super::{IMPORT, TENANT, contents, database, house, spawn, trail};
use crate::common::Ran;

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

/// The bundle's header asking for 64 GiB, with the checksum of the header made to fit.
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
    // There is no tenant that could have an entry of it, so the vault has.
    let entries = || {
        let sql =
            "SELECT count(*) FROM audit WHERE code = '9062' AND body ->> '$.outcome' = 'failed'";
        let db = database(&house, "vault.db");
        db.query_row(sql, [], |row| row.get::<_, u32>(0))
            .expect("a count")
    };
    let mut noted = 0;
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
        noted += 1;
        assert_eq!(entries(), noted, "{file}");
    }
    insta::assert_snapshot!(house.master(&[TENANT]).screen(), @r#"
    exit 1
    -- err
    error[E0401]: t.db exists already and was left alone
    hint: name another file for the new tenant
    "#);
    database(&house, "t.db")
        .pragma_update(None, "user_version", 1999)
        .expect("a version");
    insta::assert_snapshot!(house.dialogue(&["tenant user count tenant=t.db", IMPORT]), @r#"
    $ tenant user count tenant=t.db
    exit 1
    -- err
    error[E0501]: HOUSE/t.db was written by a newer igsh (its schema is 1999, this igsh's 2001)
    hint: use that version

    $ tenant import file=a.igb password-file=a.password tenant=t.db
    exit 1
    -- err
    error[E0501]: HOUSE/t.db was written by a newer igsh (its schema is 1999, this igsh's 2001)
    hint: use that version
    "#);
    assert_eq!(entries(), noted + 1);
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
