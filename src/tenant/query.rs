//! Looking: what the lists of a tenant show. Rows are handed out one by one; nothing here opens a secret.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use crate::model::fold::folded;
use crate::model::{Moment, Pattern};
use crate::store::glob;
use crate::store::records;

use super::error::{Error, Result};
use super::settings::SETTINGS;

/// What a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these users; `*` and `?` stand for anything.
    pub user: Option<String>,
    /// Only this group; all users are in the default one.
    pub group: Option<String>,
}

#[derive(Debug)]
pub struct UserRow {
    pub userid: String,
    /// The group besides the default one.
    pub group: Option<String>,
    /// Whether the user comes from a directory.
    pub synced: bool,
    /// `ACTIVE` or `INACTIVE`.
    pub state: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Number of the mobile phone.
    pub mobile: Option<String>,
    /// Mandatory attributes that are missing, separated by commas.
    pub missing: Option<String>,
    /// Failed attempts.
    pub failures: u64,
    pub aliases: u64,
    /// Questions and answers.
    pub qa: u64,
    pub passwords: u64,
    pub tokens: u64,
    pub cards: u64,
}

#[derive(Debug)]
pub struct GroupRow {
    pub name: String,
    /// Whether it is the default group, in which all users are.
    pub default: bool,
    pub users: u64,
}

#[derive(Debug)]
pub struct TokenRow {
    pub vendor: String,
    pub serial: String,
    /// The user who has it.
    pub userid: Option<String>,
    /// The group of an unassigned token.
    pub group: Option<String>,
    /// Hardware or soft.
    pub kind: String,
    /// How codes are computed.
    pub algorithm: String,
    pub model: Option<String>,
    /// `ACTIVE` or `INACTIVE`.
    pub state: Option<String>,
    pub expires: Option<Moment>,
}

#[derive(Debug)]
pub struct CardRow {
    pub serial: u64,
    /// The user who has it.
    pub userid: Option<String>,
    /// The group of an unassigned card.
    pub group: Option<String>,
    /// `ACTIVE`, `PENDING` or `INACTIVE`.
    pub state: Option<String>,
    /// Made in quantity, never assigned.
    pub preproduced: bool,
    /// When it was made.
    pub created: Option<Moment>,
    pub expires: Option<Moment>,
}

/// What stands behind `WHERE`, with its parameters.
struct Conditions {
    text: String,
    params: Vec<Value>,
}

impl Filter {
    /// Conditions on the table `i` of items, joined with `u`, the users; `group` is the item's column of its group.
    fn conditions(&self, db: &Connection, group: &str) -> Result<Conditions> {
        let mut parts = vec!["1".to_owned()];
        let mut params = Vec::new();
        if let Some(user) = &self.user {
            let pattern = Pattern::parse(user);
            if pattern.literal().is_none() {
                params.push(Value::Text(glob(&pattern)));
                parts.push(format!("u.userid GLOB ?{}", params.len()));
            } else {
                params.push(Value::Text(folded(user).into_owned()));
                parts.push(format!("coalesce(u.fold, u.userid) = ?{}", params.len()));
            }
        }
        if let Some(name) = &self.group
            && *name != SETTINGS.get(db, "default-group")?
        {
            params.push(Value::Text(name.clone()));
            parts.push(format!(
                "{group} = (SELECT id FROM groups WHERE name = ?{})",
                params.len()
            ));
        }
        Ok(Conditions {
            text: parts.join(" AND "),
            params,
        })
    }
}

fn walk<E: From<Error>>(
    db: &Connection,
    sql: &str,
    params: Vec<Value>,
    mut each: impl FnMut(&Row<'_>) -> Result<bool, E>,
) -> Result<(), E> {
    let failed = |error: rusqlite::Error| E::from(Error::from(error));
    let mut statement = db.prepare(sql).map_err(failed)?;
    let mut rows = statement.query(params_from_iter(params)).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if !each(row)? {
            break;
        }
    }
    Ok(())
}

fn read<T, E: From<Error>>(row: rusqlite::Result<T>) -> Result<T, E> {
    row.map_err(|error| E::from(Error::from(error)))
}

/// How many users there are.
pub fn count(db: &Connection, filter: &Filter) -> Result<u64> {
    let Conditions { text, params } = filter.conditions(db, "u.group_id")?;
    let sql = format!("SELECT count(*) FROM users u WHERE {text}");
    Ok(db.query_row(&sql, params_from_iter(params), |row| row.get(0))?)
}

