//! One-shot use: `-c`, `run`, `check`, standard input, and the examples of the manual.

use crate::common::{House, PASSWORDS, Ran};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");

#[test]
fn the_main_job_from_a_file_to_a_verified_bundle() {
    let house = House::with_vault();
    house.igsh(&["-c", "version"]).ok();
    house
        .master(&["source generate users=120 seed=7 file=people.ndjson"])
        .ok();
    house
        .master(&[
            "source load file=people.ndjson format=ndjson",
            "export group=* userid=a* file=a.igb",
            "bundle password 1 into=a.password",
            "bundle verify file=a.igb password-file=a.password",
        ])
        .ok();
    let exported: u32 = house
        .ask("value", "user count phase=exported")
        .trim()
        .parse()
        .expect("a bare number");
    let selected: u32 = house
        .ask("value", "user count userid=a*")
        .trim()
        .parse()
        .expect("a bare number");
    assert!(exported > 0);
    assert_eq!(exported, selected);
    let password = house.read("a.password");
    assert_eq!(password.trim().len(), 33, "{}", password.len());
    let seen = house.ask("ndjson", "audit passwords");
    assert!(seen.contains("Master1") && seen.contains("file"), "{seen}");
}

#[test]
fn both_spellings_mean_the_same() {
    let house = House::with_people(60);
    let main = house.ask("value", "user count userid=a*,b* group=*");
    assert_eq!(
        house.ask("value", "user count -userid a*,b* -group *"),
        main
    );
    assert_eq!(house.ask("value", "user count USERID=a*,b*"), main);
}

#[test]
fn commands_of_one_call_share_a_session_and_the_first_error_ends_it() {
    let house = House::with_people(5);
    let ran = house.master(&["user count", "user count grup=x", "version"]);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 2
    -- out
    users: 5
    -- err
    error[E0101]: unknown attribute 'grup'
     |
     | user count grup=x
     |            ^^^^ 'user count' does not take it
     |
     = expected: format, into, overwrite, require-match or an attribute ('help selection')
     = help: did you mean 'group'?
    "#);
    let ran = house.logged_in(&[
        "--keep-going",
        "-c",
        "user count exported=1",
        "-c",
        "user get nobody-there",
        "-c",
        "version",
    ]);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 5
    -- out
    igsh 0.1.0 (igsh-bundle/1, igsh-audit/1)
    -- err
    error[E0304]: no exported is called '1'
     |
     | user count exported=1
     |                     ^ exists nowhere
     |
     = help: to mean it all the same, quote it: "1"
    error[E0703]: there is no user 'nobody-there'
    hint: letter case matters; 'user list' shows the users
    "#);
}

#[test]
fn standard_input_is_a_script() {
    use std::io::Write as _;
    let house = House::with_people(5);
    let mut child = house
        .command()
        .args([
            "--login",
            "Master1",
            "--password-stdin",
            "--format",
            "value",
        ])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("igsh starts");
    let text = format!("{}\nuser count # all\nuser count limit=2\n", PASSWORDS[0]);
    child
        .stdin
        .take()
        .expect("its input")
        .write_all(text.as_bytes())
        .expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "5\n2\n");
}

