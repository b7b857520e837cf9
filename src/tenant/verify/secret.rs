//! Answers to questions, and passwords: what a user remembers.
//!
//! What is typed is compared as it stands, letter case and all: the target's documents do not describe that anything is
//! ignored, and a rehearsal must not accept what the target may refuse.

use rusqlite::{Connection, OptionalExtension as _, params};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use super::{Account, Refused, Result, Tried, Verdict};
use crate::model::{Moment, QaPair, Timestamp, beginning};
use crate::store::Keys;
use crate::store::records::read;
use crate::tenant::{SETTINGS, sealing};

#[derive(Debug)]
pub struct Question {
    /// The user, as the tenant writes it.
    pub userid: String,
    pub text: String,
}

/// The question with this number, from 1, to be shown before its answer is typed.
pub fn question(db: &Connection, keys: &Keys, user: &str, number: usize) -> Result<Question> {
    let account = Account::find(db, user)?;
    let pair = pair(db, keys, &account, number)?;
    Ok(Question {
        userid: account.userid,
        text: pair.question,
    })
}

fn pair(db: &Connection, keys: &Keys, account: &Account, number: usize) -> Result<QaPair> {
    let sealed: Option<Vec<u8>> = db
        .prepare_cached("SELECT sealed FROM qa WHERE user = ?1")?
        .query_row([account.id], |row| row.get(0))
        .optional()?;
    let pairs = match sealed {
        Some(sealed) => sealing::open_qa(keys, &account.userid, &sealed)?,
        None => Vec::new(),
    };
    let count = pairs.len();
    let at = number.checked_sub(1);
    let pair = at.and_then(|at| pairs.into_iter().nth(at));
    pair.ok_or_else(|| match count {
        0 => account.nothing("question"),
        _ => account.nothing(format!("question {number}, only 1 to {count}")),
    })
}

/// Tries an answer. What is typed is cut as what is stored was, so that a long answer still matches.
pub(super) fn try_answer(
    tx: &Connection,
    keys: &Keys,
    account: &Account,
    number: usize,
    typed: &str,
) -> Result<Tried> {
    let pair = pair(tx, keys, account, number)?;
    let limit = SETTINGS.number(tx, "qa.answer-length")?;
    let typed = beginning(typed, usize::try_from(limit).unwrap_or(usize::MAX));
    let right = same(typed, pair.answer.expose_secret());
    let with = format!("question {number}");
    Ok(Tried::plain(
        with,
        right,
        "it is not the answer that is stored",
    ))
}

fn same(typed: &str, stored: &[u8]) -> bool {
    typed.as_bytes().ct_eq(stored).into()
}

/// Tries a password. `default` is the one without a name, unless one has that name.
pub(super) fn try_password(
    tx: &Connection,
    keys: &Keys,
    account: &Account,
    name: &str,
    typed: &str,
    now: Timestamp,
) -> Result<Tried> {
    let (first, last) = account.rows();
    let mut statement = tx.prepare_cached(
        "SELECT name, expires, must_change, sealed FROM passwords \
         WHERE id BETWEEN ?1 AND ?2 AND (name = ?3 OR name IS NULL AND ?3 = 'default') \
         ORDER BY name IS NULL LIMIT 1",
    )?;
    let found = statement
        .query_row(params![first, last, name], |row| {
            Ok((
                row.get::<_, Option<String>>(0)?,
                read::<Option<Moment>>(row, 1)?,
                row.get::<_, Option<bool>>(2)?,
                row.get::<_, Vec<u8>>(3)?,
            ))
        })
        .optional()?;
    let Some((stored, expires, must_change, sealed)) = found else {
        return Err(no_password(tx, account)?);
    };
    let value = sealing::open_password(keys, &account.userid, stored.as_deref(), &sealed)?;
    let with = match &stored {
        Some(name) => format!("password '{name}'"),
        None => "the default password".to_owned(),
    };
    let mut tried = Tried::plain(
        with,
        same(typed, &value),
        "it is not the password that is stored",
    );
    if let Verdict::Right { remark, .. } = &mut tried.verdict {
        let expired = expires.filter(|expires| *expires <= now.into());
        *remark = match (expired, must_change) {
            (Some(at), _) => Some(format!("it expired on {}", at.civil().date())),
            (None, Some(true)) => Some("it must be changed at the next login".to_owned()),
            (None, _) => None,
        };
    }
    Ok(tried)
}

/// That there is no such password, and which there are. The name that was typed is not repeated: a user may have
/// typed the password itself.
fn no_password(db: &Connection, account: &Account) -> Result<Refused> {
    let (first, last) = account.rows();
    let mut statement = db.prepare_cached(
        "SELECT coalesce(name, 'default') FROM passwords WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    )?;
    let names = statement.query_map([first, last], |row| row.get(0))?;
    let names: Vec<String> = names.collect::<rusqlite::Result<_>>()?;
    Ok(account.nothing(if names.is_empty() {
        "password".to_owned()
    } else {
        format!("password of that name, only {}", names.join(", "))
    }))
}
