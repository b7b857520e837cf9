//! Users, groups and states.

use super::*;

#[test]
fn a_new_user_gets_names_address_and_number_from_the_contacts() {
    let mut house = House::new();
    let mut anna = user("anna");
    anna.contacts = vec![
        contact("Home phone", "4"),
        contact("Work phone", "3"),
        contact("Pager", "p@ger.example"),
        contact("E-mail", "anna@example.com"),
    ];
    house.import(&[is(anna)]);
    let row: String = house.ask(
        "SELECT json_array(first_name, last_name, email, phone, mobile, state, missing) FROM users",
    );
    assert_eq!(
        row,
        r#"["Anna","Maria Smith","anna@example.com","3","3","ACTIVE",null]"#
    );
}

#[test]
fn a_new_user_is_created_and_flagged_when_mandatory_attributes_are_missing() {
    let mut house = House::new();
    let mut anna = user("anna");
    (anna.full_name, anna.contacts) = (Some("Anna".to_owned()), Vec::new());
    house.import(&[is(anna)]);
    assert_eq!(
        house.events(1)[0],
        "anna: user added (created without lastName,email)"
    );
    assert_eq!(
        house.ask::<String>("SELECT missing FROM users"),
        "lastName,email"
    );
    house.set("mandatory", "");
    house.import(&[is(User {
        full_name: None,
        ..user("bob")
    })]);
    assert_eq!(house.events(2)[0], "bob: user added");
}

#[test]
fn groups_are_created_but_for_the_sources_default_one_and_all_users_are_in_the_default_group() {
    let mut house = House::new();
    let in_default = User {
        group: "Default".to_owned(),
        ..user("bob")
    };
    house.import(&[
        group("Default", true),
        group("staff", false),
        is(user("anna")),
        is(in_default),
    ]);
    assert_eq!(
        house.events(1)[..2],
        [
            ": group Default skipped (the source's default group is 'All Users' here)",
            ": group staff added"
        ]
    );
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM groups"), 1);
    let groups = crate::tenant::query::groups(house.db()).unwrap();
    let groups: Vec<_> = groups.iter().map(|g| (g.name.as_str(), g.users)).collect();
    assert_eq!(groups, [("All Users", 2), ("staff", 1)]);
}

#[test]
fn a_directory_user_keeps_name_contacts_and_state_and_gets_the_rest() {
    let mut house = House::new();
    house.set("existing-local", "contacts-and-state");
    house.sync("ANNA", "Directory Name");
    let before: String =
        house.ask("SELECT json_array(first_name, last_name, email, phone, state) FROM users");
    let anna = User {
        state: UserState::Inactive,
        aliases: vec!["a.smith".to_owned()],
        tokens: vec![token("1")],
        rba: RbaOverrides {
            check_ip: Some(true),
            ..RbaOverrides::default()
        },
        ..user("anna")
    };
    house.import(&[is(anna)]);
    assert_eq!(
        house.events(1),
        [
            "ANNA: user merged (from a directory: name, contacts and state stay)",
            "ANNA: alias a.smith added",
            "ANNA: token HID 1 added",
            "ANNA: rba added"
        ]
    );
    let after: String =
        house.ask("SELECT json_array(first_name, last_name, email, phone, state) FROM users");
    assert_eq!(after, before);
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM users"), 1);
}

#[test]
fn a_known_local_user_takes_new_authenticators_only() {
    let mut house = House::new();
    house.import(&[is(user("anna"))]);
    let anna = || User {
        full_name: Some("Anna Jones".to_owned()),
        state: UserState::Inactive,
        ..user("anna")
    };
    house.import(&[is(anna())]);
    assert_eq!(
        house.events(2),
        ["anna: user exists (contacts and state differ and stay (existing-local))"]
    );
    house.import(&[is(User {
        tokens: vec![token("1")],
        ..user("anna")
    })]);
    assert_eq!(
        house.events(3),
        ["anna: user merged", "anna: token HID 1 added"],
        "no error where something was new"
    );
    assert_eq!(
        house.ask::<String>("SELECT last_name || state FROM users"),
        "Maria SmithACTIVE"
    );
}

#[test]
fn a_known_local_user_takes_contacts_and_state_as_well_where_it_is_set_so() {
    let mut house = House::new();
    house.import(&[is(user("anna"))]);
    house.set("existing-local", "contacts-and-state");
    let anna = || {
        is(User {
            full_name: Some("Anna Jones".to_owned()),
            state: UserState::Inactive,
            contacts: Vec::new(),
            ..user("anna")
        })
    };
    house.import(&[anna()]);
    assert_eq!(
        house.events(2),
        ["anna: user merged (contacts and state taken (existing-local))"]
    );
    assert_eq!(
        house.ask::<String>("SELECT json_array(last_name, state, email) FROM users"),
        r#"["Jones","INACTIVE","anna@example.com"]"#,
        "what the bundle lacks stays"
    );
    let again = house.import(&[anna()]);
    assert!(!again.changed());
}

