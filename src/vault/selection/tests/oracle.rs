//! Random selections, asked of the database and of the records themselves.
//!
//! The records are the ones that were loaded; what they answer is computed here from the rules of language.md §3, in
//! plain Rust and without SQL. Each selection is written out as somebody would type it, read and bound again, so that
//! the words, the binder and the query are tried together.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use proptest::prelude::*;
use rusqlite::{Connection, params, params_from_iter};

use crate::exchange::population;
use crate::lang::args::When;
use crate::lang::binder::{Around, bind};
use crate::lang::grammar;
use crate::lang::live::NoLiveNames;
use crate::lang::selection::{
    ATTRIBUTES, Attribute, AttributeKind, Entity, Expr, Op, Operand, Pattern, Piece, Selection,
    Test,
};
use crate::lang::spec::{Catalogue, Command, Selects};
use crate::lang::value::Variables;
use crate::model::*;
use crate::vault::load::tests::Bench;
use crate::vault::testing::{bare, group, record};

use super::super::compile;

/// A user as loaded, and what became of them since.
struct Person {
    id: i64,
    user: User,
    phase: Phase,
    bundles: Vec<u64>,
    changes: Changes,
    wave: Option<&'static str>,
    import: i64,
    excluded: bool,
    gone: bool,
}

struct World {
    bench: Bench,
    people: Vec<Person>,
    tokens: Vec<UnassignedToken>,
    cards: Vec<UnassignedCard>,
}

