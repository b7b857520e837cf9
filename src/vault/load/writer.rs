//! The writing half of a load: which row a record becomes or replaces.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Statement, params};

use crate::model::Schema;
use crate::store::Keys;
use crate::vault::Result;
use crate::vault::sealed::SealedUser;

use super::difference::{Difference, Subject, What, token_name};
use super::exported::InBundles;
use super::indexes::{self, Bulk};
use super::items::Given;
use super::person::{People, full_name};
use super::prepare::{Prepared, PreparedUser};
use super::rows::{Origin, Rows, places};
use super::{BadRecord, LoadOptions, LoadReport, Trouble};

/// A load's side of the database.
pub(super) struct Writer<'c, 'o> {
    pub(super) db: &'c Connection,
    pub(super) options: &'o LoadOptions,
    pub(super) keys: &'o Keys,
    pub(super) report: LoadReport,
    pub(super) rows: Rows<'c>,
    pub(super) people: People<'c>,
    /// About users who are in a bundle, if any is.
    pub(super) in_bundles: Option<InBundles<'c>>,
    /// The addresses that masters have given to tokens, if they have.
    pub(super) given: Option<Given<'c>>,
    /// What the record that is being written changes, if anybody wants to know.
    pub(super) differences: Option<Vec<Difference>>,
    pub(super) token_before: Statement<'c>,
    pub(super) card_before: Statement<'c>,
    pub(super) vendors: HashSet<String>,
    pub(super) groups: HashMap<String, KnownGroup>,
    /// Whether tokens that are there already are errors.
    pub(super) only_new: bool,
    /// The system of the records, once it is known.
    pub(super) system: Option<i64>,
    pub(super) default_group: Option<(String, u64)>,
    /// The first user that was not there before.
    pub(super) first_user: i64,
    next_user: i64,
    pub(super) next_token: i64,
    pub(super) next_card: i64,
    /// What the vault held before, so that an empty one is not searched.
    pub(super) tokens_before: bool,
    pub(super) cards_before: bool,
    users_before: u64,
    bulk_from: u64,
    bulk: Option<Bulk>,
}

/// A group of the vault.
pub(super) struct KnownGroup {
    pub(super) id: i64,
    /// Its line in this load, once it was named there.
    pub(super) line: Option<u64>,
    /// Whether this load has it or somebody in it.
    pub(super) seen: bool,
}

