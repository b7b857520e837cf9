//! Files that an older igsh made go on working: `tests/fixtures/0.1/README.md` says what they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use igsh::ambient::{Ambient, CancelToken, Silent};
use igsh::bundle::{Error, Reader};
use igsh::crypto::sha256;
use igsh::model::SecretBytes;
use igsh::model::bundle::{Card, Record, Token};
use igsh::store::audit::{Source, Who};
use igsh::store::{Column, Keys, Kind, SealedFile};
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::bundle::{python_is_here, read_with_python};
use crate::common::{House, PASSWORDS};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/0.1");
const FILES: [(&str, &str, &Kind); 2] = [
    ("vault", "vault.db", &igsh::vault::KIND),
    ("tenant", "rehearsal.tenant", &igsh::tenant::KIND),
];
const TENANT: &str = "tenant=rehearsal.tenant";

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(FIXTURES).join(name)
}

fn expected(name: &str) -> String {
    fs::read_to_string(fixture("expected").join(name)).expect(name)
}

/// A house with a copy of everything, in which `m1.txt` to `m3.txt` hold the passwords of the old masters.
pub(crate) fn house() -> House {
    let house = House::empty().on_machine_clock();
    let copy = |from: &str, to: &str| house.private_copy(&fixture(from), to);
    for number in 1..=PASSWORDS.len() {
        copy(
            &format!("master{number}.password"),
            &format!("m{number}.txt"),
        );
    }
    for name in [
        "vault.db",
        "rehearsal.tenant",
        "first.igb",
        "first.password",
        "second.igb",
        "second.password",
    ] {
        copy(name, name);
    }
    house
}

/// Each master logs in to both files, which brings them to today's schema.
pub(crate) fn log_all_in(house: &House) {
    for number in 1..=PASSWORDS.len() {
        let login = format!("Master{number}");
        let tenant = format!("tenant get tokens.account-max {TENANT}");
        let ran = house
            .master_number(number, &["whoami format=value", &tenant])
            .ok();
        assert!(ran.out.contains(&login), "{}", ran.out);
    }
}

/// The tables and columns of an older dump as they are now; what has come since does not count.
fn dump(db: &Connection, older: &str) -> String {
    let mut text = String::new();
    for head in older.lines().filter(|line| !line.starts_with("  ")) {
        let (table, columns) = head.split_once(": ").expect("a table and its columns");
        let quoted: Vec<String> = columns
            .split(", ")
            .map(|column| format!("quote({column})"))
            .collect();
        let sql = format!(
            "SELECT {} FROM \"{table}\" ORDER BY {columns}",
            quoted.join(" || ', ' || ")
        );
        text += head;
        text += "\n";
        let mut statement = db.prepare(&sql).expect(&sql);
        let rows = statement.query_map([], |row| row.get::<_, String>(0));
        for row in rows.expect(&sql) {
            text += &format!("  {}\n", row.expect(&sql));
        }
    }
    text
}

#[test]
fn the_tables_hold_what_they_held() {
    let house = house();
    for (file, version) in [("vault.db", 1002), ("rehearsal.tenant", 1001)] {
        let db = Connection::open(house.at(file)).expect(file);
        let found = db.pragma_query_value(None, "user_version", |row| row.get(0));
        assert_eq!(found, Ok(version), "{file} was made anew");
    }
    for moment in ["before a login", "after all logins"] {
        for (kind, file, _) in FILES {
            let older = expected(&format!("{kind}.dump"));
            let db = Connection::open(house.at(file)).expect(file);
            let now = dump(&db, &older);
            for (now, older) in now.lines().zip(older.lines()) {
                assert_eq!(now, older, "{kind} {moment}");
            }
            assert_eq!(now.len(), older.len(), "{kind} {moment}");
        }
        log_all_in(&house);
    }
}

#[test]
fn the_audit_is_whole_and_begins_with_the_same_entries() {
    let house = house();
    log_all_in(&house);
    house
        .master(&[
            "audit verify",
            "audit verify bundle=first.igb",
            "audit verify bundle=second.igb",
        ])
        .ok();
    for (kind, file, _) in FILES {
        let older = expected(&format!("{kind}.audit"));
        let db = Connection::open(house.at(file)).expect(file);
        let mut statement = db
            .prepare("SELECT lower(hex(hash)) || ' ' || body FROM audit ORDER BY seq")
            .expect("the audit");
        let now: Vec<String> = statement
            .query_map([], |row| row.get(0))
            .and_then(Iterator::collect)
            .expect("entries");
        for (now, older) in now.iter().zip(older.lines()) {
            assert_eq!(now, older, "{kind}");
        }
        assert!(
            now.len() > older.lines().count(),
            "the logins are entries too"
        );
    }
}

