//! Changing the vault together with its audit entry, both or neither.

use super::desk::Opened;
use super::{Context, Failure};
use crate::store::{self, Holder, Keys, Summed, audit, state};
use crate::vault::interruptible;

impl Context<'_> {
    /// What an audit entry of this command begins with.
    pub fn audit(&self, code: &'static audit::EventCode) -> audit::Draft {
        let mut draft = audit::Draft::new(code, self.line.masked.as_str());
        draft.reason = self.line.reason.clone();
        draft
    }

    /// Writes an audit entry in a transaction of its own.
    pub fn append_audit(&mut self, draft: audit::Draft) -> Result<audit::Anchor, Failure> {
        self.write(&[], |_| Ok(draft))
    }

    /// Changes the vault and writes the audit entry about it, both or neither. `change` gives the entry. It
    /// writes no tables that are summed but `tables`, which are proven before.
    pub fn write(
        &mut self,
        tables: &[&'static Summed],
        change: impl FnOnce(&store::Transaction<'_>) -> Result<audit::Draft, Failure>,
    ) -> Result<audit::Anchor, Failure> {
        self.transact(|tx, keys| {
            let amended = state::amend(tx, keys, tables)?;
            Ok((change(tx)?, amended.into()))
        })
    }

    /// One transaction with its audit entry; `change` gives the entry and what it says of the tables that are summed.
    pub fn transact(
        &mut self,
        change: impl FnOnce(
            &store::Transaction<'_>,
            &Keys,
        ) -> Result<(audit::Draft, audit::Sums), Failure>,
    ) -> Result<audit::Anchor, Failure> {
        let holder = self.holding();
        let who = self.desk.who.clone();
        let Opened { vault, keys, .. } = self.desk.opened()?;
        let clock = self.ambient.clock.as_ref();
        let cancel = self.cancel;
        vault.file_mut().write(&holder, |tx| {
            let (draft, sums) = interruptible(tx, cancel, || change(tx, &keys))?;
            Ok(audit::append_with(
                tx,
                &draft,
                &who,
                Some(&keys),
                sums,
                clock,
            )?)
        })
    }

    /// What a session that waits for this command shows.
    pub fn holding(&self) -> Holder {
        let now = self.ambient.clock.now();
        Holder::new(self.line.masked.clone(), &self.desk.who, now)
    }
}
