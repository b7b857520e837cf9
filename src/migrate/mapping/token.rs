//! Tokens: states, activation, models, and which ten of too many.

use std::cmp::Reverse;

use crate::migrate::mapping::{LeftOut, Mapped};
use crate::migrate::rules::{Rules, TOKENS_PER_USER};
use crate::model::bundle::{self, State};
use crate::model::{Activation, Algorithm, Reason, Token, TokenState, UnassignedToken};

/// An unassigned token: no state, but activation and model count as for an assigned one.
pub fn map_token(
    source: UnassignedToken,
    rules: &Rules,
) -> Mapped<Option<bundle::UnassignedToken>> {
    let UnassignedToken { group, token } = source;
    let mut left_out = Vec::new();
    let record = match refusal(&token, rules) {
        Some((reason, detail)) => {
            left_out.push(LeftOut::one(reason, item(&token), detail));
            None
        }
        None => {
            note_lost_function(&token, &mut left_out);
            let token = in_target_terms(token, None);
            Some(bundle::UnassignedToken { group, token })
        }
    };
    Mapped { record, left_out }
}

/// The tokens of a user, in the order of the source.
pub(super) fn map_tokens(
    mut tokens: Vec<Token>,
    rules: &Rules,
    left_out: &mut Vec<LeftOut>,
) -> Vec<bundle::Token> {
    tokens.retain(|token| {
        let refused = match target_state(token.state) {
            None => Some((
                Reason::TokenState,
                token
                    .state
                    .map_or("no state", TokenState::as_str)
                    .to_owned(),
            )),
            Some(_) => refusal(token, rules),
        };
        match refused {
            None => true,
            Some((reason, detail)) => {
                left_out.push(LeftOut::one(reason, item(token), detail));
                false
            }
        }
    });
    drop_surplus(&mut tokens, left_out);
    tokens
        .into_iter()
        .map(|token| {
            note_lost_function(&token, left_out);
            let state = target_state(token.state);
            in_target_terms(token, state)
        })
        .collect()
}

/// The state on the target of an assigned token; `None` where the token does not migrate.
const fn target_state(state: Option<TokenState>) -> Option<State> {
    match state {
        Some(TokenState::Pending | TokenState::Current) => Some(State::Active),
        Some(TokenState::Hold | TokenState::HoldPending) => Some(State::Inactive),
        Some(TokenState::Activating | TokenState::Canceled) | None => None,
    }
}

/// Why a token stays behind whatever its authentication state is: the second table of soft tokens, and the model.
fn refusal(token: &Token, rules: &Rules) -> Option<(Reason, String)> {
    if !token.is_activated() {
        let found = token.activation.map_or("not known", Activation::as_str);
        return Some((Reason::TokenActivation, found.to_owned()));
    }
    let vendors = match token.facts.algorithm {
        Algorithm::Totp => return None,
        Algorithm::Cr => Some(&rules.cr_vendors),
        Algorithm::At => Some(&rules.at_vendors),
        Algorithm::Hotp => Some(&rules.hotp_vendors),
        Algorithm::Ocra => None,
    };
    if vendors.is_some_and(|vendors| vendors.matches(&token.facts.vendor)) {
        return None;
    }
    Some((Reason::TokenModel, model(token)))
}

/// `Entrust OT (ocra)`: what the report counts models by.
fn model(token: &Token) -> String {
    match &token.facts.model {
        Some(model) => format!("{} {model} ({})", token.facts.vendor, token.facts.algorithm),
        None => format!("{} ({})", token.facts.vendor, token.facts.algorithm),
    }
}

/// `token Entrust 4824413456`
fn item(token: &Token) -> String {
    format!("token {} {}", token.facts.vendor, token.facts.serial)
}

/// Keeps the ten that matter most: by state, then last used first (never used last), then serial as text.
fn drop_surplus(tokens: &mut Vec<Token>, left_out: &mut Vec<LeftOut>) {
    let found = tokens.len();
    if found <= TOKENS_PER_USER {
        return;
    }
    let mut order: Vec<usize> = (0..found).collect();
    order.sort_by(|&a, &b| rank(&tokens[a]).cmp(&rank(&tokens[b])));
    let mut keep = vec![false; found];
    for &index in &order[..TOKENS_PER_USER] {
        keep[index] = true;
    }
    let mut keep = keep.into_iter();
    tokens.retain(|token| {
        let kept = keep.next().unwrap_or(false);
        if !kept {
            let detail = format!("the user has {found}, the target takes {TOKENS_PER_USER}");
            left_out.push(LeftOut::one(Reason::TokenLimit, item(token), detail));
        }
        kept
    });
}

/// Smaller is kept first. `None < Some`, so that under `Reverse` a token that was never used comes last. The vendor
/// decides between equal serials, so that the choice never hangs on the order of the source.
fn rank(token: &Token) -> impl Ord + '_ {
    let state = match token.state {
        Some(TokenState::Current) => 0,
        Some(TokenState::Pending) => 1,
        Some(TokenState::Hold) => 2,
        Some(TokenState::HoldPending) => 3,
        Some(TokenState::Activating | TokenState::Canceled) | None => 4,
    };
    (
        state,
        Reverse(token.facts.last_used),
        token.facts.serial.as_str(),
        token.facts.vendor.as_str(),
    )
}

/// A challenge/response token goes for its one-time passwords and its PIN unblock; the rest of it is lost.
fn note_lost_function(token: &Token, left_out: &mut Vec<LeftOut>) {
    if token.facts.algorithm == Algorithm::Cr {
        left_out.push(LeftOut::one(
            Reason::TokenFunction,
            item(token),
            "transaction signing and challenge/response",
        ));
    }
}

/// Every fact goes; the state is the target's, and how far an activation has come is nothing to the target.
fn in_target_terms(token: Token, state: Option<State>) -> bundle::Token {
    let Token {
        facts,
        state: _,
        activation: _,
        seed,
        unlock,
    } = token;
    bundle::Token {
        facts,
        state,
        seed,
        unlock,
    }
}
