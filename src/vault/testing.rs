//! People for the tests of this room.

use secrecy::ExposeSecret as _;

pub(crate) use crate::model::testing::{But, at, secret};
use crate::model::*;
use crate::vault::ledger;

pub(crate) fn token(vendor: &str, serial: &str) -> Token {
    Token {
        facts: TokenFacts::whole(vendor, serial),
        state: Some(TokenState::Current),
        activation: Some(Activation::Activated),
        seed: secret(&format!("seed of {serial}")),
        unlock: Some(secret("unlock")),
    }
}

pub(crate) fn card(serial: u64) -> Card {
    Card {
        facts: CardFacts::whole(serial),
        state: Some(CardState::Current),
        cells: secret("\u{2}5FNN01QX"),
    }
}

/// A user with some of everything, whose token and card numbers come from the name.
pub(crate) fn user(group: &str, userid: &str) -> User {
    let number = userid.bytes().chain(group.bytes()).fold(17u64, |n, byte| {
        n.wrapping_mul(31).wrapping_add(u64::from(byte)) % 1_000_000_007
    });
    let facts = UserFacts {
        full_name: Some(format!("Full {userid}")),
        locale: Some("en-CA".into()),
        aliases: vec![format!("{userid}.alias"), format!("{userid}.Other")],
        last_auth: Some(at("2026-01-02T03:04:05Z")),
        lockout_count: Some(3),
        contacts: vec![
            Contact {
                label: "Mobile phone".into(),
                value: "+15145550100".into(),
                default: true,
            },
            Contact {
                label: "Email".into(),
                value: format!("{userid}@example.com").into(),
                default: false,
            },
        ],
        location: Location {
            history: vec![LocationEntry {
                country: Some("CA".into()),
                region: Some("ON".into()),
                city: Some("Ottawa".into()),
                isp: Some("isp".into()),
                ip: Some("192.0.2.1".into()),
                last_auth: Some(at("2026-01-01T00:00:00Z")),
            }],
            expected: vec!["CA/ON/Ottawa".into()],
            overrides: RbaOverrides {
                max_history: Some(8),
                check_ip: Some(true),
                check_velocity: Some(false),
                max_expected: None,
            },
        },
        not_migrated: vec![(NotMigrated::Certificates, 2), (NotMigrated::Roles, 1)],
        ..UserFacts::new(group.into(), userid.into())
    };
    User {
        facts,
        qa: vec![
            QaPair {
                question: "First school?".into(),
                answer: secret(&format!("school of {userid}")),
            },
            QaPair {
                question: String::new(),
                answer: secret(""),
            },
        ],
        passwords: vec![
            testing::password(None, &format!("password of {userid}")),
            Password {
                expires: Some(at("2030-01-01T00:00:00Z")),
                must_change: Some(true),
                ..testing::password(Some("PIN"), "1234")
            },
        ],
        tokens: vec![token("Entrust", &number.to_string())],
        cards: vec![card(number)],
    }
}

/// A user with nothing.
pub(crate) fn bare(group: &str, userid: &str) -> User {
    User::new(UserFacts::new(group.into(), userid.into()))
}

pub(crate) fn group(name: &str) -> SourceRecord {
    SourceRecord::Group(Group {
        name: name.into(),
        default: false,
    })
}

pub(crate) fn record(user: User) -> SourceRecord {
    SourceRecord::User(Box::new(user))
}

pub(crate) fn unassigned_token(group: &str, token: Token) -> SourceRecord {
    let token = Token {
        state: None,
        ..token
    };
    SourceRecord::Token(Box::new(UnassignedToken {
        group: group.into(),
        token,
    }))
}

pub(crate) fn unassigned_card(group: &str, card: Card) -> SourceRecord {
    let card = Card {
        state: None,
        ..card
    };
    SourceRecord::Card(Box::new(UnassignedCard {
        group: group.into(),
        preproduced: true,
        comment: Some("a box".into()),
        card,
    }))
}

/// Everything a user holds, the secrets in clear, as text that can be compared.
pub(crate) fn facts(user: &User) -> String {
    let text = |secret: &SecretBytes| String::from_utf8_lossy(secret.expose_secret()).into_owned();
    let mut secrets: Vec<String> = Vec::new();
    secrets.extend(user.qa.iter().map(|pair| text(&pair.answer)));
    secrets.extend(user.passwords.iter().map(|password| text(&password.value)));
    for token in &user.tokens {
        secrets.push(text(&token.seed));
        secrets.extend(token.unlock.as_ref().map(text));
    }
    secrets.extend(user.cards.iter().map(|card| text(&card.cells)));
    format!("{user:?} {secrets:?}")
}

/// A member of a bundle of which no digest is kept.
pub(crate) fn member(user: i64, target: Option<&str>) -> ledger::Member {
    ledger::Member {
        user,
        target: target.map(str::to_owned),
        digest: None,
    }
}
