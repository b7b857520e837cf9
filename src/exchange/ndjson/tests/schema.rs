//! The published JSON Schema says what the code does.

use serde_json::{Map, Value, json};

use super::*;
use crate::model;

/// Where an object of each definition stands in the records below.
const PLACES: [(&str, &str, &[&str]); 16] = [
    ("schema", "/schema", wire::Schema::FIELDS),
    ("end", "/end", wire::End::FIELDS),
    ("group", "/group", wire::Group::FIELDS),
    ("user", "/user", wire::User::FIELDS),
    ("contact", "/user/contacts/0", wire::Contact::FIELDS),
    ("qaPair", "/user/qa/0", wire::QaPair::FIELDS),
    ("password", "/user/passwords/0", wire::Password::FIELDS),
    ("token", "/user/tokens/0", token::Wire::FIELDS),
    ("card", "/user/cards/0", wire::Card::FIELDS),
    ("location", "/user/location", wire::Location::FIELDS),
    (
        "locationEntry",
        "/user/location/history/0",
        wire::LocationEntry::FIELDS,
    ),
    (
        "overrides",
        "/user/location/overrides",
        wire::Overrides::FIELDS,
    ),
    (
        "notMigrated",
        "/user/notMigrated",
        wire::NotMigrated::FIELDS,
    ),
    ("unassignedToken", "/token", token::Wire::FIELDS),
    ("unassignedCard", "/card", wire::Card::FIELDS),
    ("unassignedCard", "/preproduced", wire::Card::FIELDS),
];

fn published() -> Value {
    serde_json::from_str(include_str!("../../../../grammar/igsh-source.schema.json")).unwrap()
}

/// A record of each kind with every field that it may have.
fn records() -> Value {
    let date = "2026-01-02T03:04:05Z";
    let token = json!({
        "vendor": "V", "serial": "1", "kind": "soft", "model": "M", "algorithm": "totp", "hash": "sha1", "digits": 6,
        "step": 30, "counter": 1, "drift": -1, "seed": "MTIzNA==", "state": "current", "activation": "activated",
        "idpUrl": "https://h", "transactions": true, "loadDate": date, "lastUsed": date, "expires": date,
        "issueNo": "1", "keyId": "k", "comment": "c", "unlock": "MTIzNA==",
    });
    let card = json!({
        "serial": 7, "state": "current", "created": date, "expires": date, "superseded": date, "usage": "none",
        "challengeCount": 1, "leastUsedCell": 1, "cellUsage": [1, 2], "rows": 1, "columns": 2, "cells": ["a", "b"],
    });
    let line = |kind: &str, base: &Value, more: Value, less: &[&str]| {
        let mut object = Map::from_iter([
            ("type".to_owned(), json!(kind)),
            ("x".to_owned(), json!({})),
        ]);
        object.extend(base.as_object().unwrap().clone());
        object.extend(more.as_object().unwrap().clone());
        object.retain(|key, _| !less.contains(&key.as_str()));
        Value::Object(object)
    };
    let usage = ["usage", "challengeCount", "leastUsedCell", "cellUsage"];
    json!({
        "schema": line("schema", &json!({}), json!({
            "version": 1, "system": "s", "systemVersion": "13", "scope": "full", "exported": date, "end": true,
        }), &[]),
        "end": line("end", &json!({}), json!({ "users": 0, "tokens": 0, "cards": 0 }), &[]),
        "group": line("group", &json!({}), json!({ "name": "other", "default": true }), &[]),
        "user": line("user", &json!({}), json!({
            "id": "1", "group": "sales", "userid": "a", "fullName": "A", "state": "active", "locale": "en",
            "aliases": ["b"], "lastAuth": date, "lockoutCount": 0,
            "contacts": [{ "label": "l", "value": "v", "default": true }],
            "qa": [{ "question": "q", "answer": "a" }],
            "passwords": [{ "name": "n", "value": "v", "expires": date, "mustChange": true }],
            "tokens": [token], "cards": [card],
            "location": {
                "history": [{ "country": "CA", "region": "ON", "city": "O", "isp": "i", "ip": "::1", "lastAuth": date }],
                "expected": ["CA"],
                "overrides": { "maxHistory": 1, "checkIp": true, "checkVelocity": true, "maxExpected": 1 },
            },
            "notMigrated": model::NotMigrated::NAMES.iter().map(|name| ((*name).to_owned(), json!(1))).collect::<Map<_, _>>(),
        }), &[]),
        "token": line("token", &token, json!({ "group": "sales" }), &["state"]),
        "card": line("card", &card, json!({ "group": "sales", "preproduced": false, "comment": "c" }), &["state"]),
        "preproduced": line("card", &card, json!({ "group": "sales", "preproduced": true }), &["state", usage[0], usage[1], usage[2], usage[3]]),
    })
}

