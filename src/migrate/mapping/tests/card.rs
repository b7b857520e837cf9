//! Cards: the state table and the three kinds of cards.

use secrecy::ExposeSecret as _;

use super::*;

mod card_states {
    use super::*;

    fn of_state(state: CardState) -> Result<TargetCard, (Reason, String)> {
        card_fate(Card {
            state: Some(state),
            ..card(1)
        })
    }

    #[test]
    fn current_is_active() {
        assert_eq!(of_state(CardState::Current), Ok(TargetCard::Active));
    }

    #[test]
    fn pending_is_pending() {
        assert_eq!(of_state(CardState::Pending), Ok(TargetCard::Pending));
    }

    #[test]
    fn hold_is_inactive() {
        assert_eq!(of_state(CardState::Hold), Ok(TargetCard::Inactive));
    }

    #[test]
    fn hold_pending_is_inactive() {
        assert_eq!(of_state(CardState::HoldPending), Ok(TargetCard::Inactive));
    }

    #[test]
    fn canceled_stays_behind() {
        assert_eq!(
            of_state(CardState::Canceled),
            Err(left(Reason::CardState, "canceled"))
        );
    }

    #[test]
    fn an_assigned_card_without_a_state_stays_behind() {
        let stateless = Card {
            state: None,
            ..card(1)
        };
        assert_eq!(
            card_fate(stateless),
            Err(left(Reason::CardState, "no state"))
        );
    }

    #[test]
    fn past_its_expiry_date_stays_behind() {
        let expired = card(1).but(|it| it.facts.expires = Some(at("2026-05-31T23:59:59Z")));
        assert_eq!(
            card_fate(expired),
            Err(left(Reason::CardExpired, "2026-05-31T23:59:59Z"))
        );
    }

    #[test]
    fn on_its_expiry_date_goes() {
        let today = card(1).but(|it| it.facts.expires = Some(rules().now.into()));
        assert_eq!(card_fate(today), Ok(TargetCard::Active));
    }

    #[test]
    fn canceled_is_named_before_expired() {
        let both = card(1).but(|it| {
            it.state = Some(CardState::Canceled);
            it.facts.expires = Some(at("2020-01-01T00:00:00Z"));
        });
        assert_eq!(card_fate(both), Err(left(Reason::CardState, "canceled")));
    }
}

mod card_rows {
    use super::*;

    #[test]
    fn an_assigned_card_takes_everything_along() {
        let mapped = map(User {
            cards: vec![used_card()],
            ..user()
        });
        let to = &mapped.record.cards[0];
        assert_eq!(to.facts, used_card().facts);
        assert_eq!(to.cells.expose_secret(), b"\x025FNN");
    }

    #[test]
    fn every_usage_threshold_indicator_goes() {
        for usage in Usage::ALL {
            let source = card(1).but(|it| it.facts.usage = Some(*usage));
            let mapped = map(User {
                cards: vec![source],
                ..user()
            });
            assert_eq!(mapped.record.cards[0].facts.usage, Some(*usage));
        }
    }

    #[test]
    fn a_card_that_came_back_takes_the_same_without_a_state() {
        let to = map_card(unassigned_card(false, used_card()), &rules());
        let to = to.record.unwrap();
        assert_eq!((to.group.as_str(), to.preproduced), ("sales", false));
        assert_eq!(to.comment.as_deref(), Some("batch 7"));
        let to = to.card;
        assert_eq!(to.state, None);
        assert_eq!(to.facts, used_card().facts);
        assert_eq!(to.cells.expose_secret(), b"\x025FNN");
    }

    #[test]
    fn a_preproduced_card_takes_serial_group_creation_comment_and_contents_only() {
        let to = map_card(unassigned_card(true, used_card()), &rules());
        let to = to.record.unwrap();
        assert_eq!((to.group.as_str(), to.preproduced), ("sales", true));
        assert_eq!(to.comment.as_deref(), Some("batch 7"));
        let to = to.card;
        let taken = CardFacts {
            created: used_card().facts.created,
            ..CardFacts::new(10023, 1, 2)
        };
        assert_eq!((to.state, to.facts), (None, taken));
        assert_eq!(to.cells.expose_secret(), b"\x025FNN");
    }

    #[test]
    fn an_expired_unassigned_card_stays_behind() {
        let expired = card(9).but(|it| it.facts.expires = Some(at("2020-01-01T00:00:00Z")));
        let mapped = map_card(unassigned_card(false, expired), &rules());
        assert!(mapped.record.is_none());
        assert_eq!(mapped.left_out[0].reason, Reason::CardExpired);
        assert_eq!(mapped.left_out[0].item, "card 9");
    }

    #[test]
    fn a_canceled_unassigned_card_stays_behind() {
        let source = UnassignedCard {
            group: "sales".to_owned(),
            preproduced: false,
            comment: None,
            card: Card {
                state: Some(CardState::Canceled),
                ..card(9)
            },
        };
        let mapped = map_card(source, &rules());
        assert!(mapped.record.is_none());
        assert_eq!(mapped.left_out[0].reason, Reason::CardState);
    }
}

#[test]
fn the_model_says_the_same_of_states() {
    for state in CardState::ALL {
        let fate = card_fate(Card {
            state: Some(*state),
            ..card(1)
        });
        assert_eq!(fate.is_ok(), state.is_usable(), "{state}");
    }
}
