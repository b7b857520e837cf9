//! What a bundle held of a user, as digests: so that a later load can find whether, and how, the user has changed.
//!
//! A digest is made of the source record, in parts that change apart from each other. Each authenticator adds its share
//! to the parts by itself, so that a new one changes nothing but its own share. Only what the target can use is
//! in it: a soft token whose activation was under way when the bundle was written is new once it is complete.
//!
//! Hashes are SHA-256 cut to 8 bytes (a state or a counter is spread without one), and shares are added up: enough to
//! notice change. They are no protection, since answers and passwords can be guessed; so a digest is kept sealed
//! (igsh-vault(5), SEALED FIELDS).

mod hash;

use crate::model::{
    Card, CardState, Changes, Password, QaPair, Token, TokenState, UnassignedCard, UnassignedToken,
    User, UserFacts,
};
use crate::store::{self, Column, Keys};

use hash::{Hash, mixed};

/// Of what is kept. States and the like go in by their places in the model: a new order there is a new version here.
const VERSION: u8 = 1;
const PARTS: usize = 5;

/// The parts in the order in which they are kept, each with what its difference is called.
const STATE: usize = 0;
const QA: usize = 1;
const CARDS: usize = 2;
const COUNTERS: usize = 3;
const OTHER: usize = 4;
const MEANINGS: [Changes; PARTS] = [
    Changes::STATE,
    Changes::QA,
    Changes::CARD,
    Changes::COUNTER,
    Changes::OTHER,
];

/// What the shares of things without a name of their own begin from: any numbers that are far apart.
const USER: u64 = u64::from_be_bytes(*b"the user");
const CARD: u64 = u64::from_be_bytes(*b"one card");
const PASSWORD: u64 = u64::from_be_bytes(*b"password");
const QUESTIONS: u64 = u64::from_be_bytes(*b"question");

/// Sums of shares; zero where there is nothing.
type Parts = [u64; PARTS];

/// A source record, digested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// What is the user's own.
    own: Parts,
    /// What is of one authenticator each; the tokens first, in their order.
    items: Vec<Item>,
}

/// An authenticator's share.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    id: u64,
    /// Whether the target can use it as it is.
    usable: bool,
    parts: Parts,
    /// The identity provider's address, apart because a load may put another one in its place.
    address: u64,
}

/// What is kept of a digest with a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    parts: Parts,
    /// The authenticators, in ascending order.
    ids: Vec<u64>,
}

impl Digest {
    /// Digests a record.
    pub fn of(user: &User) -> Self {
        let mut items =
            Vec::with_capacity(user.tokens.len() + user.cards.len() + user.passwords.len() + 1);
        // One for all: to set up a hash takes as long as the few bytes of most of them.
        let hash = &mut Hash::new();
        items.extend(user.tokens.iter().map(|token| Item::token(token, hash)));
        items.extend(user.cards.iter().map(|card| Item::card(card, hash)));
        items.extend(
            user.passwords
                .iter()
                .map(|password| Item::password(password, hash)),
        );
        if !user.qa.is_empty() {
            items.push(Item::qa(&user.qa, hash));
        }
        let mut own = [0; PARTS];
        own[STATE] = mixed(USER, user.facts.state as u64);
        own[OTHER] = about(&user.facts, hash);
        Self { own, items }
    }

    /// Puts another identity provider's address in the place of the one that the token at `place` came with.
    pub fn set_address(&mut self, place: usize, url: &str) {
        if let Some(item) = self.items.get_mut(place) {
            item.address = address(item.id, Some(url), &mut Hash::new());
        }
    }

    /// What is kept with a bundle that holds this record.
    pub fn kept(&self) -> Kept {
        self.kept_of(|item| item.usable)
    }

    /// How this record differs from an `older` one, whatever of them the target could use.
    pub fn differs(&self, older: &Self) -> Changes {
        older.kept_of(|_| true).compared(self, |_| true)
    }

    fn kept_of(&self, counts: impl Fn(&Item) -> bool) -> Kept {
        let mut kept = Kept {
            parts: self.own,
            ids: Vec::with_capacity(self.items.len()),
        };
        for item in self.items.iter().filter(|item| counts(item)) {
            item.add_to(&mut kept.parts);
            kept.ids.push(item.id);
        }
        kept.ids.sort_unstable();
        kept.ids.dedup();
        kept
    }
}

