//! One vault a finding.

use super::*;
use crate::ambient::Silent;
use crate::lang::selection::Selection;
use crate::migrate::survey::Survey;
use crate::migrate::testing::prepare;
use crate::migrate::testing::{House, choose};
use crate::model::*;
use crate::vault::snapshot::Unassigned;
use crate::vault::testing::{
    bare, card, group, record, token, unassigned_card, unassigned_token, user,
};

/// A user with one default password and an address, who has no finding.
fn plain(userid: &str) -> User {
    let mut plain = bare("g", userid);
    plain.facts.contacts = user("g", userid).facts.contacts;
    plain.passwords = user("g", userid).passwords;
    plain.passwords.truncate(1);
    plain
}

fn with(userid: &str, change: impl FnOnce(&mut User)) -> User {
    let mut user = plain(userid);
    change(&mut user);
    user
}

fn house(users: impl IntoIterator<Item = User>) -> House {
    House::new(std::iter::once(group("g")).chain(users.into_iter().map(record)))
}

fn survey(house: &House, selection: &Selection) -> Survey {
    let vault = &house.vault;
    Survey::take(
        vault,
        &house.keys,
        selection,
        Unassigned::Auto,
        &house.cancel,
    )
    .unwrap()
}

/// Every instance in words, and what it came to.
fn look(house: &House, selection: &Selection, targets: &[&str]) -> (Vec<String>, Checked) {
    let survey = survey(house, selection);
    if !targets.is_empty() {
        let names = (1..)
            .zip(targets)
            .map(|(line, &name)| Ok((line, name.to_owned())));
        survey.targets::<crate::vault::Error>(names).unwrap();
    }
    let mut found = Vec::new();
    let work = Work {
        keys: &house.keys,
        rules: house.rules(),
        all: true,
        progress: &Silent,
        cancel: &house.cancel,
    };
    let checked = check(survey, !targets.is_empty(), work, &mut |one| {
        let id = one.finding.about().id;
        found.push(format!(
            "{id}: {}/{} {} ({})",
            one.group, one.userid, one.item, one.detail
        ));
    })
    .unwrap();
    (found, checked)
}

fn found(house: &House) -> Vec<String> {
    look(house, &Selection::default(), &[]).0
}

fn export(house: &mut House, file: &str) {
    let (selection, path) = (Selection::default(), house.path(file));
    let request = house.request(&selection, &path);
    let (vault, work) = house.work();
    let prepared = prepare(vault, request, work.cancel).unwrap();
    prepared.export(vault, &work).unwrap();
}

#[test]
fn nothing_to_say_of_a_user_whom_all_of_goes() {
    let house = house([plain("anna")]);
    let (found, checked) = look(&house, &Selection::default(), &[]);
    assert_eq!(found, Vec::<String>::new());
    assert!(!checked.blocks() && checked.todo.is_empty());
    assert_eq!(checked.totals.users, 1);
}

#[test]
fn names_across_case_groups_and_aliases_with_all_owners() {
    let mut house = House::new([group("g"), group("h")]);
    let mut other = plain("ANNA");
    other.facts.group = "h".to_owned();
    house.load([
        group("g"),
        group("h"),
        record(plain("anna")),
        record(other),
        record(with("bob", |user| {
            user.facts.aliases = vec!["Carl".to_owned()]
        })),
        record(plain("carl")),
    ]);
    let (found, checked) = look(&house, &Selection::default(), &[]);
    let owners = "g/anna (user id), h/ANNA (user id)";
    assert_eq!(
        found,
        [
            format!("name.collision: g/anna name anna ({owners})"),
            format!("name.collision: h/ANNA name anna ({owners})"),
            "name.collision: g/bob name carl (g/bob (alias), g/carl (user id))".to_owned(),
            "name.collision: g/carl name carl (g/bob (alias), g/carl (user id))".to_owned(),
        ]
    );
    assert!(checked.blocks());
    // A user who is in none is not listed.
    let (none, checked) = look(&house, &choose("userid", "nobody*"), &[]);
    assert!(none.is_empty() && !checked.blocks());
}

