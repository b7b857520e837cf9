//! What a load changes, record by record, for whoever wants to see it beforehand.
//!
//! `source diff` is the load itself in a transaction that is rolled back, so that the two can never disagree. The
//! writer notes the differences of a record while it writes; only once the record is in are they told, so that one
//! that is refused half way tells of nothing but the refusal.

use rusqlite::{OptionalExtension as _, params};

use crate::model::{Changes, names};
use crate::vault::digest::{self, Digest};
use crate::vault::sealed::{SealedToken, SealedUnassignedCard, SealedUnassignedToken};
use crate::vault::snapshot::page;
use crate::vault::{Error, Result};

use super::BadRecord;
use super::prepare::Nobodys;
use super::writer::Writer;

names! {
    /// What a load does to a record of the vault.
    What, "kind of change" {
        /// Not there before.
        New = "new",
        /// There before, with something else in it.
        Changed = "changed",
        /// Back after a full load that did not have it.
        Returned = "returned",
        /// A user with another name than before.
        Renamed = "renamed",
        /// A user in another group than before.
        Moved = "moved",
        /// A token or card that was another's.
        Reassigned = "reassigned",
        /// Not in this full load any more.
        Gone = "gone",
        /// A record that is not taken.
        Refused = "refused",
    }
}

names! {
    /// What a difference is about.
    Subject, "kind of record" {
        /// A group.
        Group = "group",
        /// A user with all that is theirs.
        User = "user",
        /// A token that changes hands, or is nobody's.
        Token = "token",
        /// A card, likewise.
        Card = "card",
        /// A record that could not be read.
        Record = "record",
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What happens.
    pub what: What,
    /// To what.
    pub subject: Subject,
    /// Its name: `group/userid`, vendor and serial; empty for a record that is refused.
    pub name: String,
    /// The line of the file that does it; none for what the file does not have.
    pub line: Option<u64>,
    /// Which parts, from whom, or why.
    pub detail: String,
}

impl Difference {
    pub(super) fn refused(bad: &BadRecord) -> Self {
        Self {
            what: What::Refused,
            subject: Subject::Record,
            name: String::new(),
            line: Some(bad.line),
            detail: format!("{}; {}", bad.what, bad.hint),
        }
    }
}

/// What was under a key before, for the comparison.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// Its fingerprint, where it was nobody's.
    fingerprint: Option<u64>,
    gone: bool,
    whose: String,
}

impl Writer<'_, '_> {
    /// Notes a difference, if anybody wants to know.
    pub(super) fn differs(
        &mut self,
        what: What,
        subject: Subject,
        name: impl FnOnce() -> String,
        line: u64,
        detail: impl FnOnce() -> String,
    ) {
        if let Some(differences) = &mut self.differences {
            differences.push(Difference {
                what,
                subject,
                name: name(),
                line: Some(line),
                detail: detail(),
            });
        }
    }

    /// The user's record as it is now, digested, if anybody wants to know.
    pub(super) fn digest_before(&self, id: i64) -> Result<Option<Digest>> {
        if self.differences.is_none() {
            return Ok(None);
        }
        let Some(sealed) = page::record(self.db, id)? else {
            return Ok(None);
        };
        Ok(Some(Digest::of(&sealed.open(self.keys)?)))
    }

    /// Notes what has become of a user who was there.
    pub(super) fn user_differs(&mut self, line: u64, name: &str, before: &Digest, now: &Digest) {
        let changes = now.differs(before);
        if changes != Changes::NONE {
            let parts: Vec<_> = changes.names().collect();
            self.differs(
                What::Changed,
                Subject::User,
                || name.to_owned(),
                line,
                || parts.join(", "),
            );
        }
    }

