//! The groups of the vault, those that a load brings among them.

use std::collections::HashMap;

use rusqlite::{Connection, Statement, params};

use crate::model::Group;
use crate::vault::Result;

use super::bad::BadRecord;
use super::rows::Origin;
use super::trouble::Trouble;

/// The groups by name, and the statements that write them.
pub(super) struct Groups<'c> {
    db: &'c Connection,
    known: HashMap<String, Known>,
    /// The default group of the file, with its line.
    default: Option<(String, u64)>,
    insert: Statement<'c>,
    replace: Statement<'c>,
    undo_default: Statement<'c>,
    mark_gone: Statement<'c>,
}

struct Known {
    id: i64,
    system: i64,
    state: State,
    /// Its line in this load, once it was named there.
    line: Option<u64>,
    /// Whether this load has it or a user in it.
    seen: bool,
}

/// How a group stood before a record replaced it.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub(super) default: bool,
    pub(super) gone: bool,
}

impl<'c> Groups<'c> {
    pub(super) fn new(db: &'c Connection) -> Result<Self> {
        let mut statement =
            db.prepare("SELECT name, id, system_id, is_default, gone > 0 FROM groups")?;
        let known = statement
            .query_map([], |row| {
                let known = Known {
                    id: row.get(1)?,
                    system: row.get(2)?,
                    state: State {
                        default: row.get(3)?,
                        gone: row.get(4)?,
                    },
                    line: None,
                    seen: false,
                };
                Ok((row.get(0)?, known))
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Self {
            db,
            known,
            default: None,
            insert: db.prepare(
                "INSERT INTO groups (name, is_default, system_id, load, line) VALUES (?, ?, ?, ?, ?)",
            )?,
            replace: db.prepare(
                "UPDATE groups SET is_default = ?, load = ?, line = ?, gone = 0 WHERE id = ?",
            )?,
            undo_default: db.prepare("UPDATE groups SET is_default = 0 WHERE system_id = ?")?,
            mark_gone: db.prepare(
                "UPDATE groups SET gone = ?1 WHERE name = ?2 AND system_id = ?3 AND gone = 0",
            )?,
        })
    }

    /// The id of the group that a user, token or card is in.
    pub(super) fn id(&mut self, line: u64, name: &str) -> std::result::Result<i64, BadRecord> {
        match self.known.get_mut(name) {
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

    /// Writes a group; gives back how it stood before, if it was there.
    pub(super) fn put(
        &mut self,
        line: u64,
        group: &Group,
        from: Origin,
    ) -> std::result::Result<Option<State>, Trouble> {
        let known = self.known.get(&group.name);
        let before = known.map(|known| known.state);
        if let Some(first) = known.and_then(|known| known.line) {
            let what = format!("group '{}'", group.name);
            return Err(BadRecord::twice(line, first.cast_signed(), &what).into());
        }
        if group.default {
            self.only_default(line, group, from.system)?;
        }
        let state = State {
            default: group.default,
            gone: false,
        };
        if let Some(known) = self.known.get_mut(&group.name) {
            self.replace
                .execute(params![group.default, from.load, from.line, known.id])?;
            known.state = state;
            known.line = Some(line);
            known.seen = true;
            return Ok(before);
        }
        self.insert.execute(params![
            group.name,
            group.default,
            from.system,
            from.load,
            from.line
        ])?;
        let known = Known {
            id: self.db.last_insert_rowid(),
            system: from.system,
            state,
            line: Some(line),
            seen: true,
        };
        self.known.insert(group.name.clone(), known);
        Ok(None)
    }

    /// No other group of the system is the default group any longer.
    fn only_default(
        &mut self,
        line: u64,
        group: &Group,
        system: i64,
    ) -> std::result::Result<(), Trouble> {
        if let Some((name, first)) = &self.default {
            let what = format!(
                "'{}' is a second default group after '{name}' in line {first}",
                group.name
            );
            return Err(BadRecord::at(line, what, "a source has one default group").into());
        }
        self.default = Some((group.name.clone(), line));
        self.undo_default.execute([system])?;
        for known in self.known.values_mut() {
            known.state.default &= known.system != system;
        }
        Ok(())
    }

    /// Marks the groups of the system that the load does not have, and counts them.
    pub(super) fn mark_gone(&mut self, load: i64, system: i64) -> Result<u64> {
        let mut gone = 0;
        for (name, _) in self.known.iter().filter(|(_, known)| !known.seen) {
            gone += self.mark_gone.execute(params![load, name, system])?;
        }
        Ok(gone as u64)
    }
}