#[test]
fn a_name_that_an_earlier_bundle_gave_away_says_which() {
    let mut house = house([with("anna", |user| user.facts.id = Some("1".to_owned()))]);
    export(&mut house, "one.igb");
    let renamed = with("anna2", |user| user.facts.id = Some("1".to_owned()));
    house.load([group("g"), record(renamed), record(plain("anna"))]);
    let found = found(&house);
    assert!(
        found.iter().any(|one| one
            .contains("name anna (g/anna2 (exported id, bundle 1), g/anna (user id))")
            || one.contains("name anna (g/anna (user id), g/anna2 (exported id, bundle 1))")),
        "{found:?}"
    );
    assert!(
        found.contains(&"user.renamed: g/anna2  (was anna)".to_owned()),
        "{found:?}"
    );
}

#[test]
fn more_than_ten_tokens_say_which_stay() {
    let house = house([with("anna", |user| {
        user.tokens = (0..12).map(|n| token("HID", &format!("{n:02}"))).collect();
    })]);
    let found = found(&house);
    assert_eq!(
        found,
        [
            "token.limit: g/anna token HID 10 (the user has 12, the target takes 10)",
            "token.limit: g/anna token HID 11 (the user has 12, the target takes 10)",
        ]
    );
}

#[test]
fn what_does_not_migrate_by_state_model_and_function() {
    let house = house([with("anna", |user| {
        let mut canceled = token("HID", "1");
        canceled.state = Some(TokenState::Canceled);
        let mut created = token("HID", "2");
        created.activation = Some(Activation::Created);
        let mut ocra = token("Thales", "3");
        ocra.facts.algorithm = Algorithm::Ocra;
        let mut cr = token("Entrust", "4");
        cr.facts.algorithm = Algorithm::Cr;
        user.tokens = vec![canceled, created, ocra, cr];
        let mut old = card(5);
        old.state = Some(CardState::Canceled);
        user.cards = vec![old];
    })]);
    let (found, checked) = look(&house, &Selection::default(), &[]);
    assert_eq!(
        found,
        [
            "token.state: g/anna token HID 1 (canceled)",
            "token.activation: g/anna token HID 2 (created)",
            "token.model: g/anna token Thales 3 (Thales OT (ocra))",
            "token.function: g/anna token Entrust 4 (transaction signing and challenge/response)",
            "card.state: g/anna card 5 (canceled)",
        ]
    );
    let kinds: Vec<_> = checked
        .totals
        .kinds(Finding::Stays(Reason::TokenModel))
        .collect();
    assert_eq!(kinds, [("Thales OT (ocra)", 1)]);
}

#[test]
fn event_based_tokens_and_clocks_that_are_off() {
    let house = house([with("anna", |user| {
        let mut hotp = token("HID", "1");
        (hotp.facts.kind, hotp.facts.algorithm, hotp.facts.counter) =
            (TokenKind::Hardware, Algorithm::Hotp, Some(41));
        let mut late = token("HID", "2");
        late.facts.drift = Some(-11);
        let mut near = token("HID", "3");
        near.facts.drift = Some(10);
        user.tokens = vec![hotp, late, near];
    })]);
    assert_eq!(
        found(&house),
        [
            "token.event: g/anna token HID 1 (counter 41)",
            "token.drift: g/anna token HID 2 (-11 steps)",
        ]
    );
}

#[test]
fn a_counter_that_went_on_after_the_export() {
    let hotp = |counter| {
        with("anna", |user| {
            let mut hotp = token("HID", "1");
            (hotp.facts.kind, hotp.facts.algorithm) = (TokenKind::Hardware, Algorithm::Hotp);
            hotp.facts.counter = Some(counter);
            user.tokens = vec![hotp];
        })
    };
    let mut house = house([hotp(1)]);
    export(&mut house, "one.igb");
    house.load([group("g"), record(hotp(1))]);
    assert!(
        !found(&house)
            .iter()
            .any(|one| one.starts_with("token.counter"))
    );
    house.load([group("g"), record(hotp(9))]);
    assert!(found(&house).contains(&"token.counter-advanced: g/anna  (bundle 1)".to_owned()));
}

