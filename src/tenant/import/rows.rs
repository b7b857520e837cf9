//! The prepared statements that write the rows of an import, each used a million times.

use rusqlite::{Connection, Statement, params};

use crate::model::bundle::{Card, CardState, State, Token};
use crate::store::records::{Belongings, Place, Stock};
use crate::tenant::TABLES;
use crate::tenant::sealing::SealedToken;

use super::prepare::Attributes;

pub(super) struct Rows<'c> {
    group: Statement<'c>,
    user: Statement<'c>,
    update: Statement<'c>,
    belongings: Belongings<'c>,
    event: Statement<'c>,
}

impl<'c> Rows<'c> {
    pub(super) fn new(db: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            group: db.prepare("INSERT INTO groups (name) VALUES (?1)")?,
            user: db.prepare(
                "INSERT INTO users (id, userid, fold, group_id, synced, state, first_name, last_name, email, phone, \
                 mobile, missing) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            update: db.prepare(
                "UPDATE users SET state = ?2, first_name = ?3, last_name = ?4, email = ?5, phone = ?6, mobile = ?7, \
                 missing = ?8 WHERE id = ?1",
            )?,
            belongings: Belongings::new(db, TABLES)?,
            event: db.prepare("INSERT INTO events (id, name, items) VALUES (?, ?, ?)")?,
        })
    }

    pub(super) fn put_group(&mut self, name: &str) -> rusqlite::Result<i64> {
        self.group.insert([name])
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn put_user(
        &mut self,
        id: i64,
        userid: &str,
        fold: Option<&str>,
        group: Option<i64>,
        synced: bool,
        state: &str,
        attributes: &Attributes,
        missing: Option<&str>,
    ) -> rusqlite::Result<()> {
        let a = attributes;
        self.user.execute(params![
            id, userid, fold, group, synced, state, a.first, a.last, a.email, a.phone, a.mobile,
            missing
        ])?;
        Ok(())
    }

    pub(super) fn update_user(
        &mut self,
        id: i64,
        state: &str,
        a: &Attributes,
        missing: Option<&str>,
    ) -> rusqlite::Result<()> {
        self.update.execute(params![
            id, state, a.first, a.last, a.email, a.phone, a.mobile, missing
        ])?;
        Ok(())
    }

    /// What puts the things that a user has.
    pub(super) fn belongings(&mut self) -> &mut Belongings<'c> {
        &mut self.belongings
    }

    pub(super) fn put_token(
        &mut self,
        id: i64,
        group: Option<i64>,
        token: &Token,
        sealed: &SealedToken,
    ) -> rusqlite::Result<()> {
        let place = Place {
            id,
            group,
            state: token.state.map(State::as_str),
        };
        let secrets = (&*sealed.seed, sealed.unlock.as_deref());
        self.belongings.token(place, &token.facts, secrets, ())
    }

    pub(super) fn put_card(
        &mut self,
        id: i64,
        group: Option<i64>,
        card: &Card,
        cells: &[u8],
        stock: Stock<'_>,
    ) -> rusqlite::Result<()> {
        let place = Place {
            id,
            group,
            state: card.state.map(CardState::as_str),
        };
        self.belongings.card(place, &card.facts, cells, stock, ())
    }

    pub(super) fn put_event(
        &mut self,
        id: i64,
        name: Option<&str>,
        items: &[u8],
    ) -> rusqlite::Result<()> {
        self.event.execute(params![id, name, items])?;
        Ok(())
    }
}
