//! Keys that stand twice in a file, found after the rows are in: which lines they are, and the later record out again.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::vault::Result;

use super::bad::BadRecord;
use super::report::LoadReport;
use super::rows::Rows;
use super::twins::Twice;

/// The records that are taken out because their key stands twice in the file.
pub(super) struct Duplicates<'a, 'c> {
    pub(super) db: &'c Connection,
    pub(super) rows: &'a mut Rows<'c>,
    pub(super) load: i64,
    /// The first user that was not there before.
    pub(super) first_user: i64,
    /// Whether the load goes on without them.
    pub(super) skip_bad: bool,
    /// The numbers of the load; what is taken out goes off them.
    pub(super) report: &'a mut LoadReport,
    pub(super) bad: Vec<BadRecord>,
}

/// A row whose key another row of the same load has too.
struct Double {
    id: i64,
    line: i64,
    first: i64,
    name: String,
}

/// How many are held in memory: a file may consist of nothing else.
const AT_ONCE: usize = 10_000;

/// The rows that share the key of the unique index `index` with a row before them.
///
/// Rows that existed before this load come first, whatever their line: the record that replaced one stays.
fn search(db: &Connection, first_user: i64, index: &str) -> Result<Vec<Double>> {
    let (table, key, name) = match index {
        "users_name" => (
            "users",
            "userid, group_id, gone",
            "'user ' || (SELECT name FROM groups g WHERE g.id = group_id) || '/' || userid",
        ),
        "users_source" => (
            "users",
            "source_id, system_id",
            "'the id ''' || source_id || ''' of user ' || (SELECT name FROM groups g WHERE g.id = group_id) || '/' || userid",
        ),
        "tokens_key" => (
            "tokens",
            "serial, vendor, coalesce(issue_no, key_id, '')",
            "'token ' || vendor || ' ' || serial",
        ),
        _ => ("cards", "serial", "'card ' || serial"),
    };
    let present = if index == "users_source" {
        "WHERE source_id IS NOT NULL"
    } else {
        ""
    };
    let owner = if table == "users" { "id" } else { "id >> 16" };
    let order = format!("ORDER BY id > 0 AND {owner} < {first_user} DESC, line, abs(id)");
    let sql = format!(
        "SELECT id, line, first, name FROM ( \
           SELECT id, line, first_value(line) OVER (PARTITION BY {key} {order}) AS first, \
             row_number() OVER (PARTITION BY {key} {order}) AS place, {name} AS name \
           FROM {table} {present}) \
         WHERE place > 1 ORDER BY line LIMIT {AT_ONCE}"
    );
    let mut statement = db.prepare(&sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Double {
            id: row.get(0)?,
            line: row.get(1)?,
            first: row.get(2)?,
            name: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

impl Duplicates<'_, '_> {
    /// Takes the later records out and returns whether the load goes on. Without `skip_bad` it only finds the first
    /// one.
    pub(super) fn take_out(&mut self, index: &str) -> Result<bool> {
        loop {
            let doubles = search(self.db, self.first_user, index)?;
            for double in &doubles {
                let line = double.line.unsigned_abs();
                let bad = BadRecord::twice(line, double.first, &double.name);
                self.bad.push(bad);
                if !self.skip_bad {
                    return Ok(false);
                }
                match index {
                    "users_name" | "users_source" => self.user(double.id)?,
                    "tokens_key" => self.item("tokens", double.id)?,
                    _ => self.item("cards", double.id)?,
                }
            }
            if doubles.len() < AT_ONCE {
                return Ok(self.skip_bad);
            }
        }
    }

    /// The same for tokens that stand twice though their keys differ.
    pub(super) fn take_out_twins(&mut self, twins: &[Twice]) -> Result<()> {
        for twin in twins {
            let name = match super::twins::name(self.db, twin.id).optional()? {
                Some(name) => format!("token {name}"),
                // Out already, with its user.
                None => continue,
            };
            let line = twin.line.unsigned_abs();
            self.bad.push(BadRecord::twice(line, twin.first, &name));
            if !self.skip_bad {
                break;
            }
            self.item("tokens", twin.id)?;
        }
        Ok(())
    }

    /// Takes out a user who came with this load. One who was there before cannot be put back, and is kept as gone.
    fn user(&mut self, id: i64) -> Result<()> {
        if id < self.first_user {
            let sql = "UPDATE users SET gone = ? WHERE id = ?";
            self.db.execute(sql, params![self.load, id])?;
            return Ok(());
        }
        if self.db.execute("DELETE FROM users WHERE id = ?", [id])? == 0 {
            // Out already, for another of its keys.
            return Ok(());
        }
        let count = |table: &str| {
            let sql = format!(
                "SELECT count(*) FROM {table} WHERE id >= ?1 << 16 AND id < (?1 + 1) << 16"
            );
            self.db
                .query_row(&sql, [id], |row| row.get::<_, i64>(0))
                .map(i64::unsigned_abs)
        };
        self.report.assigned_tokens -= count("tokens")?;
        self.report.assigned_cards -= count("cards")?;
        self.rows.clear(id)?;
        let staged = "DELETE FROM progress WHERE user = ?";
        self.report.staged -= self.db.execute(staged, [id])? as u64;
        self.report.users.new -= 1;
        Ok(())
    }

    /// Takes out a token or card, with the user it came with.
    fn item(&mut self, table: &str, id: i64) -> Result<()> {
        let owner = id >> 16;
        if id > 0 && owner >= self.first_user {
            return self.user(owner);
        }
        let sql = format!("DELETE FROM {table} WHERE id = ?");
        let removed = self.db.execute(&sql, [id])? as u64;
        *match (table, id < 0) {
            ("tokens", true) => &mut self.report.tokens.new,
            ("tokens", false) => &mut self.report.assigned_tokens,
            (_, true) => &mut self.report.cards.new,
            (_, false) => &mut self.report.assigned_cards,
        } -= removed;
        Ok(())
    }
}
