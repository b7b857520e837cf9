//! What the compiled conditions choose, against plain Rust, and which index they walk.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use rusqlite::{Connection, params, params_from_iter};

use super::super::schema::tests::{connection, plan};
use super::value::prefix_range;
use super::*;
use crate::lang::args::When;
use crate::lang::selection::{ATTRIBUTES, Attribute, AttributeKind, Op, Piece};

static VENDOR: Attribute = Attribute {
    name: "token.vendor",
    kind: AttributeKind::Text,
    entity: Entity::Token,
    summary: "",
    complete: crate::lang::spec::Complete::Kind,
};
static TOKEN_STATE: Attribute = Attribute {
    name: "token.state",
    kind: AttributeKind::Names(crate::model::TokenState::NAMES),
    entity: Entity::Token,
    summary: "",
    complete: crate::lang::spec::Complete::Kind,
};
static LAST_AUTH: Attribute = Attribute {
    name: "lastauth",
    kind: AttributeKind::When,
    entity: Entity::User,
    summary: "",
    complete: crate::lang::spec::Complete::Kind,
};

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

fn pattern(text: &str) -> Pattern {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    for c in text.chars() {
        let wild = match c {
            '*' => Piece::Any,
            '?' => Piece::One,
            other => {
                literal.push(other);
                continue;
            }
        };
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(wild);
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Pattern(pieces)
}

fn text(value: &str) -> Operand {
    Operand::Text(pattern(value))
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

fn holds(expr: &Expr, person: &Person) -> bool {
    match expr {
        Expr::All(parts) => parts.iter().all(|part| holds(part, person)),
        Expr::Any(parts) => parts.iter().any(|part| holds(part, person)),
        Expr::Not(inner) => !holds(inner, person),
        Expr::Same(_, inner) => person.tokens.iter().any(|token| token_holds(inner, *token)),
        Expr::Test(test) => test
            .values
            .iter()
            .any(|value| value_holds(test, value, person)),
    }
}

fn token_holds(expr: &Expr, token: (&str, &str)) -> bool {
    match expr {
        Expr::All(parts) => parts.iter().all(|part| token_holds(part, token)),
        Expr::Any(parts) => parts.iter().any(|part| token_holds(part, token)),
        Expr::Not(inner) => !token_holds(inner, token),
        Expr::Same(..) => unreachable!(),
        Expr::Test(test) => {
            let text = if test.attribute.name == "token.vendor" {
                token.0
            } else {
                token.1
            };
            test.values
                .iter()
                .any(|value| text_holds(value, Some(text)))
        }
    }
}

fn text_holds(value: &Operand, text: Option<&str>) -> bool {
    let Some(text) = text else { return false };
    match value {
        Operand::Present => true,
        Operand::Text(pattern) => matches(&pattern.0, text),
        Operand::Name(name) => *name == text,
        Operand::Set(list) => list.iter().any(|item| item == text),
        _ => unreachable!(),
    }
}

fn value_holds(test: &Test, value: &Operand, person: &Person) -> bool {
    let ordered = |ordering: std::cmp::Ordering| match test.op {
        Op::Equal => ordering.is_eq(),
        Op::Less => ordering.is_lt(),
        Op::LessOrEqual => ordering.is_le(),
        Op::Greater => ordering.is_gt(),
        Op::GreaterOrEqual => ordering.is_ge(),
    };
    match test.attribute.name {
        "userid" => match value {
            Operand::Qualified(group, name) => {
                matches(&group.0, person.group) && matches(&name.0, person.userid)
            }
            Operand::Set(list) => list.iter().any(|item| {
                item == person.userid
                    || item
                        .split_once('/')
                        .is_some_and(|(group, name)| group == person.group && name == person.userid)
            }),
            other => text_holds(other, Some(person.userid)),
        },
        "group" => text_holds(value, Some(person.group)),
        "fullname" => text_holds(value, person.full_name),
        "state" => text_holds(value, Some(person.state)),
        "alias" => person
            .aliases
            .iter()
            .any(|alias| text_holds(value, Some(alias))),
        "token.vendor" => person.tokens.iter().any(|t| text_holds(value, Some(t.0))),
        "token.state" => person.tokens.iter().any(|t| text_holds(value, Some(t.1))),
        "phase" => match value {
            Operand::Present => true,
            Operand::Name(name) => {
                let number = name.parse::<crate::model::Phase>().unwrap().number();
                ordered(person.phase.cmp(&number))
            }
            _ => unreachable!(),
        },
        "exported" => match value {
            Operand::Present | Operand::Name("yes") => person.bundle.is_some(),
            Operand::Name("no") => person.bundle.is_none(),
            Operand::Number(number) => person.bundle.is_some_and(|b| ordered(b.cmp(number))),
            _ => unreachable!(),
        },
        "lastauth" => match (value, person.last_auth) {
            (_, None) => false,
            (Operand::Present, _) => true,
            (Operand::When(when), Some(at)) => {
                let (start, end) = (when.start.as_microsecond(), when.end.as_microsecond());
                match test.op {
                    Op::Equal => (start..end).contains(&at),
                    Op::Less => at < start,
                    Op::LessOrEqual => at < end,
                    Op::Greater => at >= end,
                    Op::GreaterOrEqual => at >= start,
                }
            }
            _ => unreachable!(),
        },
        other => panic!("{other}"),
    }
}

fn any_text() -> impl Strategy<Value = Operand> {
    prop_oneof![
        4 => "[aAbBsäm\\[\\]*?.c/]{0,4}".prop_map(|t| text(&t)),
        4 => prop::sample::select(vec!["asmith", "a*", "a[*", "*b*", "äb*", "a\u{10ffff}*", "b\u{10ffff}*", "?*", "*", "A?Smith", "anna*", "x", "sales", "hr", "s*", "S*", "Anna*", "", "HID", "E*t"]).prop_map(text),
        1 => Just(Operand::Present),
    ]
}

fn any_test() -> impl Strategy<Value = Expr> {
    let texts = || prop::collection::vec(any_text(), 1..3);
    let names = |attribute: &'static Attribute| {
        let AttributeKind::Names(names) = attribute.kind else {
            unreachable!()
        };
        let name = prop_oneof![
            prop::sample::select(names).prop_map(Operand::Name),
            Just(Operand::Present)
        ];
        prop::collection::vec(name, 1..3).prop_map(move |values| test(attribute, Op::Equal, values))
    };
    let op = || {
        prop::sample::select(vec![
            Op::Equal,
            Op::Less,
            Op::LessOrEqual,
            Op::Greater,
            Op::GreaterOrEqual,
        ])
    };
    prop_oneof![
        4 => (prop::sample::select(vec!["userid", "group", "alias", "fullname"]), texts())
            .prop_map(|(name, values)| test(attribute(name), Op::Equal, values)),
        1 => texts().prop_map(|values| test(&VENDOR, Op::Equal, values)),
        1 => (any_text(), any_text()).prop_filter_map("two patterns", |(group, name)| match (group, name) {
            (Operand::Text(group), Operand::Text(name)) => Some(is("userid", Operand::Qualified(group, name))),
            _ => None,
        }),
        1 => prop::sample::subsequence(vec!["asmith", "hr/asmith", "b/asmith", "empty/no/b/asmith", "nobody"], 0..4)
            .prop_map(|list| is("userid", Operand::Set(list.into_iter().map(str::to_owned).collect::<Vec<_>>().into()))),
        1 => names(attribute("state")),
        1 => names(&TOKEN_STATE),
        2 => (op(), prop::sample::select(crate::model::Phase::NAMES))
            .prop_map(|(op, name)| test(attribute("phase"), op, vec![Operand::Name(name)])),
        1 => (op(), 0i64..4).prop_map(|(op, number)| test(attribute("exported"), op, vec![Operand::Number(number)])),
        1 => prop::sample::select(vec![Operand::Name("yes"), Operand::Name("no"), Operand::Present])
            .prop_map(|value| is("exported", value)),
        1 => (op(), 0i64..6, 1i64..6).prop_map(|(op, start, length)| {
            let at = |us| jiff::Timestamp::from_microsecond(us).unwrap();
            test(&LAST_AUTH, op, vec![Operand::When(When { start: at(start), end: at(start + length) })])
        }),
    ]
}

fn any_same() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        any_text().prop_map(|value| test(&VENDOR, Op::Equal, vec![value])),
        prop::sample::select(crate::model::TokenState::NAMES).prop_map(|name| test(
            &TOKEN_STATE,
            Op::Equal,
            vec![Operand::Name(name)]
        )),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Expr::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Expr::Any),
            inner.prop_map(|e| Expr::Not(Box::new(e))),
        ]
    })
    .prop_map(|inner| Expr::Same(Entity::Token, Box::new(inner)))
}

