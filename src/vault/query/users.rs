//! Users as lists show them.

use rusqlite::{Connection, Row};

use crate::lang::selection::{Entity, Expr, Op, Operand, Selection, Test};
use crate::model::{Moment, Phase};
use crate::store::records;

use super::super::selection::{self, Case};
use super::super::snapshot::phase;
use super::super::{Error, Result};
use super::{chosen, number, walk_chosen};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    pub userid: String,
    pub group: String,
    pub full_name: Option<String>,
    /// State in the source.
    pub state: String,
    /// Where the user stands.
    pub phase: Phase,
    /// The last bundle the user was in.
    pub bundle: Option<u64>,
    pub tokens: u64,
    pub cards: u64,
    /// The contact named for e-mail, else the first value that looks like an address (igsh-migration(7), THE TARGET).
    pub email: Option<String>,
    /// Last authentication.
    pub last_auth: Option<Moment>,
    /// Whether the last full load no longer had the user.
    pub gone: bool,
}

const COLUMNS: &str = "SELECT u.userid, g.name, u.full_name, u.state, coalesce(p.phase, 0), p.bundle, \
     (SELECT count(*) FROM tokens k WHERE k.id BETWEEN u.id << 16 AND (u.id << 16) + 65535 AND k.gone = 0), \
     (SELECT count(*) FROM cards k WHERE k.id BETWEEN u.id << 16 AND (u.id << 16) + 65535 AND k.gone = 0), \
     coalesce( \
     (SELECT value FROM contacts k WHERE k.id BETWEEN u.id << 16 AND (u.id << 16) + 65535 AND label LIKE '%mail%' ORDER BY id LIMIT 1), \
     (SELECT value FROM contacts k WHERE k.id BETWEEN u.id << 16 AND (u.id << 16) + 65535 AND value LIKE '%_@_%' ORDER BY id LIMIT 1)), \
     u.last_auth, u.gone > 0";

/// A way through the users: what follows the columns, and the order.
pub(super) type Way = (&'static str, &'static str);

/// In the order of an index: the first rows come at once.
pub(super) const BY_NAME: Way = (
    "FROM users u JOIN groups g ON g.id = u.group_id LEFT JOIN progress p ON p.user = u.id",
    "u.userid, u.group_id, u.gone",
);

/// In the order of ids, in which users and all that is theirs lie side by side, sorted afterwards (SQLite does that in
/// little memory). For most of a million users a third of the work: in the order of names each of them is four pages
/// somewhere in the file.
pub(super) const BY_ID: Way = (
    "FROM users u NOT INDEXED CROSS JOIN groups g ON g.id = u.group_id LEFT JOIN progress p ON p.user = u.id",
    "+u.userid, u.group_id, u.gone",
);

/// Up to so many users both ways are fast.
const MANY: u64 = 50_000;

/// The chosen users, in order of user id; the caller is likely to want no more than `most` of them.
pub fn users<E: From<Error>>(
    db: &Connection,
    selection: &Selection,
    most: Option<u64>,
    each: impl FnMut(UserRow) -> Result<bool, E>,
) -> Result<(), E> {
    let way = if is_most_of_all(db, selection, most)? {
        BY_ID
    } else {
        BY_NAME
    };
    walk_users(db, selection, way, each)
}

/// The chosen users, found in this way.
pub(super) fn walk_users<E: From<Error>>(
    db: &Connection,
    selection: &Selection,
    way: Way,
    mut each: impl FnMut(UserRow) -> Result<bool, E>,
) -> Result<(), E> {
    let (from, order) = way;
    let mut selection = selection.clone();
    let mut left = u64::MAX;
    let sorts = way == BY_ID;
    let _cache = sorts.then(|| SmallCache::of(db)).transpose()?;
    if sorts {
        // With a LIMIT SQLite sorts in a slower way.
        left = selection.limit.take().unwrap_or(left);
    }
    let head = format!("{COLUMNS} {from}");
    let sql = chosen(&selection, Entity::User, &head, order);
    walk_chosen(db, sql, |row| {
        left -= 1;
        Ok(each(read(row).map_err(Error::from)?)? && left > 0)
    })
}

/// A connection with little memory, as long as this is held. SQLite sorts as many rows at once as its cache is large,
/// and does not stop for Ctrl-C meanwhile; and a list that reads in the order in which things lie needs no more.
struct SmallCache<'c> {
    db: &'c Connection,
    before: i64,
}

impl<'c> SmallCache<'c> {
    /// In KiB, by SQLite's sign.
    const SIZE: i64 = -4096;

