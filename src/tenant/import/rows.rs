//! The prepared statements that write the rows of an import, each used a million times.

use rusqlite::{Connection, Statement, params};

use crate::model::bundle::{Card, Password, Token};
use crate::model::{LocationEntry, RbaOverrides, Timestamp};
use crate::tenant::sealing::SealedToken;

use super::prepare::Attributes;

/// The statements.
pub(super) struct Rows<'c> {
    group: Statement<'c>,
    user: Statement<'c>,
    update: Statement<'c>,
    alias: Statement<'c>,
    qa: Statement<'c>,
    password: Statement<'c>,
    token: Statement<'c>,
    card: Statement<'c>,
    location: Statement<'c>,
    expected: Statement<'c>,
    rba: Statement<'c>,
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
            alias: db.prepare("INSERT INTO aliases (id, alias, fold) VALUES (?, ?, ?)")?,
            qa: db.prepare("INSERT INTO qa (user, pairs, sealed) VALUES (?, ?, ?)")?,
            password: db.prepare(
                "INSERT INTO passwords (id, name, expires, must_change, sealed) VALUES (?, ?, ?, ?, ?)",
            )?,
            token: db.prepare(
                "INSERT INTO tokens (id, group_id, vendor, serial, issue_no, key_id, kind, algorithm, state, model, \
                 hash, digits, step, counter, drift, idp_url, transactions, load_date, last_used, expires, comment, \
                 seed, unlock) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            card: db.prepare(
                "INSERT INTO cards (id, group_id, serial, preproduced, state, usage, created, expires, superseded, \
                 challenge_count, least_used_cell, cell_usage, rows, columns, comment, cells) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            location: db.prepare(
                "INSERT INTO locations (id, country, region, city, isp, ip, last_auth) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?,
            expected: db.prepare("INSERT INTO expected (id, place) VALUES (?, ?)")?,
            rba: db.prepare(
                "INSERT INTO overrides (user, max_locations, check_ip, check_velocity, max_expected) \
                 VALUES (?, ?, ?, ?, ?)",
            )?,
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

    pub(super) fn put_alias(
        &mut self,
        id: i64,
        alias: &str,
        fold: Option<&str>,
    ) -> rusqlite::Result<()> {
        self.alias.execute(params![id, alias, fold])?;
        Ok(())
    }

    pub(super) fn put_qa(
        &mut self,
        user: i64,
        pairs: usize,
        sealed: &[u8],
    ) -> rusqlite::Result<()> {
        self.qa.execute(params![user, pairs, sealed])?;
        Ok(())
    }

    pub(super) fn put_password(
        &mut self,
        id: i64,
        password: &Password,
        sealed: &[u8],
    ) -> rusqlite::Result<()> {
        let (name, expires) = (&password.name, micros(password.expires));
        self.password
            .execute(params![id, name, expires, password.must_change, sealed])?;
        Ok(())
    }

    pub(super) fn put_token(
        &mut self,
        id: i64,
        group: Option<i64>,
        t: &Token,
        sealed: &SealedToken,
    ) -> rusqlite::Result<()> {
        self.token.execute(params![
            id,
            group,
            t.vendor,
            t.serial,
            t.issue_no,
            t.key_id,
            t.kind.as_str(),
            t.algorithm.as_str(),
            t.state.map(|s| s.as_str()),
            t.model,
            t.hash.map(|h| h.as_str()),
            t.digits,
            t.step,
            t.counter.map(clamp),
            t.drift,
            t.idp_url,
            t.transactions,
            micros(t.load_date),
            micros(t.last_used),
            micros(t.expires),
            t.comment,
            sealed.seed,
            sealed.unlock
        ])?;
        Ok(())
    }

    pub(super) fn put_card(
        &mut self,
        id: i64,
        unassigned: Option<(Option<i64>, bool, Option<&str>)>,
        c: &Card,
        cells: &[u8],
    ) -> rusqlite::Result<()> {
        let usage = c
            .cell_usage
            .as_ref()
            .map(|counts| serde_json::to_string(counts).unwrap_or_default());
        self.card.execute(params![
            id,
            unassigned.and_then(|(group, ..)| group),
            clamp(c.serial),
            unassigned.is_some_and(|(_, preproduced, _)| preproduced),
            c.state.map(|s| s.as_str()),
            c.usage.map(|u| u.as_str()),
            micros(c.created),
            micros(c.expires),
            micros(c.superseded),
            c.challenge_count.map(clamp),
            c.least_used_cell.map(clamp),
            usage,
            c.rows,
            c.columns,
            unassigned.and_then(|(.., comment)| comment),
            cells
        ])?;
        Ok(())
    }

    pub(super) fn put_location(&mut self, id: i64, l: &LocationEntry) -> rusqlite::Result<()> {
        let last_auth = micros(l.last_auth);
        self.location.execute(params![
            id, l.country, l.region, l.city, l.isp, l.ip, last_auth
        ])?;
        Ok(())
    }

    pub(super) fn put_expected(&mut self, id: i64, place: &str) -> rusqlite::Result<()> {
        self.expected.execute(params![id, place])?;
        Ok(())
    }

    pub(super) fn put_rba(&mut self, user: i64, rba: &RbaOverrides) -> rusqlite::Result<()> {
        self.rba.execute(params![
            user,
            rba.max_history.map(clamp),
            rba.check_ip,
            rba.check_velocity,
            rba.max_expected.map(clamp)
        ])?;
        Ok(())
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

fn micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_microsecond)
}

/// Bundles hold no number above 2^53.
fn clamp(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
