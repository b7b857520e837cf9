//! What an export asks of a snapshot before it reads it.

use rusqlite::Connection;

use crate::vault::Result;
use crate::vault::selection::Sql;

use super::Snapshot;

impl Snapshot {
    /// The connection, for whatever must see the same moment.
    pub fn connection(&self) -> &Connection {
        &self.db
    }

    /// Selects the ids of the chosen users.
    pub fn user_ids(&self) -> Sql {
        let table = if self.narrowed {
            "temp.chosen"
        } else {
            "users"
        };
        Sql {
            text: format!("SELECT id FROM {table}"),
            params: Vec::new(),
        }
    }

    /// Whether any chosen user is neither gone nor excluded nor, after [`Snapshot::collisions`], in conflict.
    pub fn anybody_goes(&self) -> Result<bool> {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM ({}) c CROSS JOIN users u ON u.id = c.id WHERE u.gone = 0 \
             AND u.id NOT IN (SELECT user FROM excluded) AND u.id NOT IN (SELECT user FROM temp.conflict))",
            self.user_ids().text
        );
        Ok(self.db.query_row(&sql, [], |row| row.get(0))?)
    }
}
