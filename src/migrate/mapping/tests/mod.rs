//! One test a row of every table of domain.md §4 and of records.md §2.

mod card;
mod token;
mod user;

use super::*;
use crate::migrate::rules::Rules;
use crate::model::bundle::{CardState as TargetCard, State};
use crate::model::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rules() -> Rules {
    Rules::new(at("2026-06-01T00:00:00Z"))
}

fn secret(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes().to_vec())
}

fn user() -> User {
    User {
        id: Some("7c9e".to_owned()),
        group: "sales".to_owned(),
        userid: "asmith".to_owned(),
        full_name: None,
        state: UserState::Active,
        locale: None,
        aliases: Vec::new(),
        last_auth: None,
        lockout_count: None,
        contacts: Vec::new(),
        qa: Vec::new(),
        passwords: Vec::new(),
        tokens: Vec::new(),
        cards: Vec::new(),
        location: Location::default(),
        not_migrated: Vec::new(),
    }
}

fn token(serial: &str) -> Token {
    Token {
        vendor: "Entrust".to_owned(),
        serial: serial.to_owned(),
        kind: TokenKind::Hardware,
        model: None,
        algorithm: Algorithm::Totp,
        hash: None,
        digits: None,
        step: None,
        counter: None,
        drift: None,
        seed: secret("12345678901234567890"),
        state: Some(TokenState::Current),
        activation: None,
        idp_url: None,
        transactions: None,
        load_date: None,
        last_used: None,
        expires: None,
        issue_no: None,
        key_id: None,
        comment: None,
        unlock: None,
    }
}

fn soft(activation: Option<Activation>) -> Token {
    Token {
        kind: TokenKind::Soft,
        activation,
        ..token("1")
    }
}

fn of(algorithm: Algorithm, vendor: &str) -> Token {
    Token {
        algorithm,
        vendor: vendor.to_owned(),
        ..token("1")
    }
}

fn card(serial: u64) -> Card {
    Card {
        serial,
        state: Some(CardState::Current),
        created: None,
        expires: None,
        superseded: None,
        usage: None,
        challenge_count: None,
        least_used_cell: None,
        cell_usage: None,
        rows: 1,
        columns: 2,
        cells: secret("\u{2}5FNN"),
    }
}

/// A card with every field of the source.
fn used_card() -> Card {
    Card {
        created: Some(at("2024-01-01T00:00:00Z")),
        expires: Some(at("2028-01-01T00:00:00Z")),
        superseded: Some(at("2026-03-01T00:00:00Z")),
        usage: Some(Usage::Warning),
        challenge_count: Some(12),
        least_used_cell: Some(1),
        cell_usage: Some(vec![1, 2]),
        ..card(10023)
    }
}

fn unassigned_card(preproduced: bool, card: Card) -> UnassignedCard {
    UnassignedCard {
        group: "sales".to_owned(),
        preproduced,
        comment: Some("batch 7".to_owned()),
        card: Card {
            state: None,
            ..card
        },
    }
}

fn map(user: User) -> Mapped<bundle::User> {
    map_user(user, None, &rules())
}

/// State on the target of the only token, or why it stays behind.
fn fate(token: Token) -> Result<State, (Reason, String)> {
    let mut mapped = map(User {
        tokens: vec![token],
        ..user()
    });
    match mapped.record.tokens.pop() {
        Some(token) => Ok(token.state.unwrap()),
        None => {
            let one = mapped.left_out.pop().unwrap();
            assert!(mapped.left_out.is_empty());
            Err((one.reason, one.detail))
        }
    }
}

fn card_fate(card: Card) -> Result<TargetCard, (Reason, String)> {
    let mut mapped = map(User {
        cards: vec![card],
        ..user()
    });
    match mapped.record.cards.pop() {
        Some(card) => Ok(card.state.unwrap()),
        None => {
            let one = mapped.left_out.pop().unwrap();
            assert!(mapped.left_out.is_empty());
            Err((one.reason, one.detail))
        }
    }
}

fn left(reason: Reason, detail: &str) -> (Reason, String) {
    (reason, detail.to_owned())
}