    fn of(db: &'c Connection) -> Result<Self> {
        let before = db.pragma_query_value(None, "cache_size", |row| row.get(0))?;
        db.pragma_update(None, "cache_size", Self::SIZE)?;
        Ok(Self { db, before })
    }
}

impl Drop for SmallCache<'_> {
    fn drop(&mut self) {
        // A smaller cache than before is slower and nothing else.
        let _ = self.db.pragma_update(None, "cache_size", self.before);
    }
}

/// Whether so large a part of the users is wanted that they are better read in the order in which they lie.
fn is_most_of_all(db: &Connection, selection: &Selection, most: Option<u64>) -> Result<bool> {
    let bound = selection.limit.into_iter().chain(most).min();
    if bound.is_some_and(|bound| bound <= MANY) {
        return Ok(false);
    }
    let all: u64 = db.query_row("SELECT coalesce(max(id), 0) FROM users", [], |row| {
        row.get(0)
    })?;
    if all <= MANY {
        return Ok(false);
    }
    let chosen = selection::count(db, selection, Case::Matters)?;
    let wanted = bound.map_or(chosen, |bound| bound.min(chosen));
    Ok(wanted > MANY && wanted >= all / 4)
}

fn read(row: &Row<'_>) -> rusqlite::Result<UserRow> {
    Ok(UserRow {
        userid: row.get(0)?,
        group: row.get(1)?,
        full_name: row.get(2)?,
        state: row.get(3)?,
        phase: phase(row, 4)?,
        bundle: row.get(5)?,
        tokens: number(row, 6)?,
        cards: number(row, 7)?,
        email: row.get(8)?,
        last_auth: records::read(row, 9)?,
        gone: row.get(10)?,
    })
}

/// How many users there are, gone ones too.
pub fn all(db: &Connection) -> Result<u64> {
    Ok(db.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?)
}

/// How many users are chosen.
pub fn count(db: &Connection, selection: &Selection) -> Result<u64> {
    let found = selection::count(db, selection, Case::Matters)?;
    Ok(selection.limit.map_or(found, |limit| found.min(limit)))
}

/// How many more users, tokens or cards would be chosen if letter case did not matter: user ids and aliases compared
/// after case folding, full names and groups over the ASCII letters.
///
/// Zero where a negation turns more into fewer, and under a limit. `found` is how many are chosen as it is, where that
/// is known. Full names have no folded index, so that they are only asked when nothing was found.
pub fn more_without_case(
    db: &Connection,
    selection: &Selection,
    entity: Entity,
    found: Option<u64>,
) -> Result<u64> {
    let Some(expr) = &selection.expr else {
        return Ok(0);
    };
    if selection.limit.is_some() || !no_negation(expr) {
        return Ok(0);
    }
    // First each condition alone, by its index: mostly no user has another case.
    let mut alone = 0;
    for test in tests_of_names(expr) {
        if found == Some(0) || test.attribute.name != "fullname" {
            let single = Selection {
                expr: Some(Expr::Test(test.clone())),
                ..Selection::default()
            };
            alone = selection::count(db, &single, Case::Others)?;
            if alone > 0 {
                break;
            }
        }
    }
    let count = |case| match entity {
        Entity::User => selection::count(db, selection, case),
        _ => selection::count_rows(db, selection, entity, case),
    };
    match expr {
        _ if alone == 0 => Ok(0),
        Expr::Test(test) if entity == Entity::User && is_one_user_id(test) => Ok(alone),
        _ => {
            let found = found.map_or_else(|| count(Case::Matters), Ok)?;
            Ok(count(Case::Ignored)?.saturating_sub(found))
        }
    }
}

/// Of a single user id the others do not match as it stands, since a user has just one.
fn is_one_user_id(test: &Test) -> bool {
    test.attribute.name == "userid" && matches!(test.values.as_slice(), [Operand::Text(_)])
}

/// The conditions in which letter case can matter.
fn tests_of_names(expr: &Expr) -> Vec<&Test> {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().flat_map(tests_of_names).collect(),
        Expr::Not(inner) | Expr::Same(_, inner) => tests_of_names(inner),
        Expr::Test(test) => match test.attribute.name {
            "userid" | "alias" | "group" | "fullname" if test.op == Op::Equal => vec![test],
            _ => Vec::new(),
        },
    }
}

fn no_negation(expr: &Expr) -> bool {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().all(no_negation),
        Expr::Same(_, inner) => no_negation(inner),
        Expr::Not(_) => false,
        Expr::Test(_) => true,
    }
}
