//! What an export reads: the chosen users and unassigned items of one moment, page by page, secrets still sealed.
//!
//! A snapshot has a connection of its own with one read transaction, so that loads and ledger writes go on beside
//! it. Users come in the order in which they were loaded: the order of the primary key, in which a user and all that is
//! theirs lie together, so that a page is a handful of range reads and no join.

mod collisions;
mod facts;
mod oddities;
pub(super) mod page;
mod preflight;
mod row;

#[cfg(test)]
pub(super) mod tests;

use std::cell::OnceCell;

use rusqlite::{Connection, params_from_iter};

use crate::ambient::CancelToken;
use crate::lang::selection::Selection;
use crate::model::{Changes, Group, Phase};

use super::sealed::{SealedUnassignedCard, SealedUnassignedToken, SealedUser};
use super::selection::{self, Sql};
use super::{Result, Vault, decisions, query};
use crate::store::{Keys, interruptible};

pub(in crate::vault) use collisions::collisions_of_listed;
pub use collisions::{Collision, Holds, Party};
pub use facts::{Beyond, Mapped};
pub use oddities::{OddName, Wrong};
pub use preflight::{Elsewhere, FormerName, LikeToken};
pub(in crate::vault) use row::phase;

/// Which unassigned tokens and cards go along (igsh-migration(7), WHO GOES).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unassigned {
    /// Those of the selection when it is empty or names groups only, else none.
    #[default]
    Auto,
    /// Those of the groups that the selection allows.
    Yes,
    /// None.
    No,
    /// Those of the groups that the selection allows, and no users.
    Only,
}

#[derive(Debug)]
pub struct SourceUser {
    /// The vault's own id, the same for as long as the user is kept.
    pub id: i64,
    /// Where the user stands.
    pub phase: Phase,
    /// The last bundle the user was in.
    pub bundle: Option<u64>,
    /// How the record differs from what that bundle held.
    pub changes: Changes,
    /// The target id that a master chose instead of the user id.
    pub target: Option<String>,
    /// No longer in the source.
    pub gone: bool,
    /// Taken out by a master.
    pub excluded: bool,
    /// Party to a collision, after [`Snapshot::collisions`].
    pub conflict: bool,
    /// Everything the source has of the user.
    pub sealed: SealedUser,
}

/// The vault at one moment.
#[derive(Debug)]
pub struct Snapshot {
    db: Connection,
    /// Whether `temp.chosen` holds the chosen users; otherwise they are all.
    narrowed: bool,
    groups_only: bool,
    /// The condition on the groups whose unassigned items go along; `None` when none do.
    unassigned: Option<Sql>,
    allowed: Sql,
    users: u64,
    /// How many users there are, once they were counted.
    all: OnceCell<u64>,
    last_user: i64,
    last_token: i64,
    last_card: i64,
}

impl Vault {
    /// Takes a snapshot of what `selection` chooses. With keys, the tables that decide who goes where are proven and
    /// used as they were proven; a command that only shows records does without.
    ///
    /// # Errors
    /// [`store::Error::State`] when the tables that decide who goes where are not those that a session left.
    pub fn snapshot(
        &self,
        keys: Option<&Keys>,
        selection: &Selection,
        unassigned: Unassigned,
        cancel: &CancelToken,
    ) -> Result<Snapshot> {
        Snapshot::new(self.file.second()?, keys, selection, unassigned, cancel)
    }
}

impl Snapshot {
    fn new(
        db: Connection,
        keys: Option<&Keys>,
        selection: &Selection,
        unassigned: Unassigned,
        cancel: &CancelToken,
    ) -> Result<Self> {
        let groups_only = selection::names_groups_only(selection);
        let allowed = selection::groups(selection)?;
        let narrowed =
            selection.expr.is_some() || selection.limit.is_some() || unassigned == Unassigned::Only;
        let users = interruptible(&db, cancel, || -> Result<u64> {
            db.execute_batch(
                // Every page is read once: a larger cache would only hold memory.
                "PRAGMA cache_size = -4096; BEGIN; CREATE TEMP TABLE chosen (id INTEGER PRIMARY KEY); \
                 CREATE TEMP TABLE conflict (user INTEGER PRIMARY KEY)",
            )?;
            if let Some(keys) = keys {
                decisions::shadow(&db, keys)?;
            }
            if unassigned == Unassigned::Only {
                return Ok(0);
            }
            if !narrowed {
                return query::all(&db);
            }
            let ids = selection::user_ids(selection)?;
            let sql = format!(
                "INSERT INTO temp.chosen SELECT id FROM ({}) ORDER BY id",
                ids.text
            );
            Ok(db.execute(&sql, params_from_iter(&ids.params))? as u64)
        })?;
        let takes = match unassigned {
            Unassigned::Auto => groups_only,
            Unassigned::Yes | Unassigned::Only => true,
            Unassigned::No => false,
        };
        Ok(Self {
            db,
            narrowed,
            groups_only,
            unassigned: takes.then(|| allowed.clone()),
            allowed,
            users,
            all: OnceCell::new(),
            last_user: 0,
            last_token: 0,
            last_card: 0,
        })
    }

