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
        let expired = Card {
            expires: Some(at("2026-05-31T23:59:59Z")),
            ..card(1)
        };
        assert_eq!(
            card_fate(expired),
            Err(left(Reason::CardExpired, "2026-05-31T23:59:59Z"))
        );
    }

    #[test]
    fn on_its_expiry_date_goes() {
        let today = Card {
            expires: Some(rules().now),
            ..card(1)
        };
        assert_eq!(card_fate(today), Ok(TargetCard::Active));
    }

    #[test]
    fn canceled_is_named_before_expired() {
        let both = Card {
            state: Some(CardState::Canceled),
            expires: Some(at("2020-01-01T00:00:00Z")),
            ..card(1)
        };
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
        let (to, from) = (&mapped.record.cards[0], used_card());
        assert_eq!((to.serial, to.rows, to.columns), (10023, 1, 2));
        assert_eq!(
            (to.created, to.expires, to.superseded),
            (from.created, from.expires, from.superseded)
        );
        assert_eq!(
            (to.usage, to.challenge_count),
            (Some(Usage::Warning), Some(12))
        );
        assert_eq!(
            (to.least_used_cell, &to.cell_usage),
            (Some(1), &Some(vec![1, 2]))
        );
        assert_eq!(to.cells.expose_secret(), b"\x025FNN");
    }

    #[test]
    fn every_usage_threshold_indicator_goes() {
        for usage in Usage::ALL {
            let source = Card {
                usage: Some(*usage),
                ..card(1)
            };
            let mapped = map(User {
                cards: vec![source],
                ..user()
            });
            assert_eq!(mapped.record.cards[0].usage, Some(*usage));
        }
    }

    #[test]
    fn a_card_that_came_back_takes_the_same_without_a_state() {
        let to = map_card(unassigned_card(false, used_card()), &rules());
        let to = to.record.unwrap();
        assert_eq!((to.group.as_str(), to.preproduced), ("sales", false));
        assert_eq!(to.comment.as_deref(), Some("batch 7"));
        let (to, from) = (to.card, used_card());
        assert_eq!(to.state, None);
        assert_eq!(
            (to.created, to.expires, to.superseded),
            (from.created, from.expires, from.superseded)
        );
        assert_eq!(
            (to.usage, to.challenge_count),
            (Some(Usage::Warning), Some(12))
        );
        assert_eq!(
            (to.least_used_cell, to.cell_usage),
            (Some(1), Some(vec![1, 2]))
        );
        assert_eq!(to.cells.expose_secret(), b"\x025FNN");
    }

    #[test]
    fn a_preproduced_card_takes_serial_group_creation_comment_and_contents_only() {
        let to = map_card(unassigned_card(true, used_card()), &rules());
        let to = to.record.unwrap();
        assert_eq!((to.group.as_str(), to.preproduced), ("sales", true));
        assert_eq!(to.comment.as_deref(), Some("batch 7"));
        let to = to.card;
        assert_eq!((to.serial, to.created), (10023, used_card().created));
        assert_eq!((to.state, to.expires, to.superseded), (None, None, None));
        assert_eq!((to.usage, to.challenge_count), (None, None));
        assert_eq!((to.least_used_cell, to.cell_usage), (None, None));
        assert_eq!(to.cells.expose_secret(), b"\x025FNN");
    }

    #[test]
    fn an_expired_unassigned_card_stays_behind() {
        let expired = Card {
            expires: Some(at("2020-01-01T00:00:00Z")),
            ..card(9)
        };
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
