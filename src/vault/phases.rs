//! Where users stand in the progressive migration, and what moves them: phases, waves, exclusion (igsh-migration(7),
//! PHASES).
//!
//! Which moves are allowed is `migrate`'s business; here users are counted and moved. Every function takes the same
//! [`Users`], so that what was counted before a question is what is moved after it.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::lang::selection::Selection;
use crate::model::{Phase, Timestamp};

use super::Result;
use super::selection::{Sql, user_ids};

/// Some users of the vault.
#[derive(Debug, Clone)]
pub struct Users(Sql);

impl Users {
    /// Those whom a selection chooses.
    pub fn chosen(selection: &Selection) -> Result<Self> {
        Ok(Self(user_ids(selection)?))
    }

    /// Those whom a file named, see [`super::listed::List`].
    pub fn listed() -> Self {
        Self(Sql {
            text: "SELECT user FROM temp.listed".to_owned(),
            params: Vec::new(),
        })
    }

    /// A `SELECT` of their ids, and its parameters.
    pub(super) fn sql(&self) -> (&str, &[Value]) {
        (&self.0.text, &self.0.params)
    }
}

/// How many users stand where; gone and excluded ones apart, since they take no part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhaseCounts {
    /// In each phase, in the order of [`Phase::ALL`].
    pub phases: [u64; 5],
    /// No longer in the source.
    pub gone: u64,
    /// Taken out by a master.
    pub excluded: u64,
    /// Of those in phase `export`, users with another wave label than the given one.
    pub other_wave: u64,
}

impl PhaseCounts {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.phases.iter().sum::<u64>() + self.gone + self.excluded
    }

    /// Users in a phase.
    pub fn of(&self, phase: Phase) -> u64 {
        self.phases.get(phase as usize).copied().unwrap_or(0)
    }
}

/// Counts users by where they stand. `wave` is the label that those in phase `export` would get.
pub fn standings(db: &Connection, users: &Users, wave: Option<&str>) -> Result<PhaseCounts> {
    let (ids, params) = users.sql();
    let sql = format!(
        "SELECT coalesce(p.phase, 0), u.gone > 0, e.user IS NOT NULL, p.wave IS NOT ?, count(*) \
         FROM users u LEFT JOIN progress p ON p.user = u.id LEFT JOIN excluded e ON e.user = u.id \
         WHERE u.id IN ({ids}) GROUP BY 1, 2, 3, 4"
    );
    let mut found = PhaseCounts::default();
    let wave = wave.map_or(Value::Null, |wave| Value::Text(wave.to_owned()));
    let params = std::iter::once(wave).chain(params.iter().cloned());
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(params))?;
    while let Some(row) = rows.next()? {
        let (phase, users): (usize, u64) = (row.get(0)?, row.get(4)?);
        let (gone, excluded): (bool, bool) = (row.get(1)?, row.get(2)?);
        if gone {
            found.gone += users;
        } else if excluded {
            found.excluded += users;
        } else if let Some(count) = found.phases.get_mut(phase) {
            *count += users;
            let other = phase == 1 && row.get(3)?;
            found.other_wave += if other { users } else { 0 };
        }
    }
    Ok(found)
}

/// A move of users from some phases to another one.
#[derive(Debug, Clone)]
pub struct Move<'a> {
    /// Whom it takes: those of these phases.
    pub from: &'a [Phase],
    /// Where to.
    pub to: Phase,
    /// The wave they get; `None` leaves it as it is.
    pub wave: Option<&'a str>,
    pub at: Timestamp,
    /// Who moves them.
    pub master: &'a str,
}

