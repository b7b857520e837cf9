use std::collections::BTreeMap;

use rusqlite::Connection;

use super::*;
use crate::model::Reason;
use crate::vault::schema;
use crate::vault::testing::member;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A vault with the users 1 to 4 of one group.
fn vault() -> Connection {
    let db = schema::tests::connection();
    db.execute_batch(
        "INSERT INTO groups (id, name, system_id, load, line) VALUES (1, 'sales', 1, 1, 1);
         INSERT INTO users (id, group_id, userid, load, line, system_id, state)
         SELECT value, 1, 'u' || value, 1, value, 1, 'active' FROM json_each('[1,2,3,4]');",
    )
    .unwrap();
    db
}

fn begin(db: &Connection, id: &str, overwrite: bool) -> u64 {
    let opening = Opening {
        number: next(db).unwrap(),
        id,
        path: "/b/p.igb",
        overwrite,
        master: "Master1",
        selection: "group=*",
        at: at(0),
        password: b"sealed",
    };
    open(db, &opening).unwrap();
    opening.number
}

/// Of a bundle of two users.
fn sealing<'a>(not_taken: &'a BTreeMap<&'static str, u64>) -> Sealing<'a> {
    Sealing {
        sha256: "ab",
        size: 77,
        counts: Counts {
            group: 1,
            user: 2,
            token: 3,
            card: 4,
        },
        not_taken,
    }
}

/// A finished bundle of these users.
fn make(db: &Connection, id: &str, users: &[i64], overwrite: bool) -> u64 {
    let number = begin(db, id, overwrite);
    let members: Vec<_> = users.iter().map(|user| member(*user, None)).collect();
    add_members(db, number, &members).unwrap();
    let nothing = BTreeMap::new();
    let mut sealing = sealing(&nothing);
    sealing.counts.user = users.len() as u64;
    seal(db, number, &sealing).unwrap();
    assert_eq!(
        finish(db, number, at(9), false).unwrap(),
        users.len() as u64
    );
    number
}

fn phases(db: &Connection) -> Vec<(i64, i64, i64)> {
    let mut statement = db
        .prepare("SELECT user, phase, bundle FROM progress ORDER BY user")
        .unwrap();
    statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn one(user: i64, place: u64, reason: Reason, item: &str) -> LeftOut<'_> {
    LeftOut {
        user,
        place,
        reason,
        item,
        detail: "why",
        count: 2,
    }
}

#[test]
fn a_bundle_goes_from_open_over_sealed_to_done_and_takes_its_users_along() {
    let db = vault();
    let number = begin(&db, "a", false);
    let bundle = get(&db, number).unwrap().unwrap();
    assert_eq!((bundle.number, bundle.state), (1, State::Open));
    assert_eq!((bundle.opened, bundle.finished), (at(0), None));
    assert_eq!(
        password(&db, 1).unwrap().unwrap().sealed.unwrap(),
        b"sealed"
    );

    add_members(&db, number, &[member(1, None), member(2, Some("second"))]).unwrap();
    seal(&db, number, &sealing(&BTreeMap::from([("card.state", 5)]))).unwrap();
    assert_eq!(
        phases(&db),
        [],
        "no user moves before the file has its name"
    );
    assert_eq!(finish(&db, number, at(9), false).unwrap(), 2);

    let bundle = get(&db, number).unwrap().unwrap();
    assert_eq!((bundle.state, bundle.finished), (State::Done, Some(at(9))));
    assert_eq!(
        (bundle.sha256.as_deref(), bundle.size),
        (Some("ab"), Some(77))
    );
    let counts = bundle.counts;
    assert_eq!(
        (counts.group, counts.user, counts.token, counts.card),
        (1, 2, 3, 4)
    );
    assert_eq!(
        not_taken(&db, number).unwrap(),
        [("card.state".to_owned(), 5)]
    );
    assert_eq!(phases(&db), [(1, 2, 1), (2, 2, 1)]);
    let of_second = bundles_of(&db, 2).unwrap();
    assert_eq!(of_second.len(), 1);
    assert_eq!(of_second[0].target.as_deref(), Some("second"));
}

