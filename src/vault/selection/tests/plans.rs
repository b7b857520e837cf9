//! Which index each class of condition walks, in a query and in a count.

use std::sync::Arc;

use rusqlite::Connection;

use super::super::super::schema::tests::plan;
use super::super::sets::queries;
use super::*;
use crate::lang::args::When;

fn all(parts: Vec<Expr>) -> Expr {
    Expr::All(parts)
}

fn name(attribute: &str, name: &'static str) -> Expr {
    is(attribute, Operand::Name(name))
}

fn since(attribute_name: &str) -> Expr {
    let start = "2026-01-02T00:00:00Z".parse().unwrap();
    let last = "2026-01-02T23:59:59.999999Z".parse().unwrap();
    test(
        attribute(attribute_name),
        Op::Greater,
        vec![Operand::When(When { start, last })],
    )
}

fn more(attribute_name: &str, number: i64) -> Expr {
    test(
        attribute(attribute_name),
        Op::Greater,
        vec![Operand::Number(number)],
    )
}

/// The plan of the whole query, and those of the queries that a count is made of.
fn plans(db: &Connection, expr: &Expr) -> (String, String) {
    let sql = compile(&select(expr.clone()), Entity::User).unwrap();
    let text = format!("SELECT count(*) FROM users u WHERE {}", sql.text);
    let counted: Vec<String> = queries(db, &select(expr.clone()))
        .iter()
        .map(|sql| plan(db, &sql.text, &sql.params))
        .collect();
    (plan(db, &text, &sql.params), counted.join("\n"))
}

