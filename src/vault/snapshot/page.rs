//! Reading a page of users with all that is theirs.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter, types::Value};

use crate::model::{Changes, Contact, Location, LocationEntry, Password, Phase, SecretBytes, User};
use crate::store::stored::{moment, word};
use crate::vault::Result;
use crate::vault::sealed::{
    SealedPassword, SealedQa, SealedUnassignedCard, SealedUnassignedToken, SealedUser,
};
use crate::vault::selection::Sql;

use super::SourceUser;
use super::row::{CARD, Read, TOKEN, card_row, phase, token_row};

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
    let read = |page: &mut [SourceUser], columns: &str, table: &str, put: Put| {
        placed(db, page, spans, columns, table, put)
    };
    read(page, "alias", "aliases", |user, row| {
        user.sealed.plain.aliases.push(row.get(1)?);
        Ok(())
    })?;
    read(page, "label, value, is_default", "contacts", |user, row| {
        user.sealed.plain.contacts.push(Contact {
            label: row.get(1)?,
            value: row.get(2)?,
            default: row.get(3)?,
        });
        Ok(())
    })?;
    read(
        page,
        "name, expires, must_change, sealed",
        "passwords",
        |user, row| {
            user.sealed.passwords.push(SealedPassword {
                plain: Password {
                    name: row.get(1)?,
                    value: SecretBytes::default(),
                    expires: moment(row, 2)?,
                    must_change: row.get(3)?,
                },
                value: row.get(4)?,
            });
            Ok(())
        },
    )?;
    read(page, TOKEN, "tokens", |user, row| {
        user.sealed.tokens.push(token_row(row)?);
        Ok(())
    })?;
    read(page, CARD, "cards", |user, row| {
        user.sealed.cards.push(card_row(row)?);
        Ok(())
    })?;
    read(
        page,
        "country, region, city, isp, ip, last_auth",
        "locations",
        |user, row| {
            user.sealed.plain.location.history.push(LocationEntry {
                country: row.get(1)?,
                region: row.get(2)?,
                city: row.get(3)?,
                isp: row.get(4)?,
                ip: row.get(5)?,
                last_auth: moment(row, 6)?,
            });
            Ok(())
        },
    )?;
    read(page, "place", "expected", |user, row| {
        user.sealed.plain.location.expected.push(row.get(1)?);
        Ok(())
    })?;
    read(page, "kind, count", "not_migrated", |user, row| {
        let entry = (word(row, 1)?, row.get(2)?);
        user.sealed.plain.not_migrated.push(entry);
        Ok(())
    })?;
    let own = |page: &mut [SourceUser], columns: &str, table: &str, put: Put| {
        own(db, page, spans, columns, table, put)
    };
    own(page, "pairs, sealed", "qa", |user, row| {
        user.sealed.qa = Some(SealedQa {
            pairs: row.get(1)?,
            sealed: row.get(2)?,
        });
        Ok(())
    })?;
    own(
        page,
        "max_history, check_ip, check_velocity, max_expected",
        "overrides",
        |user, row| {
            let overrides = &mut user.sealed.plain.location.overrides;
            overrides.max_history = row.get(1)?;
            overrides.check_ip = row.get(2)?;
            overrides.check_velocity = row.get(3)?;
            overrides.max_expected = row.get(4)?;
            Ok(())
        },
    )?;
    Ok(())
}

