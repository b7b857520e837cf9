//! Tokens and cards: under one key there is one, and who loads it last has it.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, Statement, params};

use crate::model::{CardFacts, TokenFacts};
use crate::store::records::TOKEN_KEY;

use super::bad::BadRecord;
use super::rows::has_rows;
use super::twins::MOST;

/// Whether it is a token or a card.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    Token,
    Card,
}

/// The tokens and cards of earlier loads, and what the vault keeps about tokens besides.
pub(super) struct Items<'c> {
    db: &'c Connection,
    load: i64,
    /// None where the vault held no token, so that it is not searched.
    tokens: Option<Tokens<'c>>,
    /// As for tokens.
    cards: Option<Before<'c>>,
    given: Option<Given<'c>>,
    vendors: HashSet<String>,
    vendor: Statement<'c>,
    /// Which of issue number and key id the tokens of the load had, a bit for each way.
    ways: u8,
}

/// The tokens that were there before.
struct Tokens<'c> {
    before: Before<'c>,
    /// Those of a vendor and serial number, those of this load too.
    namesakes: Statement<'c>,
    /// As `namesakes`, while the indexes are away: those of earlier loads.
    namesakes_before: Statement<'c>,
}

/// What the vault holds of a token's vendor and serial number.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What an earlier load has under the whole key.
    pub(super) exact: Option<i64>,
    /// Others, which may be the same token.
    pub(super) namesakes: Vec<i64>,
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
        let namesakes = |earlier: &str| {
            db.prepare(&format!(
                "SELECT id, coalesce(issue_no, key_id, ''), load FROM tokens WHERE serial = ?1 AND vendor = ?2 {earlier} \
                 LIMIT {}",
                MOST + 1
            ))
        };
        let tokens = before("tokens", TOKEN_KEY)?.map(|before| {
            Ok::<_, rusqlite::Error>(Tokens {
                before,
                namesakes: namesakes("")?,
                namesakes_before: namesakes(&format!("AND load < {load}"))?,
            })
        });
        Ok(Self {
            db,
            load,
            tokens: tokens.transpose()?,
            cards: before("cards", "serial = ?")?,
            given: Given::new(db)?,
            vendors: db
                .prepare("SELECT name FROM vendors")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?,
            vendor: db.prepare("INSERT OR IGNORE INTO vendors (name) VALUES (?)")?,
            ways: 0,
        })
    }

    /// What there is under the key of `token`, and what may be the same token; `away` says that the indexes are.
    pub(super) fn token(&mut self, token: &TokenFacts, away: bool) -> rusqlite::Result<Found> {
        let mut found = Found::default();
        self.ways |=
            1 << (u8::from(token.issue_no.is_some()) | u8::from(token.key_id.is_some()) << 1);
        let Some(tokens) = &mut self.tokens else {
            return Ok(found);
        };
        let (serial, vendor, distinction) = token.key();
        let statement = match away {
            true => &mut tokens.namesakes_before,
            false => &mut tokens.namesakes,
        };
        let mut rows = statement.query([serial, vendor])?;
        let mut seen = 0;
        while let Some(row) = rows.next()? {
            seen += 1;
            if row.get_ref(1)?.as_str()? != distinction {
                found.namesakes.push(row.get(0)?);
            } else if row.get::<_, i64>(2)? < self.load {
                found.exact = Some(row.get(0)?);
            }
        }
        if seen > MOST && found.exact.is_none() {
            let find = &mut tokens.before.find;
            found.exact = find.query_row(token.key(), |row| row.get(0)).optional()?;
        }
        Ok(found)
    }

    /// Whether this load has written the token of a row.
    pub(super) fn is_of_this_load(&self, row: i64) -> rusqlite::Result<bool> {
        let sql = "SELECT load = ? FROM tokens WHERE id = ?";
        self.db
            .prepare_cached(sql)?
            .query_row([self.load, row], |row| row.get(0))
    }

    /// Whether two tokens of the file can be one that was not found as such while it was written.
    pub(super) fn may_be_twice(&self, away: bool) -> bool {
        self.ways.count_ones() > 1 && (away || self.tokens.is_none())
    }

    /// Whether the vault held no token before.
    pub(super) fn no_token_before(&self) -> bool {
        self.tokens.is_none()
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
            Item::Token => self.tokens.as_mut().map(|tokens| &mut tokens.before),
            Item::Card => self.cards.as_mut(),
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
        let what = format!(
            "token {} {} is there already, {}",
            token.vendor,
            token.serial,
            whose(self.db, row)?
        );
        Ok(BadRecord::at(
            line,
            what,
            "only tokens that are new to the vault can be loaded this way",
        ))
    }
}

/// The owner of the token of a row, in words.
pub(super) fn whose(db: &Connection, row: i64) -> rusqlite::Result<String> {
    db.prepare_cached(
        "SELECT coalesce('assigned to ' || h.name || '/' || u.userid, 'unassigned in group ' || g.name, 'in the vault') \
         FROM tokens t LEFT JOIN groups g ON g.id = t.group_id LEFT JOIN users u ON u.id = t.id >> 16 \
         LEFT JOIN groups h ON h.id = u.group_id WHERE t.id = ?",
    )?
    .query_row([row], |row| row.get(0))
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

    /// The address that `token` was given, once the source's own address is noted.
    fn address(&mut self, token: &TokenFacts) -> rusqlite::Result<Option<String>> {
        let (serial, vendor, distinction) = token.key();
        let params = params![serial, vendor, distinction, token.idp_url.as_deref()];
        self.0.query_row(params, |row| row.get(0)).optional()
    }
}
