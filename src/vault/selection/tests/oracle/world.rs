//! The people whom selections are asked of, in the database and as records.

use std::collections::BTreeSet;

use rusqlite::{Connection, params, params_from_iter};

use super::answers::{Row, holds};
use crate::exchange::population;
use crate::lang::selection::{Entity, Expr, Selection};
use crate::model::*;
use crate::vault::load::tests::Bench;
use crate::vault::selection::{Case, compile, count};
use crate::vault::testing::{bare, group, record};

/// A user as loaded, and what became of them since.
pub(super) struct Person {
    pub(super) id: i64,
    pub(super) user: User,
    pub(super) phase: Phase,
    pub(super) bundles: Vec<u64>,
    pub(super) changes: Changes,
    pub(super) wave: Option<&'static str>,
    pub(super) import: i64,
    pub(super) excluded: bool,
    pub(super) gone: bool,
}

pub(super) struct World {
    pub(super) bench: Bench,
    pub(super) people: Vec<Person>,
    pub(super) tokens: Vec<UnassignedToken>,
    pub(super) cards: Vec<UnassignedCard>,
}

/// People of the standard population, and some whose names try the pattern matcher.
pub(super) fn records() -> Vec<SourceRecord> {
    let mut records: Vec<SourceRecord> = population::generate(150, 3, 4).unwrap().collect();
    records.push(group("Sales"));
    for (name, full, alias) in [
        ("a[b]c", None, "A.Smith"),
        ("a*b?", Some(""), "x"),
        ("äb", Some("Älva"), "äb2"),
        ("b/asmith", Some("a\u{10ffff}"), "b\u{10ffff}\u{10ffff}"),
        ("o'neil", Some("say \"hi\""), "back\\slash"),
    ] {
        let mut user = bare("Sales", name);
        user.full_name = full.map(str::to_owned);
        user.aliases = vec![alias.to_owned()];
        records.push(record(user));
    }
    records
}

pub(super) fn world() -> World {
    let bench = Bench::holding(records());
    let mut world = World {
        bench,
        people: Vec::new(),
        tokens: Vec::new(),
        cards: Vec::new(),
    };
    for record in records() {
        match record {
            SourceRecord::User(user) => world.settle(*user),
            SourceRecord::Token(token) => world.tokens.push(*token),
            SourceRecord::Card(card) => world.cards.push(*card),
            SourceRecord::Schema(_) | SourceRecord::Group(_) => {}
        }
    }
    let db = &world.bench.db;
    for (number, state) in [(1, "done"), (2, "replaced"), (3, "failed")] {
        db.execute(
            "INSERT INTO bundles (number, id, state, path, overwrite, master, selection, password_generation, opened) \
             VALUES (?1, ?1, ?2, 'p', 0, 'Master1', '', 1, 0)",
            params![number, state],
        )
        .unwrap();
    }
    world
}

impl World {
    /// Gives a user a past, which depends on the place alone.
    pub(super) fn settle(&mut self, user: User) {
        let n = self.people.len() as i64;
        let id = n + 1;
        let phase = Phase::from_number(n % 7 % 5).unwrap();
        let bundles: Vec<u64> = match (phase >= Phase::Exported, n % 4) {
            (true, 0) => vec![1, 2],
            (true, _) => vec![1],
            (false, 3) => vec![2],
            (false, _) => Vec::new(),
        };
        let person = Person {
            id,
            user,
            phase,
            changes: Changes(if bundles.is_empty() {
                0
            } else {
                (n * 5 % 64) as u8
            }),
            wave: [None, Some("W1"), Some("W2")][(n % 3) as usize],
            import: if bundles.is_empty() { 0 } else { n % 3 },
            bundles,
            excluded: n % 11 == 0,
            gone: n % 13 == 0,
        };
        let db = &self.bench.db;
        if n % 5 != 4 || phase > Phase::None || !person.bundles.is_empty() || person.wave.is_some()
        {
            db.execute(
                "INSERT INTO progress (user, phase, bundle, at, master, wave, import, changed) \
                 VALUES (?, ?, ?, 0, 'Master1', ?, ?, ?)",
                params![
                    id,
                    phase.number(),
                    person.bundles.last(),
                    person.wave,
                    person.import,
                    person.changes.0
                ],
            )
            .unwrap();
        }
        // A bundle that failed keeps nobody, whatever stands in the table.
        for bundle in person.bundles.iter().chain(&[3]) {
            db.execute(
                "INSERT INTO members (bundle, user) VALUES (?, ?)",
                params![bundle, id],
            )
            .unwrap();
        }
        if person.excluded {
            db.execute("INSERT INTO excluded VALUES (?, 0, 'Master1', 'x')", [id])
                .unwrap();
        }
        if person.gone {
            db.execute("UPDATE users SET gone = 7 WHERE id = ?", [id])
                .unwrap();
        }
        self.people.push(person);
    }

