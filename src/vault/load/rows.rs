//! The prepared statements of a load, one a table, each used a million times.

use rusqlite::{Connection, Statement, params};

use crate::model::{CardState, Contact, Location, Moment, RbaOverrides, TokenState};
use crate::store::records::{Belongings, Besides, Columns as _, Insert, Place, Stock};
use crate::vault::sealed::{SealedCard, SealedToken};

use super::prepare::PreparedUser;

pub(super) struct Rows<'c> {
    user: Statement<'c>,
    update: Statement<'c>,
    belongings: Belongings<'c>,
    workflow: Insert<'c>,
    contact: Insert<'c>,
    not_migrated: Insert<'c>,
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
            belongings: Belongings::new(
                db,
                Besides {
                    token: ", activation, load, line",
                    card: ", load, line",
                    overrides: RbaOverrides::COLUMNS,
                },
            )?,
            workflow: Insert::new(db, "workflow", "id, alias")?,
            contact: Insert::new(db, "contacts", &format!("id, {}", Contact::COLUMNS))?,
            not_migrated: Insert::new(db, "not_migrated", "id, kind, count")?,
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
        let user = &sealed.facts;
        for (id, (alias, fold)) in places(id, user.aliases.iter().zip(&prepared.alias_folds)) {
            self.belongings.alias(id, alias, fold.as_deref())?;
        }
        for (id, alias) in places(id, &prepared.workflow) {
            self.workflow.row((id, alias))?;
        }
        for (id, contact) in places(id, &user.contacts) {
            self.contact.row((id, contact))?;
        }
        if let Some(qa) = &sealed.qa {
            self.belongings.qa(id, qa.pairs.into(), &qa.sealed)?;
        }
        for (id, password) in places(id, &sealed.passwords) {
            self.belongings.password(id, password)?;
        }
        self.location(id, &user.location)?;
        for (id, (kind, count)) in places(id, &user.not_migrated) {
            self.not_migrated.row((id, kind, count))?;
        }
        Ok(())
    }

    fn location(&mut self, id: i64, location: &Location) -> rusqlite::Result<()> {
        for (id, place) in places(id, &location.history) {
            self.belongings.location(id, place)?;
        }
        for (id, place) in places(id, &location.expected) {
            self.belongings.expected(id, place)?;
        }
        if !location.overrides.is_empty() {
            self.belongings.overrides(id, &location.overrides)?;
        }
        Ok(())
    }

    /// Writes a token, of a user or (with a group) of none.
    pub(super) fn token(
        &mut self,
        id: i64,
        group: Option<i64>,
        token: &SealedToken,
        from: Origin,
    ) -> rusqlite::Result<()> {
        let place = Place {
            id,
            group,
            state: token.state.map(TokenState::as_str),
        };
        let secrets = (&*token.seed, token.unlock.as_deref());
        let besides = (token.activation, from.load, from.line);
        self.belongings.token(place, &token.facts, secrets, besides)
    }

    /// Writes a card, of a user or (with a group) of none.
    pub(super) fn card(
        &mut self,
        id: i64,
        unassigned: Option<(i64, Stock<'_>)>,
        card: &SealedCard,
        from: Origin,
    ) -> rusqlite::Result<()> {
        let place = Place {
            id,
            group: unassigned.map(|(group, _)| group),
            state: card.state.map(CardState::as_str),
        };
        let stock = unassigned.map(|(_, stock)| stock).unwrap_or_default();
        self.belongings.card(
            place,
            &card.facts,
            &card.cells,
            stock,
            (from.load, from.line),
        )
    }
}

fn put_user(
    statement: &mut Statement<'_>,
    id: i64,
    group: i64,
    prepared: &PreparedUser,
    from: Origin,
) -> rusqlite::Result<()> {
    let user = &prepared.user.facts;
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

/// Whether a table has any row: what a load need not search is not searched.
pub(super) fn has_rows(db: &Connection, table: &'static str) -> rusqlite::Result<bool> {
    let any = format!("SELECT EXISTS (SELECT 1 FROM {table})");
    db.query_row(&any, [], |row| row.get(0))
}

/// The items with the row ids that hold their owner and place.
pub(super) fn places<T>(
    user: i64,
    items: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = (i64, T)> {
    let first = user << 16;
    (first..).zip(items)
}

fn micros(at: Option<Moment>) -> Option<i64> {
    at.map(Moment::as_microsecond)
}

/// Counts beyond what SQLite holds do not occur; `prepare` refuses those that are keys.
fn clamp(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
