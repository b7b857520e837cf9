//! Verification: whether what migrated works, and not only that its rows arrived.
//!
//! A user answers with a code, the answer to a question, a password, or the cells of a card. Everything about one
//! attempt happens in one transaction: two processes cannot use the same code, and a failure is counted before it
//! is shown. A right answer sets the counter of failures back; after so many wrong ones in a row the user is locked
//! out, whatever is answered, until a master lifts it.

mod card;
mod code;
mod secret;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::SETTINGS;
use crate::model::bundle::State;
use crate::model::fold::folded;
use crate::model::{Timestamp, UnknownName};
use crate::otp::grid::{Malformed, NoChallenge};
use crate::otp::{Matched, Otp};
use crate::store::stored::word;
use crate::store::{self, Keys};

pub use card::{Asked, challenge};
pub use secret::{Question, question};

/// What a user answers with.
#[derive(Debug, Clone, Copy)]
pub enum Proof<'a> {
    /// What a token shows.
    Code {
        code: &'a Otp,
        /// The one after it: the two together bring token and tenant together again.
        next: Option<&'a Otp>,
        /// The serial number of the token; without it any of the user's.
        serial: Option<&'a str>,
    },
    /// The answer to the question with this number, from 1.
    Answer(usize, &'a str),
    /// A password; `default` is the one without a name.
    Password(&'a str, &'a str),
    /// The cells that a challenge asked for.
    Response(&'a str),
}

/// What came of an attempt. It has been counted.
#[derive(Debug)]
pub struct Attempt {
    /// The user, as the tenant writes it.
    pub userid: String,
    /// What was answered with, such as `token HID 4824413456`.
    pub with: String,
    pub verdict: Verdict,
    /// How many wrong answers in a row are still free.
    pub left: u64,
}

/// Right or wrong.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Right {
        /// Of a code: where token and tenant now stand.
        matched: Option<Matched>,
        /// What there is to say besides, such as that a password has expired.
        remark: Option<String>,
    },
    /// Wrong, and why, as far as that can be found.
    Wrong(String),
}

/// Why an answer was not even tried, or nothing could be asked. None of these counts as a failure.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is no such user or alias.
    #[error("the tenant has no user '{0}'")]
    NoUser(String),
    /// The user is suspended.
    #[error("{0} is INACTIVE, so nothing is verified")]
    Inactive(String),
    /// Too many failures.
    #[error("{userid} is locked out after {failures} failures")]
    LockedOut {
        userid: String,
        /// How many in a row.
        failures: u64,
    },
    /// The user has none of what is needed.
    #[error("{userid} has no {what}")]
    Nothing {
        userid: String,
        /// What is not there.
        what: String,
    },
    /// The user has some, and none can be used.
    #[error("{userid} has no {what} that can be used: {}", .why.join("; "))]
    Unusable {
        userid: String,
        /// What cannot be used.
        what: &'static str,
        /// Each with its reason.
        why: Vec<String>,
    },
    /// A response to nothing.
    #[error("{0} was not asked for cells of a card")]
    NotAsked(String),
    /// A challenge that cannot be made.
    #[error(transparent)]
    Challenge(#[from] NoChallenge),
    /// The cells do not fit their card.
    #[error("card {serial}: {source}")]
    Card {
        serial: u64,
        /// What does not fit.
        source: Malformed,
    },
    /// A word in the file that igsh did not write.
    #[error("the tenant is damaged: {0}")]
    Word(#[from] UnknownName),
}

impl Refused {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Store(error) => error.hint()?,
            Self::NoUser(_) => "'tenant user list' shows those there are".into(),
            Self::LockedOut { userid, .. } => {
                format!("type: tenant verify user={userid} -unlock").into()
            }
            Self::NotAsked(userid) => format!("type: tenant challenge user={userid}").into(),
            Self::Challenge(_) => {
                "'tenant set challenge.cells=N' sets how many cells are asked for".into()
            }
            Self::Card { .. } | Self::Word(_) => {
                "restore a backup, or make a new tenant and import into it".into()
            }
            Self::Inactive(_) | Self::Nothing { .. } | Self::Unusable { .. } => return None,
        })
    }
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

pub type Result<T, E = Refused> = std::result::Result<T, E>;

