//! Knowledge-based authentication and passwords.

use super::{SecretBytes, Timestamp};

/// A question and its answer.
#[derive(Debug)]
pub struct QaPair {
    /// The question, as the user sees it.
    pub question: String,
    /// The answer, UTF-8.
    pub answer: SecretBytes,
}

/// A password of a user, in clear or as `Secret` holds it.
#[derive(Debug)]
pub struct Password<Secret = SecretBytes> {
    /// The name of a named password; `None` is the default one.
    pub name: Option<String>,
    /// The password, UTF-8.
    pub value: Secret,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// Whether it must be changed at the next login.
    pub must_change: Option<bool>,
}
