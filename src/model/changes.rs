//! How a user differs from what their last bundle held.

/// A set of the ways in which a record can differ from what was exported, as the vault keeps it: one bit a way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Changes(pub u8);

impl Changes {
    /// Nothing differs.
    pub const NONE: Self = Self(0);
    /// A token, card, named password or the questions as such that the bundle did not hold: what an import of a second
    /// bundle adds.
    pub const NEW_AUTHENTICATOR: Self = Self(1);
    /// The counter of an event-based token.
    pub const COUNTER: Self = Self(2);
    /// Questions, answers, or their order.
    pub const QA: Self = Self(4);
    /// A card: its contents, state or expiry.
    pub const CARD: Self = Self(8);
    /// The state of the user or of a token.
    pub const STATE: Self = Self(16);
    /// Anything else that is migrated, or that cannot be determined because an older version wrote the bundle.
    pub const OTHER: Self = Self(32);

    /// Every way with its name in commands, in the order of the bits.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::NEW_AUTHENTICATOR, "new-authenticator"),
        (Self::COUNTER, "counter"),
        (Self::QA, "qa"),
        (Self::CARD, "card"),
        (Self::STATE, "state"),
        (Self::OTHER, "other"),
    ];

    /// Whether nothing differs.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` is among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Adds `other`.
    pub const fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The names of these, in the order of [`Changes::ALL`].
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::ALL
            .into_iter()
            .filter(move |(one, _)| self.contains(*one))
            .map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_one_bit_with_a_name() {
        let mut all = Changes::NONE;
        for (bit, (one, name)) in Changes::ALL.into_iter().enumerate() {
            assert_eq!(one.0, 1 << bit);
            assert!(!all.contains(one));
            assert_eq!(one.names().collect::<Vec<_>>(), [name]);
            all.insert(one);
        }
        assert_eq!(all.names().count(), Changes::ALL.len());
        assert!(Changes::NONE.is_empty() && Changes::NONE.names().next().is_none());
    }
}