fn column(number: u16) -> Column {
    let all = [
        Column::Qa,
        Column::Password,
        Column::TokenSeed,
        Column::Card,
        Column::TokenUnlock,
        Column::BundlePassword,
        Column::ExportDigest,
        Column::TenantQa,
        Column::TenantPassword,
        Column::TenantTokenSeed,
        Column::TenantCard,
        Column::TenantTokenUnlock,
    ];
    let found = all.into_iter().find(|column| *column as u16 == number);
    found.unwrap_or_else(|| panic!("there is no column {number}"))
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Every sealed field of a file, opened.
fn secrets(db: &Connection, kind: &str, keys: &Keys) -> BTreeMap<String, String> {
    let mut opened = BTreeMap::new();
    let fields = fs::read_to_string(fixture("sealed-fields.tsv")).expect("the fields");
    for line in fields.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [of, number, sql] = parts[..] else {
            panic!("not a field: {line}");
        };
        if of != kind {
            continue;
        }
        let column = column(number.parse().expect("a number"));
        let mut statement = db.prepare(sql).expect(sql);
        let names = statement.column_count();
        let mut rows = statement.query([]).expect(sql);
        while let Some(row) = rows.next().expect(sql) {
            let what: String = row.get(0).expect("what it is");
            let sealed: Vec<u8> = row.get(1).expect("a sealed value");
            let owner: Vec<String> = (2..names)
                .map(|at| match row.get(at).expect("a name") {
                    Cell::Text(text) => text,
                    Cell::Integer(number) => number.to_string(),
                    other => panic!("{what}: {other:?}"),
                })
                .collect();
            let owner: Vec<&str> = owner.iter().map(String::as_str).collect();
            let plain = keys.open(column, &owner, &sealed);
            let plain = plain.unwrap_or_else(|error| panic!("{what}: {error}"));
            opened.insert(what, base64(&plain));
        }
    }
    opened
}

#[test]
fn every_sealed_field_opens_to_the_same_secret_for_each_master() {
    let house = house();
    let who = Who {
        host: "host".to_owned(),
        os_user: "anna".to_owned(),
        terminal: None,
        session: "1a2b3c4d".to_owned(),
        source: Source::Live,
        master: None,
        holder: None,
    };
    let ambient = Ambient::system();
    for (kind, name, sealed_file) in FILES {
        let older = expected(&format!("{kind}.secrets.json"));
        let older: BTreeMap<String, String> = serde_json::from_str(&older).expect("secrets");
        for number in 1..=PASSWORDS.len() {
            let mut file = SealedFile::open(&house.at(name), sealed_file).expect(name);
            let password = house.read(&format!("m{number}.txt"));
            let password = SecretBytes::from(password.trim_end().as_bytes().to_vec());
            let session = file
                .login(&format!("Master{number}"), &password, &who, &ambient)
                .expect("a login");
            let keys = session.keys().expect("keys");
            let db = Connection::open(house.at(name)).expect(name);
            assert_eq!(secrets(&db, kind, &keys), older, "{kind}, Master{number}");
        }
    }
}

/// Whether a record of today says all that an older one said.
fn says(now: &Value, older: &Value) -> bool {
    match (now, older) {
        (Value::Object(now), Value::Object(older)) => older
            .iter()
            .all(|(name, older)| now.get(name).is_some_and(|now| says(now, older))),
        (Value::Array(now), Value::Array(older)) => {
            now.len() == older.len() && now.iter().zip(older).all(|(now, older)| says(now, older))
        }
        _ => now == older,
    }
}

