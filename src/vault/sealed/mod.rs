//! Source records whose secrets are sealed: what the load hands to the database, and what a snapshot hands out.
//!
//! The owner's key of every sealed value (security.md §2, columns 1 to 5) is put together here and nowhere else. The
//! `plain` part of a record holds no secret: its seed, cells or value is empty until [`SealedUser::open`] fills it.

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::model::{
    Card, Password, QaPair, SecretBytes, Token, UnassignedCard, UnassignedToken, User,
};
use crate::store::{self, Column, Keys, pairs};

/// A user with sealed secrets.
#[derive(Debug)]
pub struct SealedUser {
    /// The user without questions, passwords, tokens and cards.
    pub plain: User,
    /// Questions and answers, as one value.
    pub qa: Option<SealedQa>,
    /// Passwords.
    pub passwords: Vec<SealedPassword>,
    /// Tokens.
    pub tokens: Vec<SealedToken>,
    /// Cards.
    pub cards: Vec<SealedCard>,
}

/// Questions and answers of a user.
#[derive(Debug)]
pub struct SealedQa {
    /// How many pairs.
    pub pairs: u32,
    /// All of them.
    pub sealed: Vec<u8>,
}

/// A password with its value sealed.
#[derive(Debug)]
pub struct SealedPassword {
    /// The password without its value.
    pub plain: Password,
    /// The value.
    pub value: Vec<u8>,
}

/// A token with its seed sealed.
#[derive(Debug)]
pub struct SealedToken {
    /// The token without seed and unlock data.
    pub plain: Token,
    /// The seed.
    pub seed: Vec<u8>,
    /// The unlock data.
    pub unlock: Option<Vec<u8>>,
}

/// A card with its cells sealed.
#[derive(Debug)]
pub struct SealedCard {
    /// The card without its cells.
    pub plain: Card,
    /// The cells.
    pub cells: Vec<u8>,
}

/// An unassigned token with its seed sealed.
#[derive(Debug)]
pub struct SealedUnassignedToken {
    /// The group that holds it.
    pub group: String,
    /// The token.
    pub token: SealedToken,
}

/// An unassigned card with its cells sealed.
#[derive(Debug)]
pub struct SealedUnassignedCard {
    /// The group that holds it.
    pub group: String,
    /// Made in quantity and never assigned.
    pub preproduced: bool,
    /// Free text.
    pub comment: Option<String>,
    /// The card.
    pub card: SealedCard,
}

/// Whose a value is: a user of a group, or the group alone (empty user id).
#[derive(Clone, Copy)]
struct Owner<'a> {
    group: &'a str,
    userid: &'a str,
}

impl SealedUser {
    /// Seals everything that is secret.
    pub fn seal(mut user: User, keys: &Keys) -> Self {
        let owner = Owner {
            group: &user.group,
            userid: &user.userid,
        };
        let pairs = std::mem::take(&mut user.qa);
        let qa = (!pairs.is_empty()).then(|| SealedQa {
            pairs: u32::try_from(pairs.len()).unwrap_or(u32::MAX),
            sealed: keys.seal(
                Column::Qa,
                &[owner.group, owner.userid],
                &pairs::encode(&pairs),
            ),
        });
        let passwords = std::mem::take(&mut user.passwords);
        let passwords = passwords
            .into_iter()
            .map(|password| SealedPassword::seal(password, owner, keys))
            .collect();
        let tokens = std::mem::take(&mut user.tokens);
        let tokens = tokens
            .into_iter()
            .map(|token| SealedToken::seal(token, owner, keys))
            .collect();
        let cards = std::mem::take(&mut user.cards);
        let cards = cards
            .into_iter()
            .map(|card| SealedCard::seal(card, owner, keys))
            .collect();
        Self {
            qa,
            passwords,
            tokens,
            cards,
            plain: user,
        }
    }