    /// What a row of `table` is before it makes room, if anybody wants to know.
    pub(super) fn item_before(&self, table: &str, row: i64) -> Result<Option<Before>> {
        if self.differences.is_none() {
            return Ok(None);
        }
        let sql = format!(
            "SELECT i.gone > 0, coalesce(h.name || '/' || u.userid, 'unassigned in ' || g.name, '') FROM {table} i \
             LEFT JOIN groups g ON g.id = i.group_id LEFT JOIN users u ON u.id = i.id >> 16 \
             LEFT JOIN groups h ON h.id = u.group_id WHERE i.id = ?"
        );
        let (gone, whose) = self
            .db
            .prepare_cached(&sql)?
            .query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let fingerprint = match (row < 0, table) {
            (false, _) => None,
            (true, "tokens") => page::one_unassigned(self.db, row)?
                .map(|token: SealedUnassignedToken| {
                    Ok::<_, Error>(digest::of_token(&token.open(self.keys)?))
                })
                .transpose()?,
            (true, _) => page::one_unassigned(self.db, row)?
                .map(|card: SealedUnassignedCard| {
                    Ok::<_, Error>(digest::of_card(&card.open(self.keys)?))
                })
                .transpose()?,
        };
        Ok(Some(Before {
            fingerprint,
            gone,
            whose,
        }))
    }

    /// Notes that a user's token or card was another's before.
    pub(super) fn item_reassigned(
        &mut self,
        line: u64,
        subject: Subject,
        name: impl FnOnce() -> String,
        owner: i64,
        before: Option<Before>,
    ) -> Result<()> {
        let Some(before) = before else {
            return Ok(());
        };
        let now: Option<String> = self
            .db
            .prepare_cached(
                "SELECT g.name || '/' || u.userid FROM users u JOIN groups g ON g.id = u.group_id WHERE u.id = ?",
            )?
            .query_row([owner], |row| row.get(0))
            .optional()?;
        self.differs(What::Reassigned, subject, name, line, || {
            format!("{} → {}", before.whose, now.unwrap_or_default())
        });
        Ok(())
    }

    /// Notes what becomes of a token or card that is nobody's.
    pub(super) fn nobodys_differs<T>(
        &mut self,
        line: u64,
        subject: Subject,
        name: impl FnOnce() -> String,
        now: &Nobodys<T>,
        group: &str,
        before: Option<Before>,
    ) {
        let (what, detail) = match before {
            None => (What::New, format!("unassigned in {group}")),
            Some(before) if before.fingerprint.is_none() => (
                What::Reassigned,
                format!("{} → unassigned in {group}", before.whose),
            ),
            Some(before) if before.gone => (What::Returned, format!("unassigned in {group}")),
            Some(before) if before.fingerprint == now.fingerprint => return,
            Some(_) => (What::Changed, format!("unassigned in {group}")),
        };
        self.differs(what, subject, name, line, || detail);
    }

    /// What the load has made gone, to `tell` until it has heard enough.
    pub(super) fn each_gone(&self, tell: &mut dyn FnMut(Difference) -> Result<()>) -> Result<()> {
        let load = self.report.number;
        for (subject, sql) in [
            (
                Subject::Group,
                "SELECT name, '' FROM groups WHERE gone = ? ORDER BY id",
            ),
            (
                Subject::User,
                "SELECT g.name || '/' || u.userid, CASE WHEN p.phase > 0 AND p.bundle IS NOT NULL \
                 THEN 'in bundle ' || p.bundle || '; disable on the target' ELSE '' END \
                 FROM users u JOIN groups g ON g.id = u.group_id LEFT JOIN progress p ON p.user = u.id \
                 WHERE u.gone = ? ORDER BY u.id",
            ),
            (
                Subject::Token,
                "SELECT t.vendor || ' ' || t.serial, 'unassigned in ' || g.name FROM tokens t \
                 JOIN groups g ON g.id = t.group_id WHERE t.id < 0 AND t.gone = ? ORDER BY t.id DESC",
            ),
            (
                Subject::Card,
                "SELECT c.serial || '', 'unassigned in ' || g.name FROM cards c \
                 JOIN groups g ON g.id = c.group_id WHERE c.id < 0 AND c.gone = ? ORDER BY c.id DESC",
            ),
        ] {
            let mut statement = self.db.prepare(sql)?;
            let mut rows = statement.query(params![load])?;
            while let Some(row) = rows.next()? {
                tell(Difference {
                    what: What::Gone,
                    subject,
                    name: row.get(0)?,
                    line: None,
                    detail: row.get(1)?,
                })?;
            }
        }
        Ok(())
    }
}

/// A token's name in a difference.
pub(super) fn token_name(token: &SealedToken) -> String {
    format!("{} {}", token.facts.vendor, token.facts.serial)
}
