//! The exit statuses (igsh(1), EXIT STATUS): one test a row.
//!
//! Of 70, the status of a fault of igsh itself, there is none: a way to provoke it is a fault.

use std::os::unix::process::ExitStatusExt as _;

use crate::common::{House, Ran};

/// A script that is run in a session of Master1, with these options before it.
fn script(house: &House, options: &[&str], text: &str) -> Ran {
    house.file("work.igsh", text);
    let mut command = house.session();
    command
        .arg("--yes")
        .args(options)
        .args(["run", "work.igsh"]);
    Ran::of(&mut command)
}

/// A house with an exported bundle `all.igb` and its password in `all.password`.
fn with_bundle() -> House {
    let house = House::with_people(20);
    house
        .master(&["export file=all.igb", "bundle password 1 into=all.password"])
        .ok();
    house
}

const VERIFY: &str = "bundle verify file=all.igb password-file=all.password";

#[test]
fn status_0_all_went_well() {
    let house = House::with_people(5);
    house.master(&["user count"]).ok();
    script(&house, &[], "user count\n").ok();
    // A command that looks and finds nothing is no failure.
    house
        .master(&["user list userid=nobody-is-called-so*"])
        .ok();
}

#[test]
fn status_1_a_missing_file() {
    House::with_vault()
        .master(&["source load file=none.ndjson format=ndjson"])
        .fails(1, &["none.ndjson"]);
}

#[test]
fn status_1_a_bad_record() {
    let house = House::with_vault();
    house.file("bad.ndjson", "{\"type\":\"user\"\n");
    house
        .master(&["source load file=bad.ndjson format=ndjson"])
        .fails(1, &["bad.ndjson"]);
}

#[test]
fn status_1_not_a_vault() {
    let house = House::empty();
    house.private(
        "vault.db",
        "this is no vault, whatever its name says, and long enough",
    );
    house.master(&["user count"]).fails(1, &["vault.db"]);
}

#[test]
fn status_1_not_a_bundle() {
    let house = House::empty();
    house.file("all.igb", "no bundle");
    house.private("all.password", "a-password\n");
    house.process(&["-c", VERIFY]).fails(1, &["all.igb"]);
}

#[test]
fn status_1_doubled_names_in_an_export() {
    let house = House::with_vault();
    house
        .master(&[
            "source generate users=50 seed=1 duplicates=3 -load",
            "export file=all.igb",
        ])
        .fails(1, &["E0702"]);
    assert!(!house.at("all.igb").exists());
}

#[test]
fn status_2_usage() {
    House::empty()
        .process(&["--nonsense"])
        .fails(2, &["--nonsense"]);
}

#[test]
fn status_2_syntax_and_nothing_ran() {
    let house = House::with_people(5);
    let ran = script(&house, &[], "echo first\nuser list grup=a\n");
    assert!(!ran.out.contains("first"), "{}", ran.out);
    ran.fails(2, &["work.igsh:2:11", "E0101"]);
}

#[test]
fn status_3_no_session() {
    House::with_vault()
        .process(&["-c", "user count"])
        .fails(3, &["login"]);
}

#[test]
fn status_3_a_wrong_password() {
    let house = House::with_vault();
    house.private("m1.txt", "not-the-password-of-it\n");
    house.master(&["user count"]).fails(3, &["wrong"]);
}

#[test]
fn status_3_a_mistyped_password() {
    let house = with_bundle();
    let right = house.read("all.password");
    let mut wrong: Vec<char> = right.trim_end().chars().collect();
    wrong[0] = if wrong[0] == 'a' { 'b' } else { 'a' };
    std::fs::remove_file(house.at("all.password")).unwrap();
    house.private("all.password", &wrong.into_iter().collect::<String>());
    house.process(&["-c", VERIFY]).fails(3, &["mistyped"]);
}

#[test]
fn status_3_a_loose_file_mode() {
    let house = House::with_vault();
    std::fs::remove_file(house.at("m1.txt")).unwrap();
    house.file("m1.txt", "first-master-word\n");
    house.master(&["user count"]).fails(3, &["chmod 600"]);
}

#[test]
fn status_3_a_read_only_shell() {
    let house = House::with_people(5);
    script(&house, &["--read-only"], "export file=a.igb\n").fails(3, &["read-only"]);
}

#[test]
fn status_4_an_export_of_no_user() {
    let house = House::with_people(5);
    script(
        &house,
        &[],
        "export userid=nobody-is-called-so* file=a.igb\n",
    )
    .fails(4, &["E0701"]);
}

#[test]
fn status_4_a_list_that_must_match() {
    House::with_people(5)
        .master(&["user list userid=nobody-is-called-so* -require-match"])
        .fails(4, &["nothing matches"]);
}

#[test]
fn status_5_records_skipped_under_strict() {
    let house = House::with_people(300);
    house.master(&["export file=all.igb"]).ok();
    house
        .master(&["export file=again.igb -strict"])
        .fails(5, &[]);
    assert!(house.at("again.igb").exists());
}

#[test]
fn status_5_errors_under_keep_going() {
    let house = House::with_people(5);
    let text = "user get nobody-is-called-so\necho after\n";
    let ran = script(&house, &["--keep-going"], text);
    assert!(ran.out.contains("after"));
    ran.fails(5, &["work.igsh:1:1"]);
    script(&house, &[], text).fails(1, &["work.igsh:1:1"]);
}

#[test]
fn status_6_a_damaged_bundle() {
    let house = with_bundle();
    let mut bytes = std::fs::read(house.at("all.igb")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    house.file("all.igb", bytes);
    house.process(&["-c", VERIFY]).fails(6, &["damaged"]);
}

#[test]
fn status_6_a_cut_bundle() {
    let house = with_bundle();
    let bytes = std::fs::read(house.at("all.igb")).unwrap();
    house.file("all.igb", &bytes[..bytes.len() - 100]);
    house.process(&["-c", VERIFY]).fails(6, &["all.igb"]);
}

#[test]
fn status_6_a_corrupt_vault() {
    let house = House::with_people(300);
    let path = house.at("vault.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let length = bytes.len();
    bytes[8192..length - 8192].fill(0x55);
    std::fs::write(&path, bytes).unwrap();
    house.master(&["user list"]).fails(6, &["vault.db"]);
}

#[test]
fn status_6_a_broken_audit_chain() {
    let house = House::with_people(5);
    let db = rusqlite::Connection::open(house.at("vault.db")).unwrap();
    db.execute_batch("DELETE FROM audit WHERE seq = 2").unwrap();
    drop(db);
    house.master(&["audit verify"]).fails(6, &["2"]);
}

#[test]
fn status_7_a_check_that_blocks_an_export() {
    let house = House::with_vault();
    let text = "source generate users=50 seed=1 duplicates=3 -load\nmigrate check\n";
    script(&house, &[], text).fails(7, &[]);
}

#[test]
fn status_130_interrupted() {
    let house = House::with_people(2000);
    let mut command = house.session();
    command.arg("-c");
    // The pipe is not read, so that the list waits in the middle until the signal has come.
    command.arg("user list format=ndjson");
    let mut child = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut begun = [0];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut begun).unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let mut rest = Vec::new();
    std::io::Read::read_to_end(child.stdout.as_mut().unwrap(), &mut rest).unwrap();
    let status = child.wait().unwrap();
    assert!(
        status.code() == Some(130) || status.signal() == Some(2),
        "{status}"
    );
}