#[test]
fn steps_out_of_order_are_refused() {
    let db = vault();
    let number = begin(&db, "a", false);
    add_members(&db, number, &[member(1, None)]).unwrap();
    assert!(finish(&db, number, at(1), false).is_err(), "C before B");
    seal(&db, number, &sealing(&BTreeMap::new())).unwrap();
    assert!(
        seal(&db, number, &sealing(&BTreeMap::new())).is_err(),
        "B twice"
    );
    let error = finish(&db, number, at(1), false).unwrap_err().to_string();
    assert!(
        error.contains("sealed with 2 users, and the vault has 1"),
        "{error}"
    );
    add_members(&db, number, &[member(2, None)]).unwrap();
    finish(&db, number, at(1), false).unwrap();
    assert!(finish(&db, number, at(1), false).is_err(), "C twice");
    assert!(fail(&db, number, "", at(1)).is_err(), "failed after C");
    assert!(lose(&db, 99, "", at(1)).is_err(), "no such bundle");
}

#[test]
fn a_second_bundle_moves_a_user_again_whatever_the_phase() {
    let db = vault();
    make(&db, "a", &[1, 2], false);
    db.execute("UPDATE progress SET phase = 4 WHERE user = 2", [])
        .unwrap();
    make(&db, "b", &[2, 3], false);
    assert_eq!(phases(&db), [(1, 2, 1), (2, 2, 2), (3, 2, 2)]);
}

