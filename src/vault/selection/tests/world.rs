//! A small population in which every value of every attribute occurs, and its absence.

use std::collections::BTreeSet;

use rusqlite::params;

use crate::lang::selection::Entity;
use crate::model::*;
use crate::vault::load::tests::Bench;
use crate::vault::testing::{
    But as _, at, card, group, record, secret, token, unassigned_card, unassigned_token, user,
};

/// A user as loaded, and what the vault notes of them.
pub(super) struct Person {
    pub(super) id: i64,
    pub(super) user: User,
    pub(super) items: Vec<Item>,
    pub(super) phase: Phase,
    pub(super) last_bundle: Option<i64>,
    /// Every bundle the user was in.
    pub(super) bundles: BTreeSet<i64>,
    pub(super) changed: Changes,
    pub(super) wave: Option<String>,
    pub(super) import: &'static str,
    pub(super) excluded: bool,
    pub(super) gone: bool,
}

/// A token, a card, or a place of a location history; unassigned ones with their group.
pub(super) enum Item {
    Token(Token, Option<String>),
    Card(Card, Option<String>),
    Place(LocationEntry),
}

impl Item {
    pub(super) fn entity(&self) -> Entity {
        match self {
            Self::Token(..) => Entity::Token,
            Self::Card(..) => Entity::Card,
            Self::Place(_) => Entity::Location,
        }
    }

    pub(super) fn group(&self) -> &str {
        match self {
            Self::Token(_, group) | Self::Card(_, group) => group.as_deref().unwrap(),
            Self::Place(_) => unreachable!(),
        }
    }

    pub(super) fn is_assigned(&self) -> bool {
        !matches!(self, Self::Token(_, Some(_)) | Self::Card(_, Some(_)))
    }
}

impl Person {
    pub(super) fn items(&self, entity: Entity) -> Vec<&Item> {
        let own = self.items.iter();
        own.filter(|item| item.entity() == entity).collect()
    }
}

pub(super) struct World {
    pub(super) bench: Bench,
    pub(super) people: Vec<Person>,
    pub(super) unassigned: Vec<Item>,
    /// Bundles that were completed.
    pub(super) done: BTreeSet<i64>,
}

/// Numbers that only look random, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.roll(choices.len())].clone()
    }

    fn maybe<T: Clone>(&mut self, choices: &[T]) -> Option<T> {
        (self.roll(3) > 0).then(|| self.of(choices))
    }

    fn text<T: for<'a> From<&'a str>>(&mut self, choices: &[&str]) -> Option<T> {
        self.maybe(choices).map(Into::into)
    }

    fn moment(&mut self) -> Option<Moment> {
        self.maybe(&MOMENTS).map(at)
    }
}

pub(super) const GROUPS: [&str; 4] = ["sales", "Sales", "hr", "s[a]*"];
pub(super) const NAMES: [&str; 12] = [
    "asmith",
    "ASmith",
    "a[b]c",
    "a*b?",
    "äb",
    "b",
    "a",
    "x\u{10ffff}",
    "x\u{10ffff}\u{10ffff}",
    "b-1",
    "smith",
    "$a'b\"\\",
];
pub(super) const TEXTS: [&str; 8] = [
    "Anna Smith",
    "anna",
    "Älva",
    "A",
    "a*",
    "CA",
    "Ottawa",
    "[x]",
];
pub(super) const VENDORS: [&str; 3] = ["HID", "Entrust", "hid"];
pub(super) const WAVES: [&str; 3] = ["W1", "W10", "w1"];
pub(super) const MOMENTS: [&str; 6] = [
    "2026-01-01T23:59:59.999999Z",
    "2026-01-02T00:00:00Z",
    "2026-01-02T12:00:00.000001Z",
    "2026-01-02T23:59:59.999999Z",
    "2026-01-03T00:00:00Z",
    "2030-06-01T00:00:00Z",
];

