//! Rows: one value after the other into a statement, and out of a row.

use std::cell::Cell;

use rusqlite::types::{FromSql, Null, ValueRef};
use rusqlite::{Connection, Result, Row, Statement, ToSql};

use super::counts::{counts, counts_text};
use crate::model::{
    Activation, Algorithm, CardState, Hash, Moment, NotMigrated, Text, TokenKind, TokenState,
    Usage, UserState, bundle,
};
use crate::store::stored::{unfit, word_of};

/// A statement that puts rows into a table.
pub(crate) struct Insert<'c>(Statement<'c>);

impl<'c> Insert<'c> {
    /// That of these columns, separated by commas.
    pub(crate) fn new(db: &'c Connection, table: &str, columns: &str) -> Result<Self> {
        let marks = vec!["?"; columns.split(',').count()].join(", ");
        let sql = format!("INSERT INTO {table} ({columns}) VALUES ({marks})");
        Ok(Self(db.prepare(&sql)?))
    }

    /// Puts a row with these values, one for each column.
    pub(crate) fn row(&mut self, values: impl Put) -> Result<()> {
        put(&mut self.0, values)
    }
}

/// Runs a statement that changes rows with these values.
pub(crate) fn put(statement: &mut Statement<'_>, values: impl Put) -> Result<()> {
    values.put(&mut Values {
        statement,
        bound: 0,
    })?;
    statement.raw_execute()?;
    Ok(())
}

/// The values of a statement, as far as they are bound.
pub(crate) struct Values<'s, 'c> {
    statement: &'s mut Statement<'c>,
    bound: usize,
}

impl Values<'_, '_> {
    fn bind(&mut self, value: impl ToSql) -> Result<()> {
        self.bound += 1;
        self.statement.raw_bind_parameter(self.bound, value)
    }
}

/// The columns of a row, as far as they are read.
pub(crate) struct Fields<'r, 's> {
    row: &'r Row<'s>,
    next: Cell<usize>,
}

/// Reads what stands from column `first` on.
pub(crate) fn read<T: Take>(row: &Row<'_>, first: usize) -> Result<T> {
    T::take(&Fields {
        row,
        next: Cell::new(first),
    })
}

/// What fills one column or several that go together.
pub(crate) trait Put {
    /// Binds its values, in the order of its columns.
    fn put(&self, to: &mut Values<'_, '_>) -> Result<()>;
}

/// What is read from one column or several that go together.
pub(crate) trait Take: Sized {
    /// Reads its columns, in their order.
    fn take(from: &Fields<'_, '_>) -> Result<Self>;
}

/// What one column holds.
pub(crate) trait Value: Sized {
    /// The value of this column of the row; nothing is read twice, and no text is copied that is not kept.
    fn of(value: ValueRef<'_>, row: &Row<'_>, column: usize) -> Result<Self>;
}

impl<T: Value> Take for T {
    fn take(from: &Fields<'_, '_>) -> Result<Self> {
        let column = from.next.replace(from.next.get() + 1);
        T::of(from.row.get_ref(column)?, from.row, column)
    }
}

impl<T: Value> Value for Option<T> {
    fn of(value: ValueRef<'_>, row: &Row<'_>, column: usize) -> Result<Self> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::of(value, row, column).map(Some),
        }
    }
}

/// A value that SQLite has a type for. One of another type is read again for the error message.
fn plain<T: FromSql>(value: ValueRef<'_>, row: &Row<'_>, column: usize) -> Result<T> {
    T::column_result(value).or_else(|_| row.get(column))
}

/// A thing whose columns have names of their own.
pub(crate) trait Columns: Put + Take {
    /// The names, separated by commas.
    const COLUMNS: &'static str;
}

impl<T: Put + ?Sized> Put for &T {
    fn put(&self, to: &mut Values<'_, '_>) -> Result<()> {
        (**self).put(to)
    }
}

impl<T: Put> Put for Option<T> {
    fn put(&self, to: &mut Values<'_, '_>) -> Result<()> {
        match self {
            Some(value) => value.put(to),
            None => to.bind(Null),
        }
    }
}

/// Values that SQLite has a type for.
macro_rules! plain {
    ($($type:ty),+) => {$(
        impl Put for $type {
            fn put(&self, to: &mut Values<'_, '_>) -> Result<()> {
                to.bind(self)
            }
        }

        impl Value for $type {
            fn of(value: ValueRef<'_>, row: &Row<'_>, column: usize) -> Result<Self> {
                plain(value, row, column)
            }
        }
    )+};
}
plain!(String, Vec<u8>, i64, u32, bool);