#[test]
fn a_second_bundle_can_leave_those_in_their_phase_who_are_beyond_exported() {
    let db = vault();
    make(&db, "a", &[1, 2, 3], false);
    db.execute_batch(
        "UPDATE progress SET phase = user + 1, at = 7, master = 'Master2', import = 1, changed = 1;
         INSERT INTO progress (user, phase, at, master) VALUES (4, 1, 0, 'x')",
    )
    .unwrap();
    let number = begin(&db, "b", false);
    let members: Vec<_> = (1..=4).map(|user| member(user, None)).collect();
    add_members(&db, number, &members).unwrap();
    let nothing = BTreeMap::new();
    let mut sealing = sealing(&nothing);
    sealing.counts.user = 4;
    seal(&db, number, &sealing).unwrap();
    assert_eq!(finish(&db, number, at(9), true).unwrap(), 2);
    assert_eq!(phases(&db), [(1, 2, 2), (2, 3, 2), (3, 4, 2), (4, 2, 2)]);
    let kept: (String, i64, i64) = db
        .query_row(
            "SELECT group_concat(user || ' ' || at || ' ' || master), max(import), max(changed) FROM progress \
             WHERE at = 7",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    // When they came there stays; the target's answer about another bundle does not.
    assert_eq!(kept, ("2 7 Master2,3 7 Master2".to_owned(), 0, 0));
}

#[test]
fn a_failed_bundle_keeps_its_number_and_its_reason_and_nothing_else() {
    let db = vault();
    let number = begin(&db, "a", false);
    add_members(&db, number, &[member(1, None)]).unwrap();
    add_left_out(&db, number, [one(1, 0, Reason::CardState, "card 1")]).unwrap();
    fail(&db, number, "interrupted", at(3)).unwrap();
    let bundle = get(&db, number).unwrap().unwrap();
    assert_eq!(
        (bundle.state, bundle.note.as_deref()),
        (State::Failed, Some("interrupted"))
    );
    assert_eq!(password(&db, number).unwrap().unwrap().sealed, None);
    assert_eq!(bundles_of(&db, 1).unwrap(), []);
    assert_eq!(left_out_of(&db, 1).unwrap(), []);
    assert_eq!(phases(&db), []);
    assert_eq!(
        begin(&db, "b", false),
        2,
        "a number means one bundle for ever"
    );
}

#[test]
fn a_lost_bundle_keeps_everything_and_moves_no_user() {
    let db = vault();
    let number = begin(&db, "a", false);
    add_members(&db, number, &[member(1, None)]).unwrap();
    seal(&db, number, &sealing(&BTreeMap::new())).unwrap();
    lose(&db, number, "no file", at(3)).unwrap();
    assert_eq!(get(&db, number).unwrap().unwrap().state, State::Lost);
    assert!(password(&db, number).unwrap().unwrap().sealed.is_some());
    assert_eq!(phases(&db), []);
}

#[test]
fn only_an_overwriting_bundle_replaces_one_of_the_same_path() {
    let db = vault();
    let state = |number| get(&db, number).unwrap().unwrap().state;
    make(&db, "a", &[1], false);
    make(&db, "b", &[2], false);
    assert_eq!((state(1), state(2)), (State::Done, State::Done));
    db.execute(
        "UPDATE bundles SET path = '/elsewhere' WHERE number = 2",
        [],
    )
    .unwrap();
    make(&db, "c", &[3], true);
    assert_eq!(
        (state(1), state(2), state(3)),
        (State::Replaced, State::Done, State::Done)
    );
    assert_eq!(
        bundles_of(&db, 1).unwrap().len(),
        1,
        "the users were in it all the same"
    );
}

#[test]
fn what_was_begun_and_not_ended_is_unresolved() {
    let db = vault();
    make(&db, "a", &[1], false);
    let open = begin(&db, "b", false);
    let sealed = begin(&db, "c", true);
    seal(&db, sealed, &sealing(&BTreeMap::new())).unwrap();
    let failed = begin(&db, "d", false);
    fail(&db, failed, "", at(1)).unwrap();
    let found: Vec<_> = unresolved(&db).unwrap();
    assert_eq!(
        found
            .iter()
            .map(|b| (b.number, b.state, b.overwrite))
            .collect::<Vec<_>>(),
        [(open, State::Open, false), (sealed, State::Sealed, true)]
    );
}

#[test]
fn items_left_out_come_back_by_bundle_and_by_user() {
    let db = vault();
    let number = make(&db, "a", &[1], false);
    let items = [
        one(0, 0, Reason::CardExpired, "card 9"),
        one(2, 0, Reason::UserConflict, "user sales/u2"),
        one(1, 0, Reason::TokenState, "token HID 1"),
        one(1, 1, Reason::QaLimit, "Q&A 51 to 52"),
    ];
    add_left_out(&db, number, items).unwrap();
    let mut all = Vec::new();
    skipped(&db, number, |row| {
        all.push((row.user.map(|(_, name)| name), row.item));
        Ok::<_, crate::vault::Error>(true)
    })
    .unwrap();
    let named = |user: &str, item: &str| (Some(user.to_owned()), item.to_owned());
    assert_eq!(
        all,
        [
            (None, "card 9".to_owned()),
            named("u1", "token HID 1"),
            named("u1", "Q&A 51 to 52"),
            named("u2", "user sales/u2"),
        ]
    );
    let of_user = left_out_of(&db, 1).unwrap();
    assert_eq!(of_user.len(), 2);
    assert_eq!(
        of_user[1],
        Skipped {
            bundle: number,
            user: Some(("sales".to_owned(), "u1".to_owned())),
            reason: Some(Reason::QaLimit),
            item: "Q&A 51 to 52".to_owned(),
            detail: "why".to_owned(),
            count: 2,
        }
    );
}

#[test]
fn lists_stop_when_their_reader_does() {
    let db = vault();
    make(&db, "a", &[1], false);
    make(&db, "b", &[1], false);
    let mut seen = 0;
    list(&db, |_| {
        seen += 1;
        Ok::<_, crate::vault::Error>(false)
    })
    .unwrap();
    assert_eq!(seen, 1);
}

#[test]
fn unassigned_cards_of_bundles_that_are_there_add_up() {
    let db = vault();
    make(&db, "a", &[1, 2], false);
    make(&db, "b", &[2], true);
    begin(&db, "c", false);
    assert_eq!(unassigned_cards(&db).unwrap(), 4, "the first was replaced");
}
