//! What a condition comes to, by the rules of language.md §3 over the records alone.

use std::cmp::Ordering;

use super::world::Person;
use crate::lang::args::When;
use crate::lang::selection::{Entity, Expr, Op, Operand, Piece, Test};
use crate::model::*;

/// What a condition is asked of.
#[derive(Clone, Copy)]
pub(super) enum Row<'a> {
    User(&'a Person),
    Token(Option<&'a Person>, &'a Token, &'a str),
    Card(Option<&'a Person>, &'a Card, &'a str),
    Place(&'a Person, &'a LocationEntry),
}

/// Whether a condition holds of a row.
pub(super) fn holds(expr: &Expr, row: Row<'_>) -> bool {
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
pub(super) fn any_of(entity: Entity, row: Row<'_>, held: impl Fn(Row<'_>) -> bool) -> bool {
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
pub(super) fn met(test: &Test, row: Row<'_>) -> bool {
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

pub(super) fn userid(test: &Test, user: &User) -> bool {
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

pub(super) fn text(test: &Test, found: Option<&str>) -> bool {
    found.is_some_and(|found| {
        test.values
            .iter()
            .any(|value| one_text(test.op, value, found))
    })
}

pub(super) fn one_text(op: Op, value: &Operand, found: &str) -> bool {
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

pub(super) fn name(test: &Test, found: &str, present: bool) -> bool {
    test.values.iter().any(|value| match value {
        Operand::Present => present,
        Operand::Name(wanted) => *wanted == found,
        _ => unreachable!(),
    })
}

pub(super) fn maybe(test: &Test, found: Option<&str>) -> bool {
    found.is_some_and(|found| name(test, found, true))
}

pub(super) fn number(test: &Test, found: Option<i64>) -> bool {
    found.is_some_and(|found| {
        test.values.iter().any(|value| match value {
            Operand::Present => true,
            Operand::Number(number) => compare(test.op, found.cmp(number)),
            _ => unreachable!(),
        })
    })
}

/// A day is an interval: `<` before its start, `>` from its end, `=` inside.
pub(super) fn when(test: &Test, found: Option<Timestamp>) -> bool {
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

pub(super) fn compare(op: Op, ordering: Ordering) -> bool {
    match op {
        Op::Equal => ordering.is_eq(),
        Op::Less => ordering.is_lt(),
        Op::LessOrEqual => ordering.is_le(),
        Op::Greater => ordering.is_gt(),
        Op::GreaterOrEqual => ordering.is_ge(),
    }
}

/// What the language says a pattern matches, by backtracking.
pub(super) fn matches(pieces: &[Piece], text: &str) -> bool {
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
