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

/// The moment of a record or of a clock.
pub(crate) fn at<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(crate) fn secret(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes().to_vec())
}

/// A hardware token with a clock and no other facts.
pub(crate) fn token(vendor: &str, serial: &str) -> TokenFacts {
    TokenFacts::new(
        vendor.into(),
        serial.into(),
        TokenKind::Hardware,
        Algorithm::Totp,
    )
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
