//! What is there already when a record is imported: the prepared statements that look it up.

use rusqlite::{Connection, OptionalExtension as _, Row, Statement};

use crate::model::LocationEntry;
use crate::model::bundle::Token;
use crate::store::records::{Columns as _, TOKEN_KEY, read};

use super::prepare::Attributes;

/// A user who is there already.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) userid: String,
    pub(super) synced: bool,
    pub(super) state: String,
    pub(super) attributes: Attributes,
}

/// Child tables whose rows have a place in their user.
#[derive(Debug, Clone, Copy)]
pub(super) enum Table {
    Aliases,
    Passwords,
    Tokens,
    Cards,
    Locations,
    Expected,
}

pub(super) struct There<'c> {
    user_by_key: Statement<'c>,
    userid_by_id: Statement<'c>,
    alias_by_key: Statement<'c>,
    token_by_key: Statement<'c>,
    card_by_serial: Statement<'c>,
    has_qa: Statement<'c>,
    has_rba: Statement<'c>,
    passwords_of: Statement<'c>,
    history_of: Statement<'c>,
    expected_of: Statement<'c>,
    tokens_of: Statement<'c>,
    last_alias: Statement<'c>,
    last_password: Statement<'c>,
    last_token: Statement<'c>,
    last_card: Statement<'c>,
    last_location: Statement<'c>,
    last_expected: Statement<'c>,
}

impl<'c> There<'c> {
    pub(super) fn new(db: &'c Connection) -> rusqlite::Result<Self> {
        let range = |columns: &str, table: &str| {
            db.prepare(&format!(
                "SELECT {columns} FROM {table} WHERE id >= ?1 << 16 AND id < (?1 + 1) << 16"
            ))
        };
        Ok(Self {
            user_by_key: db.prepare(
                "SELECT id, userid, synced, state, first_name, last_name, email, phone, mobile FROM users \
                 WHERE coalesce(fold, userid) = ?1",
            )?,
            userid_by_id: db.prepare("SELECT userid FROM users WHERE id = ?1")?,
            alias_by_key: db.prepare("SELECT id FROM aliases WHERE coalesce(fold, alias) = ?1")?,
            token_by_key: db.prepare(&format!("SELECT id FROM tokens WHERE {TOKEN_KEY}"))?,
            card_by_serial: db.prepare("SELECT id FROM cards WHERE serial = ?1")?,
            has_qa: db.prepare("SELECT 1 FROM qa WHERE user = ?1")?,
            has_rba: db.prepare("SELECT 1 FROM overrides WHERE user = ?1")?,
            passwords_of: range("name", "passwords")?,
            history_of: range(LocationEntry::COLUMNS, "locations")?,
            expected_of: range("place", "expected")?,
            tokens_of: range("count(*)", "tokens")?,
            last_alias: range("max(id)", "aliases")?,
            last_password: range("max(id)", "passwords")?,
            last_token: range("max(id)", "tokens")?,
            last_card: range("max(id)", "cards")?,
            last_location: range("max(id)", "locations")?,
            last_expected: range("max(id)", "expected")?,
        })
    }

    pub(super) fn user_by_key(&mut self, key: &str) -> rusqlite::Result<Option<Known>> {
        let known = |row: &Row<'_>| {
            Ok(Known {
                id: row.get(0)?,
                userid: row.get(1)?,
                synced: row.get(2)?,
                state: row.get(3)?,
                attributes: Attributes {
                    first: row.get(4)?,
                    last: row.get(5)?,
                    email: row.get(6)?,
                    phone: row.get(7)?,
                    mobile: row.get(8)?,
                },
            })
        };
        self.user_by_key.query_row([key], known).optional()
    }

    pub(super) fn userid(&mut self, id: i64) -> rusqlite::Result<String> {
        self.userid_by_id.query_row([id], |row| row.get(0))
    }

    pub(super) fn alias(&mut self, key: &str) -> rusqlite::Result<Option<i64>> {
        one(&mut self.alias_by_key, [key])
    }

    pub(super) fn token(&mut self, token: &Token) -> rusqlite::Result<Option<i64>> {
        let key = token.facts.key();
        one(&mut self.token_by_key, key)
    }

    pub(super) fn card(&mut self, serial: u64) -> rusqlite::Result<Option<i64>> {
        one(&mut self.card_by_serial, [serial.cast_signed()])
    }

    pub(super) fn has_qa(&mut self, user: i64) -> rusqlite::Result<bool> {
        self.has_qa.exists([user])
    }

    pub(super) fn has_rba(&mut self, user: i64) -> rusqlite::Result<bool> {
        self.has_rba.exists([user])
    }

    pub(super) fn passwords_of(&mut self, user: i64) -> rusqlite::Result<Vec<Option<String>>> {
        all(&mut self.passwords_of, user, |row| row.get(0))
    }

    pub(super) fn history_of(&mut self, user: i64) -> rusqlite::Result<Vec<LocationEntry>> {
        all(&mut self.history_of, user, |row| {
            Ok(LocationEntry {
                last_auth: None,
                ..read(row, 0)?
            })
        })
    }

    pub(super) fn expected_of(&mut self, user: i64) -> rusqlite::Result<Vec<String>> {
        all(&mut self.expected_of, user, |row| row.get(0))
    }

    pub(super) fn tokens_of(&mut self, user: i64) -> rusqlite::Result<u64> {
        self.tokens_of.query_row([user], |row| row.get(0))
    }

    /// The row id of the next item of a user.
    pub(super) fn next(&mut self, table: Table, user: i64) -> rusqlite::Result<i64> {
        let statement = match table {
            Table::Aliases => &mut self.last_alias,
            Table::Passwords => &mut self.last_password,
            Table::Tokens => &mut self.last_token,
            Table::Cards => &mut self.last_card,
            Table::Locations => &mut self.last_location,
            Table::Expected => &mut self.last_expected,
        };
        let last: Option<i64> = statement.query_row([user], |row| row.get(0))?;
        Ok(last.map_or(user << 16, |last| last + 1))
    }
}

fn one(
    statement: &mut Statement<'_>,
    params: impl rusqlite::Params,
) -> rusqlite::Result<Option<i64>> {
    statement.query_row(params, |row| row.get(0)).optional()
}

fn all<T>(
    statement: &mut Statement<'_>,
    user: i64,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    statement.query_map([user], read)?.collect()
}
