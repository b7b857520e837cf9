//! The secrets of a tenant: sealed for the user who holds them (igsh-vault(5), SEALED FIELDS).
//!
//! The owner's key of every value is put together here and nowhere else. An empty user id stands for no user.

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::model::bundle::{Card, Password, Token, User};
use crate::model::{CardFacts, QaPair, TokenFacts};
use crate::store::records::{with_card_owner, with_token_owner};
use crate::store::{Column, Keys, Result, pairs};

/// The seed of this user's token.
///
/// # Errors
/// [`crate::store::Error::Field`] when it is damaged or another's.
pub fn open_seed(
    keys: &Keys,
    userid: &str,
    token: &TokenFacts,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    with_token_owner(&[userid], token, |owner| {
        keys.open(Column::TenantTokenSeed, owner, sealed)
    })
}

/// Seed and unlock data of a token, sealed.
#[derive(Debug)]
pub struct SealedToken {
    pub(super) seed: Vec<u8>,
    pub(super) unlock: Option<Vec<u8>>,
}

/// Seals a token's secrets.
pub(super) fn token(keys: &Keys, userid: &str, token: &Token) -> SealedToken {
    with_token_owner(&[userid], &token.facts, |owner| SealedToken {
        seed: keys.seal(Column::TenantTokenSeed, owner, token.seed.expose_secret()),
        unlock: token
            .unlock
            .as_ref()
            .map(|unlock| keys.seal(Column::TenantTokenUnlock, owner, unlock.expose_secret())),
    })
}

/// Seals a card's cells.
pub(super) fn card(keys: &Keys, userid: &str, card: &Card) -> Vec<u8> {
    with_card_owner(&[userid], &card.facts, |owner| {
        keys.seal(Column::TenantCard, owner, card.cells.expose_secret())
    })
}

/// The cells of this user's card: one byte cell length, then the cells row by row.
pub fn open_card(
    keys: &Keys,
    userid: &str,
    card: &CardFacts,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    with_card_owner(&[userid], card, |owner| {
        keys.open(Column::TenantCard, owner, sealed)
    })
}

/// Seals a password.
pub(super) fn password(keys: &Keys, userid: &str, password: &Password) -> Password<Vec<u8>> {
    let owner = [userid, password.name.as_deref().unwrap_or_default()];
    let value = password.value.expose_secret();
    Password {
        name: password.name.clone(),
        value: keys.seal(Column::TenantPassword, &owner, value),
        expires: password.expires,
        must_change: password.must_change,
    }
}

/// The password of this user; `None` names the default one.
pub fn open_password(
    keys: &Keys,
    userid: &str,
    name: Option<&str>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    keys.open(
        Column::TenantPassword,
        &[userid, name.unwrap_or_default()],
        sealed,
    )
}

/// Seals questions and answers.
pub(super) fn qa(keys: &Keys, userid: &str, qa: &[QaPair]) -> Vec<u8> {
    keys.seal(Column::TenantQa, &[userid], &pairs::encode(qa))
}

/// The questions and answers of this user.
pub fn open_qa(keys: &Keys, userid: &str, sealed: &[u8]) -> Result<Vec<QaPair>> {
    let plain = keys.open(Column::TenantQa, &[userid], sealed)?;
    pairs::decode(&plain).ok_or_else(|| crate::store::Error::Field {
        what: format!("the sealed questions and answers of {userid}"),
    })
}

/// All that is secret of a user, sealed ahead.
#[derive(Debug)]
pub(super) struct Seals {
    pub(super) qa: Vec<u8>,
    pub(super) passwords: Vec<Password<Vec<u8>>>,
    pub(super) tokens: Vec<SealedToken>,
    pub(super) cards: Vec<Vec<u8>>,
}

impl Seals {
    pub(super) fn of(user: &User, keys: &Keys) -> Self {
        let id = &user.user_id;
        Self {
            qa: if user.qa.is_empty() {
                Vec::new()
            } else {
                qa(keys, id, &user.qa)
            },
            passwords: user
                .passwords
                .iter()
                .map(|one| password(keys, id, one))
                .collect(),
            tokens: user.tokens.iter().map(|one| token(keys, id, one)).collect(),
            cards: user.cards.iter().map(|one| card(keys, id, one)).collect(),
        }
    }
}
