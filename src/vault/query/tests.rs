//! Tests of looking.

use super::*;
use crate::lang::selection::{ATTRIBUTES, Expr, Op, Operand, Pattern, Piece, Test};
use crate::lang::spec::Complete;
use crate::model::{Contact, Phase, SourceRecord};
use crate::vault::load::tests::Bench;
use crate::vault::testing::*;

fn is(attribute: &str, value: Operand) -> Expr {
    Expr::Test(Test {
        attribute: ATTRIBUTES.iter().find(|a| a.name == attribute).unwrap(),
        op: Op::Equal,
        values: vec![value],
        span: 0..0,
    })
}

fn prefix(text: &str) -> Operand {
    Operand::Text(Pattern(vec![Piece::Literal(text.into()), Piece::Any]))
}

fn literal(text: &str) -> Operand {
    Operand::Text(Pattern(vec![Piece::Literal(text.into())]))
}

fn select(expr: Expr) -> Selection {
    Selection {
        expr: Some(expr),
        ..Selection::default()
    }
}

fn everything() -> Selection {
    Selection::default()
}

fn world() -> Bench {
    let mut mail = bare("hr", "b");
    let contact = |label: &str, value: &str| Contact {
        label: label.into(),
        value: value.into(),
        default: false,
    };
    mail.facts.contacts = vec![
        contact("Phone", "1"),
        contact("Other", "x@y.z"),
        contact("E-Mail", "mail@b.c"),
    ];
    let mut address = bare("hr", "c");
    address.facts.contacts = vec![contact("Pager", "@"), contact("Other", "x@y.z")];
    let bench = Bench::holding(vec![
        group("sales"),
        group("hr"),
        group("old"),
        record(user("sales", "asmith")),
        record(mail),
        record(address),
        record(bare("hr", "asmith")),
        unassigned_token("hr", token("HID", "0")),
        unassigned_card("hr", card(3)),
        unassigned_token("hr", token("Old", "9")),
    ]);
    bench
        .db
        .execute_batch(
            "UPDATE tokens SET gone = 1 WHERE vendor = 'Old'; UPDATE groups SET gone = 1 WHERE name = 'old';
             UPDATE users SET gone = 1 WHERE userid = 'c';
             INSERT INTO progress (user, phase, bundle, at, master) SELECT id, 3, 7, 0, 'Master1' FROM users WHERE userid = 'b';",
        )
        .unwrap();
    bench
}

/// All rows of a list.
fn all<T>(list: impl FnOnce(&mut dyn FnMut(T) -> Result<bool>) -> Result<()>) -> Vec<T> {
    let mut rows = Vec::new();
    list(&mut |row| {
        rows.push(row);
        Ok(true)
    })
    .unwrap();
    rows
}

#[test]
fn users_come_in_order_of_their_ids_with_what_a_list_shows() {
    let bench = world();
    let rows = all(|each| users(&bench.db, &everything(), None, each));
    let names: Vec<_> = rows
        .iter()
        .map(|row| format!("{}/{}", row.group, row.userid))
        .collect();
    assert_eq!(names, ["sales/asmith", "hr/asmith", "hr/b", "hr/c"]);
    let first = &rows[0];
    assert_eq!((first.tokens, first.cards), (1, 1));
    assert_eq!(first.full_name.as_deref(), Some("Full asmith"));
    assert_eq!(first.last_auth, Some(at("2026-01-02T03:04:05Z")));
    assert_eq!((first.phase, first.bundle), (Phase::None, None));
    let mails: Vec<_> = rows.iter().map(|row| row.email.as_deref()).collect();
    assert_eq!(
        mails,
        [
            Some("asmith@example.com"),
            None,
            Some("mail@b.c"),
            Some("x@y.z")
        ]
    );
    assert_eq!((rows[2].phase, rows[2].bundle), (Phase::Imported, Some(7)));
    assert_eq!(
        rows.iter().map(|row| row.gone).collect::<Vec<_>>(),
        [false, false, false, true]
    );
}