impl Kept {
    /// How the record `now` differs from this one.
    pub fn changes(&self, now: &Digest) -> Changes {
        self.compared(now, |item| item.usable)
    }

    fn compared(&self, now: &Digest, counts: impl Fn(&Item) -> bool) -> Changes {
        let mut changes = Changes::NONE;
        let mut parts = now.own;
        for item in &now.items {
            if self.ids.binary_search(&item.id).is_ok() {
                item.add_to(&mut parts);
            } else if counts(item) {
                changes.insert(Changes::NEW_AUTHENTICATOR);
            }
        }
        for ((part, before), meaning) in parts.iter().zip(self.parts).zip(MEANINGS) {
            if *part != before {
                changes.insert(meaning);
            }
        }
        changes
    }

    /// `u8 version ‖ u8 parts ‖ u64* ‖ u64*`: which parts there are, bit by bit from the lowest; these parts; the
    /// authenticators.
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 + 8 * (PARTS + self.ids.len()));
        let mut present = 0;
        for (bit, part) in self.parts.iter().enumerate() {
            present |= u8::from(*part != 0) << bit;
        }
        bytes.extend_from_slice(&[VERSION, present]);
        let parts = self.parts.iter().filter(|part| **part != 0);
        for number in parts.chain(&self.ids) {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    /// `None` for what another version has written.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let [VERSION, present, numbers @ ..] = bytes else {
            return None;
        };
        let (numbers, []) = numbers.as_chunks::<8>() else {
            return None;
        };
        let mut numbers = numbers.iter().map(|number| u64::from_be_bytes(*number));
        let mut parts = [0; PARTS];
        for (bit, part) in parts.iter_mut().enumerate() {
            if present >> bit & 1 == 1 {
                *part = numbers.next()?;
            }
        }
        Some(Self {
            parts,
            ids: numbers.collect(),
        })
    }

    /// Seals it for the user of this row id in the bundle of this number.
    pub fn seal(&self, user: i64, bundle: u64, keys: &Keys) -> Vec<u8> {
        let [user, bundle] = [user.to_string(), bundle.to_string()];
        keys.seal(Column::ExportDigest, &[&user, &bundle], &self.encode())
    }

    /// Opens what was sealed; `None` for what another version has written.
    ///
    /// # Errors
    /// [`store::Error::Field`] when it is damaged or belongs to another user or bundle.
    pub fn open(sealed: &[u8], user: i64, bundle: u64, keys: &Keys) -> store::Result<Option<Self>> {
        let [user, bundle] = [user.to_string(), bundle.to_string()];
        let plain = keys.open(Column::ExportDigest, &[&user, &bundle], sealed)?;
        Ok(Self::decode(&plain))
    }
}

impl Item {
    fn add_to(&self, parts: &mut Parts) {
        for (sum, share) in parts.iter_mut().zip(self.parts) {
            *sum = sum.wrapping_add(share);
        }
        parts[OTHER] = parts[OTHER].wrapping_add(self.address);
    }

    fn token(token: &Token, hash: &mut Hash) -> Self {
        let facts = &token.facts;
        let id = hash
            .of(b't')
            .text(&facts.vendor)
            .text(&facts.serial)
            .text(facts.distinction())
            .secret(&token.seed)
            .end();
        let mut parts = [0; PARTS];
        let state = token.state.map_or(0, |state| state as u64 + 1);
        let activation = token
            .activation
            .map_or(0, |activation| activation as u64 + 1);
        parts[STATE] = mixed(id, state << 8 | activation);
        let events = facts.algorithm.is_event_based();
        if events {
            parts[COUNTERS] = mixed(
                !id,
                facts.counter.map_or(0, |counter| counter.wrapping_add(1)),
            );
        }
        let other = hash
            .of(b'o')
            .number(id)
            .number(facts.kind as u64)
            .number(facts.algorithm as u64)
            .maybe(facts.model.as_deref())
            .maybe_number(facts.hash.map(|hash| hash as u64))
            .maybe_number(facts.digits.map(u64::from))
            .maybe_number(facts.step.map(u64::from))
            .maybe_number(facts.counter.filter(|_| !events))
            .maybe_number(facts.transactions.map(u64::from))
            .moment(facts.load_date)
            .moment(facts.expires)
            .maybe(facts.issue_no.as_deref())
            .maybe(facts.key_id.as_deref())
            .maybe(facts.comment.as_deref());
        if let Some(unlock) = &token.unlock {
            other.secret(unlock);
        }
        parts[OTHER] = other.end();
        Self {
            id,
            usable: token.state.is_some_and(TokenState::is_usable) && token.is_activated(),
            parts,
            address: address(id, facts.idp_url.as_deref(), hash),
        }
    }

