//! What a selection comes to, before any record is opened: the one look that an export, its plan, its rehearsal and the
//! pre-flight begin with.

use crate::ambient::CancelToken;
use crate::lang::selection::{Entity, Selection};
use crate::migrate::error::Result;
use crate::migrate::results::Named;
use crate::store::Keys;
use crate::vault::snapshot::{Beyond, Collision, Mapped, Snapshot, Unassigned};
use crate::vault::{self, Vault, ledger, query};

/// A snapshot, counted.
pub struct Survey {
    pub(super) snapshot: Snapshot,
    /// Chosen users, those who will be left out included.
    pub users: u64,
    /// How many users the selection chooses, where they were counted: not for unassigned items only.
    chosen: Option<u64>,
    /// Unassigned tokens that go along.
    pub tokens: u64,
    /// Unassigned cards that go along.
    pub cards: u64,
    /// Unassigned cards in earlier bundles.
    pub(super) earlier_cards: u64,
}

impl Survey {
    /// Takes a snapshot of what is chosen, see [`Vault::snapshot`], and counts.
    pub fn take(
        vault: &Vault,
        keys: &Keys,
        selection: &Selection,
        unassigned: Unassigned,
        cancel: &CancelToken,
    ) -> Result<Self> {
        let snapshot = vault.snapshot(Some(keys), selection, unassigned, cancel)?;
        let (tokens, cards) = snapshot.unassigned()?;
        Ok(Self {
            users: snapshot.users(),
            chosen: (unassigned != Unassigned::Only).then(|| snapshot.users()),
            tokens,
            cards,
            earlier_cards: ledger::unassigned_cards(snapshot.connection())?,
            snapshot,
        })
    }

    /// Users and unassigned items.
    pub fn total(&self) -> u64 {
        self.users + self.tokens + self.cards
    }

    /// How many users there are in the vault, chosen or not.
    pub fn all(&self) -> Result<u64> {
        Ok(self.snapshot.all()?)
    }

    /// How many more users the selection would choose if letter case did not matter.
    pub fn more_without_case(&self, selection: &Selection) -> Result<u64> {
        let db = self.snapshot.connection();
        let more = query::more_without_case(db, selection, Entity::User, self.chosen)?;
        Ok(more)
    }

    /// The number that the ledger gives to the next bundle, if no other session begins one before.
    pub fn next_bundle(&self) -> Result<u64> {
        Ok(ledger::next(self.snapshot.connection())?)
    }

    /// Takes the target's users, see [`Snapshot::targets`].
    pub fn targets<E: From<vault::Error>>(
        &self,
        names: impl Iterator<Item = std::result::Result<(u64, String), E>>,
    ) -> std::result::Result<u64, E> {
        self.snapshot.targets(names)
    }

    /// The target's users whom no user of the vault can be, see [`Snapshot::strangers`].
    pub fn strangers(&self, cancel: &CancelToken) -> Result<Named> {
        let (count, first) = self.snapshot.strangers(Named::NAMED, cancel)?;
        Ok(Named::new(
            count,
            first.iter().map(|(name, line)| (name.as_str(), *line)),
        ))
    }

    /// The names that chosen users would share, see [`Snapshot::collisions`]; how many they are. Without users there are
    /// none.
    pub(super) fn collisions(
        &mut self,
        prefixes: &[String],
        cancel: &CancelToken,
        each: impl FnMut(Collision) -> vault::Result<()>,
    ) -> Result<u64> {
        match self.users {
            0 => Ok(0),
            _ => Ok(self.snapshot.collisions(prefixes, cancel, each)?),
        }
    }

    /// How many of the chosen users are already in which bundle.
    pub(super) fn already(&self) -> Result<Vec<(u64, u64)>> {
        match self.users {
            0 => Ok(Vec::new()),
            _ => Ok(self.snapshot.already()?),
        }
    }

    /// How many of those who go are imported or migrated.
    pub(super) fn beyond(&self) -> Result<Beyond> {
        Ok(self.snapshot.beyond()?)
    }

    /// Who of the chosen users goes under an id that a master gave.
    pub(super) fn mapped(&self) -> Result<Mapped> {
        match self.users {
            0 => Ok(Mapped::default()),
            _ => Ok(self.snapshot.mapped()?),
        }
    }
}