/// Moves users who are neither gone nor excluded. Returns how many.
pub fn advance(tx: &Connection, users: &Users, step: &Move<'_>) -> Result<u64> {
    let (ids, params) = users.sql();
    let from: Vec<String> = step
        .from
        .iter()
        .map(|phase| phase.number().to_string())
        .collect();
    let to = step.to.number();
    let sql = format!(
        "INSERT INTO progress (user, phase, at, master, wave) \
         SELECT u.id, {to}, ?, ?, ? FROM users u LEFT JOIN progress p ON p.user = u.id \
         WHERE u.id IN ({ids}) AND u.gone = 0 AND u.id NOT IN (SELECT user FROM excluded) \
         AND coalesce(p.phase, 0) IN ({}) ORDER BY u.id \
         ON CONFLICT (user) DO UPDATE SET phase = excluded.phase, at = excluded.at, master = excluded.master, \
         wave = coalesce(excluded.wave, wave)",
        from.join(", ")
    );
    let label = step
        .wave
        .map_or(Value::Null, |wave| Value::Text(wave.to_owned()));
    let own = [
        Value::Integer(step.at.as_microsecond()),
        Value::Text(step.master.to_owned()),
        label,
    ];
    run(tx, &sql, own, params)
}

/// Labels users who are staged already. Returns how many.
pub fn relabel(tx: &Connection, users: &Users, wave: &str) -> Result<u64> {
    let (ids, params) = users.sql();
    let sql = format!(
        "UPDATE progress SET wave = ?1 WHERE phase = 1 AND wave IS NOT ?1 AND user IN ({ids}) \
         AND user IN (SELECT id FROM users WHERE gone = 0) AND user NOT IN (SELECT user FROM excluded)"
    );
    run(tx, &sql, [Value::Text(wave.to_owned())], params)
}

/// How many users are excluded, how many are not, and how many of those are in a bundle already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exclusions {
    /// Users who are excluded.
    pub excluded: u64,
    /// Users who are not.
    pub included: u64,
    /// Of those, users who were exported.
    pub exported: u64,
}

/// Counts users by whether they are excluded.
pub fn exclusions(db: &Connection, users: &Users) -> Result<Exclusions> {
    let (ids, params) = users.sql();
    let sql = format!(
        "SELECT count(e.user), count(*) - count(e.user), coalesce(sum(e.user IS NULL AND p.bundle IS NOT NULL), 0) \
         FROM users u LEFT JOIN excluded e ON e.user = u.id LEFT JOIN progress p ON p.user = u.id \
         WHERE u.id IN ({ids})"
    );
    Ok(db
        .prepare(&sql)?
        .query_row(params_from_iter(params), |row| {
            Ok(Exclusions {
                excluded: row.get(0)?,
                included: row.get(1)?,
                exported: row.get(2)?,
            })
        })?)
}

/// Takes users out of the migration. Returns how many.
pub fn exclude(
    tx: &Connection,
    users: &Users,
    at: Timestamp,
    master: &str,
    reason: &str,
) -> Result<u64> {
    let (ids, params) = users.sql();
    let sql = format!(
        "INSERT OR IGNORE INTO excluded (user, at, master, reason) \
         SELECT u.id, ?, ?, ? FROM users u WHERE u.id IN ({ids}) ORDER BY u.id"
    );
    let own = [
        Value::Integer(at.as_microsecond()),
        Value::Text(master.to_owned()),
        Value::Text(reason.to_owned()),
    ];
    run(tx, &sql, own, params)
}

/// Takes users back in. Returns how many.
pub fn include(tx: &Connection, users: &Users) -> Result<u64> {
    let (ids, params) = users.sql();
    let sql = format!("DELETE FROM excluded WHERE user IN ({ids})");
    run(tx, &sql, [], params)
}

/// Runs a statement whose own parameters stand before those of the selection. Returns how many rows it changed.
fn run<const N: usize>(
    tx: &Connection,
    sql: &str,
    own: [Value; N],
    selection: &[Value],
) -> Result<u64> {
    let params = own.into_iter().chain(selection.iter().cloned());
    Ok(tx.prepare(sql)?.execute(params_from_iter(params))? as u64)
}
