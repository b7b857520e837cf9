//! A whole migration in three waves: the scripts that people adapt, with an interrupted export, answers with errors or
//! without, and a source that goes on living.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::common::{House, Ran};

const USERS: usize = 1_200;
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");

/// A user of the source file.
struct Person {
    userid: String,
    suspended: bool,
    line: String,
}

/// The value of a text field of a JSON line; the fields of the schema come in a fixed order.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next()
}

fn people(source: &str) -> Vec<Person> {
    source
        .lines()
        .filter(|line| field(line, "type") == Some("user"))
        .map(|line| Person {
            userid: field(line, "userid").expect("a user id").to_owned(),
            suspended: field(line, "state") == Some("suspended"),
            line: line.to_owned(),
        })
        .collect()
}

/// Which wave a user goes in; none for those whom the script excludes.
fn wave_of(person: &Person) -> Option<usize> {
    let first = person.userid.chars().next().expect("a letter");
    if person.suspended && first == 's' {
        return None;
    }
    Some(match first {
        'a'..='f' => 1,
        'g'..='m' => 2,
        _ => 3,
    })
}

/// The target's answer: all users added, but for those who failed and those it says nothing of.
fn answer(users: &[&Person], failed: usize, silent: usize) -> String {
    let mut text = String::from("user,record,outcome,message\n");
    for (person, place) in users.iter().zip(0..).skip(silent) {
        text.push_str(&format!("{},user,added,\n", person.userid));
        if place < silent + failed {
            text.push_str(&format!(
                "{},card 1,error,the card is assigned elsewhere\n",
                person.userid
            ));
        }
    }
    text
}

/// A script of the folder, as its header says how to run it.
fn start(house: &House, options: &[&str], script: &str, variables: &[&str]) -> Child {
    house
        .session()
        .args(["--yes", "--format", "ndjson"])
        .args(options)
        .args(["run", &format!("{SCRIPTS}/{script}.igsh")])
        .args(variables)
        .stdin(Stdio::null())
        // Files: a pipe that is not read would stop it.
        .stdout(std::fs::File::create(house.at("out.txt")).expect("a file"))
        .stderr(std::fs::File::create(house.at("err.txt")).expect("a file"))
        .spawn()
        .expect("igsh starts")
}

fn end(house: &House, mut child: Child) -> Ran {
    let status = child.wait().expect("it ends");
    Ran {
        code: status.code().unwrap_or(-1),
        out: house.read("out.txt"),
        err: house.read("err.txt"),
        folder: Some(house.path().to_owned()),
    }
}

const IDP: &str = "idp=https://tenant.example.com/idp";

fn begin_wave(house: &House, label: &str, users: &str) -> Child {
    let (label, users) = (format!("wave={label}"), format!("users={users}"));
    start(house, &[], "progressive-migration", &[&label, &users, IDP])
}

fn wave(house: &House, label: &str, users: &str) -> Ran {
    end(house, begin_wave(house, label, users))
}

fn script(house: &House, options: &[&str], name: &str, variables: &[&str]) -> Ran {
    end(house, start(house, options, name, variables))
}