#[test]
fn commands_answer_as_the_older_program_did() {
    let house = house();
    let answers = expected("answers.ndjson");
    let answers: Vec<Value> = answers
        .lines()
        .map(|line| serde_json::from_str(line).expect("an answer"))
        .collect();
    // The ledger names the place where the bundles were made, and none lies here under that name.
    let mut args = vec!["--tenant", "rehearsal.tenant"];
    args.extend(["--quiet", "--format", "ndjson"]);
    for answer in &answers {
        args.extend(["-c", answer["command"].as_str().expect("a command")]);
        args.extend(["-c", "echo '----'"]);
    }
    let out = house.logged_in(&args).ok().out;
    let parts: Vec<&str> = out.split("----\n").collect();
    assert_eq!(parts.len(), answers.len() + 1);
    for (part, answer) in parts.iter().zip(&answers) {
        let now: Vec<Value> = part
            .lines()
            .map(|line| serde_json::from_str(line).expect("a record"))
            .collect();
        let (now, older) = (Value::from(now), &answer["records"]);
        assert!(
            says(&now, older),
            "{}: {now:#}\ninstead of {older:#}",
            answer["command"]
        );
    }
}

/// What a record of a bundle is called, and its secrets in order.
type Told = (String, Vec<String>);

fn told(record: &Record) -> Told {
    let token = |token: &Token| {
        let unlock = token.unlock.as_ref();
        let both = std::iter::once(&token.seed).chain(unlock);
        both.map(|secret| base64(secret.expose_secret()))
            .collect::<Vec<_>>()
    };
    let card = |card: &Card| base64(card.cells.expose_secret());
    match record {
        Record::Group(group) => (format!("group {}", group.name), Vec::new()),
        Record::User(user) => {
            let qa = user.qa.iter().map(|pair| &pair.answer);
            let words = qa.chain(user.passwords.iter().map(|one| &one.value));
            let secrets = words
                .map(|secret| base64(secret.expose_secret()))
                .chain(user.tokens.iter().flat_map(token))
                .chain(user.cards.iter().map(card));
            let source = user.source_user_id.as_deref().unwrap_or_default();
            let name = format!("user {} {} {source}", user.group, user.user_id);
            (name, secrets.collect())
        }
        Record::Token(one) => {
            let name = format!("token {} {}", one.group, one.token.facts.serial);
            (name, token(&one.token))
        }
        Record::Card(one) => {
            let name = format!("card {} {}", one.group, one.card.facts.serial);
            (name, vec![card(&one.card)])
        }
    }
}

/// The same of a line that the Python reader printed.
fn printed(record: &Value) -> Told {
    let text = |name: &str| record[name].as_str().unwrap_or_default();
    let items = |name: &str| record[name].as_array().cloned().unwrap_or_default();
    let secret = |record: &Value, name: &str| record[name].as_str().map(str::to_owned);
    let kind = text("type");
    let name = match kind {
        "group" => format!("group {}", text("name")),
        "user" => format!(
            "user {} {} {}",
            text("group"),
            text("userId"),
            text("sourceUserId")
        ),
        "card" => format!("card {} {}", text("group"), record["serial"]),
        _ => format!("{kind} {} {}", text("group"), text("serial")),
    };
    let mut secrets = Vec::new();
    secrets.extend(items("qa").iter().filter_map(|one| secret(one, "answer")));
    secrets.extend(
        items("passwords")
            .iter()
            .filter_map(|one| secret(one, "value")),
    );
    for token in items("tokens").iter().chain([record]) {
        secrets.extend(["seed", "unlock"].iter().filter_map(|of| secret(token, of)));
    }
    for card in items("cards").iter().chain([record]) {
        secrets.extend(secret(card, "cells"));
    }
    (name, secrets)
}

#[test]
fn the_bundles_verify_and_hold_the_same_records() {
    let house = house();
    for (number, bundle) in (1..).zip(["first", "second"]) {
        house
            .igsh(&[
                "-c",
                &format!("bundle verify file={bundle}.igb password-file={bundle}.password"),
            ])
            .ok();
        house
            .master(&[&format!("bundle password {number} into=again-{bundle}")])
            .ok();
        let password = house.read(&format!("{bundle}.password"));
        assert_eq!(house.read(&format!("again-{bundle}")), password);

        let cancel = CancelToken::default();
        let file = fs::File::open(house.at(&format!("{bundle}.igb"))).expect(bundle);
        let reader = Reader::open(file, password.trim_end()).expect(bundle);
        let mut checked = reader.check(&Silent, &cancel).expect(bundle);
        let mut records = Vec::new();
        checked
            .records(&Silent, &cancel, |record| {
                records.push(told(&record));
                Ok::<_, Error>(())
            })
            .expect(bundle);
        let older: Vec<Told> = expected(&format!("{bundle}.ndjson"))
            .lines()
            .map(|line| printed(&serde_json::from_str(line).expect("a record")))
            .collect();
        assert_eq!(records, older, "{bundle}");
    }
}