fn any_token(dice: &mut Dice, serial: usize) -> Token {
    let kind = dice.of(TokenKind::ALL);
    token(dice.of(&VENDORS), &serial.to_string()).but(|it| {
        it.facts.kind = kind;
        it.facts.model = dice.text(&["OT", "OT2", "c200"]);
        it.facts.algorithm = dice.of(Algorithm::ALL);
        it.facts.drift = dice.maybe(&[-2, 0, 3]);
        it.state = Some(dice.of(TokenState::ALL));
        it.activation = (kind == TokenKind::Soft).then(|| dice.of(Activation::ALL));
        it.facts.last_used = dice.moment();
        it.facts.expires = dice.moment();
    })
}

fn any_card(dice: &mut Dice, serial: usize) -> Card {
    card(serial as u64).but(|it| {
        it.state = Some(dice.of(CardState::ALL));
        it.facts.created = dice.moment();
        it.facts.expires = dice.moment();
        it.facts.usage = dice.maybe(Usage::ALL);
    })
}

fn any_user(dice: &mut Dice, number: usize) -> User {
    let (group, name) = (GROUPS[number % 4], NAMES[number / 4]);
    let some = |dice: &mut Dice| dice.roll(3);
    user(group, name).but(|it| {
        it.facts.full_name = dice.text(&TEXTS);
        it.facts.state = dice.of(UserState::ALL);
        it.facts.locale = dice.text(&["en-CA", "de-DE"]);
        it.facts.aliases = (0..some(dice))
            .map(|n| format!("{}{number}.{n}", dice.of(&NAMES)))
            .collect();
        it.facts.last_auth = dice.moment();
        it.facts.contacts = (0..some(dice))
            .map(|_| Contact {
                label: "x".into(),
                value: dice.of(&TEXTS).into(),
                default: false,
            })
            .collect();
        it.qa = (0..some(dice))
            .map(|_| QaPair {
                question: "q".into(),
                answer: secret("a"),
            })
            .collect();
        it.passwords = (0..some(dice))
            .map(|n| Password {
                name: (n > 0).then(|| dice.of(&TEXTS).to_owned()),
                value: secret("p"),
                expires: None,
                must_change: None,
            })
            .collect();
        it.tokens = (0..some(dice))
            .map(|n| any_token(dice, number * 10 + n))
            .collect();
        it.cards = (0..some(dice))
            .map(|n| any_card(dice, number * 10 + n))
            .collect();
        it.facts.location = Location {
            history: (0..some(dice))
                .map(|_| LocationEntry {
                    country: dice.text(&["CA", "DE"]),
                    region: dice.text(&["ON", "BY"]),
                    city: dice.text(&TEXTS),
                    ..LocationEntry::default()
                })
                .collect(),
            expected: Vec::new(),
            overrides: RbaOverrides {
                max_history: dice.maybe(&[8]).filter(|_| number.is_multiple_of(3)),
                check_ip: dice.maybe(&[false]).filter(|_| number % 3 == 1),
                ..RbaOverrides::default()
            },
        };
        it.facts.not_migrated = Vec::new();
    })
}

/// Forty-eight users, and unassigned items. Secrets are not copied, so that the same are made anew.
fn made(dice: &mut Dice) -> (Vec<User>, Vec<Item>) {
    let users = (0..GROUPS.len() * NAMES.len())
        .map(|n| any_user(dice, n))
        .collect();
    let mut unassigned = Vec::new();
    for n in 0..8 {
        let token = any_token(dice, 1000 + n);
        let token = Token {
            state: None,
            ..token
        };
        unassigned.push(Item::Token(token, Some(dice.of(&GROUPS).into())));
        let card = any_card(dice, 1000 + n);
        let card = Card {
            state: None,
            ..card
        };
        unassigned.push(Item::Card(card, Some(dice.of(&GROUPS).into())));
    }
    (users, unassigned)
}