/// Hands out users, the oldest first, until `each` returns false.
pub fn users<E: From<Error>>(
    db: &Connection,
    filter: &Filter,
    mut each: impl FnMut(UserRow) -> Result<bool, E>,
) -> Result<(), E> {
    let Conditions { text, params } = filter.conditions(db, "u.group_id")?;
    let of = |table: &str| {
        format!("(SELECT count(*) FROM {table} WHERE id >= u.id << 16 AND id < (u.id + 1) << 16)")
    };
    let sql = format!(
        "SELECT u.userid, (SELECT name FROM groups WHERE id = u.group_id), u.synced, u.state, u.first_name, u.last_name, \
         u.email, u.phone, u.mobile, u.missing, u.failures, {}, coalesce((SELECT pairs FROM qa WHERE user = u.id), 0), \
         {}, {}, {} FROM users u WHERE {text} ORDER BY u.id",
        of("aliases"),
        of("passwords"),
        of("tokens"),
        of("cards")
    );
    walk(db, &sql, params, |row| {
        let user = || {
            Ok(UserRow {
                userid: row.get(0)?,
                group: row.get(1)?,
                synced: row.get(2)?,
                state: row.get(3)?,
                first_name: row.get(4)?,
                last_name: row.get(5)?,
                email: row.get(6)?,
                phone: row.get(7)?,
                mobile: row.get(8)?,
                missing: row.get(9)?,
                failures: row.get(10)?,
                aliases: row.get(11)?,
                qa: row.get(12)?,
                passwords: row.get(13)?,
                tokens: row.get(14)?,
                cards: row.get(15)?,
            })
        };
        each(read(user())?)
    })
}

/// All groups, the default one first.
pub fn groups(db: &Connection) -> Result<Vec<GroupRow>> {
    let mut rows = vec![GroupRow {
        name: SETTINGS.get(db, "default-group")?,
        default: true,
        users: count(db, &Filter::default())?,
    }];
    let mut statement = db.prepare(
        "SELECT name, (SELECT count(*) FROM users WHERE group_id = g.id) FROM groups g ORDER BY name",
    )?;
    let others = statement.query_map([], |row| {
        Ok(GroupRow {
            name: row.get(0)?,
            default: false,
            users: row.get(1)?,
        })
    })?;
    for group in others {
        rows.push(group?);
    }
    Ok(rows)
}

/// Hands out tokens, unassigned ones first.
pub fn tokens<E: From<Error>>(
    db: &Connection,
    filter: &Filter,
    mut each: impl FnMut(TokenRow) -> Result<bool, E>,
) -> Result<(), E> {
    let Conditions { text, params } = filter.conditions(db, "coalesce(u.group_id, i.group_id)")?;
    let sql = format!(
        "SELECT i.vendor, i.serial, u.userid, (SELECT name FROM groups WHERE id = i.group_id), i.kind, i.algorithm, \
         i.model, i.state, i.expires FROM tokens i LEFT JOIN users u ON u.id = i.id >> 16 AND i.id > 0 \
         WHERE {text} ORDER BY i.id"
    );
    walk(db, &sql, params, |row| {
        let token = || {
            Ok(TokenRow {
                vendor: row.get(0)?,
                serial: row.get(1)?,
                userid: row.get(2)?,
                group: row.get(3)?,
                kind: row.get(4)?,
                algorithm: row.get(5)?,
                model: row.get(6)?,
                state: row.get(7)?,
                expires: records::read(row, 8)?,
            })
        };
        each(read(token())?)
    })
}

/// Hands out cards, unassigned ones first.
pub fn cards<E: From<Error>>(
    db: &Connection,
    filter: &Filter,
    mut each: impl FnMut(CardRow) -> Result<bool, E>,
) -> Result<(), E> {
    let Conditions { text, params } = filter.conditions(db, "coalesce(u.group_id, i.group_id)")?;
    let sql = format!(
        "SELECT i.serial, u.userid, (SELECT name FROM groups WHERE id = i.group_id), i.state, i.preproduced, i.created, \
         i.expires FROM cards i LEFT JOIN users u ON u.id = i.id >> 16 AND i.id > 0 WHERE {text} ORDER BY i.id"
    );
    walk(db, &sql, params, |row| {
        let card = || {
            Ok(CardRow {
                serial: row.get(0)?,
                userid: row.get(1)?,
                group: row.get(2)?,
                state: row.get(3)?,
                preproduced: row.get(4)?,
                created: records::read(row, 5)?,
                expires: records::read(row, 6)?,
            })
        };
        each(read(card())?)
    })
}
