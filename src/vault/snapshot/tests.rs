//! What a snapshot hands out, in which order, and whose names collide.

use super::*;
use crate::lang::selection::{ATTRIBUTES, Expr, Op, Operand, Pattern, Test};
use crate::model::{SourceRecord, User};
use crate::store::loose_keys;
use crate::vault::load::tests::Bench;
use crate::vault::testing::*;

/// `attribute=text`, where wildcards count.
fn is(attribute: &str, text: &str) -> Expr {
    Expr::Test(Test {
        attribute: ATTRIBUTES.iter().find(|a| a.name == attribute).unwrap(),
        op: Op::Equal,
        values: vec![Operand::Text(Pattern::parse(text))],
        span: 0..0,
    })
}

fn select(expr: Expr) -> Selection {
    Selection {
        expr: Some(expr),
        ..Selection::default()
    }
}

fn all() -> Selection {
    Selection::default()
}

/// Everything the vault has of one user.
pub(in crate::vault) fn one_user(db: &Connection, id: i64) -> Option<SourceUser> {
    // A snapshot marks collisions in a table of its own connection.
    db.execute_batch("CREATE TEMP TABLE IF NOT EXISTS conflict (user INTEGER PRIMARY KEY)")
        .unwrap();
    let page = page::users(db, "users u", "u.id", id - 1, 1).unwrap();
    page.into_iter().next().filter(|user| user.id == id)
}

fn snapshot(bench: Bench, selection: &Selection, unassigned: Unassigned) -> Snapshot {
    Snapshot::new(
        bench.db,
        None,
        selection,
        unassigned,
        &CancelToken::default(),
    )
    .unwrap()
}

