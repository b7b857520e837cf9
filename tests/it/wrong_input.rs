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
    insta::assert_snapshot!(refused(&house, &lines), @"");
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
    login("wrong.txt").fails(3, &["wrong password for Master1", "1 second"]);
    // After the fifth failure the next try is too early, whatever the password.
    rusqlite::Connection::open(house.at("vault.db"))
        .unwrap()
        .execute(
            "UPDATE master SET failures = 5, not_before = 4102444800000000 WHERE number = 1",
            [],
        )
        .unwrap();
    login("m1.txt").fails(3, &["Master1 is locked for another 15 minutes"]);
    house.file("loose.txt", "first-master-word\n");
    house
        .igsh(&[
            "--login",
            "Master2",
            "--password-file",
            "loose.txt",
            "-c",
            "user count",
        ])
        .fails(3, &["loose.txt", "chmod 600"]);
    house
        .igsh(&[
            "--login",
            "Master9",
            "--password-file",
            "m2.txt",
            "-c",
            "user count",
        ])
        .fails(3, &["Master1, Master2"]);
    house.igsh(&["-c", "user count"]).fails(3, &["login"]);
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
    house
        .igsh(&["-c", "system init passwords=short.txt kdf=19456,2,1"])
        .fails(1, &["12", "Master1"]);
    house.private(
        "same.txt",
        "Master1 the-same-word-x\nMaster2 the-same-word-x\nMaster3 third-master-word\n",
    );
    house
        .igsh(&["-c", "system init passwords=same.txt kdf=19456,2,1"])
        .fails(1, &["differ"]);
    house.file("loose.txt", house.read("masters.txt"));
    house
        .igsh(&["-c", "system init passwords=loose.txt kdf=19456,2,1"])
        .fails(3, &["chmod 600"]);
    house
        .igsh(&["-c", "system init passwords=masters.txt kdf=1024,1,1"])
        .fails(2, &["19456"]);
    assert!(!house.at("vault.db").exists());
    house.igsh(&["-c", INIT]).ok();
    house.igsh(&["-c", INIT]).fails(1, &["exists"]);
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
    open("nowhere.db").fails(1, &["nowhere.db", "system init"]);
    house.private("text.db", &"this is not a database ".repeat(100));
    open("text.db").fails(1, &["text.db", "not"]);
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
    open("torn.db").fails(6, &["torn.db"]);
    std::fs::set_permissions(house.at("vault.db"), std::fs::Permissions::from_mode(0o644))
        .expect("its mode");
    open("vault.db").fails(3, &["chmod 600"]);
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
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(
        ran.err.contains("held") || ran.err.contains("in use"),
        "{}",
        ran.err
    );
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
    verify("cut.igb", "x.password").fails(6, &["cut.igb"]);
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
    verify("text.igb", "x.password").fails(1, &["not"]);
    let mut header = bytes;
    header[30] ^= 1;
    house.file("header.igb", &header);
    verify("header.igb", "x.password").fails(6, &["header"]);
}

#[test]
fn a_bundle_password_needs_a_session_and_a_terminal() {
    let house = House::with_people(5);
    house.master(&["export file=x.igb"]).ok();
    house
        .igsh(&["-c", "bundle password 1"])
        .fails(3, &["login"]);
    let ran = house
        .master(&["bundle password 1"])
        .fails(3, &["terminal", "into="]);
    assert!(!ran.out.contains('-'), "{}", ran.out);
    house.file("script.igsh", "bundle password 1\n");
    house
        .igsh(&[
            "--login",
            "Master1",
            "--password-file",
            "m1.txt",
            "run",
            "script.igsh",
        ])
        .fails(3, &["terminal"]);
    house.file("there.password", "x");
    house
        .master(&["bundle password 1 into=there.password"])
        .fails(1, &["there.password"]);
    assert_eq!(house.read("there.password"), "x");
    house
        .master(&["bundle password 7 into=seven.password"])
        .fails(1, &["7"]);
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