#[test]
fn both_ways_through_the_users_give_the_same_list() {
    use super::users::{BY_ID, BY_NAME, walk_users};
    let bench = world();
    let mut limited = select(is("group", literal("hr")));
    limited.limit = Some(2);
    let tokens = select(is("token.vendor", prefix("")));
    let named = select(is("userid", prefix("a")));
    for selection in [everything(), limited, tokens, named] {
        let by_name = all(|each| walk_users(&bench.db, &selection, BY_NAME, each));
        assert!(!by_name.is_empty());
        let by_id = all(|each| walk_users(&bench.db, &selection, BY_ID, each));
        assert_eq!(by_name, by_id);
    }
}

#[test]
fn lists_stop_when_their_reader_does_and_at_the_limit() {
    let bench = world();
    let mut seen = 0;
    users(&bench.db, &everything(), None, |_| {
        seen += 1;
        Ok::<_, Error>(false)
    })
    .unwrap();
    assert_eq!(seen, 1);
    let mut limited = select(is("group", literal("hr")));
    limited.limit = Some(2);
    assert_eq!(all(|each| users(&bench.db, &limited, None, each)).len(), 2);
    assert_eq!(count(&bench.db, &limited).unwrap(), 2);
    limited.limit = Some(5);
    assert_eq!(count(&bench.db, &limited).unwrap(), 3);
    assert_eq!(count(&bench.db, &everything()).unwrap(), 4);
}

#[test]
fn groups_tokens_cards_and_aliases_are_listed() {
    let bench = world();
    let rows = all(|each| groups(&bench.db, each));
    let rows: Vec<_> = rows
        .iter()
        .map(|g| (g.name.as_str(), g.default, g.users, g.tokens, g.cards))
        .collect();
    assert_eq!(rows, [("hr", false, 2, 1, 1), ("sales", false, 1, 0, 0)]);

    let rows = all(|each| tokens(&bench.db, &select(is("group", literal("hr"))), each));
    let hid = rows.iter().find(|row| row.vendor == "HID").unwrap();
    assert_eq!(
        (hid.userid.as_deref(), hid.group.as_deref()),
        (None, Some("hr"))
    );
    let rows = all(|each| tokens(&bench.db, &select(is("userid", literal("asmith"))), each));
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].userid.as_deref(), rows[0].group.as_deref()),
        (Some("asmith"), Some("sales"))
    );

    let rows = all(|each| cards(&bench.db, &everything(), each));
    let rows: Vec<_> = rows
        .iter()
        .map(|card| {
            (
                card.serial,
                card.userid.as_deref(),
                card.preproduced,
                card.size,
            )
        })
        .collect();
    assert_eq!(rows[0], (3, None, true, (2, 2)));
    assert_eq!((rows.len(), rows[1].1), (2, Some("asmith")));

    let rows = all(|each| aliases(&bench.db, &everything(), each));
    let rows: Vec<_> = rows.iter().map(|row| row.alias.as_str()).collect();
    assert_eq!(rows, ["asmith.alias", "asmith.Other"]);
}

#[test]
fn the_status_counts_everything_once() {
    let bench = world();
    let status = status(&bench.db).unwrap();
    assert_eq!((status.groups, status.users, status.gone), (2, 3, 1));
    assert_eq!((status.tokens, status.cards), ((1, 1), (1, 1)));
    let phases: Vec<u64> = status.phases.iter().map(|(_, count)| *count).collect();
    assert_eq!(phases, [3, 0, 0, 1, 0]);
    assert_eq!((status.loads, status.bundles), (1, 0));
    let load = status.last_load.unwrap();
    assert_eq!(
        (load.source.as_str(), load.master.as_str()),
        ("f.ndjson", "Master1")
    );
}

#[test]
fn names_are_found_and_completed() {
    let bench = world();
    let found = |kind, name| exists(&bench.db, kind, name).unwrap();
    assert_eq!(found(Complete::Groups, "hr"), Some(true));
    assert_eq!(found(Complete::Groups, "HR"), Some(false));
    assert_eq!(found(Complete::Vendors, "HID"), Some(true));
    assert_eq!(found(Complete::Vendors, "Acme"), Some(false));
    assert_eq!(found(Complete::Commands, "user"), None);
    let names = |kind, prefix, limit| -> Vec<String> {
        let found = begin_with(&bench.db, kind, prefix, limit).unwrap();
        found.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(Complete::Vendors, "", 9), ["Entrust", "HID", "Old"]);
    assert_eq!(names(Complete::Users, "b", 9), ["b"]);
    assert_eq!(names(Complete::Users, "", 2), ["asmith", "b"], "each once");
    assert_eq!(
        names(Complete::Models, "", 9),
        names(Complete::Models, "", 900)
    );
    assert_eq!(found(Complete::Models, "none such"), None, "need not exist");
}

