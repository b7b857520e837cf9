//! What the schema of a sealed file must be: to the letter what the compiled scripts make.
//!
//! An attacker who can write the file could otherwise leave a trigger, a view or an index there that runs in the
//! process of a master. So a file is compared with an empty one in memory, built from the scripts up to the version
//! that it names, before anything in it is used; and SQL is never taken from the file.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::{Error, Kind, Result};
use crate::model::{beginning, clipped};

/// One row of `sqlite_schema`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    kind: String,
    name: String,
    table: String,
    /// Absent where SQLite makes the index of a key itself.
    sql: Option<String>,
}

impl Item {
    /// Whether it is an index that a script makes, and that work in bulk may take away.
    fn is_index(&self) -> bool {
        self.kind == "index" && self.sql.is_some()
    }
}

/// An index as the scripts make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) name: String,
    /// The table that it belongs to.
    pub(crate) table: String,
    /// The statement that makes it.
    pub(crate) sql: String,
}

/// The rows of a version's schema in the order in which the scripts make them.
type Items = Arc<Vec<Item>>;

impl Kind {
    /// The indexes of today's schema, in the order of the scripts.
    pub(crate) fn indexes(&self) -> Result<Vec<Index>> {
        let items = self.compiled(self.version())?;
        Ok(items
            .iter()
            .filter(|item| item.kind == "index")
            .filter_map(|item| {
                Some(Index {
                    name: item.name.clone(),
                    table: item.table.clone(),
                    sql: item.sql.clone()?,
                })
            })
            .collect())
    }

    /// Compares the file's schema with the compiled one of the version that it names. Gives back SQLite's number of
    /// this state of the schema: as long as that stays, so does the schema.
    ///
    /// Everything is read in one transaction: the caller's, or one of its own.
    ///
    /// # Errors
    /// [`Error::Schema`] names the object that differs.
    pub(crate) fn compare_schema(&self, connection: &Connection) -> Result<i64> {
        let own = match connection.is_autocommit() {
            true => Some(connection.unchecked_transaction()?),
            false => None,
        };
        let outcome = self.compare_items(connection);
        drop(own);
        outcome.map_err(|error| match error {
            // Whatever SQLite cannot make sense of here is the file's.
            Error::Sql(error) if !Error::is_passing(&error) && !Error::is_damage(&error) => {
                self.differs(error.to_string())
            }
            error => error,
        })
    }

    fn compare_items(&self, connection: &Connection) -> Result<i64> {
        let state = schema_version(connection)?;
        let encoding: String = connection.pragma_query_value(None, "encoding", |row| row.get(0))?;
        if encoding != "UTF-8" {
            return Err(self.differs(format!("its text is stored as {encoding}")));
        }
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        let compiled = self.compiled(version_of(connection)?)?;
        let mut expected: BTreeSet<&Item> = compiled.iter().collect();
        let mut roots = BTreeSet::new();
        let mut statement = connection
            .prepare("SELECT type, name, tbl_name, sql, rootpage FROM main.sqlite_schema")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let item = read(row)?;
            if !expected.remove(&item) {
                let change = match compiled.iter().any(|there| there.name == item.name) {
                    true => "is not as igsh makes it",
                    false => "does not belong there",
                };
                return Err(self.differs(format!("{} {change}", named(&item))));
            }
            let root = match row.get_ref(4)? {
                ValueRef::Integer(root) => root,
                _ => 0,
            };
            if !(2..=pages).contains(&root) || !roots.insert(root) {
                return Err(self.differs(format!("{} has no page of its own", named(&item))));
            }
        }
        if expected.iter().any(|item| item.is_index()) && self.is_in_bulk(connection)? {
            expected.retain(|item| !item.is_index());
        }
        match expected.first() {
            Some(missing) => Err(self.differs(format!("{} is missing", named(missing)))),
            None => Ok(state),
        }
    }

    /// Whether work is under way that takes indexes away. Asked only when every table is as it should be.
    fn is_in_bulk(&self, connection: &Connection) -> Result<bool> {
        match self.bulk {
            Some(question) => Ok(connection.query_row(question, [], |row| row.get(0))?),
            None => Ok(false),
        }
    }

    /// The schema that the scripts up to this version make.
    fn compiled(&self, version: i64) -> Result<Items> {
        type Known = Vec<(i32, usize, i64, Items)>;
        static KNOWN: Mutex<Known> = Mutex::new(Vec::new());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (
            self.application_id,
            self.migrations.as_ptr() as usize,
            version,
        );
        if let Some((.., items)) = known.iter().find(|one| (one.0, one.1, one.2) == key) {
            return Ok(Arc::clone(items));
        }
        let db = Connection::open_in_memory()?;
        self.apply_up_to(&db, version)?;
        let mut statement =
            db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid")?;
        let mut rows = statement.query([])?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            items.push(read(row)?);
        }
        let items = Arc::new(items);
        known.push((key.0, key.1, key.2, Arc::clone(&items)));
        Ok(items)
    }

    fn differs(&self, what: String) -> Error {
        Error::Schema {
            kind: self.name,
            what,
        }
    }
}

/// SQLite's number of the schema's state, which every change of the schema raises.
pub(crate) fn schema_version(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "schema_version", |row| row.get(0))?)
}

fn read(row: &Row<'_>) -> Result<Item> {
    let text = |at| -> Result<Option<String>> {
        Ok(match row.get_ref(at)? {
            ValueRef::Null => None,
            ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => Some("?".to_owned()),
        })
    };
    Ok(Item {
        kind: text(0)?.unwrap_or_default(),
        name: text(1)?.unwrap_or_default(),
        table: text(2)?.unwrap_or_default(),
        sql: text(3)?,
    })
}

/// The object in words, at most so long that it fits a line: its name comes from the file.
fn named(item: &Item) -> String {
    const LONGEST: usize = 40;
    let (kind, name) = (beginning(&item.kind, LONGEST), clipped(&item.name, LONGEST));
    format!("the {kind} '{name}'")
}

/// The schema number of a file.
pub(crate) fn version_of(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
