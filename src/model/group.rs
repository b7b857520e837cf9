//! Groups: every user is in exactly one.

/// A group of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name; never holds a `/`, which splits group from user name in a full user id.
    pub name: String,
    /// Whether it is the source's default group.
    pub default: bool,
}
