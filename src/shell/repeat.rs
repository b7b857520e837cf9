//! `foreach`: the commands of its body, once for every row of a list.
//!
//! All rows are read before the first of them is worked on, because what the body changes could change the list. Of
//! each row only the columns are kept that the body names.

use super::check::yields_rows;
use super::{Shell, Text};
use crate::ambient::Cancelled;
use crate::command::{Exit, Failure};
use crate::lang::ast::Foreach;
use crate::lang::lexer::{TokenKind, lex, variable_name};
use crate::lang::value::Variable;
use crate::render::collect::List;
use crate::render::doc::{Cell, Column};
use crate::render::{counted, grouped, raw};

/// The rows of a loop: for each its name, and the values of the columns that the body wants.
struct Rows {
    noun: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Shell {
    pub(super) fn run_loop(&mut self, foreach: &Foreach, text: &Text) -> Result<Exit, Failure> {
        let name = &foreach.variable.text;
        let bound = match self.bind(&foreach.rows, text) {
            Ok(bound) => bound,
            Err(diagnostics) => return Ok(self.report(diagnostics, text)),
        };
        yields_rows(&bound).map_err(|diagnostic| *diagnostic)?;
        let ui = self.ui.clone();
        let (outcome, list) = ui.collect(|| self.execute(&bound));
        let exit = outcome?;
        if exit != Exit::Ok {
            return Ok(exit);
        }
        let rows = Rows::of(list, &columns_of(name, &text.text[foreach.span.clone()]));
        let names = rows.variables(name);
        let outer: Vec<_> = names.iter().map(|name| self.scope().remove(name)).collect();
        let outcome = self.run_rows(foreach, text, rows, &names);
        for (name, value) in names.into_iter().zip(outer) {
            self.scope().remove(&name);
            if let Some(value) = value {
                self.scope().insert(name, value);
            }
        }
        outcome
    }

    fn run_rows(
        &mut self,
        foreach: &Foreach,
        text: &Text,
        rows: Rows,
        names: &[String],
    ) -> Result<Exit, Failure> {
        let total = rows.rows.len();
        let (mut worst, mut done, mut failed) = (Exit::Ok, 0, 0);
        let mut stopped = None;
        for row in &rows.rows {
            let values = row.iter().map(variable);
            for (name, value) in names.iter().zip(values) {
                self.scope().insert(name.clone(), Some(value));
            }
            let exit = match self.cancel.check() {
                Ok(()) => self.run_statements(&foreach.body, text),
                Err(Cancelled) => Exit::Interrupted,
            };
            worst = self.after(worst, exit);
            match exit {
                Exit::Ok | Exit::Partial => done += 1,
                _ => failed += 1,
            }
            if self.ends(exit) {
                stopped = Some((exit, row.first().map(raw).unwrap_or_default()));
                break;
            }
        }
        let name = &foreach.variable.text;
        let of = counted(total as u64, rows.noun);
        let done = grouped(done);
        self.ui.notice(&match (stopped, failed) {
            (Some((Exit::Interrupted, at)), _) => {
                format!("foreach {name}: interrupted at '{at}'; {done} of {of} done")
            }
            (Some((Exit::Ok | Exit::Partial, _)), _) | (None, 0) => {
                format!("foreach {name}: {done} of {of} done")
            }
            (Some((_, at)), _) => format!("foreach {name}: stopped at '{at}'; {done} of {of} done"),
            (None, failed) => {
                format!(
                    "foreach {name}: {done} of {of} done, {} failed",
                    grouped(failed)
                )
            }
        });
        Ok(worst)
    }
}

impl Rows {
    /// The rows of a list with the first column, which names a row, and the wanted ones.
    fn of(list: List, wanted: &[String]) -> Self {
        let is_wanted = |at: usize, column: &Column| {
            at == 0
                || wanted
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(column.name))
        };
        let columns = list.columns.iter().enumerate();
        let kept: Vec<_> = columns
            .filter(|(at, column)| is_wanted(*at, column))
            .map(|(at, column)| (at, column.name))
            .collect();
        let pick = |row: Vec<Cell>| {
            let mut row: Vec<_> = row.into_iter().map(Some).collect();
            kept.iter()
                .map(|(at, _)| {
                    row.get_mut(*at)
                        .and_then(Option::take)
                        .unwrap_or(Cell::Absent)
                })
                .collect()
        };
        Self {
            noun: list.noun,
            columns: kept.iter().map(|(_, name)| *name).collect(),
            rows: list.rows.into_iter().map(pick).collect(),
        }
    }

    /// The variable of each column: the loop's own for the first, `name.column` for the others.
    fn variables(&self, name: &str) -> Vec<String> {
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(at, column)| match at {
                0 => name.to_owned(),
                _ => format!("{name}.{column}"),
            })
            .collect()
    }
}

/// The columns that `${name.column}` asks for in a loop's text.
fn columns_of(name: &str, text: &str) -> Vec<String> {
    let tokens = lex(text).into_iter();
    let variables = tokens.filter(|token| token.kind == TokenKind::Variable);
    variables
        .filter_map(|token| {
            let (row, column) = variable_name(text.get(token.span)?).split_once('.')?;
            (row == name).then(|| column.to_owned())
        })
        .collect()
}

/// A cell as the value of a variable. Nothing in it has a meaning of its own.
fn variable(cell: &Cell) -> Variable {
    Variable::literal(raw(cell))
}
