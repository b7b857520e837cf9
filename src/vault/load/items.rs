//! Tokens and cards: under one key there is one, and who loads it last has it.

use rusqlite::{Connection, OptionalExtension as _, Statement, params};

use crate::vault::Result;
use crate::vault::sealed::{SealedCard, SealedToken, SealedUnassignedCard, SealedUnassignedToken};

use super::difference::{Before, Subject, token_name};
use super::prepare::Nobodys;
use super::rows::Origin;
use super::writer::{Writer, is_unique, twice};
use super::{BadRecord, Trouble};

impl Writer<'_, '_> {
    pub(super) fn unassigned_token(
        &mut self,
        line: u64,
        token: &Nobodys<SealedUnassignedToken>,
        from: Origin,
    ) -> std::result::Result<(), Trouble> {
        let SealedUnassignedToken { group, token: held } = &token.item;
        let id = self.group_of(line, group)?;
        let put = self.token(line, self.next_token, Some(id), held, from)?;
        self.next_token -= 1;
        self.report.tokens.new += u64::from(!put.replaced);
        self.report.tokens.replaced += u64::from(put.replaced);
        let name = || token_name(held);
        self.nobodys_differs(line, Subject::Token, name, token, group, put.before);
        Ok(())
    }

    pub(super) fn unassigned_card(
        &mut self,
        line: u64,
        card: &Nobodys<SealedUnassignedCard>,
        from: Origin,
    ) -> std::result::Result<(), Trouble> {
        let held = &card.item;
        let group = self.group_of(line, &held.group)?;
        let own = Some((group, held.preproduced, held.comment.as_deref()));
        let put = self.card(line, self.next_card, own, &held.card, from)?;
        self.next_card -= 1;
        self.report.cards.new += u64::from(!put.replaced);
        self.report.cards.replaced += u64::from(put.replaced);
        let name = || held.card.facts.serial.to_string();
        self.nobodys_differs(line, Subject::Card, name, card, &held.group, put.before);
        Ok(())
    }

    /// Writes a token; what an earlier load had under its key makes room.
    pub(super) fn token(
        &mut self,
        line: u64,
        id: i64,
        group: Option<i64>,
        token: &SealedToken,
        from: Origin,
    ) -> std::result::Result<Put, Trouble> {
        let plain = &token.facts;
        let key = (
            plain.serial.as_str(),
            plain.vendor.as_str(),
            plain.distinction(),
        );
        let mut put = Put::default();
        if self.tokens_before {
            let before = self
                .token_before
                .query_row(key, |row| row.get::<_, i64>(0))
                .optional()?;
            if let Some(row) = before.filter(|_| self.only_new) {
                return Err(self.there_already(line, row, token)?.into());
            }
            put = self.make_room("tokens", before, group)?;
        }
        put.given = match &mut self.given {
            Some(given) => given.address(key, plain.idp_url.as_deref())?,
            None => None,
        };
        let written = self
            .rows
            .token(id, group, token, put.given.as_deref(), from);
        written.map_err(|error| {
            if !is_unique(&error) {
                return error.into();
            }
            let sql = "SELECT line FROM tokens WHERE serial = ? AND vendor = ? AND coalesce(issue_no, key_id, '') = ?";
            let first = self.db.query_row(sql, key, |row| row.get(0));
            let what = format!("token {} {}", plain.vendor, plain.serial);
            first.map_or_else(Trouble::from, |first| twice(line, first, &what).into())
        })?;
        if !self.vendors.contains(plain.vendor.as_str()) {
            let sql = "INSERT OR IGNORE INTO vendors (name) VALUES (?)";
            self.db.execute(sql, [plain.vendor.as_str()])?;
            self.vendors.insert(plain.vendor.to_string());
        }
        Ok(put)
    }

    /// As for tokens.
    pub(super) fn card(
        &mut self,
        line: u64,
        id: i64,
        unassigned: Option<(i64, bool, Option<&str>)>,
        card: &SealedCard,
        from: Origin,
    ) -> std::result::Result<Put, Trouble> {
        let serial = i64::try_from(card.facts.serial).unwrap_or(i64::MAX);
        let mut put = Put::default();
        if self.cards_before {
            let before = self
                .card_before
                .query_row([serial], |row| row.get::<_, i64>(0))
                .optional()?;
            put = self.make_room("cards", before, unassigned.map(|(group, ..)| group))?;
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
        Ok(put)
    }

    fn there_already(
        &self,
        line: u64,
        row: i64,
        token: &SealedToken,
    ) -> rusqlite::Result<BadRecord> {
        let whose: String = self.db.query_row(
            "SELECT coalesce('assigned to ' || h.name || '/' || u.userid, 'unassigned in group ' || g.name, 'in the vault') \
             FROM tokens t LEFT JOIN groups g ON g.id = t.group_id LEFT JOIN users u ON u.id = t.id >> 16 \
             LEFT JOIN groups h ON h.id = u.group_id WHERE t.id = ?",
            [row],
            |row| row.get(0),
        )?;
        let plain = &token.facts;
        let what = format!(
            "token {} {} is there already, {whose}",
            plain.vendor, plain.serial
        );
        Ok(BadRecord::at(
            line,
            what,
            "only tokens that are new to the vault can be loaded this way",
        ))
    }

    fn make_room(&mut self, table: &str, before: Option<i64>, group: Option<i64>) -> Result<Put> {
        let Some(row) = before else {
            return Ok(Put::default());
        };
        let before = self.item_before(table, row)?;
        let sql = format!("DELETE FROM {table} WHERE id = ?");
        self.db.prepare_cached(&sql)?.execute([row])?;
        self.report.reassigned += u64::from(group.is_none() || row > 0);
        Ok(Put {
            replaced: row < 0,
            before,
            given: None,
        })
    }
}

/// How a token or card was put in its place.
#[derive(Debug, Default)]
pub(super) struct Put {
    /// Whether something that was nobody's made room.
    replaced: bool,
    /// What made room, if anybody wants to know.
    pub(super) before: Option<Before>,
    /// The identity provider's address that a master has given the token.
    pub(super) given: Option<String>,
}

/// The addresses that masters have given to soft tokens; they stay when a load brings the token again.
pub(super) struct Given<'c>(Statement<'c>);

impl<'c> Given<'c> {
    /// `None` where there is none.
    pub(super) fn new(db: &'c Connection) -> rusqlite::Result<Option<Self>> {
        let any = "SELECT EXISTS (SELECT 1 FROM idp_urls)";
        if !db.query_row(any, [], |row| row.get(0))? {
            return Ok(None);
        }
        let sql = "UPDATE idp_urls SET source = ?4 WHERE serial = ?1 AND vendor = ?2 AND distinction = ?3 RETURNING url";
        Ok(Some(Self(db.prepare(sql)?)))
    }

    /// The address that the token of this key was given, once it is noted what the source says.
    fn address(
        &mut self,
        (serial, vendor, distinction): (&str, &str, &str),
        source: Option<&str>,
    ) -> rusqlite::Result<Option<String>> {
        let key = params![serial, vendor, distinction, source];
        self.0.query_row(key, |row| row.get(0)).optional()
    }
}