/// What a condition is asked of.
#[derive(Clone, Copy)]
enum Row<'a> {
    User(&'a Person),
    Token(Option<&'a Person>, &'a Token, &'a str),
    Card(Option<&'a Person>, &'a Card, &'a str),
    Place(&'a Person, &'a LocationEntry),
}

/// People of the standard population, and some whose names try the pattern matcher.
fn records() -> Vec<SourceRecord> {
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

fn world() -> World {
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
    fn settle(&mut self, user: User) {
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
    fn taken(&self, expr: &Expr, entity: Entity) -> BTreeSet<i64> {
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

    /// The same, by the database.
    fn asked(&self, selection: &Selection, entity: Entity) -> BTreeSet<i64> {
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

fn ids(db: &Connection, sql: &str, params: &[rusqlite::types::Value]) -> BTreeSet<i64> {
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement
        .query_map(params_from_iter(params), |row| row.get(0))
        .unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Whether a condition holds of a row.
fn holds(expr: &Expr, row: Row<'_>) -> bool {
    match expr {
        Expr::All(parts) => parts.iter().all(|part| holds(part, row)),
        Expr::Any(parts) => parts.iter().any(|part| holds(part, row)),
        Expr::Not(inner) => !holds(inner, row),
        Expr::Same(entity, inner) => any_of(*entity, row, |item| holds(inner, item)),
        Expr::Test(test) if test.attribute.name == "group" => match row {
            Row::Token(_, _, group) | Row::Card(_, _, group) => text(test, Some(group)),
            Row::User(person) | Row::Place(person, _) => text(test, Some(&person.user.group)),
        },
        Expr::Test(test) => any_of(test.attribute.entity, row, |item| met(test, item)),
    }
}

/// Whether something holds of the row itself, of its owner, or of some item of its owner.
fn any_of(entity: Entity, row: Row<'_>, held: impl Fn(Row<'_>) -> bool) -> bool {
    let owner = match row {
        Row::User(person) | Row::Place(person, _) => Some(person),
        Row::Token(owner, ..) | Row::Card(owner, ..) => owner,
    };
    match (entity, row) {
        (Entity::Token, Row::Token(..)) | (Entity::Card, Row::Card(..)) => held(row),
        (Entity::Location, Row::Place(..)) => held(row),
        (Entity::User, _) => owner.is_some_and(|person| held(Row::User(person))),
        (Entity::Token, _) => owner.is_some_and(|person| {
            let group = person.user.group.as_str();
            let mut tokens = person.user.tokens.iter();
            tokens.any(|token| held(Row::Token(owner, token, group)))
        }),
        (Entity::Card, _) => owner.is_some_and(|person| {
            let group = person.user.group.as_str();
            let mut cards = person.user.cards.iter();
            cards.any(|card| held(Row::Card(owner, card, group)))
        }),
        (Entity::Location, _) => owner.is_some_and(|person| {
            let mut places = person.user.location.history.iter();
            places.any(|place| held(Row::Place(person, place)))
        }),
    }
}

/// Whether a test is met by a row of its own entity.
fn met(test: &Test, row: Row<'_>) -> bool {
    let yes = |flag: bool| name(test, if flag { "yes" } else { "no" }, flag);
    match (test.attribute.name, row) {
        ("userid", Row::User(p)) => userid(test, &p.user),
        ("fullname", Row::User(p)) => text(test, p.user.full_name.as_deref()),
        ("locale", Row::User(p)) => text(test, p.user.locale.as_deref()),
        ("state", Row::User(p)) => name(test, p.user.state.as_str(), true),
        ("lastauth", Row::User(p)) => when(test, p.user.last_auth),
        ("alias", Row::User(p)) => p.user.aliases.iter().any(|alias| text(test, Some(alias))),
        ("contact", Row::User(p)) => {
            let mut contacts = p.user.contacts.iter();
            contacts.any(|contact| text(test, Some(&contact.value)))
        }
        ("password.name", Row::User(p)) => {
            let mut passwords = p.user.passwords.iter();
            passwords.any(|password| text(test, password.name.as_deref()))
        }
        ("qa.count", Row::User(p)) => number(test, Some(p.user.qa.len() as i64)),
        ("location.count", Row::User(p)) => {
            number(test, Some(p.user.location.history.len() as i64))
        }
        ("rba.override", Row::User(p)) => yes(!p.user.location.overrides.is_empty()),
        ("phase", Row::User(p)) => name(test, p.phase.as_str(), true),
        ("wave", Row::User(p)) => text(test, p.wave),
        ("excluded", Row::User(p)) => yes(p.excluded),
        ("gone", Row::User(p)) => yes(p.gone),
        ("import", Row::User(p)) => {
            let answer = ["none", "ok", "error"][p.import as usize];
            name(test, answer, p.import > 0)
        }
        ("exported", Row::User(p)) => test.values.iter().any(|value| match value {
            Operand::Present | Operand::Name("yes") => !p.bundles.is_empty(),
            Operand::Name(_) => p.bundles.is_empty(),
            Operand::Number(number) => p
                .bundles
                .iter()
                .any(|bundle| compare(test.op, (*bundle as i64).cmp(number))),
            _ => unreachable!(),
        }),
        ("changed", Row::User(p)) => test.values.iter().any(|value| match value {
            _ if p.bundles.is_empty() => false,
            Operand::Present => true,
            Operand::Name("no") => p.changes.is_empty(),
            Operand::Name("yes") => !p.changes.is_empty(),
            Operand::Name(way) => p.changes.names().any(|name| name == *way),
            _ => unreachable!(),
        }),
        ("token.vendor", Row::Token(_, t, _)) => text(test, Some(&t.vendor)),
        ("token.serial", Row::Token(_, t, _)) => text(test, Some(&t.serial)),
        ("token.model", Row::Token(_, t, _)) => text(test, t.model.as_deref()),
        ("token.kind", Row::Token(_, t, _)) => name(test, t.kind.as_str(), true),
        ("token.algorithm", Row::Token(_, t, _)) => name(test, t.algorithm.as_str(), true),
        ("token.state", Row::Token(_, t, _)) => maybe(test, t.state.map(TokenState::as_str)),
        ("token.activation", Row::Token(_, t, _)) => {
            maybe(test, t.activation.map(Activation::as_str))
        }
        ("token.lastused", Row::Token(_, t, _)) => when(test, t.last_used),
        ("token.expires", Row::Token(_, t, _)) => when(test, t.expires),
        ("token.drift", Row::Token(_, t, _)) => number(test, t.drift),
        ("token.assigned", Row::Token(owner, ..)) => yes(owner.is_some()),
        ("card.serial", Row::Card(_, c, _)) => number(test, Some(c.serial as i64)),
        ("card.state", Row::Card(_, c, _)) => maybe(test, c.state.map(CardState::as_str)),
        ("card.usage", Row::Card(_, c, _)) => maybe(test, c.usage.map(Usage::as_str)),
        ("card.expires", Row::Card(_, c, _)) => when(test, c.expires),
        ("card.created", Row::Card(_, c, _)) => when(test, c.created),
        ("card.assigned", Row::Card(owner, ..)) => yes(owner.is_some()),
        ("location.country", Row::Place(_, l)) => text(test, l.country.as_deref()),
        ("location.region", Row::Place(_, l)) => text(test, l.region.as_deref()),
        ("location.city", Row::Place(_, l)) => text(test, l.city.as_deref()),
        (other, _) => panic!("the oracle does not know {other}"),
    }
}

fn userid(test: &Test, user: &User) -> bool {
    test.values.iter().any(|value| match value {
        Operand::Qualified(group, name) => {
            matches(&group.0, &user.group) && matches(&name.0, &user.userid)
        }
        Operand::Set(list) => list.iter().any(|item| {
            let split = item.split_once('/');
            *item == user.userid
                || split.is_some_and(|(group, name)| group == user.group && name == user.userid)
        }),
        other => one_text(test.op, other, &user.userid),
    })
}

fn text(test: &Test, found: Option<&str>) -> bool {
    found.is_some_and(|found| {
        test.values
            .iter()
            .any(|value| one_text(test.op, value, found))
    })
}

fn one_text(op: Op, value: &Operand, found: &str) -> bool {
    match (value, op) {
        (Operand::Present, _) => true,
        (Operand::Text(pattern), Op::Equal) => matches(&pattern.0, found),
        (Operand::Text(pattern), op) => {
            // Texts are ordered by their bytes.
            compare(
                op,
                found.as_bytes().cmp(pattern.literal().unwrap().as_bytes()),
            )
        }
        _ => unreachable!(),
    }
}

fn name(test: &Test, found: &str, present: bool) -> bool {
    test.values.iter().any(|value| match value {
        Operand::Present => present,
        Operand::Name(wanted) => *wanted == found,
        _ => unreachable!(),
    })
}

fn maybe(test: &Test, found: Option<&str>) -> bool {
    found.is_some_and(|found| name(test, found, true))
}

fn number(test: &Test, found: Option<i64>) -> bool {
    found.is_some_and(|found| {
        test.values.iter().any(|value| match value {
            Operand::Present => true,
            Operand::Number(number) => compare(test.op, found.cmp(number)),
            _ => unreachable!(),
        })
    })
}

/// A day is an interval: `<` before its start, `>` from its end, `=` inside.
fn when(test: &Test, found: Option<Timestamp>) -> bool {
    found.is_some_and(|found| {
        test.values.iter().any(|value| match value {
            Operand::Present => true,
            Operand::When(When { start, end }) => match test.op {
                Op::Equal => *start <= found && found < *end,
                Op::Less => found < *start,
                Op::LessOrEqual => found < *end,
                Op::Greater => found >= *end,
                Op::GreaterOrEqual => found >= *start,
            },
            _ => unreachable!(),
        })
    })
}

fn compare(op: Op, ordering: Ordering) -> bool {
    match op {
        Op::Equal => ordering.is_eq(),
        Op::Less => ordering.is_lt(),
        Op::LessOrEqual => ordering.is_le(),
        Op::Greater => ordering.is_gt(),
        Op::GreaterOrEqual => ordering.is_ge(),
    }
}

/// What the language says a pattern matches, by backtracking.
fn matches(pieces: &[Piece], text: &str) -> bool {
    match pieces {
        [] => text.is_empty(),
        [Piece::Literal(literal), rest @ ..] => text
            .strip_prefix(literal.as_str())
            .is_some_and(|text| matches(rest, text)),
        [Piece::One, rest @ ..] => {
            let mut chars = text.chars();
            chars.next().is_some() && matches(rest, chars.as_str())
        }
        [Piece::Any, rest @ ..] => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| matches(rest, &text[at..]))
        }
    }
}

/// Where selections come from: a number a draw.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(self.0 >> 16) * limit as u128) >> 48) as usize
    }

    fn one<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn expr(&mut self, world: &World, within: Option<Entity>, depth: usize) -> Expr {
        let parts = |dice: &mut Self| {
            let count = 1 + dice.below(3);
            (0..count)
                .map(|_| dice.expr(world, within, depth - 1))
                .collect()
        };
        match (depth, self.below(10)) {
            (1.., 0 | 1) => Expr::All(parts(self)),
            (1.., 2 | 3) => Expr::Any(parts(self)),
            (1.., 4) => Expr::Not(Box::new(self.expr(world, within, depth - 1))),
            (1.., 5) if within.is_none() => {
                let entity = *self.one(&[Entity::Token, Entity::Card, Entity::Location]);
                Expr::Same(entity, Box::new(self.expr(world, Some(entity), depth - 1)))
            }
            _ => self.test(world, within),
        }
    }

    fn test(&mut self, world: &World, within: Option<Entity>) -> Expr {
        let own: Vec<&'static Attribute> = ATTRIBUTES
            .iter()
            .filter(|attribute| within.is_none_or(|entity| attribute.entity == entity))
            .collect();
        let attribute = *self.one(&own);
        let ordered = !matches!(attribute.kind, AttributeKind::Names(_)) && self.below(3) == 0;
        let (op, count) = if ordered {
            let ops = [Op::Less, Op::LessOrEqual, Op::Greater, Op::GreaterOrEqual];
            (*self.one(&ops), 1)
        } else {
            (Op::Equal, 1 + self.below(3))
        };
        let values = (0..count)
            .map(|_| self.value(world, attribute, ordered))
            .collect();
        let test = Expr::Test(Test {
            attribute,
            op,
            values,
            span: 0..0,
        });
        // `a!=x`
        if op == Op::Equal && self.below(5) == 0 {
            Expr::Not(Box::new(test))
        } else {
            test
        }
    }

    fn value(&mut self, world: &World, attribute: &Attribute, ordered: bool) -> Operand {
        if !ordered && self.below(8) == 0 {
            return Operand::Present;
        }
        match attribute.kind {
            AttributeKind::Names(names) => Operand::Name(self.one::<&str>(names)),
            AttributeKind::Number => self.number(world, attribute.name),
            AttributeKind::NumberOr(names) if !ordered && self.below(2) == 0 => {
                Operand::Name(self.one::<&str>(names))
            }
            AttributeKind::NumberOr(_) => Operand::Number(self.below(4) as i64),
            AttributeKind::When => Operand::When(self.when()),
            AttributeKind::Text => Operand::Text(self.pattern(world, attribute.name, ordered)),
            AttributeKind::UserId if !ordered && self.below(4) == 0 => {
                let mut part = |attribute| {
                    let mut pattern = self.pattern(world, attribute, false);
                    // Neither side of the '/' can be left out.
                    if pattern.0.is_empty() {
                        pattern.0.push(Piece::Any);
                    }
                    pattern
                };
                Operand::Qualified(part("group"), part("userid"))
            }
            AttributeKind::UserId => Operand::Text(self.pattern(world, "userid", ordered)),
        }
    }

    fn number(&mut self, world: &World, attribute: &str) -> Operand {
        Operand::Number(match attribute {
            "card.serial" => {
                let cards: Vec<u64> = world
                    .people
                    .iter()
                    .flat_map(|p| &p.user.cards)
                    .map(|c| c.serial)
                    .collect();
                *self.one(&cards) as i64
            }
            "token.drift" => self.below(15) as i64 - 7,
            _ => self.below(6) as i64 - 1,
        })
    }

    /// A day, or a moment, in the years of the population.
    fn when(&mut self) -> When {
        let second = 1_767_225_600 + (self.below(6_000) as i64 - 1_500) * 86_400;
        let start = Timestamp::from_second(second).unwrap();
        let length = if self.below(2) == 0 {
            86_400_000_000
        } else {
            1
        };
        When {
            start,
            end: Timestamp::from_microsecond(start.as_microsecond() + length).unwrap(),
        }
    }

    fn pattern(&mut self, world: &World, attribute: &str, literal: bool) -> Pattern {
        let known = world.texts(attribute);
        let text = match self.below(6) {
            0 => (*self.one(&[
                "",
                "a",
                "A",
                "ä",
                "[",
                "]",
                "a[",
                "*",
                "?",
                "s",
                "1",
                "\u{10ffff}",
            ]))
            .to_owned(),
            _ => self.one(&known).clone(),
        };
        let chars: Vec<char> = text.chars().collect();
        let cut = self.below(chars.len() + 1);
        let (head, tail): (String, String) =
            (chars[..cut].iter().collect(), chars[cut..].iter().collect());
        let lit = |text: String| Piece::Literal(text);
        let pieces = match self.below(if literal { 2 } else { 8 }) {
            0 => vec![lit(text)],
            1 => vec![lit(text.to_uppercase())],
            2 => vec![lit(head), Piece::Any],
            3 => vec![Piece::Any, lit(tail)],
            4 => vec![lit(head), Piece::Any, lit(tail)],
            5 => vec![lit(head), Piece::One, lit(tail.chars().skip(1).collect())],
            6 => vec![Piece::Any, lit(tail), Piece::Any],
            _ => vec![lit(head), Piece::One, Piece::Any],
        };
        let mut pieces: Vec<Piece> = pieces
            .into_iter()
            .filter(|piece| *piece != lit(String::new()))
            .collect();
        // A lone `*` means that there is one at all.
        if pieces.as_slice() == [Piece::Any] {
            pieces.push(Piece::One);
        }
        Pattern(pieces)
    }
}

impl World {
    /// Texts that an attribute has, so that selections hit.
    fn texts(&self, attribute: &str) -> Vec<String> {
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

/// A condition as somebody would type it.
fn written(expr: &Expr, within: Option<Entity>) -> String {
    let joined = |parts: &[Expr], word: &str| {
        let parts: Vec<String> = parts.iter().map(|part| written(part, within)).collect();
        format!("({})", parts.join(word))
    };
    match expr {
        Expr::All(parts) => joined(parts, " and "),
        Expr::Any(parts) => joined(parts, " or "),
        Expr::Not(inner) => match inner.as_ref() {
            Expr::Test(test) if test.op == Op::Equal => one_test(test, "!=", within),
            inner => format!("not {}", written(inner, within)),
        },
        Expr::Same(entity, inner) => {
            let name = match entity {
                Entity::Token => "token",
                Entity::Card => "card",
                Entity::Location => "location",
                Entity::User => unreachable!(),
            };
            format!("{name}({})", written(inner, Some(*entity)))
        }
        Expr::Test(test) => {
            let op = match test.op {
                Op::Equal => "=",
                Op::Less => "<",
                Op::LessOrEqual => "<=",
                Op::Greater => ">",
                Op::GreaterOrEqual => ">=",
            };
            one_test(test, op, within)
        }
    }
}

fn one_test(test: &Test, op: &str, within: Option<Entity>) -> String {
    let name = match (within, test.attribute.name.split_once('.')) {
        (Some(_), Some((_, bare))) => bare,
        _ => test.attribute.name,
    };
    let values: Vec<String> = test.values.iter().map(one_value).collect();
    format!("{name}{op}{}", values.join(","))
}

fn one_value(value: &Operand) -> String {
    match value {
        Operand::Present => "*".to_owned(),
        Operand::Text(pattern) => one_pattern(pattern),
        Operand::Qualified(group, name) => format!("{}/{}", one_pattern(group), one_pattern(name)),
        Operand::Number(number) => number.to_string(),
        Operand::Name(name) => (*name).to_owned(),
        Operand::When(When { start, end }) => {
            let text = start.to_string();
            if end.as_microsecond() - start.as_microsecond() == 1 {
                text
            } else {
                text.split('T').next().unwrap().to_owned()
            }
        }
        Operand::File(_) | Operand::Set(_) => unreachable!(),
    }
}

/// Literals in quotes of either kind, wildcards outside.
fn one_pattern(pattern: &Pattern) -> String {
    let quoted = |text: &str| {
        if text.contains(['\'', '\\']) {
            let escaped = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('$', "\\$");
            format!("\"{escaped}\"")
        } else {
            format!("'{text}'")
        }
    };
    let pieces: String = pattern
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Any => "*".to_owned(),
            Piece::One => "?".to_owned(),
            Piece::Literal(text) => quoted(text),
        })
        .collect();
    if pieces.is_empty() {
        "''".to_owned()
    } else {
        pieces
    }
}

static COMMANDS: [&Command; 3] = [
    &Command {
        selects: Selects::Users,
        ..Command::new("users", "")
    },
    &Command {
        selects: Selects::Tokens,
        ..Command::new("tokens", "")
    },
    &Command {
        selects: Selects::Cards,
        ..Command::new("cards", "")
    },
];

/// The selection of a typed line.
fn bound(line: &str) -> Selection {
    let script =
        grammar::parse(line).unwrap_or_else(|failed| panic!("{line}: {:?}", failed.diagnostics));
    let Some(crate::lang::ast::Statement::Command(command)) = script.statements.first() else {
        panic!("{line}: no command");
    };
    let around = Around {
        catalogue: &Catalogue {
            commands: &COMMANDS,
        },
        scope: &Variables::new(),
        now: Timestamp::UNIX_EPOCH,
        live: &NoLiveNames,
    };
    let bound = bind(command, line, &around);
    bound
        .unwrap_or_else(|wrong| panic!("{line}: {wrong:?}"))
        .selection
}

/// Whether the bare name of an attribute of the rows hides one of the users.
fn hides_a_user_attribute(expr: &Expr) -> bool {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().any(hides_a_user_attribute),
        Expr::Not(inner) => hides_a_user_attribute(inner),
        Expr::Same(..) => false,
        Expr::Test(test) => test.attribute.name == "state",
    }
}

#[test]
fn what_is_chosen_is_what_the_records_say() {
    let world = world();
    let config = ProptestConfig {
        cases: 3_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let hits = std::cell::Cell::new(0);
    proptest!(config, |(seed in any::<u64>(), at in 0..6_usize)| {
        let expr = Dice(seed).expr(&world, None, 3);
        // Half of them choose users, the others filter rows of tokens or cards.
        let (entity, command) = [(Entity::User, "users"), (Entity::Token, "tokens"), (Entity::Card, "cards")][at.saturating_sub(3)];
        let expected = world.taken(&expr, entity);
        let line = format!("{command} where={}", written(&expr, None));
        hits.set(hits.get() + usize::from(!expected.is_empty()));
        let selection = Selection { expr: Some(expr.clone()), ..Selection::default() };
        prop_assert_eq!(world.asked(&selection, entity), expected.clone(), "{}", line);
        if entity == Entity::User || !hides_a_user_attribute(&expr) {
            prop_assert_eq!(world.asked(&bound(&line), entity), expected, "as typed: {}", line);
        }
    });
    assert!(
        hits.get() > 1_000,
        "hardly any selection chooses anything: {}",
        hits.get()
    );
}

#[test]
fn the_oracle_knows_every_attribute_and_tells_users_apart_by_each() {
    let world = world();
    for attribute in ATTRIBUTES {
        let mut dice = Dice(attribute.name.bytes().map(u64::from).sum());
        let apart = (0..400).any(|_| {
            let values = vec![dice.value(&world, attribute, false)];
            let test = Expr::Test(Test {
                attribute,
                op: Op::Equal,
                values,
                span: 0..0,
            });
            let rows = if attribute.name.ends_with("assigned") {
                attribute.entity
            } else {
                Entity::User
            };
            let all = world.taken(&Expr::All(Vec::new()), rows).len();
            let taken = world.taken(&test, rows).len();
            0 < taken && taken < all
        });
        // Nobody of the population has a named password.
        assert!(
            apart || attribute.name == "password.name",
            "{}",
            attribute.name
        );
    }
}
