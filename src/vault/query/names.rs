//! Which names there are, for "did you mean" and for completion.
//!
//! A user waits for every answer between two keys, so nothing here reads more than a stretch of an index: a
//! name that many rows share is jumped over, and counting ends at [`COUNTED`].

use rusqlite::{Connection, OptionalExtension as _};

use crate::lang::spec::Complete;

use super::super::Result;

/// So many names behind the ones that are shown are counted; of more it is only known that there are more.
pub const COUNTED: u64 = 10_000;

/// Sorts behind every text that begins alike.
const LAST: char = '\u{10ffff}';

/// Where the names of a kind stand.
struct Source {
    table: &'static str,
    column: &'static str,
    /// What there is to say of one.
    about: &'static str,
    /// Whether many rows have the same name, so that the index is not walked but jumped through.
    shared: bool,
}

fn source(kind: Complete) -> Option<Source> {
    let (table, column, about, shared) = match kind {
        Complete::Groups => ("groups", "name", "''", false),
        Complete::Users => ("users", "userid", "coalesce(full_name, '')", false),
        Complete::Vendors => ("vendors", "name", "''", false),
        Complete::Models => ("tokens", "model", "''", true),
        Complete::Serials => ("tokens", "serial", "vendor", false),
        Complete::Waves => ("progress", "wave", "''", true),
        Complete::Locales => ("users", "locale", "''", true),
        Complete::PasswordNames => ("passwords", "name", "''", true),
        Complete::Countries => ("locations", "country", "''", true),
        Complete::Bundles => (
            "bundles",
            "CAST(number AS TEXT)",
            "coalesce(users || ' users, ', '') || path",
            false,
        ),
        Complete::Masters => ("master", "name", "coalesce(holder, '')", false),
        Complete::Kind
        | Complete::Aliases
        | Complete::Commands
        | Complete::Scripts
        | Complete::Settings
        | Complete::TenantSettings
        | Complete::Display => return None,
    };
    Some(Source {
        table,
        column,
        about,
        shared,
    })
}

/// Whether there is exactly this name; `None` for a kind that the vault does not hold, or of which a selection may
/// name what is not there.
pub fn exists(db: &Connection, kind: Complete, name: &str) -> Result<Option<bool>> {
    let must = matches!(
        kind,
        Complete::Groups
            | Complete::Users
            | Complete::Vendors
            | Complete::Bundles
            | Complete::Masters
    );
    let Some(Source { table, column, .. }) = source(kind).filter(|_| must) else {
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
    let Some(sql) = beginning(kind) else {
        return Ok(Vec::new());
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map((prefix, limit, LAST.to_string()), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The query for names that begin with ?1, at most ?2, where ?3 is [`LAST`]: ranges, so that an index serves.
pub(super) fn beginning(kind: Complete) -> Option<String> {
    let Source {
        table,
        column,
        about,
        shared,
    } = source(kind)?;
    Some(if shared {
        format!(
            "WITH RECURSIVE found(name) AS (\
                 SELECT min({column}) FROM {table} WHERE {column} >= ?1 AND {column} < ?1 || ?3 \
                 UNION ALL \
                 SELECT (SELECT min({column}) FROM {table} WHERE {column} > found.name AND {column} < ?1 || ?3) \
                 FROM found WHERE found.name IS NOT NULL) \
             SELECT name, {about} FROM found WHERE name IS NOT NULL LIMIT ?2"
        )
    } else {
        format!(
            "SELECT {column} AS name, {about} FROM {table} WHERE {column} >= ?1 AND {column} < ?1 || ?3 \
             GROUP BY name ORDER BY name LIMIT ?2"
        )
    })
}

/// Names that begin with `prefix` and come after `shown` and, where that is but a beginning, after all that begin so:
/// how many there are, at most [`COUNTED`], and the last of them. `None` when there is none.
pub fn beyond(
    db: &Connection,
    kind: Complete,
    prefix: &str,
    (shown, is_beginning): (&str, bool),
) -> Result<Option<(u64, String)>> {
    let (table, column) = match source(kind) {
        Some(source) => (source.table, source.column),
        None if kind == Complete::Aliases => ("aliases", "alias"),
        None => return Ok(None),
    };
    let range = format!("{column} > ?1 AND {column} < ?2");
    let end = format!("{prefix}{LAST}");
    let shown = if is_beginning {
        format!("{shown}{LAST}")
    } else {
        shown.to_owned()
    };
    let sql = format!("SELECT {column} FROM {table} WHERE {range} ORDER BY {column} DESC LIMIT 1");
    let last: Option<String> = db
        .prepare_cached(&sql)?
        .query_row([&shown, &end], |row| row.get(0))
        .optional()?;
    let Some(last) = last else {
        return Ok(None);
    };
    let sql = format!(
        "SELECT count(*) FROM (SELECT DISTINCT {column} FROM {table} WHERE {range} ORDER BY {column} LIMIT ?3)"
    );
    let count = db
        .prepare_cached(&sql)?
        .query_row((&shown, &end, COUNTED + 1), |row| row.get(0))?;
    Ok(Some((count, last)))
}

/// Up to `limit` aliases that begin with `prefix`, in order, each with whether it is but a beginning: several that go
/// on alike up to a separator stand as that, like the files of a folder.
pub fn aliases_begin_with(
    db: &Connection,
    prefix: &str,
    limit: usize,
) -> Result<Vec<(String, bool)>> {
    let mut two = db.prepare_cached(
        "SELECT DISTINCT alias FROM aliases WHERE alias >= ?1 AND alias < ?2 ORDER BY alias LIMIT 2",
    )?;
    let end = format!("{prefix}{LAST}");
    let mut from = prefix.to_owned();
    let mut found = Vec::new();
    while found.len() < limit {
        let pair = two.query_map([&from, &end], |row| row.get::<_, String>(0))?;
        let pair = pair.collect::<Result<Vec<_>, _>>()?;
        let [first, others @ ..] = pair.as_slice() else {
            break;
        };
        let stem = stem(first, prefix.len())
            .filter(|stem| others.iter().any(|other| other.starts_with(stem)));
        from = match stem {
            Some(stem) => format!("{stem}{LAST}"),
            None => format!("{first}\0"),
        };
        found.push((stem.unwrap_or(first).to_owned(), stem.is_some()));
    }
    Ok(found)
}

/// The beginning of `alias` up to its first separator from byte `from` on, unless that is all of it.
fn stem(alias: &str, from: usize) -> Option<&str> {
    let rest = alias.get(from..)?;
    let (at, separator) = rest
        .char_indices()
        .find(|(_, c)| matches!(c, '_' | '-' | '.' | '@' | '/' | '\\' | ':'))?;
    let end = from + at + separator.len_utf8();
    alias.get(..end).filter(|stem| stem.len() < alias.len())
}
