//! What an event can say: about what, what became of it, and why. The numbers are those of stored events: a word may be
//! added at the end, never moved.

use crate::model::names;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Subject {
    Group,
    /// A user as such.
    User,
    Alias,
    /// Questions and answers.
    Qa,
    Password,
    /// A token of a user.
    Token,
    /// A card of a user.
    Card,
    /// Location history and expected places.
    Location,
    /// A user's own settings of risk-based authentication.
    Rba,
    UnassignedToken,
    UnassignedCard,
}

impl Subject {
    /// All of them, in the order of igsh-migration(7), THE TARGET.
    pub const ALL: [Self; 11] = [
        Self::Group,
        Self::User,
        Self::Alias,
        Self::Qa,
        Self::Password,
        Self::Token,
        Self::Card,
        Self::Location,
        Self::Rba,
        Self::UnassignedToken,
        Self::UnassignedCard,
    ];

    /// The word of it in results: `token`, as in `token Entrust 4711`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::User => "user",
            Self::Alias => "alias",
            Self::Qa => "qa",
            Self::Password => "password",
            Self::Token | Self::UnassignedToken => "token",
            Self::Card | Self::UnassignedCard => "card",
            Self::Location => "location",
            Self::Rba => "rba",
        }
    }

    /// The word in counts, where unassigned items are counted apart.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::UnassignedToken => "unassignedToken",
            Self::UnassignedCard => "unassignedCard",
            _ => self.word(),
        }
    }

    /// The last part of an event's name. Those of cards, questions, passwords and settings are as third parties have
    /// seen them (igsh-migration(7), THE TARGET).
    pub(super) const fn part(self) -> &'static str {
        match self {
            Self::Card => "assignedgrid",
            Self::UnassignedCard => "unassignedgrid",
            Self::UnassignedToken => "unassignedtoken",
            Self::Rba => "rbasetting",
            _ => self.word(),
        }
    }
}

names! {
    /// What became of it.
    #[repr(u8)]
    Fate, "fate" {
        /// It is new.
        Added = "added",
        /// A user who was there got something new.
        Merged = "merged",
        /// It was there; nothing was changed.
        Exists = "exists",
        /// It was left out by a rule.
        Skipped = "skipped",
        /// It could not be taken.
        Error = "error",
    }
}

/// Why. The detail of an event stands where its text says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Why {
    /// It needs no reason.
    Nothing,
    /// The reason is in the detail.
    Remark,
    /// It is there already.
    Known,
    /// Nothing of the user is new.
    NothingNew,
    /// Another user has it.
    Taken,
    /// It is there, unassigned.
    Unassigned,
    /// Only configured named passwords are taken.
    NotConfigured,
    /// The user has as many tokens as there can be.
    TooMany,
    /// The tenant does not take such tokens.
    Unsupported,
    /// The tenant has as many unassigned cards as it can have.
    Full,
    /// The user lacks mandatory attributes.
    Without,
    /// The id is another user's alias.
    IsAlias,
    /// The alias is another user's id.
    IsUser,
    /// The user is from a directory.
    Directory,
    /// Contacts or state differ and stay.
    Differs,
    /// Contacts and state were taken.
    Took,
    /// It is what the tenant calls otherwise.
    Default,
    /// One of its texts is empty, too long or cannot be shown.
    Unfit,
}

impl Why {
    pub(super) const ALL: [Self; 18] = [
        Self::Nothing,
        Self::Remark,
        Self::Known,
        Self::NothingNew,
        Self::Taken,
        Self::Unassigned,
        Self::NotConfigured,
        Self::TooMany,
        Self::Unsupported,
        Self::Full,
        Self::Without,
        Self::IsAlias,
        Self::IsUser,
        Self::Directory,
        Self::Differs,
        Self::Took,
        Self::Default,
        Self::Unfit,
    ];

    pub(super) fn text(self, detail: &str) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Remark => detail.to_owned(),
            Self::Known => "exists already, unchanged".to_owned(),
            Self::NothingNew => "nothing of the user is new".to_owned(),
            Self::Taken => format!("user {detail} has it"),
            Self::Unassigned => "the tenant has it unassigned".to_owned(),
            Self::NotConfigured => "no password of this name is configured".to_owned(),
            Self::TooMany => format!("the user has {detail} tokens, as many as there can be"),
            Self::Unsupported => format!("tokens like this are not supported ({detail})"),
            Self::Full => format!("the tenant has {detail} unassigned cards, as many as it can"),
            Self::Without => format!("created without {detail}"),
            Self::IsAlias => format!("the id is an alias of user {detail}"),
            Self::IsUser => format!("it is the id of user {detail}"),
            Self::Directory => "from a directory: name, contacts and state stay".to_owned(),
            Self::Differs => format!("{detail} differ and stay (existing-local)"),
            Self::Took => format!("{detail} taken (existing-local)"),
            Self::Unfit => format!("the record cannot be kept: {detail}"),
            Self::Default => format!("the source's default group is '{detail}' here"),
        }
    }
}
