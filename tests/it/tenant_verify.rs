//! That migrated authenticators work on the tenant: codes that another program computes from the source's seeds,
//! answers, passwords and cards, each from the file that went in.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use serde_json::Value;

use crate::common::{House, LOGIN, Ran, peer};

const TENANT: &str = "tenant=t.tenant";

/// A house whose people have all been exported and imported, and the records of the file that they came from.
fn migrated(users: u32) -> (House, Vec<Value>) {
    // Codes are computed by the machine's clock.
    let house = House::with_vault().on_machine_clock();
    house
        .master(&[
            &format!("source generate users={users} seed=11 file=people.ndjson"),
            "source load file=people.ndjson format=ndjson",
            "export file=all.igb",
            "bundle password 1 into=all.password",
            "tenant init file=t.tenant passwords=masters.txt kdf=19456,2,1",
            &format!("tenant import file=all.igb password-file=all.password {TENANT}"),
        ])
        .ok();
    let people = house
        .read("people.ndjson")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a record"))
        .filter(|record| record["type"] == "user")
        .collect();
    (house, people)
}

fn text<'a>(record: &'a Value, name: &str) -> &'a str {
    record[name].as_str().unwrap_or_default()
}

/// The tokens of a user that work on the target, by the rules of igsh-migration(7), WHAT GOES.
fn working(user: &Value) -> Vec<&Value> {
    let of_vendor = |token: &&Value| match text(token, "algorithm") {
        "totp" => true,
        "hotp" | "at" => ["HID", "Entrust"].contains(&text(token, "vendor")),
        _ => false,
    };
    let all = user["tokens"].as_array().into_iter().flatten();
    all.filter(|token| ["current", "pending"].contains(&text(token, "state")))
        .filter(|token| text(token, "kind") != "soft" || text(token, "activation") == "activated")
        .filter(of_vendor)
        .collect()
}

/// Whether the target takes the user as active.
fn is_active(user: &Value) -> bool {
    text(user, "state") != "suspended"
}

fn seconds() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    i64::try_from(now.as_secs()).expect("not so late")
}

/// What oathtool says that a token shows so many steps from where it should be.
fn oathtool(token: &Value, steps: i64) -> String {
    let seed = base64::engine::general_purpose::STANDARD
        .decode(text(token, "seed"))
        .expect("base64");
    let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    let hash = token["hash"].as_str().unwrap_or("sha1");
    let digits = token["digits"].as_u64().unwrap_or(6);
    let mut command = Command::new("oathtool");
    command.args(["--digits", &digits.to_string()]);
    if text(token, "algorithm") == "totp" {
        let step = token["step"].as_i64().unwrap_or(30);
        let drift = token["drift"].as_i64().unwrap_or(0);
        let now = seconds() + (drift + steps) * step;
        command.args([
            format!("--totp={hash}"),
            format!("--time-step-size={step}s"),
            format!("--now=@{now}"),
        ]);
    } else {
        assert_eq!(hash, "sha1", "oathtool knows no other");
        let counter = token["counter"].as_i64().unwrap_or(0) + steps;
        command.args(["--hotp", "--counter", &counter.to_string()]);
    }
    let ran = Ran::of(command.arg(hex)).ok();
    ran.out.trim().to_owned()
}

/// Runs the lines as a script of Master1.
fn script(house: &House, lines: &[String], options: &[&str]) -> Ran {
    house.file("verify.igsh", lines.join("\n"));
    house.logged_in(&[&["--format", "ndjson"], options, &["run", "verify.igsh"]].concat())
}

