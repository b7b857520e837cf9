//! Reading a page of users with all that is theirs.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter, types::Value};

use crate::model::{Changes, Contact, LocationEntry, Phase, RbaOverrides, UserFacts};
use crate::store::records::{Columns as _, Take, read};
use crate::store::stored::word;
use crate::vault::Result;
use crate::vault::sealed::{SealedPassword, SealedQa, SealedToken, SealedUser};
use crate::vault::selection::Sql;

use super::SourceUser;
use super::row::{Read, Unowned, card_columns, phase, token_columns};

/// Users of a page: enough that the statements are not the work, few enough that pages are small.
pub(in crate::vault) const PAGE: usize = 512;

/// Up to this many ids between two chosen users it is cheaper to read over them than to seek.
const GAP: i64 = 6;

/// The next users after `last`, `most` of those that `from` names; `id` is their id there.
pub(in crate::vault) fn users(
    db: &Connection,
    from: &str,
    id: &str,
    last: i64,
    most: usize,
) -> Result<Vec<SourceUser>> {
    let mut page = heads(db, from, id, last, most)?;
    let spans = spans(&page);
    records(db, &mut page, &spans)?;
    standings(db, &mut page, &spans)?;
    Ok(page)
}

/// The record of one user.
pub(in crate::vault) fn record(db: &Connection, id: i64) -> Result<Option<SealedUser>> {
    let mut page = heads(db, "users u", "u.id", id - 1, 1)?;
    page.retain(|user| user.id == id);
    records(db, &mut page, &[(id, id)])?;
    Ok(page.pop().map(|user| user.sealed))
}

/// What the source has of the users, but for the users themselves.
fn records(db: &Connection, page: &mut [SourceUser], spans: &[(i64, i64)]) -> Result<()> {
    let mut read = Reader { db, page, spans };
    read.placed("aliases", "alias", |user, alias| {
        add(&mut user.facts.aliases, alias);
    })?;
    read.placed("contacts", Contact::COLUMNS, |user, contact| {
        user.facts.contacts.push(contact);
    })?;
    read.placed("passwords", SealedPassword::COLUMNS, |user, password| {
        add(&mut user.passwords, password);
    })?;
    read.placed("tokens", &token_columns(), |user, token| {
        add(&mut user.tokens, token);
    })?;
    read.placed("cards", &card_columns(), |user, card| {
        add(&mut user.cards, card);
    })?;
    read.placed("locations", LocationEntry::COLUMNS, |user, place| {
        add(&mut user.facts.location.history, place);
    })?;
    read.placed("expected", "place", |user, place| {
        add(&mut user.facts.location.expected, place);
    })?;
    read.placed("not_migrated", "kind, count", |user, entry| {
        add(&mut user.facts.not_migrated, entry);
    })?;
    read.own("qa", "pairs, sealed", |user, (pairs, sealed)| {
        user.qa = Some(SealedQa { pairs, sealed });
    })?;
    read.own("overrides", RbaOverrides::COLUMNS, |user, overrides| {
        user.facts.location.overrides = overrides;
    })?;
    Ok(())
}

/// Room for one at first, which is what most users have: a vector would begin with room for four.
fn add<T>(list: &mut Vec<T>, item: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(item);
}

/// Where the users stand.
fn standings(db: &Connection, page: &mut [SourceUser], spans: &[(i64, i64)]) -> Result<()> {
    let mut read = Reader { db, page, spans };
    read.own_rows("progress", "phase, bundle, changed", |user, row| {
        user.phase = phase(row, 1)?;
        user.bundle = row.get(2)?;
        user.changes = Changes(row.get(3)?);
        Ok(())
    })?;
    read.own_rows("mapped", "target", |user, row| {
        user.target = row.get(1)?;
        Ok(())
    })?;
    read.own_rows("excluded", "1", |user, _| {
        user.excluded = true;
        Ok(())
    })?;
    read.own_rows("temp.conflict", "1", |user, _| {
        user.conflict = true;
        Ok(())
    })?;
    Ok(())
}

/// The users themselves, without what is theirs.
fn heads(db: &Connection, from: &str, id: &str, last: i64, most: usize) -> Result<Vec<SourceUser>> {
    let mut groups: HashMap<i64, String> = HashMap::new();
    let mut group_name = db.prepare_cached("SELECT name FROM groups WHERE id = ?")?;
    let mut statement = db.prepare_cached(&format!(
        "SELECT u.id, u.group_id, u.userid, u.gone, u.source_id, u.full_name, u.state, u.locale, u.last_auth, \
         u.lockout_count FROM {from} WHERE {id} > ? ORDER BY {id} LIMIT {most}"
    ))?;
    let mut rows = statement.query([last])?;
    let mut page = Vec::with_capacity(most);
    while let Some(row) = rows.next()? {
        let group_id: i64 = row.get(1)?;
        let group = match groups.get(&group_id) {
            Some(name) => name.clone(),
            None => {
                let name: Option<String> = group_name
                    .query_row([group_id], |row| row.get(0))
                    .optional()?;
                let name = name.ok_or(rusqlite::Error::IntegralValueOutOfRange(1, group_id))?;
                groups.insert(group_id, name.clone());
                name
            }
        };
        page.push(SourceUser {
            id: row.get(0)?,
            phase: Phase::None,
            bundle: None,
            changes: Changes::NONE,
            target: None,
            gone: row.get::<_, i64>(3)? != 0,
            excluded: false,
            conflict: false,
            sealed: SealedUser {
                facts: UserFacts {
                    id: row.get(4)?,
                    full_name: row.get(5)?,
                    state: word(row, 6)?,
                    locale: row.get(7)?,
                    last_auth: read(row, 8)?,
                    lockout_count: row.get(9)?,
                    ..UserFacts::new(group, row.get(2)?)
                },
                qa: None,
                passwords: Vec::new(),
                tokens: Vec::new(),
                cards: Vec::new(),
            },
        });
    }
    Ok(page)
}

