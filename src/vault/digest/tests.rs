use super::*;
use crate::model::*;
use crate::store::loose_keys;
use crate::vault::testing::{But as _, at, secret, token, user};

type Edit = fn(&mut User);

/// A user with a time-based and an event-based token, and some of everything else.
fn sample() -> User {
    let mut user = user("g", "a");
    let mut event = token("HID", "77");
    event.facts.algorithm = Algorithm::Hotp;
    user.tokens.push(event);
    user
}

/// The changes since a bundle that holds [`sample`], after `edit`.
fn after(edit: impl FnOnce(&mut User)) -> Changes {
    let mut now = sample();
    edit(&mut now);
    Digest::of(&sample()).kept().changes(&Digest::of(&now))
}

fn both(one: Changes, other: Changes) -> Changes {
    let mut all = one;
    all.insert(other);
    all
}

#[test]
fn what_use_changes_is_no_change() {
    let edits: [Edit; 12] = [
        |_| {},
        |user| user.facts.last_auth = Some(at("2026-11-01T00:00:00Z")),
        |user| user.facts.lockout_count = Some(9),
        |user| user.facts.locale = Some("fr-CA".into()),
        |user| user.tokens[0].facts.last_used = None,
        |user| user.tokens[0].facts.drift = Some(11),
        |user| user.cards[0].facts.challenge_count = Some(13),
        |user| user.cards[0].facts.cell_usage = None,
        |user| user.cards[0].facts.usage = Some(Usage::Replacement),
        |user| user.facts.location.history.clear(),
        |user| user.facts.not_migrated.clear(),
        |user| user.facts.userid = "b".into(),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        assert_eq!(after(edit), Changes::NONE, "edit {number}");
    }
}

#[test]
fn the_order_of_a_source_is_no_change_but_for_questions() {
    assert_eq!(
        after(|user| {
            user.facts.aliases.reverse();
            user.facts.contacts.reverse();
            user.tokens.reverse();
            user.passwords.reverse();
        }),
        Changes::NONE
    );
    assert_eq!(after(|user| user.qa.reverse()), Changes::QA);
}

#[test]
fn each_part_has_its_name() {
    let edits: &[(Changes, Edit)] = &[
        (Changes::STATE, |user| {
            user.facts.state = UserState::Suspended
        }),
        (Changes::STATE, |user| {
            user.tokens[0].state = Some(TokenState::Hold)
        }),
        (Changes::STATE, |user| {
            user.tokens[0].state = Some(TokenState::Canceled)
        }),
        (Changes::STATE, |user| {
            user.tokens[0].activation = Some(Activation::Created)
        }),
        (Changes::QA, |user| user.qa[0].answer = secret("elsewhere")),
        (Changes::QA, |user| {
            user.qa[0].question = "Second school?".into()
        }),
        (Changes::QA, |user| user.qa.truncate(1)),
        (Changes::QA, |user| user.qa.clear()),
        (Changes::CARD, |user| {
            user.cards[0].cells = secret("\u{2}5FNN01QY")
        }),
        (Changes::CARD, |user| {
            user.cards[0].state = Some(CardState::Hold)
        }),
        (Changes::CARD, |user| user.cards[0].facts.expires = None),
        (Changes::CARD, |user| user.cards.clear()),
        (Changes::COUNTER, |user| {
            user.tokens[1].facts.counter = Some(8)
        }),
        (Changes::COUNTER, |user| user.tokens[1].facts.counter = None),
        (Changes::OTHER, |user| {
            user.tokens[0].facts.counter = Some(8)
        }),
        (Changes::OTHER, |user| user.facts.full_name = None),
        (Changes::OTHER, |user| user.facts.aliases.push("x".into())),
        (Changes::OTHER, |user| {
            user.facts.contacts[1].value = "x@example.com".into()
        }),
        (Changes::OTHER, |user| {
            user.facts.contacts[0].default = false
        }),
        (Changes::OTHER, |user| {
            user.passwords[0].value = secret("another")
        }),
        (Changes::OTHER, |user| user.passwords[1].expires = None),
        (Changes::OTHER, |user| user.passwords[1].must_change = None),
        (Changes::OTHER, |user| user.tokens[0].facts.idp_url = None),
        (Changes::OTHER, |user| user.tokens[0].facts.expires = None),
        (Changes::OTHER, |user| {
            user.tokens[0].facts.comment = Some("".into())
        }),
        (Changes::OTHER, |user| user.facts.location.expected.clear()),
        (Changes::OTHER, |user| {
            user.facts.location.overrides.check_ip = None
        }),
    ];
    for (number, (expected, edit)) in edits.iter().enumerate() {
        assert_eq!(after(edit), *expected, "edit {number}");
    }
    assert_eq!(
        after(|user| {
            user.tokens.pop();
        }),
        both(Changes::STATE, both(Changes::COUNTER, Changes::OTHER)),
        "a token that is gone"
    );
}

