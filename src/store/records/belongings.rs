//! The statements that put what users have, each used a million times.

use rusqlite::{Connection, Result};

use super::row::{Columns as _, Insert, Put, Values};
use crate::model::{CardFacts, LocationEntry, Password, RbaOverrides, TokenFacts};

/// What a file's tables have besides, and how it calls what others call otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Besides {
    /// More columns of tokens, each with a comma before it.
    pub(crate) token: &'static str,
    /// More columns of cards, as for tokens.
    pub(crate) card: &'static str,
    /// The columns of the risk settings that a user overrides.
    pub(crate) overrides: &'static str,
}

/// Where a token or card stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) id: i64,
    /// The group of one that belongs to no user.
    pub(crate) group: Option<i64>,
    pub(crate) state: Option<&'a str>,
}

impl Put for Place<'_> {
    fn put(&self, to: &mut Values<'_, '_>) -> rusqlite::Result<()> {
        (self.id, self.group, self.state).put(to)
    }
}

/// What only a card that belongs to no user has.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stock<'a> {
    /// Made in quantity and never assigned.
    pub(crate) preproduced: bool,
    pub(crate) comment: Option<&'a str>,
}

pub(crate) struct Belongings<'c> {
    alias: Insert<'c>,
    qa: Insert<'c>,
    password: Insert<'c>,
    token: Insert<'c>,
    card: Insert<'c>,
    location: Insert<'c>,
    expected: Insert<'c>,
    overrides: Insert<'c>,
}

impl<'c> Belongings<'c> {
    pub(crate) fn new(db: &'c Connection, besides: Besides) -> Result<Self> {
        let insert = |table, columns: &str| Insert::new(db, table, columns);
        let (token, card) = (TokenFacts::COLUMNS, CardFacts::COLUMNS);
        Ok(Self {
            alias: insert("aliases", "id, alias, fold")?,
            qa: insert("qa", "user, pairs, sealed")?,
            password: insert(
                "passwords",
                &format!("id, {}", <Password<Vec<u8>>>::COLUMNS),
            )?,
            token: insert(
                "tokens",
                &format!(
                    "id, group_id, state, {token}, seed, unlock{}",
                    besides.token
                ),
            )?,
            card: insert(
                "cards",
                &format!(
                    "id, group_id, state, {card}, cells, preproduced, comment{}",
                    besides.card
                ),
            )?,
            location: insert("locations", &format!("id, {}", LocationEntry::COLUMNS))?,
            expected: insert("expected", "id, place")?,
            overrides: insert("overrides", &format!("user, {}", besides.overrides))?,
        })
    }

    pub(crate) fn alias(&mut self, id: i64, alias: &str, fold: Option<&str>) -> Result<()> {
        self.alias.row((id, alias, fold))
    }

    pub(crate) fn qa(&mut self, user: i64, pairs: u64, sealed: &[u8]) -> Result<()> {
        self.qa.row((user, pairs, sealed))
    }

    pub(crate) fn password(&mut self, id: i64, password: &Password<Vec<u8>>) -> Result<()> {
        self.password.row((id, password))
    }

    /// Puts a token with its sealed seed and unlock data, and what the file has besides.
    pub(crate) fn token(
        &mut self,
        place: Place<'_>,
        facts: &TokenFacts,
        (seed, unlock): (&[u8], Option<&[u8]>),
        besides: impl Put,
    ) -> Result<()> {
        self.token.row((place, facts, seed, unlock, besides))
    }

    /// Puts a card with its sealed cells, and what the file has besides.
    pub(crate) fn card(
        &mut self,
        place: Place<'_>,
        facts: &CardFacts,
        cells: &[u8],
        stock: Stock<'_>,
        besides: impl Put,
    ) -> Result<()> {
        let Stock {
            preproduced,
            comment,
        } = stock;
        let row = (place, facts, cells, preproduced, comment, besides);
        self.card.row(row)
    }

    pub(crate) fn location(&mut self, id: i64, place: &LocationEntry) -> Result<()> {
        self.location.row((id, place))
    }

    pub(crate) fn expected(&mut self, id: i64, place: &str) -> Result<()> {
        self.expected.row((id, place))
    }

    pub(crate) fn overrides(&mut self, user: i64, overrides: &RbaOverrides) -> Result<()> {
        self.overrides.row((user, overrides))
    }
}
