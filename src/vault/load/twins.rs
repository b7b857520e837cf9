//! Tokens that share vendor and serial number, and those that nearly do.
//!
//! Where one side lacks the issue number or key id, the seed decides whether they are one token. Anything else that is
//! alike is kept, and told.

use rusqlite::Connection;

use crate::store::Keys;
use crate::vault::alike::{self, Spelled, Speller};
use crate::vault::sealed::SealedToken;
use crate::vault::snapshot::page::{self, HeldToken};
use crate::vault::{Error, Result};

use super::items::whose;
use super::report::Remarks;

/// So many tokens of one vendor and serial number are compared with each other: nothing but a placeholder has more.
pub(super) const MOST: usize = 16;

/// What is remarked of tokens that are alike, and what tells.
pub(super) struct Twins<'c, 'o> {
    db: &'c Connection,
    keys: &'o Keys,
    pub(super) remarks: Remarks,
    /// The spellings of the tokens of the load, where look-alikes are searched.
    spelled: Option<(Speller, Vec<u64>)>,
}

/// How two tokens of one vendor and serial number stand to each other.
enum Likeness {
    Same,
    OtherSeed,
    OtherId,
    None,
}

impl<'c, 'o> Twins<'c, 'o> {
    pub(super) fn new(db: &'c Connection, keys: &'o Keys) -> Self {
        Self {
            db,
            keys,
            remarks: Remarks::default(),
            spelled: None,
        }
    }

    /// Searches for look-alikes of what is written from now on.
    pub(super) fn watch_spellings(&mut self) {
        self.spelled = Some(Default::default());
    }

    /// Notes how a token that was written is spelled.
    pub(super) fn written(&mut self, token: &SealedToken) {
        if let Some((speller, folds)) = &mut self.spelled {
            folds.push(speller.fold(&token.facts.vendor, &token.facts.serial));
        }
    }

    /// Which of these rows of the token's vendor and serial number are the same token.
    pub(super) fn same(
        &mut self,
        holder: [&str; 2],
        token: &SealedToken,
        namesakes: Vec<i64>,
    ) -> Result<Vec<i64>> {
        let mut same = Vec::new();
        for row in namesakes {
            let Some(other) = page::token(self.db, row)? else {
                continue;
            };
            if self.is_same((token, &holder), row, &other)? {
                same.push(row);
            }
        }
        Ok(same)
    }

    fn is_same(
        &mut self,
        (token, holder): (&SealedToken, &[&str]),
        row: i64,
        other: &HeldToken,
    ) -> Result<bool> {
        let holder_of_other = [other.group.as_str(), &other.userid];
        let one_seed = token.has_seed_of(holder, (&other.token, &holder_of_other), self.keys);
        let likeness = match (token.facts.is_another(&other.token.facts), one_seed) {
            (false, true) => Likeness::Same,
            (false, false) => Likeness::OtherSeed,
            (true, true) => Likeness::OtherId,
            (true, false) => Likeness::None,
        };
        let how = match likeness {
            Likeness::Same => return Ok(true),
            Likeness::None => return Ok(false),
            Likeness::OtherSeed => "with another seed",
            Likeness::OtherId => "under another id with the same seed",
        };
        let db = self.db;
        self.remarks.note(|| {
            let (vendor, serial) = (&token.facts.vendor, &token.facts.serial);
            let whose = whose(db, row)?;
            Ok::<_, Error>(format!("{vendor} {serial} is also there {how}, {whose}"))
        })?;
        Ok(false)
    }

    /// The tokens of the load that stand in its file twice, each with its line and that of the first one: the same
    /// vendor, serial number and seed, the issue number or key id only once.
    pub(super) fn twice(&mut self, load: i64) -> Result<Vec<Twice>> {
        let mut statement = self.db.prepare(&format!(
            "SELECT t.id, t.line, t.serial, t.vendor \
             FROM (SELECT serial, vendor FROM tokens GROUP BY serial, vendor HAVING count(*) > 1) k \
             CROSS JOIN tokens t ON t.serial = k.serial AND t.vendor = k.vendor \
             WHERE t.load = {load} ORDER BY t.serial, t.vendor, t.line, abs(t.id)"
        ))?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        let mut key = (String::new(), String::new());
        let mut before: Vec<(i64, i64, HeldToken)> = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, line): (i64, i64) = (row.get(0)?, row.get(1)?);
            let own: (String, String) = (row.get(2)?, row.get(3)?);
            if own != key {
                key = own;
                before.clear();
            }
            if before.len() == MOST {
                continue;
            }
            let Some(held) = page::token(self.db, id)? else {
                continue;
            };
            let holder = [held.group.as_str(), &held.userid];
            let mut first = None;
            for (row, line, other) in &before {
                if self.is_same((&held.token, &holder), *row, other)? {
                    first = Some(*line);
                    break;
                }
            }
            match first {
                Some(first) => found.push(Twice { id, line, first }),
                None => before.push((id, line, held)),
            }
        }
        Ok(found)
    }

    /// Searches for look-alikes of what was written, the first of which has the row `newest`. `nothing_else` says that
    /// the vault held no token before.
    pub(super) fn look_around(&mut self, newest: i64, nothing_else: bool) -> Result<()> {
        let Some((_, mut folds)) = self.spelled.take() else {
            return Ok(());
        };
        if nothing_else {
            folds = alike::twice(folds);
        } else {
            folds.sort_unstable();
            folds.dedup();
        }
        let found = alike::of_folds(self.db, &folds)?;
        for group in found.chunk_by(|one, other| one.fold == other.fold) {
            self.look_alikes(group, newest)?;
        }
        Ok(())
    }

    fn look_alikes(&mut self, group: &[Spelled], newest: i64) -> Result<()> {
        let is_new = |token: &&Spelled| token.row <= newest;
        for token in group.iter().filter(is_new) {
            let others = || group.iter().filter(|other| other.exact != token.exact);
            // One that was there before says more.
            let other = others().find(|other| !is_new(other));
            let Some(other) = other.or_else(|| others().next()) else {
                // All are spelled alike.
                return Ok(());
            };
            let db = self.db;
            self.remarks.note(|| {
                let (own, other_name) = (name(db, token.row)?, name(db, other.row)?);
                let whose = whose(db, other.row)?;
                Ok::<_, Error>(format!("{own} looks like {other_name}, {whose}"))
            })?;
        }
        Ok(())
    }
}

pub(super) fn name(db: &Connection, row: i64) -> rusqlite::Result<String> {
    let sql = "SELECT vendor || ' ' || serial FROM tokens WHERE id = ?";
    db.query_row(sql, [row], |row| row.get(0))
}

/// A token that stands twice.
pub(super) struct Twice {
    pub(super) id: i64,
    pub(super) line: i64,
    pub(super) first: i64,
}