    /// How many users are chosen.
    pub fn users(&self) -> u64 {
        self.users
    }

    /// How many users there are, chosen or not.
    pub fn all(&self) -> Result<u64> {
        if !self.narrowed {
            return Ok(self.users);
        }
        if let Some(all) = self.all.get() {
            return Ok(*all);
        }
        let all = query::all(&self.db)?;
        Ok(*self.all.get_or_init(|| all))
    }

    /// How many unassigned tokens and cards go along.
    pub fn unassigned(&self) -> Result<(u64, u64)> {
        let Some(groups) = &self.unassigned else {
            return Ok((0, 0));
        };
        let count = |table: &str| {
            let sql = format!(
                "SELECT count(*) FROM {table} WHERE id < 0 AND gone = 0 \
                 AND group_id IN (SELECT g.id FROM groups g WHERE {})",
                groups.text
            );
            self.db
                .query_row(&sql, params_from_iter(&groups.params), |row| row.get(0))
        };
        Ok((count("tokens")?, count("cards")?))
    }

    /// The groups of the selection, in the order of their names.
    pub fn groups(&self) -> Result<Vec<Group>> {
        let mut params = Vec::new();
        let condition = if self.groups_only {
            params.extend(self.allowed.params.iter().cloned());
            format!("g.gone = 0 AND ({})", self.allowed.text)
        } else {
            let mut condition = "g.id IN (SELECT DISTINCT u.group_id FROM temp.chosen c CROSS JOIN users u ON u.id = c.id)"
                .to_owned();
            if let Some(groups) = &self.unassigned {
                for table in ["tokens", "cards"] {
                    params.extend(groups.params.iter().cloned());
                    condition.push_str(&format!(
                        " OR g.id IN (SELECT group_id FROM {table} WHERE id < 0 AND gone = 0) AND ({})",
                        groups.text
                    ));
                }
            }
            condition
        };
        let sql =
            format!("SELECT g.name, g.is_default FROM groups g WHERE {condition} ORDER BY g.name");
        let mut statement = self.db.prepare(&sql)?;
        let groups = statement
            .query_map(params_from_iter(&params), |row| {
                Ok(Group {
                    name: row.get(0)?,
                    default: row.get(1)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(groups)
    }

    /// The next chosen users; none when that were all.
    pub fn next_users(&mut self) -> Result<Vec<SourceUser>> {
        let from = if self.narrowed {
            "temp.chosen c CROSS JOIN users u ON u.id = c.id"
        } else {
            "users u"
        };
        let id = if self.narrowed { "c.id" } else { "u.id" };
        let page = page::users(&self.db, from, id, self.last_user, page::PAGE)?;
        if let Some(last) = page.last() {
            self.last_user = last.id;
        }
        Ok(page)
    }

    /// The next unassigned tokens; none when that were all.
    pub fn next_tokens(&mut self) -> Result<Vec<SealedUnassignedToken>> {
        let Some(groups) = &self.unassigned else {
            return Ok(Vec::new());
        };
        let page = page::unassigned(&self.db, groups, self.last_token)?;
        if let Some((last, _)) = page.last() {
            self.last_token = *last;
        }
        Ok(page.into_iter().map(|(_, token)| token).collect())
    }

    /// The next unassigned cards; none when that were all.
    pub fn next_cards(&mut self) -> Result<Vec<SealedUnassignedCard>> {
        let Some(groups) = &self.unassigned else {
            return Ok(Vec::new());
        };
        let page = page::unassigned(&self.db, groups, self.last_card)?;
        if let Some((last, _)) = page.last() {
            self.last_card = *last;
        }
        Ok(page.into_iter().map(|(_, card)| card).collect())
    }
}
