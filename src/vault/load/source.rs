//! Where records come from: the system, the load's own row, and what a full load no longer has.

use rusqlite::{Connection, params};

use crate::model::Schema;
use crate::vault::{Error, Result};

use super::groups::Groups;
use super::options::LoadOptions;
use super::report::LoadReport;

/// The system of the records and the row of the load.
pub(super) struct Source<'c, 'o> {
    db: &'c Connection,
    options: &'o LoadOptions,
    /// The number of the load.
    pub(super) load: i64,
    /// The system of the records, once the schema line was read.
    pub(super) system: Option<i64>,
}

/// How many records a full load no longer has.
#[derive(Debug, Default)]
pub(super) struct Gone {
    pub(super) groups: u64,
    pub(super) tokens: u64,
    pub(super) cards: u64,
}

impl<'c, 'o> Source<'c, 'o> {
    pub(super) fn new(db: &'c Connection, options: &'o LoadOptions) -> Result<Self> {
        let next = "SELECT coalesce(max(id), 0) + 1 FROM loads";
        Ok(Self {
            db,
            options,
            load: db.query_row(next, [], |row| row.get(0))?,
            system: None,
        })
    }

    /// Which system the records are from; a name that is new to the vault is entered.
    pub(super) fn settle(&self, schema: &Schema) -> Result<i64> {
        let mut statement = self
            .db
            .prepare("SELECT id, name FROM systems ORDER BY id")?;
        let known = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        let names = || {
            let names: Vec<&str> = known.iter().map(|(_, name)| name.as_str()).collect();
            names.join("', '")
        };
        let name = schema.system.as_deref().unwrap_or_default();
        match known.as_slice() {
            [(id, _)] if name.is_empty() => Ok(*id),
            [(id, unnamed)] if unnamed.is_empty() => {
                let sql = "UPDATE systems SET name = ? WHERE id = ?";
                self.db.execute(sql, params![name, id])?;
                Ok(*id)
            }
            [_, _, ..] if name.is_empty() => Err(Error::UnnamedSystem { known: names() }),
            known => match known.iter().find(|(_, n)| n == name) {
                Some((id, _)) => Ok(*id),
                None if known.is_empty() || self.options.add_system => {
                    let sql = "INSERT INTO systems (name) VALUES (?)";
                    self.db.execute(sql, [name])?;
                    Ok(self.db.last_insert_rowid())
                }
                None => Err(Error::OtherSystem {
                    found: name.to_owned(),
                    known: names(),
                }),
            },
        }
    }

    /// Opens the load's row; gives back the name of the system.
    pub(super) fn open(&mut self, system: i64, schema: &Schema) -> Result<String> {
        self.system = Some(system);
        let sql = "UPDATE systems SET version = coalesce(?, version) WHERE id = ? RETURNING name";
        let version = &schema.system_version;
        let name = self
            .db
            .query_row(sql, params![version, system], |row| row.get(0))?;
        self.db.execute(
            "INSERT INTO loads (id, at, master, source, format, system_id, full, exported) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                self.load,
                self.options.at.as_microsecond(),
                self.options.master,
                self.options.source,
                self.options.format,
                system,
                schema.full,
                schema.exported.map(|at| at.as_microsecond())
            ],
        )?;
        Ok(name)
    }

    /// How many users of the system are there.
    pub(super) fn users(&self, system: i64) -> Result<u64> {
        let sql = "SELECT count(*) FROM users WHERE gone = 0 AND system_id = ?";
        let count: i64 = self.db.query_row(sql, [system], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Marks what of the system a full load no longer has.
    pub(super) fn mark_gone(&self, system: i64, groups: &mut Groups<'_>) -> Result<Gone> {
        let key = params![self.load, system];
        let groups = groups.mark_gone(self.load, system)?;
        self.db.execute(
            "UPDATE users SET gone = ?1 WHERE gone = 0 AND load < ?1 AND system_id = ?2",
            key,
        )?;
        let unassigned = |table: &str| {
            self.db.execute(
                &format!(
                    "UPDATE {table} SET gone = ?1 WHERE id < 0 AND gone = 0 AND load < ?1 \
                     AND group_id IN (SELECT id FROM groups WHERE system_id = ?2)"
                ),
                key,
            )
        };
        Ok(Gone {
            groups,
            tokens: unassigned("tokens")? as u64,
            cards: unassigned("cards")? as u64,
        })
    }

    /// The users whom this load has made gone: by not having them, or by giving their name to another.
    pub(super) fn users_gone(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM users WHERE gone = ?";
        let gone: i64 = self.db.query_row(sql, [self.load], |row| row.get(0))?;
        Ok(gone.unsigned_abs())
    }

    /// Closes the load's row.
    pub(super) fn close(&self, report: &LoadReport) -> Result<()> {
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.db.execute(
            "UPDATE loads SET groups = ?2, users = ?3, tokens = ?4, cards = ?5, gone = ?6, skipped = ?7 WHERE id = ?1",
            params![
                self.load,
                count(report.groups.loaded()),
                count(report.users.loaded()),
                count(report.tokens.loaded() + report.assigned_tokens),
                count(report.cards.loaded() + report.assigned_cards),
                count(report.users.gone + report.tokens.gone + report.cards.gone),
                count(report.skipped)
            ],
        )?;
        Ok(())
    }
}