impl<'c, 'o> Writer<'c, 'o> {
    pub(super) fn new(
        db: &'c Connection,
        options: &'o LoadOptions,
        keys: &'o Keys,
        bulk_from: u64,
    ) -> Result<Self> {
        let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
        let load = one("SELECT coalesce(max(id), 0) + 1 FROM loads")?;
        let users_before = one("SELECT count(*) FROM users")?;
        let first_user = one("SELECT coalesce(max(id), 0) + 1 FROM users")?;
        let mut statement = db.prepare("SELECT name, id FROM groups")?;
        let groups = statement
            .query_map([], |row| {
                let known = KnownGroup {
                    id: row.get(1)?,
                    line: None,
                    seen: false,
                };
                Ok((row.get(0)?, known))
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Self {
            db,
            options,
            keys,
            rows: Rows::new(db)?,
            people: People::new(db, load, users_before > 0)?,
            in_bundles: InBundles::new(db)?,
            given: Given::new(db)?,
            differences: None,
            // `load` is a literal: only so can the partial indexes of a big load be used.
            token_before: db.prepare(&format!(
                "SELECT id FROM tokens WHERE serial = ? AND vendor = ? \
                 AND coalesce(issue_no, key_id, '') = ? AND load < {load}"
            ))?,
            card_before: db.prepare(&format!(
                "SELECT id FROM cards WHERE serial = ? AND load < {load}"
            ))?,
            vendors: db
                .prepare("SELECT name FROM vendors")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?,
            groups,
            only_new: false,
            system: None,
            default_group: None,
            first_user,
            next_user: first_user,
            next_token: one("SELECT min(coalesce(min(id), 0), 0) - 1 FROM tokens")?,
            next_card: one("SELECT min(coalesce(min(id), 0), 0) - 1 FROM cards")?,
            tokens_before: one("SELECT EXISTS (SELECT 1 FROM tokens)")? == 1,
            cards_before: one("SELECT EXISTS (SELECT 1 FROM cards)")? == 1,
            users_before: users_before.unsigned_abs(),
            bulk_from,
            bulk: None,
            report: LoadReport {
                number: load,
                ..LoadReport::default()
            },
        })
    }

    /// Writes one record.
    pub(super) fn write(
        &mut self,
        line: u64,
        record: Prepared,
    ) -> std::result::Result<(), Trouble> {
        if let Prepared::Schema(schema) = &record {
            if self.system.is_some() {
                let what = "the schema stands after other records";
                return Err(BadRecord::at(line, what, "it is the first line of a file").into());
            }
            self.begin(schema)?;
            return Ok(());
        }
        let from = Origin {
            load: self.report.number,
            line: i64::try_from(line).unwrap_or(i64::MAX),
            system: match self.system {
                Some(system) => system,
                None => self.begin(&Schema::default())?,
            },
        };
        match record {
            Prepared::Group(group) => self.group(line, &group, from),
            Prepared::User(mut user) => {
                self.whole(|writer| writer.user(line, &mut user, from))?;
                self.grow()?;
                Ok(())
            }
            Prepared::Token(token) => self.unassigned_token(line, &token, from),
            Prepared::Card(card) => self.unassigned_card(line, &card, from),
            Prepared::Schema(_) => Ok(()),
        }
    }

    /// Does all of `record` or nothing of it, where the load can go on without it.
    fn whole(
        &mut self,
        record: impl FnOnce(&mut Self) -> std::result::Result<(), Trouble>,
    ) -> std::result::Result<(), Trouble> {
        // With the indexes away nothing fails half way.
        if !self.options.skip_bad || self.is_bulk() {
            return record(self);
        }
        let before = self.report.clone();
        self.db.execute_batch("SAVEPOINT record")?;
        match record(self) {
            // Nothing is left to take back where the whole load is over.
            Err(Trouble::Load(error)) => Err(error.into()),
            Err(Trouble::Record(bad)) => {
                self.report = before;
                self.db
                    .execute_batch("ROLLBACK TO record; RELEASE record")?;
                Err(bad.into())
            }
            Ok(()) => Ok(self.db.execute_batch("RELEASE record")?),
        }
    }

    fn user(
        &mut self,
        line: u64,
        prepared: &mut PreparedUser,
        from: Origin,
    ) -> std::result::Result<(), Trouble> {
        let plain = &prepared.user.facts;
        let group = self.group_of(line, &plain.group)?;
        let known = self.person(line, group, plain, from)?;
        let mut before = None;
        let id = match known {
            Some(id) => {
                before = self.digest_before(id)?;
                self.rows
                    .replace_user(id, group, prepared, from)
                    .map_err(|error| self.user_twice(error, line, group, plain))?;
                self.report.users.replaced += 1;
                id
            }
            None => {
                let id = self.next_user;
                self.rows
                    .insert_user(id, group, prepared, from)
                    .map_err(|error| self.user_twice(error, line, group, plain))?;
                self.next_user += 1;
                self.report.users.new += 1;
                self.differs(
                    What::New,
                    Subject::User,
                    || full_name(plain),
                    line,
                    String::new,
                );
                id
            }
        };
        self.rows.belongings(id, prepared)?;
        let SealedUser { tokens, cards, .. } = &prepared.user;
        for (place, (row, token)) in places(id, tokens).enumerate() {
            let put = self.token(line, row, None, token, from)?;
            if let (Some(url), Some(digest)) = (put.given, &mut prepared.digest) {
                digest.set_address(place, &url);
            }
            self.item_reassigned(line, Subject::Token, || token_name(token), id, put.before)?;
        }
        for (row, card) in places(id, cards) {
            let put = self.card(line, row, None, card, from)?;
            let name = || card.facts.serial.to_string();
            self.item_reassigned(line, Subject::Card, name, id, put.before)?;
        }
        self.report.assigned_tokens += tokens.len() as u64;
        self.report.assigned_cards += cards.len() as u64;
        self.report.aliases_dropped += prepared.workflow.len() as u64;
        if let (Some(now), true) = (&prepared.digest, known.is_some()) {
            self.note_changes(id, now)?;
        }
        if let (Some(now), Some(before)) = (&prepared.digest, &before) {
            self.user_differs(line, &full_name(&prepared.user.facts), before, now);
        }
        if prepared.staged {
            self.stage(id)?;
        }
        Ok(())
    }

    /// Stages a user whose workflow alias asks for it and who is nowhere in the migration yet.
    fn stage(&mut self, id: i64) -> Result<()> {
        let staged = self
            .db
            .prepare_cached(
                "INSERT INTO progress (user, phase, at, master) VALUES (?1, 1, ?2, ?3) \
                 ON CONFLICT (user) DO UPDATE SET phase = 1, at = ?2, master = ?3 WHERE phase = 0",
            )?
            .execute(params![
                id,
                self.options.at.as_microsecond(),
                self.options.master
            ])?;
        self.report.staged += staged as u64;
        Ok(())
    }

    /// Whether the indexes are away.
    pub(super) fn is_bulk(&self) -> bool {
        self.bulk.is_some()
    }

    /// Takes the indexes away once the load turns out big beside what is there.
    fn grow(&mut self) -> Result<()> {
        let loaded = self.report.users.loaded();
        if self.bulk.is_none() && loaded >= self.bulk_from && loaded >= self.users_before / 4 {
            self.bulk = Some(indexes::take_away(self.db, self.report.number)?);
        }
        Ok(())
    }

    /// Gives the indexes up to be built again.
    pub(super) fn taken_away(&mut self) -> Option<Bulk> {
        self.bulk.take()
    }
}

/// The same key twice in one file.
pub(super) fn twice(line: u64, first: i64, what: &str) -> BadRecord {
    let first = first.unsigned_abs();
    let what = if line == first {
        format!("{what} is there twice")
    } else {
        format!("{what} is already in line {first}")
    };
    BadRecord::at(
        line,
        what,
        "a key stands once in a file; remove one of the records",
    )
}

/// Whether a row was refused because its key is taken.
pub(super) fn is_unique(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}
