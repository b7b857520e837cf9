//! The tables of a vault, and its indexes as things that a big load takes away and puts back.

use rusqlite::Connection;

/// The migrations, in order; a version is never edited once it has been released.
pub(super) static MIGRATIONS: &[&str] = &[include_str!("schema.sql"), include_str!("schema-2.sql")];

/// An index as the vault has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    /// Its name.
    pub(super) name: String,
    /// The statement that makes it.
    pub(super) sql: String,
}

/// The indexes of the tables that a load writes, as the vault itself remembers them.
pub(super) fn indexes(db: &Connection) -> rusqlite::Result<Vec<Index>> {
    let mut statement = db.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL \
         AND tbl_name IN ('users', 'aliases', 'workflow', 'contacts', 'qa', 'passwords', 'tokens', 'cards', 'locations') ORDER BY rowid",
    )?;
    statement
        .query_map([], |row| {
            Ok(Index {
                name: row.get(0)?,
                sql: row.get(1)?,
            })
        })?
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use rusqlite::{params_from_iter, types::Value};

    /// An empty vault without its sealed file.
    pub(crate) fn connection() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        for migration in MIGRATIONS {
            db.execute_batch(migration).unwrap();
        }
        db
    }

    /// The query plan, one step a line.
    pub(crate) fn plan(db: &Connection, sql: &str, params: &[Value]) -> String {
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps: Vec<String> = statement
            .query_map(params_from_iter(params), |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        steps.join("\n")
    }

    #[test]
    fn every_table_is_strict() {
        let db = connection();
        let loose: i64 = db
            .query_row(
                "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' AND NOT strict",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(loose, 0);
    }

    #[test]
    fn uniqueness_is_in_indexes_that_can_be_rebuilt() {
        let db = connection();
        let indexes = indexes(&db).unwrap();
        assert!(indexes.iter().any(|index| index.name == "users_name"));
        for index in &indexes {
            db.execute_batch(&format!("DROP INDEX {}", index.name))
                .unwrap();
        }
        for index in &indexes {
            db.execute_batch(&index.sql).unwrap();
        }
        assert_eq!(super::indexes(&db).unwrap(), indexes);
    }
}
