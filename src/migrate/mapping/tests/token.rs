//! Tokens: both state tables, models, the ten-token rule.

use secrecy::ExposeSecret as _;

use super::*;
use crate::model::Patterns;

mod token_states {
    use super::*;

    fn of_state(state: TokenState) -> Result<State, (Reason, String)> {
        let hardware = fate(Token {
            state: Some(state),
            ..token("1")
        });
        let soft = fate(Token {
            state: Some(state),
            ..soft(Some(Activation::Activated))
        });
        assert_eq!(
            hardware, soft,
            "one table for hardware tokens and authentication states"
        );
        hardware
    }

    #[test]
    fn pending_is_active() {
        assert_eq!(of_state(TokenState::Pending), Ok(State::Active));
    }

    #[test]
    fn current_is_active() {
        assert_eq!(of_state(TokenState::Current), Ok(State::Active));
    }

    #[test]
    fn hold_is_inactive() {
        assert_eq!(of_state(TokenState::Hold), Ok(State::Inactive));
    }

    #[test]
    fn hold_pending_is_inactive() {
        assert_eq!(of_state(TokenState::HoldPending), Ok(State::Inactive));
    }

    #[test]
    fn activating_stays_behind() {
        assert_eq!(
            of_state(TokenState::Activating),
            Err(left(Reason::TokenState, "activating"))
        );
    }

    #[test]
    fn canceled_stays_behind() {
        assert_eq!(
            of_state(TokenState::Canceled),
            Err(left(Reason::TokenState, "canceled"))
        );
    }

    #[test]
    fn an_assigned_token_without_a_state_stays_behind() {
        let stateless = Token {
            state: None,
            ..token("1")
        };
        assert_eq!(fate(stateless), Err(left(Reason::TokenState, "no state")));
    }

    #[test]
    fn an_unassigned_token_has_no_state_on_either_side() {
        let source = UnassignedToken {
            group: "sales".to_owned(),
            token: Token {
                state: None,
                ..token("77")
            },
        };
        let mapped = map_token(source, &rules());
        let to = mapped.record.unwrap();
        assert_eq!((to.group.as_str(), to.token.state), ("sales", None));
        assert_eq!(to.token.facts.serial, "77");
        assert_eq!(mapped.left_out, []);
    }
}

mod soft_tokens {
    use super::*;

    #[test]
    fn activated_goes() {
        assert_eq!(fate(soft(Some(Activation::Activated))), Ok(State::Active));
    }

    #[test]
    fn created_stays_behind() {
        assert_eq!(
            fate(soft(Some(Activation::Created))),
            Err(left(Reason::TokenActivation, "created"))
        );
    }

    #[test]
    fn code_generated_stays_behind() {
        assert_eq!(
            fate(soft(Some(Activation::CodeGenerated))),
            Err(left(Reason::TokenActivation, "code_generated"))
        );
    }

    #[test]
    fn not_known_to_be_activated_stays_behind() {
        assert_eq!(
            fate(soft(None)),
            Err(left(Reason::TokenActivation, "not known"))
        );
    }

    #[test]
    fn both_tables_must_be_passed_and_the_state_is_named_first() {
        let both = Token {
            state: Some(TokenState::Canceled),
            ..soft(Some(Activation::Created))
        };
        assert_eq!(fate(both), Err(left(Reason::TokenState, "canceled")));
    }

    #[test]
    fn an_unassigned_soft_token_must_be_activated_too() {
        let source = UnassignedToken {
            group: "sales".to_owned(),
            token: Token {
                state: None,
                ..soft(Some(Activation::Created))
            },
        };
        let mapped = map_token(source, &rules());
        assert!(mapped.record.is_none());
        assert_eq!(mapped.left_out[0].reason, Reason::TokenActivation);
        assert_eq!(mapped.left_out[0].item, "token Entrust 1");
    }

    #[test]
    fn identity_provider_and_transactions_go_along() {
        let source = User {
            tokens: vec![soft(Some(Activation::Activated)).but(|it| {
                it.facts.idp_url = Some("https://old.example:8445/igst".into());
                it.facts.transactions = Some(true);
            })],
            ..user()
        };
        let to = &map(source).record.tokens[0];
        assert_eq!(to.facts.kind, TokenKind::Soft);
        assert_eq!(
            to.facts.idp_url.as_deref(),
            Some("https://old.example:8445/igst")
        );
        assert_eq!(to.facts.transactions, Some(true));
    }
}

