//! A whole migration in three waves: the script that people adapt, with an interrupted export, answers with errors, and
//! a source that goes on living.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::common::House;

const USERS: usize = 1_200;
const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/scripts/progressive-migration.igsh"
);

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
fn wave(person: &Person) -> Option<usize> {
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

/// The target's answer: everybody added, but for those who failed and those it says nothing of.
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

/// The counts that the script shows, in its order.
fn counts(out: &str) -> Vec<u64> {
    out.lines()
        .filter_map(|line| {
            let number = line.strip_prefix("{\"users\":")?.strip_suffix('}')?;
            // Other records begin with a number of users too.
            number.parse().ok()
        })
        .collect()
}

fn start(house: &House, more: &[&str]) -> Child {
    house
        .session()
        .args(["--yes", "--format", "ndjson"])
        .args(more)
        .args(["run", SCRIPT, "source=people.ndjson", "later=later.ndjson"])
        .arg("idp=https://tenant.example.com/idp")
        .stdin(Stdio::null())
        // Files: a pipe that nobody reads would stop it.
        .stdout(std::fs::File::create(house.at("out.txt")).expect("a file"))
        .stderr(std::fs::File::create(house.at("err.txt")).expect("a file"))
        .spawn()
        .expect("igsh starts")
}

/// The end of the script: its exit status, what it printed, what it said.
fn end(house: &House, mut child: Child) -> (Option<i32>, String, String) {
    let status = child.wait().expect("it ends");
    (status.code(), house.read("out.txt"), house.read("err.txt"))
}

/// Waits until the second wave's bundle is being written, and interrupts.
fn interrupt_second_wave(house: &House, child: &mut Child) {
    let deadline = Instant::now() + Duration::from_secs(120);
    let writing = |house: &House| {
        std::fs::read_dir(house.path())
            .expect("the folder")
            .filter_map(Result::ok)
            .any(|entry| entry.file_name().to_string_lossy().starts_with(".w2.igb."))
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

#[test]
fn three_waves_with_everything_that_happens_in_between() {
    let house = House::with_vault();
    house
        .master(&[&format!(
            "source generate users={USERS} seed=11 file=people.ndjson"
        )])
        .ok();
    let source = house.read("people.ndjson");
    let people = people(&source);
    assert_eq!(people.len(), USERS);
    let of = |number: usize| -> Vec<&Person> {
        people
            .iter()
            .filter(|person| wave(person) == Some(number))
            .collect()
    };
    let (first, second, third) = (of(1), of(2), of(3));
    let excluded = USERS - first.len() - second.len() - third.len();
    assert!(excluded > 0);

    // Later two of the first wave have left, one of the second too, and three have a new token.
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
    house.file("w1.csv", answer(&first, 3, 1));
    let fresh: String = renewed
        .iter()
        .zip(0..)
        .map(|(person, place)| {
            format!(
                "{0},user,exists,\n{0},token Acme 99000{place},added,\n",
                person.userid
            )
        })
        .collect();
    house.file(
        "follow-up.csv",
        format!("user,record,outcome,message\n{fresh}"),
    );
    let second_there: Vec<&Person> = second
        .iter()
        .copied()
        .filter(|person| !left.contains(person.userid.as_str()))
        .collect();
    house.file("w2.csv", answer(&second_there, 2, 0));
    house.file("w3.csv", answer(&third, 1, 0));

    let mut child = start(&house, &[]);
    interrupt_second_wave(&house, &mut child);
    let (code, out, err) = end(&house, child);
    assert_eq!(code, Some(130), "{out}\n{err}");
    let (w1, w2, w3) = (
        first.len() as u64,
        second.len() as u64 - 1,
        third.len() as u64,
    );
    let imported = w1 - 3 - 1;
    // Staged, exported, imported, failed, migrated; then who left after an export, and who has something new; then
    // the second wave staged.
    assert_eq!(
        counts(&out),
        [w1, w1, imported, 3, imported, 2, 3, w2],
        "{err}"
    );
    assert!(!house.at("w2.igb").exists());
    let count = |selection: &str| -> u64 {
        let found = house.ask("value", &format!("user count {selection}"));
        found.trim().parse().expect("a number")
    };
    assert_eq!(
        count("phase=export wave=W2"),
        w2,
        "the interrupted wave is still staged"
    );
    assert_eq!(count("exported=yes wave=W2"), 0);

    let (code, out, err) = end(&house, start(&house, &["--keep-going"]));
    assert_eq!(code, Some(5), "{out}\n{err}");
    let migrated = imported + (w2 - 2) + (w3 - 1);
    let shown = counts(&out);
    assert_eq!(shown.last(), Some(&0), "nobody is left unnamed: {err}");
    assert_eq!(shown[shown.len() - 2], migrated, "{out}\n{err}");

    // Everybody is migrated or named.
    assert_eq!(count("phase=migrated"), migrated);
    assert_eq!(count("import=error"), 3 + 2 + 1);
    assert_eq!(count("excluded=yes"), excluded as u64);
    let named = house.read("not-migrated.csv");
    assert_eq!(named.lines().count() as u64 - 1, USERS as u64 - migrated);
    let refused = house.read("refused.csv");
    for person in [first[1], first[2], first[3]] {
        assert!(refused.contains(&person.userid), "{}", person.userid);
    }
    let why = house.ask("ndjson", &format!("migrate explain {}", first[1].userid));
    assert!(why.contains("the card is assigned elsewhere"), "{why}");
    let urls = house.read("idp-urls.csv");
    assert!(
        urls.lines()
            .skip(1)
            .all(|line| line.contains("https://tenant.example.com/idp"))
    );
    assert!(urls.lines().count() > 1);
    house.master(&["audit verify"]).ok();
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
