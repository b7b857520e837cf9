//! One-time-password tokens, hardware and soft.

use super::enumeration::names;
use super::{Moment, SecretBytes, Text};

names! {
    /// What a token is made of.
    TokenKind, "token kind" {
        /// A device.
        Hardware = "hardware",
        /// An app.
        Soft = "soft",
    }
}

names! {
    /// How a token computes its codes.
    Algorithm, "token algorithm" {
        /// Time-based, RFC 6238.
        Totp = "totp",
        /// Event-based, RFC 4226.
        Hotp = "hotp",
        /// Challenge/response, RFC 6287.
        Ocra = "ocra",
        /// The vendor's challenge/response token, which also shows one-time passwords.
        Cr = "cr",
        /// The vendor's event-based model.
        At = "at",
    }
}

impl Algorithm {
    /// Whether codes depend on a counter that goes out of step when the token is used on both sides.
    pub const fn is_event_based(self) -> bool {
        matches!(self, Self::Hotp | Self::At)
    }
}

names! {
    /// The hash under the HMAC.
    Hash, "hash" {
        /// SHA-1, the default of the RFCs.
        Sha1 = "sha1",
        Sha256 = "sha256",
        Sha512 = "sha512",
    }
}

names! {
    /// State of an assigned token in the source.
    TokenState, "token state" {
        /// Assigned, not used yet.
        Pending = "pending",
        /// In use.
        Current = "current",
        /// Suspended.
        Hold = "hold",
        /// Suspended before first use.
        HoldPending = "hold_pending",
        /// A soft token under way.
        Activating = "activating",
        /// Withdrawn.
        Canceled = "canceled",
    }
}

impl TokenState {
    /// Whether the target takes a token in this state (igsh-migration(7), WHAT GOES).
    pub const fn is_usable(self) -> bool {
        !matches!(self, Self::Activating | Self::Canceled)
    }
}

names! {
    /// How far the activation of a soft token has come.
    Activation, "activation state" {
        /// Nothing shown to the user yet.
        Created = "created",
        /// The activation code has been shown.
        CodeGenerated = "code_generated",
        /// Complete.
        Activated = "activated",
    }
}

/// The facts of a token, the same in source and target: not its state, and nothing secret. Vendor, serial and, where
/// two keys share them, issue number or key id identify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    /// Vendor name.
    pub vendor: Text,
    /// Serial number without dashes.
    pub serial: Text,
    /// Hardware or soft.
    pub kind: TokenKind,
    /// Model name.
    pub model: Option<Text>,
    /// How codes are computed.
    pub algorithm: Algorithm,
    /// The hash under the HMAC.
    pub hash: Option<Hash>,
    /// Length of a code.
    pub digits: Option<u32>,
    /// Time step in seconds.
    pub step: Option<u32>,
    /// Counter of an event-based token.
    pub counter: Option<u64>,
    /// Clock drift in time steps.
    pub drift: Option<i64>,
    /// Soft tokens: the identity provider's address.
    pub idp_url: Option<Text>,
    /// Soft tokens: whether they use push authentication or transactions.
    pub transactions: Option<bool>,
    /// When the token was loaded into the source.
    pub load_date: Option<Moment>,
    pub last_used: Option<Moment>,
    pub expires: Option<Moment>,
    pub issue_no: Option<Text>,
    pub key_id: Option<Text>,
    pub comment: Option<Text>,
}

impl TokenFacts {
    /// A token without any other facts.
    pub const fn new(vendor: Text, serial: Text, kind: TokenKind, algorithm: Algorithm) -> Self {
        Self {
            vendor,
            serial,
            kind,
            model: None,
            algorithm,
            hash: None,
            digits: None,
            step: None,
            counter: None,
            drift: None,
            idp_url: None,
            transactions: None,
            load_date: None,
            last_used: None,
            expires: None,
            issue_no: None,
            key_id: None,
            comment: None,
        }
    }

    /// What distinguishes two keys of one serial number: the issue number, else the key id.
    pub fn distinction(&self) -> &str {
        self.issue_no
            .as_deref()
            .or(self.key_id.as_deref())
            .unwrap_or_default()
    }

    /// Whether it and `other`, of the same vendor and serial number, are two tokens by what both say: another issue
    /// number or another key id. What only one of them has is no difference.
    pub fn is_another(&self, other: &Self) -> bool {
        let differs = |one: &Option<Text>, other: &Option<Text>| match (one, other) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        };
        differs(&self.issue_no, &other.issue_no) || differs(&self.key_id, &other.key_id)
    }

    /// What identifies a token: serial number, vendor, and [`TokenFacts::distinction`].
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.serial, &self.vendor, self.distinction())
    }
}

#[cfg(test)]
impl TokenFacts {
    /// A soft token with every fact that there can be.
    pub(crate) fn whole(vendor: &str, serial: &str) -> Self {
        use super::testing::at;
        Self {
            vendor: vendor.into(),
            serial: serial.into(),
            kind: TokenKind::Soft,
            model: Some("OT".into()),
            algorithm: Algorithm::Totp,
            hash: Some(Hash::Sha256),
            digits: Some(6),
            step: Some(30),
            counter: Some(7),
            drift: Some(-2),
            idp_url: Some("https://host:8445/igst".into()),
            transactions: Some(true),
            load_date: Some(at("2020-01-02T03:04:05Z")),
            last_used: Some(at("2021-01-02T03:04:05.123456Z")),
            expires: Some(at("2031-01-02T03:04:05Z")),
            issue_no: Some("1".into()),
            key_id: Some("k".into()),
            comment: Some("in a drawer".into()),
        }
    }
}

/// A token as the source has it, its secrets in clear or as `Secret` holds them.
#[derive(Debug)]
pub struct Token<Secret = SecretBytes> {
    pub facts: TokenFacts,
    /// State of an assigned token; an unassigned one has none.
    pub state: Option<TokenState>,
    /// Soft tokens: how far the activation has come.
    pub activation: Option<Activation>,
    pub seed: Secret,
    /// PIN unblock data.
    pub unlock: Option<Secret>,
}

impl<Secret> Token<Secret> {
    /// Whether it needs no activation, or has had all of it.
    pub fn is_activated(&self) -> bool {
        self.facts.kind == TokenKind::Hardware || self.activation == Some(Activation::Activated)
    }
}

/// A token, as the source or the target has it, that belongs to a group and to no user.
#[derive(Debug)]
pub struct UnassignedToken<T = Token> {
    /// The group that holds it.
    pub group: String,
    /// The token; its state is `None`.
    pub token: T,
}
