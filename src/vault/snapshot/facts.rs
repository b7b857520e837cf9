//! What an export needs of a snapshot before it reads the records.

use rusqlite::Connection;

use crate::model::Phase;
use crate::vault::Result;

use super::Snapshot;

/// Users who go under another id than their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    pub users: u64,
    /// The first few: group, user id, id on the target.
    pub named: Vec<(String, String, String)>,
}

/// Users who stand beyond `exported` already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beyond {
    /// Whom the target has.
    pub imported: u64,
    /// Who no longer use the source.
    pub migrated: u64,
}

impl Beyond {
    /// Both.
    pub fn total(self) -> u64 {
        self.imported + self.migrated
    }
}

impl std::fmt::Display for Mapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (group, userid, target)) in self.named.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{group}/{userid} as {target}")?;
        }
        match self.users - self.named.len() as u64 {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl Snapshot {
    /// The connection, for whatever must see the same moment.
    pub fn connection(&self) -> &Connection {
        &self.db
    }

    /// How many of the chosen users are already in which finished bundles.
    pub fn already(&self) -> Result<Vec<(u64, u64)>> {
        let sql = if self.narrowed {
            "SELECT m.bundle, count(*) FROM members m JOIN bundles b ON b.number = m.bundle \
             WHERE b.state NOT IN ('open', 'sealed', 'failed', 'lost') AND m.user IN (SELECT id FROM temp.chosen) \
             GROUP BY m.bundle ORDER BY m.bundle"
        } else {
            "SELECT number, users FROM bundles \
             WHERE state NOT IN ('open', 'sealed', 'failed', 'lost') AND users > 0 ORDER BY number"
        };
        let mut statement = self.db.prepare(sql)?;
        let found = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(found)
    }

    /// The chosen users who go under an id that a master gave them, and the first few of them.
    pub fn mapped(&self) -> Result<Mapped> {
        /// So many are named.
        const NAMED: usize = 5;
        let chosen = if self.narrowed {
            "AND m.user IN (SELECT id FROM temp.chosen)"
        } else {
            ""
        };
        let sql = format!(
            "SELECT g.name, u.userid, m.target FROM mapped m JOIN users u ON u.id = m.user \
             JOIN groups g ON g.id = u.group_id \
             WHERE u.gone = 0 AND u.userid <> m.target AND u.id NOT IN (SELECT user FROM excluded) {chosen} \
             ORDER BY m.user"
        );
        let mut found = Mapped::default();
        let mut statement = self.db.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            found.users += 1;
            if found.named.len() < NAMED {
                found.named.push((row.get(0)?, row.get(1)?, row.get(2)?));
            }
        }
        Ok(found)
    }

    /// How many of those who go are imported or migrated, after [`Snapshot::collisions`].
    pub fn beyond(&self) -> Result<Beyond> {
        let from = if self.narrowed {
            "temp.chosen c CROSS JOIN progress p ON p.user = c.id"
        } else {
            "progress p"
        };
        let sql = format!(
            "SELECT coalesce(sum(p.phase = ?1), 0), coalesce(sum(p.phase = ?2), 0) \
             FROM {from} CROSS JOIN users u ON u.id = p.user WHERE p.phase IN (?1, ?2) AND u.gone = 0 \
             AND p.user NOT IN (SELECT user FROM excluded) AND p.user NOT IN (SELECT user FROM temp.conflict)"
        );
        let phases = [Phase::Imported.number(), Phase::Migrated.number()];
        Ok(self.db.query_row(&sql, phases, |row| {
            Ok(Beyond {
                imported: row.get(0)?,
                migrated: row.get(1)?,
            })
        })?)
    }

    /// Whether any chosen user is neither gone nor excluded nor, after [`Snapshot::collisions`], in conflict.
    pub fn any_user_goes(&self) -> Result<bool> {
        let table = if self.narrowed {
            "temp.chosen"
        } else {
            "users"
        };
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {table} c CROSS JOIN users u ON u.id = c.id WHERE u.gone = 0 \
             AND u.id NOT IN (SELECT user FROM excluded) AND u.id NOT IN (SELECT user FROM temp.conflict))"
        );
        Ok(self.db.query_row(&sql, [], |row| row.get(0))?)
    }
}