fn any_expr() -> impl Strategy<Value = Expr> {
    prop_oneof![8 => any_test(), 1 => any_same()].prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Expr::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Expr::Any),
            inner.prop_map(|e| Expr::Not(Box::new(e))),
        ]
    })
}

#[test]
fn what_is_chosen_is_what_the_language_says() {
    let db = people();
    let config = ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(expr in any_expr())| {
        let expected: BTreeSet<i64> = PEOPLE.iter().filter(|p| holds(&expr, p)).map(|p| p.id).collect();
        prop_assert_eq!(chosen(&db, &select(expr)), expected);
    });
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
    let hid = || test(&VENDOR, Op::Equal, vec![text("HID")]);
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
fn selections_walk_an_index() {
    let db = people();
    for (expr, index) in [
        (
            is("userid", text("asmith")),
            "SEARCH u USING COVERING INDEX users_name (userid=?)",
        ),
        (
            is("userid", text("a*")),
            "SEARCH u USING COVERING INDEX users_name (userid>? AND userid<?)",
        ),
        (
            is("userid", text("a*z")),
            "SEARCH u USING COVERING INDEX users_name (userid>? AND userid<?)",
        ),
        (
            Expr::All(vec![is("group", text("s*")), is("userid", text("a*"))]),
            "SEARCH u USING COVERING INDEX users_group (group_id=? AND userid>? AND userid<?)",
        ),
        (
            is("group", text("s*")),
            "SEARCH u USING COVERING INDEX users_group (group_id=?)",
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
            is("alias", text("a*")),
            "SEARCH u USING INTEGER PRIMARY KEY (rowid=?)",
        ),
        (
            is("alias", text("a*")),
            "USING COVERING INDEX aliases_alias (alias>? AND alias<?)",
        ),
        (
            is("exported", Operand::Number(1)),
            "SEARCH members USING PRIMARY KEY (bundle=?)",
        ),
        (
            is(
                "userid",
                Operand::Set(Arc::from(["a".to_owned(), "b/c".to_owned()])),
            ),
            "SEARCH u USING COVERING INDEX users_name (userid=?)",
        ),
    ] {
        let sql = compile(&select(expr), Entity::User).unwrap();
        let plan = plan(
            &db,
            &format!("SELECT count(*) FROM users u WHERE {}", sql.text),
            &sql.params,
        );
        assert!(plan.contains(index), "{}\n{plan}", sql.text);
        assert!(!plan.contains("CORRELATED"), "{}\n{plan}", sql.text);
        assert!(!plan.contains("SCAN u"), "{}\n{plan}", sql.text);
    }
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
