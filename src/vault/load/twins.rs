//! Tokens that share vendor and serial number, and those that nearly do.
//!
//! Where one side lacks the issue number or key id, the seed decides whether they are one token. Anything else that is
//! alike is kept, and named in a warning.

use rusqlite::{Connection, OptionalExtension as _};

use crate::store::Keys;
use crate::vault::alike::{self, Spelled, Speller};
use crate::vault::sealed::SealedToken;
use crate::vault::snapshot::page::{self, HeldToken};
use crate::vault::{Error, Result};

use super::items::whose;
use super::report::Remarks;

/// So many tokens of one vendor and serial number are compared with each other: nothing but a placeholder has more.
pub(super) const MOST: usize = 16;

/// What is remarked of tokens that are alike, and what finds it.
pub(super) struct Twins<'c, 'o> {
    db: &'c Connection,
    keys: &'o Keys,
    pub(super) remarks: Remarks,
    /// The spellings of the tokens of the load, where look-alikes are searched.
    spelled: Option<(Speller, Vec<u64>)>,
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

    /// Whether a token is that of a row; remarks what only looks so.
    fn is_same(
        &mut self,
        (token, holder): (&SealedToken, &[&str]),
        row: i64,
        other: &HeldToken,
    ) -> Result<bool> {
        let holder_of_other = [other.group.as_str(), &other.userid];
        let one_seed = token.has_seed_of(holder, (&other.token, &holder_of_other), self.keys);
        let how = match (token.facts.is_another(&other.token.facts), one_seed) {
            (false, true) => return Ok(true),
            (true, false) => return Ok(false),
            (false, false) => "with another seed",
            (true, true) => "under another id with the same seed",
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
        let mut found = Vec::new();
        let mut statement = self
            .db
            .prepare("SELECT serial, vendor, id FROM tokens ORDER BY serial, vendor")?;
        let mut rows = statement.query([])?;
        let mut key = (String::new(), String::new());
        let mut group = Vec::new();
        while let Some(row) = rows.next()? {
            let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
            let (serial, vendor) = (text(0)?, text(1)?);
            if (serial, vendor) != (key.0.as_str(), key.1.as_str()) {
                self.twice_among(&mut group, load, &mut found)?;
                key.0.clear();
                key.0.push_str(serial);
                key.1.clear();
                key.1.push_str(vendor);
            }
            group.push(row.get(2)?);
        }
        self.twice_among(&mut group, load, &mut found)?;
        Ok(found)
    }

    /// Which of these tokens of one vendor and serial number stand twice; empties the list.
    fn twice_among(
        &mut self,
        group: &mut Vec<i64>,
        load: i64,
        found: &mut Vec<Twice>,
    ) -> Result<()> {
        if group.len() < 2 {
            group.clear();
            return Ok(());
        }
        let mut line = self
            .db
            .prepare_cached("SELECT line FROM tokens WHERE id = ? AND load = ?")?;
        let mut of_load = Vec::new();
        for row in group.drain(..).take(MOST) {
            let line = line.query_row([row, load], |row| row.get::<_, i64>(0));
            of_load.extend(line.optional()?.map(|line| (line, row)));
        }
        of_load.sort_unstable_by_key(|(line, row)| (*line, row.abs()));
        let mut before: Vec<(i64, i64, HeldToken)> = Vec::new();
        for (line, id) in of_load {
            let Some(held) = page::token(self.db, id)? else {
                continue;
            };
            let holder = [held.group.as_str(), &held.userid];
            let mut first = None;
            for (line, row, other) in &before {
                if self.is_same((&held.token, &holder), *row, other)? {
                    first = Some(*line);
                    break;
                }
            }
            match first {
                Some(first) => found.push(Twice { id, line, first }),
                None => before.push((line, id, held)),
            }
        }
        Ok(())
    }

    /// Searches for look-alikes of what was written, unassigned tokens from the row `first_new` down. `nothing_else`
    /// says that the vault held no token before.
    pub(super) fn look_around(&mut self, first_new: i64, nothing_else: bool) -> Result<()> {
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
            self.look_alikes(group, first_new)?;
        }
        Ok(())
    }

    fn look_alikes(&mut self, group: &[Spelled], first_new: i64) -> Result<()> {
        let is_new = |token: &&Spelled| token.row <= first_new;
        let old = || group.iter().filter(|token| !is_new(token));
        let one = old().next();
        let another = one.and_then(|one| old().find(|token| token.exact != one.exact));
        // Those of one spelling stand side by side, and one that was there before is shown first.
        let others = [one, another, group.first(), group.last()];
        for token in group.iter().filter(is_new) {
            let mut others = others.into_iter().flatten();
            let Some(other) = others.find(|other| other.exact != token.exact) else {
                continue;
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

/// Vendor and serial number of the token of a row.
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
