//! What a selection chooses, written in plain Rust over the records: no SQL and no table of columns.

use crate::lang::selection::{Entity, Expr, Op, Operand, Piece, Test};
use crate::model::{Changes, Moment, Text};

use super::world::{Item, Person, World};

/// What an attribute is of one subject.
enum Fact<'a> {
    Text(&'a str),
    Name(&'a str),
    Number(i64),
    At(Moment),
}

/// What a condition is about.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    Person(&'a Person),
    /// A row of `token list` or `card list`, with the user it belongs to.
    Row(&'a Item, Option<&'a Person>),
    /// One item of a user, within `token(…)` and the like.
    One(&'a Item),
}

pub(super) fn holds(expr: &Expr, subject: Subject<'_>, world: &World) -> bool {
    match expr {
        Expr::All(parts) => parts.iter().all(|part| holds(part, subject, world)),
        Expr::Any(parts) => parts.iter().any(|part| holds(part, subject, world)),
        Expr::Not(inner) => !holds(inner, subject, world),
        Expr::Same(entity, inner) => items(subject, *entity)
            .iter()
            .any(|item| holds(inner, Subject::One(item), world)),
        Expr::Test(test) => test
            .values
            .iter()
            .any(|value| test_holds(test, value, subject, world)),
    }
}

/// The items of a kind that a subject has: of a row of that kind, itself.
fn items<'a>(subject: Subject<'a>, entity: Entity) -> Vec<&'a Item> {
    match subject {
        Subject::One(item) => vec![item],
        Subject::Row(item, _) if item.entity() == entity => vec![item],
        Subject::Row(_, owner) => owner.map_or_else(Vec::new, |owner| owner.items(entity)),
        Subject::Person(person) => person.items(entity),
    }
}

fn test_holds(test: &Test, value: &Operand, subject: Subject<'_>, world: &World) -> bool {
    let name = test.attribute.name;
    // Of what is yes or no, presence is the yes.
    let value = match (name, value) {
        ("token.assigned" | "card.assigned", Operand::Present) => &Operand::Name("yes"),
        (_, value) => value,
    };
    if test.attribute.entity != Entity::User {
        return items(subject, test.attribute.entity)
            .iter()
            .any(|item| fact_of_item(item, name).is_some_and(|fact| meets(test.op, value, &fact)));
    }
    let owner = match subject {
        Subject::Person(person) => Some(person),
        Subject::Row(item, owner) => {
            if name == "group" && owner.is_none() {
                return meets(test.op, value, &Fact::Text(item.group()));
            }
            owner
        }
        Subject::One(_) => unreachable!("no attribute of users within parentheses"),
    };
    owner.is_some_and(|person| person_meets(test, value, person, world))
}

fn person_meets(test: &Test, value: &Operand, person: &Person, world: &World) -> bool {
    let user = &person.user;
    let full = format!("{}/{}", user.facts.group, user.facts.userid);
    match (test.attribute.name, value) {
        ("userid", Operand::Qualified(group, name)) => {
            matches(&group.0, &user.facts.group) && matches(&name.0, &user.facts.userid)
        }
        ("userid", Operand::Set(list)) => list
            .iter()
            .any(|item| *item == user.facts.userid || *item == full),
        ("exported", Operand::Number(number)) => person
            .bundles
            .iter()
            .any(|bundle| world.done.contains(bundle) && in_order(test.op, bundle.cmp(number))),
        // Of what is yes or no, or has a word for none, presence is the yes.
        ("excluded" | "gone" | "rba.override" | "exported", Operand::Present) => {
            facts(person, test)
                .iter()
                .any(|fact| matches!(fact, Fact::Name("yes")))
        }
        ("import", Operand::Present) => person.import != "none",
        _ => facts(person, test)
            .iter()
            .any(|fact| meets(test.op, value, fact)),
    }
}

