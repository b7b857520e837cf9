//! What can be shown, independent of a format.

use std::io;

use crate::model::{Moment, Named, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name: the header of a table and the key in machine formats (camelCase).
    pub name: &'static str,
    /// How it may be treated when space is short.
    pub fit: Fit,
}

/// How a column behaves when a table is too wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// Ids, digests, numbers: never cut or broken.
    Whole,
    /// Free text: may be cut, visibly.
    Cut,
}

impl Column {
    /// A column that is never cut.
    pub const fn whole(name: &'static str) -> Self {
        Self {
            name,
            fit: Fit::Whole,
        }
    }

    /// A column of free text.
    pub const fn text(name: &'static str) -> Self {
        Self {
            name,
            fit: Fit::Cut,
        }
    }
}

/// A column of a list with what it shows of a row.
#[derive(Debug)]
pub struct Col<R> {
    pub column: Column,
    /// Takes its cell out of a row, once.
    pub cell: fn(&mut R) -> Cell,
}

impl<R> Col<R> {
    /// A column that is never cut.
    pub const fn whole(name: &'static str, cell: fn(&mut R) -> Cell) -> Self {
        Self {
            column: Column::whole(name),
            cell,
        }
    }

    /// A column of free text.
    pub const fn text(name: &'static str, cell: fn(&mut R) -> Cell) -> Self {
        Self {
            column: Column::text(name),
            cell,
        }
    }
}

/// Shows the rows that `fill` pushes as a list with these columns.
pub fn list<R, E: From<io::Error>>(
    rows: &mut dyn RowSink,
    noun: &'static str,
    columns: &[Col<R>],
    fill: impl FnOnce(&mut dyn FnMut(R) -> Result<bool, E>) -> Result<(), E>,
) -> Result<(), E> {
    rows.begin(noun, &heads(columns))?;
    fill(&mut |row| Ok(rows.row(cells(columns, row))?))?;
    Ok(rows.end()?)
}

pub fn heads<R>(columns: &[Col<R>]) -> Vec<Column> {
    columns.iter().map(|one| one.column.clone()).collect()
}

pub fn cells<R>(columns: &[Col<R>], mut row: R) -> Vec<Cell> {
    columns.iter().map(|one| (one.cell)(&mut row)).collect()
}

/// A value in a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing there: empty in tables, `null` in JSON.
    Absent,
    /// Text, not sanitised yet.
    Text(String),
    /// A whole number; grouped by thousands in tables only.
    Number(i64),
    /// A number that names something, such as a serial number: never grouped.
    Id(u64),
    Flag(bool),
    /// A moment; local time in tables, RFC 3339 elsewhere.
    Time(Moment),
    List(Vec<String>),
    /// A secret that is there: `<hidden>`.
    Hidden,
    /// A nested record, in order: an object in JSON, `name: value` lines elsewhere.
    Record(Vec<(&'static str, Cell)>),
    /// Several nested values.
    Items(Vec<Cell>),
}

impl Cell {
    /// A text, or nothing where it is empty.
    pub fn filled(text: &str) -> Self {
        Some(text).filter(|text| !text.is_empty()).into()
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Moment> for Cell {
    fn from(at: Moment) -> Self {
        Self::Time(at)
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Self::Time(at.into())
    }
}

macro_rules! cell_from_number {
    ($($ty:ty),+) => {$(
        impl From<$ty> for Cell {
            fn from(number: $ty) -> Self {
                i64::try_from(number).map_or(Self::Text(number.to_string()), Self::Number)
            }
        }
    )+};
}
cell_from_number!(i64, u64, u32, usize);

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

/// What becomes a cell; a text is taken and not copied.
pub trait ToCell {
    fn cell(&mut self) -> Cell;
}

impl ToCell for String {
    fn cell(&mut self) -> Cell {
        Cell::Text(std::mem::take(self))
    }
}

impl ToCell for Vec<String> {
    fn cell(&mut self) -> Cell {
        Cell::List(std::mem::take(self))
    }
}

impl<T: ToCell> ToCell for Option<T> {
    fn cell(&mut self) -> Cell {
        self.as_mut().map_or(Cell::Absent, ToCell::cell)
    }
}

impl<T: Named> ToCell for T {
    fn cell(&mut self) -> Cell {
        self.name().into()
    }
}

macro_rules! to_cell {
    ($($ty:ty),+) => {$(
        impl ToCell for $ty {
            fn cell(&mut self) -> Cell {
                (*self).into()
            }
        }
    )+};
}
to_cell!(&'static str, bool, Moment, Timestamp, i64, u64, u32, usize);

/// Takes the rows of a list, one after the other, and shows them in some format.
///
/// A list is `begin`, any number of `row`, `end`; a single record (a `get` command) is [`RowSink::record`].
pub trait RowSink {
    /// A list with these columns begins; `noun` is the singular of what a row is, for the count line.
    fn begin(&mut self, noun: &'static str, columns: &[Column]) -> io::Result<()>;
    /// A row: one cell a column. `Ok(false)` when no more are taken (a closed pipe).
    fn row(&mut self, cells: Vec<Cell>) -> io::Result<bool>;
    /// The list is over.
    fn end(&mut self) -> io::Result<()>;
    /// One record, field by field.
    fn record(&mut self, fields: Vec<(&'static str, Cell)>) -> io::Result<()>;
}
