use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization as _;

use super::*;
use crate::crypto::{hex, sha256};
use crate::exchange::ndjson::{Reader, Writer};
use crate::model::{Activation, TokenKind, TokenState};

fn file(users: u64, seed: u64, duplicates: u64) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for record in generate(users, seed, duplicates).unwrap() {
        writer.record(&record).unwrap();
    }
    writer.finish().unwrap()
}

fn users(count: u64, duplicates: u64) -> impl Iterator<Item = User> {
    generate(count, 7, duplicates)
        .unwrap()
        .filter_map(|record| match record {
            SourceRecord::User(user) => Some(*user),
            _ => None,
        })
}

fn folded(text: &str) -> String {
    caseless::default_case_fold_str(&text.nfc().collect::<String>())
        .nfc()
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_file_and_another_seed_another_one() {
    assert_eq!(file(300, 1, 3), file(300, 1, 3));
    assert_ne!(file(300, 1, 3), file(300, 2, 3));
    // The people, without the record that only counts them.
    let text = String::from_utf8(file(1000, 1, 0)).unwrap();
    let (people, _) = text.split_once("{\"type\":\"end\"").unwrap();
    let people = people.replacen(",\"end\":true}", "}", 1);
    assert_eq!(
        hex(&sha256(people.as_bytes())),
        "ff5e4c0c79eaf7d600db3cc28949b6813e878f6b36645ff5b6e9f6535632a080",
        "measurements are compared by this population; a change makes them a new series"
    );
}

#[test]
fn the_reader_takes_the_file_and_the_writer_gives_it_back() {
    let file = file(2000, 3, 10);
    let mut writer = Writer::new(Vec::new());
    for item in Reader::new(&file[..]) {
        writer.record(&item.unwrap().1).unwrap();
    }
    assert!(writer.finish().unwrap() == file);
}

#[test]
fn it_holds_what_a_population_holds() {
    let population = generate(10_000, 7, 0).unwrap();
    let total = population.total();
    let records: Vec<SourceRecord> = population.collect();
    assert_eq!(records.len() as u64, total);
    let count = |wanted: fn(&SourceRecord) -> bool| records.iter().filter(|it| wanted(it)).count();
    assert_eq!(count(|it| matches!(it, SourceRecord::Group(_))), 50);
    assert_eq!(
        count(|it| matches!(it, SourceRecord::Group(group) if group.default)),
        1
    );
    assert_eq!(count(|it| matches!(it, SourceRecord::Token(_))), 200);
    assert_eq!(count(|it| matches!(it, SourceRecord::Card(_))), 200);
    assert_eq!(
        count(|it| matches!(it, SourceRecord::Card(card) if card.preproduced)),
        100
    );

    let users: Vec<User> = users(10_000, 0).collect();
    let sum = |count: fn(&User) -> usize| users.iter().map(count).sum::<usize>();
    assert_eq!(users.len(), 10_000);
    assert_eq!(sum(|user| user.facts.contacts.len()), 20_000);
    assert_eq!(sum(|user| user.facts.aliases.len()), 10_000);
    assert_eq!(sum(|user| user.qa.len()), 30_000);
    assert_eq!(sum(|user| user.passwords.len()), 10_000);
    assert_eq!(sum(|user| user.tokens.len()), 12_000);
    assert_eq!(sum(|user| user.cards.len()), 5_000);
    assert_eq!(sum(|user| user.facts.location.history.len()), 10_000);
    assert!(users.iter().all(|user| {
        user.cards
            .iter()
            .all(|card| (card.facts.rows, card.facts.columns) == (5, 10))
    }));

    let tokens = || users.iter().flat_map(|user| &user.tokens);
    for state in TokenState::ALL {
        assert!(tokens().any(|token| token.state == Some(*state)), "{state}");
    }
    for activation in Activation::ALL {
        assert!(
            tokens().any(|token| token.activation == Some(*activation)),
            "{activation}"
        );
    }
    let soft = tokens()
        .filter(|token| token.facts.kind == TokenKind::Soft)
        .count();
    assert!((3_000..5_000).contains(&soft), "{soft}");
    let vendors: HashSet<&str> = tokens().map(|token| token.facts.vendor.as_str()).collect();
    assert!(
        vendors.is_superset(&HashSet::from(["Entrust", "HID", "Yubico"])),
        "{vendors:?}"
    );
    let share = |wanted: fn(&User) -> bool| users.iter().filter(|user| wanted(user)).count();
    assert!((200..400).contains(&share(|user| user.facts.state == UserState::Suspended)));
    assert!((800..1200).contains(&share(|user| !user.facts.not_migrated.is_empty())));
    assert!((700..=1000).contains(&share(|user| user.facts.userid.starts_with('a'))));
    assert!(share(|user| !user.facts.location.expected.is_empty()) > 1000);
    assert!(share(|user| !user.facts.location.overrides.is_empty()) > 300);
    assert!(
        share(|user| !user
            .facts
            .full_name
            .as_deref()
            .unwrap_or_default()
            .is_ascii())
            > 1000
    );
    assert!(share(|user| !user.facts.userid.is_ascii()) > 100);
    assert!(share(|user| user.tokens.len() > 10) == 10);
}

#[test]
fn names_serials_and_ids_are_unique_over_everything() {
    let mut names = HashSet::new();
    let mut serials = HashSet::new();
    let mut cards = HashSet::new();
    let mut ids = HashSet::new();
    for record in generate(30_000, 11, 0).unwrap() {
        match record {
            SourceRecord::User(user) => {
                assert!(
                    names.insert(folded(&user.facts.userid)),
                    "{}",
                    user.facts.userid
                );
                assert!(
                    names.insert(folded(&user.facts.aliases[0])),
                    "{}",
                    user.facts.aliases[0]
                );
                assert!(ids.insert(user.facts.id.unwrap()));
                for token in user.tokens {
                    assert!(serials.insert(token.facts.serial));
                }
                for card in user.cards {
                    assert!(cards.insert(card.facts.serial));
                }
            }
            SourceRecord::Token(token) => assert!(serials.insert(token.token.facts.serial)),
            SourceRecord::Card(card) => assert!(cards.insert(card.card.facts.serial)),
            _ => {}
        }
    }
}

#[test]
fn as_many_names_are_doubled_between_groups_as_asked_for() {
    for (count, duplicates) in [(1000, 0), (1000, 1), (1000, 37), (1000, 500), (2, 1)] {
        let mut groups: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for user in users(count, duplicates) {
            groups
                .entry(folded(&user.facts.userid))
                .or_default()
                .push((user.facts.group, user.facts.userid));
        }
        let doubled: Vec<_> = groups.values().filter(|users| users.len() > 1).collect();
        assert_eq!(doubled.len() as u64, duplicates);
        assert!(
            doubled
                .iter()
                .all(|users| users.len() == 2 && users[0].0 != users[1].0)
        );
        let other_case = doubled
            .iter()
            .filter(|users| users[0].1 != users[1].1)
            .count() as u64;
        assert_eq!(other_case, duplicates / 4);
    }
    let error = generate(9, 1, 5).unwrap_err();
    insta::assert_snapshot!(format!("{error}\n    {}", error.hint().unwrap()), @r"
    duplicates=5 takes two users for each doubled name, and users=9 makes too few
        ask for duplicates=4 at most, or for users=10 at least
    ");
}