/// Waits until the second wave's bundle is being written, and interrupts.
fn interrupt_second_wave(house: &House, child: &mut Child) {
    let deadline = Instant::now() + Duration::from_secs(120);
    let writing = |house: &House| {
        std::fs::read_dir(house.path())
            .expect("the folder")
            .filter_map(Result::ok)
            .any(|entry| entry.file_name().to_string_lossy().starts_with(".W2.igb."))
    };
    while !writing(house) {
        let ended = child.try_wait().expect("a status");
        assert!(
            ended.is_none() && Instant::now() < deadline,
            "the second export never began: {}",
            house.read("err.txt")
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
}

fn count(house: &House, selection: &str) -> u64 {
    let found = house.ask("value", &format!("user count {selection}"));
    found.trim().parse().expect("a number")
}

fn bundles(house: &House) -> usize {
    house.ask("ndjson", "bundle list").lines().count()
}

/// A vault in which a migration goes on, and all users of its source but those who do not take part.
fn begun(users: usize) -> (House, String, Vec<Person>) {
    let house = House::with_vault();
    house
        .master(&[
            &format!("source generate users={users} seed=11 file=people.ndjson"),
            "source load file=people.ndjson format=ndjson",
            "migrate begin",
            "migrate exclude state=suspended userid=s* reason='on leave, they stay'",
        ])
        .ok();
    let source = house.read("people.ndjson");
    let people = people(&source);
    assert_eq!(people.len(), users);
    (house, source, people)
}

const FIRST: &str = "a*,b*,c*,d*,e*,f*";
const SECOND: &str = "g*,h*,i*,j*,k*,l*,m*";

#[test]
fn three_waves_with_everything_that_happens_in_between() {
    let (house, source, people) = begun(USERS);
    let of = |number: usize| -> Vec<&Person> {
        people
            .iter()
            .filter(|person| wave_of(person) == Some(number))
            .collect()
    };
    let (first, second, third) = (of(1), of(2), of(3));
    let excluded = USERS - first.len() - second.len() - third.len();
    assert!(excluded > 0);
    house.file("W1.csv", answer(&first, 3, 1));
    wave(&house, "W1", FIRST).ok();
    let imported = first.len() as u64 - 3 - 1;
    assert_eq!(count(&house, "phase=migrated"), imported);

    // Then two of the first wave have left, one of the second too, and three have a new token.
    let left: BTreeSet<&str> = [first[20], first[21], second[30]]
        .map(|person| person.userid.as_str())
        .into();
    let renewed: Vec<&Person> = vec![first[10], first[11], first[12]];
    let mut later = String::new();
    for line in source.lines() {
        let userid = field(line, "userid");
        if field(line, "type") == Some("user") && userid.is_some_and(|id| left.contains(id)) {
            continue;
        }
        // The counts would have to be those of the file.
        if field(line, "type") == Some("end") {
            continue;
        }
        match renewed.iter().position(|person| person.line == line) {
            None => later.push_str(line),
            Some(place) => later.push_str(&with_token(line, place)),
        }
        later.push('\n');
    }
    house.file("later.ndjson", later.replacen(",\"end\":true", "", 1));
    let load = "source load file=later.ndjson format=ndjson";
    house.master(&[load]).ok();

    // They stay migrated while their new tokens go; the answer is not there at once.
    let follow_up = ["out=follow-up"];
    script(&house, &[], "follow-up", &follow_up).fails(1, &["follow-up.csv"]);
    assert_eq!(count(&house, "phase=migrated"), imported);
    assert_eq!(bundles(&house), 2);
    let fresh: String = renewed
        .iter()
        .zip(0..)
        .map(|(person, place)| {
            let userid = &person.userid;
            format!("{userid},user,exists,\n{userid},token Acme 99000{place},added,\n")
        })
        .collect();
    let fresh = format!("user,record,outcome,message\n{fresh}");
    house.file("follow-up.csv", fresh);
    script(&house, &[], "follow-up", &follow_up).ok();
    assert_eq!(count(&house, "phase=migrated import=ok"), imported);
    assert_eq!(bundles(&house), 2);

    // An export that is interrupted leaves its wave staged, and the same command goes on.
    let second_there: Vec<&Person> = second
        .iter()
        .copied()
        .filter(|person| !left.contains(person.userid.as_str()))
        .collect();
    house.file("W2.csv", answer(&second_there, 2, 0));
    let mut child = begin_wave(&house, "W2", SECOND);
    interrupt_second_wave(&house, &mut child);
    end(&house, child).fails(130, &[]);
    assert!(!house.at("W2.igb").exists());
    assert_eq!(
        count(&house, "phase=export wave=W2"),
        second_there.len() as u64
    );
    assert_eq!(count(&house, "exported=yes wave=W2"), 0);
    wave(&house, "W2", SECOND).ok();
    house.file("W3.csv", answer(&third, 1, 0));
    wave(&house, "W3", "*").ok();
    let migrated = imported + (second_there.len() as u64 - 2) + (third.len() as u64 - 1);
    assert_eq!(count(&house, "phase=migrated"), migrated);
    assert_eq!(count(&house, "import=error"), 3 + 2 + 1);

    // Refused and unmentioned users keep the migration from ending, until a master says that they stay behind.
    script(&house, &[], "end-migration", &[]).fails(1, &["E0707", "7 users"]);
    let named = house.read("not-migrated.csv");
    assert_eq!(named.lines().count() as u64 - 1, USERS as u64 - migrated);
    let refused = house.read("refused.csv");
    for person in [first[1], first[2], first[3]] {
        assert!(refused.contains(&person.userid), "{}", person.userid);
    }
    let why = house.ask("ndjson", &format!("migrate explain {}", first[1].userid));
    assert!(why.contains("the card is assigned elsewhere"), "{why}");
    assert_eq!(house.read("left.csv").lines().count() - 1, 2);
    let urls = house.read("idp-urls.csv");
    let mut urls = urls.lines().skip(1).peekable();
    assert!(urls.peek().is_some());
    assert!(urls.all(|line| line.contains("https://tenant.example.com/idp")));
    house
        .master(&["migrate exclude phase=exported gone=no reason='they stay behind'"])
        .ok();
    script(&house, &[], "end-migration", &[]).ok();
    house.master(&["migrate end"]).fails(1, &["no migration"]);
    house.master(&["audit verify"]).ok();
}

#[test]
fn a2_a_wave_that_stops_anywhere_goes_on_where_it_was() {
    let (house, source, people) = begun(150);
    let first: Vec<&Person> = people
        .iter()
        .filter(|person| wave_of(person) == Some(1))
        .collect();
    let size = first.len() as u64;
    let state = || {
        let phases = ["none", "export", "exported", "imported", "migrated"];
        phases.map(|phase| count(&house, &format!("phase={phase} wave=W1")))
    };
    // The export fails at its beginning, at its password's file, and for want of the target's answer.
    house.file("W1.igb", "in the way");
    wave(&house, "W1", FIRST).fails(1, &["W1.igb' exists already"]);
    assert_eq!(state(), [0, size, 0, 0, 0]);
    assert_eq!(bundles(&house), 0);
    std::fs::remove_file(house.at("W1.igb")).expect("the file");
    for _ in 0..2 {
        wave(&house, "W1", FIRST).fails(
            1,
            &["progressive-migration.igsh:", "W1.csv", "no such file"],
        );
        assert_eq!(state(), [0, 0, size, 0, 0]);
    }
    assert_eq!(bundles(&house), 1, "nothing is exported twice");
    let verify = "bundle verify file=W1.igb password-file=W1.password";
    house.igsh(&["-c", verify]).ok();

    // Who comes meanwhile and would fit is not drawn in. With --keep-going nothing else comes of it.
    let group = field(&first[0].line, "group").expect("a group");
    let new = format!(
        "{{\"type\":\"user\",\"group\":\"{group}\",\"userid\":\"anewcomer\",\"state\":\"active\"}}"
    );
    let lines = source
        .lines()
        .filter(|line| field(line, "type") != Some("end"));
    let mut later: Vec<_> = lines.collect();
    later.push(&new);
    let later = later.join("\n").replacen(",\"end\":true", "", 1);
    house.file("later.ndjson", later);
    house
        .master(&["source load file=later.ndjson format=ndjson"])
        .ok();
    assert_eq!(count(&house, "userid=anewcomer phase=none"), 1);
    let arguments = ["wave=W1", &format!("users={FIRST}"), IDP];
    script(
        &house,
        &["--keep-going"],
        "progressive-migration",
        &arguments,
    )
    .fails(5, &["W1.csv"]);
    assert_eq!((state(), bundles(&house)), ([0, 0, size, 0, 0], 1));

    // The answer comes in parts.
    house.file("W1.csv", answer(&first, 0, 4));
    wave(&house, "W1", FIRST).ok();
    assert_eq!(state(), [0, 0, 4, 0, size - 4]);
    house.file("W1.csv", answer(&first, 0, 0));
    for _ in 0..2 {
        wave(&house, "W1", FIRST).ok();
        assert_eq!(state(), [0, 0, 0, 0, size]);
    }
    assert_eq!(bundles(&house), 1);
    // The next wave cannot be empty.
    wave(&house, "W9", "nobody*").fails(1, &["E0707"]);
}

#[test]
fn a2_a_migration_is_not_ended_while_users_are_missing() {
    let (house, _, _) = begun(60);
    let goes_on = || house.ask("ndjson", "migrate status").contains("began");
    for options in [&[][..], &["--keep-going"]] {
        script(&house, options, "end-migration", &[]).fails(1, &["E0707"]);
        assert!(goes_on());
        house
            .master(&["migrate begin"])
            .fails(1, &["a migration has been running"]);
    }
}

/// The line with one more token.
fn with_token(line: &str, place: usize) -> String {
    let token = format!(
        r#"{{"vendor":"Acme","serial":"99000{place}","kind":"hardware","algorithm":"totp","hash":"sha1","digits":6,"step":30,"seed":"MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=","state":"current"}}"#
    );
    match line.split_once("\"tokens\":[") {
        Some((before, rest)) => {
            let comma = if rest.starts_with(']') { "" } else { "," };
            format!("{before}\"tokens\":[{token}{comma}{rest}")
        }
        None => line.replacen(
            "\"type\":\"user\",",
            &format!("\"type\":\"user\",\"tokens\":[{token}],"),
            1,
        ),
    }
}
