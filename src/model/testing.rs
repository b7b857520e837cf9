//! Records for the tests of every room.

use super::*;

/// A record that a test changes where it makes it.
pub(crate) trait But: Sized {
    /// The record after `change`.
    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl<T> But for T {}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn secret(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes().to_vec())
}

/// A hardware token with clock of which nothing else is known.
pub(crate) fn token(vendor: &str, serial: &str) -> TokenFacts {
    TokenFacts::new(
        vendor.into(),
        serial.into(),
        TokenKind::Hardware,
        Algorithm::Totp,
    )
}

/// A soft token with every fact that there can be.
pub(crate) fn whole_token(vendor: &str, serial: &str) -> TokenFacts {
    TokenFacts {
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

/// A card of two rows and two columns with every fact that there can be.
pub(crate) fn whole_card(serial: u64) -> CardFacts {
    CardFacts {
        serial,
        created: Some(at("2020-01-02T03:04:05Z")),
        expires: Some(at("2031-01-02T03:04:05Z")),
        superseded: Some(at("2030-01-02T03:04:05Z")),
        usage: Some(Usage::Warning),
        challenge_count: Some(12),
        least_used_cell: Some(1),
        cell_usage: Some(vec![1, 2, 3, 4]),
        rows: 2,
        columns: 2,
    }
}

/// A password without a date.
pub(crate) fn password(name: Option<&str>, value: &str) -> Password {
    Password {
        name: name.map(str::to_owned),
        value: secret(value),
        expires: None,
        must_change: None,
    }
}
