//! Source records whose secrets are sealed: what the load hands to the database, and what a snapshot hands out.
//!
//! The owner's key of every sealed value (igsh-vault(5), SEALED FIELDS) is put together here and nowhere else.

use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::model::{
    Card, Password, QaPair, SecretBytes, Token, UnassignedCard, UnassignedToken, User, UserFacts,
};
use crate::store::records::{with_card_owner, with_token_owner};
use crate::store::{self, Column, Keys, pairs};

/// A secret, sealed.
pub type Sealed = Vec<u8>;

/// A password with its value sealed.
pub type SealedPassword = Password<Sealed>;

/// A token with seed and unlock data sealed.
pub type SealedToken = Token<Sealed>;

/// A card with its cells sealed.
pub type SealedCard = Card<Sealed>;

/// An unassigned token with its seed sealed.
pub type SealedUnassignedToken = UnassignedToken<SealedToken>;

/// An unassigned card with its cells sealed.
pub type SealedUnassignedCard = UnassignedCard<SealedCard>;

/// A user with sealed secrets.
#[derive(Debug)]
pub struct SealedUser {
    /// What is not secret of the user.
    pub facts: UserFacts,
    /// Questions and answers, as one value.
    pub qa: Option<SealedQa>,
    pub passwords: Vec<SealedPassword>,
    pub tokens: Vec<SealedToken>,
    pub cards: Vec<SealedCard>,
}

/// Questions and answers of a user.
#[derive(Debug)]
pub struct SealedQa {
    pub pairs: u32,
    /// All of them.
    pub sealed: Sealed,
}

/// Whose a value is: a user of a group, or the group alone (empty user id).
#[derive(Clone, Copy)]
struct Owner<'a> {
    group: &'a str,
    userid: &'a str,
}

impl<'a> Owner<'a> {
    fn of(user: &'a UserFacts) -> Self {
        Self {
            group: &user.group,
            userid: &user.userid,
        }
    }

    const fn names(self) -> [&'a str; 2] {
        [self.group, self.userid]
    }

    /// Of what belongs to no user.
    const fn group(group: &'a str) -> Self {
        Self { group, userid: "" }
    }
}

impl SealedUser {
    /// Seals everything that is secret.
    pub fn seal(user: User, keys: &Keys) -> Self {
        let owner = Owner::of(&user.facts);
        let qa = (!user.qa.is_empty()).then(|| SealedQa {
            pairs: u32::try_from(user.qa.len()).unwrap_or(u32::MAX),
            sealed: keys.seal(Column::Qa, &owner.names(), &pairs::encode(&user.qa)),
        });
        Self {
            qa,
            passwords: each(user.passwords, |password| password.seal(owner, keys)),
            tokens: each(user.tokens, |token| token.seal(owner, keys)),
            cards: each(user.cards, |card| card.seal(owner, keys)),
            facts: user.facts,
        }
    }

    /// The whole user again.
    ///
    /// # Errors
    /// [`store::Error::Field`] names the value that is damaged or does not belong to this user.
    pub fn open(self, keys: &Keys) -> store::Result<User> {
        let owner = Owner::of(&self.facts);
        let qa = self.qa.map(|qa| qa.open(owner, keys)).transpose()?;
        Ok(User {
            qa: qa.unwrap_or_default(),
            passwords: try_each(self.passwords, |password| password.open(owner, keys))?,
            tokens: try_each(self.tokens, |token| token.open(owner, keys))?,
            cards: try_each(self.cards, |card| card.open(owner, keys))?,
            facts: self.facts,
        })
    }

    /// Opens every value for itself and returns how many there are; `refused` gets the error of each that does not
    /// open.
    pub fn try_open(self, keys: &Keys, refused: &mut dyn FnMut(store::Error)) -> u64 {
        let owner = Owner::of(&self.facts);
        counted(refused, |each| {
            if let Some(sealed) = &self.qa {
                each(sealed.open(owner, keys).map(drop));
            }
            for password in self.passwords {
                each(password.open(owner, keys).map(drop));
            }
            for token in &self.tokens {
                token.try_open(owner, keys, each);
            }
            for card in self.cards {
                each(card.open(owner, keys).map(drop));
            }
        })
    }
}

impl SealedQa {
    fn open(&self, owner: Owner<'_>, keys: &Keys) -> store::Result<Vec<QaPair>> {
        let plain = keys.open(Column::Qa, &owner.names(), &self.sealed)?;
        pairs::decode(&plain).ok_or_else(|| store::Error::Field {
            what: format!(
                "the sealed questions and answers of {}/{}",
                owner.group, owner.userid
            ),
        })
    }
}

/// How many values `open` yields; `refused` gets the error of each that does not open.
fn counted(
    refused: &mut dyn FnMut(store::Error),
    open: impl FnOnce(&mut dyn FnMut(store::Result<()>)),
) -> u64 {
    let mut values = 0;
    open(&mut |outcome| {
        values += 1;
        if let Err(error) = outcome {
            refused(error);
        }
    });
    values
}

fn each<T, S>(items: Vec<T>, seal: impl FnMut(T) -> S) -> Vec<S> {
    items.into_iter().map(seal).collect()
}

fn try_each<S, T>(items: Vec<S>, open: impl FnMut(S) -> store::Result<T>) -> store::Result<Vec<T>> {
    items.into_iter().map(open).collect()
}

impl UnassignedToken {
    /// Seals the seed for its group.
    pub fn seal(self, keys: &Keys) -> SealedUnassignedToken {
        UnassignedToken {
            token: self.token.seal(Owner::group(&self.group), keys),
            group: self.group,
        }
    }
}

