//! Looking: what lists, counts and single records show. Rows are handed out one by one; nothing here opens a secret.

mod items;
mod names;
mod standing;
mod status;
#[cfg(test)]
mod tests;
mod users;

use rusqlite::types::Value;
use rusqlite::{Connection, Params, Row, params_from_iter};

use crate::lang::selection::{Entity, Selection};

use super::selection::{Sql, compile};
use super::{Error, Result};

pub use items::{AliasRow, CardRow, GroupRow, TokenRow, aliases, cards, groups, tokens};
pub use names::{COUNTED, aliases_begin_with, begin_with, beyond, exists};
pub use standing::{Answered, Standing, Standings, standings};
pub use status::{LoadRow, Status, status};
pub use users::{UserRow, all, count, more_without_case, users};

/// Hands out the rows of a query until `each` returns false.
pub(super) fn walk<E: From<Error>>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    mut each: impl FnMut(&Row<'_>) -> Result<bool, E>,
) -> Result<(), E> {
    let mut statement = db.prepare(sql).map_err(Error::from)?;
    let mut rows = statement.query(params).map_err(Error::from)?;
    while let Some(row) = rows.next().map_err(Error::from)? {
        if !each(row)? {
            break;
        }
    }
    Ok(())
}

/// A query over the rows that a selection chooses: `head` ends before `WHERE`, `order` names columns.
fn chosen(selection: &Selection, entity: Entity, head: &str, order: &str) -> Result<Sql> {
    let Sql { text, mut params } = compile(selection, entity)?;
    let mut sql = format!("{head} WHERE {text} ORDER BY {order}");
    if let Some(limit) = selection.limit {
        sql.push_str(" LIMIT ?");
        params.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    }
    Ok(Sql { text: sql, params })
}

/// The same, handed out row by row.
fn walk_chosen<E: From<Error>>(
    db: &Connection,
    sql: Result<Sql>,
    mut each: impl FnMut(&Row<'_>) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = sql?;
    walk(db, &sql.text, params_from_iter(sql.params), &mut each)
}

/// A count, or a number that is never below zero.
fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column)
}
