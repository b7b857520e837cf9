//! One test a row of every table of igsh-migration(7), WHAT GOES and WHAT STAYS.

mod card;
mod token;
mod user;

use super::*;
use crate::migrate::rules::Rules;
use crate::model::bundle::{CardState as TargetCard, State};
use crate::model::testing::{But as _, at, secret};
use crate::model::*;

fn rules() -> Rules {
    Rules::new(at("2026-06-01T00:00:00Z"))
}

fn user() -> User {
    let facts = UserFacts::new("sales".to_owned(), "asmith".to_owned());
    User::new(UserFacts {
        id: Some("7c9e".to_owned()),
        ..facts
    })
}

fn token(serial: &str) -> Token {
    Token {
        facts: testing::token("Entrust", serial),
        state: Some(TokenState::Current),
        activation: None,
        seed: secret("12345678901234567890"),
        unlock: None,
    }
}

fn soft(activation: Option<Activation>) -> Token {
    token("1").but(|it| {
        it.facts.kind = TokenKind::Soft;
        it.activation = activation;
    })
}

fn of(algorithm: Algorithm, vendor: &str) -> Token {
    token("1").but(|it| {
        it.facts.algorithm = algorithm;
        it.facts.vendor = vendor.into();
    })
}

fn card(serial: u64) -> Card {
    Card {
        facts: CardFacts::new(serial, 1, 2),
        state: Some(CardState::Current),
        cells: secret("\u{2}5FNN"),
    }
}

/// A card with every field of the source.
fn used_card() -> Card {
    card(10023).but(|it| {
        it.facts.created = Some(at("2024-01-01T00:00:00Z"));
        it.facts.expires = Some(at("2028-01-01T00:00:00Z"));
        it.facts.superseded = Some(at("2026-03-01T00:00:00Z"));
        it.facts.usage = Some(Usage::Warning);
        it.facts.challenge_count = Some(12);
        it.facts.least_used_cell = Some(1);
        it.facts.cell_usage = Some(vec![1, 2]);
    })
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
