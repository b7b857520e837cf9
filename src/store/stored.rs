//! Stored values read back as what their columns hold, and the error for one that is not: a program that writes the
//! file can put anything there, and that is damage, not a fault of igsh.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::{Type, ValueRef};
use rusqlite::{ErrorCode, Row};

use crate::model::UnknownName;

/// A value that its column cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("{column}: {why}")]
struct Unfit {
    column: String,
    why: String,
}

/// The error of a value that its column cannot hold.
pub(crate) fn unfit(row: &Row<'_>, column: usize, why: impl Display) -> rusqlite::Error {
    let statement: &rusqlite::Statement<'_> = row.as_ref();
    let name = statement.column_name(column).unwrap_or("?").to_owned();
    let found = row.get_ref(column).map_or(Type::Null, |v| v.data_type());
    let unfit = Unfit {
        column: name,
        why: why.to_string(),
    };
    rusqlite::Error::FromSqlConversionFailure(column, found, Box::new(unfit))
}

/// A moment of a clock that may be absent; the dates of records are read as [`crate::model::Moment`]s.
pub(crate) fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    micros
        .map(|micros| {
            Timestamp::from_microsecond(micros)
                .map_err(|_| unfit(row, column, format!("{micros} is no time")))
        })
        .transpose()
}

/// A moment that is always there.
pub(crate) fn at(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    moment(row, column)?.ok_or_else(|| unfit(row, column, "the time is missing"))
}

/// A word of one of the model's sets.
pub(crate) fn word<T: FromStr<Err = UnknownName>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    word_of(row.get_ref(column)?, row, column)
}

/// The word that this column of the row holds as `value`.
pub(crate) fn word_of<T: FromStr<Err = UnknownName>>(
    value: ValueRef<'_>,
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    let text = value.as_str_or_null()?;
    text.ok_or_else(|| unfit(row, column, "the text is missing"))?
        .parse()
        .map_err(|error| unfit(row, column, error))
}

/// Which value of a row cannot be, where that is the error.
pub(crate) fn what_is_unfit(error: &rusqlite::Error) -> Option<String> {
    use rusqlite::Error as Sql;
    match error {
        Sql::FromSqlConversionFailure(_, _, why) => Some(why.to_string()),
        Sql::InvalidColumnType(_, column, found) => {
            Some(format!("{column}: {found} does not belong there"))
        }
        Sql::IntegralValueOutOfRange(_, number) => {
            Some(format!("the number {number} is out of range"))
        }
        Sql::Utf8Error(_, why) => Some(format!("a text is not UTF-8: {why}")),
        Sql::QueryReturnedNoRows => Some("a row is missing".to_owned()),
        Sql::QueryReturnedMoreThanOneRow => Some("a row is there twice".to_owned()),
        // SQLite gives these two no code of their own.
        Sql::SqliteFailure(_, Some(why))
            if matches!(why.as_str(), "malformed JSON" | "integer overflow") =>
        {
            Some(why.clone())
        }
        // What is written is made of what was read and was checked.
        Sql::SqliteFailure(code, why)
            if matches!(
                code.code,
                ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch
            ) =>
        {
            Some(why.clone().unwrap_or_else(|| code.to_string()))
        }
        _ => None,
    }
}
