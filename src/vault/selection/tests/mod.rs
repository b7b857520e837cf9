//! What the compiled conditions choose, against plain Rust, and which index they walk.

mod oracle;
mod plans;
mod random;
mod world;

use std::collections::BTreeSet;

use rusqlite::{Connection, params, params_from_iter};

use super::super::schema::tests::connection;
use super::value::prefix_range;
use super::*;
use crate::lang::selection::{ATTRIBUTES, Attribute, Op};

fn attribute(name: &str) -> &'static Attribute {
    ATTRIBUTES.iter().find(|a| a.name == name).unwrap()
}

fn test(attribute: &'static Attribute, op: Op, values: Vec<Operand>) -> Expr {
    Expr::Test(Test {
        attribute,
        op,
        values,
        span: 0..0,
    })
}

fn is(name: &str, value: Operand) -> Expr {
    test(attribute(name), Op::Equal, vec![value])
}

fn text(value: &str) -> Operand {
    Operand::Text(Pattern::parse(value))
}

fn select(expr: Expr) -> Selection {
    Selection {
        expr: Some(expr),
        ..Selection::default()
    }
}

struct Person {
    id: i64,
    group: &'static str,
    userid: &'static str,
    full_name: Option<&'static str>,
    state: &'static str,
    phase: i64,
    bundle: Option<i64>,
    aliases: &'static [&'static str],
    tokens: &'static [(&'static str, &'static str)],
    last_auth: Option<i64>,
}

const PEOPLE: &[Person] = &[
    Person {
        id: 1,
        group: "sales",
        userid: "asmith",
        full_name: Some("Anna Smith"),
        state: "active",
        phase: 2,
        bundle: Some(1),
        aliases: &["a.smith", "anna"],
        tokens: &[("HID", "current"), ("Entrust", "hold")],
        last_auth: Some(5),
    },
    Person {
        id: 2,
        group: "sales",
        userid: "a[b]c",
        full_name: None,
        state: "suspended",
        phase: 0,
        bundle: None,
        aliases: &[],
        tokens: &[],
        last_auth: None,
    },
    Person {
        id: 3,
        group: "hr",
        userid: "asmith",
        full_name: Some("Älva"),
        state: "active",
        phase: 1,
        bundle: None,
        aliases: &["A.Smith"],
        tokens: &[("HID", "hold"), ("Entrust", "current")],
        last_auth: Some(9),
    },
    Person {
        id: 4,
        group: "hr",
        userid: "a*b?",
        full_name: Some(""),
        state: "active",
        phase: 4,
        bundle: Some(2),
        aliases: &["x"],
        tokens: &[("Entrust", "current")],
        last_auth: Some(1),
    },
    Person {
        id: 5,
        group: "Sales",
        userid: "äb",
        full_name: Some("Anna"),
        state: "active",
        phase: 1,
        bundle: Some(1),
        aliases: &["äb2"],
        tokens: &[],
        last_auth: None,
    },
    Person {
        id: 6,
        group: "empty/no",
        userid: "b/asmith",
        full_name: Some("a\u{10ffff}"),
        state: "active",
        phase: 0,
        bundle: None,
        aliases: &["b\u{10ffff}\u{10ffff}"],
        tokens: &[("HID", "pending")],
        last_auth: Some(3),
    },
];

fn people() -> Connection {
    let db = connection();
    let mut groups: Vec<&str> = Vec::new();
    for person in PEOPLE {
        let group = groups.iter().position(|g| *g == person.group);
        let group = group.unwrap_or_else(|| {
            groups.push(person.group);
            let id = groups.len() as i64;
            db.execute(
                "INSERT INTO groups (id, name, system_id, load, line) VALUES (?, ?, 1, 1, 1)",
                params![id, person.group],
            )
            .unwrap();
            groups.len() - 1
        }) as i64
            + 1;
        db.execute(
            "INSERT INTO users (id, group_id, userid, load, line, system_id, full_name, state, last_auth) \
             VALUES (?, ?, ?, 1, 1, 1, ?, ?, ?)",
            params![person.id, group, person.userid, person.full_name, person.state, person.last_auth],
        )
        .unwrap();
        for (place, alias) in person.aliases.iter().enumerate() {
            db.execute(
                "INSERT INTO aliases (id, alias) VALUES (?, ?)",
                params![(person.id << 16) + place as i64, alias],
            )
            .unwrap();
        }
        for (place, (vendor, state)) in person.tokens.iter().enumerate() {
            db.execute(
                "INSERT INTO tokens (id, vendor, serial, load, line, kind, algorithm, state, seed) \
                 VALUES (?1, ?2, ?1, 1, 1, 'hardware', 'totp', ?3, x'00')",
                params![(person.id << 16) + place as i64, vendor, state],
            )
            .unwrap();
        }
        if person.phase > 0 {
            db.execute(
                "INSERT INTO progress (user, phase, bundle, at, master) VALUES (?, ?, ?, 0, 'Master1')",
                params![person.id, person.phase, person.bundle],
            )
            .unwrap();
        }
        if let Some(bundle) = person.bundle {
            db.execute(
                "INSERT INTO members (bundle, user) VALUES (?, ?)",
                params![bundle, person.id],
            )
            .unwrap();
        }
    }
    db.execute_batch(
        "INSERT INTO bundles (number, id, state, path, overwrite, master, selection, password_generation, opened) VALUES
         (1, 'a', 'done', 'p', 0, 'Master1', '', 1, 0), (2, 'b', 'done', 'p', 0, 'Master1', '', 1, 0), (3, 'c', 'failed', 'p', 0, 'Master1', '', 1, 0);
         INSERT INTO members (bundle, user) VALUES (3, 2);
         INSERT INTO tokens (id, group_id, vendor, serial, load, line, kind, algorithm, seed) VALUES (-1, 1, 'HID', 'u', 1, 1, 'hardware', 'totp', x'00')",
    )
    .unwrap();
    db
}

