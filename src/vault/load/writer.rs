//! The writing half of a load: which row a record becomes or replaces.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Statement, params};

use crate::model::{Group, Schema};
use crate::vault::sealed::{
    SealedCard, SealedToken, SealedUnassignedCard, SealedUnassignedToken, distinction,
};
use crate::vault::{Error, Result};

use super::indexes::{self, Bulk};
use super::person::People;
use super::prepare::{Prepared, PreparedUser};
use super::rows::{Origin, Rows, places};
use super::{BadRecord, LoadOptions, LoadReport, Trouble};

/// A load's side of the database.
pub(super) struct Writer<'c, 'o> {
    pub(super) db: &'c Connection,
    pub(super) options: &'o LoadOptions,
    pub(super) report: LoadReport,
    pub(super) rows: Rows<'c>,
    pub(super) people: People<'c>,
    token_before: Statement<'c>,
    card_before: Statement<'c>,
    groups: HashMap<String, KnownGroup>,
    /// The system of the records, once it is known.
    system: Option<i64>,
    default_group: Option<(String, u64)>,
    /// The first user that was not there before.
    pub(super) first_user: i64,
    next_user: i64,
    next_token: i64,
    next_card: i64,
    /// What the vault held before, so that an empty one is not searched.
    tokens_before: bool,
    cards_before: bool,
    users_before: u64,
    bulk_from: u64,
    bulk: Option<Bulk>,
}

/// A group of the vault.
struct KnownGroup {
    id: i64,
    /// Its line in this load, once it was named there.
    line: Option<u64>,
    /// Whether this load has it or somebody in it.
    seen: bool,
}

