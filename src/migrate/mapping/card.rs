//! Grid cards: assigned, come back from a user, and preproduced.

use crate::migrate::mapping::{LeftOut, Mapped};
use crate::migrate::rules::Rules;
use crate::model::bundle::{self, CardState as TargetState};
use crate::model::{Card, CardFacts, CardState, Reason, UnassignedCard};

/// An unassigned card. One that came back from a user keeps its usage data; a preproduced one has none that counts
/// and takes serial, creation date and contents only.
pub fn map_card(source: UnassignedCard, rules: &Rules) -> Mapped<Option<bundle::UnassignedCard>> {
    let UnassignedCard {
        group,
        preproduced,
        comment,
        card,
    } = source;
    if let Some(left_out) = canceled(&card).or_else(|| expired(&card, rules)) {
        return Mapped {
            record: None,
            left_out: vec![left_out],
        };
    }
    let mut card = in_target_terms(card, None);
    if preproduced {
        let CardFacts {
            serial,
            rows,
            columns,
            created,
            ..
        } = card.facts;
        card.facts = CardFacts {
            created,
            ..CardFacts::new(serial, rows, columns)
        };
    }
    Mapped {
        record: Some(bundle::UnassignedCard {
            group,
            preproduced,
            comment,
            card,
        }),
        left_out: Vec::new(),
    }
}

/// The cards of a user, in the order of the source.
pub(super) fn map_cards(
    cards: Vec<Card>,
    rules: &Rules,
    left_out: &mut Vec<LeftOut>,
) -> Vec<bundle::Card> {
    let mut taken = Vec::with_capacity(cards.len());
    for card in cards {
        let state = match card.state {
            Some(CardState::Current) => TargetState::Active,
            Some(CardState::Pending) => TargetState::Pending,
            Some(CardState::Hold | CardState::HoldPending) => TargetState::Inactive,
            Some(CardState::Canceled) | None => {
                let found = card.state.map_or("no state", CardState::as_str);
                left_out.push(LeftOut::one(Reason::CardState, item(&card), found));
                continue;
            }
        };
        match expired(&card, rules) {
            Some(past) => left_out.push(past),
            None => taken.push(in_target_terms(card, Some(state))),
        }
    }
    taken
}

fn canceled(card: &Card) -> Option<LeftOut> {
    (card.state == Some(CardState::Canceled))
        .then(|| LeftOut::one(Reason::CardState, item(card), CardState::Canceled.as_str()))
}

fn expired(card: &Card, rules: &Rules) -> Option<LeftOut> {
    card.facts
        .expires
        .filter(|expires| *expires < rules.now.into())
        .map(|expires| LeftOut::one(Reason::CardExpired, item(card), expires.to_string()))
}

/// `card 10023`
fn item(card: &Card) -> String {
    format!("card {}", card.facts.serial)
}

fn in_target_terms(card: Card, state: Option<TargetState>) -> bundle::Card {
    bundle::Card {
        facts: card.facts,
        state,
        cells: card.cells,
    }
}