/// Where the users stand.
fn standings(db: &Connection, page: &mut [SourceUser], spans: &[(i64, i64)]) -> Result<()> {
    let own = |page: &mut [SourceUser], columns: &str, table: &str, put: Put| {
        own(db, page, spans, columns, table, put)
    };
    own(page, "phase, bundle, changed", "progress", |user, row| {
        user.phase = phase(row, 1)?;
        user.bundle = row.get(2)?;
        user.changes = Changes(row.get(3)?);
        Ok(())
    })?;
    own(page, "target", "mapped", |user, row| {
        user.target = row.get(1)?;
        Ok(())
    })?;
    own(page, "1", "excluded", |user, _| {
        user.excluded = true;
        Ok(())
    })?;
    own(page, "1", "temp.conflict", |user, _| {
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
                plain: User {
                    id: row.get(4)?,
                    group,
                    userid: row.get(2)?,
                    full_name: row.get(5)?,
                    state: word(row, 6)?,
                    locale: row.get(7)?,
                    aliases: Vec::new(),
                    last_auth: moment(row, 8)?,
                    lockout_count: row.get(9)?,
                    contacts: Vec::new(),
                    qa: Vec::new(),
                    passwords: Vec::new(),
                    tokens: Vec::new(),
                    cards: Vec::new(),
                    location: Location::default(),
                    not_migrated: Vec::new(),
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

type Put = fn(&mut SourceUser, &Row<'_>) -> Read<()>;

/// Hands the rows of a table whose ids hold user and place to their users.
fn placed(
    db: &Connection,
    page: &mut [SourceUser],
    spans: &[(i64, i64)],
    columns: &str,
    table: &str,
    put: Put,
) -> Read<()> {
    let sql = format!(
        "SELECT id >> 16, {columns} FROM {table} WHERE id >= ?1 << 16 AND id < (?2 + 1) << 16 ORDER BY id"
    );
    hand_out(db, page, spans, &sql, put)
}

/// As [`placed`], of a table with one row a user.
fn own(
    db: &Connection,
    page: &mut [SourceUser],
    spans: &[(i64, i64)],
    columns: &str,
    table: &str,
    put: Put,
) -> Read<()> {
    let sql =
        format!("SELECT user, {columns} FROM {table} WHERE user BETWEEN ?1 AND ?2 ORDER BY user");
    hand_out(db, page, spans, &sql, put)
}

fn hand_out(
    db: &Connection,
    page: &mut [SourceUser],
    spans: &[(i64, i64)],
    sql: &str,
    put: Put,
) -> Read<()> {
    let mut statement = db.prepare_cached(sql)?;
    let mut users = page.iter_mut().peekable();
    for span in spans {
        let mut rows = statement.query(*span)?;
        while let Some(row) = rows.next()? {
            let owner: i64 = row.get(0)?;
            while users.next_if(|user| user.id < owner).is_some() {}
            if let Some(user) = users.peek_mut()
                && user.id == owner
            {
                put(user, row)?;
            }
        }
    }
    Ok(())
}

/// The next unassigned tokens of the groups, each with its row id, in the order in which they were loaded.
pub(super) fn unassigned_tokens(
    db: &Connection,
    groups: &Sql,
    last: i64,
) -> Result<Vec<(i64, SealedUnassignedToken)>> {
    nobodys(db, TOKEN, "tokens", Some(groups), last, PAGE, nobodys_token)
}

/// As for tokens.
pub(super) fn unassigned_cards(
    db: &Connection,
    groups: &Sql,
    last: i64,
) -> Result<Vec<(i64, SealedUnassignedCard)>> {
    let columns = format!("{CARD}, preproduced, comment");
    nobodys(
        db,
        &columns,
        "cards",
        Some(groups),
        last,
        PAGE,
        nobodys_card,
    )
}

/// The next unassigned tokens after `last`, `most` of all there ever were: also of those that are gone.
pub(in crate::vault) fn every_unassigned_token(
    db: &Connection,
    last: i64,
    most: usize,
) -> Result<Vec<(i64, SealedUnassignedToken)>> {
    nobodys(db, TOKEN, "tokens", None, last, most, nobodys_token)
}

/// As for tokens.
pub(in crate::vault) fn every_unassigned_card(
    db: &Connection,
    last: i64,
    most: usize,
) -> Result<Vec<(i64, SealedUnassignedCard)>> {
    let columns = format!("{CARD}, preproduced, comment");
    nobodys(db, &columns, "cards", None, last, most, nobodys_card)
}

/// One unassigned token, by its row.
pub(in crate::vault) fn unassigned_token(
    db: &Connection,
    row: i64,
) -> Result<Option<SealedUnassignedToken>> {
    nobody(db, TOKEN, "tokens", row, nobodys_token)
}

/// As for tokens.
pub(in crate::vault) fn unassigned_card(
    db: &Connection,
    row: i64,
) -> Result<Option<SealedUnassignedCard>> {
    let columns = format!("{CARD}, preproduced, comment");
    nobody(db, &columns, "cards", row, nobodys_card)
}

fn nobodys_token(row: &Row<'_>) -> Read<SealedUnassignedToken> {
    Ok(SealedUnassignedToken {
        token: token_row(row)?,
        group: row.get(23)?,
    })
}

fn nobodys_card(row: &Row<'_>) -> Read<SealedUnassignedCard> {
    Ok(SealedUnassignedCard {
        card: card_row(row)?,
        preproduced: row.get(13)?,
        comment: row.get(14)?,
        group: row.get(15)?,
    })
}

fn nobody<T>(
    db: &Connection,
    columns: &str,
    table: &str,
    row: i64,
    read: impl FnOnce(&Row<'_>) -> Read<T>,
) -> Result<Option<T>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT id, {columns}, (SELECT name FROM groups g WHERE g.id = group_id) FROM {table} \
         WHERE id = ? AND group_id IS NOT NULL"
    ))?;
    Ok(statement.query_row([row], read).optional()?)
}

fn nobodys<T>(
    db: &Connection,
    columns: &str,
    table: &str,
    groups: Option<&Sql>,
    last: i64,
    most: usize,
    mut read: impl FnMut(&Row<'_>) -> Read<T>,
) -> Result<Vec<(i64, T)>> {
    let condition = groups.map_or_else(String::new, |groups| {
        format!(
            "AND gone = 0 AND group_id IN (SELECT g.id FROM groups g WHERE {})",
            groups.text
        )
    });
    let mut statement = db.prepare_cached(&format!(
        "SELECT id, {columns}, (SELECT name FROM groups g WHERE g.id = group_id) FROM {table} \
         WHERE id < ? {condition} ORDER BY id DESC LIMIT {most}"
    ))?;
    let params = std::iter::once(Value::Integer(last)).chain(
        groups
            .into_iter()
            .flat_map(|groups| groups.params.iter().cloned()),
    );
    let page = statement
        .query_map(params_from_iter(params), |row| {
            Ok((row.get(0)?, read(row)?))
        })?
        .collect::<Read<_>>()?;
    Ok(page)
}
