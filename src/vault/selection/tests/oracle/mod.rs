//! Random selections, asked of the database and of the records themselves.
//!
//! The records are the ones that were loaded; what they answer is computed here from the rules of language.md §3, in
//! plain Rust and without SQL. Each selection is written out as somebody would type it, read and bound again, so that
//! the words, the binder and the query are tried together.

mod answers;
mod dice;
mod world;
mod written;

use proptest::prelude::*;

use crate::lang::binder::{Around, bind};
use crate::lang::grammar;
use crate::lang::live::NoLiveNames;
use crate::lang::selection::{ATTRIBUTES, Entity, Expr, Op, Selection, Test};
use crate::lang::spec::{Catalogue, Command, Selects};
use crate::lang::value::Variables;
use crate::model::Timestamp;

use dice::Dice;
use world::world;
use written::written;

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
        if entity == Entity::User {
            prop_assert_eq!(world.counted(&selection), expected.len() as u64, "counted: {}", line);
        }
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