impl Put for str {
    fn put(&self, to: &mut Values<'_, '_>) -> Result<()> {
        to.bind(self)
    }
}

impl Put for [u8] {
    fn put(&self, to: &mut Values<'_, '_>) -> Result<()> {
        to.bind(self)
    }
}

impl Put for Text {
    fn put(&self, to: &mut Values<'_, '_>) -> Result<()> {
        to.bind(self.as_str())
    }
}

impl Value for Text {
    fn of(value: ValueRef<'_>, row: &Row<'_>, column: usize) -> Result<Self> {
        match value.as_str() {
            Ok(text) => Ok(Self::new(text)),
            Err(_) => row.get::<_, String>(column).map(Self::from),
        }
    }
}

/// Counts beyond what SQLite holds do not occur; those that are keys are refused before.
impl Put for u64 {
    fn put(&self, to: &mut Values<'_, '_>) -> Result<()> {
        to.bind(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

impl Value for u64 {
    fn of(value: ValueRef<'_>, row: &Row<'_>, column: usize) -> Result<Self> {
        plain(value, row, column)
    }
}

impl Put for Moment {
    fn put(&self, to: &mut Values<'_, '_>) -> Result<()> {
        to.bind(self.as_microsecond())
    }
}

impl Value for Moment {
    fn of(value: ValueRef<'_>, row: &Row<'_>, column: usize) -> Result<Self> {
        let micros = plain(value, row, column)?;
        Self::from_microsecond(micros)
            .ok_or_else(|| unfit(row, column, format!("{micros} is no time")))
    }
}

/// How often each cell of a card was asked.
impl Put for Vec<u64> {
    fn put(&self, to: &mut Values<'_, '_>) -> Result<()> {
        to.bind(counts_text(self))
    }
}

impl Value for Vec<u64> {
    fn of(value: ValueRef<'_>, row: &Row<'_>, column: usize) -> Result<Self> {
        counts(value.as_str()?).ok_or_else(|| unfit(row, column, "it is no list of counts"))
    }
}

/// Names of the model's sets.
macro_rules! words {
    ($($type:ty),+) => {$(
        impl Put for $type {
            fn put(&self, to: &mut Values<'_, '_>) -> Result<()> {
                to.bind(self.as_str())
            }
        }

        impl Value for $type {
            fn of(value: ValueRef<'_>, row: &Row<'_>, column: usize) -> Result<Self> {
                word_of(value, row, column)
            }
        }
    )+};
}
words!(
    Activation,
    Algorithm,
    CardState,
    Hash,
    NotMigrated,
    TokenKind,
    TokenState,
    Usage,
    UserState,
    bundle::CardState,
    bundle::State
);

/// Values side by side.
macro_rules! together {
    ($($name:ident)+) => {
        impl<$($name: Put),+> Put for ($($name,)+) {
            fn put(&self, to: &mut Values<'_, '_>) -> Result<()> {
                #[allow(non_snake_case)]
                let ($($name,)+) = self;
                $($name.put(to)?;)+
                Ok(())
            }
        }

        impl<$($name: Take),+> Take for ($($name,)+) {
            fn take(from: &Fields<'_, '_>) -> Result<Self> {
                Ok(($($name::take(from)?,)+))
            }
        }
    };
}
together!(A B);
together!(A B C);
together!(A B C D);
together!(A B C D E);
together!(A B C D E F);

/// Nothing more.
impl Put for () {
    fn put(&self, _: &mut Values<'_, '_>) -> Result<()> {
        Ok(())
    }
}

/// Describes a thing: its fields, each with its column where that is called otherwise.
macro_rules! columns {
    ($type:ty { $first:ident $(= $first_column:ident)? $(, $field:ident $(= $column:ident)?)* $(,)? }) => {
        impl $crate::store::records::row::Columns for $type {
            const COLUMNS: &'static str = concat!(
                columns!(@name $first $($first_column)?) $(, ", ", columns!(@name $field $($column)?))*
            );
        }

        impl $crate::store::records::row::Put for $type {
            fn put(&self, to: &mut $crate::store::records::row::Values<'_, '_>) -> rusqlite::Result<()> {
                use $crate::store::records::row::Put;
                Put::put(&self.$first, to)?;
                $(Put::put(&self.$field, to)?;)*
                Ok(())
            }
        }

        impl $crate::store::records::row::Take for $type {
            fn take(from: &$crate::store::records::row::Fields<'_, '_>) -> rusqlite::Result<Self> {
                use $crate::store::records::row::Take;
                Ok(Self {
                    $first: Take::take(from)?,
                    $($field: Take::take(from)?,)*
                })
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $column:ident) => { stringify!($column) };
}
pub(super) use columns;
