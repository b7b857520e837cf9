//! What a bundle's lines have beyond JSON: times in one form, and secrets that stand outside and must be named in
//! order.

use crate::json;
pub(super) use crate::json::{Fault, Parsed};
use crate::model::{Moment, SecretBytes};

/// The secrets that stand outside a block's JSON, given out in order and once.
#[derive(Clone, Default)]
pub(super) struct Secrets<'a> {
    bytes: &'a [u8],
    given: u64,
}

impl<'a> Secrets<'a> {
    /// `bytes` is `(u32 length ‖ bytes)*`, already checked to be well formed.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, given: 0 }
    }

    /// How many are left.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next secret, if there is one.
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let (len, rest) = self.bytes.split_first_chunk()?;
        let (secret, rest) = rest.split_at_checked(u32::from_be_bytes(*len) as usize)?;
        self.bytes = rest;
        self.given += 1;
        Some(secret)
    }
}

/// A position in a line, with the secrets that it may name.
pub(super) type Parser<'a, 's> = json::Parser<'a, &'s mut Secrets<'a>>;

impl Parser<'_, '_> {
    /// A moment as `YYYY-MM-DDThh:mm:ss`, an optional fraction, and `Z`.
    pub(super) fn time(&mut self) -> Parsed<Moment> {
        let at = self.place();
        let text = self.text()?;
        match text.parse() {
            Ok(time) if has_time_form(text.as_bytes()) => Ok(time),
            _ => Fault::at(
                at,
                "a time in UTC is expected here, such as 2026-01-02T03:04:05Z",
            ),
        }
    }

    /// `{"$secret":n}` with the next n.
    pub(super) fn secret(&mut self) -> Parsed<SecretBytes> {
        let at = self.place();
        let mut number: Option<u64> = None;
        self.object(|parser, key| match key {
            "$secret" => parser.once(&mut number, Self::integer),
            _ => parser.fault("{\"$secret\":n} is expected here"),
        })?;
        let given = self.context.given;
        match self.context.next() {
            Some(secret) if number == Some(given) => Ok(SecretBytes::from(secret.to_vec())),
            _ => Fault::at(at, "secrets are not numbered in order, or one is missing"),
        }
    }

    pub(super) fn secret_text(&mut self) -> Parsed<SecretBytes> {
        use secrecy::ExposeSecret as _;
        let secret = self.secret()?;
        match std::str::from_utf8(secret.expose_secret()) {
            Ok(_) => Ok(secret),
            Err(_) => self.fault("this secret is not UTF-8"),
        }
    }
}

/// The one form of the several that the library reads.
fn has_time_form(text: &[u8]) -> bool {
    let Some((date_time, [fraction @ .., b'Z'])) = text.split_at_checked(19) else {
        return false;
    };
    let shaped = date_time
        .iter()
        .zip(b"0000-00-00T00:00:00")
        .all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        });
    // The library takes one to nine digits behind the point and nothing else before the Z.
    shaped && matches!(fraction, [] | [b'.', ..])
}

pub(super) fn unknown<T>(parser: &Parser<'_, '_>, key: &str) -> Parsed<T> {
    parser.fault(format!("there is no '{key}' here in this format"))
}

pub(super) fn need<T>(parser: &Parser<'_, '_>, value: Option<T>, key: &str) -> Parsed<T> {
    match value {
        Some(value) => Ok(value),
        None => parser.fault(format!("'{key}' is missing")),
    }
}