#[test]
fn every_class_of_condition_walks_its_index() {
    let db = people();
    let list = Operand::Set(Arc::from(["a".to_owned(), "b/c".to_owned()]));
    for (expr, index) in [
        (
            is("userid", text("asmith")),
            "u USING COVERING INDEX users_name (userid=?)",
        ),
        (
            is("userid", text("a*")),
            "u USING COVERING INDEX users_name (userid>? AND userid<?)",
        ),
        (
            is("userid", text("a*z")),
            "u USING COVERING INDEX users_name (userid>? AND userid<?)",
        ),
        (
            is("userid", list),
            "u USING COVERING INDEX users_name (userid=?)",
        ),
        (
            all(vec![is("group", text("s*")), is("userid", text("a*"))]),
            "u USING COVERING INDEX users_group (group_id=? AND userid>? AND userid<?)",
        ),
        (
            is("group", text("s*")),
            "u USING COVERING INDEX users_group (group_id=?)",
        ),
        (
            is("group", text("s*")),
            "USING COVERING INDEX groups_name (name>? AND name<?)",
        ),
        (
            is("fullname", text("A*")),
            "USING COVERING INDEX users_full_name (full_name>? AND full_name<?)",
        ),
        (
            is("fullname", text("*a*")),
            "USING COVERING INDEX users_full_name",
        ),
        (is("userid", text("*a*")), "u USING COVERING INDEX users_"),
        (
            is("alias", text("a*")),
            "USING COVERING INDEX aliases_alias (alias>? AND alias<?)",
        ),
        (
            is("contact", text("a*")),
            "USING COVERING INDEX contacts_value (value>? AND value<?)",
        ),
        (
            is("password.name", text("PIN")),
            "USING COVERING INDEX passwords_name (name=?)",
        ),
        (
            is("wave", text("W1")),
            "USING COVERING INDEX progress_wave (wave=?)",
        ),
        (
            name("state", "suspended"),
            "u USING COVERING INDEX users_state (state=?)",
        ),
        (
            is("locale", text("en-CA")),
            "u USING COVERING INDEX users_locale (locale=?)",
        ),
        (
            since("lastauth"),
            "u USING COVERING INDEX users_last_auth (last_auth>?)",
        ),
        (
            more("qa.count", 1),
            "USING COVERING INDEX qa_pairs (pairs>?)",
        ),
        (
            more("location.count", 1),
            "USING COVERING INDEX locations_user",
        ),
        (
            is("location.count", Operand::Number(0)),
            "USING COVERING INDEX locations_user",
        ),
        (
            name("changed", "counter"),
            "SCAN progress USING INDEX progress_changed",
        ),
        (
            name("import", "error"),
            "USING COVERING INDEX progress_error",
        ),
        (
            is("exported", Operand::Number(1)),
            "members USING PRIMARY KEY (bundle=?)",
        ),
        (
            is("token.vendor", text("HID")),
            "t USING COVERING INDEX tokens_vendor (vendor=?)",
        ),
        (
            is("token.serial", text("1*")),
            "t USING COVERING INDEX tokens_key (serial>? AND serial<?)",
        ),
        (
            name("token.state", "hold"),
            "t USING COVERING INDEX tokens_state (state=?)",
        ),
        (
            name("token.activation", "created"),
            "t USING COVERING INDEX tokens_activation (activation=?)",
        ),
        (
            is("token.model", text("OT")),
            "t USING COVERING INDEX tokens_model (model=?)",
        ),
        (
            name("token.algorithm", "ocra"),
            "t USING COVERING INDEX tokens_algorithm (algorithm=?)",
        ),
        (
            since("token.lastused"),
            "t USING COVERING INDEX tokens_last_used (last_used>?)",
        ),
        (
            since("token.expires"),
            "t USING COVERING INDEX tokens_expires (expires>?)",
        ),
        (
            more("token.drift", 3),
            "t USING COVERING INDEX tokens_drift (drift>?)",
        ),
        (
            is("card.serial", Operand::Number(3)),
            "c USING COVERING INDEX cards_serial (serial=?)",
        ),
        (
            name("card.state", "hold"),
            "c USING COVERING INDEX cards_state (state=?)",
        ),
        (
            name("card.usage", "warning"),
            "c USING COVERING INDEX cards_usage (usage=?)",
        ),
        (
            since("card.expires"),
            "c USING COVERING INDEX cards_expires (expires>?)",
        ),
        (
            is("location.country", text("CA")),
            "l USING COVERING INDEX locations_place (country=?)",
        ),
        (
            is("location.city", text("Ottawa")),
            "l USING COVERING INDEX locations_place",
        ),
        (
            Expr::Same(
                Entity::Token,
                Box::new(all(vec![
                    is("token.vendor", text("HID")),
                    name("token.state", "current"),
                ])),
            ),
            "t USING COVERING INDEX tokens_vendor (vendor=?",
        ),
    ] {
        let (whole, counted) = plans(&db, &expr);
        for plan in [&whole, &counted] {
            assert!(plan.contains(index), "{index}\n{plan}");
            assert!(!plan.contains("CORRELATED"), "{plan}");
        }
    }
}

#[test]
fn a_state_that_most_have_is_not_walked_beside_something_better() {
    let db = people();
    let beside = |other: Expr| plans(&db, &all(vec![name("state", "active"), other])).0;
    for (other, index) in [
        (is("userid", text("asmith")), "users_name (userid=?)"),
        (
            is("userid", text("a*")),
            "users_name (userid>? AND userid<?)",
        ),
        (is("group", text("sales")), "users_group (group_id=?)"),
        (is("alias", text("a*")), "INTEGER PRIMARY KEY (rowid=?)"),
    ] {
        let plan = beside(other);
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("users_state"), "{plan}");
    }
    let rare = all(vec![
        name("state", "suspended"),
        is("fullname", Operand::Present),
    ]);
    assert!(plans(&db, &rare).0.contains("users_state"));
}

#[test]
fn a_few_users_are_looked_up_one_by_one() {
    let db = people();
    let expr = all(vec![
        is("userid", text("asmith")),
        name("state", "active"),
        name("token.state", "current"),
        is("alias", text("*a*")),
    ]);
    let (_, counted) = plans(&db, &expr);
    for search in [
        "SEARCH t USING COVERING INDEX tokens_state (state=? AND rowid>? AND rowid<?)",
        "SEARCH aliases USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    ] {
        assert!(counted.contains(search), "{counted}");
    }
    assert!(!counted.contains("SCAN t"), "{counted}");
}
