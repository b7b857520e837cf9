//! Cards, questions, passwords, tokens, places and names.

use super::*;

#[test]
fn an_existing_card_serial_is_not_imported() {
    let mut house = House::new();
    let with = |id: &str, serial| {
        is(User {
            cards: vec![card(serial)],
            ..user(id)
        })
    };
    house.import(&[with("anna", 7), stock_card(8)]);
    house.import(&[
        with("anna", 7),
        with("bob", 7),
        with("carl", 8),
        stock_card(7),
        stock_card(8),
    ]);
    let events = house.events(2);
    for line in [
        "anna: card 7 exists (exists already, unchanged)",
        "bob: card 7 error (user anna has it)",
        "carl: card 8 exists (the tenant has it unassigned)",
        ": card 7 error (user anna has it)",
        ": card 8 exists (exists already, unchanged)",
    ] {
        assert!(
            events.iter().any(|said| said == line),
            "{line} in {events:#?}"
        );
    }
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM cards"), 2);
}

#[test]
fn existing_questions_and_passwords_stay_and_each_is_an_event() {
    let mut house = House::new();
    let with = |answer: &str| {
        is(User {
            qa: vec![qa("First school?", answer)],
            passwords: vec![password(None, answer)],
            ..user("anna")
        })
    };
    house.import(&[with("old answer")]);
    let again = house.import(&[with("new answer")]);
    assert_eq!(
        house.events(2),
        [
            "anna: user exists (nothing of the user is new)",
            "anna: qa exists (exists already, unchanged)",
            "anna: password exists (exists already, unchanged)"
        ]
    );
    assert!(!again.changed());
    let mut names = Vec::new();
    events::<Error>(house.db(), Some(2), None, |event| {
        names.push(event.item.event());
        Ok(true)
    })
    .unwrap();
    assert_eq!(
        names,
        [
            "bulkidentityguard.add.error.user",
            "bulkidentityguard.add.error.qa",
            "bulkidentityguard.add.error.password"
        ]
    );
    let sealed: Vec<u8> = house.ask("SELECT sealed FROM qa");
    let pairs = sealing::open_qa(&house.keys, "anna", &sealed).unwrap();
    assert_eq!(pairs[0].answer.expose_secret(), b"old answer");
    let sealed: Vec<u8> = house.ask("SELECT sealed FROM passwords");
    let kept = sealing::open_password(&house.keys, "anna", None, &sealed).unwrap();
    assert_eq!(kept.as_slice(), b"old answer");
}

#[test]
fn named_passwords_are_taken_only_when_configured_and_else_the_default_one() {
    let mut house = House::new();
    let anna = || {
        is(User {
            passwords: vec![
                password(None, "one"),
                password(Some("ATM"), "two"),
                password(Some("VPN"), "three"),
            ],
            ..user("anna")
        })
    };
    house.import(&[anna()]);
    assert_eq!(
        house.events(1)[2..],
        [
            "anna: password added",
            "anna: password ATM skipped (no password of this name is configured)",
            "anna: password VPN skipped (no password of this name is configured)"
        ]
    );
    house.set("passwords.named", "ATM");
    house.import(&[anna()]);
    assert_eq!(
        house.events(2)[1..3],
        [
            "anna: password exists (exists already, unchanged)",
            "anna: password ATM added"
        ]
    );
}

#[test]
fn the_global_maximum_of_tokens_counts_those_that_are_there() {
    let mut house = House::new();
    house.set("tokens.global-max", "3");
    let with = |serials: std::ops::Range<u32>| {
        is(User {
            tokens: serials.map(|n| token(&n.to_string())).collect(),
            ..user("anna")
        })
    };
    house.import(&[with(1..3)]);
    house.import(&[with(2..6)]);
    assert_eq!(
        house.events(2)[1..],
        [
            "anna: token HID 2 exists (exists already, unchanged)",
            "anna: token HID 3 added",
            "anna: token HID 4 skipped (the user has 3 tokens, as many as there can be)",
            "anna: token HID 5 skipped (the user has 3 tokens, as many as there can be)"
        ]
    );
}

#[test]
fn the_accounts_maximum_of_tokens_stops_no_import_and_is_remarked_on() {
    let mut house = House::new();
    house.set("tokens.account-max", "1");
    let anna = User {
        tokens: vec![token("1"), token("2"), token("3")],
        ..user("anna")
    };
    let imported = house.import(&[is(anna)]);
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM tokens"), 3);
    assert_eq!(imported.over_account, 1);
}

#[test]
fn unassigned_cards_over_the_limit_are_left_out() {
    let mut house = House::new();
    house.set("cards.unassigned-max", "2");
    house.import(&[stock_card(1)]);
    house.import(&[stock_card(1), stock_card(2), stock_card(3)]);
    assert_eq!(
        house.events(2),
        [
            ": card 1 exists (exists already, unchanged)",
            ": card 2 added",
            ": card 3 skipped (the tenant has 2 unassigned cards, as many as it can)"
        ]
    );
}

