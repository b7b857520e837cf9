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
    insta::assert_snapshot!(refused(&house, &lines), @"");
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
    warning: without a selection this is about everybody: 5 users
    error[E0401]: 'HOUSE/there.igb' exists already: name another file, or say -overwrite

    $ export file=no-such-folder/x.igb
    exit 1
    -- err
    warning: without a selection this is about everybody: 5 users
    error[E0401]: the folder 'no-such-folder' cannot be used (No such file or directory (os error 2)): make it, or name a file elsewhere

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
    // The vault's own write-ahead log must still fit; the bundle of everybody must not.
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
    insta::assert_snapshot!(refused(&house, &lines), @"");
}

#[test]
fn ldif_with_bad_base64() {
    let house = House::with_people(5);
    house.file(
        "bad.ldif",
        "dn: uid=u,dc=x\nobjectClass: person\nuid: u\ncn:: !!!\n",
    );
    let lines = ["source load file=bad.ldif format=ldif group=g"];
    insta::assert_snapshot!(refused(&house, &lines), @"");
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
    insta::assert_snapshot!(answers, @"");
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
    insta::assert_snapshot!(login("wrong.txt").screen(), @"S23");
    // After the fifth failure the next try is too early, whatever the password.
    rusqlite::Connection::open(house.at("vault.db"))
        .unwrap()
        .execute(
            "UPDATE master SET failures = 5, not_before = 4102444800000000 WHERE number = 1",
            [],
        )
        .unwrap();
    insta::assert_snapshot!(login("m1.txt").screen(), @"S22");
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
    insta::assert_snapshot!(screen, @"S21");
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
    insta::assert_snapshot!(screen, @"S20");
    insta::assert_snapshot!(house.igsh(&["-c", "user count"]).screen(), @"S19");
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
    error[E0602]: the password of Master1 does not do: a master password has at least 12 characters
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
    error[E0602]: Master1 and Master2 have the same password; choose three different ones
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
    error[E0602]: a key derivation with 1024 KiB, 1 passes and 1 lanes is refused: 19456 to 1048576 KiB, 2 to 8 passes and 1 to 8 lanes are accepted
    hint: give memory in KiB, passes and lanes, from kdf=19456,2,1 to kdf=1048576,8,8
    "#);
    assert!(!house.at("vault.db").exists());
    house.igsh(&["-c", INIT]).ok();
    insta::assert_snapshot!(house.igsh(&["-c", INIT]).screen(), @r#"
    exit 1
    -- err
    error[E0401]: HOUSE/vault.db exists already and was left alone; name another file for the new vault
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
    insta::assert_snapshot!(open("nowhere.db").screen(), @"S13");
    house.private("text.db", &"this is not a database ".repeat(100));
    insta::assert_snapshot!(open("text.db").screen(), @"S12");
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
    insta::assert_snapshot!(open("torn.db").screen(), @"S11");
    std::fs::set_permissions(house.at("vault.db"), std::fs::Permissions::from_mode(0o644))
        .expect("its mode");
    insta::assert_snapshot!(open("vault.db").screen(), @"S10");
}

#[test]
fn a_second_writer_waits_and_is_told() {
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
    let ran = house.igsh(&[
        "--login",
        "Master1",
        "--password-file",
        "m1.txt",
        "-c",
        "user count",
    ]);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 1
    -- err
    error[E0502]: the vault is held by another program; nothing was changed: try again when that has finished
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
    insta::assert_snapshot!(refused(&house, &lines), @"");
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
    error[E0801]: cut.igb: the bundle is damaged or cut at chunk 0: copy the file again from where it was written
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
    "#);
    let mut header = bytes;
    header[30] ^= 1;
    house.file("header.igb", &header);
    insta::assert_snapshot!(verify("header.igb", "x.password").screen(), @r#"
    exit 6
    -- err
    error[E0801]: header.igb: the bundle's header is damaged: copy the file again from where it was written
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
    let screen = house
        .igsh(&[
            "--login",
            "Master1",
            "--password-file",
            "m1.txt",
            "run",
            "script.igsh",
        ])
        .screen();
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
    hint: 'bundle list' shows those there are
    "#);
    // Nobody has seen it, and the audit says so.
    assert!(
        house
            .ask("ndjson", "audit passwords -never")
            .contains("x.igb")
    );
}

/// What stands in arguments and in the environment is shown by clap, which knows nothing of terminals.
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
