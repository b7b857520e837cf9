//! Loading tokens that a vendor delivers: unassigned ones of one group.
//!
//! Unlike the records of a source they replace nothing: a token that is there already may have an owner.

use rusqlite::Transaction;

use crate::ambient::{CancelToken, Progress};
use crate::model::{SourceRecord, Token, UnassignedToken};
use crate::store::audit::Sums;
use crate::store::{self, Holder, Keys, state};
use crate::vault::decisions::LATE;
use crate::vault::{Result, Vault};

use super::bad::BadRecord;
use super::options::LoadOptions;
use super::report::LoadReport;
use super::running::Load;
use super::writer::Writer;

impl Vault {
    /// Loads tokens, each with its line, into `group`, else into the default group. A token that the vault has already
    /// is a bad record: by its key, or by vendor, serial number and seed where one side lacks the issue number or key
    /// id. `audit` runs in the same transaction with the number of tokens and the name of the group.
    ///
    /// # Errors
    /// [`crate::vault::Error::NoGroup`] besides those of [`Vault::load`]: nothing was changed.
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
    ) -> Result<(LoadReport, String)> {
        self.file.write(holder, |tx| {
            let amended = state::amend(tx, keys, LATE)?;
            let (group, writer) = Writer::of_new_tokens(tx, options, keys, group)?;
            let records = tokens.map(|item| item.map(|(line, token)| (line, held(&group, token))));
            let (report, _) = Load {
                options,
                news: &mut |_| Ok(()),
                progress,
                cancel,
            }
            .run(writer, records)?;
            audit(tx, report.tokens.new, &group, amended.into())?;
            Ok((report, group))
        })
    }
}

pub(super) fn held(group: &str, token: Token) -> SourceRecord {
    SourceRecord::Token(Box::new(UnassignedToken {
        group: group.to_owned(),
        token,
    }))
}
