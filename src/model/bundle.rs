//! The records of a bundle, in the target's terms (records.md §2).
//!
//! Fields that the source does not have are absent here too. How they are written is the business of the `bundle`
//! room; in memory a secret is a secret.

use super::enumeration::names;
use super::{
    Algorithm, Contact, Hash, LocationEntry, QaPair, SecretBytes, Timestamp, TokenKind, Usage,
};

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
    /// Full name.
    pub full_name: Option<String>,
    /// State on the target.
    pub state: State,
    /// Aliases without the workflow ones.
    pub aliases: Vec<String>,
    /// Contacts.
    pub contacts: Vec<Contact>,
    /// Questions and answers, answers cut.
    pub qa: Vec<QaPair>,
    /// Passwords.
    pub passwords: Vec<Password>,
    /// Tokens.
    pub tokens: Vec<Token>,
    /// Cards.
    pub cards: Vec<Card>,
    /// Location history.
    pub location_history: Vec<LocationEntry>,
    /// Expected locations.
    pub expected_locations: Vec<String>,
    /// Only what the source overrides.
    pub rba: RbaOverrides,
}

/// A token of a bundle.
#[derive(Debug)]
pub struct Token {
    /// Vendor name.
    pub vendor: String,
    /// Serial number.
    pub serial: String,
    /// Hardware or soft.
    pub kind: TokenKind,
    /// Model name.
    pub model: Option<String>,
    /// How codes are computed.
    pub algorithm: Algorithm,
    /// Hash under the HMAC.
    pub hash: Option<Hash>,
    /// Length of a code.
    pub digits: Option<u32>,
    /// Time step in seconds.
    pub step: Option<u32>,
    /// Counter of an event-based token.
    pub counter: Option<u64>,
    /// Clock drift in time steps.
    pub drift: Option<i64>,
    /// State on the target; an unassigned token has none.
    pub state: Option<State>,
    /// Identity provider's address.
    pub idp_url: Option<String>,
    /// Push or transactions.
    pub transactions: Option<bool>,
    /// When it was loaded.
    pub load_date: Option<Timestamp>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// Issue number.
    pub issue_no: Option<String>,
    /// Key id.
    pub key_id: Option<String>,
    /// Free text.
    pub comment: Option<String>,
    /// The seed.
    pub seed: SecretBytes,
    /// PIN unblock data.
    pub unlock: Option<SecretBytes>,
}

/// An unassigned token of a bundle.
#[derive(Debug)]
pub struct UnassignedToken {
    /// The group that holds it.
    pub group: String,
    /// The token.
    pub token: Token,
}

/// A card of a bundle.
#[derive(Debug)]
pub struct Card {
    /// Serial number.
    pub serial: u64,
    /// State on the target; an unassigned card has none.
    pub state: Option<CardState>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// When another card took its place.
    pub superseded: Option<Timestamp>,
    /// Usage threshold indicator.
    pub usage: Option<Usage>,
    /// How many challenges it has answered.
    pub challenge_count: Option<u64>,
    /// How often the least used cell was asked.
    pub least_used_cell: Option<u64>,
    /// How often each cell was asked.
    pub cell_usage: Option<Vec<u64>>,
    /// Number of rows.
    pub rows: u32,
    /// Number of columns.
    pub columns: u32,
    /// One byte cell length, then the cells in row order.
    pub cells: SecretBytes,
}

/// An unassigned card of a bundle.
#[derive(Debug)]
pub struct UnassignedCard {
    /// The group that holds it.
    pub group: String,
    /// Made in quantity and never assigned.
    pub preproduced: bool,
    /// Free text.
    pub comment: Option<String>,
    /// The card.
    pub card: Card,
}

/// How many records of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Groups.
    pub group: u64,
    /// Users.
    pub user: u64,
    /// Unassigned tokens.
    pub token: u64,
    /// Unassigned cards.
    pub card: u64,
}
