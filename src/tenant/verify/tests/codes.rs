//! Codes of tokens.

use super::*;

#[test]
fn a_right_code_moves_the_drift_and_is_not_taken_twice() {
    let mut world = World::new();
    world.token(token("111", Algorithm::Totp).but(|it| it.facts.drift = Some(4)));
    let found = matched(world.code("111", 1_000_006));
    assert_eq!((found.at, found.offset), (1_000_006, 2));
    let kept: (i64, i64, Option<i64>, i64) = world
        .db
        .query_row(
            "SELECT drift, last_step, counter, last_used FROM tokens",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .unwrap();
    assert_eq!(kept, (6, 1_000_006, None, now().as_microsecond()));
    let again = world.code("111", 1_000_006);
    assert_eq!(
        again,
        Verdict::Wrong("it, or a later one, was used before".to_owned())
    );
    // Ten steps around the new drift.
    assert!(is_right(&world.code("111", 1_000_016)));
}

#[test]
fn a_right_code_moves_the_counter() {
    for algorithm in [Algorithm::Hotp, Algorithm::At] {
        let mut world = World::new();
        world.token(token("222", algorithm).but(|it| it.facts.counter = Some(500)));
        assert!(!is_right(&world.code("222", 499)));
        assert_eq!(matched(world.code("222", 510)).offset, 10);
        assert_eq!(world.one::<i64>("SELECT counter FROM tokens"), 511);
        assert_eq!(world.one::<Option<i64>>("SELECT drift FROM tokens"), None);
        assert!(!is_right(&world.code("222", 510)));
        assert!(is_right(&world.code("222", 511)));
    }
}

#[test]
fn two_codes_in_a_row_bring_a_token_back() {
    let mut world = World::new();
    world.token(token("222", Algorithm::Hotp).but(|it| it.facts.counter = Some(5)));
    let Verdict::Wrong(why) = world.code("222", 85) else {
        panic!("80 steps ahead is no window")
    };
    assert!(
        why.contains("80 steps after") && why.contains("two codes in a row"),
        "{why}"
    );
    let (first, second) = (code("222", 86), code("222", 87));
    let proof = Proof::Code {
        code: &first,
        next: Some(&second),
        serial: Some("222"),
    };
    assert_eq!(matched(world.try_now(proof).unwrap().verdict).at, 87);
    assert_eq!(world.one::<i64>("SELECT counter FROM tokens"), 88);
    let Verdict::Wrong(why) = world.try_now(proof).unwrap().verdict else {
        panic!("used")
    };
    assert!(why.contains("two codes in a row"), "{why}");
}

#[test]
fn any_active_token_of_the_user_will_do_and_no_other() {
    let mut world = World::new();
    world.token(Token {
        state: Some(State::Inactive),
        ..token("1", Algorithm::Totp)
    });
    let yesterday = now() - jiff::SignedDuration::from_hours(24);
    world.token(token("2", Algorithm::Totp).but(|it| it.facts.expires = Some(yesterday.into())));
    world.token(token("3", Algorithm::Cr));
    world.token(token("4", Algorithm::Ocra));
    let any = code("1", 1_000_000);
    let refused = message(world.try_now(Proof::Code {
        code: &any,
        next: None,
        serial: None,
    }));
    for part in [
        "HID 1: INACTIVE",
        "HID 2: expired on 1970-12-13",
        "HID 3: the algorithm of cr",
        "HID 4: an ocra",
    ] {
        assert!(refused.contains(part), "{part} in {refused}");
    }
    assert_eq!(world.failures(), 0, "nothing was tried");
    world.token(token("5", Algorithm::Totp));
    world.token(token("6", Algorithm::Totp));
    for unusable in ["1", "2"] {
        assert!(!is_right(&world.code(unusable, 1_000_000)));
    }
    let six = code("6", 1_000_000);
    let proof = |serial| Proof::Code {
        code: &six,
        next: None,
        serial,
    };
    let attempt = world.try_now(proof(Some("5"))).unwrap();
    assert!(!is_right(&attempt.verdict) && attempt.with == "token HID 5");
    let attempt = world.try_now(proof(None)).unwrap();
    assert!(is_right(&attempt.verdict) && attempt.with == "token HID 6");
    assert_eq!(
        message(world.try_now(proof(Some("9")))),
        "Anna has no token 9"
    );
}

#[test]
fn a_seed_of_another_user_does_not_open() {
    let mut world = World::new();
    world.token(token("1", Algorithm::Totp));
    world
        .db
        .execute("UPDATE tokens SET id = 8 << 16", [])
        .unwrap();
    let one = code("1", 1_000_000);
    let proof = Proof::Code {
        code: &one,
        next: None,
        serial: None,
    };
    let refused = message(verify(&world.db, &world.keys, "bob", proof, now()));
    assert!(
        refused.contains("the sealed seed of token HID 1 of Bob"),
        "{refused}"
    );
}
