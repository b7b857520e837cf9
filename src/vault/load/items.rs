//! Tokens and cards: under one key there is one, and who loads it last has it.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, Statement, params};

use crate::model::{CardFacts, TokenFacts};
use crate::store::records::TOKEN_KEY;

use super::bad::BadRecord;
use super::rows::has_rows;

/// Whether it is a token or a card.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    Token,
    Card,
}

/// The tokens and cards of earlier loads, and what the vault keeps about tokens besides.
pub(super) struct Items<'c> {
    db: &'c Connection,
    /// None where the vault held no token, so that it is not searched.
    tokens: Option<Before<'c>>,
    /// As for tokens.
    cards: Option<Before<'c>>,
    given: Option<Given<'c>>,
    vendors: HashSet<String>,
    vendor: Statement<'c>,
}

/// The items of a kind that were there before.
struct Before<'c> {
    find: Statement<'c>,
    remove: Statement<'c>,
}

impl<'c> Items<'c> {
    pub(super) fn new(db: &'c Connection, load: i64) -> rusqlite::Result<Self> {
        let before = |table: &'static str, key: &str| {
            if !has_rows(db, table)? {
                return Ok(None);
            }
            Ok::<_, rusqlite::Error>(Some(Before {
                // `load` is a literal: only so can the partial indexes of a big load be used.
                find: db.prepare(&format!(
                    "SELECT id FROM {table} WHERE {key} AND load < {load}"
                ))?,
                remove: db.prepare(&format!("DELETE FROM {table} WHERE id = ?"))?,
            }))
        };
        Ok(Self {
            db,
            tokens: before("tokens", TOKEN_KEY)?,
            cards: before("cards", "serial = ?")?,
            given: Given::new(db)?,
            vendors: db
                .prepare("SELECT name FROM vendors")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?,
            vendor: db.prepare("INSERT OR IGNORE INTO vendors (name) VALUES (?)")?,
        })
    }

    /// The row that an earlier load has under the key of `token`.
    pub(super) fn token(&mut self, token: &TokenFacts) -> rusqlite::Result<Option<i64>> {
        let Some(before) = &mut self.tokens else {
            return Ok(None);
        };
        let key = token.key();
        before.find.query_row(key, |row| row.get(0)).optional()
    }

    /// As for tokens.
    pub(super) fn card(&mut self, card: &CardFacts) -> rusqlite::Result<Option<i64>> {
        let Some(before) = &mut self.cards else {
            return Ok(None);
        };
        let key = [card.serial.cast_signed()];
        before.find.query_row(key, |row| row.get(0)).optional()
    }

    /// Takes out a row that makes room.
    pub(super) fn remove(&mut self, item: Item, row: i64) -> rusqlite::Result<()> {
        let before = match item {
            Item::Token => &mut self.tokens,
            Item::Card => &mut self.cards,
        };
        if let Some(before) = before {
            before.remove.execute([row])?;
        }
        Ok(())
    }

    /// The identity provider's address that a master has given the token.
    pub(super) fn given(&mut self, token: &TokenFacts) -> rusqlite::Result<Option<String>> {
        match &mut self.given {
            Some(given) => given.address(token),
            None => Ok(None),
        }
    }

    /// Enters the vendor of a token that was written.
    pub(super) fn vendor(&mut self, name: &str) -> rusqlite::Result<()> {
        if !self.vendors.contains(name) {
            self.vendor.execute([name])?;
            self.vendors.insert(name.to_owned());
        }
        Ok(())
    }

    /// That a token which must be new has a row already.
    pub(super) fn not_new(
        &self,
        line: u64,
        row: i64,
        token: &TokenFacts,
    ) -> rusqlite::Result<BadRecord> {
        let whose: String = self.db.query_row(
            "SELECT coalesce('assigned to ' || h.name || '/' || u.userid, 'unassigned in group ' || g.name, 'in the vault') \
             FROM tokens t LEFT JOIN groups g ON g.id = t.group_id LEFT JOIN users u ON u.id = t.id >> 16 \
             LEFT JOIN groups h ON h.id = u.group_id WHERE t.id = ?",
            [row],
            |row| row.get(0),
        )?;
        let what = format!(
            "token {} {} is there already, {whose}",
            token.vendor, token.serial
        );
        Ok(BadRecord::at(
            line,
            what,
            "only tokens that are new to the vault can be loaded this way",
        ))
    }
}

/// The addresses that masters have given to soft tokens; they stay when a load brings the token again.
struct Given<'c>(Statement<'c>);

impl<'c> Given<'c> {
    /// `None` where there is none.
    fn new(db: &'c Connection) -> rusqlite::Result<Option<Self>> {
        if !has_rows(db, "idp_urls")? {
            return Ok(None);
        }
        let sql = "UPDATE idp_urls SET source = ?4 WHERE serial = ?1 AND vendor = ?2 AND distinction = ?3 RETURNING url";
        Ok(Some(Self(db.prepare(sql)?)))
    }

    /// The address that `token` was given, once it is noted what the source says.
    fn address(&mut self, token: &TokenFacts) -> rusqlite::Result<Option<String>> {
        let (serial, vendor, distinction) = token.key();
        let params = params![serial, vendor, distinction, token.idp_url.as_deref()];
        self.0.query_row(params, |row| row.get(0)).optional()
    }
}