/// What the reader says of the record that holds the object at `place`.
fn verdict(records: &Value, place: &str) -> Result<SourceRecord, Error> {
    let record = place.split('/').nth(1).unwrap();
    let text = records[record].to_string();
    if record == "schema" {
        return Reader::new(text.as_bytes())
            .next()
            .unwrap()
            .map(|(_, record)| record);
    }
    if record == "end" {
        let file = format!("{SCHEMA}\n{text}\n");
        let (_, last) = Reader::new(file.as_bytes()).last().unwrap()?;
        return Ok(last);
    }
    line(&text)
}

#[test]
fn its_fields_are_those_of_the_code() {
    let schema = published();
    for (definition, place, fields) in PLACES {
        let properties = schema["$defs"][definition]["properties"]
            .as_object()
            .unwrap();
        let records = records();
        let object = records.pointer(place).unwrap().as_object().unwrap();
        for field in fields {
            let mut changed = records.clone();
            // `null` is the same as absent in every field of the format.
            changed.pointer_mut(place).unwrap()[*field] = Value::Null;
            let known = match verdict(&changed, place) {
                Ok(_) => true,
                Err(error) => !error.what.starts_with("unknown field"),
            };
            let line_only =
                !known || (matches!(definition, "token" | "card") && !object.contains_key(*field));
            assert_eq!(
                properties.contains_key(*field),
                !line_only,
                "{definition}.{field}"
            );
        }
        for property in properties.keys() {
            assert!(
                fields.contains(&property.as_str()),
                "{definition}.{property} is in the schema only"
            );
        }
    }
}

#[test]
fn its_required_fields_are_those_of_the_code() {
    let schema = published();
    for (definition, place, _) in PLACES {
        let required = schema["$defs"][definition]["required"].as_array().unwrap();
        let records = records();
        assert!(
            verdict(&records, place).is_ok(),
            "{place}: {:?}",
            verdict(&records, place)
        );
        for field in records.pointer(place).unwrap().as_object().unwrap().keys() {
            for value in [None, Some(Value::Null)] {
                let mut changed = records.clone();
                let object = changed.pointer_mut(place).unwrap().as_object_mut().unwrap();
                object.remove(field);
                object.extend(value.map(|value| (field.clone(), value)));
                match verdict(&changed, place) {
                    Ok(_) => assert!(!required.contains(&json!(field)), "{definition}.{field}"),
                    Err(error) => {
                        assert!(
                            required.contains(&json!(field)),
                            "{definition}.{field}: {error}"
                        );
                        assert!(!error.hint.is_empty() && error.column.is_some());
                        if (definition, field.as_str()) != ("schema", "type") {
                            let path = place
                                .split('/')
                                .skip(2)
                                .chain([field.as_str()])
                                .collect::<Vec<_>>()
                                .join(".");
                            assert_eq!(error.field, path.replace(".0", "[0]"));
                            assert_eq!(error.what, "required, but missing");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn its_names_are_those_of_the_model() {
    let schema = published();
    for (definition, property, names) in [
        ("user", "state", model::UserState::NAMES),
        ("token", "kind", model::TokenKind::NAMES),
        ("token", "algorithm", model::Algorithm::NAMES),
        ("token", "hash", model::Hash::NAMES),
        ("token", "state", model::TokenState::NAMES),
        ("token", "activation", model::Activation::NAMES),
        ("unassignedToken", "activation", model::Activation::NAMES),
        ("card", "state", model::CardState::NAMES),
        ("card", "usage", model::Usage::NAMES),
    ] {
        let listed: Vec<&str> = schema["$defs"][definition]["properties"][property]["enum"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(listed, names, "{definition}.{property}");
    }
    let counted = schema["$defs"]["notMigrated"]["properties"]
        .as_object()
        .unwrap();
    assert!(
        model::NotMigrated::NAMES
            .iter()
            .all(|name| counted.contains_key(*name))
    );
    assert_eq!(counted.len(), model::NotMigrated::NAMES.len());
}
