//! The names that exist in the vault right now, for the checks and suggestions of the language.

use super::spec::Complete;

/// The names that exist. The shell implements it over the vault; nothing here opens one.
pub trait LiveNames {
    /// Whether a thing of this kind has exactly this name; `None` where that is unknown, without a session or
    /// while a script is only checked.
    fn exists(&self, kind: Complete, name: &str) -> Option<bool>;

    /// The names of this kind, for "did you mean" and for names that differ in letter case; may be cut.
    fn names(&self, kind: Complete) -> Vec<String>;
}

/// Nothing is known: what depends on live names is taken as it is.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoLiveNames;

impl LiveNames for NoLiveNames {
    fn exists(&self, _: Complete, _: &str) -> Option<bool> {
        None
    }

    fn names(&self, _: Complete) -> Vec<String> {
        Vec::new()
    }
}
