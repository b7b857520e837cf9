//! What a load changes, record by record.
//!
//! `source diff` is the load itself in a transaction that is rolled back, so that the two can never disagree. The
//! differences of a record are noted while it is written; only once it is in are they passed on, so that one that is
//! refused half way shows nothing but the refusal.

use rusqlite::{Connection, OptionalExtension as _, Statement, params};

use crate::model::{Changes, Group, UserFacts};
use crate::store::Keys;
use crate::vault::digest::{self, Digest};
use crate::vault::sealed::{SealedUnassignedCard, SealedUnassignedToken};
use crate::vault::snapshot::page;
use crate::vault::{Error, Result};

use super::difference::{Difference, Subject, What};
use super::groups::State;
use super::items::Item;
use super::people::{Called, Person};
use super::prepare::Unowned;

/// The comparison of a load with what the vault held before.
pub(super) struct Comparison<'c, 'o> {
    db: &'c Connection,
    keys: &'o Keys,
    token: Statement<'c>,
    card: Statement<'c>,
    owner: Statement<'c>,
    /// Of the record that is being written.
    noted: Vec<Difference>,
}

/// What was under the key of a token or card before.
#[derive(Debug)]
pub(super) struct Before {
    /// Its fingerprint, where it was of no user.
    fingerprint: Option<u64>,
    gone: bool,
    whose: String,
}

impl<'c, 'o> Comparison<'c, 'o> {
    pub(super) fn new(db: &'c Connection, keys: &'o Keys) -> Result<Self> {
        let whose = |table: &str| {
            db.prepare(&format!(
                "SELECT i.gone > 0, coalesce(h.name || '/' || u.userid, 'unassigned in ' || g.name, '') FROM {table} i \
                 LEFT JOIN groups g ON g.id = i.group_id LEFT JOIN users u ON u.id = i.id >> 16 \
                 LEFT JOIN groups h ON h.id = u.group_id WHERE i.id = ?"
            ))
        };
        Ok(Self {
            db,
            keys,
            token: whose("tokens")?,
            card: whose("cards")?,
            owner: db.prepare(
                "SELECT g.name || '/' || u.userid FROM users u JOIN groups g ON g.id = u.group_id WHERE u.id = ?",
            )?,
            noted: Vec::new(),
        })
    }

    /// What was noted of a record.
    pub(super) fn take(&mut self) -> Vec<Difference> {
        std::mem::take(&mut self.noted)
    }

    fn note(&mut self, what: What, subject: Subject, name: &str, line: u64, detail: String) {
        self.noted.push(Difference {
            what,
            subject,
            name: name.to_owned(),
            line: Some(line),
            detail,
        });
    }

    /// Notes what becomes of a group.
    pub(super) fn group(&mut self, line: u64, before: Option<State>, group: &Group) {
        let mut note = |what, detail: &str| {
            self.note(what, Subject::Group, &group.name, line, detail.to_owned());
        };
        let Some(before) = before else {
            return note(What::New, "");
        };
        if before.gone {
            note(What::Returned, "");
        }
        match (before.default, group.default) {
            (false, true) => note(What::Changed, "now the default group"),
            (true, false) => note(What::Changed, "no longer the default group"),
            _ => {}
        }
    }

    /// Notes whom a record is about, where that changes.
    pub(super) fn person(&mut self, line: u64, person: &Person, user: &UserFacts) {
        let name = full_name(user);
        let mut note = |what, detail| self.note(what, Subject::User, &name, line, detail);
        if let Some(Called { group, userid }) = &person.before {
            let was = format!("was {group}/{userid}");
            if *userid != user.userid {
                note(What::Renamed, was.clone());
            }
            if *group != user.group {
                note(What::Moved, was);
            }
        }
        if person.returned {
            note(What::Returned, String::new());
        }
        if person.id.is_none() {
            note(What::New, String::new());
        }
    }

    /// The user's record as it is now, digested.
    pub(super) fn digest(&self, id: i64) -> Result<Option<Digest>> {
        let sealed = page::record(self.db, id)?;
        sealed
            .map(|sealed| Ok(Digest::of(&sealed.open(self.keys)?)))
            .transpose()
    }

    /// Notes what has become of a user who was there.
    pub(super) fn user(&mut self, line: u64, user: &UserFacts, before: &Digest, now: &Digest) {
        let changes = now.differs(before);
        if changes != Changes::NONE {
            let parts: Vec<_> = changes.names().collect();
            let (name, detail) = (full_name(user), parts.join(", "));
            self.note(What::Changed, Subject::User, &name, line, detail);
        }
    }

    /// What a row is before it makes room.
    pub(super) fn item(&mut self, item: Item, row: i64) -> Result<Before> {
        let whose = match item {
            Item::Token => &mut self.token,
            Item::Card => &mut self.card,
        };
        let (gone, whose) = whose.query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let fingerprint = match (row < 0, item) {
            (false, _) => None,
            (true, Item::Token) => page::one_unassigned(self.db, row)?
                .map(|token: SealedUnassignedToken| {
                    Ok::<_, Error>(digest::of_token(&token.open(self.keys)?))
                })
                .transpose()?,
            (true, Item::Card) => page::one_unassigned(self.db, row)?
                .map(|card: SealedUnassignedCard| {
                    Ok::<_, Error>(digest::of_card(&card.open(self.keys)?))
                })
                .transpose()?,
        };
        Ok(Before {
            fingerprint,
            gone,
            whose,
        })
    }

    /// Notes that a user's token or card was another's before.
    pub(super) fn reassigned(
        &mut self,
        line: u64,
        subject: Subject,
        name: &str,
        owner: i64,
        before: &Before,
    ) -> Result<()> {
        let now: Option<String> = self.owner.query_row([owner], |row| row.get(0)).optional()?;
        let detail = format!("{} → {}", before.whose, now.unwrap_or_default());
        self.note(What::Reassigned, subject, name, line, detail);
        Ok(())
    }

    /// Notes what becomes of a token or card of no user.
    pub(super) fn unassigned<T>(
        &mut self,
        line: u64,
        subject: Subject,
        name: &str,
        now: &Unowned<T>,
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
        self.note(what, subject, name, line, detail);
    }

    /// Passes what the load has made gone to `each`, until that returns an error.
    pub(super) fn each_gone(
        &self,
        load: i64,
        each: &mut dyn FnMut(Difference) -> Result<()>,
    ) -> Result<()> {
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
                each(Difference {
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

/// `group/userid`
fn full_name(user: &UserFacts) -> String {
    format!("{}/{}", user.group, user.userid)
}
