//! Where records come from: systems, groups, and what a full load no longer has.

use rusqlite::params;

use crate::model::{Group, Schema};
use crate::vault::{Error, Result};

use super::difference::{Subject, What};
use super::rows::Origin;
use super::writer::{KnownGroup, Writer, twice};
use super::{BadRecord, LoadReport, Trouble};

impl Writer<'_, '_> {
    /// Settles which system the records are from, and opens the load's row.
    pub(super) fn begin(&mut self, schema: &Schema) -> Result<i64> {
        let system = self.settle_system(schema)?;
        self.open(system, schema)
    }

    /// Opens the load's row.
    pub(super) fn open(&mut self, system: i64, schema: &Schema) -> Result<i64> {
        self.system = Some(system);
        self.report.full = schema.full;
        self.report.exported = schema.exported;
        self.report.system =
            self.db
                .query_row("SELECT name FROM systems WHERE id = ?", [system], |row| {
                    row.get(0)
                })?;
        self.db.execute(
            "UPDATE systems SET version = coalesce(?, version) WHERE id = ?",
            params![schema.system_version, system],
        )?;
        self.db.execute(
            "INSERT INTO loads (id, at, master, source, format, system_id, full, exported) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                self.report.number,
                self.options.at.as_microsecond(),
                self.options.master,
                self.options.source,
                self.options.format,
                system,
                schema.full,
                schema.exported.map(|at| at.as_microsecond())
            ],
        )?;
        Ok(system)
    }

    fn settle_system(&self, schema: &Schema) -> Result<i64> {
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
            known if !known.is_empty() && !known.iter().any(|(_, n)| n == name) => {
                if !self.options.add_system {
                    return Err(Error::OtherSystem {
                        found: name.to_owned(),
                        known: names(),
                    });
                }
                self.new_system(name)
            }
            known => match known.iter().find(|(_, n)| n == name) {
                Some((id, _)) => Ok(*id),
                None => self.new_system(name),
            },
        }
    }

    fn new_system(&self, name: &str) -> Result<i64> {
        let sql = "INSERT INTO systems (name) VALUES (?)";
        self.db.execute(sql, [name])?;
        Ok(self.db.last_insert_rowid())
    }

    pub(super) fn group(
        &mut self,
        line: u64,
        group: &Group,
        from: Origin,
    ) -> std::result::Result<(), Trouble> {
        if let Some(KnownGroup {
            line: Some(first), ..
        }) = self.groups.get(&group.name)
        {
            return Err(twice(
                line,
                first.cast_signed(),
                &format!("group '{}'", group.name),
            )
            .into());
        }
        if let Some(known) = self.groups.get(&group.name) {
            self.group_differs(line, known.id, group)?;
        }
        if group.default {
            if let Some((name, first)) = &self.default_group {
                let what = format!(
                    "'{}' is a second default group after '{name}' in line {first}",
                    group.name
                );
                return Err(BadRecord::at(line, what, "a source has one default group").into());
            }
            self.default_group = Some((group.name.clone(), line));
            self.db.execute(
                "UPDATE groups SET is_default = 0 WHERE system_id = ?",
                [from.system],
            )?;
        }
        let id = match self.groups.get(&group.name) {
            Some(known) => {
                let id = known.id;
                self.db.execute(
                    "UPDATE groups SET is_default = ?, load = ?, line = ?, gone = 0 WHERE id = ?",
                    params![group.default, from.load, from.line, id],
                )?;
                self.report.groups.replaced += 1;
                id
            }
            None => {
                self.db.execute(
                    "INSERT INTO groups (name, is_default, system_id, load, line) VALUES (?, ?, ?, ?, ?)",
                    params![group.name, group.default, from.system, from.load, from.line],
                )?;
                self.report.groups.new += 1;
                let name = || group.name.clone();
                self.differs(What::New, Subject::Group, name, line, String::new);
                self.db.last_insert_rowid()
            }
        };
        let known = KnownGroup {
            id,
            line: Some(line),
            seen: true,
        };
        self.groups.insert(group.name.clone(), known);
        Ok(())
    }

    /// Notes what becomes of a group that was there, if anybody wants to know.
    fn group_differs(&mut self, line: u64, id: i64, group: &Group) -> Result<()> {
        if self.differences.is_none() {
            return Ok(());
        }
        let (default, gone): (bool, bool) = self.db.query_row(
            "SELECT is_default, gone > 0 FROM groups WHERE id = ?",
            [id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let name = || group.name.clone();
        if gone {
            self.differs(What::Returned, Subject::Group, name, line, String::new);
        }
        if default != group.default {
            let detail = || {
                if group.default {
                    "now the default group"
                } else {
                    "no longer the default group"
                }
            };
            self.differs(What::Changed, Subject::Group, name, line, || {
                detail().to_owned()
            });
        }
        Ok(())
    }

    pub(super) fn group_of(
        &mut self,
        line: u64,
        name: &str,
    ) -> std::result::Result<i64, BadRecord> {
        match self.groups.get_mut(name) {
            Some(known) => {
                known.seen = true;
                Ok(known.id)
            }
            None => Err(BadRecord::at(
                line,
                format!("there is no group '{name}'"),
                "a group is named in a line of its own before its users, tokens and cards",
            )),
        }
    }

    /// Marks what a full load no longer has and closes the load's row.
    pub(super) fn finish(&mut self) -> Result<LoadReport> {
        let system = match self.system {
            Some(system) => system,
            None => self.begin(&Schema::default())?,
        };
        let load = self.report.number;
        if self.report.full {
            self.mark_gone(system)?;
        }
        let gone = "SELECT count(*) FROM users WHERE gone = ?";
        let gone: i64 = self.db.query_row(gone, [load], |row| row.get(0))?;
        self.report.users.gone = gone.unsigned_abs();
        let report = &self.report;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.db.execute(
            "UPDATE loads SET groups = ?2, users = ?3, tokens = ?4, cards = ?5, gone = ?6, skipped = ?7 WHERE id = ?1",
            params![
                load,
                count(report.groups.loaded()),
                count(report.users.loaded()),
                count(report.tokens.loaded() + report.assigned_tokens),
                count(report.cards.loaded() + report.assigned_cards),
                count(report.users.gone + report.tokens.gone + report.cards.gone),
                count(report.skipped)
            ],
        )?;
        Ok(self.report.clone())
    }

    fn mark_gone(&mut self, system: i64) -> Result<()> {
        let load = self.report.number;
        for (name, group) in &self.groups {
            if !group.seen {
                let gone = self.db.execute(
                    "UPDATE groups SET gone = ?1 WHERE name = ?2 AND system_id = ?3 AND gone = 0",
                    params![load, name, system],
                )?;
                self.report.groups.gone += gone as u64;
            }
        }
        self.db.execute(
            "UPDATE users SET gone = ?1 WHERE gone = 0 AND load < ?1 AND system_id = ?2",
            params![load, system],
        )?;
        let nobodys = |table: &str| {
            self.db.execute(
                &format!(
                    "UPDATE {table} SET gone = ?1 WHERE id < 0 AND gone = 0 AND load < ?1 \
                     AND group_id IN (SELECT id FROM groups WHERE system_id = ?2)"
                ),
                params![load, system],
            )
        };
        self.report.tokens.gone = nobodys("tokens")? as u64;
        self.report.cards.gone = nobodys("cards")? as u64;
        Ok(())
    }
}
