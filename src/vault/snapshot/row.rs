//! From columns to the model: what only the vault's tables have.

use rusqlite::Row;

use crate::model::{CardFacts, Phase, TokenFacts, UnassignedCard};
use crate::store::records::{Columns as _, Fields, Take};
use crate::store::stored::unfit;
use crate::vault::sealed::{SealedCard, SealedToken, SealedUnassignedCard, SealedUnassignedToken};

/// What SQLite gives.
pub(super) type Read<T> = rusqlite::Result<T>;

pub(super) fn token_columns() -> String {
    format!("{}, state, activation, seed, unlock", TokenFacts::COLUMNS)
}

impl Take for SealedToken {
    fn take(from: &Fields<'_, '_>) -> Read<Self> {
        Ok(Self {
            facts: Take::take(from)?,
            state: Take::take(from)?,
            activation: Take::take(from)?,
            seed: Take::take(from)?,
            unlock: Take::take(from)?,
        })
    }
}

pub(super) fn card_columns() -> String {
    format!("{}, state, cells", CardFacts::COLUMNS)
}

impl Take for SealedCard {
    fn take(from: &Fields<'_, '_>) -> Read<Self> {
        Ok(Self {
            facts: Take::take(from)?,
            state: Take::take(from)?,
            cells: Take::take(from)?,
        })
    }
}

/// The name of the group of an item that belongs to no user.
const GROUP: &str = "(SELECT name FROM groups g WHERE g.id = group_id)";

/// An item that belongs to no user, as its table holds it.
pub(in crate::vault) trait Unowned: Take {
    const TABLE: &'static str;

    /// The columns of such an item.
    fn columns() -> String;
}

impl Unowned for SealedUnassignedToken {
    const TABLE: &'static str = "tokens";

    fn columns() -> String {
        format!("{GROUP}, {}", token_columns())
    }
}

impl Take for SealedUnassignedToken {
    fn take(from: &Fields<'_, '_>) -> Read<Self> {
        Ok(Self {
            group: Take::take(from)?,
            token: Take::take(from)?,
        })
    }
}

impl Unowned for SealedUnassignedCard {
    const TABLE: &'static str = "cards";

    fn columns() -> String {
        format!("{GROUP}, preproduced, comment, {}", card_columns())
    }
}

impl Take for SealedUnassignedCard {
    fn take(from: &Fields<'_, '_>) -> Read<Self> {
        Ok(UnassignedCard {
            group: Take::take(from)?,
            preproduced: Take::take(from)?,
            comment: Take::take(from)?,
            card: Take::take(from)?,
        })
    }
}

/// The phase, `none` where the user has no row.
pub(in crate::vault) fn phase(row: &Row<'_>, column: usize) -> Read<Phase> {
    let number: Option<i64> = row.get(column)?;
    let number = number.unwrap_or(0);
    Phase::from_number(number)
        .ok_or_else(|| unfit(row, column, format!("there is no phase {number}")))
}
