//! The published JSON Schema and the manual say what the code does.

use super::samples::every_field;
use super::*;
use crate::model::{self, bundle};
use serde_json::{Value, json};

const MANUAL: &str = include_str!("../../../man/igsh-bundle.5");

/// Where an object of each definition stands in the records of [`records`].
const PLACES: [(&str, &str); 11] = [
    ("group", "/0"),
    ("user", "/1"),
    ("contact", "/1/contacts/0"),
    ("qaPair", "/1/qa/0"),
    ("password", "/1/passwords/1"),
    ("token", "/1/tokens/0"),
    ("card", "/1/cards/0"),
    ("location", "/1/locationHistory/0"),
    ("rba", "/1/rba"),
    ("unassignedToken", "/2"),
    ("unassignedCard", "/3"),
];

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../grammar/igsh-bundle.schema.json")).unwrap()
}

/// The records with every field, an unassigned state included.
fn records() -> Value {
    let mut json = Vec::new();
    for record in every_field() {
        encode::record(&record, &mut json, &mut encode::Arena::default()).unwrap();
    }
    let lines = std::str::from_utf8(&json).unwrap().lines();
    let mut records: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    records[2]["state"] = json!("ACTIVE");
    records[3]["state"] = json!("ACTIVE");
    Value::Array(records)
}

/// Writes a value with its type first and its secrets numbered in order.
fn write(value: &Value, name: &str, text: &mut String, secrets: &mut Vec<u8>, count: &mut u32) {
    match value {
        Value::Object(object) if object.contains_key("$secret") => {
            text.push_str(&format!("{{\"$secret\":{count}}}"));
            *count += 1;
            let secret: &[u8] = if name == "cells" { b"\x02ABCD" } else { b"s" };
            secrets.extend_from_slice(&(secret.len() as u32).to_be_bytes());
            secrets.extend_from_slice(secret);
        }
        Value::Object(object) => {
            let (first, rest): (Vec<_>, Vec<_>) =
                object.iter().partition(|(key, _)| *key == "type");
            text.push('{');
            for (index, (key, value)) in first.into_iter().chain(rest).enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&format!("{}:", json!(key)));
                write(value, key, text, secrets, count);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, name, text, secrets, count);
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// Whether the code takes the record in which `place` stands.
fn accepted(records: &Value, place: &str) -> bool {
    let record = &records[place[1..2].parse::<usize>().unwrap()];
    let (mut text, mut arena, mut count) = (String::new(), Vec::new(), 0);
    write(record, "", &mut text, &mut arena, &mut count);
    let mut secrets = json::Secrets::new(&arena);
    decode::record(&mut json::Parser::new(&text, &mut secrets)).is_ok()
}

#[test]
fn fields_are_those_of_the_code_and_of_the_manual() {
    let schema = schema();
    for (definition, place) in PLACES {
        let definition_schema = &schema["$defs"][definition];
        let records = records();
        assert!(accepted(&records, place));
        let object = records.pointer(place).unwrap().as_object().unwrap();
        let properties = definition_schema["properties"].as_object().unwrap();
        let names: Vec<_> = properties.keys().collect();
        assert_eq!(object.keys().collect::<Vec<_>>(), names, "{definition}");
        for name in names {
            let required = definition_schema["required"]
                .as_array()
                .unwrap()
                .contains(&json!(name));
            let mut without = records.clone();
            without
                .pointer_mut(place)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(name);
            assert_eq!(accepted(&without, place), !required, "{definition}.{name}");
            let documented = MANUAL.lines().any(|line| {
                line.strip_prefix(".It ").is_some_and(|item| {
                    item.split(", ")
                        .any(|known| known.trim_end_matches("\\(dg") == name)
                }) || line.starts_with(&format!(".Fa {name}"))
            });
            assert!(documented, "{name} is not in the manual");
        }
        let mut more = records.clone();
        more.pointer_mut(place).unwrap()["another"] = json!(true);
        assert!(!accepted(&more, place), "{definition}.another");
    }
}

#[test]
fn closed_sets_are_those_of_the_code() {
    let schema = schema();
    let known = |definition: &str, property: &str| {
        schema["$defs"][definition]["properties"][property]["enum"].clone()
    };
    for definition in ["token", "unassignedToken"] {
        assert_eq!(known(definition, "kind"), json!(model::TokenKind::NAMES));
        assert_eq!(
            known(definition, "algorithm"),
            json!(model::Algorithm::NAMES)
        );
        assert_eq!(known(definition, "hash"), json!(model::Hash::NAMES));
        assert_eq!(known(definition, "state"), json!(bundle::State::NAMES));
    }
    for definition in ["card", "unassignedCard"] {
        assert_eq!(known(definition, "state"), json!(bundle::CardState::NAMES));
        assert_eq!(known(definition, "usage"), json!(model::Usage::NAMES));
    }
    assert_eq!(known("user", "state"), json!(bundle::State::NAMES));
    for reason in model::Reason::all() {
        assert!(MANUAL.contains(reason.as_str()), "{}", reason.as_str());
    }
}