#[test]
fn an_authenticator_that_is_new_is_that_and_nothing_else() {
    let edits: [Edit; 6] = [
        |user| user.tokens.push(token("V", "new")),
        |user| {
            let mut event = token("V", "new");
            event.facts.algorithm = Algorithm::Hotp;
            user.tokens.insert(0, event);
        },
        |user| user.cards.push(crate::vault::testing::card(1)),
        |user| {
            user.passwords.push(Password {
                name: Some("ATM".into()),
                value: secret("2468"),
                expires: None,
                must_change: None,
            });
        },
        |user| {
            let mut second = token("Entrust", &user.tokens[0].facts.serial);
            second.facts.issue_no = Some("2".into());
            user.tokens.push(second);
        },
        |user| {
            // Another way to the same: the bundle held no questions.
            user.tokens.push(token("V", "new"));
            user.facts.last_auth = None;
        },
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        assert_eq!(after(edit), Changes::NEW_AUTHENTICATOR, "edit {number}");
    }
    let mut without = sample();
    without.qa.clear();
    assert_eq!(
        Digest::of(&without).kept().changes(&Digest::of(&sample())),
        Changes::NEW_AUTHENTICATOR,
        "questions where there were none"
    );
    // A new seed is a new token in the place of the old one.
    assert!(
        after(|user| user.tokens[0].seed = secret("another seed"))
            .contains(Changes::NEW_AUTHENTICATOR)
    );
}

#[test]
fn what_the_target_could_not_use_is_new_once_it_can() {
    let mut then = sample();
    then.tokens[0].activation = Some(Activation::CodeGenerated);
    then.cards[0].state = Some(CardState::Canceled);
    let kept = Digest::of(&then).kept();
    assert_eq!(kept.changes(&Digest::of(&then)), Changes::NONE);
    then.tokens[0].activation = Some(Activation::Created);
    assert_eq!(kept.changes(&Digest::of(&then)), Changes::NONE);
    then.tokens[0].activation = Some(Activation::Activated);
    assert_eq!(kept.changes(&Digest::of(&then)), Changes::NEW_AUTHENTICATOR);
    // Between two source records every authenticator counts.
    let mut before = sample();
    before.tokens.truncate(1);
    let mut now = sample();
    now.tokens[1].state = Some(TokenState::Canceled);
    let changes = Digest::of(&now).differs(&Digest::of(&before));
    assert_eq!(changes, Changes::NEW_AUTHENTICATOR);
    assert_eq!(
        Digest::of(&before).kept().changes(&Digest::of(&now)),
        Changes::NONE
    );
}

#[test]
fn an_address_that_a_master_has_given_counts_in_the_place_of_the_sources() {
    let mut given = sample();
    given.tokens[0].facts.idp_url = Some("https://tenant.example".into());
    let kept = Digest::of(&given).kept();
    let mut loaded = Digest::of(&sample());
    assert_eq!(kept.changes(&loaded), Changes::OTHER);
    loaded.set_address(0, "https://tenant.example");
    assert_eq!(kept.changes(&loaded), Changes::NONE);
}

#[test]
fn what_is_kept_comes_back_and_only_for_its_user_and_bundle() {
    let keys = loose_keys(&[1]);
    for user in [sample(), crate::vault::testing::bare("g", "b")] {
        let kept = Digest::of(&user).kept();
        let sealed = kept.seal(12, 3, &keys);
        assert_eq!(Kept::open(&sealed, 12, 3, &keys).unwrap(), Some(kept));
        for (user, bundle) in [(13, 3), (12, 4), (1, 23)] {
            let error = Kept::open(&sealed, user, bundle, &keys).unwrap_err();
            assert!(
                matches!(error, crate::store::Error::Field { .. }),
                "{error}"
            );
        }
    }
}

#[test]
fn empty_parts_cost_nothing() {
    let mut user = crate::vault::testing::bare("g", "b");
    let size = |user: &User| Digest::of(user).kept().encode().len();
    assert_eq!(size(&user), 2 + 16);
    user.cards.push(crate::vault::testing::card(1));
    assert_eq!(size(&user), 2 + 24 + 8);
    user.tokens.push(token("V", "1"));
    assert_eq!(size(&user), 2 + 24 + 16);
}

#[test]
fn what_another_version_wrote_is_not_damage() {
    for bytes in [&[][..], &[2, 0], &[1], &[1, 1], &[1, 1, 0, 0, 0]] {
        assert_eq!(Kept::decode(bytes), None, "{bytes:?}");
    }
    let whole = Digest::of(&sample()).kept().encode();
    assert!(Kept::decode(&whole).is_some());
    assert_eq!(Kept::decode(&whole[..whole.len() - 1]), None);
}

#[test]
fn unassigned_items_have_a_fingerprint() {
    let held = |group: &str, counter| UnassignedToken {
        group: group.into(),
        token: token("V", "1").but(|it| {
            it.facts.counter = Some(counter);
            it.state = None;
        }),
    };
    assert_eq!(of_token(&held("g", 1)), of_token(&held("g", 1)));
    assert_ne!(of_token(&held("g", 1)), of_token(&held("h", 1)));
    assert_ne!(of_token(&held("g", 1)), of_token(&held("g", 2)));
    let card = |comment: &str| UnassignedCard {
        group: "g".into(),
        preproduced: true,
        comment: Some(comment.into()),
        card: crate::vault::testing::card(1),
    };
    assert_eq!(of_card(&card("x")), of_card(&card("x")));
    assert_ne!(of_card(&card("x")), of_card(&card("y")));
}
