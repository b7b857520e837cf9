//! The writing half of a load: a record goes from one part to the next, and what each gives back is counted.

use rusqlite::{Connection, OptionalExtension as _};

use crate::ambient::Progress;
use crate::model::{Group, Schema, UnassignedToken, oddity};
use crate::store::Keys;
use crate::store::records::Stock;
use crate::vault::sealed::{
    SealedCard, SealedToken, SealedUnassignedCard, SealedUnassignedToken, SealedUser,
};
use crate::vault::{Error, Result};

use super::bad::BadRecord;
use super::bulk_indexes::BulkIndexes;
use super::comparison::{Before, Comparison};
use super::difference::{Difference, Subject};
use super::duplicates::Duplicates;
use super::groups::Groups;
use super::in_bundles::InBundles;
use super::items::{Found, Item, Items};
use super::options::LoadOptions;
use super::people::{People, Person};
use super::prepare::{Prepared, PreparedUser, Unowned};
use super::report::LoadReport;
use super::rows::{Origin, Rows, places};
use super::source::Source;
use super::standing::Standing;
use super::trouble::{self, Trouble};
use super::twins::Twins;

type Written<T = ()> = std::result::Result<T, Trouble>;

/// A load's side of the database.
pub(super) struct Writer<'c, 'o> {
    pub(super) db: &'c Connection,
    options: &'o LoadOptions,
    pub(super) keys: &'o Keys,
    pub(super) report: LoadReport,
    source: Source<'c, 'o>,
    groups: Groups<'c>,
    people: People<'c>,
    items: Items<'c>,
    rows: Rows<'c>,
    standing: Standing<'c>,
    /// About users who are in a bundle, if any is.
    in_bundles: Option<InBundles<'c, 'o>>,
    /// Where the load compares.
    comparison: Option<Comparison<'c, 'o>>,
    bulk: BulkIndexes<'c>,
    twins: Twins<'c, 'o>,
    /// Whether tokens that are there already are errors.
    only_new: bool,
    /// The first user that was not there before.
    first_user: i64,
    next_user: i64,
    /// The first unassigned token that is new.
    first_token: i64,
    next_token: i64,
    next_card: i64,
}

/// How a token or card was put in its place.
#[derive(Debug, Default)]
struct Put {
    /// Whether something of no user made room.
    replaced: bool,
    /// What made room, where the load compares.
    before: Option<Before>,
    /// The identity provider's address that a master has given the token.
    given: Option<String>,
}