#[test]
fn password_from_a_descriptor() {
    let house = House::with_people(3);
    let ran = Ran::of(
        std::process::Command::new("bash")
            .arg("-c")
            .arg(r#"exec 7<m1.txt; exec "$IGSH" --login Master1 --password-fd 7 --format value -c 'user count'"#)
            .env("IGSH", env!("CARGO_BIN_EXE_igsh"))
            .envs(house.environment())
            .current_dir(house.path()),
    )
    .ok();
    assert_eq!(ran.out, "3\n");
}

#[test]
fn quickstart_script() {
    let house = House::with_vault();
    house
        .master(&["source generate users=40 seed=3 file=people.ndjson"])
        .ok();
    let script = format!("{SCRIPTS}/quickstart.igsh");
    let ran = house
        .logged_in(&["--yes", "run", &script, "source=people.ndjson", "out=first"])
        .ok();
    assert!(
        ran.err.contains("still"),
        "the shell says that the source file is still there: {}",
        ran.err
    );
    for name in ["first.igb", "first.password", "first-skipped.csv"] {
        assert!(house.at(name).exists(), "{name}");
    }
    house.igsh(&["check", &script]).ok();
}

#[test]
fn a4_the_quickstart_works_beside_other_bundles() {
    let house = House::with_vault();
    house
        .master(&[
            "source generate users=40 seed=3 file=people.ndjson",
            "source load file=people.ndjson format=ndjson",
            "export userid=a* file=one.igb",
            "export userid=j* file=two.igb",
        ])
        .ok();
    let script = format!("{SCRIPTS}/quickstart.igsh");
    for out in ["first", "second"] {
        let (source, named) = ("source=people.ndjson", format!("out={out}"));
        // The script itself verifies the bundle with the password.
        house
            .logged_in(&["--yes", "run", &script, source, &named])
            .ok();
        let (by_file, by_number) = (
            house.ask("csv", &format!("bundle skipped file={out}.igb")),
            house.read(&format!("{out}-skipped.csv")),
        );
        assert_eq!(by_file, by_number);
    }
    assert_ne!(house.read("first.password"), house.read("second.password"));
}

#[test]
fn a4_a_bundle_is_named_by_its_file_wherever_that_is() {
    let house = House::with_people(30);
    house
        .master(&[
            "export userid=a* file=one.igb",
            "export userid=b* file=two.igb",
        ])
        .ok();
    std::fs::create_dir(house.at("away")).expect("a folder");
    std::fs::rename(house.at("two.igb"), house.at("away/renamed")).expect("moved");
    house
        .master(&[
            "bundle password file=away/renamed into=two.password",
            "export password file=one.igb into=one.password",
            "bundle password 2 into=again.password",
            "bundle verify file=away/renamed password-file=two.password",
            "bundle verify file=one.igb password-file=one.password",
        ])
        .ok();
    assert_eq!(house.read("two.password"), house.read("again.password"));
    // The audit names number and id, as with the number.
    let seen = house.ask("ndjson", "audit passwords");
    assert_eq!(
        seen.lines()
            .filter(|line| line.contains("\"bundle\":2"))
            .count(),
        2,
        "{seen}"
    );

    let other = House::with_people(5);
    other.master(&["export file=other.igb"]).ok();
    std::fs::copy(other.at("other.igb"), house.at("other.igb")).expect("copied");
    house.file("text.igb", "no bundle at all\n");
    for (line, code, words) in [
        (
            "bundle password file=other.igb into=x",
            1,
            [
                "the bundle other.igb was not made from this vault",
                "bundle list",
            ],
        ),
        (
            "bundle password 1 file=one.igb into=x",
            2,
            ["or by file=, not by both", "leave one"],
        ),
        (
            "bundle password into=x",
            2,
            ["needs number=N or file=FILE", "E0204"],
        ),
        (
            "bundle password file=none.igb into=x",
            1,
            ["none.igb", "no such file"],
        ),
        (
            "bundle password file=text.igb into=x",
            1,
            ["text.igb", "not"],
        ),
        (
            "bundle password file=away into=x",
            1,
            ["cannot read away: it is a folder", "name a file"],
        ),
        (
            "bundle skipped file=other.igb",
            1,
            ["other.igb", "this vault"],
        ),
    ] {
        house.master(&[line]).fails(code, &words);
        assert!(!house.at("x").exists(), "{line}");
    }
}

#[test]
fn phase_by_group_script() {
    let house = House::with_people(400);
    let groups = house.ask("ndjson", "group list");
    let mut names = groups
        .lines()
        .filter(|line| !line.contains("\"users\":0"))
        .filter_map(|line| {
            line.split("\"name\":\"")
                .nth(1)?
                .split('"')
                .next()
                .map(str::to_owned)
        });
    let (first, second) = (
        names.next().expect("a group"),
        names.next().expect("another"),
    );
    let script = format!("{SCRIPTS}/phase-by-group.igsh");
    let run = |house: &House| {
        let (first, second) = (format!("first={first}"), format!("second={second}"));
        house.logged_in(&["--yes", "run", &script, &first, &second])
    };
    run(&house).ok();
    let exported = house.ask(
        "value",
        &format!("user count group='{first}','{second}' phase=exported"),
    );
    assert_eq!(
        exported,
        house.ask("value", &format!("user count group='{first}','{second}'"))
    );
    for name in [&first, &second] {
        std::fs::remove_file(house.at(&format!("{name}.igb"))).expect("its bundle");
    }
    insta::assert_snapshot!(run(&house).screen(), @r#"
    exit 4
    -- err
    SOURCES/scripts/phase-by-group.igsh:8:1: error[E0701]: nothing matches the selection; no file was written
    hint: look at the selection with 'user count'
    "#);
}

#[test]
fn every_example_of_the_catalogue_runs() {
    let house = House::with_vault();
    house.file(
        "people.ldif",
        "dn: uid=ldap1,ou=x,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: ldap1\ncn: Ldap One\n",
    );
    house.file("tokens.xml", PSKC);
    house
        .master(&[
            "source generate users=80 seed=1 file=people.ndjson",
            "source load file=people.ndjson format=ndjson",
            "export userid=b* file=first.igb",
            "bundle password 1 into=first.password",
        ])
        .ok();
    let person = house.ask("value", "user list userid=a* limit=1 format=ndjson");
    let person = person
        .split("\"userid\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a user id")
        .to_owned();
    // An exported user keeps the id of then, so that it takes a user whom the examples of 'export' leave out.
    let kept = house.ask("value", "user list userid=z* limit=1");
    let kept = kept.split('\t').next().expect("a user");
    house
        .master(&[&format!("migrate exclude userid='{kept}' reason=later")])
        .ok();
    house.file(
        "ids.csv",
        format!("userid,targetUserId\n{kept},{kept}.new\n"),
    );
    let group = house.ask("ndjson", "group list");
    let group = group
        .split("\"name\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a group")
        .to_owned();
    let in_bundle = house.ask("value", "user list exported=1 limit=1");
    let in_bundle = in_bundle.split('\t').next().expect("a user");
    house.file(
        "answers.csv",
        format!("user,record,outcome\n{in_bundle},qa,added\n"),
    );
    house.file(
        "audit.tsv",
        format!("Event\tResource Name\tMessage\nbulkidentityguard.edit.user\t{in_bundle}\t\n"),
    );
    let mut ran = 0;
    for command in igsh::shell::catalogue().commands {
        assert!(
            !command.examples.is_empty(),
            "{} has no example",
            command.path
        );
        let mut lines = Vec::new();
        for example in command.examples {
            // These ask on a terminal, end or replace the vault, or have a test of their own.
            let line = example.line;
            if [
                "login",
                "logout",
                "exit",
                "quit",
                "system init",
                "master password",
                "tenant verify",
                "tenant challenge",
                "run ",
                "tenant job stop",
                "tenant job resume",
            ]
            .iter()
            .any(|word| line.starts_with(word))
                || line == "bundle password 1"
            {
                continue;
            }
            let line = line
                .replace("asmith", &person)
                .replace("group=sales", &format!("group='{group}'"));
            lines.push(line);
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        house.master(&lines).ok();
        ran += lines.len();
    }
    assert!(ran > 30, "{ran}");
}

#[test]
fn every_example_of_the_readme_runs() {
    let house = House::with_vault();
    house
        .master(&["source generate users=80 seed=1 file=people.ndjson"])
        .ok();
    let readme = include_str!("../../README.md");
    let block = readme
        .split("```igsh\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a block");
    house.file("readme.igsh", block);
    house.logged_in(&["run", "readme.igsh"]).ok();
}

#[test]
fn check_reads_a_script_and_runs_nothing() {
    let house = House::empty();
    house.file(
        "good.igsh",
        "export group=$g file=x.igb\nforeach g in (group list) { export group=$g file=${g}.igb }\n",
    );
    house.igsh(&["check", "good.igsh"]).ok();
    assert!(!house.at("vault.db").exists());
    house.file(
        "bad.igsh",
        "user count\nuser cuont\nexport grup=x file=x.igb\n",
    );
    let ran = house
        .igsh(&["check", "bad.igsh"])
        .fails(2, &["bad.igsh:2:", "bad.igsh:3:", "E0101"]);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 2
    -- err
    bad.igsh:2:6: error[E0202]: there is no command 'user cuont'
      |
    2 | user cuont
      |      ^^^^^
      |
      = expected: list, get or count
      = help: did you mean 'count'?
    bad.igsh:3:8: error[E0101]: unknown attribute 'grup'
      |
    3 | export grup=x file=x.igb
      |        ^^^^ 'export' does not take it
      |
      = expected: file, overwrite, plan, skip-conflicts, keep-phase, strict, unassigned, yes, reason, format or an attribute ('help selection')
      = help: did you mean 'group'?
    "#);
}

#[test]
fn a_script_is_bound_whole_before_it_runs() {
    let house = House::with_people(5);
    house.file(
        "late.igsh",
        "source generate users=2 seed=1 file=made.ndjson\nuser cuont\n",
    );
    let screen = house.logged_in(&["run", "late.igsh"]).screen();
    insta::assert_snapshot!(screen, @r#"
    exit 2
    -- err
    late.igsh:2:6: error[E0202]: there is no command 'user cuont'
      |
    2 | user cuont
      |      ^^^^^
      |
      = expected: list, get or count
      = help: did you mean 'count'?
    "#);
    assert!(!house.at("made.ndjson").exists());
}

#[test]
fn plan_and_dry_run_change_nothing() {
    let house = House::with_people(30);
    house.master(&["export file=x.igb -plan"]).ok();
    house
        .logged_in(&["--dry-run", "-c", "export file=x.igb"])
        .ok();
    assert!(!house.at("x.igb").exists());
    assert_eq!(house.ask("json", "bundle list").trim(), "[]");
    assert_eq!(house.ask("value", "user count phase=exported"), "0\n");
}

#[test]
fn a_counted_yes_asserts_the_count() {
    let house = House::with_people(30);
    insta::assert_snapshot!(house.master(&["export file=x.igb yes=29"]).screen(), @r#"
    exit 1
    -- err
    warning: without a selection all users are chosen: 30 users
    error[E0604]: 30 would be affected, not 29; nothing was changed
    hint: check the selection, then give the number you expect
    "#);
    assert!(!house.at("x.igb").exists());
    house.master(&["export file=x.igb yes=30"]).ok();
}

#[test]
fn read_only_lets_nothing_change() {
    let house = House::with_people(10);
    let screen = house
        .igsh(&[
            "--read-only",
            "--login",
            "Master1",
            "--password-file",
            "m1.txt",
            "-c",
            "user count",
            "-c",
            "export file=x.igb",
        ])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 3
    -- out
    users: 10
    -- err
    error[E0603]: 'export' would change something, and this shell is read-only
    hint: start igsh without --read-only
    "#);
    assert!(!house.at("x.igb").exists());
}

/// The values of RFC 6030, figure 2, as a file of our own.
const PSKC: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
  <KeyPackage>
    <DeviceInfo><Manufacturer>Acme</Manufacturer><SerialNo>5550001</SerialNo></DeviceInfo>
    <Key Id="k1" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp">
      <AlgorithmParameters><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters>
      <Data>
        <Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>
        <TimeInterval><PlainValue>30</PlainValue></TimeInterval>
      </Data>
    </Key>
  </KeyPackage>
</KeyContainer>
"#;