fn drain(snapshot: &mut Snapshot) -> Vec<SourceUser> {
    let mut all = Vec::new();
    loop {
        let page = snapshot.next_users().unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn names(users: &[SourceUser]) -> Vec<&str> {
    users
        .iter()
        .map(|user| user.sealed.facts.userid.as_str())
        .collect()
}

fn group_names(snapshot: &Snapshot) -> Vec<String> {
    let groups = snapshot.groups().unwrap();
    groups.into_iter().map(|group| group.name).collect()
}

/// Two groups with people, one without, each with an unassigned token and card.
fn world() -> Bench {
    let mut records: Vec<SourceRecord> = ["sales", "hr", "empty"].map(group).into();
    records.extend(["c", "a", "b"].map(|name| record(user("sales", name))));
    records.extend(["a2", "d"].map(|name| record(user("hr", name))));
    for (n, name) in (1..).zip(["sales", "hr", "empty"]) {
        records.push(unassigned_token(name, token("HID", &format!("u{n}"))));
        records.push(unassigned_card(name, card(n)));
    }
    Bench::holding(records)
}

#[test]
fn all_users_come_whole_in_the_order_of_loading() {
    let mut snapshot = snapshot(world(), &all(), Unassigned::Auto);
    assert_eq!(snapshot.users(), 5);
    assert_eq!(group_names(&snapshot), ["empty", "hr", "sales"]);
    let users = drain(&mut snapshot);
    assert_eq!(names(&users), ["c", "a", "b", "a2", "d"]);
    let keys = loose_keys(&[1]);
    for found in users {
        let plain = &found.sealed.facts;
        let expected = user(&plain.group, &plain.userid);
        assert_eq!(facts(&found.sealed.open(&keys).unwrap()), facts(&expected));
    }
}

#[test]
fn pages_join_without_a_gap_and_sparse_choices_lose_nothing() {
    // Every 40th user is chosen: far enough apart that they are sought one by one.
    let people = |n: usize| {
        let mut user = user("g", &format!("u{n}"));
        if n.is_multiple_of(40) {
            user.facts.userid = format!("x{n:05}");
        }
        user.tokens[0].facts.serial = n.to_string().into();
        user.cards[0].facts.serial = n as u64;
        user
    };
    let bench = || {
        let records = std::iter::once(group("g")).chain((0..3_000).map(|n| record(people(n))));
        Bench::holding(records.collect())
    };
    let keys = loose_keys(&[1]);
    for (selection, step) in [(all(), 1), (select(is("userid", "x*")), 40)] {
        let mut snapshot = snapshot(bench(), &selection, Unassigned::No);
        let users = drain(&mut snapshot);
        assert_eq!(users.len(), 3_000 / step);
        for (found, n) in users.into_iter().zip((0..).step_by(step)) {
            assert_eq!(facts(&found.sealed.open(&keys).unwrap()), facts(&people(n)));
        }
    }
}

#[test]
fn unassigned_items_go_along_as_the_selection_says() {
    let by_user = || select(Expr::All(vec![is("group", "s*"), is("userid", "a")]));
    let of_sales = || select(is("group", "sales"));
    for (selection, unassigned, users, groups, items) in [
        (all(), Unassigned::Auto, 5, "empty hr sales", "u1 u2 u3"),
        (all(), Unassigned::No, 5, "empty hr sales", ""),
        (all(), Unassigned::Only, 0, "empty hr sales", "u1 u2 u3"),
        (of_sales(), Unassigned::Auto, 3, "sales", "u1"),
        (by_user(), Unassigned::Auto, 1, "sales", ""),
        (by_user(), Unassigned::Yes, 1, "sales", "u1"),
        (by_user(), Unassigned::Only, 0, "sales", "u1"),
        (
            select(is("userid", "d")),
            Unassigned::Yes,
            1,
            "empty hr sales",
            "u1 u2 u3",
        ),
        (select(is("userid", "d")), Unassigned::Auto, 1, "hr", ""),
    ] {
        let what = format!("{selection:?} {unassigned:?}");
        let mut snapshot = snapshot(world(), &selection, unassigned);
        assert_eq!(drain(&mut snapshot).len(), users, "{what}");
        assert_eq!(group_names(&snapshot).join(" "), groups, "{what}");
        let mut serials = Vec::new();
        loop {
            let page = snapshot.next_tokens().unwrap();
            if page.is_empty() {
                break;
            }
            serials.extend(page.into_iter().map(|token| token.token.facts.serial));
        }
        assert_eq!(serials.join(" "), items, "{what}");
        let cards = snapshot.next_cards().unwrap();
        assert!(snapshot.next_cards().unwrap().is_empty());
        let count = items.split_whitespace().count();
        assert_eq!(cards.len(), count, "{what}");
        assert_eq!(
            snapshot.unassigned().unwrap(),
            (count as u64, count as u64),
            "{what}"
        );
        let keys = loose_keys(&[1]);
        for card in cards {
            assert!(card.preproduced);
            assert_eq!(card.comment.as_deref(), Some("a box"));
            card.open(&keys).unwrap();
        }
    }
}

#[test]
fn gone_items_stay_behind_and_gone_users_say_so() {
    let bench = world();
    bench
        .db
        .execute_batch(
            "UPDATE users SET gone = 2 WHERE userid = 'a'; UPDATE tokens SET gone = 2 WHERE id < 0; \
             INSERT INTO excluded SELECT id, 0, 'Master1', '' FROM users WHERE userid = 'b'; \
             INSERT INTO progress (user, phase, bundle, at, master) SELECT id, 3, 7, 0, 'Master1' FROM users WHERE userid = 'c'; \
             INSERT INTO mapped SELECT id, 'D', 'd' FROM users WHERE userid = 'd'",
        )
        .unwrap();
    let mut snapshot = snapshot(bench, &all(), Unassigned::Auto);
    let users = drain(&mut snapshot);
    let standing: Vec<_> = users
        .iter()
        .map(|u| (u.gone, u.excluded, u.phase, u.bundle, u.target.as_deref()))
        .collect();
    assert_eq!(
        standing,
        [
            (false, false, Phase::Imported, Some(7), None),
            (true, false, Phase::None, None, None),
            (false, true, Phase::None, None, None),
            (false, false, Phase::None, None, None),
            (false, false, Phase::None, None, Some("D")),
        ]
    );
    assert!(snapshot.next_tokens().unwrap().is_empty());
    assert_eq!(snapshot.unassigned().unwrap(), (0, 3));
}

fn named(group: &str, userid: &str, aliases: &[&str]) -> SourceRecord {
    let mut user: User = bare(group, userid);
    user.facts.aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
    record(user)
}

/// Collisions as `name: party party`, and who is marked, by reading over all names and by looking up one by one.
fn collisions(bench: impl Fn() -> Bench, selection: &Selection) -> (Vec<String>, Vec<String>) {
    let outcome = |crowd: usize| {
        let bench = bench();
        // With enough others about, few chosen users are looked up one by one.
        for n in 0..crowd {
            let sql = "INSERT INTO users (group_id, userid, load, line, system_id, state) VALUES (1, ?, 1, 1, 1, 'active')";
            bench.db.execute(sql, [format!("~{n}")]).unwrap();
        }
        let mut snapshot = snapshot(bench, selection, Unassigned::Auto);
        let mut found = Vec::new();
        let prefixes = ["EXPORT_".to_owned()];
        let count = snapshot
            .collisions(&prefixes, &CancelToken::default(), |collision| {
                let parties = collision.parties.iter().map(|party| {
                    let mark = if party.selected { "*" } else { "" };
                    format!(
                        "{mark}{}/{}={:?}:{}",
                        party.group, party.userid, party.holds, party.name
                    )
                });
                found.push(format!(
                    "{}: {}",
                    collision.name,
                    parties.collect::<Vec<_>>().join(" ")
                ));
                Ok(())
            })
            .unwrap();
        assert_eq!(count, found.len() as u64);
        let marked: Vec<String> = drain(&mut snapshot)
            .iter()
            .filter(|user| user.conflict)
            .map(|user| format!("{}/{}", user.sealed.facts.group, user.sealed.facts.userid))
            .collect();
        (found, marked)
    };
    let small = outcome(0);
    assert_eq!(outcome(500), small);
    small
}

#[test]
fn names_are_unique_over_user_ids_and_aliases_after_folding() {
    let bench = || {
        Bench::holding(vec![
            group("g"),
            group("h"),
            named("g", "JSmith", &[]),
            named("h", "jsmith", &["j2", "J2", "jsmith"]),
            named("g", "other", &["MÜLLER"]),
            named("h", "mu\u{308}ller", &[]),
            named("g", "x", &["shared", "EXPORT_1"]),
            named("h", "y", &["Shared", "EXPORT_1"]),
            named("g", "alone", &["Alone"]),
        ])
    };
    let (found, marked) = collisions(bench, &all());
    assert_eq!(
        found,
        [
            "jsmith: *g/JSmith=UserId:JSmith *h/jsmith=UserId:jsmith *h/jsmith=Alias:jsmith",
            "müller: *g/other=Alias:MÜLLER *h/mu\u{308}ller=UserId:mu\u{308}ller",
            "shared: *g/x=Alias:shared *h/y=Alias:Shared",
        ]
    );
    assert_eq!(
        marked,
        [
            "g/JSmith",
            "h/jsmith",
            "g/other",
            "h/mu\u{308}ller",
            "g/x",
            "h/y"
        ]
    );
    // Judged over the whole vault, but only where a chosen user takes part.
    let (found, marked) = collisions(bench, &select(is("userid", "x")));
    assert_eq!(found, ["shared: *g/x=Alias:shared h/y=Alias:Shared"]);
    assert_eq!(marked, ["g/x"]);
    let (found, _) = collisions(bench, &select(is("userid", "alone")));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn who_does_not_go_holds_a_name_only_when_exported() {
    let bench = |change: &'static str| {
        move || {
            let bench = Bench::holding(vec![
                group("g"),
                group("h"),
                named("g", "a", &[]),
                named("h", "a", &[]),
            ]);
            bench.db.execute_batch(change).unwrap();
            bench
        }
    };
    for (change, expected) in [
        ("UPDATE users SET gone = 2 WHERE group_id = 2", None),
        (
            "INSERT INTO excluded SELECT id, 0, 'M', '' FROM users WHERE group_id = 2",
            None,
        ),
        (
            "INSERT INTO mapped SELECT id, 'A2', 'a2' FROM users WHERE group_id = 2",
            None,
        ),
        (
            "UPDATE users SET gone = 2 WHERE group_id = 2; \
             INSERT INTO progress (user, phase, bundle, at, master) SELECT id, 2, 1, 0, 'M' FROM users WHERE group_id = 2",
            Some("a: *g/a=UserId:a h/a=UserId:a"),
        ),
        (
            "INSERT INTO excluded SELECT id, 0, 'M', '' FROM users WHERE group_id = 2; \
             INSERT INTO progress (user, phase, bundle, at, master) SELECT id, 0, 1, 0, 'M' FROM users WHERE group_id = 2",
            Some("a: *g/a=UserId:a h/a=UserId:a"),
        ),
        (
            "UPDATE users SET userid = 'b' WHERE group_id = 2; \
             INSERT INTO taken SELECT 'a', id, 'A' FROM users WHERE group_id = 2",
            Some("a: *g/a=UserId:a *h/b=Exported:A"),
        ),
        (
            "UPDATE users SET userid = 'b' WHERE group_id = 2; \
             INSERT INTO mapped SELECT id, 'A', 'a' FROM users WHERE group_id = 2",
            Some("a: *g/a=UserId:a *h/b=Mapped:A"),
        ),
    ] {
        let (found, _) = collisions(bench(change), &all());
        assert_eq!(found, Vec::from_iter(expected), "{change}");
    }
}

#[test]
fn a_snapshot_does_not_see_what_is_written_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    let bench = world();
    bench
        .db
        .execute("VACUUM INTO ?", [path.to_str().unwrap()])
        .unwrap();
    let open = || Connection::open(&path).unwrap();
    open().execute_batch("PRAGMA journal_mode = WAL").unwrap();
    let mut snapshot = Snapshot::new(
        open(),
        None,
        &all(),
        Unassigned::Auto,
        &CancelToken::default(),
    )
    .unwrap();
    open()
        .execute_batch("DELETE FROM users; DELETE FROM tokens")
        .unwrap();
    let users = drain(&mut snapshot);
    assert_eq!(users.len(), 5);
    assert!(users.iter().all(|user| user.sealed.tokens.len() == 1));
}

#[test]
fn a_name_that_two_would_have_is_never_missed() {
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};
    const NAMES: [&str; 7] = ["a", "A", "b", "Ä", "ä", "a\u{308}", "c"];
    let person = (
        0..NAMES.len(),
        proptest::collection::vec(0..NAMES.len(), 0..3),
        0..3,
        any::<bool>(),
        proptest::option::weighted(0.2, 0..NAMES.len()),
    );
    let config = ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(people in proptest::collection::vec(person, 1..6), chosen in 0..4usize)| {
        let bench = || {
            let bench = Bench::holding(vec![group("g")]);
            for (id, (name, aliases, standing, exported, mapped)) in (1i64..).zip(&people) {
                let fold = |name: &str| crate::vault::fold::fold_column(name);
                let db = &bench.db;
                // Each in a group of their own, so that the same name can stand twice.
                db.execute("INSERT INTO groups (name, system_id, load, line) VALUES (?, 1, 1, 1)", [format!("g{id}")]).unwrap();
                db.execute(
                    "INSERT INTO users (id, group_id, userid, fold, gone, load, line, system_id, state) VALUES (?, ?, ?, ?, ?, 1, 1, 1, 'active')",
                    rusqlite::params![id, id + 1, NAMES[*name], fold(NAMES[*name]), *standing == 1],
                ).unwrap();
                for (place, alias) in (0i64..).zip(aliases) {
                    db.execute("INSERT INTO aliases VALUES (?, ?, ?)", rusqlite::params![(id << 16) + place, NAMES[*alias], fold(NAMES[*alias])]).unwrap();
                }
                if *standing == 2 {
                    db.execute("INSERT INTO excluded VALUES (?, 0, 'M', '')", [id]).unwrap();
                }
                if *exported {
                    db.execute("INSERT INTO progress (user, phase, bundle, at, master) VALUES (?, 2, 1, 0, 'M')", [id]).unwrap();
                }
                if let Some(target) = mapped {
                    let target = NAMES[*target];
                    db.execute("INSERT INTO mapped VALUES (?, ?, ?)", rusqlite::params![id, target, crate::vault::fold::folded(target)]).unwrap();
                }
            }
            bench
        };
        // By the rules alone: who holds which folded name.
        let mut holders: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        for (id, (name, aliases, standing, exported, mapped)) in (1i64..).zip(&people) {
            if *standing == 0 || *exported {
                let own = mapped.unwrap_or(*name);
                for name in aliases.iter().chain([&own]) {
                    holders.entry(crate::vault::fold::folded(NAMES[*name]).into_owned()).or_default().insert(id);
                }
            }
        }
        let selection = match chosen {
            0 => all(),
            n => select(is("group", &format!("g{n}"))),
        };
        let goes = |id: &i64| (chosen == 0 || *id == chosen as i64) && people[*id as usize - 1].2 == 0;
        let expected: Vec<String> = holders
            .iter()
            .filter(|(_, holders)| holders.len() > 1 && holders.iter().any(goes))
            .map(|(name, _)| name.clone())
            .collect();
        let (found, _) = collisions(bench, &selection);
        let found: Vec<String> = found.iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
        prop_assert_eq!(found, expected);
    });
}
