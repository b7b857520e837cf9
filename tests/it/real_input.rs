//! The whole job on other people's files, read back by another program in another language.

use std::collections::BTreeMap;

use crate::common::{House, Ran, peer, shared};

/// Files of the PSKC samples that are plain and hold tokens of a kind that can migrate.
fn plain_pskc(folder: &std::path::Path) -> Vec<(String, Vec<serde_json::Value>)> {
    let expected: serde_json::Value = serde_json::from_str(
        &std::fs::read_to_string(folder.join("expected.json")).expect("expected.json"),
    )
    .expect("JSON");
    let mut files = Vec::new();
    for (name, entry) in expected.as_object().expect("an object") {
        let Some(keys) = entry["keys"].as_array() else {
            continue;
        };
        let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        if !entry["key"].is_null() || text.contains("EncryptedValue") || keys.is_empty() {
            continue;
        }
        files.push((name.clone(), keys.clone()));
    }
    files
}

#[test]
fn people_and_tokens_of_the_samples_arrive_in_the_bundle() {
    let (Some(ldif), Some(pskc)) = (
        shared("samples/ldif/openldap-test-ordered.ldif"),
        shared("samples/pskc"),
    ) else {
        return;
    };
    let python = Ran::of(
        std::process::Command::new("python3")
            .args(["-c", "import cryptography, argon2, zstandard"]),
    );
    if !peer("python3") || python.code != 0 {
        eprintln!("skipped: python3 lacks cryptography, argon2-cffi or zstandard");
        return;
    }
    let house = House::with_vault();
    house
        .master(&[&format!(
            "source load file='{}' format=ldif",
            ldif.display()
        )])
        .ok();
    let groups: Vec<String> = house
        .ask("ndjson", "group list")
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["name"]
                .as_str()
                .expect("a name")
                .to_owned()
        })
        .collect();
    let group = groups
        .iter()
        .find(|name| name.starts_with("Information"))
        .expect("the sample's group")
        .clone();

    let mut secrets: BTreeMap<String, usize> = BTreeMap::new();
    let mut loaded = 0;
    for (name, keys) in plain_pskc(&pskc) {
        let line = format!(
            "token load file='{}' format=pskc group='{group}'",
            pskc.join(&name).display()
        );
        let ran = house.master(&[&line]);
        if ran.code != 0 {
            // Another sample already brought the same key, or nothing says whose it is.
            let known = ["already", "no manufacturer", "no serial"];
            assert!(
                known.iter().any(|word| ran.err.contains(word)),
                "{name}: {}",
                ran.err
            );
            continue;
        }
        loaded += 1;
        for key in keys {
            let algorithm = key["algorithm"]
                .as_str()
                .unwrap_or_default()
                .to_ascii_lowercase();
            if let (Some(secret), true) = (key["secret"].as_str(), algorithm.contains("totp")) {
                *secrets.entry(secret.to_owned()).or_default() += 1;
            }
        }
    }
    assert!(loaded > 3, "{loaded} of the samples were loaded");

    house
        .master(&[
            "export group=Info* file=it.igb",
            "bundle password 1 into=it.password",
        ])
        .ok();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/igsh-bundle-read.py");
    let read = Ran::of(
        std::process::Command::new("python3")
            .arg(script)
            .arg("--password-file")
            .arg(house.at("it.password"))
            .arg(house.at("it.igb")),
    )
    .ok();
    let records: Vec<serde_json::Value> = read
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();

    // Every person of the directory in that unit, by uid, with the name and address that went in.
    let text = std::fs::read_to_string(&ldif)
        .expect("the sample")
        .replace("\n ", "");
    let mut people = 0;
    for entry in text
        .split("\n\n")
        .filter(|entry| entry.contains("ou=Information Technology Division,ou=People"))
    {
        let field = |name: &str| {
            entry.lines().find_map(|line| {
                let (key, value) = line.split_once(": ")?;
                key.eq_ignore_ascii_case(name).then(|| value.to_owned())
            })
        };
        let Some(uid) = field("uid") else { continue };
        people += 1;
        let user = records
            .iter()
            .find(|record| record["userId"] == uid.as_str())
            .unwrap_or_else(|| panic!("{uid} is missing"));
        assert_eq!(user["group"], group.as_str());
        assert_eq!(
            user["fullName"].as_str(),
            field("displayName").or_else(|| field("cn")).as_deref()
        );
        if let Some(mail) = field("mail") {
            assert!(user["contacts"].to_string().contains(&mail), "{uid}");
        }
    }
    assert!(people > 0);
    assert_eq!(
        records
            .iter()
            .filter(|record| record["type"] == "user")
            .count(),
        people
    );

    // Every seed of a time-based token, as python-pskc reads it from the same files.
    for secret in secrets.keys() {
        let seed = base64(&hex(secret));
        assert!(
            records
                .iter()
                .any(|record| record["type"] == "token" && record["seed"] == seed.as_str()),
            "the seed {secret} did not arrive"
        );
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex"))
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
