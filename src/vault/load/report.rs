//! What a load has done, counted.

use crate::model::{Changes, Moment};

/// How many records of a kind a load has brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Not there before.
    pub new: u64,
    /// There before, replaced.
    pub replaced: u64,
    /// There before and not in this full load.
    pub gone: u64,
}

impl Tally {
    /// Counts a record that was written.
    pub(super) fn count(&mut self, replaced: bool) {
        *match replaced {
            true => &mut self.replaced,
            false => &mut self.new,
        } += 1;
    }

    /// Records in the file.
    pub fn loaded(&self) -> u64 {
        self.new + self.replaced
    }
}

/// What a load has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadReport {
    pub number: i64,
    /// The system the records come from; empty where it has no name.
    pub system: String,
    /// Whether absent records are now gone.
    pub full: bool,
    /// Users of the system who were there before a full load.
    pub before: u64,
    /// When the source wrote the records.
    pub exported: Option<Moment>,
    pub groups: Tally,
    pub users: Tally,
    /// Unassigned tokens.
    pub tokens: Tally,
    /// Unassigned cards.
    pub cards: Tally,
    /// Tokens of the loaded users.
    pub assigned_tokens: u64,
    /// Cards of the loaded users.
    pub assigned_cards: u64,
    /// Users with another name than before.
    pub renamed: u64,
    /// Users in another group than before.
    pub moved: u64,
    /// Users who had been gone.
    pub returned: u64,
    /// Users whose workflow alias has staged them for export.
    pub staged: u64,
    /// Workflow aliases that were left out.
    pub aliases_dropped: u64,
    /// Tokens and cards that were another's before.
    pub reassigned: u64,
    /// Loaded users who differ from what their last bundle held.
    pub drift: Drift,
    /// User ids, aliases and groups that are not what they look like, see [`crate::model::oddity`].
    pub odd_names: u64,
    /// Bad records that were left out.
    pub skipped: u64,
    /// Tokens of the file whose seed is the text of an encoding.
    pub encoded: Remarks,
    /// Tokens that are like others.
    pub alike: Remarks,
}

/// What of a load a master should look at: how many there are, and the first few in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// All of them.
    pub count: u64,
    /// The first few.
    pub first: Vec<String>,
}

impl Remarks {
    /// So many are put into words.
    const FIRST: usize = 3;

    /// Notes one more; `what` is called where it will be shown.
    pub(super) fn note<E>(&mut self, what: impl FnOnce() -> Result<String, E>) -> Result<(), E> {
        if self.first.len() < Self::FIRST {
            self.first.push(what()?);
        }
        self.count += 1;
        Ok(())
    }
}

impl LoadReport {
    /// Whether no user came, and no token or card of no user in their place, which only a delta may bring alone.
    pub fn is_empty(&self) -> bool {
        let spare = self.tokens.loaded() + self.cards.loaded();
        self.users.loaded() == 0 && (self.full || spare == 0)
    }
}

/// How many loaded users differ from what their last bundle held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drift {
    pub users: u64,
    /// How many of them in each way, in the order of [`Changes::ALL`]; a user may count in several.
    pub ways: [u64; Changes::ALL.len()],
}

impl Drift {
    pub(super) fn count(&mut self, changes: Changes) {
        if changes.is_empty() {
            return;
        }
        self.users += 1;
        for (count, (way, _)) in self.ways.iter_mut().zip(Changes::ALL) {
            *count += u64::from(changes.contains(way));
        }
    }

    /// The ways that occur, by name, each with its count.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Changes::ALL
            .iter()
            .zip(self.ways)
            .map(|((_, name), count)| (*name, count))
            .filter(|(_, count)| *count > 0)
    }
}