/// Stretches of ids that hold the users of a page and few others, first and last of each.
fn spans(page: &[SourceUser]) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for user in page {
        match spans.last_mut() {
            Some((_, last)) if user.id - *last <= GAP => *last = user.id,
            _ => spans.push((user.id, user.id)),
        }
    }
    spans
}

/// Hands the rows of tables to the users of a page.
struct Reader<'a> {
    db: &'a Connection,
    page: &'a mut [SourceUser],
    spans: &'a [(i64, i64)],
}

impl Reader<'_> {
    /// From a table whose ids hold user and place.
    fn placed<T: Take>(
        &mut self,
        table: &str,
        columns: &str,
        give: impl Fn(&mut SealedUser, T),
    ) -> Read<()> {
        let sql = format!(
            "SELECT id >> 16, {columns} FROM {table} WHERE id >= ?1 << 16 AND id < (?2 + 1) << 16 ORDER BY id"
        );
        self.hand_out(&sql, |user, row| {
            give(&mut user.sealed, read(row, 1)?);
            Ok(())
        })
    }

    /// As [`Reader::placed`], from a table with one row a user.
    fn own<T: Take>(
        &mut self,
        table: &str,
        columns: &str,
        give: impl Fn(&mut SealedUser, T),
    ) -> Read<()> {
        self.own_rows(table, columns, |user, row| {
            give(&mut user.sealed, read(row, 1)?);
            Ok(())
        })
    }

    fn own_rows(
        &mut self,
        table: &str,
        columns: &str,
        give: impl Fn(&mut SourceUser, &Row<'_>) -> Read<()>,
    ) -> Read<()> {
        let sql = format!(
            "SELECT user, {columns} FROM {table} WHERE user BETWEEN ?1 AND ?2 ORDER BY user"
        );
        self.hand_out(&sql, give)
    }

    fn hand_out(
        &mut self,
        sql: &str,
        give: impl Fn(&mut SourceUser, &Row<'_>) -> Read<()>,
    ) -> Read<()> {
        let mut statement = self.db.prepare_cached(sql)?;
        let mut users = self.page.iter_mut().peekable();
        for span in self.spans {
            let mut rows = statement.query(*span)?;
            while let Some(row) = rows.next()? {
                let owner: i64 = row.get(0)?;
                while users.next_if(|user| user.id < owner).is_some() {}
                if let Some(user) = users.peek_mut()
                    && user.id == owner
                {
                    give(user, row)?;
                }
            }
        }
        Ok(())
    }
}

/// The next items of the groups that belong to no user, each with its row id, in the order in which they were loaded.
pub(super) fn unassigned<T: Unowned>(
    db: &Connection,
    groups: &Sql,
    last: i64,
) -> Result<Vec<(i64, T)>> {
    unowned(db, Some(groups), last, PAGE)
}

/// The next such items after `last`, `most` of all there ever were: also of those that are gone.
pub(in crate::vault) fn every_unassigned<T: Unowned>(
    db: &Connection,
    last: i64,
    most: usize,
) -> Result<Vec<(i64, T)>> {
    unowned(db, None, last, most)
}

/// One of them, by its row.
pub(in crate::vault) fn one_unassigned<T: Unowned>(db: &Connection, row: i64) -> Result<Option<T>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {} FROM {} WHERE id = ? AND group_id IS NOT NULL",
        T::columns(),
        T::TABLE
    ))?;
    Ok(statement.query_row([row], |row| read(row, 0)).optional()?)
}

/// A token with the group and the user id that its secrets are sealed for; the user id is empty where it is of no user.
#[derive(Debug)]
pub(in crate::vault) struct HeldToken {
    pub(in crate::vault) group: String,
    pub(in crate::vault) userid: String,
    pub(in crate::vault) token: SealedToken,
}

/// A token by its row, whosever it is.
pub(in crate::vault) fn token(db: &Connection, row: i64) -> Result<Option<HeldToken>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT coalesce(h.name, g.name, ''), coalesce(u.userid, ''), t.* \
         FROM (SELECT {}, id, group_id FROM tokens WHERE id = ?) t LEFT JOIN groups g ON g.id = t.group_id \
         LEFT JOIN users u ON u.id = t.id >> 16 LEFT JOIN groups h ON h.id = u.group_id",
        token_columns()
    ))?;
    let held = statement.query_row([row], |row| {
        Ok(HeldToken {
            group: row.get(0)?,
            userid: row.get(1)?,
            token: read(row, 2)?,
        })
    });
    Ok(held.optional()?)
}

fn unowned<T: Unowned>(
    db: &Connection,
    groups: Option<&Sql>,
    last: i64,
    most: usize,
) -> Result<Vec<(i64, T)>> {
    let condition = groups.map_or_else(String::new, |groups| {
        format!(
            "AND gone = 0 AND group_id IN (SELECT g.id FROM groups g WHERE {})",
            groups.text
        )
    });
    let mut statement = db.prepare_cached(&format!(
        "SELECT id, {} FROM {} WHERE id < ? {condition} ORDER BY id DESC LIMIT {most}",
        T::columns(),
        T::TABLE
    ))?;
    let params = std::iter::once(Value::Integer(last)).chain(
        groups
            .into_iter()
            .flat_map(|groups| groups.params.iter().cloned()),
    );
    let page = statement
        .query_map(params_from_iter(params), |row| read(row, 0))?
        .collect::<Read<_>>()?;
    Ok(page)
}