#[test]
fn the_python_reader_reads_the_old_bundles() {
    if !python_is_here() {
        return;
    }
    let house = house();
    for bundle in ["first", "second"] {
        let password = house.read(&format!("{bundle}.password"));
        let output = read_with_python(&password, &house.at(&format!("{bundle}.igb")));
        assert!(output.status.success(), "{output:?}");
        assert_eq!(
            String::from_utf8(output.stdout).expect("UTF-8"),
            expected(&format!("{bundle}.ndjson"))
        );
    }
}

#[test]
fn the_old_tenant_verifies_and_takes_another_bundle() {
    let house = house();
    house.private("answer.txt", "elena-has-one\n");
    house.private("rex.txt", "Rex\n");
    // RFC 4226 with the seed and the counter of the source, computed by another program.
    let code = "131173";
    house
        .master(&[
            &format!("tenant verify user=Dario.Target code={code} {TENANT}"),
            &format!("tenant verify user=elena password=default answer-file=answer.txt {TENANT}"),
            &format!("tenant verify user=Dario.Target qa=1 answer-file=rex.txt {TENANT}"),
        ])
        .ok();
    let screen = house
        .master(&[&format!(
            "tenant verify user=Dario.Target code={code} {TENANT}"
        )])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0804]: wrong for Dario.Target, token HID 1000000031: it, or a later one, was used before
    hint: 4 more failures lock the user out
    "#);
    house
        .master(&[&format!(
            "tenant import file=second.igb password-file=second.password {TENANT}"
        )])
        .ok();
    let jobs = house.ask("ndjson", &format!("tenant job list {TENANT}"));
    assert_eq!(jobs.lines().count(), 2, "{jobs}");
}

#[test]
fn work_goes_on_in_the_old_vault() {
    let house = house();
    house
        .master(&[
            "system set migrate.qa-limit=7",
            "migrate include userid=j*",
            "migrate exclude userid=bruno reason=later",
            "migrate retreat to=none userid=amara.okeke",
            "export file=third.igb -skip-conflicts",
            "bundle password 3 into=third.password",
            "bundle verify file=third.igb password-file=third.password",
            "source generate users=3 seed=2 file=more.ndjson",
            "source load file=more.ndjson format=ndjson -add-system",
            "audit verify bundle=third.igb",
        ])
        .ok();
    log_all_in(&house);
    let bundles = house.ask("ndjson", "bundle list");
    assert_eq!(bundles.lines().count(), 3, "{bundles}");
    house
        .master(&["audit verify", "bundle password 1 into=again"])
        .ok();
    assert_eq!(house.read("again"), house.read("first.password"));
}

#[test]
fn the_live_shell_recalls_the_old_history() {
    let house = house();
    let vault = house.at("vault.db");
    let name = sha256(vault.as_os_str().as_encoded_bytes());
    let name: String = name[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    fs::create_dir_all(house.at("home/state/igsh")).expect("the folder");
    let history = format!("home/state/igsh/history-{name}");
    house.private_copy(&fixture("history"), &history);
    let mut shell = house.terminal((160, 40), &[], &[]);
    shell.wait_for_line("igsh>");
    shell.send("\x1b[A");
    shell.wait_for_line("igsh> exit");
    shell.send("\x03");
    shell.wait_for_line("igsh>");
    shell.send("history list format=ndjson\r");
    shell.wait_for("help export");
    shell.wait_for_line("igsh>");
    let shown = shell.text();
    for line in [
        "echo 'Zürich ☃'",
        "user list userid=a* limit=2",
        "user cuont",
        "tenant verify user=amara code= tenant",
    ] {
        assert!(shown.contains(line), "{line} is not in:\n{shown}");
    }
    assert!(!shown.contains("13572400") && !shown.contains("not kept"));
    shell.send("\x04");
    assert_eq!(shell.exit_code(), 0);
}
