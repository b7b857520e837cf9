//! Users and where they stand.

use super::enumeration::names;
use super::{Card, Location, Moment, Password, QaPair, Text, Token};

names! {
    /// State of a user in the source.
    UserState, "user state" {
        /// May authenticate.
        Active = "active",
        /// May not.
        Suspended = "suspended",
    }
}

names! {
    /// Where a user stands in the progressive migration (igsh-migration(7), PHASES).
    Phase, "phase" {
        /// Not chosen yet.
        None = "none",
        /// Chosen for the next export.
        Export = "export",
        /// In a bundle.
        Exported = "exported",
        /// The target has taken everything.
        Imported = "imported",
        /// Works on the target.
        Migrated = "migrated",
    }
}

impl Phase {
    /// Its place in the order of the migration, from 0; what the vault stores.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// The phase of a number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

names! {
    /// Kinds of data that are never migrated, only counted (igsh-migration(7), WHAT STAYS).
    NotMigrated, "kind of data that is not migrated" {
        /// Biometric templates.
        Biometrics = "biometrics",
        Certificates = "certificates",
        /// Mutual-authentication images and phrases.
        MutualAuth = "mutualAuth",
        /// Out-of-band one-time passwords.
        Otps = "otps",
        /// Personal verification numbers.
        Pvns = "pvns",
        MachineSecrets = "machineSecrets",
        SmartCredentials = "smartCredentials",
        TemporaryPins = "temporaryPins",
        MobileDigitalIds = "mobileDigitalIds",
        /// Administrative roles.
        Roles = "roles",
        UserAccessGroups = "userAccessGroups",
    }
}

/// A way to reach a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// What it is called in the source, such as "Mobile phone".
    pub label: Text,
    /// The address or number.
    pub value: Text,
    /// Whether it is the user's default contact.
    pub default: bool,
}

/// The facts of a user, without the authenticators.
#[derive(Debug)]
pub struct UserFacts {
    /// The source's stable id (user number, objectGUID, entryUUID), where it has one.
    pub id: Option<String>,
    /// Group name.
    pub group: String,
    /// User name, unique within the group.
    pub userid: String,
    pub full_name: Option<String>,
    /// Active or suspended.
    pub state: UserState,
    /// Language tag.
    pub locale: Option<String>,
    /// Alternative names, unique within the group; workflow aliases included.
    pub aliases: Vec<String>,
    pub last_auth: Option<Moment>,
    /// Failed attempts; never migrated.
    pub lockout_count: Option<u64>,
    /// Contacts, in the order of the source.
    pub contacts: Vec<Contact>,
    /// Location data.
    pub location: Location,
    /// What else the user has and will not take along, with counts above zero.
    pub not_migrated: Vec<(NotMigrated, u64)>,
}

impl UserFacts {
    /// An active user without any other facts.
    pub fn new(group: String, userid: String) -> Self {
        Self {
            id: None,
            group,
            userid,
            full_name: None,
            state: UserState::Active,
            locale: None,
            aliases: Vec::new(),
            last_auth: None,
            lockout_count: None,
            contacts: Vec::new(),
            location: Location::default(),
            not_migrated: Vec::new(),
        }
    }
}

/// A user as the source has them, with everything that is theirs.
#[derive(Debug)]
pub struct User {
    pub facts: UserFacts,
    /// Questions and answers, in the order of the source.
    pub qa: Vec<QaPair>,
    pub passwords: Vec<Password>,
    /// Assigned tokens.
    pub tokens: Vec<Token>,
    /// Assigned cards.
    pub cards: Vec<Card>,
}

impl User {
    /// A user without authenticators.
    pub const fn new(facts: UserFacts) -> Self {
        Self {
            facts,
            qa: Vec::new(),
            passwords: Vec::new(),
            tokens: Vec::new(),
            cards: Vec::new(),
        }
    }
}
