//! Users, lockouts, questions and passwords.

use super::*;

#[test]
fn users_are_found_as_the_target_compares_names() {
    let mut world = World::new();
    world.questions(&[("Where?", "here")]);
    for name in ["Anna", "anna", "ANNA", "A.S", "a.s"] {
        let asked = question(&world.db, &world.keys, name, 1).unwrap();
        assert_eq!(
            (asked.userid.as_str(), asked.text.as_str()),
            ("Anna", "Where?")
        );
    }
    let refused = message(question(&world.db, &world.keys, "nobody", 1));
    assert_eq!(refused, "the tenant has no user 'nobody'");
    let refused = message(question(&world.db, &world.keys, "bob", 1));
    assert_eq!(refused, "Bob has no question");
    world
        .db
        .execute("UPDATE users SET state = 'INACTIVE'", [])
        .unwrap();
    let refused = message(world.try_now(Proof::Answer(1, "here")));
    assert!(refused.contains("INACTIVE"), "{refused}");
}

#[test]
fn so_many_failures_lock_a_user_out_until_it_is_lifted() {
    let mut world = World::new();
    world.set("lockout.failures", "3");
    world.questions(&[("Where?", "here")]);
    let answer = |typed| world.try_now(Proof::Answer(1, typed));
    for round in 0..3 {
        assert_eq!(answer("no").unwrap().left, 2, "{round}");
        assert_eq!(answer("no").unwrap().left, 1);
        assert_eq!(
            answer("here").unwrap().left,
            3,
            "a right one counts from the start again"
        );
    }
    for left in [2, 1, 0] {
        assert_eq!(answer("no").unwrap().left, left);
    }
    assert_eq!(
        message(answer("here")),
        "Anna is locked out after 3 failures"
    );
    assert_eq!(world.failures(), 3, "what is not tried is not counted");
    assert!(matches!(
        question(&world.db, &world.keys, ANNA, 1),
        Err(Refused::LockedOut { .. })
    ));
    assert_eq!(unlock(&world.db, "a.s").unwrap(), ("Anna".to_owned(), 3));
    assert!(is_right(&answer("here").unwrap().verdict));
}

#[test]
fn long_answers_are_cut_as_they_are_stored() {
    let mut world = World::new();
    let long = "ö".repeat(255);
    world.questions(&[("One?", "one"), ("Long?", &long)]);
    let is_answer = |number, typed: &str| {
        is_right(&world.try_now(Proof::Answer(number, typed)).unwrap().verdict)
    };
    assert!(is_answer(2, &long));
    assert!(is_answer(2, &format!("{long} and more")));
    assert!(!is_answer(2, &"ö".repeat(254)));
    assert!(is_answer(1, "one"));
    assert!(!is_answer(1, "One"), "as it stands");
    assert!(!is_answer(1, "one "));
    for number in [0, 3, usize::MAX] {
        let refused = message(world.try_now(Proof::Answer(number, "one")));
        assert!(refused.ends_with(", only 1 to 2"), "{refused}");
    }
}

#[test]
fn passwords_by_their_names() {
    let mut world = World::new();
    let hour = jiff::SignedDuration::from_hours(1);
    world.password(None, "plain", Some(now() - hour), true);
    world.password(Some("ATM"), "4711", Some(now() + hour), true);
    let verdict = |name, typed| world.try_now(Proof::Password(name, typed)).unwrap().verdict;
    let right = |remark: &str| Verdict::Right {
        matched: None,
        remark: Some(remark.to_owned()),
    };
    assert_eq!(
        verdict("default", "plain"),
        right("it expired on 1970-12-14")
    );
    assert_eq!(
        verdict("ATM", "4711"),
        right("it must be changed at the next login")
    );
    for (name, typed) in [
        ("default", "4711"),
        ("ATM", "plain"),
        ("ATM", ""),
        ("ATM", "47110"),
    ] {
        assert!(!is_right(&verdict(name, typed)), "{name} {typed}");
    }
    let refused = message(world.try_now(Proof::Password("atm", "4711")));
    assert_eq!(
        refused,
        "Anna has no password of that name, only default, ATM"
    );
    world.password(Some("default"), "named", None, false);
    assert!(is_right(
        &world
            .try_now(Proof::Password("default", "named"))
            .unwrap()
            .verdict
    ));
}