impl<'c, 'o> Writer<'c, 'o> {
    pub(super) fn new(
        db: &'c Connection,
        options: &'o LoadOptions,
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
            rows: Rows::new(db)?,
            people: People::new(db, load, users_before > 0)?,
            // `load` is a literal: only so can the partial indexes of a big load be used.
            token_before: db.prepare(&format!(
                "SELECT id FROM tokens WHERE serial = ? AND vendor = ? \
                 AND coalesce(issue_no, key_id, '') = ? AND load < {load}"
            ))?,
            card_before: db.prepare(&format!(
                "SELECT id FROM cards WHERE serial = ? AND load < {load}"
            ))?,
            groups,
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
            Prepared::User(user) => {
                self.whole(|writer| writer.user(line, &user, from))?;
                self.grow()?;
                Ok(())
            }
            Prepared::Token(token) => self.unassigned_token(line, &token, from),
            Prepared::Card(card) => self.unassigned_card(line, &card, from),
            Prepared::Schema(_) => Ok(()),
        }
    }

    /// Settles which system the records are from, and opens the load's row.
    fn begin(&mut self, schema: &Schema) -> Result<i64> {
        let system = self.settle_system(schema)?;
        self.system = Some(system);
        self.report.full = schema.full;
        self.report.exported = schema.exported;
        self.report.system =
            self.db
                .query_row("SELECT name FROM systems WHERE id = ?", [system], |row| {
                    row.get(0)
                })?;
        self.db.execute(
            "UPDATE systems SET version = coalesce(?, version) WHERE id = ?",
            params![schema.system_version, system],
        )?;
        self.db.execute(
            "INSERT INTO loads (id, at, master, source, format, system_id, full, exported) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                self.report.number,
                self.options.at.as_microsecond(),
                self.options.master,
                self.options.source,
                self.options.format,
                system,
                schema.full,
                schema.exported.map(|at| at.as_microsecond())
            ],
        )?;
        Ok(system)
    }

    fn settle_system(&self, schema: &Schema) -> Result<i64> {
        let mut statement = self
            .db
            .prepare("SELECT id, name FROM systems ORDER BY id")?;
        let known = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        let names = || {
            let names: Vec<&str> = known.iter().map(|(_, name)| name.as_str()).collect();
            names.join("', '")
        };
        let name = schema.system.as_deref().unwrap_or_default();
        match known.as_slice() {
            [(id, _)] if name.is_empty() => Ok(*id),
            [(id, unnamed)] if unnamed.is_empty() => {
                let sql = "UPDATE systems SET name = ? WHERE id = ?";
                self.db.execute(sql, params![name, id])?;
                Ok(*id)
            }
            [_, _, ..] if name.is_empty() => Err(Error::UnnamedSystem { known: names() }),
            known if !known.is_empty() && !known.iter().any(|(_, n)| n == name) => {
                if !self.options.add_system {
                    return Err(Error::OtherSystem {
                        found: name.to_owned(),
                        known: names(),
                    });
                }
                self.new_system(name)
            }
            known => match known.iter().find(|(_, n)| n == name) {
                Some((id, _)) => Ok(*id),
                None => self.new_system(name),
            },
        }
    }

    fn new_system(&self, name: &str) -> Result<i64> {
        let sql = "INSERT INTO systems (name) VALUES (?)";
        self.db.execute(sql, [name])?;
        Ok(self.db.last_insert_rowid())
    }

    fn group(
        &mut self,
        line: u64,
        group: &Group,
        from: Origin,
    ) -> std::result::Result<(), Trouble> {
        if let Some(KnownGroup {
            line: Some(first), ..
        }) = self.groups.get(&group.name)
        {
            return Err(twice(
                line,
                first.cast_signed(),
                &format!("group '{}'", group.name),
            )
            .into());
        }
        if group.default {
            if let Some((name, first)) = &self.default_group {
                let what = format!(
                    "'{}' is a second default group after '{name}' in line {first}",
                    group.name
                );
                return Err(BadRecord::at(line, what, "a source has one default group").into());
            }
            self.default_group = Some((group.name.clone(), line));
            self.db.execute(
                "UPDATE groups SET is_default = 0 WHERE system_id = ?",
                [from.system],
            )?;
        }
        let id = match self.groups.get(&group.name) {
            Some(known) => {
                self.db.execute(
                    "UPDATE groups SET is_default = ?, load = ?, line = ?, gone = 0 WHERE id = ?",
                    params![group.default, from.load, from.line, known.id],
                )?;
                self.report.groups.replaced += 1;
                known.id
            }
            None => {
                self.db.execute(
                    "INSERT INTO groups (name, is_default, system_id, load, line) VALUES (?, ?, ?, ?, ?)",
                    params![group.name, group.default, from.system, from.load, from.line],
                )?;
                self.report.groups.new += 1;
                self.db.last_insert_rowid()
            }
        };
        let known = KnownGroup {
            id,
            line: Some(line),
            seen: true,
        };
        self.groups.insert(group.name.clone(), known);
        Ok(())
    }

    fn group_of(&mut self, line: u64, name: &str) -> std::result::Result<i64, BadRecord> {
        match self.groups.get_mut(name) {
            Some(known) => {
                known.seen = true;
                Ok(known.id)
            }
            None => Err(BadRecord::at(
                line,
                format!("there is no group '{name}'"),
                "a group is named in a line of its own before its users, tokens and cards",
            )),
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
        prepared: &PreparedUser,
        from: Origin,
    ) -> std::result::Result<(), Trouble> {
        let plain = &prepared.user.plain;
        let group = self.group_of(line, &plain.group)?;
        let before = self.person(line, group, plain, from)?;
        let id = match before {
            Some(id) => {
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
                id
            }
        };
        self.rows.belongings(id, prepared)?;
        for (row, token) in places(id, &prepared.user.tokens) {
            self.token(line, row, None, token, from)?;
        }
        for (row, card) in places(id, &prepared.user.cards) {
            self.card(line, row, None, card, from)?;
        }
        self.report.assigned_tokens += prepared.user.tokens.len() as u64;
        self.report.assigned_cards += prepared.user.cards.len() as u64;
        self.report.aliases_dropped += prepared.dropped;
        if prepared.staged {
            self.stage(id)?;
        }
        Ok(())
    }

    fn unassigned_token(
        &mut self,
        line: u64,
        token: &SealedUnassignedToken,
        from: Origin,
    ) -> std::result::Result<(), Trouble> {
        let group = self.group_of(line, &token.group)?;
        let before = self.token(line, self.next_token, Some(group), &token.token, from)?;
        self.next_token -= 1;
        self.report.tokens.new += u64::from(!before);
        self.report.tokens.replaced += u64::from(before);
        Ok(())
    }

    fn unassigned_card(
        &mut self,
        line: u64,
        card: &SealedUnassignedCard,
        from: Origin,
    ) -> std::result::Result<(), Trouble> {
        let group = self.group_of(line, &card.group)?;
        let own = Some((group, card.preproduced, card.comment.as_deref()));
        let before = self.card(line, self.next_card, own, &card.card, from)?;
        self.next_card -= 1;
        self.report.cards.new += u64::from(!before);
        self.report.cards.replaced += u64::from(before);
        Ok(())
    }

    /// Writes a token; what an earlier load had under its key makes room. Whether that was nobody's either.
    fn token(
        &mut self,
        line: u64,
        id: i64,
        group: Option<i64>,
        token: &SealedToken,
        from: Origin,
    ) -> std::result::Result<bool, Trouble> {
        let plain = &token.plain;
        let key = (&plain.serial, &plain.vendor, distinction(plain));
        let mut before = None;
        if self.tokens_before {
            before = self
                .token_before
                .query_row(key, |row| row.get::<_, i64>(0))
                .optional()?;
            self.make_room("tokens", before, group)?;
        }
        self.rows.token(id, group, token, from).map_err(|error| {
            if !is_unique(&error) {
                return error.into();
            }
            let sql = "SELECT line FROM tokens WHERE serial = ? AND vendor = ? AND coalesce(issue_no, key_id, '') = ?";
            let first = self.db.query_row(sql, key, |row| row.get(0));
            let what = format!("token {} {}", plain.vendor, plain.serial);
            first.map_or_else(Trouble::from, |first| twice(line, first, &what).into())
        })?;
        Ok(before.is_some_and(|row| row < 0))
    }

    /// As for tokens.
    fn card(
        &mut self,
        line: u64,
        id: i64,
        unassigned: Option<(i64, bool, Option<&str>)>,
        card: &SealedCard,
        from: Origin,
    ) -> std::result::Result<bool, Trouble> {
        let serial = i64::try_from(card.plain.serial).unwrap_or(i64::MAX);
        let mut before = None;
        if self.cards_before {
            before = self
                .card_before
                .query_row([serial], |row| row.get::<_, i64>(0))
                .optional()?;
            self.make_room("cards", before, unassigned.map(|(group, ..)| group))?;
        }
        self.rows
            .card(id, unassigned, card, from)
            .map_err(|error| {
                if !is_unique(&error) {
                    return error.into();
                }
                let sql = "SELECT line FROM cards WHERE serial = ?";
                let first = self.db.query_row(sql, [serial], |row| row.get(0));
                let what = format!("card {serial}");
                first.map_or_else(Trouble::from, |first| twice(line, first, &what).into())
            })?;
        Ok(before.is_some_and(|row| row < 0))
    }

    fn make_room(
        &mut self,
        table: &str,
        before: Option<i64>,
        group: Option<i64>,
    ) -> rusqlite::Result<()> {
        if let Some(row) = before {
            let sql = format!("DELETE FROM {table} WHERE id = ?");
            self.db.prepare_cached(&sql)?.execute([row])?;
            self.report.reassigned += u64::from(group.is_none() || row > 0);
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

    /// Marks what a full load no longer has and closes the load's row.
    pub(super) fn finish(&mut self) -> Result<LoadReport> {
        let system = match self.system {
            Some(system) => system,
            None => self.begin(&Schema::default())?,
        };
        let load = self.report.number;
        if self.report.full {
            self.mark_gone(system)?;
        }
        let gone = "SELECT count(*) FROM users WHERE gone = ?";
        let gone: i64 = self.db.query_row(gone, [load], |row| row.get(0))?;
        self.report.users.gone = gone.unsigned_abs();
        let report = &self.report;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.db.execute(
            "UPDATE loads SET groups = ?2, users = ?3, tokens = ?4, cards = ?5, gone = ?6, skipped = ?7 WHERE id = ?1",
            params![
                load,
                count(report.groups.loaded()),
                count(report.users.loaded()),
                count(report.tokens.loaded() + report.assigned_tokens),
                count(report.cards.loaded() + report.assigned_cards),
                count(report.users.gone + report.tokens.gone + report.cards.gone),
                count(report.skipped)
            ],
        )?;
        Ok(self.report.clone())
    }

    fn mark_gone(&mut self, system: i64) -> Result<()> {
        let load = self.report.number;
        for (name, group) in &self.groups {
            if !group.seen {
                let gone = self.db.execute(
                    "UPDATE groups SET gone = ?1 WHERE name = ?2 AND system_id = ?3 AND gone = 0",
                    params![load, name, system],
                )?;
                self.report.groups.gone += gone as u64;
            }
        }
        self.db.execute(
            "UPDATE users SET gone = ?1 WHERE gone = 0 AND load < ?1 AND system_id = ?2",
            params![load, system],
        )?;
        let nobodys = |table: &str| {
            self.db.execute(
                &format!(
                    "UPDATE {table} SET gone = ?1 WHERE id < 0 AND gone = 0 AND load < ?1 \
                     AND group_id IN (SELECT id FROM groups WHERE system_id = ?2)"
                ),
                params![load, system],
            )
        };
        self.report.tokens.gone = nobodys("tokens")? as u64;
        self.report.cards.gone = nobodys("cards")? as u64;
        Ok(())
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
