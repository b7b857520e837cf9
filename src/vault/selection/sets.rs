//! Counting by sets of users: each condition is a query of its own, and what they have in common is found in memory.
//!
//! A database that joins conditions looks every candidate up in the wide table of users, once for each condition. Here
//! a condition on tokens walks one narrow index, its users become bits (125 KB a million), and `and`, `or`, `not` are
//! machine words. The queries are the compiler's, so that a count cannot mean something else than a list.

use rusqlite::{Connection, params_from_iter};

use crate::lang::selection::{Entity, Expr, Operand, Selection, Test};
use crate::vault::Result;

use super::columns::{Column, Says, column, table};
use super::leaf::{Form, is_by_value};
use super::{Case, Compiler, Sql, compile_expr};

/// How many users are chosen, the limit aside.
pub(in crate::vault) fn count(db: &Connection, selection: &Selection, case: Case) -> Result<u64> {
    let Some(expr) = &selection.expr else {
        return number(db, "SELECT count(*) FROM users u");
    };
    if is_own(expr) {
        let Sql { text, params } = compile_expr(expr, Entity::User, case)?;
        let text = format!("SELECT count(*) FROM users u WHERE {text}");
        let mut statement = db.prepare_cached(&text)?;
        return Ok(statement.query_row(params_from_iter(params), |row| row.get(0))?);
    }
    Ok(Sets { db, case }.of(expr)?.len())
}

fn number(db: &Connection, sql: &str) -> Result<u64> {
    Ok(db.query_row(sql, [], |row| row.get(0))?)
}

/// Users by their ids, a bit each; ids count up from 1.
#[derive(Debug, Default)]
struct Users(Vec<u64>);

impl Users {
    fn add(&mut self, user: i64) {
        // Of an unassigned token or card the upper bits are negative: nobody.
        let Ok(user) = usize::try_from(user) else {
            return;
        };
        let (word, bit) = (user / 64, user % 64);
        if word >= self.0.len() {
            self.0.resize((word + 1).max(self.0.len() * 2), 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    fn len(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
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

struct Sets<'c> {
    db: &'c Connection,
    case: Case,
}

impl Sets<'_> {
    fn of(&self, expr: &Expr) -> Result<Users> {
        if is_own(expr) {
            let mut sql = compile_expr(expr, Entity::User, self.case)?;
            sql.text.insert_str(0, "SELECT u.id FROM users u WHERE ");
            return self.ask(sql);
        }
        match expr {
            Expr::All(parts) => {
                let (own, others) = apart(parts);
                let mut found = match own {
                    Some(own) => Some(self.of(&Expr::All(own))?),
                    None => None,
                };
                for part in others {
                    found = Some(match found {
                        Some(found) if found.is_empty() => return Ok(found),
                        Some(found) => found.and(&self.of(part)?),
                        None => self.of(part)?,
                    });
                }
                Ok(found.unwrap_or_default())
            }
            Expr::Any(parts) => {
                let (own, others) = apart(parts);
                let mut found = match own {
                    Some(own) => self.of(&Expr::Any(own))?,
                    None => Users::default(),
                };
                for part in others {
                    found = found.or(self.of(part)?);
                }
                Ok(found)
            }
            Expr::Not(inner) => Ok(self.everybody()?.without(&self.of(inner)?)),
            Expr::Test(test) if test.attribute.entity == Entity::User => self.leaves(test),
            Expr::Test(test) => self.rows(test.attribute.entity, expr),
            Expr::Same(entity, inner) => self.rows(*entity, inner),
        }
    }

    fn everybody(&self) -> Result<Users> {
        self.ask(Sql {
            text: "SELECT id FROM users".to_owned(),
            params: Vec::new(),
        })
    }

    /// The users of the rows that meet a condition.
    fn rows(&self, entity: Entity, condition: &Expr) -> Result<Users> {
        let mut sql = compile_expr(condition, entity, self.case)?;
        let table = table(entity);
        let head = format!("SELECT {} FROM {} WHERE ", table.user, table.from);
        sql.text.insert_str(0, &head);
        self.ask(sql)
    }

    fn leaves(&self, test: &Test) -> Result<Users> {
        if !is_by_value(test) {
            return self.leaf(test, None);
        }
        let mut found = Users::default();
        for value in &test.values {
            found = found.or(self.leaf(test, Some(value))?);
        }
        Ok(found)
    }

    fn leaf(&self, test: &Test, value: Option<&Operand>) -> Result<Users> {
        let mut compiler = Compiler {
            case: self.case,
            ..Compiler::default()
        };
        let form = compiler.leaf(test, value)?;
        let Compiler { text, params, .. } = compiler;
        match form {
            Form::Row => self.ask(Sql {
                text: format!("SELECT u.id FROM users u WHERE {text}"),
                params,
            }),
            Form::Among => self.ask(Sql { text, params }),
            Form::NotAmong => Ok(self.everybody()?.without(&self.ask(Sql { text, params })?)),
        }
    }

    fn ask(&self, sql: Sql) -> Result<Users> {
        let mut statement = self.db.prepare_cached(&sql.text)?;
        let mut rows = statement.query(params_from_iter(sql.params))?;
        let mut found = Users::default();
        while let Some(row) = rows.next()? {
            found.add(row.get(0)?);
        }
        Ok(found)
    }
}

/// The conditions on the user's own row, which one query answers, and the others.
fn apart(parts: &[Expr]) -> (Option<Vec<Expr>>, Vec<&Expr>) {
    let (own, others): (Vec<&Expr>, Vec<&Expr>) = parts.iter().partition(|part| is_own(part));
    let own = (!own.is_empty()).then(|| own.into_iter().cloned().collect());
    (own, others)
}

/// Whether a condition is about the user's own row and group alone.
fn is_own(expr: &Expr) -> bool {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().all(is_own),
        Expr::Not(inner) => is_own(inner),
        Expr::Same(..) => false,
        Expr::Test(test) if test.attribute.entity != Entity::User => false,
        Expr::Test(test) => match column(test.attribute.name) {
            Some(Column::Always(_) | Column::Maybe(_) | Column::Group) => true,
            Some(Column::Cases { present, .. }) => matches!(present, Says::Row(_)),
            _ => false,
        },
    }
}