fn chosen(db: &Connection, selection: &Selection) -> BTreeSet<i64> {
    let sql = user_ids(selection).unwrap();
    let mut statement = db.prepare(&sql.text).unwrap();
    statement
        .query_map(params_from_iter(&sql.params), |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn limit_takes_the_first_in_order_of_user_id() {
    let db = people();
    let mut selection = select(is("userid", text("a*")));
    selection.limit = Some(2);
    assert_eq!(chosen(&db, &selection), BTreeSet::from([2, 4]));
}

#[test]
fn token_commands_filter_rows() {
    let db = people();
    let rows = |expr: Expr| -> Vec<i64> {
        let sql = compile(&select(expr), Entity::Token).unwrap();
        let mut statement = db
            .prepare(&format!(
                "SELECT t.id FROM tokens t WHERE {} ORDER BY t.id",
                sql.text
            ))
            .unwrap();
        statement
            .query_map(params_from_iter(&sql.params), |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    };
    let hid = || is("token.vendor", text("HID"));
    assert_eq!(rows(hid()), [-1, 1 << 16, 3 << 16, 6 << 16]);
    let of_sales = is("group", text("sales"));
    assert_eq!(
        rows(Expr::All(vec![hid(), of_sales])),
        [-1, 1 << 16],
        "an unassigned token is of its group"
    );
    assert_eq!(
        rows(Expr::All(vec![hid(), is("userid", text("asmith"))])),
        [1 << 16, 3 << 16]
    );
}

#[test]
fn unassigned_items_follow_the_groups_of_the_selection() {
    let group = |name: &str| is("group", text(name));
    let user = || is("userid", text("a*"));
    assert!(names_groups_only(&Selection::default()));
    assert!(names_groups_only(&select(Expr::All(vec![
        group("a*"),
        Expr::Not(Box::new(group("ab")))
    ]))));
    assert!(!names_groups_only(&select(Expr::All(vec![
        group("a"),
        user()
    ]))));
    assert!(!names_groups_only(&Selection {
        limit: Some(3),
        ..Selection::default()
    }));

    let db = people();
    let groups = |expr: Expr| -> Vec<String> {
        let sql = super::groups(&select(expr)).unwrap();
        let mut statement = db
            .prepare(&format!(
                "SELECT g.name FROM groups g WHERE {} ORDER BY g.id",
                sql.text
            ))
            .unwrap();
        statement
            .query_map(params_from_iter(&sql.params), |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    };
    let all = ["sales", "hr", "Sales", "empty/no"];
    assert_eq!(groups(Expr::All(vec![group("s*"), user()])), ["sales"]);
    assert_eq!(groups(Expr::Any(vec![group("s*"), user()])), all);
    assert_eq!(
        groups(Expr::Not(Box::new(group("hr")))),
        ["sales", "Sales", "empty/no"]
    );
    assert_eq!(
        groups(Expr::Not(Box::new(Expr::All(vec![group("hr"), user()])))),
        all
    );
}

#[test]
fn a_prefix_becomes_a_range_in_byte_order() {
    assert_eq!(prefix_range("a"), ("a".to_owned(), Some("b".to_owned())));
    assert_eq!(prefix_range("a\u{10ffff}").1.as_deref(), Some("b"));
    assert_eq!(prefix_range("\u{d7ff}").1.as_deref(), Some("\u{e000}"));
    assert_eq!(prefix_range("\u{10ffff}").1, None);
    assert_eq!(prefix_range("").1, None);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let file = compile(
        &select(is("userid", Operand::File("f".into()))),
        Entity::User,
    );
    assert_eq!(file, Err(Unusable::List("f".into())));
    let two = test(
        attribute("exported"),
        Op::Less,
        vec![Operand::Name("yes"), Operand::Present],
    );
    assert!(compile(&select(two), Entity::User).is_ok());
    let wild = test(attribute("userid"), Op::Less, vec![text("a*")]);
    assert_eq!(
        compile(&select(wild), Entity::User),
        Err(Unusable::Ordering("userid"))
    );
}
