//! The questions that a help desk asks.

use super::*;
use crate::migrate::testing::House;
use crate::migrate::testing::prepare;
use crate::model::{Algorithm, SourceRecord, TokenState, User};
use crate::vault::testing;

fn with_tokens(userid: &str) -> User {
    let mut canceled = testing::token("HID", "1001");
    canceled.state = Some(TokenState::Canceled);
    let mut cr = testing::token("Entrust", "1002");
    cr.facts.algorithm = Algorithm::Cr;
    User {
        tokens: vec![canceled, cr, testing::token("HID", "1003")],
        ..testing::bare("hr", userid)
    }
}

fn house(more: impl IntoIterator<Item = SourceRecord>) -> House {
    let mut records = vec![
        testing::group("hr"),
        testing::group("it"),
        testing::record(with_tokens("anna")),
    ];
    records.extend(more);
    House::new(records)
}

fn export(house: &mut House) {
    let path = house.path("p.igb");
    let selection = Selection::default();
    let request = house.request(&selection, &path);
    let (vault, work) = house.work();
    let prepared = prepare(vault, request, work.cancel).unwrap();
    prepared.export(vault, &work).unwrap();
}

fn answer(house: &House, text: &str) -> Explanation {
    let rules = house.rules();
    let mut answers = explain(&house.vault, &house.keys, text, &rules, &house.cancel).unwrap();
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers.remove(0)
}

fn facts<'a>(answer: &'a Explanation, title: &str) -> Vec<(&'a str, &'a str)> {
    let section = answer
        .sections
        .iter()
        .find(|section| section.title == title);
    let facts = &section
        .unwrap_or_else(|| panic!("no '{title}' in {answer:#?}"))
        .facts;
    facts
        .iter()
        .map(|(what, how)| (what.as_str(), how.as_str()))
        .collect()
}

#[test]
fn a_token_that_did_not_go_says_why_and_what_to_do() {
    let mut house = house([]);
    export(&mut house);
    let answer = answer(&house, "10-01");
    assert_eq!(answer.subject, "token HID 1001 of hr/anna");
    let found = ("token HID 1001", "stays: token.state, canceled");
    assert!(facts(&answer, "bundle 1").contains(&found));
    assert_eq!(facts(&answer, "in an export now"), [found]);
    let advised = facts(&answer, "what to do");
    assert_eq!(advised.len(), 1);
    assert_eq!(advised[0].0, "token.state");
    assert!(facts(&answer, "source")[0].1.contains("'test' line 3"));
    assert!(
        facts(&answer, "migration")[0]
            .1
            .starts_with("exported since ")
    );
}

#[test]
fn a_token_that_went_says_so() {
    let mut house = house([]);
    export(&mut house);
    let exported = answer(&house, "1003");
    assert_eq!(
        facts(&exported, "bundle 1")[1],
        ("token HID 1003", "is in it, unless the source got it later")
    );
    assert_eq!(
        facts(&exported, "in an export now"),
        [("token HID 1003", "goes")]
    );
    assert!(
        exported
            .sections
            .iter()
            .all(|section| section.title != "what to do")
    );

    let in_part = answer(&house, "1002");
    let found = facts(&in_part, "bundle 1");
    assert!(found.contains(&(
        "token Entrust 1002",
        "is in it, unless the source got it later"
    )));
    assert!(
        found
            .iter()
            .any(|(_, how)| how.starts_with("goes, but not whole: token.function"))
    );
}

#[test]
fn a_user_who_was_not_exported_is_mapped_now() {
    let house = house([]);
    let answer = answer(&house, "anna");
    assert_eq!(answer.subject, "user hr/anna");
    assert_eq!(
        facts(&answer, "migration"),
        [("phase", "none: not exported yet")]
    );
    let found = facts(&answer, "in an export now");
    assert!(found.contains(&("token HID 1003", "goes")));
    assert!(found.contains(&("token HID 1001", "stays: token.state, canceled")));
    assert!(
        answer
            .sections
            .iter()
            .all(|section| !section.title.starts_with("bundle"))
    );
}

