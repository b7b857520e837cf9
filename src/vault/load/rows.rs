//! The prepared statements of a load, one a table, each used a million times.

use rusqlite::{Connection, Statement, params};

use crate::model::{LocationEntry, NotMigrated, Timestamp, User};
use crate::vault::sealed::{SealedCard, SealedToken};

use super::prepare::PreparedUser;

/// The statements.
pub(super) struct Rows<'c> {
    user: Statement<'c>,
    update: Statement<'c>,
    alias: Statement<'c>,
    workflow: Statement<'c>,
    contact: Statement<'c>,
    qa: Statement<'c>,
    password: Statement<'c>,
    token: Statement<'c>,
    card: Statement<'c>,
    location: Statement<'c>,
    expected: Statement<'c>,
    overrides: Statement<'c>,
    not_migrated: Statement<'c>,
    clear: Vec<Statement<'c>>,
    clear_own: Vec<Statement<'c>>,
}

/// Where a record comes from: what every row of it carries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) load: i64,
    pub(super) line: i64,
    pub(super) system: i64,
}

/// Child tables whose ids hold the user in their upper bits.
const PLACED: [&str; 9] = [
    "aliases",
    "workflow",
    "contacts",
    "passwords",
    "tokens",
    "cards",
    "locations",
    "expected",
    "not_migrated",
];

