//! Knowledge-based authentication and passwords.

use secrecy::ExposeSecret as _;

use super::{Moment, SecretBytes, beginning};

/// A question and its answer.
#[derive(Debug)]
pub struct QaPair {
    /// The question, as the user sees it.
    pub question: String,
    /// The answer, UTF-8.
    pub answer: SecretBytes,
}

impl QaPair {
    /// The answer cut to `limit` Unicode scalar values; `None` where it has no more.
    pub fn cut(&self, limit: usize) -> Option<SecretBytes> {
        let answer = self.answer.expose_secret();
        if answer.len() <= limit {
            return None;
        }
        let text = std::str::from_utf8(answer).ok()?;
        let short = beginning(text, limit);
        (short.len() < text.len()).then(|| SecretBytes::from(short.as_bytes().to_vec()))
    }
}

/// A password of a user, in clear or as `Secret` holds it.
#[derive(Debug)]
pub struct Password<Secret = SecretBytes> {
    /// The name of a named password; `None` is the default one.
    pub name: Option<String>,
    /// The password, UTF-8.
    pub value: Secret,
    pub expires: Option<Moment>,
    /// Whether it must be changed at the next login.
    pub must_change: Option<bool>,
}
