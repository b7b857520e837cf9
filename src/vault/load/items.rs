//! Tokens and cards: under one key there is one, and who loads it last has it.

use rusqlite::OptionalExtension as _;

use crate::vault::sealed::{
    SealedCard, SealedToken, SealedUnassignedCard, SealedUnassignedToken, distinction,
};

use super::rows::Origin;
use super::writer::{Writer, is_unique, twice};
use super::{BadRecord, Trouble};

impl Writer<'_, '_> {
    pub(super) fn unassigned_token(
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

    pub(super) fn unassigned_card(
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
    pub(super) fn token(
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
            if let Some(row) = before.filter(|_| self.only_new) {
                return Err(self.there_already(line, row, token)?.into());
            }
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
        if !self.vendors.contains(&plain.vendor) {
            let sql = "INSERT OR IGNORE INTO vendors (name) VALUES (?)";
            self.db.execute(sql, [&plain.vendor])?;
            self.vendors.insert(plain.vendor.clone());
        }
        Ok(before.is_some_and(|row| row < 0))
    }

    /// As for tokens.
    pub(super) fn card(
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
        let plain = &token.plain;
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
}