    /// Without what changes whenever the card is used.
    fn card(card: &Card, hash: &mut Hash) -> Self {
        let facts = &card.facts;
        let id = mixed(CARD, facts.serial);
        let mut parts = [0; PARTS];
        parts[CARDS] = hash
            .of(b'C')
            .number(id)
            .maybe_number(card.state.map(|state| state as u64))
            .moment(facts.created)
            .moment(facts.expires)
            .moment(facts.superseded)
            .number(u64::from(facts.rows))
            .number(u64::from(facts.columns))
            .secret(&card.cells)
            .end();
        Self {
            id,
            usable: card.state.is_some_and(CardState::is_usable),
            parts,
            address: 0,
        }
    }

    fn password(password: &Password, hash: &mut Hash) -> Self {
        let id = match &password.name {
            Some(name) => hash.of(b'p').text(name).end(),
            None => PASSWORD,
        };
        let mut parts = [0; PARTS];
        parts[OTHER] = hash
            .of(b'P')
            .number(id)
            .secret(&password.value)
            .moment(password.expires)
            .maybe_number(password.must_change.map(u64::from))
            .end();
        Self {
            id,
            usable: true,
            parts,
            address: 0,
        }
    }

    fn qa(pairs: &[QaPair], hash: &mut Hash) -> Self {
        let mut parts = [0; PARTS];
        hash.of(b'Q');
        for pair in pairs {
            hash.text(&pair.question).secret(&pair.answer);
        }
        parts[QA] = hash.end();
        Self {
            id: QUESTIONS,
            usable: true,
            parts,
            address: 0,
        }
    }
}

/// What is neither state nor authenticator. Names are compared as sets: a source that lists them in another order has
/// not changed the user.
fn about(user: &UserFacts, hash: &mut Hash) -> u64 {
    let mut aliases: Vec<&str> = user.aliases.iter().map(String::as_str).collect();
    aliases.sort_unstable();
    let mut contacts: Vec<_> = user
        .contacts
        .iter()
        .map(|contact| (&*contact.label, &*contact.value, contact.default))
        .collect();
    contacts.sort_unstable();
    hash.of(b'a')
        .maybe(user.full_name.as_deref())
        .number(aliases.len() as u64);
    for alias in aliases {
        hash.text(alias);
    }
    hash.number(contacts.len() as u64);
    for (label, value, default) in contacts {
        hash.text(label).text(value).number(u64::from(default));
    }
    let location = &user.location;
    hash.number(location.expected.len() as u64);
    for place in &location.expected {
        hash.text(place);
    }
    let overrides = &location.overrides;
    hash.maybe_number(overrides.max_history)
        .maybe_number(overrides.check_ip.map(u64::from))
        .maybe_number(overrides.check_velocity.map(u64::from))
        .maybe_number(overrides.max_expected)
        .end()
}

fn address(id: u64, url: Option<&str>, hash: &mut Hash) -> u64 {
    url.map_or(0, |url| hash.of(b'i').number(id).text(url).end())
}

/// One number for an unassigned token, group and all but its identity provider's address.
pub(super) fn of_token(token: &UnassignedToken) -> u64 {
    let hash = &mut Hash::new();
    let item = Item {
        address: 0,
        ..Item::token(&token.token, hash)
    };
    unassigned(&item, &token.group, hash).end()
}

/// As for tokens.
pub(super) fn of_card(card: &UnassignedCard) -> u64 {
    let hash = &mut Hash::new();
    let item = Item::card(&card.card, hash);
    unassigned(&item, &card.group, hash)
        .number(u64::from(card.preproduced))
        .maybe(card.comment.as_deref())
        .end()
}

fn unassigned<'h>(item: &Item, group: &str, hash: &'h mut Hash) -> &'h mut Hash {
    let mut parts = [0; PARTS];
    item.add_to(&mut parts);
    hash.of(b'U').text(group).number(item.id);
    for part in parts {
        hash.number(part);
    }
    hash
}

#[cfg(test)]
mod tests;
