//! What a load may do unasked, and what it says when nothing came of it.

use crate::common::pty::Pty;
use crate::common::{House, LOGIN, Ran};

const LOAD: &str = "source load file=people.ndjson format=ndjson";

/// A full source of so many people, without an end record.
fn people(count: usize) -> Vec<String> {
    let mut lines = vec![
        r#"{"type":"schema","version":1,"system":"s","scope":"full"}"#.to_owned(),
        r#"{"type":"group","name":"hr"}"#.to_owned(),
    ];
    lines.extend((1..=count).map(user));
    lines
}

fn user(number: usize) -> String {
    format!(r#"{{"type":"user","group":"hr","userid":"u{number}"}}"#)
}

fn write(house: &House, lines: &[String]) {
    house.file("people.ndjson", lines.join("\n") + "\n");
}

/// A vault with so many people, and the file without some of them.
fn house(before: usize, now: usize) -> House {
    let house = House::with_vault();
    write(&house, &people(before));
    house.master(&[LOAD]).ok();
    write(&house, &people(now));
    house
}

/// Commands in one session without answers given beforehand.
fn unanswered(house: &House, more: &[&str], line: &str) -> Ran {
    house.logged_in(&[more, &["-c", line]].concat())
}

/// A live shell with Master1 logged in.
fn shell(house: &House) -> Pty {
    let mut shell = house.shell(&LOGIN);
    shell.wait_for_line("igsh (Master1)>");
    shell
}

fn here(house: &House) -> String {
    house.ask("value", "user count gone=no").trim().to_owned()
}

#[test]
fn a1_a_file_that_was_cut_is_refused_and_makes_no_user_gone() {
    let house = House::with_vault();
    house
        .master(&["source generate users=100 seed=3 file=people.ndjson", LOAD])
        .ok();
    let whole = house.read("people.ndjson");
    let lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    assert!(lines[0].ends_with(",\"end\":true}"), "{}", lines[0]);
    assert!(
        lines[lines.len() - 1].starts_with(r#"{"type":"end","users":100,"tokens":"#),
        "{}",
        lines[lines.len() - 1]
    );
    for rest in [1, 60, lines.len() - 1] {
        write(&house, &lines[..rest]);
        for line in [
            LOAD.to_owned(),
            format!("{LOAD} -yes"),
            format!("{LOAD} -skip-bad"),
        ] {
            house.master(&[&line]).fails(
                1,
                &[
                    "E0402",
                    "the file ends without its end record: it was cut; nothing was changed",
                    "get the file again",
                ],
            );
        }
        assert_eq!(here(&house), "100");
    }
    // Lines are missing in the middle.
    write(&house, &[&lines[..60], &lines[70..]].concat());
    insta::assert_snapshot!(house.master(&[LOAD]).screen(), @r#"
    exit 1
    -- err
    error[E0402]: people.ndjson: line 146, column 23, field 'users': the end record and the file do not agree: users 100 expected, 90 found; tokens 112, 101; cards 52, 47; nothing was changed
    hint: get the file again: lines are missing, or others were put in
    "#);
    write(&house, &[lines.clone(), lines].concat());
    insta::assert_snapshot!(house.master(&[LOAD]).screen(), @r#"
    exit 1
    -- err
    error[E0402]: people.ndjson: line 157: something stands behind the end record; nothing was changed
    hint: load files that were put together one by one: the end record is the last line
    "#);
    house.file("people.ndjson", &whole);
    let loaded = house.master(&[LOAD]).ok();
    insta::assert_snapshot!(loaded.screen(), @r#"
    exit 0
    -- err
    note: loaded 50 groups, 100 users, 112 tokens and 52 cards (100 of the users were there before)
    note: people.ndjson is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
}

#[test]
fn a1_a_full_file_without_an_end_record_is_loaded_with_a_note() {
    let house = House::with_vault();
    let note = "people.ndjson has no end record, so a cut would go unnoticed";
    let says = |lines: &[String], line: &str| {
        write(&house, lines);
        house.master(&[line]).ok().err.contains(note)
    };
    let with_end = |mut lines: Vec<String>| {
        lines.push(r#"{"type":"end","users":2,"tokens":0,"cards":0}"#.to_owned());
        lines
    };
    let delta = |lines: Vec<String>| -> Vec<String> {
        lines
            .iter()
            .map(|line| line.replace("full", "delta"))
            .collect()
    };
    assert!(says(&people(2), LOAD));
    assert!(says(&people(2), "source diff file=people.ndjson"));
    assert!(!says(&with_end(people(2)), LOAD));
    assert!(!says(&delta(people(2)), LOAD));
    assert!(!says(&delta(with_end(people(2))), LOAD));
}

#[test]
fn a1_more_than_the_limit_is_not_made_gone_by_a_blanket_yes() {
    let house = house(40, 37);
    let says = "3 of 40 users are not in people.ndjson and would be gone";
    // Neither on the line nor for the process.
    for refused in [
        unanswered(&house, &[], LOAD),
        unanswered(&house, &["--yes"], LOAD),
        unanswered(&house, &[], &format!("{LOAD} -yes")),
        unanswered(
            &house,
            &["--yes"],
            &format!("{LOAD} -yes -force -add-system -skip-bad"),
        ),
    ] {
        refused.fails(3, &["E0604", says, "nothing was changed", "-yes=3"]);
        assert_eq!(here(&house), "40");
    }
    // Another count is none.
    for refused in [
        unanswered(&house, &[], &format!("{LOAD} -yes=2")),
        unanswered(&house, &["--yes=40"], LOAD),
        unanswered(&house, &["--yes=3"], &format!("{LOAD} -yes=4")),
    ] {
        refused.fails(1, &["E0604", says, ", not ", "nothing was changed"]);
        assert_eq!(here(&house), "40");
    }
    let audit = house.ask("ndjson", "audit list code=9020");
    let failed = audit.lines().filter(|line| line.contains("failed"));
    assert_eq!(failed.count(), 7, "{audit}");
    unanswered(&house, &[], &format!("{LOAD} -yes=3")).ok();
    assert_eq!(here(&house), "37");
    // The same again makes none gone, and a count of three is refused.
    unanswered(&house, &[], LOAD).ok();
    unanswered(&house, &["--yes=3"], LOAD).ok();
    unanswered(&house, &[], &format!("{LOAD} -yes=0")).ok();
    insta::assert_snapshot!(unanswered(&house, &[], &format!("{LOAD} -yes=3")).screen(), @r#"
    exit 1
    -- err
    error[E0604]: 0 of 37 users are not in people.ndjson and would be gone, not 3; nothing was changed
    hint: check with 'source diff', then give the number you expect
    "#);
    // Those who are gone already do not count: one of 37 is within the limit.
    write(&house, &people(36));
    let loaded = unanswered(&house, &[], LOAD).ok();
    assert!(
        loaded.err.contains("1 user is not in this full load"),
        "{}",
        loaded.err
    );
    // A count for the process is asked for only where there is a question.
    write(&house, &people(30));
    unanswered(&house, &["--yes=6"], LOAD).ok();
    assert_eq!(here(&house), "30");
    // Nobody at all.
    write(&house, &people(0));
    insta::assert_snapshot!(unanswered(&house, &["--yes"], LOAD).screen(), @r#"
    exit 3
    -- err
    error[E0604]: 30 of 30 users are not in people.ndjson and would be gone; nothing was changed
    hint: check with 'source diff' whether the file was cut; if they have left, add -yes=30
    "#);
    let emptied = unanswered(&house, &[], &format!("{LOAD} -yes=30")).ok();
    assert!(
        emptied.err.contains("warning: no user was found"),
        "{}",
        emptied.err
    );
    assert_eq!(here(&house), "0");
}

#[test]
fn a1_the_limit_is_a_setting() {
    let house = house(40, 38);
    insta::assert_snapshot!(house.master(&["system set migrate.gone-limit=101"]).screen(), @r#"
    exit 1
    -- err
    error[E0501]: '101' is no value for migrate.gone-limit
    hint: give a number from 0 to 100, or default
    "#);
    house.master(&["system set migrate.gone-limit=4"]).ok();
    insta::assert_snapshot!(house.master(&[LOAD]).screen(), @r#"
    exit 3
    -- err
    error[E0604]: 2 of 40 users are not in people.ndjson and would be gone; nothing was changed
    hint: check with 'source diff' whether the file was cut; if they have left, add -yes=2
    "#);
    house
        .master(&["system set migrate.gone-limit=default", LOAD])
        .ok();
    write(&house, &people(37));
    house.master(&["system set migrate.gone-limit=0"]).ok();
    insta::assert_snapshot!(house.master(&[LOAD]).screen(), @r#"
    exit 3
    -- err
    error[E0604]: 1 of 38 users is not in people.ndjson and would be gone; nothing was changed
    hint: check with 'source diff' whether the file was cut; if they have left, add -yes=1
    "#);
    write(&house, &people(0));
    house
        .master(&["system set migrate.gone-limit=100", LOAD])
        .ok();
    assert_eq!(here(&house), "0");
}

#[test]
fn a1_users_of_another_system_do_not_count() {
    let house = house(4, 4);
    let other: Vec<String> = people(100)
        .iter()
        .map(|line| line.replace("\"s\"", "\"other\"").replace("hr", "it"))
        .collect();
    house.file("other.ndjson", other.join("\n"));
    house
        .master(&["source load file=other.ndjson format=ndjson -add-system"])
        .ok();
    write(&house, &people(3));
    insta::assert_snapshot!(house.master(&[LOAD]).screen(), @r#"
    exit 3
    -- err
    error[E0604]: 1 of 4 users is not in people.ndjson and would be gone; nothing was changed
    hint: check with 'source diff' whether the file was cut; if they have left, add -yes=1
    "#);
}

#[test]
fn a1_made_up_people_make_no_user_gone_unasked() {
    let house = House::with_people(30);
    let line = "source generate users=40 seed=2 -load";
    insta::assert_snapshot!(house.master(&[line]).screen(), @r#"
    exit 3
    -- err
    error[E0604]: 30 of 30 users are not among the made-up people and would be gone; nothing was changed
    hint: check with 'source diff' whether the file was cut; if they have left, add -yes=30
    "#);
    assert_eq!(here(&house), "30");
    house.master(&[&format!("{line} -yes=30")]).ok();
    assert_eq!(here(&house), "40");
}

#[test]
fn a1_a_dry_run_shows_how_many_would_be_gone() {
    let house = house(40, 30);
    for line in [LOAD, "source diff file=people.ndjson"] {
        let told = unanswered(&house, &["--dry-run", "--yes"], line).ok();
        for words in [
            "10 gone",
            "10 of 40 users are not in people.ndjson and would be gone",
            "nothing was changed",
        ] {
            assert!(told.err.contains(words), "{words}: {}", told.err);
        }
        assert_eq!(here(&house), "40");
    }
    let told = unanswered(
        &house,
        &["--dry-run"],
        "source generate users=3 seed=1 file=x.ndjson",
    )
    .ok();
    assert!(told.err.contains("this was a dry run"), "{}", told.err);
    assert!(!house.at("x.ndjson").exists());
}

#[test]
fn a1_the_question_is_asked_live_and_the_load_done_again() {
    let house = house(40, 30);
    for (answer, said) in [
        ("n", "not confirmed; nothing was changed"),
        ("y", "10 users are not in this full load"),
    ] {
        let mut shell = shell(&house);
        shell.send(&format!("{LOAD} -yes\r"));
        shell.wait_for("10 of 40 users are not in people.ndjson and would be gone. Load it? [y/N]");
        shell.send(&format!("{answer}\r"));
        shell.wait_for(said);
    }
    assert_eq!(here(&house), "30");
    // What is loaded after the question is what was asked about.
    write(&house, &people(20));
    let mut shell = shell(&house);
    shell.send(&format!("{LOAD}\r"));
    shell.wait_for("10 of 30 users");
    write(&house, &people(19));
    shell.send("y\r");
    shell.wait_for("the vault or the file changed after the question: 11 of 30 users");
    shell.wait_for_line("igsh (Master1)>");
    assert_eq!(here(&house), "30");
}

#[test]
fn a1_a_count_above_a_thousand_is_typed() {
    let house = house(1_100, 0);
    for (answer, said) in [
        ("y", "not confirmed"),
        ("1,000", "not confirmed"),
        ("1100", "no user was found"),
    ] {
        let mut shell = shell(&house);
        shell.send(&format!("{LOAD}\r"));
        shell.wait_for("Type 1,100 to go on:");
        shell.send(&format!("{answer}\r"));
        shell.wait_for(said);
        shell.wait_for_line("igsh (Master1)>");
    }
    assert_eq!(here(&house), "0");
}

#[test]
fn a1_a_pipe_is_not_read_twice() {
    let house = House::with_vault();
    write(&house, &people(40));
    house.master(&[LOAD]).ok();
    let cut = people(10).join("\n");
    let piped = |line: &str| {
        let program = env!("CARGO_BIN_EXE_igsh");
        house.private("cut", &cut);
        let mut shell = std::process::Command::new("sh");
        shell
            .env_clear()
            .current_dir(house.path())
            .envs(house.environment())
            .args([
                "-c",
                &format!(
                    "cat cut | {program} {} -c '{line}' 2>&1 | cat",
                    LOGIN.join(" ")
                ),
            ]);
        Ran::of(&mut shell).ok().out
    };
    let load = "source load file=/dev/stdin format=ndjson";
    let refused = piped(load);
    assert!(refused.contains("-yes=30"), "{refused}");
    // The bad lines could not be found again.
    let refused = piped(&format!("{load} -yes=30 -skip-bad"));
    assert!(
        refused.contains("a pipe cannot be read a second time"),
        "{refused}"
    );
    assert_eq!(here(&house), "40");
    let loaded = piped(&format!("{load} -yes=30"));
    assert!(
        loaded.contains("30 users are not in this full load"),
        "{loaded}"
    );
    assert_eq!(here(&house), "10");
    // Nor after a question.
    house
        .master(&["source load file=people.ndjson format=ndjson"])
        .ok();
    let pipe = house.at("pipe");
    Ran::of(std::process::Command::new("mkfifo").arg(&pipe)).ok();
    let mut shell = shell(&house);
    shell.send("source load file=pipe format=ndjson\r");
    std::fs::write(&pipe, &cut).unwrap();
    shell.wait_for("a pipe cannot be read again after a question; if they have left, add -yes=30");
    assert_eq!(here(&house), "40");
}

#[test]
fn a1_a_cut_behind_the_users_is_reported() {
    let house = House::with_vault();
    let with = |lines: &[&str]| {
        let mut all = people(3);
        all.extend(lines.iter().map(|line| (*line).to_owned()));
        write(&house, &all);
        house.master(&[LOAD]).ok().err
    };
    let token = r#"{"type":"token","group":"hr","vendor":"V","serial":"1","kind":"hardware","algorithm":"totp","seed":"MTIzNA=="}"#;
    let card = r#"{"type":"card","group":"hr","serial":7,"rows":1,"columns":1,"cells":["A"]}"#;
    with(&[token, card]);
    let said = with(&[]);
    for words in [
        "1 unassigned token is not in this full load any more",
        "1 unassigned card is not in this full load any more",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn what_was_left_out_is_loaded_once_it_is_corrected() {
    let house = House::with_vault();
    let mut lines = people(3);
    lines[0] = r#"{"type":"schema","version":1,"system":"s","systemVersion":"9","scope":"full","end":true}"#.to_owned();
    lines.insert(2, r#"{"type":"group","name":"it"}"#.to_owned());
    lines.insert(
        4,
        r#"{"type":"user","group":"it","userid":"bad","state":"on\nleave"}"#.to_owned(),
    );
    lines.push(r#"{"type":"token","group":"it","vendor":"V","serial":"1","kind":"hardware","algorithm":"totp","seed":"no base64"}"#.to_owned());
    lines.push(user(2));
    lines.push(r#"{"type":"end","users":5,"tokens":1,"cards":0}"#.to_owned());
    write(&house, &lines);
    insta::assert_snapshot!(house.master(&[LOAD]).screen(), @r#"
    exit 1
    -- err
    error[E0402]: people.ndjson: line 5, column 52, field 'state': 'on
    leave' is not a user state; nothing was changed
    hint: write one of these, exactly so: active, suspended
    "#);
    let skipped = house.master(&[&format!("{LOAD} -skip-bad")]);
    insta::assert_snapshot!(skipped.screen(), @r#"
    exit 5
    -- err
    note: loaded 2 groups, 3 users, 0 tokens and 0 cards
    note: 3 bad lines left out, each with its reason in people.ndjson.residue
    note: people.ndjson is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    let residue = house.read("people.ndjson.residue");
    let shown: Vec<&str> = residue.lines().collect();
    assert_eq!(
        shown[0],
        r#"{"type":"schema","version":1,"system":"s","systemVersion":"9","scope":"delta"}"#
    );
    assert_eq!(&shown[1..3], &lines[1..3]);
    for (place, line) in [(3, &lines[4]), (5, &lines[7]), (7, &lines[8])] {
        assert!(shown[place].starts_with("# line "), "{residue}");
        assert_eq!(shown[place + 1], line);
    }
    assert_eq!(shown.len(), 9);
    // A residue that is still there is not written over, and no record is lost for it.
    insta::assert_snapshot!(house.master(&[&format!("{LOAD} -skip-bad")]).screen(), @r#"
    exit 1
    -- err
    error[E0401]: cannot write people.ndjson.residue: it exists
    hint: name another file, or add -overwrite
    "#);
    // Two are corrected, and the double is taken out.
    let corrected = residue
        .replace("on\\nleave", "suspended")
        .replace("no base64", "MTIzNA==")
        .replace(&user(2), "");
    house.file("corrected.ndjson", corrected);
    let loaded = house
        .master(&["source load file=corrected.ndjson format=ndjson"])
        .ok();
    insta::assert_snapshot!(loaded.screen(), @r#"
    exit 0
    -- err
    note: loaded 2 groups, 1 user, 1 token and 0 cards
    note: corrected.ndjson is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    assert_eq!(here(&house), "4");
    assert_eq!(
        house
            .ask("value", "user count state=suspended group=it")
            .trim(),
        "1"
    );
}

#[test]
fn a1_a_user_in_a_bad_line_is_gone_until_it_is_corrected_and_the_load_says_so() {
    let house = house(30, 30);
    let mut lines = people(30);
    lines[5] = lines[5].replace('}', ",\"state\":\"on\"}");
    write(&house, &lines);
    let skipped = house.master(&[&format!("{LOAD} -skip-bad")]);
    assert_eq!(skipped.code, 5, "{}", skipped.err);
    for words in [
        "1 user is not in this full load",
        "users in bad lines are gone until the lines are corrected and loaded",
    ] {
        assert!(skipped.err.contains(words), "{words}: {}", skipped.err);
    }
    let corrected = house
        .read("people.ndjson.residue")
        .replace("\"on\"", "\"active\"");
    house.file("corrected.ndjson", corrected);
    house
        .master(&["source load file=corrected.ndjson format=ndjson"])
        .ok();
    assert_eq!(here(&house), "30");
}

#[test]
fn b5_a_load_of_no_user_says_so_and_why() {
    let house = House::with_vault();
    let schema = r#"{"type":"schema","version":1}"#;
    let group = r#"{"type":"group","name":"hr"}"#;
    let token = r#"{"type":"token","group":"hr","vendor":"V","serial":"1","kind":"hardware","algorithm":"totp","seed":"MTIzNA=="}"#;
    for (name, text, why) in [
        ("empty.ldif", String::new(), "it is empty"),
        (
            "version.ldif",
            "version: 1\n\n# nothing\n".to_owned(),
            "it holds none",
        ),
        (
            "unit.ldif",
            "dn: ou=hr,dc=x\nobjectClass: organizationalUnit\nou: hr\n".to_owned(),
            "1 entry passed over",
        ),
        (
            "nouid.ldif",
            "dn: cn=a,ou=hr,dc=x\nobjectClass: person\ncn: a\n".to_owned(),
            "1 entry passed over",
        ),
        ("schema.ndjson", format!("{schema}\n"), "it holds none"),
        (
            "group.ndjson",
            format!("{schema}\n{group}\n"),
            "it holds none",
        ),
        (
            "bad.ndjson",
            format!("{schema}\n{group}\n[1]\n[2]\n"),
            "2 bad lines left out",
        ),
        (
            "full.ndjson",
            format!(
                "{}\n{group}\n{token}\n",
                schema.replace("1}", "1,\"scope\":\"full\"}")
            ),
            "it holds none",
        ),
    ] {
        house.file(name, text);
        let format = name.rsplit('.').next().unwrap();
        let said = house.master(&[&format!(
            "source load file={name} format={format} -skip-bad"
        )]);
        assert_eq!(
            said.code,
            if name == "bad.ndjson" { 5 } else { 0 },
            "{name}: {}",
            said.err
        );
        let warning = format!("warning: no user was found in {name}: {why}");
        assert!(said.err.contains(&warning), "{warning}: {}", said.err);
        assert_eq!(
            said.err.matches("passed over").count(),
            usize::from(why.contains("passed over")),
            "{}",
            said.err
        );
    }
    // Tokens that come without their users are something.
    house.file("token.ndjson", format!("{schema}\n{group}\n{token}\n"));
    let said = house
        .master(&["source load file=token.ndjson format=ndjson"])
        .ok();
    insta::assert_snapshot!(said.screen(), @r#"
    exit 0
    -- err
    note: loaded 1 group, 0 users, 1 token and 0 cards
    note: token.ndjson is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    // Without a record there is no source either.
    for text in ["", "\n\n", "# nobody\n"] {
        house.file("none.ndjson", text);
        house
            .master(&["source load file=none.ndjson format=ndjson"])
            .fails(1, &["the file has no record"]);
    }
}

#[test]
fn b5_a_load_of_no_token_says_so_and_why() {
    let house = House::with_people(3);
    let xml = |inside: &str| {
        format!(
            "<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\">{inside}</KeyContainer>"
        )
    };
    let unknown = r#"<KeyPackage><DeviceInfo><Manufacturer>Y</Manufacturer><SerialNo>1</SerialNo></DeviceInfo>
<Key Id="1" Algorithm="http://www.yubico.com/#yubikey-aes"><Data><Secret><PlainValue>MTIzNA==</PlainValue></Secret></Data></Key></KeyPackage>"#;
    for (text, why) in [
        (xml(""), "it holds no key"),
        (xml(unknown), "1 key passed over: unknown kind of token"),
    ] {
        house.file("tokens.xml", text);
        let said = house.master(&["token load file=tokens.xml"]).ok();
        let warning = format!("warning: no token was found in tokens.xml: {why}");
        assert!(said.err.contains(&warning), "{warning}: {}", said.err);
    }
}

#[test]
fn b5_a_directory_of_no_user_says_so() {
    let house = House::with_vault();
    house
        .master(&["tenant init file=t.db passwords=masters.txt kdf=19456,2,1"])
        .ok();
    for (name, text) in [
        ("d.csv", "userid,email\n"),
        (
            "d.ldif",
            "dn: ou=x,dc=y\nobjectClass: organizationalUnit\nou: x\n",
        ),
    ] {
        house.file(name, text);
        let said = house
            .master(&[&format!("tenant sync file={name} tenant=t.db")])
            .ok();
        let warning = format!("warning: no user was found in {name}");
        assert!(said.err.contains(&warning), "{}", said.err);
    }
}
