//! Why a record was not written, and which of the reasons is a key that stands twice in the file.

use rusqlite::{Connection, params};

use crate::model::{CardFacts, TokenFacts, UserFacts};
use crate::store::records::TOKEN_KEY;
use crate::vault::Error;

use super::bad::BadRecord;

/// Why a record was not written.
#[derive(Debug)]
pub(super) enum Trouble {
    Record(BadRecord),
    /// Nothing more can be written.
    Load(Error),
}

impl From<BadRecord> for Trouble {
    fn from(bad: BadRecord) -> Self {
        Self::Record(bad)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Load(error)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Load(error.into())
    }
}

/// Whether a row was refused because its key is taken.
pub(super) fn is_unique(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

/// Why the row of a user in `line` was refused.
pub(super) fn of_user(
    db: &Connection,
    error: rusqlite::Error,
    line: u64,
    group: i64,
    user: &UserFacts,
    load: i64,
) -> Trouble {
    if !is_unique(&error) {
        return error.into();
    }
    let what = format!("user {}/{}", user.group, user.userid);
    let same_name = db.query_row(
        "SELECT line FROM users WHERE userid = ? AND group_id = ? AND load = ? AND gone = 0",
        params![user.userid, group, load],
        |row| row.get(0),
    );
    if let Ok(first) = same_name {
        return BadRecord::twice(line, first, &what).into();
    }
    let same_id = db.query_row(
        "SELECT line FROM users WHERE source_id = ? AND load = ?",
        params![user.id, load],
        |row| row.get(0),
    );
    match same_id {
        Ok(first) => {
            let id = user.id.as_deref().unwrap_or_default();
            BadRecord::twice(line, first, &format!("the id '{id}' of {what}")).into()
        }
        Err(_) => error.into(),
    }
}

/// Why the row of a token in `line` was refused.
pub(super) fn of_token(
    db: &Connection,
    error: rusqlite::Error,
    line: u64,
    token: &TokenFacts,
) -> Trouble {
    if !is_unique(&error) {
        return error.into();
    }
    let first = db.query_row(
        &format!("SELECT line FROM tokens WHERE {TOKEN_KEY}"),
        token.key(),
        |row| row.get(0),
    );
    twice(
        first,
        line,
        format!("token {} {}", token.vendor, token.serial),
    )
}

/// That a token stands in the file already, in the row `there`, with another key.
pub(super) fn of_twin(db: &Connection, there: i64, line: u64, token: &TokenFacts) -> Trouble {
    let sql = "SELECT line FROM tokens WHERE id = ?";
    let first = db.query_row(sql, [there], |row| row.get(0));
    twice(
        first,
        line,
        format!("token {} {}", token.vendor, token.serial),
    )
}

fn twice(first: rusqlite::Result<i64>, line: u64, what: String) -> Trouble {
    first.map_or_else(Trouble::from, |first| {
        BadRecord::twice(line, first, &what).into()
    })
}

/// Why the row of a card in `line` was refused.
pub(super) fn of_card(
    db: &Connection,
    error: rusqlite::Error,
    line: u64,
    card: &CardFacts,
) -> Trouble {
    if !is_unique(&error) {
        return error.into();
    }
    let sql = "SELECT line FROM cards WHERE serial = ?";
    let first = db.query_row(sql, [card.serial.cast_signed()], |row| row.get(0));
    twice(first, line, format!("card {}", card.serial))
}