    /// The row ids that a selection takes, by the records.
    pub(super) fn taken(&self, expr: &Expr, entity: Entity) -> BTreeSet<i64> {
        let own = |id: i64, place: usize| (id << 16) + place as i64;
        let mut rows: Vec<(i64, Row<'_>)> = Vec::new();
        for person in &self.people {
            let group = person.user.group.as_str();
            match entity {
                Entity::User => rows.push((person.id, Row::User(person))),
                Entity::Token => {
                    rows.extend(person.user.tokens.iter().enumerate().map(|(at, token)| {
                        (own(person.id, at), Row::Token(Some(person), token, group))
                    }))
                }
                Entity::Card => {
                    rows.extend(person.user.cards.iter().enumerate().map(|(at, card)| {
                        (own(person.id, at), Row::Card(Some(person), card, group))
                    }))
                }
                Entity::Location => {}
            }
        }
        let nobodys = |at: usize| -1 - at as i64;
        match entity {
            Entity::Token => rows.extend(self.tokens.iter().enumerate().map(|(at, token)| {
                (
                    nobodys(at),
                    Row::Token(None, &token.token, token.group.as_str()),
                )
            })),
            Entity::Card => rows.extend(self.cards.iter().enumerate().map(|(at, card)| {
                (
                    nobodys(at),
                    Row::Card(None, &card.card, card.group.as_str()),
                )
            })),
            Entity::User | Entity::Location => {}
        }
        rows.into_iter()
            .filter(|(_, row)| holds(expr, *row))
            .map(|(id, _)| id)
            .collect()
    }

    /// How many users a count says there are.
    pub(super) fn counted(&self, selection: &Selection) -> u64 {
        count(&self.bench.db, selection, Case::Matters).unwrap()
    }

    /// The same, by the database.
    pub(super) fn asked(&self, selection: &Selection, entity: Entity) -> BTreeSet<i64> {
        let table = match entity {
            Entity::User => "users u",
            Entity::Token => "tokens t",
            Entity::Card => "cards c",
            Entity::Location => "locations l",
        };
        let sql = compile(selection, entity).unwrap();
        ids(
            &self.bench.db,
            &format!(
                "SELECT {}.id FROM {table} WHERE {}",
                &table[table.len() - 1..],
                sql.text
            ),
            &sql.params,
        )
    }
}

pub(super) fn ids(db: &Connection, sql: &str, params: &[rusqlite::types::Value]) -> BTreeSet<i64> {
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement
        .query_map(params_from_iter(params), |row| row.get(0))
        .unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

impl World {
    /// Texts that an attribute has, so that selections hit.
    pub(super) fn texts(&self, attribute: &str) -> Vec<String> {
        let users = self.people.iter().map(|person| &person.user);
        let texts: Vec<String> = match attribute {
            "userid" => users.map(|user| user.userid.clone()).collect(),
            "group" => users.map(|user| user.group.clone()).collect(),
            "fullname" => users.filter_map(|user| user.full_name.clone()).collect(),
            "locale" => users.filter_map(|user| user.locale.clone()).collect(),
            "alias" => users.flat_map(|user| user.aliases.clone()).collect(),
            "contact" => users
                .flat_map(|user| &user.contacts)
                .map(|c| c.value.clone())
                .collect(),
            "token.vendor" => users
                .flat_map(|user| &user.tokens)
                .map(|t| t.vendor.clone())
                .collect(),
            "token.serial" => users
                .flat_map(|user| &user.tokens)
                .map(|t| t.serial.clone())
                .collect(),
            "token.model" => users
                .flat_map(|user| &user.tokens)
                .filter_map(|t| t.model.clone())
                .collect(),
            "location.country" => users
                .flat_map(|user| &user.location.history)
                .filter_map(|l| l.country.clone())
                .collect(),
            "location.region" => users
                .flat_map(|user| &user.location.history)
                .filter_map(|l| l.region.clone())
                .collect(),
            "location.city" => users
                .flat_map(|user| &user.location.history)
                .filter_map(|l| l.city.clone())
                .collect(),
            "wave" => vec!["W1".to_owned(), "W2".to_owned()],
            _ => vec!["ATM".to_owned()],
        };
        assert!(!texts.is_empty(), "{attribute}");
        texts
    }
}