impl SealedUnassignedToken {
    /// The whole token again, see [`SealedUser::open`].
    pub fn open(self, keys: &Keys) -> store::Result<UnassignedToken> {
        Ok(UnassignedToken {
            token: self.token.open(Owner::group(&self.group), keys)?,
            group: self.group,
        })
    }

    /// As [`SealedUser::try_open`].
    pub fn try_open(&self, keys: &Keys, refused: &mut dyn FnMut(store::Error)) -> u64 {
        let owner = Owner::group(&self.group);
        counted(refused, |each| self.token.try_open(owner, keys, each))
    }
}

impl UnassignedCard {
    /// Seals the cells for the group.
    pub fn seal(self, keys: &Keys) -> SealedUnassignedCard {
        UnassignedCard {
            card: self.card.seal(Owner::group(&self.group), keys),
            group: self.group,
            preproduced: self.preproduced,
            comment: self.comment,
        }
    }
}

impl SealedUnassignedCard {
    /// The whole card again, see [`SealedUser::open`].
    pub fn open(self, keys: &Keys) -> store::Result<UnassignedCard> {
        Ok(UnassignedCard {
            card: self.card.open(Owner::group(&self.group), keys)?,
            group: self.group,
            preproduced: self.preproduced,
            comment: self.comment,
        })
    }
}

impl Password {
    fn seal(self, owner: Owner<'_>, keys: &Keys) -> SealedPassword {
        let names = password_owner(&self.name, owner);
        Password {
            value: keys.seal(Column::Password, &names, self.value.expose_secret()),
            name: self.name,
            expires: self.expires,
            must_change: self.must_change,
        }
    }
}

impl SealedPassword {
    fn open(self, owner: Owner<'_>, keys: &Keys) -> store::Result<Password> {
        let names = password_owner(&self.name, owner);
        Ok(Password {
            value: secret(keys.open(Column::Password, &names, &self.value)?),
            name: self.name,
            expires: self.expires,
            must_change: self.must_change,
        })
    }
}

impl Token {
    fn seal(self, owner: Owner<'_>, keys: &Keys) -> SealedToken {
        let (seed, unlock) = with_token_owner(&owner.names(), &self.facts, |names| {
            let seal =
                |column, secret: SecretBytes| keys.seal(column, names, secret.expose_secret());
            (
                seal(Column::TokenSeed, self.seed),
                self.unlock.map(|unlock| seal(Column::TokenUnlock, unlock)),
            )
        });
        Token {
            facts: self.facts,
            state: self.state,
            activation: self.activation,
            seed,
            unlock,
        }
    }
}

impl SealedToken {
    fn open(self, owner: Owner<'_>, keys: &Keys) -> store::Result<Token> {
        let (seed, unlock) = self.values(owner, keys);
        Ok(Token {
            seed: secret(seed?),
            unlock: unlock.transpose()?.map(secret),
            facts: self.facts,
            state: self.state,
            activation: self.activation,
        })
    }

    /// Whether it has the seed of `other`. Each stands with the group and the user id that it is sealed for; what does
    /// not open is like nothing.
    pub fn has_seed_of(&self, holder: &[&str], other: (&Self, &[&str]), keys: &Keys) -> bool {
        let seed = |token: &Self, holder: &[&str]| {
            with_token_owner(holder, &token.facts, |names| {
                keys.open(Column::TokenSeed, names, &token.seed)
            })
        };
        match (seed(self, holder), seed(other.0, other.1)) {
            (Ok(one), Ok(other)) => one.ct_eq(&other).into(),
            _ => false,
        }
    }

    /// Hands on what became of the seed and of the unlock data.
    fn try_open(&self, owner: Owner<'_>, keys: &Keys, each: &mut dyn FnMut(store::Result<()>)) {
        let (seed, unlock) = self.values(owner, keys);
        each(seed.map(drop));
        if let Some(unlock) = unlock {
            each(unlock.map(drop));
        }
    }

    fn values(&self, owner: Owner<'_>, keys: &Keys) -> (Opened, Option<Opened>) {
        with_token_owner(&owner.names(), &self.facts, |names| {
            let unlock = self.unlock.as_ref();
            (
                keys.open(Column::TokenSeed, names, &self.seed),
                unlock.map(|unlock| keys.open(Column::TokenUnlock, names, unlock)),
            )
        })
    }
}

impl Card {
    fn seal(self, owner: Owner<'_>, keys: &Keys) -> SealedCard {
        let cells = with_card_owner(&owner.names(), &self.facts, |names| {
            keys.seal(Column::Card, names, self.cells.expose_secret())
        });
        Card {
            facts: self.facts,
            state: self.state,
            cells,
        }
    }
}

impl SealedCard {
    fn open(self, owner: Owner<'_>, keys: &Keys) -> store::Result<Card> {
        let cells = with_card_owner(&owner.names(), &self.facts, |names| {
            keys.open(Column::Card, names, &self.cells)
        })?;
        Ok(Card {
            facts: self.facts,
            state: self.state,
            cells: secret(cells),
        })
    }
}

/// A value, or why it does not open.
type Opened = store::Result<Zeroizing<Vec<u8>>>;

fn password_owner<'a>(name: &'a Option<String>, owner: Owner<'a>) -> [&'a str; 3] {
    [
        owner.group,
        owner.userid,
        name.as_deref().unwrap_or_default(),
    ]
}

fn secret(mut plain: Zeroizing<Vec<u8>>) -> SecretBytes {
    SecretBytes::from(std::mem::take(&mut *plain))
}

#[cfg(test)]
mod tests;
