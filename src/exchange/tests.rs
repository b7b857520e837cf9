//! The manual says what the code does, and its examples can be loaded.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{ldif, ndjson, pskc};
use crate::model::{SourceRecord, UserState};

const MANUAL: &str = include_str!("../../man/igsh-source.5");

/// The literal blocks of the manual that begin with `start`.
fn example(start: &str) -> String {
    let mut blocks = MANUAL
        .split(".Bd -literal\n")
        .skip(1)
        .filter_map(|rest| rest.split_once(".Ed\n"));
    let (block, _) = blocks.find(|(block, _)| block.starts_with(start)).unwrap();
    assert!(!block.contains('\\') && !block.lines().any(|line| line.starts_with(['.', '\''])));
    block.to_owned()
}

#[test]
fn the_example_of_the_source_format_can_be_loaded() {
    let file = example("{").replace("\n ", "");
    let records: Vec<SourceRecord> = ndjson::Reader::new(file.as_bytes())
        .map(|item| item.unwrap().1)
        .collect();
    assert_eq!(records.len(), 6);
    assert!(
        matches!(&records[2], SourceRecord::User(user) if user.facts.state == UserState::Active)
    );
    assert!(
        matches!(&records[3], SourceRecord::User(user) if user.cards.len() == 1 && user.qa.len() == 1)
    );
}

#[test]
fn the_example_of_ldif_can_be_loaded() {
    let file = example("version");
    let mut reader = ldif::Reader::new(file.as_bytes(), ldif::Options::default());
    let users: Vec<_> = reader
        .by_ref()
        .filter_map(|item| match item.unwrap().1 {
            SourceRecord::User(user) => Some((
                user.facts.group,
                user.facts.userid,
                user.facts.full_name,
                user.facts.state,
                user.facts.id,
            )),
            _ => None,
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        users,
        [
            (
                "Sales".into(),
                "asmith".into(),
                text("Anna Smith"),
                UserState::Active,
                text("7c9e6679-7425-40de-944b-e07fc1f90ae7")
            ),
            (
                "Finance".into(),
                "bo".into(),
                text("Bo"),
                UserState::Suspended,
                text("03020100-0504-0706-0809-0a0b0c0d0e0f")
            ),
        ]
    );
    assert_eq!(reader.counts().not_people, 1);
}

#[test]
fn the_example_of_pskc_can_be_loaded() {
    let file = example("<?xml");
    let mut reader = pskc::Reader::new(file.as_bytes());
    let (_, token) = reader.next().unwrap().unwrap();
    assert_eq!(
        (
            token.facts.vendor.as_str(),
            token.facts.serial.as_str(),
            token.facts.step
        ),
        ("Acme", "987654321", Some(30))
    );
    assert!(reader.next().is_none());
    assert!(reader.report().notices.is_empty());
}

/// The fields in a subsection of the manual, and those of them that are required.
fn fields(section: &str) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let (_, rest) = MANUAL.split_once(&format!("\n.Ss {section}\n")).unwrap();
    let text = rest.split("\n.S").next().unwrap();
    let items = || text.lines().filter_map(|line| line.strip_prefix(".It "));
    let required = items().filter_map(|item| item.strip_suffix("\\(dg"));
    (
        items().map(|item| item.trim_end_matches("\\(dg")).collect(),
        required.collect(),
    )
}

#[test]
fn the_manual_lists_the_fields_of_the_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../../grammar/igsh-source.schema.json")).unwrap();
    for (section, definition, besides) in [
        ("schema", "schema", None),
        ("end", "end", None),
        ("group", "group", None),
        ("user", "user", None),
        ("contact", "contact", None),
        ("pair", "qaPair", None),
        ("password", "password", None),
        ("token", "token", None),
        ("card", "card", None),
        ("location", "location", None),
        ("place", "locationEntry", None),
        ("overrides", "overrides", None),
        ("counts", "notMigrated", None),
        ("unassigned token", "unassignedToken", Some("token")),
        ("unassigned card", "unassignedCard", Some("card")),
    ] {
        let definition = &schema["$defs"][definition];
        let (mut listed, mut required) = fields(section);
        if let Some(section) = besides {
            let (more, needed) = fields(section);
            listed.extend(more);
            required.extend(needed.into_iter().filter(|name| *name != "state"));
        }
        let properties: BTreeSet<&str> = definition["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(listed, properties, "{section}");
        let needed: BTreeSet<&str> = definition["required"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(required, needed, "{section}");
    }
}