#[test]
fn states_arrive_as_the_bundle_has_them() {
    let mut house = House::new();
    let anna = User {
        state: UserState::Inactive,
        tokens: vec![
            token("1"),
            Token {
                state: Some(UserState::Inactive),
                ..token("2")
            },
        ],
        cards: [CardState::Active, CardState::Pending, CardState::Inactive]
            .into_iter()
            .zip(1..)
            .map(|(state, serial)| Card {
                state: Some(state),
                ..card(serial)
            })
            .collect(),
        ..user("anna")
    };
    house.import(&[is(anna), stock_card(9), stock_token("9")]);
    for (sql, expected) in [
        ("SELECT state FROM users", "INACTIVE"),
        (
            "SELECT group_concat(state) FROM tokens WHERE id > 0",
            "ACTIVE,INACTIVE",
        ),
        (
            "SELECT group_concat(state) FROM cards WHERE id > 0",
            "ACTIVE,PENDING,INACTIVE",
        ),
        (
            "SELECT coalesce(state, 'none') FROM cards WHERE id < 0",
            "none",
        ),
        (
            "SELECT coalesce(state, 'none') FROM tokens WHERE id < 0",
            "none",
        ),
    ] {
        assert_eq!(house.ask::<String>(sql), expected, "{sql}");
    }
}

#[test]
fn a7_a_record_with_an_empty_or_endless_text_is_refused_and_the_rest_goes_on() {
    let long = |bytes: usize| "x".repeat(bytes);
    let spoilt = |spoil: &dyn Fn(&mut User)| {
        let mut one = user("bob");
        one.tokens = vec![token("1")];
        one.contacts = vec![contact("Phone", "1")];
        spoil(&mut one);
        is(one)
    };
    let mut no_vendor = token("2");
    no_vendor.facts.vendor = "".into();
    for (record, event) in [
        (is(user("")), ": user error (the record cannot be kept: userId is empty)".to_owned()),
        (
            is(user(&long(6 << 20))),
            format!("{}…: user error (the record cannot be kept: userId has more than 1024 bytes)", long(64)),
        ),
        (
            is(user("a\u{1b}b")),
            "a\u{1b}b: user error (the record cannot be kept: userId holds a control character)".to_owned(),
        ),
        (group("", false), ": group error (the record cannot be kept: name is empty)".to_owned()),
        (
            spoilt(&|bob| bob.group = String::new()),
            "bob: user error (the record cannot be kept: group is empty)".to_owned(),
        ),
        (
            spoilt(&|bob| bob.aliases = vec![String::new()]),
            "bob: user error (the record cannot be kept: an alias is empty)".to_owned(),
        ),
        (
            spoilt(&|bob| bob.full_name = Some(long(70_000))),
            "bob: user error (the record cannot be kept: fullName has more than 65536 bytes)".to_owned(),
        ),
        (
            spoilt(&|bob| bob.contacts[0].value = long(70_000).into()),
            "bob: user error (the record cannot be kept: a contact's value has more than 65536 bytes)".to_owned(),
        ),
        (
            spoilt(&|bob| bob.qa = vec![qa(&long(70_000), "x")]),
            "bob: user error (the record cannot be kept: a question has more than 65536 bytes)".to_owned(),
        ),
        (
            spoilt(&|bob| bob.tokens[0].facts.serial = "".into()),
            "bob: user error (the record cannot be kept: a token's serial is empty)".to_owned(),
        ),
        (
            spoilt(&|bob| bob.expected_locations = vec![long(2000)]),
            "bob: user error (the record cannot be kept: an expected location has more than 1024 bytes)".to_owned(),
        ),
        (
            Record::Token(Box::new(UnassignedToken {
                group: "staff".to_owned(),
                token: no_vendor,
            })),
            ": token  2 error (the record cannot be kept: a token's vendor is empty)".to_owned(),
        ),
    ] {
        let mut house = House::new();
        house.import(&[group("staff", false), record, is(user("anna"))]);
        let all = house.events(1);
        assert!(all.contains(&event), "{event} is not in {all:?}");
        assert!(all.iter().any(|line| line == "anna: user added"), "{all:?}");
        assert_eq!(house.ask::<i64>("SELECT count(*) FROM users"), 1, "{event}");
        house.integrity();
    }
    // What is just short enough is taken.
    let mut house = House::new();
    house.import(&[spoilt(&|bob| bob.user_id = long(1024))]);
    assert_eq!(house.ask::<i64>("SELECT count(*) FROM users"), 1);
}
