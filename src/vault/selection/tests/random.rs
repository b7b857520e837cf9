//! Random selections over every attribute, in three ways: as a query, as a count, and written out, read and bound.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use rusqlite::params_from_iter;

use super::oracle::{Subject, holds};
use super::world::{GROUPS, Item, MOMENTS, NAMES, TEXTS, VENDORS, WAVES, World, world};
use super::*;
use crate::lang::args::When;
use crate::lang::ast::Statement;
use crate::lang::binder::{Around, bind};
use crate::lang::grammar::parse;
use crate::lang::live::NoLiveNames;
use crate::lang::selection::{AttributeKind, Piece};
use crate::lang::spec::{Catalogue, Command, Selects};
use crate::lang::value::Variables;
use crate::model::Moment;

/// What each way of choosing finds, beside what the records say.
fn check(world: &World, expr: &Expr, selects: Selects) -> Result<(), TestCaseError> {
    let db = &world.bench.db;
    let selection = select(expr.clone());
    let people = world.people.iter();
    if selects == Selects::Users {
        let chosen_ones = people.filter(|person| holds(expr, Subject::Person(person), world));
        let expected: BTreeSet<i64> = chosen_ones.map(|person| person.id).collect();
        prop_assert_eq!(&chosen(db, &selection), &expected, "as a query");
        let counted = count(db, &selection, Case::Matters).unwrap();
        prop_assert_eq!(counted, expected.len() as u64, "as a count");
        return Ok(());
    }
    let (entity, from) = match selects {
        Selects::Tokens => (Entity::Token, "tokens t"),
        _ => (Entity::Card, "cards c"),
    };
    let serial = |item: &Item| match item {
        Item::Token(token, _) => token.facts.serial.to_string(),
        Item::Card(card, _) => card.facts.serial.to_string(),
        Item::Place(_) => unreachable!(),
    };
    let own = people.flat_map(|person| person.items.iter().map(move |item| (item, Some(person))));
    let all = own.chain(world.unassigned.iter().map(|item| (item, None)));
    let expected: BTreeSet<String> = all
        .filter(|(item, owner)| {
            item.entity() == entity && holds(expr, Subject::Row(item, *owner), world)
        })
        .map(|(item, _)| serial(item))
        .collect();
    let sql = compile(&selection, entity).unwrap();
    let mut statement = db
        .prepare(&format!(
            "SELECT CAST(serial AS TEXT) FROM {from} WHERE {}",
            sql.text
        ))
        .unwrap();
    let rows = statement
        .query_map(params_from_iter(&sql.params), |row| row.get(0))
        .unwrap();
    let found: BTreeSet<String> = rows.collect::<Result<_, _>>().unwrap();
    prop_assert_eq!(found, expected, "as rows");
    Ok(())
}

fn any_text() -> impl Strategy<Value = Operand> {
    let known = [
        &NAMES[..],
        &TEXTS,
        &GROUPS,
        &VENDORS,
        &WAVES,
        &["OT", "en-CA", "DE", "10", ""],
    ]
    .concat();
    let patterns = vec![
        "a*",
        "a[*",
        "*b*",
        "äb*",
        "x\u{10ffff}*",
        "?*",
        "*",
        "A?Smith",
        "anna*",
        "s*",
        "S*",
        "*mith",
        "W1*",
        "E*t",
        "1*",
    ];
    prop_oneof![
        2 => "[aAbBsäm\\[\\]*?.c/]{0,4}".prop_map(|t| text(&t)),
        4 => prop::sample::select(known).prop_map(|t| Operand::Text(Pattern(vec![Piece::Literal(t.to_owned())]))),
        4 => prop::sample::select(patterns).prop_map(text),
        1 => Just(Operand::Present),
    ]
}

fn any_when() -> impl Strategy<Value = Operand> {
    let at = |text: &str| text.parse::<Moment>().unwrap().as_microsecond();
    prop_oneof![
        prop::sample::select(vec!["2026-01-01", "2026-01-02", "2026-01-03"]).prop_map(move |day| (
            at(&format!("{day}T00:00:00Z")),
            at(&format!("{day}T23:59:59.999999Z"))
        )),
        prop::sample::select(&MOMENTS[..]).prop_map(move |text| (at(text), at(text))),
    ]
    .prop_map(|(start, last)| Operand::When(When { start, last }))
}

/// One value for an attribute.
fn any_value(attribute: &'static Attribute) -> BoxedStrategy<Operand> {
    let names = |names: &'static [&'static str]| {
        let name = prop::sample::select(names).prop_map(Operand::Name);
        prop_oneof![4 => name, 1 => Just(Operand::Present)].boxed()
    };
    let number =
        || prop_oneof![4 => -3i64..4, 2 => 0i64..480, 1 => Just(1000)].prop_map(Operand::Number);
    match attribute.kind {
        AttributeKind::Text => any_text().boxed(),
        AttributeKind::UserId => prop_oneof![
            3 => any_text(),
            1 => (any_text(), any_text()).prop_filter_map("two texts", |pair| match pair {
                (Operand::Text(group), Operand::Text(name)) if is_some(&group) && is_some(&name) =>
                    Some(Operand::Qualified(group, name)),
                _ => None,
            }),
        ]
        .boxed(),
        AttributeKind::Names(set) => names(set),
        AttributeKind::NumberOr(set) => {
            prop_oneof![names(set), (0i64..6).prop_map(Operand::Number)].boxed()
        }
        AttributeKind::Number => prop_oneof![6 => number(), 1 => Just(Operand::Present)].boxed(),
        AttributeKind::When => prop_oneof![6 => any_when(), 1 => Just(Operand::Present)].boxed(),
    }
}

