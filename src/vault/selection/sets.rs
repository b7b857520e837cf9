//! Counting by sets of users: each condition is a query of its own, and what they have in common is found in memory.
//!
//! A database that joins conditions looks every candidate up in the wide table of users, once for each condition. Here
//! a condition on tokens walks one narrow index, its users become bits (125 KB a million), and `and`, `or`, `not` are
//! machine words. The queries are the compiler's, so that a count cannot mean something else than a list.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::lang::selection::{Entity, Expr, Operand, Selection, Test};
use crate::store::stored::unfit;
use crate::vault::Result;

use super::columns::{Column, Says, column, table};
use super::leaf::{Form, is_by_value, is_common, is_state, other_states};
use super::{Case, Compiler, Sql, compile_case};

/// How many users are chosen, the limit aside.
pub(in crate::vault) fn count(db: &Connection, selection: &Selection, case: Case) -> Result<u64> {
    let Some(expr) = &selection.expr else {
        return number(db, "SELECT count(*) FROM users u");
    };
    if is_one_query(expr) {
        let Sql { text, params } = compile_case(selection, Entity::User, case)?;
        let text = format!("SELECT count(*) FROM users u WHERE {text}");
        let mut statement = db.prepare_cached(&text)?;
        return Ok(statement.query_row(params_from_iter(params), |row| row.get(0))?);
    }
    Ok(Sets::new(db, case).of(expr, None)?.len())
}

/// How many tokens or cards are chosen, the limit aside.
pub(in crate::vault) fn count_rows(
    db: &Connection,
    selection: &Selection,
    entity: Entity,
    case: Case,
) -> Result<u64> {
    let Sql { text, params } = compile_case(selection, entity, case)?;
    let text = format!("SELECT count(*) FROM {} WHERE {text}", table(entity).from);
    let mut statement = db.prepare_cached(&text)?;
    Ok(statement.query_row(params_from_iter(params), |row| row.get(0))?)
}

fn number(db: &Connection, sql: &str) -> Result<u64> {
    Ok(db.query_row(sql, [], |row| row.get(0))?)
}

/// No vault has given so many ids; a larger one must not become memory.
const MOST: usize = 1 << 31;

/// Users by their ids, a bit each; ids count up from 1.
#[derive(Debug, Clone, Default)]
struct Users(Vec<u64>);

impl Users {
    /// Takes a user in, unless no vault can have given the id.
    fn add(&mut self, user: i64) -> bool {
        // Of an unassigned token or card the upper bits are negative: no user.
        let Ok(user) = usize::try_from(user) else {
            return true;
        };
        if user > MOST {
            return false;
        }
        let (word, bit) = (user / 64, user % 64);
        if word >= self.0.len() {
            self.0.resize((word + 1).max(self.0.len() * 2), 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << bit;
        }
        true
    }

    fn len(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Their ids as a list, if they are few.
    fn few(&self) -> Option<Value> {
        if self.len() > FEW {
            return None;
        }
        let words = self.0.iter().enumerate().filter(|(_, word)| **word != 0);
        let ids = words.flat_map(|(at, word)| {
            let bits = (0..64).filter(move |bit| word >> bit & 1 == 1);
            bits.map(move |bit| (at * 64 + bit).to_string())
        });
        Some(Value::Text(format!(
            "[{}]",
            ids.collect::<Vec<_>>().join(",")
        )))
    }

    fn and(mut self, other: &Self) -> Self {
        let others = other.0.iter().chain(std::iter::repeat(&0));
        self.0.iter_mut().zip(others).for_each(|(a, b)| *a &= b);
        self
    }

    fn without(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= !b);
        self
    }

    fn or(self, other: Self) -> Self {
        let (mut long, short) = if self.0.len() >= other.0.len() {
            (self, other)
        } else {
            (other, self)
        };
        long.0.iter_mut().zip(&short.0).for_each(|(a, b)| *a |= b);
        long
    }
}

/// So many users are looked up one by one; more are found sooner among all who meet the condition.
const FEW: u64 = 5000;

struct Sets<'c> {
    db: &'c Connection,
    case: Case,
    /// The queries asked, for tests of their plans.
    #[cfg(test)]
    asked: std::cell::RefCell<Vec<Sql>>,
}

/// The queries that a count is made of.
#[cfg(test)]
pub(super) fn queries(db: &Connection, selection: &Selection) -> Vec<Sql> {
    let sets = Sets::new(db, Case::Matters);
    if let Some(expr) = &selection.expr {
        sets.of(expr, None).unwrap();
    }
    sets.asked.take()
}

impl<'c> Sets<'c> {
    fn new(db: &'c Connection, case: Case) -> Self {
        Self {
            db,
            case,
            #[cfg(test)]
            asked: std::cell::RefCell::default(),
        }
    }

    /// The users who meet a condition. Of those who are not `among` the given ones, any may be in it or not.
    fn of(&self, expr: &Expr, among: Option<&Users>) -> Result<Users> {
        match expr {
            Expr::All(parts) => self.all(parts, among),
            Expr::Any(parts) => {
                let mut found = Users::default();
                for part in parts {
                    found = found.or(self.of(part, among)?);
                }
                Ok(found)
            }
            Expr::Not(inner) => {
                let others = self.of(inner, among)?;
                Ok(self.all_users(among)?.without(&others))
            }
            Expr::Test(test) if among.is_some() && is_state(test) && is_common(test) => {
                let others = self.leaves(&other_states(test), among)?;
                Ok(self.all_users(among)?.without(&others))
            }
            Expr::Test(test) if test.attribute.entity == Entity::User => self.leaves(test, among),
            Expr::Test(test) => self.rows(test.attribute.entity, expr, among),
            Expr::Same(entity, inner) => self.rows(*entity, inner, among),
        }
    }

