//! Sessions at once: logins queue, writers wait; and what this machine saw of a vault that is older now.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{House, Ran};

/// A run of the program with this master logged in.
fn run(house: &House, master: usize, password: &str, line: &str) -> Ran {
    let name = format!("Master{master}");
    let mut command = house.command();
    command.args(["--login", &name, "--password-file", password, "--yes"]);
    Ran::of(command.args(["-c", line]))
}

fn number(house: &House, sql: &str) -> i64 {
    rusqlite::Connection::open(house.at("vault.db"))
        .unwrap()
        .query_row(sql, [], |row| row.get(0))
        .unwrap()
}

#[test]
fn a_hundred_logins_of_twenty_sessions_beside_an_export_all_succeed() {
    const LINES: [&str; 5] = [
        "user count",
        "audit checkpoint",
        "user list limit=3",
        "master set Master3 holder=Ada",
        "bundle list",
    ];
    let house = House::with_people(500);
    house.private("wrong.txt", "not-the-master-word\n");
    let logins = || number(&house, "SELECT count(*) FROM audit WHERE code = 'AUD101'");
    let before = logins();
    let over = AtomicBool::new(false);
    let exports = std::thread::scope(|scope| {
        let house = &house;
        let exporter = scope.spawn(|| {
            let mut exports = 0;
            while !over.load(Ordering::Acquire) {
                run(
                    house,
                    1,
                    "m1.txt",
                    &format!("export group=* file={exports}.igb"),
                )
                .ok();
                exports += 1;
            }
            exports
        });
        let sessions: Vec<_> = (0..20)
            .map(|session| {
                scope.spawn(move || {
                    let master = session % 3 + 1;
                    LINES.map(|line| run(house, master, &format!("m{master}.txt"), line))
                })
            })
            .collect();
        let guess = scope.spawn(|| run(house, 2, "wrong.txt", "user count"));
        let runs: Vec<Ran> = sessions
            .into_iter()
            .flat_map(|session| session.join().unwrap())
            .collect();
        over.store(true, Ordering::Release);
        guess.join().unwrap().fails(3, &["wrong password"]);
        let failed: Vec<_> = runs.iter().filter(|run| run.code != 0).collect();
        assert!(failed.is_empty(), "{} of 100: {failed:?}", failed.len());
        assert_eq!(runs.len(), 100);
        exporter.join().unwrap()
    });
    assert_eq!(logins(), before + 100 + exports);
    let guesses = "SELECT count(*) FROM audit WHERE code = 'AUD103'";
    assert_eq!(
        number(&house, guesses),
        1,
        "a wrong guess among them is counted"
    );
    house.master(&["audit verify"]).ok();
}

/// A login of Master1 that waits for its turn, and has said so.
fn waits(house: &House) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = house
        .session()
        .args(["-c", "user count"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(
        line,
        "note: another login of Master1 is under way; waiting for it to end, a minute at most\n"
    );
    (child, said)
}

#[test]
fn a_login_that_waits_for_another_says_so_and_can_be_interrupted() {
    let house = House::with_people(3);
    let turn = File::options()
        .write(true)
        .open(house.at("vault.db.login1"))
        .unwrap();
    turn.lock().unwrap();
    let (mut child, _said) = waits(&house);
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    run(&house, 2, "m2.txt", "user count").ok();
    let (mut child, _said) = waits(&house);
    turn.unlock().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(
        number(&house, "SELECT failures FROM master WHERE number = 1"),
        0
    );
}

#[test]
fn an_attempt_that_was_killed_counts_and_holds_no_other_login_up() {
    let house = House::empty();
    // Slow enough to be killed while the password is tried.
    house
        .igsh(&["-c", "system init passwords=masters.txt kdf=262144,3,1"])
        .ok();
    let failures = || number(&house, "SELECT failures FROM master WHERE number = 3");
    let mut child = house
        .command()
        .args([
            "--login",
            "Master3",
            "--password-file",
            "m3.txt",
            "-c",
            "whoami",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while failures() == 0 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(failures(), 1);
    let ran = run(&house, 3, "m3.txt", "whoami").ok();
    assert!(ran.err.contains("1 login failed since"), "{}", ran.err);
    assert_eq!(failures(), 0);
}

#[test]
fn a_vault_that_is_older_is_reported_at_every_login_until_a_master_acknowledges_it() {
    let house = House::with_people(3);
    let old = std::fs::read(house.at("vault.db")).unwrap();
    house.master(&["audit checkpoint"]).ok();
    std::fs::write(house.at("vault.db"), old).unwrap();
    for _ in 0..2 {
        let ran = house.master(&["whoami"]).ok();
        assert!(ran.err.contains("warning: "), "{}", ran.err);
        assert!(ran.err.contains("audit acknowledge reason="), "{}", ran.err);
    }
    let mut unconfirmed = house.session();
    unconfirmed.args(["-c", "audit acknowledge reason=restored"]);
    Ran::of(&mut unconfirmed).fails(3, &["cannot be asked"]);
    house.master(&["audit acknowledge"]).fails(2, &["reason"]);
    let ran = house
        .master(&[
            "audit verify",
            "audit acknowledge reason=\"Monday's backup\"",
        ])
        .ok();
    assert!(
        ran.out.contains("which no master has acknowledged"),
        "{}",
        ran.out
    );
    let ran = house
        .master(&["audit verify", "audit acknowledge reason=again"])
        .ok();
    assert!(!ran.err.contains("warning: "), "{}", ran.err);
    assert!(ran.out.contains("acknowledged"), "{}", ran.out);
    let entry = "SELECT count(*) FROM audit WHERE code = '9005' AND body ->> '$.outcome' = 'ok' AND body ->> '$.reason' = 'Monday''s backup' AND body ->> '$.rolledBack[0]' LIKE '_:%'";
    assert_eq!(number(&house, entry), 1);
    let entries = "SELECT count(*) FROM audit WHERE code = '9005' AND body ->> '$.outcome' = 'ok'";
    assert_eq!(
        number(&house, entries),
        1,
        "nothing to acknowledge is no entry"
    );
}

#[test]
fn an_emptied_audit_is_no_whole_one() {
    let house = House::with_people(3);
    rusqlite::Connection::open(house.at("vault.db"))
        .unwrap()
        .execute("DELETE FROM audit", [])
        .unwrap();
    std::fs::remove_dir_all(house.at("home/state")).unwrap();
    house
        .master(&["audit verify"])
        .fails(6, &["does not begin with #1 of code 9000 (system init)"]);
}