#[test]
fn codes_of_a_thousand_users_from_the_seeds_of_the_source() {
    if !peer("oathtool") {
        return;
    }
    let (house, people) = migrated(2_600);
    let random = RandomState::new();
    let mut chosen: Vec<(&Value, Vec<&Value>)> = people
        .iter()
        .filter(|user| is_active(user))
        .map(|user| (user, working(user)))
        .filter(|(_, tokens)| !tokens.is_empty())
        .collect();
    chosen.sort_by_key(|(user, _)| random.hash_one(text(user, "userid")));
    assert!(chosen.len() >= 1_000, "{}", chosen.len());
    let mut of_algorithm = HashMap::new();
    let lines: Vec<String> = chosen[..1_000]
        .iter()
        .map(|(user, tokens)| {
            let userid = text(user, "userid");
            let token = tokens[random.hash_one((userid, 1)) as usize % tokens.len()];
            let away = (random.hash_one((userid, 2)) % 8) as i64;
            *of_algorithm.entry(text(token, "algorithm")).or_insert(0) += 1;
            format!(
                "tenant verify user='{userid}' code={} token={} {TENANT}",
                oathtool(token, away),
                text(token, "serial"),
            )
        })
        .collect();
    for algorithm in ["totp", "hotp", "at"] {
        assert!(of_algorithm[algorithm] > 10, "{of_algorithm:?}");
    }
    let ran = script(&house, &lines, &[]).ok();
    let shown: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a record"))
        .collect();
    assert_eq!(shown.len(), 1_000);
    assert!(shown.iter().all(|row| row["result"] == "right"));
    // None of them is taken a second time.
    let again = script(&house, &lines[..50], &["--keep-going"]).fails(5, &["used before"]);
    assert_eq!(again.out, "");
    assert_eq!(
        again.err.matches("used before").count(),
        50,
        "{}",
        again.err
    );
}

/// One user who has a working token by this algorithm.
fn with_token<'a>(people: &'a [Value], algorithm: &str) -> (&'a str, &'a Value) {
    let found = people
        .iter()
        .filter(|user| is_active(user))
        .find_map(|user| {
            let token = working(user)
                .into_iter()
                .find(|token| text(token, "algorithm") == algorithm)?;
            Some((text(user, "userid"), token))
        });
    found.expect("somebody has one")
}

#[test]
fn windows_resynchronisation_and_lockout() {
    if !peer("oathtool") {
        return;
    }
    let (house, people) = migrated(300);
    for algorithm in ["totp", "at"] {
        let (user, token) = with_token(&people, algorithm);
        let verify = |rest: &str| {
            let serial = text(token, "serial");
            house.master(&[&format!(
                "tenant verify user={user} token={serial} {rest} {TENANT}"
            )])
        };
        let code = |steps| oathtool(token, steps);
        verify(&format!("code={}", code(60)))
            .fails(1, &["E0804", "60 steps after", "4 more failures"]);
        let pair = format!("code={} next-code={}", code(60), code(61));
        let ran = verify(&pair).ok();
        assert!(ran.out.contains("stepsAway"), "{}", ran.out);
        verify(&pair).fails(1, &["E0804"]);
        verify(&format!("code={}", code(64))).ok();
        for left in ["4 more", "3 more", "2 more", "1 more", "locked out now"] {
            verify("code=00000000").fails(1, &["E0804", left]);
        }
        let right = format!("code={}", code(66));
        verify(&right).fails(1, &["E0804", "locked out after 5 failures", "-unlock"]);
        house
            .master(&[&format!("tenant verify user={user} -unlock {TENANT}")])
            .ok();
        verify(&right).ok();
    }
    // Codes are nowhere: they are masked like any secret.
    let (user, _) = with_token(&people, "totp");
    let screen = house
        .master(&[&format!("tenant verify user={user} code=13572468 {TENANT}")])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0804]: wrong for nconceicao2, token HID 0120006135: it is not a code that it shows now
    hint: 4 more failures lock the user out
    "#);
    for name in ["t.tenant", "t.tenant-wal", "vault.db", "vault.db-wal"] {
        let bytes = std::fs::read(house.at(name)).unwrap_or_default();
        assert!(
            !bytes.windows(8).any(|window| window == b"13572468"),
            "{name}"
        );
    }
}