#[test]
fn a_whole_user_who_stays_says_with_whom_the_name_is_shared() {
    let house = house([testing::record(testing::bare("it", "Anna"))]);
    let answer = answer(&house, "hr/anna");
    let found = facts(&answer, "in an export now");
    assert_eq!(
        found[0],
        ("user", "stays: the name 'anna' is also that of it/Anna")
    );
    assert!(
        facts(&answer, "what to do")
            .iter()
            .any(|(reason, _)| *reason == "user.conflict")
    );
}

#[test]
fn gone_and_excluded_users_say_so() {
    let house = house([]);
    house.sql(
        "INSERT INTO excluded SELECT id, 0, 'Master1', 'leaves in May' FROM users; UPDATE users SET gone = 1",
    );
    let answer = answer(&house, "anna");
    let found = facts(&answer, "in an export now");
    assert!(found.contains(&("user", "stays: has left the source")));
    assert!(found.contains(&(
        "user",
        "stays: was taken out by Master1 on 1970-01-01 00:00 UTC: leaves in May"
    )));
    assert!(facts(&answer, "source").contains(&("gone", "since load 1")));
}

#[test]
fn unassigned_items_have_their_own_answer() {
    let mut ocra = testing::token("HID", "5");
    ocra.facts.algorithm = Algorithm::Ocra;
    let mut house = house([
        testing::unassigned_token("it", ocra),
        testing::unassigned_card("it", testing::card(6)),
    ]);
    export(&mut house);
    let token = answer(&house, "5");
    assert_eq!(token.subject, "token HID 5 of group it");
    let found = ("token HID 5", "stays: token.model, HID OT (ocra)");
    assert!(facts(&token, "bundle 1").contains(&found));
    assert_eq!(facts(&token, "in an export now"), [found]);
    let card = answer(&house, "6");
    assert!(
        facts(&card, "in an export now")[0]
            .1
            .starts_with("goes with its group")
    );
}

#[test]
fn a_name_of_several_users_gets_several_answers_and_an_unknown_one_an_error() {
    let house = house([testing::record(testing::bare("it", "anna"))]);
    let ask = |text| {
        explain(
            &house.vault,
            &house.keys,
            text,
            &house.rules(),
            &house.cancel,
        )
    };
    assert_eq!(ask("anna").unwrap().len(), 2);
    let error = ask("xavier").unwrap_err();
    let hint = error.hint().unwrap();
    assert!(hint.contains("user list userid=*xavier*"), "{hint}");
}

#[test]
fn there_is_advice_for_every_reason() {
    for reason in Reason::all() {
        assert!(advice(reason).ends_with('.'), "{reason:?}");
    }
}

#[test]
fn the_target_s_answer_is_shown_until_the_next_bundle() {
    let mut house = house([]);
    export(&mut house);
    house.sql(
        "UPDATE progress SET import = 2;
         INSERT INTO answer_files (id, at, master, source, records, ok, errors)
         VALUES (7, 1800000000000000, 'Master1', 'w1.csv', 9, 1, 1);
         INSERT INTO answers (user, place, file, record, outcome, message)
         SELECT user, 1, 7, 'card 7', 'skipped', 'it is another user''s' FROM progress",
    );
    assert_eq!(
        facts(&answer(&house, "anna"), "the target's answer"),
        [
            (
                "import",
                "error: not every record is there, according to 'w1.csv' of 2027-01-15 08:00 UTC"
            ),
            ("card 7", "skipped, it is another user's")
        ]
    );
    house.sql("UPDATE progress SET import = 1");
    assert_eq!(
        facts(&answer(&house, "anna"), "the target's answer"),
        [("import", "ok: every record is there")]
    );
    house.sql("UPDATE progress SET import = 0");
    let silent = answer(&house, "anna").sections;
    assert!(
        silent
            .iter()
            .all(|section| section.title != "the target's answer")
    );
}
