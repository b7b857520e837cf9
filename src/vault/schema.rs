//! The tables of a vault, and its indexes as things that a big load takes away and puts back.

use crate::store::{self, Index};

/// The migrations, in order; a version is never edited once it has been released.
pub(super) static MIGRATIONS: &[&str] = &[include_str!("schema.sql"), include_str!("schema-2.sql")];

/// The tables that a load writes.
const LOADED: [&str; 9] = [
    "users",
    "aliases",
    "workflow",
    "contacts",
    "qa",
    "passwords",
    "tokens",
    "cards",
    "locations",
];

/// The indexes of the tables that a load writes, as the schema has them.
pub(super) fn indexes() -> store::Result<Vec<Index>> {
    let mut indexes = super::KIND.indexes()?;
    indexes.retain(|index| LOADED.contains(&index.table.as_str()));
    Ok(indexes)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use rusqlite::{Connection, params_from_iter, types::Value};

    /// An empty vault without its sealed file.
    pub(crate) fn connection() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        for migration in MIGRATIONS {
            db.execute_batch(migration).unwrap();
        }
        db
    }

    /// The indexes that a file has, in the order of their names.
    pub(crate) fn indexes_of(db: &Connection) -> Vec<(String, String)> {
        let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
        let mut statement = db.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
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
        let indexes = indexes().unwrap();
        assert!(indexes.iter().any(|index| index.name == "users_name"));
        let before = indexes_of(&db);
        for index in &indexes {
            db.execute_batch(&format!("DROP INDEX {}", index.name))
                .unwrap();
        }
        for index in &indexes {
            db.execute_batch(&index.sql).unwrap();
        }
        assert_eq!(indexes_of(&db), before);
    }
}
