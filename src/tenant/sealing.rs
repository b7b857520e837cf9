//! The secrets of a tenant: sealed for the user who holds them (security.md §2, columns 101 to 105).
//!
//! The owner's key of every value is put together here and nowhere else. An empty user id stands for nobody.

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::model::bundle::{Card, Password, Token, User};
use crate::model::{Algorithm, Hash, QaPair};
use crate::store::{Column, Keys, Result, pairs};

/// What a token's seed is sealed with besides its user.
#[derive(Debug, Clone, Copy)]
pub struct TokenKey<'a> {
    /// Vendor name.
    pub vendor: &'a str,
    /// Serial number.
    pub serial: &'a str,
    /// Issue number, else key id.
    pub distinction: &'a str,
    /// How codes are computed.
    pub algorithm: Algorithm,
    /// The hash.
    pub hash: Option<Hash>,
    /// Length of a code.
    pub digits: Option<u32>,
    /// Time step in seconds.
    pub step: Option<u32>,
}

impl<'a> TokenKey<'a> {
    /// That of a bundle's token.
    pub fn of(token: &'a Token) -> Self {
        Self {
            vendor: &token.vendor,
            serial: &token.serial,
            distinction: distinction(token),
            algorithm: token.algorithm,
            hash: token.hash,
            digits: token.digits,
            step: token.step,
        }
    }

    fn with<T>(&self, userid: &str, f: impl FnOnce(&[&str]) -> T) -> T {
        let text = |number: Option<u32>| number.map(|n| n.to_string()).unwrap_or_default();
        let (digits, step) = (text(self.digits), text(self.step));
        f(&[
            userid,
            self.vendor,
            self.serial,
            self.distinction,
            self.algorithm.as_str(),
            self.hash.map(|hash| hash.as_str()).unwrap_or_default(),
            &digits,
            &step,
        ])
    }

    /// The seed of this user's token.
    ///
    /// # Errors
    /// [`crate::store::Error::Field`] when it is damaged or another's.
    pub fn open(&self, keys: &Keys, userid: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.with(userid, |owner| {
            keys.open(Column::TenantTokenSeed, owner, sealed)
        })
    }
}

/// What tells apart two keys of one serial number: the issue number, else the key id.
pub fn distinction(token: &Token) -> &str {
    token
        .issue_no
        .as_deref()
        .or(token.key_id.as_deref())
        .unwrap_or_default()
}

/// Seed and unlock data of a token, sealed.
#[derive(Debug)]
pub struct SealedToken {
    pub(super) seed: Vec<u8>,
    pub(super) unlock: Option<Vec<u8>>,
}

/// Seals a token's secrets.
pub(super) fn token(keys: &Keys, userid: &str, token: &Token) -> SealedToken {
    TokenKey::of(token).with(userid, |owner| SealedToken {
        seed: keys.seal(Column::TenantTokenSeed, owner, token.seed.expose_secret()),
        unlock: token
            .unlock
            .as_ref()
            .map(|unlock| keys.seal(Column::TenantTokenUnlock, owner, unlock.expose_secret())),
    })
}

/// Seals a card's cells.
pub(super) fn card(keys: &Keys, userid: &str, card: &Card) -> Vec<u8> {
    with_card(userid, card.serial, card.rows, card.columns, |owner| {
        keys.seal(Column::TenantCard, owner, card.cells.expose_secret())
    })
}

/// The cells of this user's card: one byte cell length, then the cells row by row.
pub fn open_card(
    keys: &Keys,
    userid: &str,
    (serial, rows, columns): (u64, u32, u32),
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    with_card(userid, serial, rows, columns, |owner| {
        keys.open(Column::TenantCard, owner, sealed)
    })
}

fn with_card<T>(
    userid: &str,
    serial: u64,
    rows: u32,
    columns: u32,
    f: impl FnOnce(&[&str]) -> T,
) -> T {
    let numbers = [serial.to_string(), rows.to_string(), columns.to_string()];
    f(&[userid, &numbers[0], &numbers[1], &numbers[2]])
}

/// Seals a password.
pub(super) fn password(keys: &Keys, userid: &str, password: &Password) -> Vec<u8> {
    let owner = [userid, password.name.as_deref().unwrap_or_default()];
    keys.seal(
        Column::TenantPassword,
        &owner,
        password.value.expose_secret(),
    )
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
    pub(super) passwords: Vec<Vec<u8>>,
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
