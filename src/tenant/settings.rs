//! The settings of a tenant, and the rules that follow from them.

use crate::store::settings::{Setting, Settings, Type, setting};
use crate::store::{self, Connection};

/// Attributes of a user that a tenant may demand.
pub const ATTRIBUTES: &[&str] = &["firstName", "lastName", "email", "phone", "mobile"];

/// What `existing-local` may be.
const EXISTING: &[&str] = &["authenticators", "contacts-and-state"];

pub static SETTINGS: Settings = Settings {
    all: ALL,
    command: "tenant set",
};

static ALL: &[Setting] = &[
    setting(
        "default-group",
        Type::Name,
        "All Users",
        "the group that all users are in",
    ),
    setting(
        "existing-local",
        Type::Word(EXISTING, "one of authenticators, contacts-and-state"),
        "authenticators",
        "what users take besides who are there already and not from a directory",
    ),
    setting(
        "mandatory",
        Type::Several(ATTRIBUTES),
        "firstName,lastName,email",
        "attributes without which a created user is flagged",
    ),
    setting(
        "passwords.named",
        Type::Names,
        "",
        "named passwords that are configured; others are not taken",
    ),
    setting(
        "tokens.global-max",
        Type::Number(0, 1000),
        "10",
        "how many tokens a user can have after an import",
    ),
    setting(
        "tokens.account-max",
        Type::Number(0, 1000),
        "10",
        "from how many tokens on a user gets no new ones; stops no import",
    ),
    setting(
        "tokens.supported",
        Type::Names,
        "totp,hotp,at,cr",
        "algorithms or models of tokens that are taken, * and ? standing for anything",
    ),
    setting(
        "qa.pairs",
        Type::Number(0, 1000),
        "50",
        "how many questions of a user are taken",
    ),
    setting(
        "qa.answer-length",
        Type::Number(1, 65_535),
        "255",
        "to how many characters an answer is cut",
    ),
    setting(
        "qa.total-size",
        Type::Number(0, 16_777_216),
        "65536",
        "size in bytes above which a user's questions are remarked on; stops no import",
    ),
    setting(
        "cards.unassigned-max",
        Type::Number(0, 10_000_000),
        "5000",
        "how many unassigned cards the tenant can have",
    ),
    setting(
        "locations.history-max",
        Type::Number(0, 1000),
        "5",
        "how many places a history has by default; longer ones are kept and remarked on",
    ),
    setting(
        "locations.expected-max",
        Type::Number(0, 1000),
        "10",
        "how many expected places a user has by default; more are kept and remarked on",
    ),
    setting(
        "lockout.failures",
        Type::Number(1, 1000),
        "5",
        "after how many wrong answers in a row a user is locked out",
    ),
    setting(
        "challenge.cells",
        Type::Number(1, 100),
        "3",
        "how many cells of a card a challenge asks for",
    ),
];

/// The settings as the import goes by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The group that all users are in.
    pub default_group: String,
    /// Whether local users who are there already take contacts and state.
    pub existing_takes_contacts: bool,
    /// Attributes without which a created user is flagged.
    pub mandatory: Vec<String>,
    /// Named passwords that are configured.
    pub named_passwords: Vec<String>,
    /// Tokens of a user after an import.
    pub tokens_global: u64,
    /// Tokens of a user from which on there are no new ones.
    pub tokens_account: u64,
    /// Patterns of algorithms and models.
    pub supported: Vec<String>,
    /// Questions of a user.
    pub qa_pairs: u64,
    /// Characters of an answer.
    pub answer_length: u64,
    /// Bytes of a user's questions and answers.
    pub qa_size: u64,
    pub unassigned_cards: u64,
    /// Places in a user's history.
    pub history: u64,
    /// Expected places of a user.
    pub expected: u64,
}

impl Policy {
    /// What holds in this tenant.
    pub fn of(db: &Connection) -> store::Result<Self> {
        let number = |name| SETTINGS.number(db, name);
        let names = |name| SETTINGS.names(db, name);
        Ok(Self {
            default_group: SETTINGS.get(db, "default-group")?,
            existing_takes_contacts: SETTINGS.get(db, "existing-local")? == EXISTING[1],
            mandatory: names("mandatory")?,
            named_passwords: names("passwords.named")?,
            tokens_global: number("tokens.global-max")?,
            tokens_account: number("tokens.account-max")?,
            supported: names("tokens.supported")?,
            qa_pairs: number("qa.pairs")?,
            answer_length: number("qa.answer-length")?,
            qa_size: number("qa.total-size")?,
            unassigned_cards: number("cards.unassigned-max")?,
            history: number("locations.history-max")?,
            expected: number("locations.expected-max")?,
        })
    }
}