mod token_models {
    use super::*;

    #[test]
    fn any_totp_goes() {
        for vendor in ["Entrust", "HID", "Nobody Else"] {
            assert_eq!(fate(of(Algorithm::Totp, vendor)), Ok(State::Active));
        }
    }

    #[test]
    fn cr_of_a_configured_vendor_goes() {
        assert_eq!(
            fate(of(Algorithm::Cr, "Entrust Datacard")),
            Ok(State::Active)
        );
    }

    #[test]
    fn cr_of_another_vendor_stays_behind() {
        assert_eq!(
            fate(of(Algorithm::Cr, "HID")),
            Err(left(Reason::TokenModel, "HID (cr)"))
        );
    }

    #[test]
    fn at_of_a_configured_vendor_goes() {
        assert_eq!(fate(of(Algorithm::At, "HID")), Ok(State::Active));
        assert_eq!(fate(of(Algorithm::At, "Entrust")), Ok(State::Active));
    }

    #[test]
    fn at_of_another_vendor_stays_behind() {
        assert_eq!(
            fate(of(Algorithm::At, "HID Global")),
            Err(left(Reason::TokenModel, "HID Global (at)"))
        );
    }

    #[test]
    fn hotp_of_a_configured_vendor_goes() {
        assert_eq!(fate(of(Algorithm::Hotp, "HID")), Ok(State::Active));
        assert_eq!(fate(of(Algorithm::Hotp, "Entrust")), Ok(State::Active));
    }

    #[test]
    fn hotp_of_another_vendor_stays_behind() {
        assert_eq!(
            fate(of(Algorithm::Hotp, "Feitian")),
            Err(left(Reason::TokenModel, "Feitian (hotp)"))
        );
    }

    #[test]
    fn everything_else_stays_behind_and_names_its_model() {
        let ocra = of(Algorithm::Ocra, "Entrust").but(|it| it.facts.model = Some("X1".into()));
        assert_eq!(
            fate(ocra),
            Err(left(Reason::TokenModel, "Entrust X1 (ocra)"))
        );
    }

    #[test]
    fn each_vendor_list_rules_its_own_algorithm() {
        let only = |set: fn(&mut Rules)| {
            let mut rules = rules();
            rules.cr_vendors = Patterns::parse("");
            rules.at_vendors = Patterns::parse("");
            rules.hotp_vendors = Patterns::parse("");
            set(&mut rules);
            let source = User {
                tokens: vec![
                    of(Algorithm::Cr, "V"),
                    of(Algorithm::At, "V"),
                    of(Algorithm::Hotp, "V"),
                ],
                ..user()
            };
            let taken = map_user(source, None, &rules).record.tokens;
            taken.iter().map(|t| t.facts.algorithm).collect::<Vec<_>>()
        };
        assert_eq!(
            only(|r| r.cr_vendors = Patterns::parse("V")),
            [Algorithm::Cr]
        );
        assert_eq!(
            only(|r| r.at_vendors = Patterns::parse("V")),
            [Algorithm::At]
        );
        assert_eq!(
            only(|r| r.hotp_vendors = Patterns::parse("V")),
            [Algorithm::Hotp]
        );
    }

    #[test]
    fn a_cr_token_goes_and_its_other_functions_are_counted_as_lost() {
        let mapped = map(User {
            tokens: vec![of(Algorithm::Cr, "Entrust")],
            ..user()
        });
        assert_eq!(mapped.record.tokens.len(), 1);
        assert_eq!(mapped.left_out.len(), 1);
        assert_eq!(mapped.left_out[0].reason, Reason::TokenFunction);
        assert_eq!(mapped.left_out[0].item, "token Entrust 1");
    }

    #[test]
    fn an_unassigned_cr_token_loses_the_same_functions() {
        let source = UnassignedToken {
            group: "sales".to_owned(),
            token: of(Algorithm::Cr, "Entrust"),
        };
        let mapped = map_token(source, &rules());
        assert!(mapped.record.is_some());
        assert_eq!(mapped.left_out[0].reason, Reason::TokenFunction);
    }

    #[test]
    fn a_cr_token_that_stays_behind_is_not_counted_as_losing_functions() {
        assert_eq!(
            fate(Token {
                state: Some(TokenState::Canceled),
                ..of(Algorithm::Cr, "Entrust")
            }),
            Err(left(Reason::TokenState, "canceled"))
        );
    }
}