    /// The whole user again.
    ///
    /// # Errors
    /// [`store::Error::Field`] names the value that is damaged or does not belong to this user.
    pub fn open(self, keys: &Keys) -> store::Result<User> {
        let mut user = self.plain;
        let owner = Owner {
            group: &user.group,
            userid: &user.userid,
        };
        let mut qa = Vec::new();
        if let Some(sealed) = &self.qa {
            qa = sealed.open(owner, keys)?;
        }
        let passwords = self
            .passwords
            .into_iter()
            .map(|password| password.open(owner, keys))
            .collect::<Result<_, _>>()?;
        let tokens = self
            .tokens
            .into_iter()
            .map(|token| token.open(owner, keys))
            .collect::<Result<_, _>>()?;
        let cards = self
            .cards
            .into_iter()
            .map(|card| card.open(owner, keys))
            .collect::<Result<_, _>>()?;
        user.qa = qa;
        user.passwords = passwords;
        user.tokens = tokens;
        user.cards = cards;
        Ok(user)
    }

    /// Opens every value for itself and says how many there are; `refused` gets the error of each that does not open.
    pub fn try_open(self, keys: &Keys, refused: &mut dyn FnMut(store::Error)) -> u64 {
        let owner = Owner {
            group: &self.plain.group,
            userid: &self.plain.userid,
        };
        let mut values = 0;
        let mut tell = |outcome: store::Result<()>| {
            values += 1;
            if let Err(error) = outcome {
                refused(error);
            }
        };
        if let Some(sealed) = &self.qa {
            tell(sealed.open(owner, keys).map(drop));
        }
        for password in self.passwords {
            tell(password.open(owner, keys).map(drop));
        }
        for token in &self.tokens {
            token.try_open(owner, keys, &mut tell);
        }
        for card in self.cards {
            tell(card.open(owner, keys).map(drop));
        }
        values
    }
}

impl SealedQa {
    fn open(&self, owner: Owner<'_>, keys: &Keys) -> store::Result<Vec<QaPair>> {
        let plain = keys.open(Column::Qa, &[owner.group, owner.userid], &self.sealed)?;
        pairs::decode(&plain).ok_or_else(|| store::Error::Field {
            what: format!(
                "the sealed questions and answers of {}/{}",
                owner.group, owner.userid
            ),
        })
    }
}

impl SealedUnassignedToken {
    /// Seals the seed for its group.
    pub fn seal(token: UnassignedToken, keys: &Keys) -> Self {
        let owner = Owner {
            group: &token.group,
            userid: "",
        };
        Self {
            token: SealedToken::seal(token.token, owner, keys),
            group: token.group,
        }
    }

    /// The whole token again, see [`SealedUser::open`].
    pub fn open(self, keys: &Keys) -> store::Result<UnassignedToken> {
        let owner = Owner {
            group: &self.group,
            userid: "",
        };
        Ok(UnassignedToken {
            token: self.token.open(owner, keys)?,
            group: self.group,
        })
    }

    /// As [`SealedUser::try_open`].
    pub fn try_open(&self, keys: &Keys, refused: &mut dyn FnMut(store::Error)) -> u64 {
        let owner = Owner {
            group: &self.group,
            userid: "",
        };
        let mut values = 0;
        self.token.try_open(owner, keys, &mut |outcome| {
            values += 1;
            if let Err(error) = outcome {
                refused(error);
            }
        });
        values
    }
}

impl SealedUnassignedCard {
    /// Seals the cells for the group.
    pub fn seal(card: UnassignedCard, keys: &Keys) -> Self {
        let owner = Owner {
            group: &card.group,
            userid: "",
        };
        Self {
            card: SealedCard::seal(card.card, owner, keys),
            group: card.group,
            preproduced: card.preproduced,
            comment: card.comment,
        }
    }

    /// The whole card again, see [`SealedUser::open`].
    pub fn open(self, keys: &Keys) -> store::Result<UnassignedCard> {
        let owner = Owner {
            group: &self.group,
            userid: "",
        };
        Ok(UnassignedCard {
            card: self.card.open(owner, keys)?,
            group: self.group,
            preproduced: self.preproduced,
            comment: self.comment,
        })
    }
}

impl SealedPassword {
    fn seal(mut plain: Password, owner: Owner<'_>, keys: &Keys) -> Self {
        let value = std::mem::take(&mut plain.value);
        let names = password_owner(&plain, owner);
        Self {
            value: keys.seal(Column::Password, &names, value.expose_secret()),
            plain,
        }
    }

    fn open(self, owner: Owner<'_>, keys: &Keys) -> store::Result<Password> {
        let mut password = self.plain;
        let names = password_owner(&password, owner);
        let value = keys.open(Column::Password, &names, &self.value)?;
        password.value = secret(value);
        Ok(password)
    }
}

