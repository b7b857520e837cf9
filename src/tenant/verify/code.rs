//! Codes of tokens.

use rusqlite::{Connection, Row, params};

use super::{Account, Refused, Result, Tried, Verdict};
use crate::model::{Timestamp, TokenFacts};
use crate::otp::{self, Matched, Otp, Standing, Verifier};
use crate::store::Keys;
use crate::store::records::{Columns as _, read};
use crate::tenant::sealing;

/// A token as it is stored.
struct Stored {
    id: i64,
    facts: TokenFacts,
    state: Option<String>,
    last_step: Option<u64>,
    seed: Vec<u8>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (id, state, last_step, seed, facts) = read(row, 0)?;
        Ok(Self {
            id,
            facts,
            state,
            last_step,
            seed,
        })
    }

    fn name(&self) -> String {
        format!("token {} {}", self.facts.vendor, self.facts.serial)
    }

    /// Why it cannot be used now, besides the verdict of its algorithm.
    fn barred(&self, now: Timestamp) -> Option<String> {
        if self.state.as_deref() != Some("ACTIVE") {
            return Some("INACTIVE".to_owned());
        }
        let expired = self.facts.expires.filter(|expires| *expires <= now.into());
        expired.map(|expires| format!("expired on {}", expires.civil().date()))
    }

    /// What verifies its codes, or why nothing does.
    fn verifier(&self, keys: &Keys, userid: &str) -> Result<Result<Verifier, otp::NotVerifiable>> {
        let facts = &self.facts;
        let seed = sealing::open_seed(keys, userid, facts, &self.seed)?;
        Ok(Verifier::new(
            facts.algorithm,
            facts.hash,
            facts.digits,
            facts.step,
            &seed,
        ))
    }

    /// Where token and tenant stand.
    fn standing(&self) -> Standing {
        Standing {
            counter: self.facts.counter.unwrap_or(0),
            drift: self.facts.drift.unwrap_or(0),
            last_step: self.last_step,
        }
    }
}

/// Tries a code on the user's tokens, or on the one with this serial number. The first that it is right for has it.
pub(super) fn try_code(
    tx: &Connection,
    keys: &Keys,
    account: &Account,
    (code, next, serial): (&Otp, Option<&Otp>, Option<&str>),
    now: Timestamp,
) -> Result<Tried> {
    let tokens = tokens(tx, account, serial)?;
    if tokens.is_empty() {
        return Err(account.nothing(match serial {
            Some(serial) => format!("token {serial}"),
            None => "token".to_owned(),
        }));
    }
    let mut barred = Vec::new();
    let mut tried = Vec::new();
    let mut near = None;
    for token in &tokens {
        if let Some(why) = token.barred(now) {
            barred.push(format!("{}: {why}", token.name()));
            continue;
        }
        let verifier = match token.verifier(keys, &account.userid)? {
            Ok(verifier) => verifier,
            Err(why) => {
                barred.push(format!("{}: {why}", token.name()));
                continue;
            }
        };
        let matched = match next {
            Some(next) => verifier.resynchronise(code, next, token.standing(), now),
            None => match verifier.verify(code, token.standing(), now) {
                otp::Verdict::Right(matched) => Some(matched),
                otp::Verdict::Wrong => None,
                miss => {
                    near = Some((token.name(), said(miss)));
                    None
                }
            },
        };
        if let Some(matched) = matched {
            keep(tx, token, &matched, now)?;
            let verdict = Verdict::Right {
                matched: Some(matched),
                remark: None,
            };
            return Ok(Tried {
                with: token.name(),
                verdict,
            });
        }
        tried.push(token.name());
    }
    if tried.is_empty() {
        return Err(Refused::Unusable {
            userid: account.userid.clone(),
            what: "token",
            why: barred,
        });
    }
    let (with, why) = near.unwrap_or_else(|| {
        let why = match next {
            Some(_) => "these are not two codes in a row of its next or last 120",
            None => "it is not a code that it shows now",
        };
        (tried.join(", "), why.to_owned())
    });
    Ok(Tried {
        with,
        verdict: Verdict::Wrong(why),
    })
}

/// A miss that is more than a wrong number.
fn said(miss: otp::Verdict) -> String {
    match miss {
        otp::Verdict::Used => "it, or a later one, was used before".to_owned(),
        otp::Verdict::OutOfStep(offset) => format!(
            "it is {} steps {} what is expected, which is more than {}; two codes in a row synchronise it",
            offset.unsigned_abs(),
            if offset < 0 { "before" } else { "after" },
            otp::WINDOW
        ),
        otp::Verdict::Right(_) | otp::Verdict::Wrong => String::new(),
    }
}

fn tokens(db: &Connection, account: &Account, serial: Option<&str>) -> Result<Vec<Stored>> {
    let (first, last) = account.rows();
    let mut statement = db.prepare_cached(&format!(
        "SELECT id, state, last_step, seed, {} FROM tokens \
         WHERE id BETWEEN ?1 AND ?2 AND (?3 IS NULL OR serial = ?3) ORDER BY id",
        TokenFacts::COLUMNS
    ))?;
    let rows = statement.query_map(params![first, last, serial], Stored::read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Keeps where token and tenant stand from now on.
fn keep(tx: &Connection, token: &Stored, matched: &Matched, now: Timestamp) -> Result<()> {
    let standing = matched.standing;
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    // A column that does not go with the algorithm stays as it is.
    tx.prepare_cached(
        "UPDATE tokens SET counter = iif(?2, counter, ?3), drift = iif(?2, ?4, drift), last_step = ?5, \
         last_used = ?6 WHERE id = ?1",
    )?
    .execute(params![
        token.id,
        matched.by_clock,
        signed(standing.counter),
        standing.drift,
        signed(matched.at),
        now.as_microsecond()
    ])?;
    Ok(())
}
