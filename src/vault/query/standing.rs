//! Where all users stand in the migration: by group, by wave and by bundle, in one pass.
//!
//! The rows are added up here and not by SQL: seven columns of a million users would be sorted for a `GROUP BY`, which
//! takes several times as long as reading them.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params_from_iter};

use crate::lang::selection::Selection;
use crate::model::Phase;

use super::super::selection::user_ids;
use super::super::{Error, Result};

/// How many users stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// In each phase, in the order of [`Phase::ALL`]; neither gone nor excluded.
    pub phases: [u64; 5],
    /// No longer in the source.
    pub gone: u64,
    /// Of those, users who were exported: the target still has them.
    pub gone_exported: u64,
    /// Taken out by a master.
    pub excluded: u64,
    /// Of those in `phases`, users of whom the target lacks something.
    pub import_errors: u64,
    /// Of those in `phases`, users who are exported and of whom the target has said nothing.
    pub unanswered: u64,
    /// Of those in `phases`, users who differ from what was exported.
    pub changed: u64,
}

impl Standing {
    /// Users in a phase.
    pub fn of(&self, phase: Phase) -> u64 {
        self.phases.get(phase as usize).copied().unwrap_or(0)
    }

    /// Users who take part.
    pub fn users(&self) -> u64 {
        self.phases.iter().sum()
    }

    fn add(&mut self, user: &User) {
        if user.gone {
            self.gone += 1;
            self.gone_exported += u64::from(user.bundle.is_some());
        } else if user.excluded {
            self.excluded += 1;
        } else if let Some(count) = self.phases.get_mut(user.phase) {
            *count += 1;
            self.import_errors += u64::from(user.import == 2);
            self.unanswered +=
                u64::from(user.import == 0 && user.phase == Phase::Exported as usize);
            self.changed += u64::from(user.changed);
        }
    }
}

/// What the target has said of the users whose last bundle this is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answered {
    /// Everything is there.
    pub ok: u64,
    /// Something is not.
    pub errors: u64,
    /// Nothing was said.
    pub none: u64,
}

/// Where all users stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standings {
    /// All of them together.
    pub total: Standing,
    /// By the name of the group; groups without users are left out.
    pub groups: Vec<(String, Standing)>,
    /// By the label of the wave; users without one are left out.
    pub waves: Vec<(String, Standing)>,
    /// By the number of their last bundle.
    pub bundles: BTreeMap<u64, Answered>,
}

struct User {
    phase: usize,
    gone: bool,
    excluded: bool,
    bundle: Option<u64>,
    import: i64,
    changed: bool,
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let phase: Option<i64> = row.get(2)?;
    Ok(User {
        phase: usize::try_from(phase.unwrap_or(0)).unwrap_or(usize::MAX),
        gone: row.get(1)?,
        excluded: row.get(3)?,
        bundle: row.get(4)?,
        import: row.get::<_, Option<i64>>(5)?.unwrap_or(0),
        changed: row.get::<_, Option<i64>>(6)?.unwrap_or(0) != 0,
    })
}

