//! Which names there are, for "did you mean" and for completion.

use rusqlite::{Connection, OptionalExtension as _};

use crate::lang::spec::Complete;

use super::super::Result;

/// The table and column of a kind of name, and what there is to say of one.
fn source(kind: Complete) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match kind {
        Complete::Groups => ("groups", "name", "''"),
        Complete::Users => ("users", "userid", "coalesce(full_name, '')"),
        Complete::Vendors => ("vendors", "name", "''"),
        Complete::Bundles => ("bundles", "CAST(number AS TEXT)", "path"),
        Complete::Masters => ("master", "name", "coalesce(holder, '')"),
        Complete::Kind | Complete::Commands | Complete::Settings => return None,
    })
}

/// Whether there is exactly this name; `None` for a kind that the vault knows nothing of.
pub fn exists(db: &Connection, kind: Complete, name: &str) -> Result<Option<bool>> {
    let Some((table, column, _)) = source(kind) else {
        return Ok(None);
    };
    let sql = format!("SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1");
    Ok(Some(
        db.prepare_cached(&sql)?
            .query_row([name], |_| Ok(()))
            .optional()?
            .is_some(),
    ))
}

/// Up to `limit` names that begin with `prefix`, in order, each with what there is to say of it.
pub fn begin_with(
    db: &Connection,
    kind: Complete,
    prefix: &str,
    limit: usize,
) -> Result<Vec<(String, String)>> {
    let Some((table, column, about)) = source(kind) else {
        return Ok(Vec::new());
    };
    // A range, so that an index serves; U+10FFFF sorts behind every text that begins alike.
    let sql = format!(
        "SELECT {column} AS name, {about} FROM {table} WHERE {column} >= ?1 AND {column} < ?1 || char(0x10FFFF) \
         GROUP BY name ORDER BY name LIMIT ?2"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map((prefix, limit), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}