#[test]
fn a_token_takes_everything_along_but_its_source_state() {
    let source = token("").but(|it| {
        it.facts = TokenFacts::whole("Entrust", "4824413456");
        it.state = Some(TokenState::Hold);
        it.activation = Some(Activation::Activated);
        it.unlock = Some(secret("unlock"));
    });
    let facts = source.facts.clone();
    let to = map(User {
        tokens: vec![source],
        ..user()
    });
    let to = &to.record.tokens[0];
    assert_eq!(to.facts, facts);
    assert_eq!(to.state, Some(State::Inactive));
    assert_eq!(to.seed.expose_secret(), b"12345678901234567890");
    assert_eq!(to.unlock.as_ref().unwrap().expose_secret(), b"unlock");
}

mod ten_tokens {
    use super::*;

    fn numbered(numbers: impl IntoIterator<Item = u32>) -> Vec<Token> {
        numbers
            .into_iter()
            .map(|n| token(&format!("{n:02}")))
            .collect()
    }

    /// The serials that go, and those left out as too many.
    fn split(tokens: Vec<Token>) -> (Vec<String>, Vec<String>) {
        let mapped = map(User { tokens, ..user() });
        let over = mapped
            .left_out
            .iter()
            .filter(|l| l.reason == Reason::TokenLimit);
        (
            mapped
                .record
                .tokens
                .into_iter()
                .map(|t| t.facts.serial.into())
                .collect(),
            over.map(|l| l.item.trim_start_matches("token Entrust ").to_owned())
                .collect(),
        )
    }

    #[test]
    fn ten_go() {
        assert_eq!(split(numbered(1..=10)).1, Vec::<String>::new());
    }

    #[test]
    fn serials_decide_last_and_as_text() {
        let mut tokens = numbered(2..=11);
        tokens.push(token("1"));
        tokens.push(token("100"));
        let (taken, over) = split(tokens);
        assert_eq!(
            taken,
            ["02", "03", "04", "05", "06", "07", "08", "09", "10", "1"]
        );
        assert_eq!(over, ["11", "100"]);
    }

    #[test]
    fn the_order_of_the_source_is_kept_and_does_not_decide() {
        let (taken, over) = split(numbered((1..=11).rev()));
        assert_eq!(over, ["11"]);
        assert_eq!((taken[0].as_str(), taken[9].as_str()), ("10", "01"));
    }

    #[test]
    fn state_decides_first_in_the_order_current_pending_hold_hold_pending() {
        let states = [
            TokenState::Current,
            TokenState::Pending,
            TokenState::Hold,
            TokenState::HoldPending,
        ];
        for (better, worse) in states.iter().zip(&states[1..]) {
            let mut tokens = numbered(1..=11);
            for token in &mut tokens {
                token.state = Some(*better);
            }
            // The first by every other criterion.
            tokens[0].state = Some(*worse);
            tokens[0].facts.last_used = Some(at("2026-01-01T00:00:00Z"));
            assert_eq!(split(tokens).1, ["01"], "{better} before {worse}");
        }
    }

    #[test]
    fn last_used_goes_first_and_never_used_last() {
        let mut tokens = numbered(1..=12);
        for (token, day) in tokens.iter_mut().zip(10..) {
            token.facts.last_used = Some(at(&format!("2026-01-{day}T00:00:00Z")));
        }
        tokens[5].facts.last_used = None;
        assert_eq!(split(tokens).1, ["01", "06"]);
    }

    #[test]
    fn only_tokens_that_would_migrate_count() {
        let mut tokens = numbered(1..=12);
        tokens[0].state = Some(TokenState::Canceled);
        tokens[1].facts.algorithm = Algorithm::Ocra;
        let (taken, over) = split(tokens);
        assert_eq!((taken.len(), over.len()), (10, 0));
    }

    #[test]
    fn hardware_and_soft_count_together() {
        let mut tokens = numbered(1..=11);
        for token in &mut tokens[..6] {
            token.facts.kind = TokenKind::Soft;
            token.activation = Some(Activation::Activated);
        }
        assert_eq!(split(tokens).1, ["11"]);
    }
}

#[test]
fn the_model_says_the_same_of_states() {
    for state in TokenState::ALL {
        let fate = fate(Token {
            state: Some(*state),
            ..token("1")
        });
        assert_eq!(fate.is_ok(), state.is_usable(), "{state}");
    }
}
