//! Showing what a command found: lists, records, and the files they go to.

use std::io::BufWriter;
use std::path::Path;

use super::file::write_new;
use super::shared::Out;
use super::{Context, Exit, Failure, Outcome};
use crate::lang::code;
use crate::lang::selection::{Entity, Selection};
use crate::render::doc::{self, Cell, Col, RowSink};
use crate::render::view::View;
use crate::render::{Format, Ui, counted};
use crate::store::Connection;
use crate::vault::query;

/// Takes a row of a list; `false` when no more are wanted.
pub type Push<'a, R> = &'a mut dyn FnMut(R) -> Result<bool, Failure>;

impl Out {
    /// The format of the command's output.
    pub fn format(&self, ui: &Ui) -> Format {
        self.format.unwrap_or(ui.format())
    }

    /// Whether a person reads it, on the terminal.
    pub fn is_for_people(&self, ui: &Ui) -> bool {
        self.into.is_none() && self.format(ui).is_for_people()
    }

    /// Runs `show` with the rows' way out: the terminal or pipe, or the new file of `into=`.
    pub fn show<T>(
        &self,
        ui: &Ui,
        show: impl FnOnce(&mut dyn RowSink) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.show_on(ui, ui.rows(self.format(ui)), show)
    }

    /// Shows a list that may be empty: `fill` pushes its rows.
    pub fn list<R>(
        &self,
        ui: &Ui,
        noun: &'static str,
        columns: &[Col<R>],
        fill: impl FnOnce(Push<'_, R>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.show(ui, |rows| doc::list(rows, noun, columns, fill))
    }

    /// As [`Out::show`], where the sink that a terminal or pipe gets is at hand.
    pub fn show_on<T>(
        &self,
        ui: &Ui,
        sink: Box<dyn RowSink>,
        show: impl FnOnce(&mut dyn RowSink) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let view = View {
            columns: self.columns.clone(),
            sort: self.sort.clone(),
            limit: self.limit,
        };
        let format = self.format(ui);
        let most = ui.most_rows(format);
        let Some(path) = &self.into else {
            return show(view.over(sink, most).as_mut());
        };
        into_file(ui, path, self.overwrite, format, |rows| {
            show(view.over(rows, most).as_mut())
        })
    }
}

/// Runs `show` with a sink that writes rows in this format to a new file.
fn into_file<T>(
    ui: &Ui,
    path: &Path,
    overwrite: bool,
    format: Format,
    show: impl FnOnce(Box<dyn RowSink>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut shown = None;
    write_new(path, overwrite, |file| {
        let copy = file
            .try_clone()
            .map_err(|error| Failure::file("write", path, &error))?;
        let done = show(ui.rows_into(Box::new(BufWriter::new(copy)), format));
        shown = Some(done.map_err(|failure| match failure.code {
            code::FILE => failure.in_file(path),
            _ => failure,
        })?);
        Ok(())
    })?;
    shown.ok_or_else(|| Failure::new(Exit::Internal, code::INTERNAL, "nothing was written"))
}

/// That so many more would be chosen if letter case did not matter.
pub fn in_another_case(more: u64, of: Entity) -> Option<String> {
    let noun = match of {
        Entity::Token => "token",
        Entity::Card => "card",
        Entity::User | Entity::Location => "user",
    };
    (more > 0).then(|| {
        format!(
            "letter case matters in values: {} would match in another case",
            counted(more, noun)
        )
    })
}

impl Context<'_> {
    pub fn record(&self, out: &Out, fields: Vec<(&'static str, Cell)>) -> Result<Outcome, Failure> {
        out.show(self.ui, |rows| Ok(rows.record(fields)?))?;
        Ok(Outcome::quiet())
    }

    /// Shows a list: `fill` pushes its rows. Ctrl-C ends it, a closed pipe quietly.
    pub fn list<R>(
        &self,
        out: &Out,
        noun: &'static str,
        columns: &[Col<R>],
        fill: impl FnOnce(Push<'_, R>) -> Result<(), Failure>,
    ) -> Result<Outcome, Failure> {
        let count = out.show(self.ui, |rows| self.fill(rows, noun, columns, fill))?;
        self.found(count)
    }

    /// As [`Context::list`], for rows that the line's selection chooses: a note says how many more there would be in
    /// another letter case (igsh-commands(7), SELECTIONS).
    pub fn chosen<R>(
        &self,
        mut out: Out,
        (noun, of): (&'static str, Entity),
        columns: &[Col<R>],
        fill: impl FnOnce(&Connection, &Selection, Push<'_, R>) -> Result<(), Failure>,
    ) -> Result<Outcome, Failure> {
        let mut selection = self.selection()?;
        if !out.sort.is_empty() {
            // The first by their id are not the first in another order.
            out.limit = selection.limit.take();
        }
        let db = self.db()?;
        let mut nothing = true;
        let mut outcome = self.list(&out, noun, columns, |push| {
            fill(db, &selection, &mut |row| {
                nothing = false;
                push(row)
            })
        })?;
        let note = self.case_note(&selection, of, nothing.then_some(0))?;
        outcome.notices.extend(note);
        Ok(outcome)
    }

    /// Writes a list as CSV to a new file; the number of its rows.
    pub fn sheet<R>(
        &self,
        (path, overwrite): (&Path, bool),
        noun: &'static str,
        columns: &[Col<R>],
        fill: impl FnOnce(Push<'_, R>) -> Result<(), Failure>,
    ) -> Result<u64, Failure> {
        into_file(self.ui, path, overwrite, Format::Csv, |mut rows| {
            self.fill(rows.as_mut(), noun, columns, fill)
        })
    }

    /// Shows the rows that `fill` pushes, and counts them.
    fn fill<R>(
        &self,
        rows: &mut dyn RowSink,
        noun: &'static str,
        columns: &[Col<R>],
        fill: impl FnOnce(Push<'_, R>) -> Result<(), Failure>,
    ) -> Result<u64, Failure> {
        let mut count = 0;
        doc::list::<R, Failure>(rows, noun, columns, |push| {
            fill(&mut |row| {
                self.cancel.check()?;
                count += 1;
                push(row)
            })
        })?;
        Ok(count)
    }

    /// So many rows of its list this command needs at most, as far as that is known beforehand.
    pub fn most(&self, out: &Out) -> Option<u64> {
        let most = self.ui.most_rows(out.format(self.ui));
        most.filter(|_| out.sort.is_empty())
    }

    /// How many more a selection would choose if letter case did not matter, as a note; `found` is how many it chose,
    /// where that is known.
    pub fn case_note(
        &self,
        selection: &Selection,
        of: Entity,
        found: Option<u64>,
    ) -> Result<Option<String>, Failure> {
        let more = query::more_without_case(self.db()?, selection, of, found)?;
        Ok(in_another_case(more, of))
    }

    /// The outcome of a command that found `count` things: a failure when it found none under `-require-match`.
    pub fn found(&self, count: u64) -> Result<Outcome, Failure> {
        if count == 0 && self.line.require_match {
            return Err(Failure::new(
                Exit::Nothing,
                code::NOTHING,
                "nothing matches the selection",
            ));
        }
        Ok(Outcome::quiet())
    }
}