#[test]
fn expected_locations_and_overrides_count_over_the_defaults() {
    let mut house = House::new();
    let places = |n: u32| (0..n).map(|n| format!("CA/ON/{n}")).collect::<Vec<_>>();
    let history = |n: u32| {
        (0..n)
            .map(|n| LocationEntry {
                city: Some(n.to_string().into()),
                ..LocationEntry::default()
            })
            .collect::<Vec<_>>()
    };
    let long = || User {
        location_history: history(8),
        expected_locations: places(12),
        ..user("long")
    };
    let own = User {
        rba: RbaOverrides {
            max_history: Some(8),
            check_ip: Some(true),
            check_velocity: Some(false),
            max_expected: Some(20),
        },
        location_history: history(8),
        expected_locations: places(12),
        ..user("own")
    };
    house.import(&[is(long()), is(own)]);
    let events = house.events(1);
    assert!(events.contains(
        &"long: location added (8 places, above 5, kept whole; 12 expected places, above 10, kept whole)"
            .to_owned()
    ), "{events:#?}");
    assert!(
        events.contains(&"own: location added".to_owned()),
        "{events:#?}"
    );
    assert_eq!(
        house.ask::<String>("SELECT json_array(max_locations, check_ip, check_velocity, max_expected) FROM overrides"),
        "[8,1,0,20]"
    );
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM locations"), 16);
    let more = User {
        expected_locations: places(13),
        ..long()
    };
    house.import(&[is(more)]);
    assert_eq!(house.events(2)[0], "long: user merged");
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM expected"), 25);
}

#[test]
fn unsupported_models_are_left_out() {
    let mut house = House::new();
    let anna = || {
        is(User {
            tokens: vec![
                token("1"),
                token("2").but(|it| {
                    it.facts.algorithm = Algorithm::Ocra;
                    it.facts.model = Some("Gemini".into());
                }),
            ],
            ..user("anna")
        })
    };
    house.import(&[anna()]);
    let line = "anna: token HID 2 skipped (tokens like this are not supported (Gemini))";
    assert_eq!(house.events(1).last().unwrap(), line);
    house.set("tokens.supported", "totp,Gem*");
    house.import(&[anna()]);
    assert_eq!(house.events(2).last().unwrap(), "anna: token HID 2 added");
}

#[test]
fn lockout_counters_start_at_zero() {
    let mut house = House::new();
    house.import(&[is(user("anna"))]);
    assert_eq!(house.ask::<u64>("SELECT failures FROM users"), 0);
}

#[test]
fn questions_are_taken_up_to_the_limits_and_the_total_size_stops_nothing() {
    let mut house = House::new();
    house.set("qa.pairs", "2");
    house.set("qa.answer-length", "3");
    house.set("qa.total-size", "4");
    let anna = User {
        qa: vec![qa("a", "äöüß"), qa("b", "xyz"), qa("c", "z")],
        ..user("anna")
    };
    house.import(&[is(anna)]);
    assert_eq!(
        house.events(1).last().unwrap(),
        "anna: qa added (2 of 3 questions were taken; 1 answers were cut to 3 characters; \
         11 bytes are more than qa.total-size, which counts at the next change)"
    );
    let sealed: Vec<u8> = house.ask("SELECT sealed FROM qa");
    let pairs = sealing::open_qa(&house.keys, "anna", &sealed).unwrap();
    let answers: Vec<_> = pairs.iter().map(|p| p.answer.expose_secret()).collect();
    assert_eq!(answers, ["äöü".as_bytes(), b"xyz"]);
}

#[test]
fn names_are_unique_over_ids_and_aliases() {
    let mut house = House::new();
    let with = |id: &str, aliases: &[&str]| {
        is(User {
            aliases: aliases.iter().map(|&a| a.to_owned()).collect(),
            ..user(id)
        })
    };
    house.import(&[
        with("anna", &["a1", "A1", "anna"]),
        with("bob", &["A1", "anna", "b1"]),
        with("B1", &[]),
    ]);
    assert_eq!(
        house.events(1)[1..],
        [
            ": group staff added".replace(": group", "anna: group"),
            "anna: alias a1 added".to_owned(),
            "anna: alias A1 exists (exists already, unchanged)".to_owned(),
            "anna: alias anna exists (exists already, unchanged)".to_owned(),
            "bob: user added".to_owned(),
            "bob: alias A1 error (user anna has it)".to_owned(),
            "bob: alias anna error (it is the id of user anna)".to_owned(),
            "bob: alias b1 added".to_owned(),
            "B1: user error (the id is an alias of user bob)".to_owned(),
        ]
    );
}
