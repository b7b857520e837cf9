//! The records of a bundle, in the target's terms (igsh-bundle(5), RECORDS).
//!
//! Fields that the source does not have are absent here too. How they are written is the business of the `bundle`
//! room; in memory a secret is a secret.

use super::enumeration::names;
use super::{CardFacts, Contact, LocationEntry, QaPair, SecretBytes, TokenFacts};

pub use super::{Group, Password, RbaOverrides};

names! {
    /// State of a user or token on the target.
    State, "target state" {
        /// Works.
        Active = "ACTIVE",
        /// Suspended.
        Inactive = "INACTIVE",
    }
}

names! {
    /// State of an assigned card on the target.
    CardState, "target card state" {
        /// In use.
        Active = "ACTIVE",
        /// Assigned, not used yet.
        Pending = "PENDING",
        /// Suspended.
        Inactive = "INACTIVE",
    }
}

/// One record of a bundle.
#[derive(Debug)]
pub enum Record {
    /// A group of the selection, before its users.
    Group(Group),
    /// A user with all that migrates.
    User(Box<User>),
    /// An unassigned token of a group.
    Token(Box<UnassignedToken>),
    /// An unassigned card of a group.
    Card(Box<UnassignedCard>),
}

/// A user of a bundle.
#[derive(Debug)]
pub struct User {
    /// The target user id.
    pub user_id: String,
    /// The source's user id, where the user was mapped to another one.
    pub source_user_id: Option<String>,
    /// Group name.
    pub group: String,
    pub full_name: Option<String>,
    /// State on the target.
    pub state: State,
    /// Aliases without the workflow ones.
    pub aliases: Vec<String>,
    pub contacts: Vec<Contact>,
    /// Questions and answers, answers cut.
    pub qa: Vec<QaPair>,
    pub passwords: Vec<Password>,
    pub tokens: Vec<Token>,
    pub cards: Vec<Card>,
    pub location_history: Vec<LocationEntry>,
    pub expected_locations: Vec<String>,
    /// Only what the source overrides.
    pub rba: RbaOverrides,
}

/// A token of a bundle.
#[derive(Debug)]
pub struct Token {
    pub facts: TokenFacts,
    /// State on the target; an unassigned token has none.
    pub state: Option<State>,
    pub seed: SecretBytes,
    /// PIN unblock data.
    pub unlock: Option<SecretBytes>,
}

/// An unassigned token of a bundle.
pub type UnassignedToken = super::UnassignedToken<Token>;

/// A card of a bundle.
#[derive(Debug)]
pub struct Card {
    pub facts: CardFacts,
    /// State on the target; an unassigned card has none.
    pub state: Option<CardState>,
    /// One byte cell length, then the cells in row order.
    pub cells: SecretBytes,
}

/// An unassigned card of a bundle.
pub type UnassignedCard = super::UnassignedCard<Card>;

/// How many records of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub group: u64,
    pub user: u64,
    /// Unassigned tokens.
    pub token: u64,
    /// Unassigned cards.
    pub card: u64,
}
