//! The records and enumerations of the domain, as every other room speaks of them.
//!
//! Two families stand side by side: the *source* records ([`User`], [`Token`], [`Card`] …), in the terms of the
//! server that is being left, and the *bundle* records ([`bundle`]), in the terms of the service that receives them.
//! Foreign text becomes one of these types at the edge or an error there; inside there are no stringly states.

mod answer;
pub mod bundle;
mod card;
mod changes;
mod enumeration;
pub mod fold;
mod group;
mod idp_url;
mod location;
mod moment;
mod patterns;
mod qa;
mod reason;
mod seed_text;
mod sight;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod token;
mod user;
mod wiped;

pub use answer::{Answer, AnswerColumns};
pub use card::{Card, CardFacts, CardState, UnassignedCard, Usage};
pub use changes::Changes;
pub(crate) use enumeration::names;
pub use enumeration::{Named, UnknownName};
pub use group::Group;
pub use idp_url::{IdpUrl, NoIdpUrl};
pub use location::{Location, LocationEntry, RbaOverrides};
pub use moment::{Moment, NoMoment};
pub use patterns::{Pattern, Patterns, Piece, Sign, glob, list};
pub use qa::{Password, QaPair};
pub use reason::Reason;
pub use seed_text::SeedText;
pub use sight::{Oddity, Sight, appearance, oddity, sight};
pub use text::{beginning, clipped};
pub use token::{
    Activation, Algorithm, Hash, Token, TokenFacts, TokenKind, TokenState, UnassignedToken,
};
pub use user::{Contact, NotMigrated, Phase, User, UserFacts, UserState};
pub(crate) use wiped::Wiped;

/// A secret in memory: wiped when dropped, without `Clone` or `Serialize`, opaque to `Debug`.
///
/// Text secrets (answers, passwords) are their UTF-8 bytes.
pub type SecretBytes = secrecy::SecretSlice<u8>;

/// A short text of a record: up to 24 bytes stand in the record itself. Millions of them pass through an export.
pub type Text = compact_str::CompactString;

/// A moment as a clock shows it; the dates of records are [`Moment`]s.
pub type Timestamp = jiff::Timestamp;

/// Any record of a source file (igsh-source(5), THE SOURCE FORMAT), in the order of the file.
#[derive(Debug)]
pub enum SourceRecord {
    /// The first line of a file.
    Schema(Schema),
    /// A group, named before its users.
    Group(Group),
    /// A user with everything that is theirs.
    User(Box<User>),
    /// A token that belongs to a group and to no user yet.
    Token(Box<UnassignedToken>),
    /// A grid card that belongs to a group and to no user.
    Card(Box<UnassignedCard>),
}

/// What a source file says of itself (igsh-source(5), THE SOURCE FORMAT).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// Name of the system the records come from.
    pub system: Option<String>,
    pub system_version: Option<String>,
    /// Whether absent users are gone (`full`) or merely not mentioned (`delta`).
    pub full: bool,
    /// When the source wrote the file.
    pub exported: Option<Moment>,
}
