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
use crate::lang::spec::fold_name;
use crate::lang::value::Variable;
use crate::render::collect::List;
use crate::render::doc::Cell;
use crate::render::{counted, grouped, raw};

/// The rows of a loop: for each its name, and the values of the columns that the body names.
struct Rows {
    noun: &'static str,
    names: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Shell {
    pub(super) fn run_loop(&mut self, foreach: &Foreach, text: &Text) -> Result<Exit, Failure> {
        let name = &foreach.variable.text;
        let list = match self.list(foreach, text) {
            Ok(Ok(list)) => list,
            failed => {
                self.stop_at_gate(text, &foreach.span);
                return failed.map(|list| list.err().unwrap_or(Exit::Ok));
            }
        };
        let body = text.text.get(foreach.span.clone()).unwrap_or_default();
        let rows = Rows::of(list, name, &columns_of(name, body));
        let names = rows.names.clone();
        let outer: Vec<_> = names.iter().map(|name| self.scope().remove(name)).collect();
        let outcome = self.run_rows(foreach, text, rows);
        for (name, value) in names.into_iter().zip(outer) {
            self.scope().remove(&name);
            if let Some(value) = value {
                self.scope().insert(name, value);
            }
        }
        outcome
    }

    /// The list that the loop runs over, or the exit status of the command that did not give it.
    fn list(&mut self, foreach: &Foreach, text: &Text) -> Result<Result<List, Exit>, Failure> {
        let bound = match self.bind(&foreach.rows, text) {
            Ok(bound) => bound,
            Err(diagnostics) => return Ok(Err(self.report_at_run(diagnostics, text))),
        };
        yields_rows(&bound).map_err(|diagnostic| *diagnostic)?;
        self.echo(text, || {
            format!("foreach {} in ({})", foreach.variable.text, bound.masked)
        });
        let ui = self.ui.clone();
        let (outcome, list) = ui.collect(|| self.execute(bound));
        Ok(match outcome? {
            Exit::Ok => Ok(list),
            exit => Err(exit),
        })
    }

    fn run_rows(&mut self, foreach: &Foreach, text: &Text, rows: Rows) -> Result<Exit, Failure> {
        let total = rows.rows.len();
        let (mut worst, mut done, mut failed) = (Exit::Ok, 0, 0);
        let mut stopped = None;
        for row in &rows.rows {
            let values = row.iter().map(variable);
            for (name, value) in rows.names.iter().zip(values) {
                self.scope().insert(name.clone(), Some(value));
            }
            let failures = self.failures.get();
            let exit = match self.cancel.check() {
                Ok(()) => self.run_statements(&foreach.body, text),
                Err(Cancelled) => Exit::Interrupted,
            };
            worst = self.after(worst, exit);
            match exit {
                Exit::Ok | Exit::Partial if self.failures.get() == failures => done += 1,
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
    /// The rows of a list: the first column, which names a row, under the name of the loop's variable, and those of
    /// `wanted` as `name.column`, however the body spells the column.
    fn of(list: List, name: &str, wanted: &[String]) -> Self {
        let place = |asked: &String| {
            let mut columns = list.columns.iter();
            let at = columns.position(|column| fold_name(column.name) == fold_name(asked))?;
            Some((at, format!("{name}.{asked}")))
        };
        let others = wanted.iter().filter_map(place);
        let kept: Vec<_> = std::iter::once((0, name.to_owned()))
            .chain(others)
            .collect();
        let pick = |row: Vec<Cell>| {
            let cell = |(at, _): &(usize, String)| row.get(*at).cloned().unwrap_or(Cell::Absent);
            kept.iter().map(cell).collect()
        };
        let rows = list.rows.into_iter().map(pick).collect();
        Self {
            noun: list.noun,
            rows,
            names: kept.into_iter().map(|(_, name)| name).collect(),
        }
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