#[test]
fn answers_that_are_cut_and_named_passwords() {
    let house = house([with("anna", |user| {
        let long = "x".repeat(256);
        user.qa = vec![QaPair {
            question: "?".to_owned(),
            answer: SecretBytes::from(long.into_bytes()),
        }];
        user.passwords[0].name = Some("ATM".to_owned());
    })]);
    let (found, checked) = look(&house, &Selection::default(), &[]);
    assert_eq!(
        found,
        [
            "qa.truncated: g/anna Q&A 1 (answer cut to 255 characters)",
            "password.named: g/anna password ATM ()",
        ]
    );
    assert_eq!(
        checked.todo,
        [Todo {
            what: "configure a password named 'ATM'".to_owned(),
            count: 1
        }]
    );
}

#[test]
fn more_unassigned_cards_than_the_target_takes() {
    let cards = |many: u64| (0..many).map(|n| unassigned_card("g", card(n)));
    let mut house = House::new(std::iter::once(group("g")).chain(cards(UNASSIGNED_CARDS)));
    let found = |house: &House| {
        let (_, checked) = look(house, &Selection::default(), &[]);
        checked.totals.of(Finding::UnassignedCards)
    };
    assert_eq!(found(&house), 0);
    house.load([group("g"), unassigned_card("g", card(9_999))]);
    assert_eq!(found(&house), UNASSIGNED_CARDS + 1);
}

#[test]
fn unassigned_tokens_are_looked_at_too() {
    let mut ocra = token("Thales", "1");
    ocra.facts.algorithm = Algorithm::Ocra;
    let house = House::new([group("g"), unassigned_token("g", ocra)]);
    assert_eq!(
        found(&house),
        ["token.model: g/ token Thales 1 (Thales OT (ocra))"]
    );
}

#[test]
fn longer_lists_than_the_target_keeps() {
    let house = house([with("anna", |user| {
        user.facts.location.history = vec![LocationEntry::default(); 6];
        user.facts.location.expected = (0..11).map(|n| format!("CA/ON/{n}")).collect();
    })]);
    let (found, checked) = look(&house, &Selection::default(), &[]);
    assert_eq!(
        found,
        [
            "location.history: g/anna  (6 places)",
            "location.expected: g/anna  (11 places)"
        ]
    );
    let todo: Vec<&str> = checked.todo.iter().map(|todo| todo.what.as_str()).collect();
    assert_eq!(
        todo,
        [
            "raise the maximum number of locations from 5 to 6",
            "raise the maximum number of expected locations from 10 to 11"
        ]
    );
}

#[test]
fn what_is_never_migrated_and_who_has_roles() {
    let house = house([with("anna", |user| {
        user.facts.not_migrated = vec![(NotMigrated::Biometrics, 2), (NotMigrated::Roles, 1)];
    })]);
    let (found, checked) = look(&house, &Selection::default(), &[]);
    assert_eq!(
        found,
        [
            "biometrics: g/anna biometrics (never migrated)",
            "roles: g/anna roles (set up on the target by hand)",
        ]
    );
    assert_eq!(
        checked
            .totals
            .of(Finding::Stays(Reason::NotMigrated(NotMigrated::Biometrics))),
        2
    );
}

#[test]
fn users_with_nothing_to_log_in_with_and_without_an_address() {
    let house = house([bare("g", "anna")]);
    assert_eq!(
        found(&house),
        [
            "contact.no-email: g/anna  (0 contacts)",
            "user.no-authenticator: g/anna  ()"
        ]
    );
}

#[test]
fn users_in_a_bundle_and_those_who_left_after_it() {
    let mut house = house([plain("anna"), plain("bob"), plain("carl")]);
    export(&mut house, "one.igb");
    house.sql("UPDATE users SET gone = 9 WHERE userid = 'bob'");
    house.accepted(
        "INSERT INTO excluded SELECT id, 0, 'Master1', 'x' FROM users WHERE userid = 'carl'",
    );
    let (found, checked) = look(&house, &Selection::default(), &[]);
    assert_eq!(
        found,
        [
            "user.exported: g/anna bundle 1 ()",
            "user.gone-exported: g/bob  (bundle 1)",
            "user.excluded: g/carl  ()"
        ]
    );
    assert_eq!(
        checked.totals.kinds(Finding::Exported).collect::<Vec<_>>(),
        [("bundle 1", 3)]
    );
}