#[test]
fn no_query_for_completion_reads_a_table() {
    let bench = world();
    for kind in [
        Complete::Users,
        Complete::Groups,
        Complete::Vendors,
        Complete::Models,
        Complete::Serials,
        Complete::Waves,
        Complete::Locales,
        Complete::PasswordNames,
        Complete::Countries,
    ] {
        let plan = crate::vault::schema::tests::plan(
            &bench.db,
            &names::beginning(kind).unwrap(),
            &[
                Value::Text("a".into()),
                Value::Integer(2),
                Value::Text("\u{10ffff}".into()),
            ],
        );
        assert!(plan.contains("SEARCH"), "{kind:?}: {plan}");
        assert!(
            !plan.replace("SCAN found", "").contains("SCAN "),
            "{kind:?}: {plan}"
        );
        assert!(!plan.contains("TEMP B-TREE"), "{kind:?}: {plan}");
    }
}

#[test]
fn aliases_that_go_on_alike_are_one_beginning() {
    let names = ["HR_a", "HR_b", "HR_c_1", "HR_c_2", "anna", "b.c"];
    let mut user = bare("g", "u");
    user.facts.aliases = names.map(str::to_owned).to_vec();
    let bench = Bench::holding(vec![group("g"), record(user)]);
    let found = |prefix: &str, limit| -> Vec<String> {
        let found = aliases_begin_with(&bench.db, prefix, limit).unwrap();
        let found = found.into_iter();
        found
            .map(|(name, is_beginning)| if is_beginning { name + "…" } else { name })
            .collect()
    };
    assert_eq!(found("", 9), ["HR_…", "anna", "b.c"]);
    assert_eq!(found("HR_", 9), ["HR_a", "HR_b", "HR_c_…"]);
    assert_eq!(found("HR_", 2), ["HR_a", "HR_b"]);
    let after = |shown| beyond(&bench.db, Complete::Aliases, "", shown).unwrap();
    assert_eq!(after(("HR_", true)), Some((2, "b.c".to_owned())));
    assert_eq!(after(("HR_a", false)), Some((5, "b.c".to_owned())));
    assert_eq!(after(("b.c", false)), None);
}

#[test]
fn ignoring_case_would_match_more() {
    let people = ["a", "A", "ab", "AB", "aB", "Äb", "äb", "x"];
    let records = |group_name: &str| -> Vec<SourceRecord> {
        people
            .iter()
            .map(|name| {
                let mut user = bare(group_name, name);
                user.facts.full_name = Some(format!("Full {name}"));
                user.facts.aliases = vec![format!("{name}.{name}")];
                record(user)
            })
            .collect()
    };
    let mut all = vec![group("g"), group("G")];
    all.extend(records("g"));
    all.extend(records("G"));
    let bench = Bench::holding(all);
    let more = |expr: Expr| {
        let selection = select(expr);
        let found = count(&bench.db, &selection).unwrap();
        more_without_case(&bench.db, &selection, Entity::User, Some(found)).unwrap()
    };
    let g = || is("group", literal("g"));
    let within = |expr: Expr| Expr::All(vec![g(), expr]);
    for (expr, expected) in [
        (is("userid", literal("a")), 2),
        (is("userid", literal("A")), 2),
        (is("userid", prefix("a")), 4),
        (is("userid", prefix("A")), 6),
        (is("userid", prefix("aB")), 4),
        (is("userid", prefix("ä")), 2),
        (is("userid", literal("x")), 0),
        (is("alias", prefix("AB")), 4),
        (is("fullname", literal("full a")), 4),
        (g(), 8),
        // Everything in either group, when the group's case does not matter either.
        (within(is("userid", literal("x"))), 1),
        (within(is("userid", literal("a"))), 3),
        (Expr::Not(Box::new(g())), 0),
    ] {
        let what = format!("{expr:?}");
        assert_eq!(more(expr), expected, "{what}");
    }
}
