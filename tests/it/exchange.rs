//! Foreign files of other projects, read in place.

use std::collections::BTreeMap;
use std::path::PathBuf;

use igsh::exchange::{ldif, pskc};
use igsh::model::{SourceRecord, Token, TokenKind};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// A folder of samples, where it is there.
fn samples(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/samples")
        .join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

#[test]
fn the_people_of_the_openldap_sample_are_read() {
    let Some(folder) = samples("ldif") else {
        return;
    };
    let path = folder.join("openldap-test-ordered.ldif");
    let mut reader = ldif::open(&path, ldif::Options::default()).unwrap();
    let (mut groups, mut users) = (Vec::new(), Vec::new());
    for item in reader.by_ref() {
        match item.unwrap().1 {
            SourceRecord::Group(group) => groups.push(group.name),
            SourceRecord::User(user) => users.push(user),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        groups,
        ["Information Technology Division", "Alumni Association"]
    );
    let names: Vec<&str> = users
        .iter()
        .map(|user| user.facts.userid.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "bjensen", "bjorn", "dots", "jaj", "jjones", "jdoe", "jen", "johnd", "melliot", "uham"
        ]
    );
    let counts = reader.counts();
    assert_eq!(
        (counts.people, counts.without_userid, counts.not_people),
        (10, 1, 8)
    );
    let bjensen = &users[0];
    assert_eq!(bjensen.facts.full_name.as_deref(), Some("Barbara Jensen"));
    let contacts: Vec<_> = bjensen
        .facts
        .contacts
        .iter()
        .map(|it| (it.label.as_str(), it.value.as_str(), it.default))
        .collect();
    assert_eq!(
        contacts,
        [
            ("Email", "bjensen@mailgw.example.com", true),
            ("Phone", "+1 313 555 9022", false),
            ("Home phone", "+1 313 555 2333", false),
        ]
    );
}

/// What `expected.json` says of one file, as far as it becomes tokens: by key id and serial.
fn expected_tokens(keys: &[Value]) -> BTreeMap<(String, String), &Value> {
    let text = |key: &Value, name: &str| key[name].as_str().unwrap_or_default().to_owned();
    keys.iter()
        .filter(|key| {
            let algorithm = text(key, "algorithm").to_lowercase();
            let otp = ["hotp", "totp", "ocra"]
                .iter()
                .any(|name| algorithm.ends_with(name))
                || algorithm.contains("#ocra-1:");
            let understood = key["policy"]["unknown_policy_elements"] != true;
            let named = key["serial"].is_string() || key["id"].is_string();
            otp && understood && named && key["secret"].is_string()
        })
        .map(|key| {
            let serial = if key["serial"].is_string() {
                text(key, "serial")
            } else {
                text(key, "id")
            };
            ((text(key, "id"), serial.replace('-', "")), key)
        })
        .collect()
}

fn assert_token(file: &str, token: &Token, expected: &Value, keys: &[Value]) {
    let secret = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(
        json!(secret(token.seed.expose_secret())),
        expected["secret"],
        "{file}"
    );
    let vendor = if expected["manufacturer"].is_string() {
        &expected["manufacturer"]
    } else {
        &expected["issuer"]
    };
    assert_eq!(json!(token.facts.vendor.as_str()), *vendor, "{file}");
    assert_eq!(
        json!(token.facts.model.as_deref()),
        expected["model"],
        "{file}"
    );
    assert_eq!(
        json!(token.facts.issue_no.as_deref()),
        expected["issue_no"],
        "{file}"
    );
    assert_eq!(json!(token.facts.counter), expected["counter"], "{file}");
    assert_eq!(json!(token.facts.step), expected["time_interval"], "{file}");
    assert_eq!(json!(token.facts.drift), expected["time_drift"], "{file}");
    assert_eq!(
        json!(token.facts.digits),
        expected["response_length"],
        "{file}"
    );
    let expiry = |date: &Value| -> Option<igsh::model::Moment> {
        let date = date.as_str()?;
        Some(
            date.parse()
                .or_else(|_| format!("{date}Z").parse())
                .unwrap(),
        )
    };
    let expires = [
        &expected["policy"]["expiry_date"],
        &expected["device_expiry_date"],
    ]
    .into_iter()
    .filter_map(expiry)
    .min();
    assert_eq!(token.facts.expires, expires, "{file}");
    let pin = keys
        .iter()
        .find(|key| key["id"].is_string() && key["id"] == expected["policy"]["pin_key_id"]);
    let pin = pin.map_or(Value::Null, |pin| pin["secret"].clone());
    assert_eq!(
        json!(token.unlock.as_ref().map(|pin| secret(pin.expose_secret()))),
        pin,
        "{file}"
    );
    assert_eq!((token.facts.kind, token.state), (TokenKind::Hardware, None));
}

#[test]
fn every_plain_pskc_sample_gives_what_a_careful_reader_gets_out_of_it() {
    let Some(folder) = samples("pskc") else {
        return;
    };
    let listed: Value =
        serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let (mut tokens, mut refused) = (0, 0);
    for (file, expected) in listed.as_object().unwrap() {
        let items: Vec<_> = pskc::open(&folder.join(file)).unwrap().collect();
        let errors = || items.iter().filter_map(|item| item.as_ref().err());
        let taken = || items.iter().filter_map(|item| item.as_ref().ok());
        let empty = Vec::new();
        let keys = expected["keys"].as_array().unwrap_or(&empty);
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let plain =
            !text.contains("EncryptedValue") && !text.contains("<EncryptionMethod Algorithm");
        let locked = keys.iter().any(|key| key["secret_error"].is_string());
        if !plain || locked || expected["error"].is_string() {
            assert_eq!(taken().count(), 0, "{file}");
            assert!(
                errors().all(|error| !error.hint.is_empty()) && errors().count() > 0,
                "{file}"
            );
            if keys.iter().any(|key| key["secret"].is_string()) || locked {
                let what = &errors().next_back().unwrap().what;
                assert!(what.contains("encrypted"), "{file}: {what}");
            }
            refused += 1;
            continue;
        }
        let wanted = expected_tokens(keys);
        assert_eq!(
            taken().count(),
            wanted.len(),
            "{file}: {:?}",
            errors().collect::<Vec<_>>()
        );
        for (_, token) in taken() {
            let key = (
                token.facts.key_id.as_deref().unwrap_or_default().to_owned(),
                token.facts.serial.to_string(),
            );
            assert_token(file, token, wanted[&key], keys);
            tokens += 1;
        }
        let forbidden = keys
            .iter()
            .filter(|key| key["policy"]["unknown_policy_elements"] == true)
            .count();
        let nameless = keys
            .iter()
            .filter(|key| key["serial"].is_null() && key["id"].is_null())
            .count();
        assert_eq!(
            errors().count(),
            forbidden.max(nameless),
            "{file}: {:?}",
            errors().collect::<Vec<_>>()
        );
    }
    assert!(
        tokens > 30 && refused > 25,
        "{tokens} tokens, {refused} refused"
    );
}

#[test]
fn hostile_pskc_files_are_refused() {
    let Some(folder) = samples("pskc-bad") else {
        return;
    };
    for file in ["entity-bomb.xml", "xxe.xml"] {
        let items: Vec<_> = pskc::open(&folder.join(file)).unwrap().collect();
        let [Err(error)] = items.as_slice() else {
            panic!("{file}: {items:?}")
        };
        assert!(error.fatal && error.what.contains("DOCTYPE"), "{error}");
    }
}