fn facts<'a>(person: &'a Person, test: &Test) -> Vec<Fact<'a>> {
    let user = &person.user;
    let yes = |yes: bool| vec![Fact::Name(if yes { "yes" } else { "no" })];
    let text = |text: &'a Option<String>| text.iter().map(|text| Fact::Text(text)).collect();
    let count = |count: usize| vec![Fact::Number(count as i64)];
    match test.attribute.name {
        "userid" => vec![Fact::Text(&user.facts.userid)],
        "group" => vec![Fact::Text(&user.facts.group)],
        "fullname" => text(&user.facts.full_name),
        "locale" => text(&user.facts.locale),
        "alias" => user
            .facts
            .aliases
            .iter()
            .map(|alias| Fact::Text(alias))
            .collect(),
        "contact" => user
            .facts
            .contacts
            .iter()
            .map(|c| Fact::Text(&c.value))
            .collect(),
        "state" => vec![Fact::Name(user.facts.state.as_str())],
        "lastauth" => user.facts.last_auth.map(Fact::At).into_iter().collect(),
        "qa.count" => count(user.qa.len()),
        "password.name" => user
            .passwords
            .iter()
            .filter_map(|password| password.name.as_deref().map(Fact::Text))
            .collect(),
        "location.count" => count(user.facts.location.history.len()),
        "rba.override" => {
            let own = &user.facts.location.overrides;
            yes(own.max_history.is_some()
                || own.check_ip.is_some()
                || own.check_velocity.is_some()
                || own.max_expected.is_some())
        }
        "phase" => vec![Fact::Name(person.phase.as_str())],
        "exported" => yes(person.last_bundle.is_some()),
        "changed" => match (person.last_bundle, person.changed) {
            (None, _) => Vec::new(),
            (_, Changes::NONE) => vec![Fact::Name("no")],
            (_, changes) => ["yes"]
                .into_iter()
                .chain(changes.names())
                .map(Fact::Name)
                .collect(),
        },
        "wave" => text(&person.wave),
        "import" => vec![Fact::Name(person.import)],
        "excluded" => yes(person.excluded),
        "gone" => yes(person.gone),
        other => panic!("the oracle has no '{other}'"),
    }
}

fn fact_of_item<'a>(item: &'a Item, attribute: &str) -> Option<Fact<'a>> {
    let text = |text: &'a Option<Text>| text.as_deref().map(Fact::Text);
    let assigned = || Some(Fact::Name(if item.is_assigned() { "yes" } else { "no" }));
    match (item, attribute) {
        (_, "token.assigned" | "card.assigned") => assigned(),
        (Item::Token(token, _), name) => match name {
            "token.vendor" => Some(Fact::Text(&token.facts.vendor)),
            "token.serial" => Some(Fact::Text(&token.facts.serial)),
            "token.state" => token.state.map(|state| Fact::Name(state.as_str())),
            "token.activation" => token.activation.map(|state| Fact::Name(state.as_str())),
            "token.model" => text(&token.facts.model),
            "token.kind" => Some(Fact::Name(token.facts.kind.as_str())),
            "token.algorithm" => Some(Fact::Name(token.facts.algorithm.as_str())),
            "token.lastused" => token.facts.last_used.map(Fact::At),
            "token.expires" => token.facts.expires.map(Fact::At),
            "token.drift" => token.facts.drift.map(Fact::Number),
            other => panic!("the oracle has no '{other}'"),
        },
        (Item::Card(card, _), name) => match name {
            "card.serial" => Some(Fact::Number(card.facts.serial as i64)),
            "card.state" => card.state.map(|state| Fact::Name(state.as_str())),
            "card.usage" => card.facts.usage.map(|usage| Fact::Name(usage.as_str())),
            "card.expires" => card.facts.expires.map(Fact::At),
            "card.created" => card.facts.created.map(Fact::At),
            other => panic!("the oracle has no '{other}'"),
        },
        (Item::Place(place), name) => match name {
            "location.country" => text(&place.country),
            "location.region" => text(&place.region),
            "location.city" => text(&place.city),
            other => panic!("the oracle has no '{other}'"),
        },
    }
}

fn meets(op: Op, value: &Operand, fact: &Fact<'_>) -> bool {
    match (value, fact) {
        (Operand::Present, _) => true,
        (Operand::Text(pattern), Fact::Text(text)) if op == Op::Equal => matches(&pattern.0, text),
        (Operand::Text(pattern), Fact::Text(text)) => {
            let literal = pattern.literal().expect("no wildcards after an ordering");
            in_order(op, text.as_bytes().cmp(literal.as_bytes()))
        }
        (Operand::Name(name), Fact::Name(is)) => name == is,
        (Operand::Number(number), Fact::Number(is)) => in_order(op, is.cmp(number)),
        (Operand::When(when), Fact::At(at)) => {
            let at = at.as_microsecond();
            match op {
                Op::Equal => (when.start..=when.last).contains(&at),
                Op::Less => at < when.start,
                Op::LessOrEqual => at <= when.last,
                Op::Greater => at > when.last,
                Op::GreaterOrEqual => at >= when.start,
            }
        }
        _ => panic!("{value:?} is not of the attribute's kind"),
    }
}

fn in_order(op: Op, ordering: std::cmp::Ordering) -> bool {
    match op {
        Op::Equal => ordering.is_eq(),
        Op::Less => ordering.is_lt(),
        Op::LessOrEqual => ordering.is_le(),
        Op::Greater => ordering.is_gt(),
        Op::GreaterOrEqual => ordering.is_ge(),
    }
}

/// What a pattern matches by the rules of the language, by backtracking.
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
