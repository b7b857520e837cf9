//! Grid cards.

use super::enumeration::names;
use super::{Moment, SecretBytes};

names! {
    /// State of an assigned card in the source.
    CardState, "card state" {
        /// Assigned, not used yet.
        Pending = "pending",
        /// Suspended before first use.
        HoldPending = "hold_pending",
        /// In use.
        Current = "current",
        /// Suspended.
        Hold = "hold",
        /// Withdrawn.
        Canceled = "canceled",
    }
}

impl CardState {
    /// Whether the target takes a card in this state (igsh-migration(7), WHAT GOES).
    pub const fn is_usable(self) -> bool {
        !matches!(self, Self::Canceled)
    }
}

names! {
    /// How worn a card is: the usage threshold indicator.
    Usage, "card usage" {
        /// The source does not say.
        Unknown = "unknown",
        /// Below every threshold.
        None = "none",
        /// The user is warned.
        Warning = "warning",
        /// A new card is due.
        Replacement = "replacement",
    }
}

/// The facts of a grid card, the same in source and target: not its state, and not its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFacts {
    /// Serial number, one numeric sequence for the whole source.
    pub serial: u64,
    /// When it was made.
    pub created: Option<Moment>,
    pub expires: Option<Moment>,
    /// When another card took its place.
    pub superseded: Option<Moment>,
    /// Usage threshold indicator.
    pub usage: Option<Usage>,
    /// How many challenges it has answered.
    pub challenge_count: Option<u64>,
    /// How often the least used cell was asked.
    pub least_used_cell: Option<u64>,
    /// How often each cell was asked, in row order.
    pub cell_usage: Option<Vec<u64>>,
    /// Number of rows (digits).
    pub rows: u32,
    /// Number of columns (letters).
    pub columns: u32,
}

impl CardFacts {
    /// A card without any other facts.
    pub const fn new(serial: u64, rows: u32, columns: u32) -> Self {
        Self {
            serial,
            created: None,
            expires: None,
            superseded: None,
            usage: None,
            challenge_count: None,
            least_used_cell: None,
            cell_usage: None,
            rows,
            columns,
        }
    }
}

#[cfg(test)]
impl CardFacts {
    /// A card of two rows and two columns with every fact that there can be.
    pub(crate) fn whole(serial: u64) -> Self {
        use super::testing::at;
        Self {
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
}

/// A grid card as the source has it, its cells in clear or as `Secret` holds them.
#[derive(Debug)]
pub struct Card<Secret = SecretBytes> {
    pub facts: CardFacts,
    /// State of an assigned card; an unassigned one has none.
    pub state: Option<CardState>,
    /// One byte cell length, then `rows × columns` cells of that length in row order: A1, B1, …
    pub cells: Secret,
}

/// A card, as the source or the target has it, that belongs to a group and to no user.
#[derive(Debug)]
pub struct UnassignedCard<C = Card> {
    /// The group that holds it.
    pub group: String,
    /// Made in quantity and never assigned.
    pub preproduced: bool,
    pub comment: Option<String>,
    /// The card; its state is `None`.
    pub card: C,
}