impl<'c, 'o> Writer<'c, 'o> {
    pub(super) fn new(
        db: &'c Connection,
        options: &'o LoadOptions,
        keys: &'o Keys,
        bulk_from: u64,
    ) -> Result<Self> {
        let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
        let users_before = one("SELECT count(*) FROM users")?.unsigned_abs();
        let first_user = one("SELECT coalesce(max(id), 0) + 1 FROM users")?;
        let first_token = one("SELECT min(coalesce(min(id), 0), 0) - 1 FROM tokens")?;
        let source = Source::new(db, options)?;
        let load = source.load;
        Ok(Self {
            db,
            options,
            keys,
            report: LoadReport {
                number: load,
                ..LoadReport::default()
            },
            source,
            groups: Groups::new(db)?,
            people: People::new(db, load, users_before > 0, options.force)?,
            items: Items::new(db, load)?,
            rows: Rows::new(db)?,
            standing: Standing::new(db)?,
            in_bundles: InBundles::new(db, keys)?,
            comparison: None,
            bulk: BulkIndexes::new(db, load, users_before, bulk_from),
            twins: Twins::new(db, keys),
            only_new: false,
            first_user,
            next_user: first_user,
            first_token,
            next_token: first_token,
            next_card: one("SELECT min(coalesce(min(id), 0), 0) - 1 FROM cards")?,
        })
    }

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
        writer.twins.watch_spellings();
        writer.open(system, &Schema::default())?;
        Ok((name, writer))
    }

    /// Notes from now on what the records change.
    pub(super) fn compare(&mut self) -> Result<()> {
        self.comparison = Some(Comparison::new(self.db, self.keys)?);
        Ok(())
    }

    /// Whether it is noted what the records change.
    pub(super) fn compares(&self) -> bool {
        self.comparison.is_some()
    }

    /// Whether users are wanted in digests.
    pub(super) fn wants_digests(&self) -> bool {
        self.compares() || self.in_bundles.is_some()
    }

    /// Writes one record; gives back what it changes, where that is noted.
    pub(super) fn write(&mut self, line: u64, record: Prepared) -> Written<Vec<Difference>> {
        let written = self.record(line, record);
        let noted = self.comparison.as_mut().map(Comparison::take);
        written.map(|()| noted.unwrap_or_default())
    }

    fn record(&mut self, line: u64, record: Prepared) -> Written {
        if let Prepared::Schema(schema) = &record {
            if self.source.system.is_some() {
                let what = "the schema stands after other records";
                return Err(BadRecord::at(line, what, "it is the first line of a file").into());
            }
            self.begin(schema)?;
            return Ok(());
        }
        let from = Origin {
            load: self.source.load,
            line: i64::try_from(line).unwrap_or(i64::MAX),
            system: self.system()?,
        };
        match record {
            Prepared::Group(group) => self.group(line, &group, from),
            Prepared::User(mut user) => {
                self.whole(|writer| writer.user(line, &mut user, from))?;
                Ok(self.bulk.grow(self.report.users.loaded())?)
            }
            Prepared::Token(mut token) => self.unassigned_token(line, &mut token, from),
            Prepared::Card(card) => self.unassigned_card(line, &card, from),
            Prepared::Schema(_) => Ok(()),
        }
    }

    /// Does all of `record` or nothing of it, where the load can go on without it.
    fn whole(&mut self, record: impl FnOnce(&mut Self) -> Written) -> Written {
        // With the indexes away nothing fails half way.
        if !self.options.skip_bad || self.bulk.are_away() {
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

    /// The system of the records; the first one settles it.
    fn system(&mut self) -> Result<i64> {
        match self.source.system {
            Some(system) => Ok(system),
            None => self.begin(&Schema::default()),
        }
    }

    fn begin(&mut self, schema: &Schema) -> Result<i64> {
        let system = self.source.settle(schema)?;
        self.open(system, schema)?;
        Ok(system)
    }

    fn open(&mut self, system: i64, schema: &Schema) -> Result<()> {
        self.report.full = schema.full;
        self.report.exported = schema.exported;
        self.report.system = self.source.open(system, schema)?;
        if schema.full {
            self.report.before = self.source.users(system)?;
        }
        Ok(())
    }

    fn group(&mut self, line: u64, group: &Group, from: Origin) -> Written {
        let before = self.groups.put(line, group, from)?;
        self.report.groups.count(before.is_some());
        self.report.odd_names += u64::from(oddity(&group.name).is_some());
        if let Some(comparison) = &mut self.comparison {
            comparison.group(line, before, group);
        }
        Ok(())
    }

    fn user(&mut self, line: u64, prepared: &mut PreparedUser, from: Origin) -> Written {
        let facts = &prepared.user.facts;
        let group = self.groups.id(line, &facts.group)?;
        let person = self.people.find(line, group, facts, from)?;
        let before = match (&self.comparison, person.id) {
            (Some(comparison), Some(id)) => comparison.digest(id)?,
            _ => None,
        };
        let id = self.person(line, group, &person, prepared, from)?;
        self.rows.belongings(id, prepared)?;
        self.assigned(line, id, prepared, from)?;
        self.report.aliases_dropped += prepared.workflow.len() as u64;
        self.report.odd_names += prepared.odd_names;
        if let Some(now) = &prepared.digest {
            if let (Some(in_bundles), Some(id)) = (&mut self.in_bundles, person.id) {
                self.report.drift.count(in_bundles.note_changes(id, now)?);
            }
            if let (Some(comparison), Some(before)) = (&mut self.comparison, &before) {
                comparison.user(line, &prepared.user.facts, before, now);
            }
        }
        if prepared.staged {
            let (at, master) = (self.options.at, &self.options.master);
            self.report.staged += self.standing.stage(id, at, master)?;
        }
        Ok(())
    }

    /// Writes the row of a user and what follows from whom it is about; gives back their id.
    fn person(
        &mut self,
        line: u64,
        group: i64,
        person: &Person,
        prepared: &PreparedUser,
        from: Origin,
    ) -> Written<i64> {
        let facts = &prepared.user.facts;
        if let (Some(id), Some(before)) = (person.id, &person.before) {
            self.standing.renamed(id, before, facts)?;
            self.report.renamed += u64::from(before.userid != facts.userid);
            self.report.moved += u64::from(before.group != facts.group);
        }
        if let Some(other) = person.aside {
            self.people.step_aside(other)?;
        }
        let id = person.id.unwrap_or(self.next_user);
        let written = match person.id {
            Some(_) => self.rows.replace_user(id, group, prepared, from),
            None => self.rows.insert_user(id, group, prepared, from),
        };
        written.map_err(|error| trouble::of_user(self.db, error, line, group, facts, from.load))?;
        self.next_user += i64::from(person.id.is_none());
        self.report.returned += u64::from(person.returned);
        self.report.users.count(person.id.is_some());
        if let Some(comparison) = &mut self.comparison {
            comparison.person(line, person, facts);
        }
        Ok(id)
    }

    /// Writes the tokens and cards of a user.
    fn assigned(
        &mut self,
        line: u64,
        id: i64,
        prepared: &mut PreparedUser,
        from: Origin,
    ) -> Written {
        let SealedUser {
            facts,
            tokens,
            cards,
            ..
        } = &mut prepared.user;
        let holder = [facts.group.as_str(), &facts.userid];
        for (place, (row, token)) in places(id, tokens.iter_mut()).enumerate() {
            let put = self.token(line, (row, None), holder, token, from)?;
            if let (Some(url), Some(digest)) = (&put.given, &mut prepared.digest) {
                digest.set_address(place, url);
            }
            if let (Some(comparison), Some(before)) = (&mut self.comparison, &put.before) {
                comparison.reassigned(line, Subject::Token, &token_name(token), id, before)?;
            }
        }
        for (row, card) in places(id, &*cards) {
            let put = self.card(line, row, None, card, from)?;
            if let (Some(comparison), Some(before)) = (&mut self.comparison, &put.before) {
                comparison.reassigned(line, Subject::Card, &card_name(card), id, before)?;
            }
        }
        self.report.assigned_tokens += tokens.len() as u64;
        self.report.assigned_cards += cards.len() as u64;
        Ok(())
    }

    fn unassigned_token(
        &mut self,
        line: u64,
        token: &mut Unowned<SealedUnassignedToken>,
        from: Origin,
    ) -> Written {
        let id = self.groups.id(line, &token.item.group)?;
        let UnassignedToken { group, token: held } = &mut token.item;
        let place = (self.next_token, Some(id));
        let put = self.token(line, place, [group, ""], held, from)?;
        self.next_token -= 1;
        self.report.tokens.count(put.replaced);
        if let Some(comparison) = &mut self.comparison {
            let (name, group) = (token_name(&token.item.token), &token.item.group);
            comparison.unassigned(line, Subject::Token, &name, token, group, put.before);
        }
        Ok(())
    }

    fn unassigned_card(
        &mut self,
        line: u64,
        card: &Unowned<SealedUnassignedCard>,
        from: Origin,
    ) -> Written {
        let held = &card.item;
        let id = self.groups.id(line, &held.group)?;
        let stock = Stock {
            preproduced: held.preproduced,
            comment: held.comment.as_deref(),
        };
        let own = Some((id, stock));
        let put = self.card(line, self.next_card, own, &held.card, from)?;
        self.next_card -= 1;
        self.report.cards.count(put.replaced);
        if let Some(comparison) = &mut self.comparison {
            let name = card_name(&held.card);
            comparison.unassigned(line, Subject::Card, &name, card, &held.group, put.before);
        }
        Ok(())
    }

    /// Writes a token; what an earlier load had of it makes room.
    fn token(
        &mut self,
        line: u64,
        (id, group): (i64, Option<i64>),
        holder: [&str; 2],
        token: &mut SealedToken,
        from: Origin,
    ) -> Written<Put> {
        let Found { exact, namesakes } = self.items.token(&token.facts, self.bulk.are_away())?;
        let same = self.twins.same(holder, token, namesakes)?;
        let mut put = Put::default();
        for row in exact.into_iter().chain(same).rev() {
            if self.items.is_of_this_load(row)? {
                return Err(trouble::of_twin(self.db, row, line, &token.facts));
            }
            if self.only_new {
                return Err(self.items.not_new(line, row, &token.facts)?.into());
            }
            put = self.make_room(Item::Token, Some(row), group.is_some())?;
        }
        put.given = self.items.given(&token.facts)?;
        if let Some(url) = &put.given {
            token.facts.idp_url = Some(url.into());
        }
        self.rows
            .token(id, group, token, from)
            .map_err(|error| trouble::of_token(self.db, error, line, &token.facts))?;
        self.items.vendor(&token.facts.vendor)?;
        self.twins.written(token);
        Ok(put)
    }

    /// As for tokens.
    fn card(
        &mut self,
        line: u64,
        id: i64,
        unassigned: Option<(i64, Stock<'_>)>,
        card: &SealedCard,
        from: Origin,
    ) -> Written<Put> {
        let there = self.items.card(&card.facts)?;
        let put = self.make_room(Item::Card, there, unassigned.is_some())?;
        self.rows
            .card(id, unassigned, card, from)
            .map_err(|error| trouble::of_card(self.db, error, line, &card.facts))?;
        Ok(put)
    }

    fn make_room(&mut self, item: Item, there: Option<i64>, unassigned: bool) -> Result<Put> {
        let Some(row) = there else {
            return Ok(Put::default());
        };
        let comparison = self.comparison.as_mut();
        let before = comparison.map(|it| it.item(item, row)).transpose()?;
        self.items.remove(item, row)?;
        self.report.reassigned += u64::from(!unassigned || row > 0);
        Ok(Put {
            replaced: row < 0,
            before,
            given: None,
        })
    }

    /// Whether the indexes are away.
    pub(super) fn is_bulk(&self) -> bool {
        self.bulk.are_away()
    }

    /// Builds the indexes again where they are away. Gives back the records that stand twice in the file and were not
    /// refused while they were written; they are taken out.
    pub(super) fn doubles(&mut self, progress: &dyn Progress) -> Result<Vec<BadRecord>> {
        let search_twins = self.items.may_be_twice(self.bulk.are_away());
        let mut duplicates = Duplicates {
            db: self.db,
            rows: &mut self.rows,
            load: self.source.load,
            first_user: self.first_user,
            skip_bad: self.options.skip_bad,
            report: &mut self.report,
            bad: Vec::new(),
        };
        self.bulk.rebuild(&mut duplicates, progress)?;
        if search_twins && (self.options.skip_bad || duplicates.bad.is_empty()) {
            duplicates.take_out_twins(&self.twins.twice(self.source.load)?)?;
        }
        let mut bad = duplicates.bad;
        bad.sort_by_key(|record| record.line);
        Ok(bad)
    }

    /// Marks what a full load no longer has and closes the load's row.
    pub(super) fn finish(&mut self) -> Result<LoadReport> {
        let system = self.system()?;
        if self.report.full {
            let gone = self.source.mark_gone(system, &mut self.groups)?;
            self.report.groups.gone = gone.groups;
            self.report.tokens.gone = gone.tokens;
            self.report.cards.gone = gone.cards;
        }
        self.report.users.gone = self.source.users_gone()?;
        let no_token_before = self.items.no_token_before();
        self.twins.look_around(self.first_token, no_token_before)?;
        self.report.alike = std::mem::take(&mut self.twins.remarks);
        self.source.close(&self.report)?;
        Ok(self.report.clone())
    }

    /// Passes what the load has made gone to `each`, until that returns an error; only where the load compares.
    pub(super) fn each_gone(&self, each: &mut dyn FnMut(Difference) -> Result<()>) -> Result<()> {
        match &self.comparison {
            Some(comparison) => comparison.each_gone(self.source.load, each),
            None => Ok(()),
        }
    }
}

fn token_name(token: &SealedToken) -> String {
    format!("{} {}", token.facts.vendor, token.facts.serial)
}

fn card_name(card: &SealedCard) -> String {
    card.facts.serial.to_string()
}