impl SealedToken {
    fn seal(mut plain: Token, owner: Owner<'_>, keys: &Keys) -> Self {
        let seed = std::mem::take(&mut plain.seed);
        let unlock = plain.unlock.take();
        let numbers = token_numbers(&plain);
        let names = token_owner(&plain, &numbers, owner);
        Self {
            seed: keys.seal(Column::TokenSeed, &names, seed.expose_secret()),
            unlock: unlock
                .map(|unlock| keys.seal(Column::TokenUnlock, &names, unlock.expose_secret())),
            plain,
        }
    }

    fn open(self, owner: Owner<'_>, keys: &Keys) -> store::Result<Token> {
        let (seed, unlock) = self.values(owner, keys);
        let (seed, unlock) = (seed?, unlock.transpose()?);
        let mut token = self.plain;
        token.seed = secret(seed);
        token.unlock = unlock.map(secret);
        Ok(token)
    }

    /// Hands on what became of the seed and of the unlock data.
    fn try_open(&self, owner: Owner<'_>, keys: &Keys, tell: &mut dyn FnMut(store::Result<()>)) {
        let (seed, unlock) = self.values(owner, keys);
        tell(seed.map(drop));
        if let Some(unlock) = unlock {
            tell(unlock.map(drop));
        }
    }

    fn values(&self, owner: Owner<'_>, keys: &Keys) -> (Opened, Option<Opened>) {
        let numbers = token_numbers(&self.plain);
        let names = token_owner(&self.plain, &numbers, owner);
        let unlock = self.unlock.as_ref();
        (
            keys.open(Column::TokenSeed, &names, &self.seed),
            unlock.map(|unlock| keys.open(Column::TokenUnlock, &names, unlock)),
        )
    }
}

impl SealedCard {
    fn seal(mut plain: Card, owner: Owner<'_>, keys: &Keys) -> Self {
        let cells = std::mem::take(&mut plain.cells);
        let numbers = card_numbers(&plain);
        let names = card_owner(&numbers, owner);
        Self {
            cells: keys.seal(Column::Card, &names, cells.expose_secret()),
            plain,
        }
    }

    fn open(self, owner: Owner<'_>, keys: &Keys) -> store::Result<Card> {
        let mut card = self.plain;
        let numbers = card_numbers(&card);
        let cells = keys.open(Column::Card, &card_owner(&numbers, owner), &self.cells)?;
        card.cells = secret(cells);
        Ok(card)
    }
}

/// A value, or why it does not open.
type Opened = store::Result<Zeroizing<Vec<u8>>>;

fn password_owner<'a>(password: &'a Password, owner: Owner<'a>) -> [&'a str; 3] {
    [
        owner.group,
        owner.userid,
        password.name.as_deref().unwrap_or_default(),
    ]
}

fn token_numbers(token: &Token) -> [String; 2] {
    let text = |number: Option<u32>| number.map(|n| n.to_string()).unwrap_or_default();
    [text(token.digits), text(token.step)]
}

fn token_owner<'a>(token: &'a Token, numbers: &'a [String; 2], owner: Owner<'a>) -> [&'a str; 9] {
    [
        owner.group,
        owner.userid,
        &token.vendor,
        &token.serial,
        distinction(token),
        token.algorithm.as_str(),
        token.hash.map(|hash| hash.as_str()).unwrap_or_default(),
        &numbers[0],
        &numbers[1],
    ]
}

/// What tells apart two keys of one serial number: the issue number, else the key id.
pub(super) fn distinction(token: &Token) -> &str {
    token
        .issue_no
        .as_deref()
        .or(token.key_id.as_deref())
        .unwrap_or_default()
}

fn card_numbers(card: &Card) -> [String; 3] {
    [
        card.serial.to_string(),
        card.rows.to_string(),
        card.columns.to_string(),
    ]
}

fn card_owner<'a>(numbers: &'a [String; 3], owner: Owner<'a>) -> [&'a str; 5] {
    [
        owner.group,
        owner.userid,
        &numbers[0],
        &numbers[1],
        &numbers[2],
    ]
}

fn secret(mut plain: Zeroizing<Vec<u8>>) -> SecretBytes {
    SecretBytes::from(std::mem::take(&mut *plain))
}

#[cfg(test)]
mod tests;