#[test]
fn answers_and_passwords_from_files() {
    let (house, people) = migrated(60);
    let person = people
        .iter()
        .find(|user| is_active(user))
        .expect("somebody");
    let user = text(person, "userid");
    let verify = |rest: &str| {
        house.master(&[&format!(
            "tenant verify user={user} {rest} answer-file=a.txt {TENANT}"
        )])
    };
    let pairs = person["qa"].as_array().expect("questions");
    for (pair, number) in pairs.iter().zip(1..) {
        house.private("a.txt", &format!("{}\n", text(pair, "answer")));
        let ran = verify(&format!("qa={number}")).ok();
        assert!(
            ran.out.contains(&format!("question {number}")),
            "{}",
            ran.out
        );
    }
    house.private("a.txt", "something else");
    insta::assert_snapshot!(verify("qa=1").screen(), @r#"
    exit 1
    -- err
    error[E0804]: wrong for lsmith, question 1: it is not the answer that is stored
    hint: 4 more failures lock the user out
    "#);
    insta::assert_snapshot!(verify("qa=99").screen(), @r#"
    exit 1
    -- err
    error[E0703]: lsmith has no question 99, only 1 to 3
    "#);
    house.private("a.txt", text(&person["passwords"][0], "value"));
    verify("password=default").ok();
    let ran = verify("password=hunter2").fails(1, &["E0703", "only default"]);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 1
    -- err
    error[E0703]: lsmith has no password of that name, only default
    "#);
    house.private("a.txt", "not it");
    insta::assert_snapshot!(verify("password=default").screen(), @r#"
    exit 1
    -- err
    error[E0804]: wrong for lsmith, the default password: it is not the password that is stored
    hint: 4 more failures lock the user out
    "#);
    // What is not a private file, not a user, or not one thing.
    house.file("open.txt", "x");
    let answers = house.dialogue(&[
        &format!("tenant verify user={user} qa=1 answer-file=open.txt {TENANT}"),
        &format!("tenant verify user=nobody-here code=123456 {TENANT}"),
    ]);
    insta::assert_snapshot!(answers, @r#"
    $ tenant verify user=lsmith qa=1 answer-file=open.txt tenant=t.tenant
    exit 3
    -- err
    error[E0602]: open.txt can be read by others (mode 0644), so no password is read from it
    hint: type: chmod 600 'open.txt'

    $ tenant verify user=nobody-here code=123456 tenant=t.tenant
    exit 1
    -- err
    error[E0703]: the tenant has no user 'nobody-here'
    hint: 'tenant user list' shows those there are
    "#);
    for (rest, word) in [
        ("", "nothing to verify"),
        ("code=123456 qa=1", "one thing"),
        ("qa=1 token=7", "go with code="),
        ("code=123456 answer-file=a.txt", "answer-file="),
        ("code=12a456", "not a digit"),
        ("code=123", "6 to 10 digits"),
    ] {
        house
            .master(&[&format!("tenant verify user={user} {rest} {TENANT}")])
            .fails(2, &[word]);
    }
    let screen = house
        .master(&[&format!("tenant verify user={user} qa=1 {TENANT}")])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 3
    -- err
    error[E0603]: the terminal cannot be used: No such device or address (os error 6)
    hint: run the command in an interactive terminal
    "#);
}

/// A user with a card in use, and the card as the source has it.
fn with_card(people: &[Value]) -> (&str, &Value) {
    let found = people
        .iter()
        .filter(|user| is_active(user))
        .find_map(|user| {
            let cards = user["cards"].as_array()?;
            let [card] = cards.as_slice() else {
                return None;
            };
            let far = text(card, "expires") > "2030";
            (text(card, "state") == "current" && far).then(|| (text(user, "userid"), card))
        });
    found.expect("somebody has one")
}

/// What stands in a cell such as `B3`, by its letter and digit.
fn cell<'a>(card: &'a Value, at: &str) -> &'a str {
    let column = (at.as_bytes()[0] - b'A') as usize;
    let row: usize = at[1..].parse().expect("a row");
    let columns = card["columns"].as_u64().expect("a size") as usize;
    card["cells"][(row - 1) * columns + column]
        .as_str()
        .expect("a cell")
}

fn response(card: &Value, challenge: &str) -> String {
    let cells: Vec<&str> = challenge.split(", ").map(|at| cell(card, at)).collect();
    cells.join(" ")
}

#[test]
fn a_card_answers_its_challenge() {
    let (house, people) = migrated(60);
    let (user, card) = with_card(&people);
    let line = format!("tenant challenge user={user} {TENANT}");
    let ask = || -> Value { serde_json::from_str(&house.ask("ndjson", &line)).expect("a record") };
    let first = ask();
    assert_eq!(first["card"], card["serial"]);
    let again = ask();
    assert_eq!(
        (&first["askedBefore"], &again["askedBefore"]),
        (&false.into(), &true.into())
    );
    assert_eq!(
        first["challenge"], again["challenge"],
        "the same until it is answered"
    );
    let cells = text(&first, "challenge");
    assert_eq!(cells.split(", ").count(), 3);
    let usage = |at: &str| {
        let columns = card["columns"].as_u64().expect("a size") as usize;
        let row: usize = at[1..].parse().expect("a row");
        let column = (at.as_bytes()[0] - b'A') as usize;
        card["cellUsage"][(row - 1) * columns + column].as_u64()
    };
    let mut counts: Vec<_> = card["cellUsage"]
        .as_array()
        .expect("counts")
        .iter()
        .map(Value::as_u64)
        .collect();
    counts.sort();
    let mut asked: Vec<_> = cells.split(", ").map(usage).collect();
    asked.sort();
    assert_eq!(asked, counts[..3], "the least used cells");
    let answered = format!("{line} answer-file=a.txt");
    house.private("a.txt", "00 00 00\n");
    insta::assert_snapshot!(house.master(&[&answered]).screen(), @r#"
    exit 1
    -- err
    error[E0804]: wrong for nconceicao2, card 10001: these are not the cells that were asked for
    hint: 4 more failures lock the user out
    "#);
    house.private(
        "a.txt",
        &format!("{}\n", response(card, cells).to_lowercase()),
    );
    house.master(&[&answered]).ok();
    assert_eq!(
        ask()["askedBefore"],
        Value::from(false),
        "answered, so others are asked"
    );
    let other = people
        .iter()
        .find(|user| is_active(user) && user["cards"].as_array().is_none_or(Vec::is_empty))
        .expect("somebody has no card");
    let screen = house
        .master(&[&format!(
            "tenant challenge user={} {TENANT}",
            text(other, "userid")
        )])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0703]: lsmith has no card
    "#);
}

#[test]
fn on_a_terminal_questions_and_cells_are_asked_for_unseen() {
    let (house, people) = migrated(60);
    let (user, card) = with_card(&people);
    let person = people
        .iter()
        .find(|person| text(person, "userid") == user)
        .expect("the user");
    let pair = &person["qa"][0];
    let mut shell = house.shell(&[&LOGIN[..], &["--tenant", "t.tenant"]].concat());
    shell.wait_for_line("igsh (Master1)>");
    shell.send(&format!("tenant verify user={user} qa=1\r"));
    shell.wait_for_line(&format!("{} ({user}):", text(pair, "question")));
    shell.send(&format!("{}\r", text(pair, "answer")));
    shell.wait_for("question 1");
    shell.wait_for_line("igsh (Master1)>");
    shell.send(&format!("tenant challenge user={user}\r"));
    shell.wait_for(" of card ");
    let screen = shell.text();
    let asked = screen
        .lines()
        .rev()
        .find(|line| line.contains(" of card "))
        .expect("the prompt");
    let cells = asked.split(" of card ").next().expect("the cells").trim();
    let response = response(card, cells);
    shell.send(&format!("{response}\r"));
    shell.wait_for(&format!("card {}", card["serial"]));
    shell.wait_for_line("igsh (Master1)>");
    let screen = shell.text();
    assert!(screen.matches("right").count() == 2, "{screen}");
    assert!(!screen.contains(text(pair, "answer")), "{screen}");
    assert!(!screen.contains(&response), "{screen}");
}
