//! Groups, tokens, cards and aliases as lists show them.

use rusqlite::{Connection, Row};

use crate::lang::selection::{Entity, Selection};
use crate::model::Moment;
use crate::store::records::read;

use super::super::selection::user_ids;
use super::super::{Error, Result};
use super::{chosen, number, walk, walk_chosen};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    pub name: String,
    /// Whether it is the source's default group.
    pub default: bool,
    pub users: u64,
    pub tokens: u64,
    pub cards: u64,
}

/// All groups, by name.
pub fn groups<E: From<Error>>(
    db: &Connection,
    mut each: impl FnMut(GroupRow) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = "SELECT g.name, g.is_default, \
         (SELECT count(*) FROM users u WHERE u.group_id = g.id AND u.gone = 0), \
         (SELECT count(*) FROM tokens t WHERE t.group_id = g.id AND t.gone = 0), \
         (SELECT count(*) FROM cards c WHERE c.group_id = g.id AND c.gone = 0) \
         FROM groups g WHERE g.gone = 0 ORDER BY g.name";
    walk(db, sql, [], |row| each(group(row).map_err(Error::from)?))
}

fn group(row: &Row<'_>) -> rusqlite::Result<GroupRow> {
    Ok(GroupRow {
        name: row.get(0)?,
        default: row.get(1)?,
        users: number(row, 2)?,
        tokens: number(row, 3)?,
        cards: number(row, 4)?,
    })
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    pub vendor: String,
    pub serial: String,
    /// Hardware or soft.
    pub kind: String,
    /// How codes are computed.
    pub algorithm: String,
    pub model: Option<String>,
    /// State of an assigned token.
    pub state: Option<String>,
    /// How far the activation of a soft token is.
    pub activation: Option<String>,
    /// The group that holds it.
    pub group: Option<String>,
    /// The user it belongs to.
    pub userid: Option<String>,
    pub last_used: Option<Moment>,
    pub expires: Option<Moment>,
}

/// The chosen tokens, assigned and unassigned, by vendor and serial number.
pub fn tokens<E: From<Error>>(
    db: &Connection,
    selection: &Selection,
    mut each: impl FnMut(TokenRow) -> Result<bool, E>,
) -> Result<(), E> {
    let head = "SELECT t.vendor, t.serial, t.kind, t.algorithm, t.model, t.state, t.activation, g.name, o.userid, \
         t.last_used, t.expires FROM tokens t LEFT JOIN users o ON o.id = t.id >> 16 \
         LEFT JOIN groups g ON g.id = coalesce(t.group_id, o.group_id)";
    let sql = chosen(selection, Entity::Token, head, "t.serial, t.vendor, t.id");
    walk_chosen(db, sql, |row| each(token(row).map_err(Error::from)?))
}

fn token(row: &Row<'_>) -> rusqlite::Result<TokenRow> {
    Ok(TokenRow {
        vendor: row.get(0)?,
        serial: row.get(1)?,
        kind: row.get(2)?,
        algorithm: row.get(3)?,
        model: row.get(4)?,
        state: row.get(5)?,
        activation: row.get(6)?,
        group: row.get(7)?,
        userid: row.get(8)?,
        last_used: read(row, 9)?,
        expires: read(row, 10)?,
    })
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardRow {
    pub serial: u64,
    /// State of an assigned card.
    pub state: Option<String>,
    /// Usage threshold indicator.
    pub usage: Option<String>,
    /// Whether it was made in quantity and never assigned.
    pub preproduced: bool,
    /// The group that holds it.
    pub group: Option<String>,
    /// The user it belongs to.
    pub userid: Option<String>,
    /// When it was made.
    pub created: Option<Moment>,
    pub expires: Option<Moment>,
    /// Rows and columns.
    pub size: (u32, u32),
}

/// The chosen cards, assigned and unassigned, by serial number.
pub fn cards<E: From<Error>>(
    db: &Connection,
    selection: &Selection,
    mut each: impl FnMut(CardRow) -> Result<bool, E>,
) -> Result<(), E> {
    let head = "SELECT c.serial, c.state, c.usage, c.preproduced, g.name, o.userid, c.created, c.expires, c.rows, \
         c.columns FROM cards c LEFT JOIN users o ON o.id = c.id >> 16 \
         LEFT JOIN groups g ON g.id = coalesce(c.group_id, o.group_id)";
    let sql = chosen(selection, Entity::Card, head, "c.serial, c.id");
    walk_chosen(db, sql, |row| each(card(row).map_err(Error::from)?))
}

fn card(row: &Row<'_>) -> rusqlite::Result<CardRow> {
    Ok(CardRow {
        serial: number(row, 0)?,
        state: row.get(1)?,
        usage: row.get(2)?,
        preproduced: row.get(3)?,
        group: row.get(4)?,
        userid: row.get(5)?,
        created: read(row, 6)?,
        expires: read(row, 7)?,
        size: (row.get(8)?, row.get(9)?),
    })
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasRow {
    pub alias: String,
    /// Group of its user.
    pub group: String,
    /// Its user.
    pub userid: String,
}

/// The aliases of the chosen users, in order of user id.
pub fn aliases<E: From<Error>>(
    db: &Connection,
    selection: &Selection,
    mut each: impl FnMut(AliasRow) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = user_ids(selection).map_err(Error::from).map(|mut users| {
        users.text = format!(
            "SELECT a.alias, g.name, u.userid FROM users u JOIN aliases a ON a.id BETWEEN u.id << 16 \
             AND (u.id << 16) + 65535 JOIN groups g ON g.id = u.group_id WHERE u.id IN ({}) \
             ORDER BY u.userid, u.group_id, a.id",
            users.text
        );
        users
    });
    walk_chosen(db, sql, |row| {
        let alias = |row: &Row<'_>| -> rusqlite::Result<AliasRow> {
            Ok(AliasRow {
                alias: row.get(0)?,
                group: row.get(1)?,
                userid: row.get(2)?,
            })
        };
        each(alias(row).map_err(Error::from)?)
    })
}