fn is_some(pattern: &Pattern) -> bool {
    pattern
        .0
        .iter()
        .any(|piece| !matches!(piece, Piece::Literal(text) if text.is_empty()))
}

/// A test of one of these attributes, with any relation that it can have.
fn any_test(attributes: Vec<&'static Attribute>) -> BoxedStrategy<Expr> {
    let orders = || {
        prop::sample::select(vec![
            Op::Less,
            Op::LessOrEqual,
            Op::Greater,
            Op::GreaterOrEqual,
        ])
    };
    prop::sample::select(attributes)
        .prop_flat_map(move |attribute| {
            let equal = prop::collection::vec(any_value(attribute), 1..4)
                .prop_map(move |values| test(attribute, Op::Equal, values));
            let ordered =
                (orders(), any_value(attribute)).prop_filter_map("an order", move |(op, value)| {
                    let ordered = match &value {
                        Operand::Text(pattern) => pattern.literal().is_some(),
                        Operand::Number(_) | Operand::When(_) => true,
                        _ => false,
                    };
                    ordered.then(|| test(attribute, op, vec![value]))
                });
            match attribute.kind {
                AttributeKind::Names(_) => equal.boxed(),
                _ => prop_oneof![2 => equal, 1 => ordered].boxed(),
            }
        })
        .boxed()
}

fn joined(leaf: BoxedStrategy<Expr>, depth: u32) -> BoxedStrategy<Expr> {
    leaf.prop_recursive(depth, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::All),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::Any),
            inner.prop_map(|e| Expr::Not(Box::new(e))),
        ]
    })
    .boxed()
}

fn any_expr() -> BoxedStrategy<Expr> {
    let same = prop::sample::select(vec![Entity::Token, Entity::Card, Entity::Location])
        .prop_flat_map(|entity| {
            let own = ATTRIBUTES
                .iter()
                .filter(|attribute| attribute.entity == entity)
                .collect();
            joined(any_test(own), 2).prop_map(move |inner| Expr::Same(entity, Box::new(inner)))
        });
    let list = prop::sample::subsequence(
        vec!["asmith", "hr/asmith", "Sales/a", "hr/nobody", "b", "nobody"],
        0..4,
    )
    .prop_map(|list| {
        is(
            "userid",
            Operand::Set(
                list.into_iter()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
                    .into(),
            ),
        )
    });
    let every = any_test(ATTRIBUTES.iter().collect());
    joined(prop_oneof![12 => every, 3 => same, 1 => list].boxed(), 3)
}

fn selecting() -> impl Strategy<Value = Selects> {
    prop_oneof![3 => Just(Selects::Users), 1 => Just(Selects::Tokens), 1 => Just(Selects::Cards)]
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn what_is_chosen_is_what_the_language_says() {
    let world = world();
    proptest!(config(3000), |(expr in any_expr(), selects in selecting())| {
        check(&world, &expr, selects)?;
    });
}

#[test]
fn what_is_typed_is_what_is_chosen() {
    let world = world();
    let typed = Cell::new(0);
    proptest!(config(1500), |(expr in any_expr(), selects in selecting())| {
        // Bare 'state' is that of the row there.
        let row = selects != Selects::Users;
        if let Some(text) = written(&expr, None).filter(|_| !(row && names(&expr, "state"))) {
            let noun = match selects { Selects::Tokens => "token", Selects::Cards => "card", _ => "user" };
            let line = match &expr {
                // Arguments side by side mean the same as `and`.
                Expr::All(parts) if parts.iter().all(|part| matches!(part, Expr::Test(_))) => {
                    let parts: Vec<_> = parts.iter().filter_map(|part| written(part, None)).collect();
                    format!("{noun} list {}", parts.join(" "))
                }
                _ => format!("{noun} list where={text}"),
            };
            let bound = read(&line);
            typed.set(typed.get() + 1);
            check(&world, &bound, selects)?;
            let (db, entity) = (&world.bench.db, match selects {
                Selects::Tokens => Entity::Token, Selects::Cards => Entity::Card, _ => Entity::User,
            });
            let ids = |expr: &Expr| -> BTreeSet<i64> {
                let sql = compile(&select(expr.clone()), entity).unwrap();
                let table = super::super::columns::table(entity);
                let mut statement = db.prepare(&format!("SELECT {}id FROM {} WHERE {}", table.dot, table.from, sql.text)).unwrap();
                let rows = statement.query_map(params_from_iter(&sql.params), |row| row.get(0)).unwrap();
                rows.collect::<Result<_, _>>().unwrap()
            };
            prop_assert_eq!(ids(&bound), ids(&expr), "{}", line);
        }
    });
    assert!(typed.get() > 500, "{}", typed.get());
}

#[test]
fn every_attribute_chooses_some_and_not_all() {
    let world = world();
    let db = &world.bench.db;
    for attribute in ATTRIBUTES {
        if attribute.name == "token.assigned" || attribute.name == "card.assigned" {
            continue;
        }
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let strategy = any_test(vec![attribute]);
        let some = (0..300).any(|_| {
            let expr = strategy.new_tree(&mut runner).unwrap().current();
            let found = count(db, &select(expr), Case::Matters).unwrap();
            found > 0 && found < world.people.len() as u64
        });
        assert!(some, "{}", attribute.name);
    }
}

fn names(expr: &Expr, attribute: &str) -> bool {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().any(|part| names(part, attribute)),
        Expr::Not(inner) | Expr::Same(_, inner) => names(inner, attribute),
        Expr::Test(test) => test.attribute.name == attribute,
    }
}

