//! Loading tokens that a vendor delivers: unassigned ones of one group.
//!
//! Unlike the records of a source they replace nothing: a token that is there already may be somebody's.

use rusqlite::{Connection, OptionalExtension as _, Transaction};

use crate::ambient::{CancelToken, Progress};
use crate::model::{Schema, SourceRecord, Token, UnassignedToken};
use crate::store::audit::Sums;
use crate::store::{self, Holder, Keys, state};
use crate::vault::decisions::LATE;
use crate::vault::{Error, Result, Vault};

use super::writer::Writer;
use super::{BadRecord, LoadOptions, load};

impl Vault {
    /// Loads tokens, each with its line, into `group`, else into the default group. A token that the vault has already
    /// is a bad record. `audit` runs in the same transaction with the number of tokens and the name of the group.
    ///
    /// # Errors
    /// [`Error::NoGroup`] besides those of [`Vault::load`]: nothing was changed.
    #[allow(clippy::too_many_arguments)]
    pub fn load_tokens(
        &mut self,
        keys: &Keys,
        tokens: impl Iterator<Item = Result<(u64, Token), BadRecord>> + Send,
        group: Option<&str>,
        options: &LoadOptions,
        holder: &Holder,
        audit: impl FnOnce(&Transaction<'_>, u64, &str, Sums) -> store::Result<()>,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<(u64, String)> {
        self.file.write(holder, |tx| {
            let amended = state::amend(tx, keys, LATE)?;
            let (group, writer) = Writer::of_new_tokens(tx, options, keys, group)?;
            let records = tokens.map(|item| item.map(|(line, token)| (line, held(&group, token))));
            let (report, _) =
                load(options, &mut |_| Ok(()), progress, cancel).run(writer, records)?;
            audit(tx, report.tokens.new, &group, amended.into())?;
            Ok((report.tokens.new, group))
        })
    }
}

pub(super) fn held(group: &str, token: Token) -> SourceRecord {
    SourceRecord::Token(Box::new(UnassignedToken {
        group: group.to_owned(),
        token,
    }))
}

impl<'c, 'o> Writer<'c, 'o> {
    /// A writer of tokens that are new to the vault, and the group that they go into.
    pub(super) fn of_new_tokens(
        db: &'c Connection,
        options: &'o LoadOptions,
        keys: &'o Keys,
        group: Option<&str>,
    ) -> Result<(String, Self)> {
        let found = db
            .query_row(
                "SELECT name, system_id FROM groups WHERE gone = 0 AND iif(?1 IS NULL, is_default, name = ?1) \
                 ORDER BY id LIMIT 1",
                [group],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let (name, system) = found.ok_or_else(|| Error::NoGroup {
            name: group.map(str::to_owned),
        })?;
        let mut writer = Self::new(db, options, keys, u64::MAX)?;
        writer.only_new = true;
        writer.open(system, &Schema::default())?;
        Ok((name, writer))
    }
}