#[test]
fn users_who_left_and_never_went() {
    let house = house([plain("anna")]);
    house.sql("UPDATE users SET gone = 9");
    assert_eq!(found(&house), ["user.gone: g/anna  ()"]);
}

#[test]
fn users_in_another_group_than_when_exported_until_they_are_back() {
    let in_group = |name: &str| {
        let mut user = with("anna", |user| user.facts.id = Some("1".to_owned()));
        user.facts.group = name.to_owned();
        user
    };
    let mut house = House::new([group("g"), group("h"), record(in_group("g"))]);
    export(&mut house, "one.igb");
    house.load([group("h"), record(in_group("h"))]);
    assert!(found(&house).contains(&"user.moved: h/anna  (was g)".to_owned()));
    house.load([group("g"), record(in_group("g"))]);
    assert!(
        !found(&house)
            .iter()
            .any(|one| one.starts_with("user.moved"))
    );
}

#[test]
fn users_who_are_missing_on_the_target() {
    let mut house = house([
        plain("anna"),
        plain("Bob"),
        plain("carl"),
        plain("dora@old.example"),
        plain("emil"),
    ]);
    house.accepted(
        "INSERT INTO mapped SELECT id, 'emil2', 'emil2' FROM users WHERE userid = 'emil'",
    );
    let targets = [
        "anna",
        "bob",
        "carl@example.com",
        "DORA@new.example",
        "emil",
    ];
    let (found, _) = look(&house, &Selection::default(), &targets);
    assert_eq!(
        found,
        [
            "target.case: g/Bob  (there 'bob')",
            "target.suffix: g/carl  (there 'carl@example.com')",
            "target.suffix: g/dora@old.example  (there 'DORA@new.example')",
            "target.missing: g/emil  ()",
        ]
    );
}

#[test]
fn only_the_first_few_are_examples_and_all_are_counted() {
    let users = (0..2_000).map(|n| bare("g", &format!("u{n}")));
    let house = house(users);
    let survey = survey(&house, &Selection::default());
    let work = Work {
        keys: &house.keys,
        rules: house.rules(),
        all: false,
        progress: &Silent,
        cancel: &house.cancel,
    };
    let mut found = 0;
    let checked = check(survey, false, work, &mut |_| {
        found += 1;
    })
    .unwrap();
    assert_eq!(checked.totals.of(Finding::NoEmail), 2_000);
    assert_eq!(checked.examples[&Finding::NoEmail].len(), EXAMPLES);
    assert_eq!(checked.examples[&Finding::NoEmail][0].userid, "u0");
    assert!(found < 100, "{found}");
}

#[test]
fn it_says_what_an_export_then_does() {
    let mut house = House::new(crate::exchange::population::generate(300, 5, 0).unwrap());
    let (_, checked) = look(&house, &Selection::default(), &[]);
    let (selection, path) = (Selection::default(), house.path("all.igb"));
    let request = house.request(&selection, &path);
    let (vault, work) = house.work();
    let exported = prepare(vault, request, work.cancel)
        .unwrap()
        .export(vault, &work)
        .unwrap();
    for (reason, count) in &exported.report.reasons {
        assert_eq!(
            checked.totals.of(Finding::Stays(*reason)),
            *count,
            "{reason:?}"
        );
    }
    assert_eq!(
        checked.totals.of(Finding::EventToken),
        exported.report.taken.event_tokens
    );
}

#[test]
fn it_can_be_interrupted() {
    let house = house([plain("anna")]);
    let survey = survey(&house, &Selection::default());
    let work = Work {
        keys: &house.keys,
        rules: house.rules(),
        all: false,
        progress: &Silent,
        cancel: &house.cancel,
    };
    house.cancel.cancel();
    let error = check(survey, false, work, &mut |_| ()).unwrap_err();
    assert!(error.is_cancelled());
}
