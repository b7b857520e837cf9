//! `kill -9` at random points of a load and of an export: nothing is torn, and no bundle's password is lost.

use std::time::{Duration, Instant};

use crate::common::{House, Ran};

const POINTS: u32 = 20;

/// Copies the files of a vault, whatever stands beside it.
fn copy_vault(house: &House, from: &str, to: &str) {
    for end in ["", "-wal", "-shm"] {
        let (source, target) = (
            house.at(&format!("{from}{end}")),
            house.at(&format!("{to}{end}")),
        );
        std::fs::remove_file(&target).ok();
        if source.exists() {
            std::fs::copy(source, target).expect("a copy");
        }
    }
}

/// A run of Master3. Killed in the middle of its login it counts as a failed one, so others do the checking.
fn spawn(house: &House, line: &str) -> std::process::Child {
    house
        .command()
        .args([
            "--login",
            "Master3",
            "--password-file",
            "m3.txt",
            "--yes",
            "-c",
            line,
        ])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("igsh starts")
}

/// Runs `line` once whole on a copy of `origin`, then kills it at random points, each time on a fresh copy.
fn at_random_points(house: &House, line: &str, check: impl Fn(&House, u32)) {
    copy_vault(house, "vault.db", "origin.db");
    let started = Instant::now();
    assert!(spawn(house, line).wait().expect("it ends").success());
    let whole = started.elapsed();
    // A fixed generator: the points differ from each other, not from run to run.
    let mut random = 0x9e37_79b9_u64;
    for point in 0..POINTS {
        copy_vault(house, "origin.db", "vault.db");
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let part = (random >> 33) as f64 / f64::from(1u32 << 31);
        let mut child = spawn(house, line);
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * part));
        child.kill().ok();
        child.wait().expect("it ends");
        check(house, point);
    }
}

fn integrity(house: &House) {
    let database = rusqlite::Connection::open(house.at("vault.db")).expect("the vault");
    let said: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("an answer");
    assert_eq!(said, "ok");
    drop(database);
    house.master(&["audit verify"]).ok();
}

#[test]
fn during_a_load() {
    let house = House::with_people(50);
    house
        .master(&[
            "source generate users=3000 seed=2 file=people.ndjson",
            "system set migrate.gone-limit=100",
        ])
        .ok();
    at_random_points(
        &house,
        "source load file=people.ndjson format=ndjson",
        |house, _| {
            integrity(house);
            let users: u32 = house
                .ask("value", "user count")
                .trim()
                .parse()
                .expect("a number");
            assert!(users == 50 || users >= 3000, "half a load: {users}");
        },
    );
    house
        .master(&[
            "source load file=people.ndjson format=ndjson",
            "audit verify",
        ])
        .ok();
}

#[test]
fn during_an_export() {
    let house = House::with_people(3000);
    at_random_points(&house, "export file=x.igb -overwrite", |house, point| {
        // The login of this check resolves what the killed export left.
        integrity(house);
        let exported: u32 = house
            .ask("value", "user count phase=exported")
            .trim()
            .parse()
            .expect("a number");
        let done = house
            .ask("ndjson", "bundle list")
            .lines()
            .any(|line| line.contains("\"done\""));
        assert_eq!(done, exported > 0, "point {point}");
        if done {
            let password = format!("{point}.password");
            house
                .master(&[
                    &format!("bundle password 1 into={password}"),
                    &format!("bundle verify file=x.igb password-file={password}"),
                ])
                .ok();
        }
        let parts = std::fs::read_dir(house.path())
            .expect("the folder")
            .filter(|entry| {
                entry
                    .as_ref()
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .ends_with(".part")
            });
        assert_eq!(parts.count(), 0, "point {point} left a part");
        std::fs::remove_file(house.at("x.igb")).ok();
    });
}

#[test]
fn an_interrupt_is_clean() {
    let house = House::with_people(3000);
    let mut child = spawn(&house, "export file=x.igb");
    std::thread::sleep(Duration::from_millis(120));
    let ran = Ran::of(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]));
    let status = child.wait().expect("it ends");
    if ran.code == 0 && !status.success() {
        use std::os::unix::process::ExitStatusExt as _;
        assert!(
            status.code() == Some(130) || status.signal() == Some(2),
            "{status}"
        );
        assert!(!house.at("x.igb").exists());
        assert_eq!(house.ask("value", "user count phase=exported"), "0\n");
    }
    integrity(&house);
}