/// Counts the users that a selection chooses by where they stand.
pub fn standings(db: &Connection, selection: &Selection) -> Result<Standings> {
    let all = selection.expr.is_none() && selection.limit.is_none();
    let ids = (!all).then(|| user_ids(selection)).transpose()?;
    let (chosen, params) = ids.map_or((String::new(), Vec::new()), |ids| {
        (format!("WHERE u.id IN ({})", ids.text), ids.params)
    });
    // In the order of the users, so that both tables are read from front to back.
    let scan = if all { "NOT INDEXED" } else { "" };
    let sql = format!(
        "SELECT u.group_id, u.gone > 0, p.phase, e.user IS NOT NULL, p.bundle, p.import, p.changed, p.wave \
         FROM users u {scan} LEFT JOIN progress p ON p.user = u.id LEFT JOIN excluded e ON e.user = u.id {chosen}"
    );
    let mut found = Standings::default();
    let mut groups: BTreeMap<i64, Standing> = BTreeMap::new();
    let mut waves: BTreeMap<String, Standing> = BTreeMap::new();
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(params))?;
    while let Some(row) = rows.next()? {
        let user = user(row)?;
        found.total.add(&user);
        groups.entry(row.get(0)?).or_default().add(&user);
        if let ValueRef::Text(wave) = row.get_ref(7)? {
            let wave = std::str::from_utf8(wave).unwrap_or_default();
            if let Some(known) = waves.get_mut(wave) {
                known.add(&user);
            } else {
                waves.entry(wave.to_owned()).or_default().add(&user);
            }
        }
        if let Some(bundle) = user.bundle {
            let answered = found.bundles.entry(bundle).or_default();
            match user.import {
                1 => answered.ok += 1,
                2 => answered.errors += 1,
                _ => answered.none += 1,
            }
        }
    }
    found.waves = waves.into_iter().collect();
    let mut name = db.prepare("SELECT name FROM groups WHERE id = ?")?;
    found.groups = groups
        .into_iter()
        .map(|(id, standing)| Ok((name.query_row([id], |row| row.get(0))?, standing)))
        .collect::<Result<_, Error>>()?;
    found.groups.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::schema;

    #[test]
    fn every_user_is_counted_once_in_the_total_the_group_and_the_wave() {
        let db = schema::tests::connection();
        db.execute_batch(
            "INSERT INTO groups (id, name, system_id, load, line) VALUES (1, 'sales', 1, 1, 1), (2, 'hr', 1, 1, 2),
                (3, 'empty', 1, 1, 3);
             INSERT INTO users (id, group_id, userid, gone, load, line, system_id, state)
                SELECT value, 1 + value % 2, 'u' || value, value >= 8, 1, value, 1, 'active'
                FROM json_each('[1,2,3,4,5,6,7,8,9]');
             INSERT INTO progress (user, phase, bundle, at, master, wave, import, changed) VALUES
                (2, 1, NULL, 0, 'x', 'W1', 0, 0), (3, 2, 1, 0, 'x', 'W1', 0, 4), (4, 2, 1, 0, 'x', NULL, 2, 0),
                (5, 3, 2, 0, 'x', 'W2', 1, 0), (6, 4, 2, 0, 'x', 'W2', 1, 1), (8, 2, 2, 0, 'x', NULL, 0, 0),
                (7, 1, NULL, 0, 'x', NULL, 0, 0);
             INSERT INTO excluded (user, at, master, reason) VALUES (7, 0, 'x', 'y')",
        )
        .unwrap();
        let found = standings(&db, &Selection::default()).unwrap();
        let total = found.total;
        assert_eq!(total.phases, [1, 1, 2, 1, 1]);
        assert_eq!((total.gone, total.gone_exported, total.excluded), (2, 1, 1));
        assert_eq!(
            (total.import_errors, total.unanswered, total.changed),
            (1, 1, 2)
        );
        let names: Vec<&str> = found.groups.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["hr", "sales"]);
        assert_eq!(found.groups[0].1.phases, [1, 0, 1, 1, 0]);
        assert_eq!(found.groups[1].1.phases, [0, 1, 1, 0, 1]);
        let waves: Vec<_> = found
            .waves
            .iter()
            .map(|(n, s)| (n.as_str(), s.users()))
            .collect();
        assert_eq!(waves, [("W1", 2), ("W2", 2)]);
        let answered = |ok, errors, none| Answered { ok, errors, none };
        assert_eq!(
            found.bundles,
            BTreeMap::from([(1, answered(0, 1, 1)), (2, answered(2, 0, 1))])
        );
        let some = Selection {
            limit: Some(3),
            ..Selection::default()
        };
        assert_eq!(standings(&db, &some).unwrap().total.users(), 3);
    }
}
