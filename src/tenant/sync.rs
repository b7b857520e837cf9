//! Users from a directory: the tenant must have them before an import, and the directory's attributes stay.

use std::collections::HashSet;

use crate::model::fold::{fold_column, folded};
use crate::model::{Contact, UserState};
use crate::store::audit::{self, codes};

use super::error::{Error, Result};
use super::import::{Attributes, Work};
use super::{Policy, Tenant, jobs};

/// A person as the directory has them.
#[derive(Debug, Clone)]
pub struct Person {
    pub userid: String,
    /// Full name, split at its first space.
    pub full_name: Option<String>,
    /// First name, where the directory has it apart.
    pub first_name: Option<String>,
    /// Last name, likewise.
    pub last_name: Option<String>,
    /// Addresses and numbers.
    pub contacts: Vec<Contact>,
    /// Active or not.
    pub state: UserState,
}

/// What a synchronisation has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Synced {
    /// Users who are new.
    pub new: u64,
    /// Users who were there.
    pub known: u64,
}

impl Tenant {
    /// Takes people of a directory, all of them or none. Users who are there become directory users, with the
    /// directory's name, contacts and state.
    ///
    /// # Errors
    /// Those of `people`; [`Error::Unfinished`] while a job holds the tenant half full.
    pub fn sync<E>(
        &mut self,
        people: impl Iterator<Item = Result<Person, E>>,
        work: &Work<'_>,
    ) -> Result<Synced, E>
    where
        E: From<Error> + From<crate::store::Error>,
    {
        self.file.write(work.holder, |tx| {
            jobs::none_unfinished(tx)?;
            let sql = |error: rusqlite::Error| E::from(Error::from(error));
            let mandatory = Policy::of(tx)?.mandatory;
            let mut find = tx
                .prepare("SELECT id FROM users WHERE coalesce(fold, userid) = ?1")
                .map_err(sql)?;
            let mut put = tx
                .prepare(
                    "INSERT INTO users (id, userid, fold, synced, state, first_name, last_name, email, phone, mobile, \
                     missing) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )
                .map_err(sql)?;
            // The user keeps the spelling that secrets are sealed for.
            let mut change = tx
                .prepare(
                    "UPDATE users SET synced = 1, state = ?4, first_name = ?5, last_name = ?6, email = ?7, \
                     phone = ?8, mobile = ?9, missing = ?10 WHERE id = ?1 AND ?2 IS NOT NULL AND ?3 IS ?3",
                )
                .map_err(sql)?;
            let (mut synced, mut seen) = (Synced::default(), HashSet::new());
            for person in people {
                work.cancel.check().map_err(Error::from)?;
                let person = person?;
                let mut a = Attributes::of(person.full_name.as_deref(), &person.contacts);
                a.first = person.first_name.or(a.first);
                a.last = person.last_name.or(a.last);
                let missing = a.missing(&mandatory);
                let known: Option<i64> = {
                    let mut rows = find.query([folded(&person.userid)]).map_err(sql)?;
                    match rows.next().map_err(sql)? {
                        Some(row) => Some(row.get(0).map_err(sql)?),
                        None => None,
                    }
                };
                let state = match person.state {
                    UserState::Active => "ACTIVE",
                    UserState::Suspended => "INACTIVE",
                };
                let statement = match known {
                    Some(_) => &mut change,
                    None => &mut put,
                };
                statement.execute(rusqlite::params![
                    known, person.userid, fold_column(&person.userid), state, a.first, a.last, a.email, a.phone,
                    a.mobile, missing
                ])
                .map_err(sql)?;
                let id = known.unwrap_or_else(|| tx.last_insert_rowid());
                if seen.insert(id) {
                    match known {
                        Some(_) => synced.known += 1,
                        None => synced.new += 1,
                    }
                }
            }
            let draft = audit::Draft {
                code: &codes::TENANT_SYNCED,
                ..work.draft.clone()
            };
            let draft = draft.count("new", synced.new).count("known", synced.known);
            audit::append(tx, &draft, work.who, Some(work.keys), &*work.ambient.clock)?;
            Ok(synced)
        })
    }
}
