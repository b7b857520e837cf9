//! What an export asks of a snapshot before it reads it.

use rusqlite::Connection;

use crate::vault::Result;

use super::Snapshot;

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

    /// Whether any chosen user is neither gone nor excluded nor, after [`Snapshot::collisions`], in conflict.
    pub fn anybody_goes(&self) -> Result<bool> {
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
