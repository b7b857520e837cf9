//! That secrets come back, and to their owner only.

use super::*;
use crate::model::QaPair;
use crate::vault::testing;

fn keys() -> Keys {
    crate::store::loose_keys(&[1])
}

#[test]
fn a_user_comes_back_as_it_was() {
    let keys = keys();
    let user = testing::user("sales", "asmith");
    let before = testing::facts(&user);
    let sealed = SealedUser::seal(user, &keys);
    assert_eq!(testing::facts(&sealed.open(&keys).unwrap()), before);
}

#[test]
fn no_secret_opens_for_another_owner() {
    let keys = keys();
    let sealed = || SealedUser::seal(testing::user("sales", "asmith"), &keys);
    type Change = fn(&mut SealedUser);
    let changes: [(&str, Change); 8] = [
        ("group", |u| u.facts.group = "hr".into()),
        ("userid", |u| u.facts.userid = "bsmith".into()),
        ("password name", |u| {
            u.passwords[0].name = Some("ATM".into())
        }),
        ("serial", |u| u.tokens[0].facts.serial = "9".into()),
        ("issue number", |u| u.tokens[0].facts.issue_no = None),
        ("digits", |u| u.tokens[0].facts.digits = Some(8)),
        ("card serial", |u| u.cards[0].facts.serial = 9),
        ("card shape", |u| {
            u.cards[0].facts.rows = 1;
        }),
    ];
    for (what, change) in changes {
        let mut sealed = sealed();
        change(&mut sealed);
        let error = sealed.open(&keys).err();
        assert!(matches!(error, Some(store::Error::Field { .. })), "{what}");
    }
}

#[test]
fn the_pairs_are_encoded_as_documented() {
    let pairs = [QaPair {
        question: "A?".into(),
        answer: SecretBytes::from(b"b".to_vec()),
    }];
    let bytes = pairs::encode(&pairs);
    assert_eq!(
        bytes.as_slice(),
        b"\x00\x00\x00\x01\x00\x00\x00\x02A?\x00\x00\x00\x01b"
    );
    for cut in 0..bytes.len() {
        assert!(pairs::decode(&bytes[..cut]).is_none(), "{cut}");
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(pairs::decode(&longer).is_none());
    assert_eq!(pairs::decode(&bytes).unwrap()[0].question, "A?");
}
