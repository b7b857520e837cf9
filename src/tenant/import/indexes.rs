//! Taking the indexes away while an empty tenant is filled, and building them afterwards: half the time.
//!
//! Until then a key that a bundle holds twice is not noticed; no bundle of igsh does. Should an index turn out not to
//! be unique, everything is taken out again and applied anew with the indexes in place, record by record.

use rusqlite::Connection;

use crate::ambient::{Progress, Unit};
use crate::store::{self, Index};
use crate::tenant::KIND;
use crate::tenant::error::Result;

/// The tables that an import writes.
const FILLED: [&str; 10] = [
    "groups",
    "users",
    "aliases",
    "qa",
    "passwords",
    "tokens",
    "cards",
    "locations",
    "expected",
    "overrides",
];

/// Their indexes as the schema has them. They cannot be asked of the file while they are away.
fn all() -> store::Result<Vec<Index>> {
    let mut indexes = KIND.indexes()?;
    indexes.retain(|index| FILLED.contains(&index.table.as_str()) && index.name != "groups_name");
    Ok(indexes)
}

/// Whether nothing is there that a record could meet.
pub(super) fn is_empty(db: &Connection) -> Result<bool> {
    for table in ["users", "tokens", "cards"] {
        if db
            .prepare(&format!("SELECT 1 FROM {table} LIMIT 1"))?
            .exists([])?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes the indexes away.
pub(super) fn take_away(db: &Connection) -> Result<()> {
    for index in all()? {
        db.execute_batch(&format!("DROP INDEX IF EXISTS {}", index.name))?;
    }
    Ok(())
}

/// Builds them again. `false` when a key stands twice.
pub(super) fn build(db: &Connection, progress: &dyn Progress) -> Result<bool> {
    let all = all()?;
    progress.begin("indexing", Unit::Items, Some(all.len() as u64));
    for (done, index) in (1..).zip(&all) {
        match db.execute_batch(&index.sql) {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) =>
            {
                return Ok(false);
            }
            other => other?,
        }
        progress.at(done);
    }
    progress.end();
    let shared: bool = db.query_row(
        "SELECT EXISTS (SELECT 1 FROM aliases a JOIN users u ON coalesce(u.fold, u.userid) = coalesce(a.fold, a.alias))",
        [],
        |row| row.get(0),
    )?;
    Ok(!shared)
}

/// Takes everything out that the job has brought into the tenant that was empty, and puts the indexes back.
pub(super) fn start_over(db: &Connection, job: u64) -> Result<()> {
    for table in FILLED {
        db.execute_batch(&format!("DELETE FROM {table}"))?;
    }
    let (from, to) = (
        crate::tenant::events::row_id(job, 0),
        crate::tenant::events::row_id(job + 1, 0),
    );
    db.execute("DELETE FROM events WHERE id >= ?1 AND id < ?2", [from, to])?;
    db.execute("DELETE FROM journal WHERE job = ?1", [job])?;
    take_away(db)?;
    for index in all()? {
        db.execute_batch(&index.sql)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_names_the_indexes() {
        let all = all().unwrap();
        let names: Vec<&str> = all.iter().map(|index| index.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "users_key",
                "users_group",
                "aliases_key",
                "tokens_key",
                "cards_serial"
            ]
        );
    }
}