impl<'c> Rows<'c> {
    pub(super) fn new(db: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            user: db.prepare(
                "INSERT INTO users (id, group_id, userid, fold, load, line, system_id, source_id, full_name, state, \
                 locale, last_auth, lockout_count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            // A source that has stopped naming its ids has not changed its users.
            update: db.prepare(
                "UPDATE users SET group_id = ?2, userid = ?3, fold = ?4, load = ?5, line = ?6, gone = 0, \
                 source_id = coalesce(?8, source_id), full_name = ?9, state = ?10, locale = ?11, last_auth = ?12, \
                 lockout_count = ?13 WHERE id = ?1 AND system_id = ?7",
            )?,
            alias: db.prepare("INSERT INTO aliases (id, alias, fold) VALUES (?, ?, ?)")?,
            workflow: db.prepare("INSERT INTO workflow (id, alias) VALUES (?, ?)")?,
            contact: db.prepare(
                "INSERT INTO contacts (id, label, value, is_default) VALUES (?, ?, ?, ?)",
            )?,
            qa: db.prepare("INSERT INTO qa (user, pairs, sealed) VALUES (?, ?, ?)")?,
            password: db.prepare(
                "INSERT INTO passwords (id, name, expires, must_change, sealed) VALUES (?, ?, ?, ?, ?)",
            )?,
            token: db.prepare(
                "INSERT INTO tokens (id, group_id, vendor, serial, issue_no, key_id, load, line, kind, algorithm, \
                 state, activation, model, hash, digits, step, counter, drift, idp_url, transactions, load_date, \
                 last_used, expires, comment, seed, unlock) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            card: db.prepare(
                "INSERT INTO cards (id, group_id, serial, load, line, preproduced, state, usage, created, expires, \
                 superseded, challenge_count, least_used_cell, cell_usage, rows, columns, comment, cells) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            location: db.prepare(
                "INSERT INTO locations (id, country, region, city, isp, ip, last_auth) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?,
            expected: db.prepare("INSERT INTO expected (id, place) VALUES (?, ?)")?,
            overrides: db.prepare(
                "INSERT INTO overrides (user, max_history, check_ip, check_velocity, max_expected) \
                 VALUES (?, ?, ?, ?, ?)",
            )?,
            not_migrated: db.prepare("INSERT INTO not_migrated (id, kind, count) VALUES (?, ?, ?)")?,
            clear: PLACED
                .iter()
                .map(|table| {
                    db.prepare(&format!(
                        "DELETE FROM {table} WHERE id >= ?1 << 16 AND id < (?1 + 1) << 16"
                    ))
                })
                .collect::<Result<_, _>>()?,
            clear_own: ["qa", "overrides"]
                .iter()
                .map(|table| db.prepare(&format!("DELETE FROM {table} WHERE user = ?1")))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Writes the row of a user who is not there yet.
    pub(super) fn insert_user(
        &mut self,
        id: i64,
        group: i64,
        prepared: &PreparedUser,
        from: Origin,
    ) -> rusqlite::Result<()> {
        put_user(&mut self.user, id, group, prepared, from)
    }

    /// Writes the row of a user who is there, and takes away everything that was theirs.
    pub(super) fn replace_user(
        &mut self,
        id: i64,
        group: i64,
        prepared: &PreparedUser,
        from: Origin,
    ) -> rusqlite::Result<()> {
        self.clear(id)?;
        put_user(&mut self.update, id, group, prepared, from)
    }

    /// Takes away everything that is a user's, but not the user.
    pub(super) fn clear(&mut self, id: i64) -> rusqlite::Result<()> {
        for statement in self.clear.iter_mut().chain(&mut self.clear_own) {
            statement.execute([id])?;
        }
        Ok(())
    }

    /// Writes what is a user's, but for tokens and cards.
    pub(super) fn belongings(&mut self, id: i64, prepared: &PreparedUser) -> rusqlite::Result<()> {
        let sealed = &prepared.user;
        let user = &sealed.plain;
        for (id, (alias, fold)) in places(id, user.aliases.iter().zip(&prepared.alias_folds)) {
            self.alias.execute(params![id, alias, fold])?;
        }
        for (id, alias) in places(id, &prepared.workflow) {
            self.workflow.execute(params![id, alias])?;
        }
        for (id, contact) in places(id, &user.contacts) {
            self.contact
                .execute(params![id, contact.label, contact.value, contact.default])?;
        }
        if let Some(qa) = &sealed.qa {
            self.qa.execute(params![id, qa.pairs, qa.sealed])?;
        }
        for (id, password) in places(id, &sealed.passwords) {
            let plain = &password.plain;
            self.password.execute(params![
                id,
                plain.name,
                micros(plain.expires),
                plain.must_change,
                password.value
            ])?;
        }
        self.location(id, user)
    }

    fn location(&mut self, id: i64, user: &User) -> rusqlite::Result<()> {
        let location = &user.location;
        for (id, place) in places(id, &location.history) {
            let LocationEntry {
                country,
                region,
                city,
                isp,
                ip,
                last_auth,
            } = place;
            let last_auth = micros(*last_auth);
            self.location
                .execute(params![id, country, region, city, isp, ip, last_auth])?;
        }
        for (id, place) in places(id, &location.expected) {
            self.expected.execute(params![id, place])?;
        }
        let overrides = &location.overrides;
        if !overrides.is_empty() {
            self.overrides.execute(params![
                id,
                overrides.max_history.map(clamp),
                overrides.check_ip,
                overrides.check_velocity,
                overrides.max_expected.map(clamp)
            ])?;
        }
        for (id, (kind, count)) in places(id, &user.not_migrated) {
            let kind: &NotMigrated = kind;
            self.not_migrated
                .execute(params![id, kind.as_str(), clamp(*count)])?;
        }
        Ok(())
    }

    /// Writes a token, of a user or (with a group) of nobody, with the identity provider's address that a master has
    /// given it, if one has.
    pub(super) fn token(
        &mut self,
        id: i64,
        group: Option<i64>,
        token: &SealedToken,
        given: Option<&str>,
        from: Origin,
    ) -> rusqlite::Result<()> {
        let t = &token.plain;
        self.token.execute(params![
            id,
            group,
            t.vendor,
            t.serial,
            t.issue_no,
            t.key_id,
            from.load,
            from.line,
            t.kind.as_str(),
            t.algorithm.as_str(),
            t.state.map(|s| s.as_str()),
            t.activation.map(|a| a.as_str()),
            t.model,
            t.hash.map(|h| h.as_str()),
            t.digits,
            t.step,
            t.counter.map(clamp),
            t.drift,
            given.or(t.idp_url.as_deref()),
            t.transactions,
            micros(t.load_date),
            micros(t.last_used),
            micros(t.expires),
            t.comment,
            token.seed,
            token.unlock
        ])?;
        Ok(())
    }

    /// Writes a card, of a user or (with a group) of nobody.
    pub(super) fn card(
        &mut self,
        id: i64,
        unassigned: Option<(i64, bool, Option<&str>)>,
        card: &SealedCard,
        from: Origin,
    ) -> rusqlite::Result<()> {
        let c = &card.plain;
        let usage = c
            .cell_usage
            .as_ref()
            .map(|counts| serde_json::to_string(counts).unwrap_or_default());
        self.card.execute(params![
            id,
            unassigned.map(|(group, ..)| group),
            clamp(c.serial),
            from.load,
            from.line,
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
            unassigned.and_then(|(_, _, comment)| comment),
            card.cells
        ])?;
        Ok(())
    }
}

fn put_user(
    statement: &mut Statement<'_>,
    id: i64,
    group: i64,
    prepared: &PreparedUser,
    from: Origin,
) -> rusqlite::Result<()> {
    let user = &prepared.user.plain;
    statement.execute(params![
        id,
        group,
        user.userid,
        prepared.fold,
        from.load,
        from.line,
        from.system,
        user.id,
        user.full_name,
        user.state.as_str(),
        user.locale,
        micros(user.last_auth),
        user.lockout_count.map(clamp)
    ])?;
    Ok(())
}

/// The items with the row ids that say whose they are and in which place.
pub(super) fn places<T>(
    user: i64,
    items: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = (i64, T)> {
    let first = user << 16;
    (first..).zip(items)
}

fn micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_microsecond)
}

/// Counts beyond what SQLite holds do not occur; `prepare` refuses those that are keys.
fn clamp(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
