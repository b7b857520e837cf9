//! Records with every field that they can have.

use crate::model::bundle::{self, Record, Token};
use crate::model::testing::{self, secret};
use crate::model::{
    CardFacts, Contact, Group, LocationEntry, Password, QaPair, RbaOverrides, TokenFacts,
};

/// One record of each kind.
pub(super) fn every_field() -> [Record; 4] {
    let time = || Some("2026-01-02T03:04:05Z".parse().unwrap());
    let text = |text: &str| Some(text.to_owned());
    let short = |text: &str| Some(text.into());
    let token = |state| Token {
        facts: TokenFacts::whole("Entrust", "4824413456"),
        state,
        seed: secret("seed"),
        unlock: Some(secret("unlock")),
    };
    let card = |state| bundle::Card {
        facts: CardFacts {
            cell_usage: Some(vec![1, 2]),
            rows: 1,
            ..CardFacts::whole(10_023)
        },
        state,
        cells: secret("\u{2}5FNN"),
    };
    let user = bundle::User {
        user_id: "asmith".into(),
        source_user_id: text("smith"),
        group: "sales".into(),
        full_name: text("Anna Smith"),
        state: bundle::State::Active,
        aliases: vec!["a.smith".into()],
        contacts: vec![Contact {
            label: "Email".into(),
            value: "anna@example.com".into(),
            default: true,
        }],
        qa: vec![QaPair {
            question: "First school?".into(),
            answer: secret("answer"),
        }],
        passwords: vec![
            testing::password(None, "p0"),
            Password {
                expires: time(),
                must_change: Some(false),
                ..testing::password(Some("ATM"), "p1")
            },
        ],
        tokens: vec![token(Some(bundle::State::Inactive))],
        cards: vec![card(Some(bundle::CardState::Pending))],
        location_history: vec![LocationEntry {
            country: short("CA"),
            region: short("ON"),
            city: short("Ottawa"),
            isp: short("i"),
            ip: short("192.0.2.1"),
            last_auth: time(),
        }],
        expected_locations: vec!["CA/ON/Ottawa".into()],
        rba: RbaOverrides {
            max_history: Some(8),
            check_ip: Some(true),
            check_velocity: Some(false),
            max_expected: Some(20),
        },
    };
    [
        Record::Group(Group {
            name: "sales".into(),
            default: true,
        }),
        Record::User(Box::new(user)),
        Record::Token(Box::new(bundle::UnassignedToken {
            group: "sales".into(),
            token: token(None),
        })),
        Record::Card(Box::new(bundle::UnassignedCard {
            group: "sales".into(),
            preproduced: true,
            comment: text("c"),
            card: card(None),
        })),
    ]
}
