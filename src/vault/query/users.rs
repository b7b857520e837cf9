//! Users as lists show them.

use rusqlite::{Connection, Row, params_from_iter};

use crate::ambient::CancelToken;
use crate::lang::selection::{
    ATTRIBUTES, Entity, Expr, Op, Operand, Pattern, Piece, Selection, Test,
};
use crate::model::{Phase, Timestamp};

use super::super::selection::compile;
use super::super::snapshot::moment;
use super::super::{Error, Result, SourceUser, Unassigned, Vault};
use super::{chosen, number, walk_chosen};

/// A user of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// User name.
    pub userid: String,
    /// Group name.
    pub group: String,
    /// Full name.
    pub full_name: Option<String>,
    /// State in the source.
    pub state: String,
    /// Where the user stands.
    pub phase: Phase,
    /// The last bundle the user was in.
    pub bundle: Option<u64>,
    /// How many tokens.
    pub tokens: u64,
    /// How many cards.
    pub cards: u64,
    /// The first contact that looks like an e-mail address, the default one before others.
    pub email: Option<String>,
    /// Last authentication.
    pub last_auth: Option<Timestamp>,
    /// Whether the last full load no longer had the user.
    pub gone: bool,
}

const HEAD: &str = "SELECT u.userid, g.name, u.full_name, u.state, coalesce(p.phase, 0), p.bundle, \
     (SELECT count(*) FROM tokens k WHERE k.id BETWEEN u.id << 16 AND (u.id << 16) + 65535 AND k.gone = 0), \
     (SELECT count(*) FROM cards k WHERE k.id BETWEEN u.id << 16 AND (u.id << 16) + 65535 AND k.gone = 0), \
     (SELECT value FROM contacts k WHERE k.id BETWEEN u.id << 16 AND (u.id << 16) + 65535 AND value LIKE '%_@_%' \
      ORDER BY is_default DESC, id LIMIT 1), \
     u.last_auth, u.gone > 0 \
     FROM users u JOIN groups g ON g.id = u.group_id LEFT JOIN progress p ON p.user = u.id";

/// The chosen users, in order of user id.
pub fn users<E: From<Error>>(
    db: &Connection,
    selection: &Selection,
    mut each: impl FnMut(UserRow) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = chosen(
        selection,
        Entity::User,
        HEAD,
        "u.userid, u.group_id, u.gone",
    );
    walk_chosen(db, sql, |row| each(read(row).map_err(Error::from)?))
}

fn read(row: &Row<'_>) -> rusqlite::Result<UserRow> {
    let phase: usize = row.get(4)?;
    Ok(UserRow {
        userid: row.get(0)?,
        group: row.get(1)?,
        full_name: row.get(2)?,
        state: row.get(3)?,
        phase: Phase::ALL.get(phase).copied().unwrap_or(Phase::None),
        bundle: row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned),
        tokens: number(row, 6)?,
        cards: number(row, 7)?,
        email: row.get(8)?,
        last_auth: moment(row, 9)?,
        gone: row.get(10)?,
    })
}

/// How many users are chosen.
pub fn count(db: &Connection, selection: &Selection) -> Result<u64> {
    let sql = compile(selection, Entity::User)?;
    let text = format!("SELECT count(*) FROM users u WHERE {}", sql.text);
    let found = db
        .prepare_cached(&text)?
        .query_row(params_from_iter(sql.params), |row| number(row, 0))?;
    Ok(selection.limit.map_or(found, |limit| found.min(limit)))
}

impl Vault {
    /// The users with this name, `userid` or `group/userid`: none, one, or one of each group that has it.
    pub fn named(&self, name: &str, cancel: &CancelToken) -> Result<Vec<SourceUser>> {
        let literal = |text: &str| Pattern(vec![Piece::Literal(text.to_owned())]);
        let whole = |operand| Selection {
            expr: Some(is(operand)),
            ..Selection::default()
        };
        let mut found = self.all(&whole(Operand::Text(literal(name))), cancel)?;
        if let (true, Some((group, userid))) = (found.is_empty(), name.split_once('/')) {
            found = self.all(
                &whole(Operand::Qualified(literal(group), literal(userid))),
                cancel,
            )?;
        }
        Ok(found)
    }

    fn all(&self, selection: &Selection, cancel: &CancelToken) -> Result<Vec<SourceUser>> {
        let mut snapshot = self.snapshot(selection, Unassigned::No, cancel)?;
        let mut found = Vec::new();
        loop {
            let page = snapshot.next_users()?;
            if page.is_empty() {
                return Ok(found);
            }
            found.extend(page);
        }
    }
}

fn is(userid: Operand) -> Expr {
    Expr::Test(Test {
        attribute: &ATTRIBUTES[0],
        op: Op::Equal,
        values: vec![userid],
        span: 0..0,
    })
}

/// How many more users would be chosen if the letters of its literal user ids were of the other case where they are not:
/// all in lower case, all in upper case. Zero where nothing of the kind is asked.
pub fn more_without_case(db: &Connection, selection: &Selection, found: u64) -> Result<u64> {
    let mut most = 0;
    for change in [str::to_lowercase, str::to_uppercase] {
        let mut other = selection.clone();
        let changed = other.expr.as_mut().is_some_and(|expr| recase(expr, change));
        if changed {
            most = most.max(count(db, &other)?);
        }
    }
    Ok(most.saturating_sub(found))
}

/// Changes the case of the user ids that an expression compares with; whether that changed anything.
fn recase(expr: &mut Expr, change: fn(&str) -> String) -> bool {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts
            .iter_mut()
            .map(|part| recase(part, change))
            .fold(false, |any, one| any | one),
        Expr::Test(test) if test.attribute.name == "userid" && test.op == Op::Equal => test
            .values
            .iter_mut()
            .map(|value| match value {
                Operand::Text(pattern) | Operand::Qualified(_, pattern) => {
                    recase_pattern(pattern, change)
                }
                _ => false,
            })
            .fold(false, |any, one| any | one),
        Expr::Not(_) | Expr::Test(_) | Expr::Same(..) => false,
    }
}

fn recase_pattern(pattern: &mut Pattern, change: fn(&str) -> String) -> bool {
    let mut changed = false;
    for piece in &mut pattern.0 {
        if let Piece::Literal(text) = piece {
            let other = change(text);
            changed |= other != *text;
            *text = other;
        }
    }
    changed
}