/// A user who may answer.
struct Account {
    id: i64,
    userid: String,
    failures: u64,
    limit: u64,
}

/// What came of one way of answering, before it is counted.
struct Tried {
    with: String,
    verdict: Verdict,
}

impl Tried {
    fn plain(with: String, right: bool, wrong: &str) -> Self {
        let verdict = if right {
            Verdict::Right {
                matched: None,
                remark: None,
            }
        } else {
            Verdict::Wrong(wrong.to_owned())
        };
        Self { with, verdict }
    }
}

/// Tries an answer, counts what came of it, and moves counter, drift and card along. Inside the caller's transaction,
/// which also holds the audit entry.
pub fn verify(
    tx: &Connection,
    keys: &Keys,
    user: &str,
    proof: Proof<'_>,
    now: Timestamp,
) -> Result<Attempt> {
    let account = Account::find(tx, user)?;
    let tried = match proof {
        Proof::Code { code, next, serial } => {
            code::try_code(tx, keys, &account, (code, next, serial), now)?
        }
        Proof::Answer(number, typed) => secret::try_answer(tx, keys, &account, number, typed)?,
        Proof::Password(name, typed) => secret::try_password(tx, keys, &account, name, typed, now)?,
        Proof::Response(typed) => card::try_response(tx, keys, &account, typed, now)?,
    };
    let failures = match tried.verdict {
        Verdict::Right { .. } => 0,
        Verdict::Wrong(_) => account.failures + 1,
    };
    set_failures(tx, account.id, failures)?;
    Ok(Attempt {
        userid: account.userid,
        with: tried.with,
        verdict: tried.verdict,
        left: account.limit.saturating_sub(failures),
    })
}

/// Lifts a lockout, and returns how many failures there were.
pub fn unlock(tx: &Connection, user: &str) -> Result<(String, u64)> {
    let account = Account::of(tx, user)?.0;
    set_failures(tx, account.id, 0)?;
    Ok((account.userid, account.failures))
}

fn set_failures(tx: &Connection, user: i64, failures: u64) -> Result<()> {
    tx.prepare_cached("UPDATE users SET failures = ?2 WHERE id = ?1 AND failures <> ?2")?
        .execute(params![user, failures.cast_signed()])?;
    Ok(())
}

impl Account {
    /// The user who may answer.
    ///
    /// # Errors
    /// [`Refused::NoUser`], [`Refused::Inactive`], [`Refused::LockedOut`].
    fn find(db: &Connection, name: &str) -> Result<Self> {
        let (account, active) = Self::of(db, name)?;
        if !active {
            return Err(Refused::Inactive(account.userid));
        }
        if account.failures >= account.limit {
            let Self {
                userid, failures, ..
            } = account;
            return Err(Refused::LockedOut { userid, failures });
        }
        Ok(account)
    }

    /// The user with this id or alias as the target compares them, and whether the account is active.
    fn of(db: &Connection, name: &str) -> Result<(Self, bool)> {
        let key = folded(name);
        let by = |sql: &str| {
            db.prepare_cached(sql)?
                .query_row([&key], |row| {
                    let state: State = word(row, 2)?;
                    let account = Self {
                        id: row.get(0)?,
                        userid: row.get(1)?,
                        failures: row.get(3)?,
                        limit: 0,
                    };
                    Ok((account, state == State::Active))
                })
                .optional()
        };
        let mut found =
            by("SELECT id, userid, state, failures FROM users WHERE coalesce(fold, userid) = ?1")?;
        if found.is_none() {
            found = by("SELECT id, userid, state, failures FROM users WHERE id = \
                 (SELECT id >> 16 FROM aliases WHERE coalesce(fold, alias) = ?1)")?;
        }
        let (mut account, active) = found.ok_or_else(|| Refused::NoUser(name.to_owned()))?;
        account.limit = SETTINGS.number(db, "lockout.failures")?;
        Ok((account, active))
    }

    /// The ids of this user's rows in a child table, both inclusive.
    fn rows(&self) -> (i64, i64) {
        (self.id << 16, self.id << 16 | 0xFFFF)
    }

    fn nothing(&self, what: impl Into<String>) -> Refused {
        Refused::Nothing {
            userid: self.userid.clone(),
            what: what.into(),
        }
    }
}