fn read(line: &str) -> Expr {
    static USERS: Command = Command {
        selects: Selects::Users,
        ..Command::new("user list", "")
    };
    static TOKENS: Command = Command {
        selects: Selects::Tokens,
        ..Command::new("token list", "")
    };
    static CARDS: Command = Command {
        selects: Selects::Cards,
        ..Command::new("card list", "")
    };
    static CATALOGUE: Catalogue = Catalogue {
        commands: &[&USERS, &TOKENS, &CARDS],
    };
    let script = parse(line).unwrap_or_else(|failed| panic!("{line}\n{:?}", failed.diagnostics));
    let Some(Statement::Command(command)) = script.statements.first() else {
        panic!("{line}");
    };
    let around = Around {
        catalogue: &CATALOGUE,
        scope: &Variables::new(),
        now: "2026-01-02T12:00:00Z".parse().unwrap(),
        live: &NoLiveNames,
    };
    let bound = bind(command, line, &around).unwrap_or_else(|wrong| panic!("{line}\n{wrong:?}"));
    bound.selection.expr.unwrap()
}

/// An expression as a user would type it; `None` for what has no spelling.
fn written(expr: &Expr, within: Option<Entity>) -> Option<String> {
    let join = |parts: &[Expr], word: &str| -> Option<String> {
        let parts: Option<Vec<String>> = parts.iter().map(|part| written(part, within)).collect();
        Some(format!("({})", parts?.join(word)))
    };
    match expr {
        Expr::All(parts) => join(parts, " and "),
        Expr::Any(parts) => join(parts, " or "),
        Expr::Not(inner) => match &**inner {
            Expr::Test(test) if test.op == Op::Equal => {
                Some(written(inner, within)?.replacen('=', "!=", 1))
            }
            _ => Some(format!("not {}", written(inner, within)?)),
        },
        Expr::Same(entity, inner) => {
            let name = format!("{entity:?}").to_lowercase();
            Some(format!("{name}({})", written(inner, Some(*entity))?))
        }
        Expr::Test(test) => {
            let sign = match test.op {
                Op::Equal => "=",
                Op::Less => "<",
                Op::LessOrEqual => "<=",
                Op::Greater => ">",
                Op::GreaterOrEqual => ">=",
            };
            let name = match (within, test.attribute.name.split_once('.')) {
                (Some(_), Some((_, bare))) => bare,
                _ => test.attribute.name,
            };
            let values: Option<Vec<String>> = test.values.iter().map(operand).collect();
            Some(format!("{name}{sign}{}", values?.join(",")))
        }
    }
}

fn operand(value: &Operand) -> Option<String> {
    Some(match value {
        Operand::Present => "*".to_owned(),
        Operand::Text(pattern) => spelled(pattern),
        Operand::Qualified(group, name) => format!("{}/{}", spelled(group), spelled(name)),
        Operand::Number(number) => number.to_string(),
        Operand::Name(name) => (*name).to_owned(),
        Operand::When(when) if when.start != when.last => {
            Moment::nearest(when.start).to_string()[..10].to_owned()
        }
        Operand::When(when) => Moment::nearest(when.start).to_string(),
        Operand::File(_) | Operand::Set(_) => return None,
    })
}

/// Literal runs between quotes, wildcards outside.
fn spelled(pattern: &Pattern) -> String {
    let mut text = String::new();
    for piece in &pattern.0 {
        match piece {
            Piece::Any => text.push('*'),
            Piece::One => text.push('?'),
            Piece::Literal(literal) => {
                text.push('"');
                for c in literal.chars() {
                    if matches!(c, '"' | '\\' | '$') {
                        text.push('\\');
                    }
                    text.push(c);
                }
                text.push('"');
            }
        }
    }
    if text.is_empty() {
        "\"\"".to_owned()
    } else {
        text
    }
}