/// The population with its vault state, loaded.
pub(super) fn world() -> World {
    let mut dice = Dice(7);
    let (users, unassigned) = made(&mut Dice(3));
    let mut records: Vec<SourceRecord> = GROUPS.iter().map(|name| group(name)).collect();
    records.extend(users.into_iter().map(record));
    records.extend(unassigned.into_iter().map(|item| match item {
        Item::Token(token, group) => unassigned_token(group.as_deref().unwrap(), token),
        Item::Card(card, group) => unassigned_card(group.as_deref().unwrap(), card),
        Item::Place(_) => unreachable!(),
    }));
    let (users, unassigned) = made(&mut Dice(3));
    let bench = Bench::holding(records);
    bench
        .db
        .execute_batch(
            "INSERT INTO bundles (number, id, state, path, overwrite, master, selection, password_generation, opened)
             VALUES (1, 'a', 'done', 'p', 0, 'Master1', '', 1, 0), (2, 'b', 'replaced', 'p', 0, 'Master1', '', 1, 0),
                    (3, 'c', 'failed', 'p', 0, 'Master1', '', 1, 0), (4, 'd', 'done', 'p', 0, 'Master1', '', 1, 0)",
        )
        .unwrap();
    let people = users
        .into_iter()
        .map(|user| noted(&bench, &mut dice, user))
        .collect();
    World {
        bench,
        people,
        unassigned,
        done: BTreeSet::from([1, 2, 4]),
    }
}

/// Notes in the vault where a user stands, at random.
fn noted(bench: &Bench, dice: &mut Dice, user: User) -> Person {
    let db = &bench.db;
    let id = db
        .query_row(
            "SELECT u.id FROM users u JOIN groups g ON g.id = u.group_id WHERE u.userid = ? AND g.name = ?",
            params![user.facts.userid, user.facts.group],
            |row| row.get(0),
        )
        .unwrap();
    let mut person = Person {
        id,
        items: Vec::new(),
        phase: dice.of(Phase::ALL),
        last_bundle: dice.maybe(&[1, 2, 4]),
        bundles: BTreeSet::new(),
        changed: Changes::NONE,
        wave: dice.text(&WAVES),
        import: dice.of(&["none", "ok", "error"]),
        excluded: dice.roll(4) == 0,
        gone: dice.roll(4) == 0,
        user,
    };
    let tokens = std::mem::take(&mut person.user.tokens);
    let cards = std::mem::take(&mut person.user.cards);
    let places = person.user.facts.location.history.clone();
    person
        .items
        .extend(tokens.into_iter().map(|token| Item::Token(token, None)));
    person
        .items
        .extend(cards.into_iter().map(|card| Item::Card(card, None)));
    person.items.extend(places.into_iter().map(Item::Place));
    person.bundles.extend(person.last_bundle);
    person
        .bundles
        .extend(dice.maybe(&[1, 3]).filter(|_| id % 2 == 0));
    if person.last_bundle.is_some() {
        person.changed = Changes(dice.of(&[0, 0, 1, 2, 4 | 16, 8, 16, 32 | 1]));
    }
    let stands = dice.roll(4) > 0;
    if stands {
        let import = ["none", "ok", "error"]
            .iter()
            .position(|name| *name == person.import);
        db.execute(
            "INSERT INTO progress (user, phase, bundle, at, master, wave, import, changed) VALUES (?, ?, ?, 0, 'Master1', ?, ?, ?)",
            params![id, person.phase.number(), person.last_bundle, person.wave, import.unwrap() as i64, person.changed.0],
        )
        .unwrap();
    } else {
        (person.phase, person.last_bundle, person.changed) = (Phase::None, None, Changes::NONE);
        (person.wave, person.import) = (None, "none");
        person.bundles.retain(|bundle| *bundle == 3);
    }
    for bundle in &person.bundles {
        db.execute(
            "INSERT INTO members (bundle, user) VALUES (?, ?)",
            params![bundle, id],
        )
        .unwrap();
    }
    if person.excluded {
        db.execute(
            "INSERT INTO excluded (user, at, master, reason) VALUES (?, 0, 'Master1', 'r')",
            [id],
        )
        .unwrap();
    }
    if person.gone {
        db.execute("UPDATE users SET gone = 1 WHERE id = ?", [id])
            .unwrap();
    }
    person
}
