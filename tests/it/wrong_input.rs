//! Wrong inputs: one clear message, the right exit status, and nothing changed.

use crate::common::{House, INIT, Ran};

/// A digest of everything that a command could change in the vault, read from outside.
fn state(house: &House) -> (String, String, bool) {
    (
        house.ask("json", "user list"),
        house.ask("json", "bundle list"),
        std::fs::read_dir(house.path())
            .expect("the folder")
            .any(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .contains(".part")
            }),
    )
}

/// What igsh answers to each of these lines, none of which may change anything.
#[track_caller]
fn refused(house: &House, lines: &[&str]) -> String {
    let before = state(house);
    let answers = house.dialogue(lines);
    assert_eq!(state(house), before, "something has changed");
    answers
}

#[test]
fn language() {
    let house = House::with_people(5);
    let lines = [
        "user cuont",
        "frobnicate",
        "export grup=x file=x.igb",
        "export group= sales file=x.igb",
        "export group=\"sales file=x.igb",
        "user list phase=exportd",
        "user list group=no-such-group",
        "source load format=ndjson",
    ];
    insta::assert_snapshot!(refused(&house, &lines), @r#"
    $ user cuont
    exit 2
    -- err
    error[E0202]: there is no command 'user cuont'
     |
     | user cuont
     |      ^^^^^
     |
     = expected: list, get or count
     = help: did you mean 'count'?

    $ frobnicate
    exit 2
    -- err
    error[E0201]: unknown command 'frobnicate'
     |
     | frobnicate
     | ^^^^^^^^^^ not a command
     |
     = help: 'help' lists the commands

    $ export grup=x file=x.igb
    exit 2
    -- err
    error[E0101]: unknown attribute 'grup'
     |
     | export grup=x file=x.igb
     |        ^^^^ 'export' does not take it
     |
     = expected: file, overwrite, plan, skip-conflicts, keep-phase, strict, unassigned, yes, reason, format or an attribute ('help selection')
     = help: did you mean 'group'?

    $ export group= sales file=x.igb
    exit 2
    -- err
    error[E0108]: blank after '='
     |
     | export group= sales file=x.igb
     |              ^ a blank too many
     |
     = help: a relation is written without blanks: group=sales

    $ export group="sales file=x.igb
    exit 2
    -- err
    error[E0102]: this quote is never closed
     |
     | export group="sales file=x.igb
     |              ^ opened here

    $ user list phase=exportd
    exit 2
    -- err
    error[E0211]: 'exportd' is not one of the possible names
     |
     | user list phase=exportd
     |                 ^^^^^^^
     |
     = expected: none, export, exported, imported or migrated
     = help: did you mean 'export' or 'exported'?

    $ user list group=no-such-group
    exit 2
    -- err
    error[E0304]: no group is called 'no-such-group'
     |
     | user list group=no-such-group
     |                 ^^^^^^^^^^^^^ exists nowhere
     |
     = help: to mean it all the same, quote it: "no-such-group"

    $ source load format=ndjson
    exit 2
    -- err
    error[E0204]: 'source load' needs file=FILE
     |
     | source load format=ndjson
     | ^^^^^^^^^^^ missing here
     |
     = help: file: The file to load; .gz and .zst are read as they are
    "#);
}

#[test]
fn files() {
    let house = House::with_people(5);
    house.file("there.igb", "x");
    std::fs::create_dir(house.at("folder.ndjson")).expect("a folder");
    house.file("list.txt", "someone\n");
    let lines = [
        "source load file=missing.ndjson format=ndjson",
        "export file=there.igb",
        "export file=no-such-folder/x.igb",
        "source load file=folder.ndjson format=ndjson",
        "user list userid=@missing.txt",
        "user count userid=@list.txt",
    ];
    insta::assert_snapshot!(refused(&house, &lines), @r#"
    $ source load file=missing.ndjson format=ndjson
    exit 1
    -- err
    error[E0401]: missing.ndjson: there is no such file
    hint: check the path; a relative one starts at the current folder

    $ export file=there.igb
    exit 1
    -- err
    warning: without a selection all users are chosen: 5 users
    error[E0401]: 'HOUSE/there.igb' exists already
    hint: name another file, or add -overwrite

    $ export file=no-such-folder/x.igb
    exit 1
    -- err
    warning: without a selection all users are chosen: 5 users
    error[E0401]: the folder 'no-such-folder' cannot be used (No such file or directory (os error 2))
    hint: make the folder, or name a file elsewhere

    $ source load file=folder.ndjson format=ndjson
    exit 1
    -- err
    error[E0401]: folder.ndjson: it is a folder
    hint: name a file in it

    $ user list userid=@missing.txt
    exit 1
    -- err
    error[E0401]: missing.txt: there is no such file
    hint: check the path; a relative one starts at the current folder

    $ user count userid=@list.txt
    exit 0
    -- out
    users: 0
    -- err
    warning: 1 of 1 line of list.txt matches no user: 'someone' (line 1)
    "#);
    assert_eq!(house.read("there.igb"), "x");
}

#[test]
fn unreadable_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = House::with_people(2);
    let path = house.file("secret.ndjson", "");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("its mode");
    if std::fs::File::open(&path).is_ok() {
        eprintln!("skipped: this account reads every file");
        return;
    }
    let lines = ["source load file=secret.ndjson format=ndjson"];
    insta::assert_snapshot!(refused(&house, &lines), @"");
}

#[test]
fn full_disk() {
    let house = House::with_people(1500);
    let before = state(&house);
    // The vault's own write-ahead log must still fit; the bundle of all users must not.
    let ran = Ran::of(
        std::process::Command::new("bash")
            .arg("-c")
            .arg(r#"ulimit -f 300; exec "$IGSH" --login Master1 --password-file m1.txt --yes -c 'export file=x.igb'"#)
            .env("IGSH", env!("CARGO_BIN_EXE_igsh"))
            .envs(house.environment())
            .current_dir(house.path()),
    );
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("space"), "{}", ran.err);
    assert!(!house.at("x.igb").exists());
    let after = state(&house);
    assert_eq!((&after.0, after.2), (&before.0, before.2));
    house.master(&["audit verify", "export file=x.igb"]).ok();
}

#[test]
fn source_records() {
    let house = House::with_people(5);
    let group = r#"{"type":"schema","version":1}
{"type":"group","name":"g"}
"#;
    let user = "{\"type\":\"user\",\"group\":\"g\",\"userid\":\"u\"}\n";
    for (name, text) in [
        (
            "number",
            format!("{group}{{\"type\":\"user\",\"group\":\"g\",\"userid\":7}}\n"),
        ),
        (
            "unknown",
            format!(
                "{group}{{\"type\":\"user\",\"group\":\"g\",\"userid\":\"u\",\"nick\":\"x\"}}\n"
            ),
        ),
        (
            "cut",
            format!("{group}{{\"type\":\"user\",\"group\":\"g\",\n"),
        ),
        (
            "group",
            format!("{group}{{\"type\":\"user\",\"group\":\"h\",\"userid\":\"u\"}}\n"),
        ),
        ("twice", format!("{group}{user}{user}")),
        (
            "version",
            "{\"type\":\"schema\",\"version\":2}\n".to_owned(),
        ),
    ] {
        house.file(&format!("{name}.ndjson"), text);
    }
    let lines = [
        "source load file=number.ndjson format=ndjson",
        "source load file=unknown.ndjson format=ndjson",
        "source load file=cut.ndjson format=ndjson",
        "source load file=group.ndjson format=ndjson",
        "source load file=twice.ndjson format=ndjson",
        "source load file=version.ndjson format=ndjson",
    ];
    insta::assert_snapshot!(refused(&house, &lines), @r#"
    $ source load file=number.ndjson format=ndjson
    exit 1
    -- err
    error[E0402]: number.ndjson: line 3, column 37, field 'userid': expected a string, found a number; nothing was changed
    hint: see igsh-source(5) for what belongs in this field

    $ source load file=unknown.ndjson format=ndjson
    exit 1
    -- err
    error[E0402]: unknown.ndjson: line 3, column 41, field 'nick': unknown field 'nick'; nothing was changed
    hint: correct the field; igsh-source(5) lists them all, and the object 'x' is free for your own

    $ source load file=cut.ndjson format=ndjson
    exit 1
    -- err
    error[E0402]: cut.ndjson: line 3, column 27, field 'group': the line ends inside the record; nothing was changed
    hint: look for a line break in the record, or a file that was cut: a record is one whole line

    $ source load file=group.ndjson format=ndjson
    exit 1
    -- err
    error[E0402]: group.ndjson: line 3, column 24, field 'group': group 'h' is not named before this line; nothing was changed
    hint: add a line {"type":"group","name":…} above it, or correct the name

    $ source load file=twice.ndjson format=ndjson
    exit 1
    -- err
    error[E0402]: twice.ndjson: line 4: user g/u is already in line 3; nothing was changed
    hint: a key stands once in a file; remove one of the records

    $ source load file=version.ndjson format=ndjson
    exit 1
    -- err
    error[E0402]: version.ndjson: line 1, column 28, field 'version': unknown version 2 of the format; nothing was changed
    hint: load the file with a newer igsh; this one reads version 1
    "#);
}

#[test]
fn ldif_with_bad_base64() {
    let house = House::with_people(5);
    house.file(
        "bad.ldif",
        "dn: uid=u,dc=x\nobjectClass: person\nuid: u\ncn:: !!!\n",
    );
    let lines = ["source load file=bad.ldif format=ldif group=g"];
    insta::assert_snapshot!(refused(&house, &lines), @r#"
    $ source load file=bad.ldif format=ldif group=g
    exit 1
    -- err
    error[E0402]: bad.ldif: line 4, field 'cn': not base64 at character 1 of the value; nothing was changed
    hint: correct the value: two colons announce base64
    "#);
}

#[test]
fn pskc() {
    let house = House::with_people(5);
    house.file(
        "doctype.xml",
        "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY e \"x\">]>\n<KeyContainer/>\n",
    );
    let group = house.ask("ndjson", "group list");
    let group = group
        .split("\"name\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a group")
        .to_owned();
    let load = |name: &str| format!("token load file={name} format=pskc group='{group}'");
    let whole = r#"<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage><DeviceInfo><Manufacturer>A</Manufacturer><SerialNo>1</SerialNo></DeviceInfo><Key Id="k" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp"><AlgorithmParameters><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters><Data><Secret><PlainValue>MTIz*</PlainValue></Secret></Data></Key></KeyPackage></KeyContainer>"#;
    house.file("secret.xml", whole);
    house.file("cut.xml", &whole[..whole.len() / 2]);
    let answers = refused(
        &house,
        &[&load("doctype.xml"), &load("secret.xml"), &load("cut.xml")],
    );
    assert!(!answers.contains("MTIz"), "{answers}");
    insta::assert_snapshot!(answers, @r#"
    $ token load file=doctype.xml format=pskc group='Büro Köln'
    exit 1
    -- err
    error[E0402]: doctype.xml: line 2, byte 22: the file has a document type (DOCTYPE); nothing was changed
    hint: ask where the file comes from: PSKC needs none, and it can make a reader fetch files

    $ token load file=secret.xml format=pskc group='Büro Köln'
    exit 1
    -- err
    error[E0402]: secret.xml: line 1, byte 330, package 1, key 'k', serial '1': the secret is not base64 at character 5 (blanks not counted); nothing was changed
    hint: correct the value, or get the file again

    $ token load file=cut.xml format=pskc group='Büro Köln'
    exit 1
    -- err
    error[E0402]: cut.xml: line 1, byte 161, package 1: this is not XML: attribute value not closed: `"` not found before end of input; nothing was changed
    hint: get the file again: it may be cut, damaged, or not PSKC
    "#);
    assert_eq!(house.ask("json", "token list serial=1").trim(), "[]");
}

#[test]
fn logins() {
    let house = House::with_people(3);
    let login = |file: &str| {
        house.igsh(&[
            "--login",
            "Master1",
            "--password-file",
            file,
            "-c",
            "user count",
        ])
    };
    house.private("wrong.txt", "not-the-password\n");
    insta::assert_snapshot!(login("wrong.txt").screen(), @r#"
    exit 3
    -- err
    error[E0602]: wrong password for Master1; the next attempt is taken in 1 second
    "#);
    // After the fifth failure the next try is too early, whatever the password.
    rusqlite::Connection::open(house.at("vault.db"))
        .unwrap()
        .execute(
            "UPDATE master SET failures = 5, not_before = 4102444800000000 WHERE number = 1",
            [],
        )
        .unwrap();
    insta::assert_snapshot!(login("m1.txt").screen(), @r#"
    exit 3
    -- err
    error[E0602]: Master1 is locked for another 15 minutes after 5 failed logins
    hint: wait, or let another master type: master unlock Master1
    "#);
    house.file("loose.txt", "first-master-word\n");
    let screen = house
        .igsh(&[
            "--login",
            "Master2",
            "--password-file",
            "loose.txt",
            "-c",
            "user count",
        ])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 3
    -- err
    error[E0602]: loose.txt can be read by others (mode 0644), so no password is read from it
    hint: type: chmod 600 'loose.txt'
    "#);
    let screen = house
        .igsh(&[
            "--login",
            "Master9",
            "--password-file",
            "m2.txt",
            "-c",
            "user count",
        ])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 3
    -- err
    error[E0602]: there is no master of that name
    hint: the masters are Master1, Master2, Master3
    "#);
    insta::assert_snapshot!(house.igsh(&["-c", "user count"]).screen(), @r#"
    exit 3
    -- err
    error[E0601]: 'user count' needs a master to be logged in
    hint: type 'login Master1' first, or start igsh with --login Master1 --password-file FILE
    "#);
    // Another master ends the wait.
    house
        .igsh(&[
            "--login",
            "Master2",
            "--password-file",
            "m2.txt",
            "-c",
            "master unlock Master1",
        ])
        .ok();
    login("m1.txt").ok();
}

#[test]
fn init() {
    let house = House::empty();
    house.private(
        "short.txt",
        "Master1 short\nMaster2 second-master-word\nMaster3 third-master-word\n",
    );
    let screen = house
        .igsh(&["-c", "system init passwords=short.txt kdf=19456,2,1"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0602]: the password of Master1 cannot be used: a master password has at least 12 characters
    hint: choose a longer one
    "#);
    house.private(
        "same.txt",
        "Master1 the-same-word-x\nMaster2 the-same-word-x\nMaster3 third-master-word\n",
    );
    let screen = house
        .igsh(&["-c", "system init passwords=same.txt kdf=19456,2,1"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0602]: Master1 and Master2 have the same password
    hint: choose three different ones
    "#);
    house.file("loose.txt", house.read("masters.txt"));
    let screen = house
        .igsh(&["-c", "system init passwords=loose.txt kdf=19456,2,1"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 3
    -- err
    error[E0602]: loose.txt can be read by others (mode 0644), so no password is read from it
    hint: type: chmod 600 'loose.txt'
    "#);
    let screen = house
        .igsh(&["-c", "system init passwords=masters.txt kdf=1024,1,1"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 2
    -- err
    error[E0602]: a key derivation with 1024,1,1 (KiB, passes, lanes) is refused: 19456 to 1048576 KiB, 2 to 8 passes and 1 to 8 lanes are accepted
    hint: give memory in KiB, passes and lanes, from kdf=19456,2,1 to kdf=1048576,8,8
    "#);
    assert!(!house.at("vault.db").exists());
    house.igsh(&["-c", INIT]).ok();
    insta::assert_snapshot!(house.igsh(&["-c", INIT]).screen(), @r#"
    exit 1
    -- err
    error[E0401]: HOUSE/vault.db exists already and was left alone
    hint: name another file for the new vault
    "#);
}

#[test]
fn other_vaults() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = House::with_vault();
    let open = |vault: &str| {
        house.igsh(&[
            "--vault",
            vault,
            "--login",
            "Master1",
            "--password-file",
            "m1.txt",
            "-c",
            "user count",
        ])
    };
    insta::assert_snapshot!(open("nowhere.db").screen(), @r#"
    exit 1
    -- err
    error[E0501]: there is no vault at nowhere.db
    hint: make one with 'system init', or name another file
    "#);
    house.private("text.db", &"this is not a database ".repeat(100));
    insta::assert_snapshot!(open("text.db").screen(), @r#"
    exit 1
    -- err
    error[E0501]: HOUSE/text.db is not a vault: it is not an SQLite database
    hint: check the path
    "#);
    if crate::common::peer("sqlite3") {
        let copy = |name: &str, sql: &str| {
            std::fs::copy(house.at("vault.db"), house.at(name)).expect("a copy");
            let ran = Ran::of(
                std::process::Command::new("sqlite3")
                    .arg(house.at(name))
                    .arg(sql),
            );
            assert_eq!(ran.code, 0, "{}", ran.err);
            std::fs::set_permissions(house.at(name), std::fs::Permissions::from_mode(0o600))
                .expect("its mode");
        };
        copy("other.db", "PRAGMA application_id = 12345; VACUUM");
        open("other.db").fails(1, &["other.db", "not"]);
        copy("newer.db", "PRAGMA user_version = 999");
        open("newer.db").fails(1, &["newer"]);
    }
    let mut bytes = std::fs::read(house.at("vault.db")).expect("the vault");
    let half = bytes.len() / 2;
    for byte in &mut bytes[200..half] {
        *byte = 0x5a;
    }
    std::fs::write(house.at("torn.db"), bytes).expect("a damaged copy");
    std::fs::set_permissions(house.at("torn.db"), std::fs::Permissions::from_mode(0o600))
        .expect("its mode");
    insta::assert_snapshot!(open("torn.db").screen(), @r#"
    exit 6
    -- err
    error[E0501]: the vault HOUSE/torn.db is damaged (database disk image is malformed)
    hint: restore a backup
    "#);
    std::fs::set_permissions(house.at("vault.db"), std::fs::Permissions::from_mode(0o644))
        .expect("its mode");
    insta::assert_snapshot!(open("vault.db").screen(), @r#"
    exit 3
    -- err
    error[E0501]: vault.db is open to others (mode 0644)
    hint: type: chmod 600 'vault.db'
    "#);
}

#[test]
fn a_second_writer_waits_and_sees_why() {
    if !crate::common::peer("sqlite3") {
        return;
    }
    let house = House::with_people(3);
    // Another program holds the write lock for longer than a writer waits.
    let mut other = std::process::Command::new("sqlite3")
        .arg(house.at("vault.db"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("sqlite3 starts");
    use std::io::{BufRead as _, Write as _};
    let input = other.stdin.as_mut().expect("its input");
    writeln!(input, "BEGIN IMMEDIATE; SELECT 'held';").expect("written");
    let mut line = String::new();
    std::io::BufReader::new(other.stdout.take().expect("its output"))
        .read_line(&mut line)
        .expect("an answer");
    assert_eq!(line.trim(), "held");
    let ran = house.logged_in(&["-c", "user count"]);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 1
    -- err
    error[E0502]: the vault is held by another program; nothing was changed
    hint: try again when that has finished
    "#);
    other.kill().ok();
    other.wait().ok();
    house.ask("value", "user count");
}

#[test]
fn two_sessions_work_at_once() {
    let house = House::with_people(200);
    let run = |number: u32, file: &str| {
        let mut command = house.command();
        command
            .args(["--login", &format!("Master{number}")])
            .args(["--password-file", &format!("m{number}.txt"), "--yes"])
            .args(["-c", &format!("export file={file}"), "-c", "user count"])
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command.spawn().expect("igsh starts")
    };
    let (one, two) = (run(1, "one.igb"), run(2, "two.igb"));
    for child in [one, two] {
        let output = child.wait_with_output().expect("it ends");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    house.master(&["audit verify"]).ok();
    assert_eq!(house.ask("ndjson", "bundle list").lines().count(), 2);
}

#[test]
fn names_that_are_not_unique() {
    let house = House::with_vault();
    house
        .master(&["source generate users=60 seed=1 duplicates=3 -load"])
        .ok();
    let ran = house.master(&["export file=x.igb"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let told = format!("{}{}", ran.out, ran.err);
    assert!(
        told.contains("unique") && told.contains("-skip-conflicts"),
        "{told}"
    );
    assert!(!house.at("x.igb").exists());
    house.master(&["export file=x.igb -skip-conflicts"]).ok();
    let skipped = house.ask("ndjson", "bundle skipped 1");
    assert_eq!(
        skipped
            .lines()
            .filter(|line| line.contains("user.conflict"))
            .count(),
        6,
        "{skipped}"
    );
}

#[test]
fn nothing_matched() {
    let house = House::with_people(5);
    let lines = [
        "export userid=zzz-nobody file=x.igb",
        "user list userid=zzz-nobody",
        "user list userid=zzz-nobody -require-match",
    ];
    insta::assert_snapshot!(refused(&house, &lines), @r#"
    $ export userid=zzz-nobody file=x.igb
    exit 4
    -- err
    error[E0701]: nothing matches the selection; no file was written
    hint: look at the selection with 'user count'

    $ user list userid=zzz-nobody
    exit 0
    -- out
    0 users

    $ user list userid=zzz-nobody -require-match
    exit 4
    -- out
    0 users
    -- err
    error[E0701]: nothing matches the selection
    "#);
    assert!(!house.at("x.igb").exists());
}

#[test]
fn bundles() {
    let house = House::with_people(20);
    house
        .master(&["export file=x.igb", "bundle password 1 into=x.password"])
        .ok();
    let verify = |file: &str, password: &str| {
        house.igsh(&[
            "-c",
            &format!("bundle verify file={file} password-file={password}"),
        ])
    };
    verify("x.igb", "x.password").ok();
    let bytes = std::fs::read(house.at("x.igb")).expect("the bundle");
    let mut damaged = bytes.clone();
    let middle = damaged.len() - 20;
    damaged[middle] ^= 1;
    house.file("damaged.igb", &damaged);
    let told_damaged = verify("damaged.igb", "x.password")
        .fails(6, &["damaged.igb"])
        .err;
    house.file("cut.igb", &bytes[..bytes.len() - 100]);
    insta::assert_snapshot!(verify("cut.igb", "x.password").screen(), @r#"
    exit 6
    -- err
    error[E0801]: cut.igb: the bundle is damaged or cut at chunk 0
    hint: copy the file again from where it was written
    "#);
    house.private("wrong.password", "01234-56789-ABCDE-FGHJK-MNPQR-SQ9\n");
    let told_wrong = verify("x.igb", "wrong.password").fails(3, &["wrong"]).err;
    let mistyped = house
        .read("x.password")
        .replacen(|c: char| c.is_ascii_digit(), "Z", 1);
    house.private("mistyped.password", &mistyped);
    let told_mistyped = verify("x.igb", "mistyped.password")
        .fails(3, &["mistyped"])
        .err;
    assert!(told_damaged != told_wrong && told_wrong != told_mistyped);
    house.file("text.igb", "hello\n");
    insta::assert_snapshot!(verify("text.igb", "x.password").screen(), @r#"
    exit 1
    -- err
    error[E0801]: text.igb: this file is not an igsh bundle
    hint: name a file that 'export' wrote
    "#);
    let mut header = bytes;
    header[30] ^= 1;
    house.file("header.igb", &header);
    insta::assert_snapshot!(verify("header.igb", "x.password").screen(), @r#"
    exit 6
    -- err
    error[E0801]: header.igb: the bundle's header is damaged
    hint: copy the file again from where it was written
    "#);
}

#[test]
fn a_bundle_password_needs_a_session_and_a_terminal() {
    let house = House::with_people(5);
    house.master(&["export file=x.igb"]).ok();
    insta::assert_snapshot!(house.igsh(&["-c", "bundle password 1"]).screen(), @r#"
    exit 3
    -- err
    error[E0601]: 'bundle password' needs a master to be logged in
    hint: type 'login Master1' first, or start igsh with --login Master1 --password-file FILE
    "#);
    let ran = house
        .master(&["bundle password 1"])
        .fails(3, &["terminal", "into="]);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 3
    -- err
    error[E0603]: a password is shown on a terminal only: standard input or standard output is not one
    hint: into=FILE writes it to a new file that only you can read
    "#);
    house.file("script.igsh", "bundle password 1\n");
    let screen = house.logged_in(&["run", "script.igsh"]).screen();
    insta::assert_snapshot!(screen, @r#"
    exit 3
    -- err
    script.igsh:1:1: error[E0603]: a password is shown on a terminal only: standard input or standard output is not one
    hint: into=FILE writes it to a new file that only you can read
    "#);
    house.file("there.password", "x");
    insta::assert_snapshot!(house.master(&["bundle password 1 into=there.password"]).screen(), @r#"
    exit 1
    -- err
    error[E0401]: cannot write there.password: it exists
    hint: name a new file; a password never replaces one
    "#);
    assert_eq!(house.read("there.password"), "x");
    insta::assert_snapshot!(house.master(&["bundle password 7 into=seven.password"]).screen(), @r#"
    exit 1
    -- err
    error[E0703]: there is no bundle 7
    hint: 'bundle list' lists the bundles
    "#);
    // Nobody has seen it, and the audit says so.
    assert!(
        house
            .ask("ndjson", "audit passwords -never")
            .contains("x.igb")
    );
}

/// What stands in arguments and in the environment is shown by clap, which escapes nothing for terminals.
#[test]
fn a7_arguments_reach_the_terminal_as_what_they_are() {
    const ATTACK: &str = "\u{202e}a\u{200b}b\u{1b}[2Jc\u{9b}31m\u{7}\u{feff}\u{2066}";
    let house = House::empty();
    let harmless = |text: &str| {
        let bad = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{200b}' | '\u{202e}' | '\u{2066}' | '\u{feff}')
        };
        assert!(!text.contains(bad), "{text:?}");
    };
    for args in [
        vec![format!("--{ATTACK}")],
        vec![format!("--color={ATTACK}")],
        vec![ATTACK.to_owned()],
        vec!["check".to_owned(), ATTACK.to_owned()],
        vec!["man".to_owned(), ATTACK.to_owned()],
        vec!["completions".to_owned(), ATTACK.to_owned()],
        vec![format!("--password-fd={ATTACK}")],
        vec![format!("--yes={ATTACK}")],
        vec!["--login".to_owned(), ATTACK.to_owned()],
        vec!["run".to_owned(), ATTACK.to_owned(), ATTACK.to_owned()],
    ] {
        let mut igsh = house.command();
        let ran = crate::common::Ran::of(igsh.args(&args));
        assert_ne!(ran.code, 0, "{args:?}");
        harmless(&ran.err);
        harmless(&ran.out);
    }
    let mut igsh = house.command();
    igsh.env("IGSH_VAULT", ATTACK);
    let ran = crate::common::Ran::of(igsh.arg("--help")).ok();
    harmless(&ran.out);
    assert!(ran.out.contains("\\u{202e}a\\u{200b}b"), "{}", ran.out);
}
