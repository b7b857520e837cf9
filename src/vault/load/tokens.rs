//! Loading tokens that a vendor delivers: unassigned ones of one group, all or nothing.
//!
//! Unlike the records of a source they replace nothing: a token that is there already may be somebody's.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::ambient::{CancelToken, Progress, Unit};
use crate::model::{Token, UnassignedToken};
use crate::store::{self, Holder, Keys};
use crate::vault::sealed::SealedUnassignedToken;
use crate::vault::{Error, Result, Vault};

use super::rows::{Origin, Rows};
use super::{BadRecord, LoadOptions, interruptible};

impl Vault {
    /// Loads tokens, each with its line, into `group`, else into the default group. `audit` runs in the same
    /// transaction with the number of tokens and the name of the group.
    ///
    /// # Errors
    /// [`Error::Record`] for a bad token or one that is there already, [`Error::NoGroup`]: nothing was changed.
    #[allow(clippy::too_many_arguments)]
    pub fn load_tokens(
        &mut self,
        keys: &Keys,
        tokens: impl Iterator<Item = Result<(u64, Token), BadRecord>>,
        group: Option<&str>,
        options: &LoadOptions,
        holder: &Holder,
        audit: impl FnOnce(&Transaction<'_>, u64, &str) -> store::Result<()>,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<(u64, String)> {
        self.file.write(holder, |tx| {
            let (id, system, name) = group_named(tx, group)?;
            let from = Origin {
                load: open_load(tx, options, system)?,
                line: 0,
                system,
            };
            progress.begin("loading", Unit::Items, None);
            let count = interruptible(tx, cancel, || {
                let mut count = 0;
                let mut insert = Insert::new(tx, id)?;
                for token in tokens {
                    cancel.check()?;
                    let (line, token) = token.map_err(Error::Record)?;
                    let token = UnassignedToken {
                        group: name.clone(),
                        token,
                    };
                    let from = Origin {
                        line: line.cast_signed(),
                        ..from
                    };
                    insert.token(&SealedUnassignedToken::seal(token, keys), from)?;
                    count += 1;
                    progress.at(count);
                }
                Ok(count)
            })?;
            progress.end();
            tx.execute(
                "UPDATE loads SET tokens = ?2 WHERE id = ?1",
                params![from.load, count.cast_signed()],
            )?;
            audit(tx, count, &name)?;
            Ok((count, name))
        })
    }
}

/// Id, system and name of the group.
fn group_named(db: &Connection, name: Option<&str>) -> Result<(i64, i64, String)> {
    let sql = match name {
        Some(_) => "SELECT id, system_id, name FROM groups WHERE name = ?1 AND gone = 0",
        None => {
            "SELECT id, system_id, name FROM groups WHERE is_default = 1 AND gone = 0 AND ?1 IS NULL LIMIT 1"
        }
    };
    db.query_row(sql, [name], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })
    .optional()?
    .ok_or_else(|| Error::NoGroup {
        name: name.map(str::to_owned),
    })
}

fn open_load(db: &Connection, options: &LoadOptions, system: i64) -> Result<i64> {
    db.execute(
        "INSERT INTO loads (at, master, source, format, system_id, full) VALUES (?, ?, ?, ?, ?, 0)",
        params![
            options.at.as_microsecond(),
            options.master,
            options.source,
            options.format,
            system
        ],
    )?;
    Ok(db.last_insert_rowid())
}

/// The insertion of unassigned tokens into one group.
struct Insert<'c> {
    db: &'c Connection,
    rows: Rows<'c>,
    group: i64,
    next: i64,
}

impl<'c> Insert<'c> {
    fn new(db: &'c Connection, group: i64) -> Result<Self> {
        let next = db.query_row(
            "SELECT min(coalesce(min(id), 0), 0) - 1 FROM tokens",
            [],
            |row| row.get(0),
        )?;
        Ok(Self {
            db,
            rows: Rows::new(db)?,
            group,
            next,
        })
    }

    fn token(&mut self, token: &SealedUnassignedToken, from: Origin) -> Result<()> {
        let plain = &token.token.plain;
        let distinction = plain
            .issue_no
            .as_deref()
            .or(plain.key_id.as_deref())
            .unwrap_or_default();
        let there = self
            .db
            .prepare_cached(
                "SELECT coalesce(g.name || '/' || u.userid, o.name), t.load = ?4, t.line FROM tokens t \
                 LEFT JOIN users u ON u.id = t.id >> 16 AND t.id > 0 LEFT JOIN groups g ON g.id = u.group_id \
                 LEFT JOIN groups o ON o.id = t.group_id \
                 WHERE t.serial = ?1 AND t.vendor = ?2 AND coalesce(t.issue_no, t.key_id, '') = ?3",
            )?
            .query_row(params![plain.serial, plain.vendor, distinction, from.load], |row| {
                Ok((row.get::<_, Option<String>>(0)?, row.get::<_, bool>(1)?, row.get::<_, i64>(2)?))
            })
            .optional()?;
        if let Some((owner, same, line)) = there {
            let owner = owner.unwrap_or_default();
            let place = if same {
                format!("in line {line} of this file")
            } else {
                format!("in the vault, with {owner}")
            };
            let what = format!("token {} {} is already {place}", plain.vendor, plain.serial);
            let hint = "a token is loaded once; take it out of the file";
            return Err(Error::Record(BadRecord::at(
                from.line.cast_unsigned(),
                what,
                hint,
            )));
        }
        self.rows
            .token(self.next, Some(self.group), &token.token, from)?;
        self.next -= 1;
        Ok(())
    }
}
