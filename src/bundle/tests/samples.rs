//! Records with every field that they can have.

use crate::model::bundle::{self, Record, Token};
use crate::model::{
    Algorithm, Contact, Group, Hash, LocationEntry, Password, QaPair, RbaOverrides, SecretBytes,
    TokenKind, Usage,
};

/// One record of each kind.
pub(super) fn every_field() -> [Record; 4] {
    let secret = |text: &str| SecretBytes::from(text.as_bytes().to_vec());
    let time = || Some("2026-01-02T03:04:05Z".parse().unwrap());
    let text = |text: &str| Some(text.to_owned());
    let token = |state| Token {
        vendor: "Entrust".into(),
        serial: "4824413456".into(),
        kind: TokenKind::Soft,
        model: text("OT"),
        algorithm: Algorithm::Totp,
        hash: Some(Hash::Sha256),
        digits: Some(6),
        step: Some(30),
        counter: Some(0),
        drift: Some(-1),
        state,
        idp_url: text("https://idp.example.com"),
        transactions: Some(true),
        load_date: time(),
        last_used: time(),
        expires: time(),
        issue_no: text("1"),
        key_id: text("k"),
        comment: text("c"),
        seed: secret("seed"),
        unlock: Some(secret("unlock")),
    };
    let card = |state| bundle::Card {
        serial: 10_023,
        state,
        created: time(),
        expires: time(),
        superseded: time(),
        usage: Some(Usage::None),
        challenge_count: Some(12),
        least_used_cell: Some(1),
        cell_usage: Some(vec![1, 2]),
        rows: 1,
        columns: 2,
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
            Password {
                name: None,
                value: secret("p0"),
                expires: None,
                must_change: None,
            },
            Password {
                name: text("ATM"),
                value: secret("p1"),
                expires: time(),
                must_change: Some(false),
            },
        ],
        tokens: vec![token(Some(bundle::State::Inactive))],
        cards: vec![card(Some(bundle::CardState::Pending))],
        location_history: vec![LocationEntry {
            country: text("CA"),
            region: text("ON"),
            city: text("Ottawa"),
            isp: text("i"),
            ip: text("192.0.2.1"),
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