    fn all(&self, parts: &[Expr], among: Option<&Users>) -> Result<Users> {
        // One index has name and group; every other condition has an index of its own.
        let (named, others): (Vec<&Expr>, Vec<&Expr>) =
            parts.iter().partition(|part| is_of_name(part));
        let mut found = match (named.is_empty(), among) {
            (true, _) => None,
            (false, among) => {
                let named = Expr::All(named.into_iter().cloned().collect());
                let found = self.own(&named, among)?;
                Some(match among {
                    Some(among) => found.and(among),
                    None => found,
                })
            }
        };
        for part in others {
            let known = found.as_ref().or(among);
            if known.is_some_and(Users::is_empty) {
                return Ok(Users::default());
            }
            let more = self.of(part, known)?;
            found = Some(match known {
                Some(known) => more.and(known),
                None => more,
            });
        }
        match found {
            Some(found) => Ok(found),
            None => self.all_users(among),
        }
    }

    fn all_users(&self, among: Option<&Users>) -> Result<Users> {
        if let Some(among) = among {
            return Ok(among.clone());
        }
        self.ask(Sql {
            text: "SELECT id FROM users".to_owned(),
            params: Vec::new(),
        })
    }

    /// A condition on the user's own row.
    fn own(&self, expr: &Expr, among: Option<&Users>) -> Result<Users> {
        let mut compiler = self.compiler(among);
        let from = compiler.of_few("users u", "u.", "id");
        compiler
            .text
            .push_str(&format!("SELECT u.id FROM {from} WHERE "));
        compiler.expr(expr, Entity::User)?;
        self.ask(compiler.into())
    }

    /// The users of the rows that meet a condition.
    fn rows(&self, entity: Entity, condition: &Expr, among: Option<&Users>) -> Result<Users> {
        let mut compiler = self.compiler(among);
        let table = table(entity);
        let from = compiler.of_few(table.from, table.dot, table.user);
        compiler
            .text
            .push_str(&format!("SELECT {} FROM {from} WHERE ", table.user));
        compiler.expr(condition, entity)?;
        self.ask(compiler.into())
    }

    fn leaves(&self, test: &Test, among: Option<&Users>) -> Result<Users> {
        if !is_by_value(test) {
            return self.leaf(test, None, among);
        }
        let mut found = Users::default();
        for value in &test.values {
            found = found.or(self.leaf(test, Some(value), among)?);
        }
        Ok(found)
    }

    fn leaf(&self, test: &Test, value: Option<&Operand>, among: Option<&Users>) -> Result<Users> {
        let mut compiler = self.compiler(among);
        match compiler.leaf(test, value)? {
            Form::Row => {
                let single = Test {
                    values: value.map_or_else(|| test.values.clone(), |value| vec![value.clone()]),
                    ..test.clone()
                };
                self.own(&Expr::Test(single), among)
            }
            Form::Among => self.ask(compiler.into()),
            Form::NotAmong => {
                let others = self.ask(compiler.into())?;
                Ok(self.all_users(among)?.without(&others))
            }
        }
    }

    fn compiler(&self, among: Option<&Users>) -> Compiler {
        Compiler {
            case: self.case,
            few: among.and_then(Users::few),
            ..Compiler::default()
        }
    }

    fn ask(&self, sql: Sql) -> Result<Users> {
        #[cfg(test)]
        self.asked.borrow_mut().push(sql.clone());
        let mut statement = self.db.prepare_cached(&sql.text)?;
        let mut rows = statement.query(params_from_iter(sql.params))?;
        let mut found = Users::default();
        while let Some(row) = rows.next()? {
            let user = row.get(0)?;
            if !found.add(user) {
                return Err(unfit(row, 0, format!("{user} is no user")).into());
            }
        }
        Ok(found)
    }
}

/// Whether a condition is about the name and group of the user alone.
fn is_of_name(expr: &Expr) -> bool {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().all(is_of_name),
        Expr::Not(inner) => is_of_name(inner),
        Expr::Same(..) => false,
        Expr::Test(test) => matches!(test.attribute.name, "userid" | "group" | "gone"),
    }
}

/// Whether one query with an index of its own answers the condition: it is about name and group, or one test of the
/// user's own row.
fn is_one_query(expr: &Expr) -> bool {
    let row = |test: &Test| match column(test.attribute.name) {
        Some(Column::Always(_) | Column::Maybe(_)) => true,
        Some(Column::Cases { present, .. }) => matches!(present, Says::Row(_)),
        _ => false,
    };
    match expr {
        Expr::Test(test) => test.attribute.entity == Entity::User && row(test) || is_of_name(expr),
        Expr::Not(inner) => is_one_query(inner),
        Expr::All(parts) if let [part] = parts.as_slice() => is_one_query(part),
        _ => is_of_name(expr),
    }
}
