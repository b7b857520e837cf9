//! Bundles between igsh and the two Python programs that are written after its manual only.

use igsh::ambient::{CancelToken, Silent, SystemRandomness};
use igsh::bundle::{Account, Anchor, BlockEncoder, Error, Meta, Reader, Writer};
use igsh::crypto::{BundlePassword, kdf::Cost};
use igsh::model::bundle::{Card, CardState, Record, State, Token, User};
use igsh::model::{
    Algorithm, CardFacts, Contact, Group, Hash, Password, QaPair, RbaOverrides, Reason, TokenFacts,
    TokenKind,
};
use secrecy::{ExposeSecret as _, SecretSlice};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Whether Python and its packages are here; says so if not.
pub(crate) fn python_is_here() -> bool {
    let here = Command::new("python3")
        .args(["-c", "import argon2, cryptography, zstandard"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !here {
        eprintln!("skipped: python3 with cryptography, argon2-cffi and zstandard is not here");
    }
    here
}

pub(crate) fn read_with_python(password: &str, bundle: &Path) -> Output {
    let password_file = bundle.with_extension("password");
    fs::write(&password_file, password).unwrap();
    Command::new("python3")
        .arg(format!("{ROOT}/scripts/igsh-bundle-read.py"))
        .arg("--password-file")
        .args([&password_file, bundle])
        .output()
        .unwrap()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn secret(bytes: Vec<u8>) -> SecretSlice<u8> {
    SecretSlice::from(bytes)
}

/// A user with a secret of every kind, each with the number in it.
fn user(number: usize) -> Record {
    let facts = TokenFacts {
        hash: Some(Hash::Sha256),
        digits: Some(6),
        step: Some(30),
        drift: Some(-1),
        idp_url: Some("https://idp.example.com/\"quoted\"\\".into()),
        transactions: Some(false),
        last_used: "2026-01-02T03:04:05.000001Z".parse().ok(),
        comment: Some("line\nfeed \u{1} and \u{7f} ☃".into()),
        ..TokenFacts::new(
            "Entrust".into(),
            format!("{number:010}").into(),
            TokenKind::Soft,
            Algorithm::Totp,
        )
    };
    let token = Token {
        facts,
        state: Some(State::Active),
        seed: secret((0..=255).cycle().skip(number).take(64).collect()),
        unlock: Some(secret(vec![number as u8])),
    };
    let card = Card {
        facts: CardFacts {
            challenge_count: Some((1 << 53) - 1),
            cell_usage: Some(vec![0, number as u64]),
            ..CardFacts::new(number as u64, 1, 2)
        },
        state: Some(CardState::Active),
        cells: secret(format!("\u{2}{number:04}").into_bytes()),
    };
    Record::User(Box::new(User {
        user_id: format!("user{number}"),
        source_user_id: None,
        group: "sälés".into(),
        full_name: Some(format!("Ann{} Smith", "a".repeat(number % 300))),
        state: State::Active,
        aliases: vec!["an alias that makes the line longer than it would be without one".into()],
        contacts: vec![Contact {
            label: "Email".into(),
            value: "a@example.com".into(),
            default: true,
        }],
        qa: vec![QaPair {
            question: "Who?".into(),
            answer: secret(format!("änswer {number}").into_bytes()),
        }],
        passwords: vec![Password {
            name: None,
            value: secret(vec![b'p'; number % 50]),
            expires: None,
            must_change: Some(true),
        }],
        tokens: vec![token],
        cards: vec![card],
        location_history: vec![],
        expected_locations: vec![],
        rba: RbaOverrides::default(),
    }))
}

/// A bundle of one group and `users` users in `path`, and its password.
fn write(path: &Path, users: usize) -> String {
    let password = BundlePassword::generate(&SystemRandomness).unwrap();
    let meta = Meta {
        id: uuid::Uuid::new_v4(),
        created: "2026-11-22T14:00:00Z".parse().unwrap(),
        audit: Anchor {
            seq: 1,
            hash: [1; 32],
        },
        cost: Cost::FLOOR,
    };
    let out = File::create(path).unwrap();
    let mut writer = Writer::new(out, &meta, &password, &SystemRandomness).unwrap();
    let mut encoder = BlockEncoder::new().unwrap();
    let group = Record::Group(Group {
        name: "sälés".into(),
        default: true,
    });
    for record in std::iter::once(group).chain((0..users).map(user)) {
        if let Some(block) = encoder.push(&record).unwrap() {
            writer.write(&block).unwrap();
        }
    }
    if let Some(block) = encoder.finish().unwrap() {
        writer.write(&block).unwrap();
    }
    let account = Account {
        not_taken: &Reason::all().map(|reason| (reason, 1)).collect::<Vec<_>>(),
        selection: "export group=sälés",
        by: "Master1",
    };
    writer.finish(account).unwrap();
    password.display().expose_secret().to_owned()
}

#[test]
fn the_python_reader_reads_what_we_write() {
    if !python_is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("b.igb");
    let users = 2500;
    let password = write(&bundle, users);
    let output = read_with_python(&format!("{}\n", password.to_lowercase()), &bundle);
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines = printed.lines();
    assert_eq!(
        lines.next(),
        Some(r#"{"type":"group","name":"sälés","default":true}"#)
    );
    let mut count = 0;
    for (number, line) in lines.enumerate() {
        count += 1;
        let expected = format!(
            r#"{{"type":"user","userId":"user{number}","group":"sälés","fullName":"Ann{} Smith","state":"ACTIVE","aliases":["an alias that makes the line longer than it would be without one"],"contacts":[{{"label":"Email","value":"a@example.com","default":true}}],"qa":[{{"question":"Who?","answer":"{}"}}],"passwords":[{{"value":"{}","mustChange":true}}],"tokens":[{{"vendor":"Entrust","serial":"{number:010}","kind":"soft","algorithm":"totp","hash":"sha256","digits":6,"step":30,"drift":-1,"state":"ACTIVE","idpUrl":"https://idp.example.com/\"quoted\"\\","transactions":false,"lastUsed":"2026-01-02T03:04:05.000001Z","comment":"line\nfeed \u0001 and {} ☃","seed":"{}","unlock":"{}"}}],"cards":[{{"serial":{number},"state":"ACTIVE","challengeCount":9007199254740991,"cellUsage":[0,{number}],"rows":1,"columns":2,"cells":"{}"}}]}}"#,
            "a".repeat(number % 300),
            base64(format!("änswer {number}").as_bytes()),
            base64(&vec![b'p'; number % 50]),
            '\u{7f}',
            base64(&(0..=255).cycle().skip(number).take(64).collect::<Vec<u8>>()),
            base64(&[number as u8]),
            base64(format!("\u{2}{number:04}").as_bytes()),
        );
        assert_eq!(line, expected);
    }
    assert_eq!(count, users);
}

#[test]
fn the_python_reader_refuses_with_the_same_messages() {
    if !python_is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.igb");
    let password = write(&good, 100);
    let bytes = fs::read(&good).unwrap();
    let wrong = BundlePassword::generate(&SystemRandomness)
        .unwrap()
        .display();
    let wrong = wrong.expose_secret();
    let mut mistyped = password.clone();
    let digit = if mistyped.starts_with('A') { "B" } else { "A" };
    mistyped.replace_range(..1, digit);
    let flipped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    for (bytes, typed, message) in [
        (flipped(3), &*mistyped, "not an igsh bundle"),
        (flipped(20), &mistyped, "header is damaged"),
        (bytes.clone(), &mistyped, "mistyped"),
        (bytes.clone(), wrong, "wrong password"),
        (
            flipped(bytes.len() - 1000),
            &password,
            "damaged or cut at chunk",
        ),
        (
            bytes[..bytes.len() - 1].to_vec(),
            &password,
            "damaged or cut at chunk",
        ),
    ] {
        let bundle = folder.path().join("bad.igb");
        fs::write(&bundle, &bytes).unwrap();
        let output = read_with_python(typed, &bundle);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(message), "{message}: {said}");
        assert!(output.stdout.is_empty());
        let ours = Reader::open(std::io::Cursor::new(bytes), typed)
            .and_then(|mut reader| reader.verify(&Silent, &CancelToken::default()));
        let ours = ours.unwrap_err().to_string();
        assert!(ours.contains(message), "{message}: {ours}");
    }
}

#[test]
fn the_python_reader_reads_the_vector() {
    let vector = format!("{ROOT}/tests/vectors/igsh-bundle-1");
    if !python_is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("b.igb");
    fs::copy(format!("{vector}.igb"), &bundle).unwrap();
    let password = fs::read_to_string(format!("{vector}.password")).unwrap();
    let output = read_with_python(&password, &bundle);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "{\"type\":\"token\",\"group\":\"sales\",\"vendor\":\"HID\",\"serial\":\"1\",\"kind\":\"hardware\",\"algorithm\":\"totp\",\"hash\":\"sha1\",\"digits\":6,\"step\":30,\"state\":\"ACTIVE\",\"seed\":\"MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=\"}\n"
    );
}

#[test]
fn we_read_what_python_writes_from_the_manual() {
    if !python_is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("b.igb");
    let password = BundlePassword::generate(&SystemRandomness)
        .unwrap()
        .display();
    let password = password.expose_secret();
    let status = Command::new("python3")
        .arg(format!("{ROOT}/tests/it/bundle-write.py"))
        .args([password, bundle.to_str().unwrap()])
        .status()
        .unwrap();
    assert!(status.success());
    let cancel = CancelToken::default();
    let mut reader = Reader::open(File::open(&bundle).unwrap(), password).unwrap();
    assert_eq!(reader.header().tool, "0-python");
    let manifest = reader.verify(&Silent, &cancel).unwrap();
    assert_eq!((manifest.blocks, &*manifest.by), (4, "Master3"));
    assert_eq!(manifest.selection, "export \"x\"");
    assert_eq!(manifest.not_taken.last(), Some(&(Reason::QaLimit, 1)));
    let mut checked = reader.check(&Silent, &cancel).unwrap();
    let mut records = Vec::new();
    checked
        .records(&Silent, &cancel, |record| {
            records.push(record);
            Ok::<_, Error>(())
        })
        .unwrap();
    let [
        Record::Group(first),
        Record::Group(second),
        Record::User(user),
        Record::Token(token),
        Record::Card(card),
    ] = &records[..]
    else {
        panic!("other records: {records:?}");
    };
    assert_eq!((&*first.name, first.default), ("sales", false));
    assert_eq!(second.name, "😀\u{2028}");
    assert_eq!((&*user.user_id, user.state), ("a", State::Inactive));
    let assigned = &user.tokens[0];
    assert_eq!(
        (&*assigned.facts.vendor, assigned.facts.drift),
        ("Änn/\u{1}", Some(-3))
    );
    assert_eq!(assigned.facts.counter, Some((1 << 53) - 1));
    assert_eq!(assigned.seed.expose_secret(), b"");
    assert_eq!(assigned.unlock.as_ref().unwrap().expose_secret(), b"unlock");
    assert_eq!(user.cards[0].cells.expose_secret(), b"\x01AB");
    assert_eq!(user.cards[0].facts.cell_usage, Some(vec![]));
    assert_eq!(
        user.passwords[0].value.expose_secret(),
        "pässword".as_bytes()
    );
    assert_eq!(
        user.passwords[0].expires,
        "2026-01-02T03:04:05.25Z".parse().ok()
    );
    assert_eq!(token.token.seed.expose_secret(), &[b's'; 40_000][..]);
    assert_eq!(
        (card.card.facts.serial, card.card.cells.expose_secret()),
        (8, &b"\x02XY"[..])
    );
    // The strict Python reader agrees.
    let output = read_with_python(password, &bundle);
    assert_eq!(
        output.stdout.iter().filter(|byte| **byte == b'\n').count(),
        5,
        "{output:?}"
    );
}
