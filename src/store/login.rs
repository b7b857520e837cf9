//! Logging in: the timed lockout, the audit of what came of it, and the way back into a locked session.
//!
//! An attempt is counted before the password is tried, in a transaction of its own, so that neither a killed process
//! nor many at once get a guess for nothing. Attempts of one master queue, so that none meets the count of another that
//! still runs; a short wait is slept through, a longer one refuses the attempt. The wait grows to a quarter of an hour
//! and never further: any user who can reach the file could otherwise lock all masters out for good.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, params};
use secrecy::ExposeSecret as _;

use super::audit::{self, Anchor, Draft, EventCode, Outcome, Who, codes};
use super::clock;
use super::lock::{Holder, LockFile};
use super::masters::{self, time};
use super::memory::Seen;
use super::session::{Arrival, Home, MasterSession, Unlocked};
use super::slots::{self, Slot};
use super::state;
use super::trust::{Trust, trust};
use super::turn::Turn;
use super::{Checkpoint, Error, Keys, Result, SealedFile};
use crate::ambient::{Ambient, Waiting};
use crate::crypto::Key;
use crate::crypto::master_password::{self, Unfit};
use crate::model::SecretBytes;

const SECOND: i64 = 1_000_000;
/// An attempt that would be taken so soon waits for it.
const SHORT: i64 = 2 * SECOND;

/// How long after the n-th failure in a row no password is taken, in microseconds.
fn wait_after(failures: u32) -> i64 {
    match failures {
        0 => 0,
        1..=4 => SECOND << (failures - 1),
        _ => clock::LONGEST,
    }
}

/// A password that was right. The next attempt begins when this is gone.
struct Opened {
    slot: Slot,
    secret: Key,
    _turn: Turn,
}

/// What came of counting an attempt.
enum Begun {
    /// It is counted, and the password may be tried.
    Counted(Slot),
    /// It would be taken after so many microseconds; nothing is counted yet.
    Soon(i64),
    /// It is not tried.
    Refused(Error),
}

/// What is being tried, for the audit and for the message of a session that waits.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    command: &'a str,
    /// The code of a failure.
    failed: &'static EventCode,
    who: &'a Who,
    /// Of a session that already runs.
    keys: Option<&'a Keys>,
    ambient: &'a Ambient,
}

impl Attempt<'_> {
    fn holder(&self) -> Holder {
        Holder::new(self.command, self.who, self.ambient.clock.now())
    }

    fn draft(&self) -> Draft {
        Draft::new(self.failed, self.command)
    }

    /// Writes down what came of an attempt on this master's name; without a name when there is no such master.
    fn put(&self, tx: &Connection, draft: Draft, slot: Option<&Slot>) -> Result<Anchor> {
        let (who, draft) = match slot {
            Some(slot) => (slot.identify(self.who), draft.object(&slot.name)),
            None => (self.who.clone(), draft),
        };
        audit::append(tx, &draft, &who, self.keys, &*self.ambient.clock)
    }
}

impl SealedFile {
    /// Sets how a login that has to wait for another one says so, and how it is ended.
    pub fn wait_as(&mut self, waiting: Waiting) {
        self.waiting = waiting;
    }

    /// Logs a master in.
    ///
    /// # Errors
    /// [`Error::NoSuchMaster`] and [`Error::WrongPassword`], which are in the audit by then; [`Error::LockedOut`],
    /// which is counted for the next login's entry; [`Error::LoginUnderWay`].
    pub fn login(
        &mut self,
        name: &str,
        password: &SecretBytes,
        who: &Who,
        ambient: &Ambient,
    ) -> Result<MasterSession> {
        let attempt = Attempt {
            command: "login",
            failed: &codes::LOGIN_FAILED,
            who,
            keys: None,
            ambient,
        };
        let lock = self.share()?;
        let opened = self.authenticate(name, password, attempt)?;
        let arrived = self.arrive(&opened, lock, attempt);
        let (unlocked, arrival) = self.or_uncount(&opened, attempt, arrived)?;
        let slot = opened.slot;
        let home = Home {
            path: self.path().to_owned(),
            kind: self.kind(),
            identity: self.guard().identity(),
            who: slot.identify(who),
            ambient: ambient.clone(),
        };
        Ok(MasterSession::new(
            slot.number,
            slot.name,
            slot.holder,
            arrival,
            unlocked,
            home,
        ))
    }

    /// Logs the same master in again after the session was locked.
    pub fn relogin(
        &mut self,
        session: &mut MasterSession,
        password: &SecretBytes,
        who: &Who,
        ambient: &Ambient,
    ) -> Result<()> {
        let attempt = Attempt {
            command: "login",
            failed: &codes::RELOGIN_FAILED,
            who,
            keys: None,
            ambient,
        };
        let lock = self.share()?;
        let opened = self.authenticate(&session.name.clone(), password, attempt)?;
        let arrived = self.arrive(&opened, lock, attempt);
        let (unlocked, arrival) = self.or_uncount(&opened, attempt, arrived)?;
        session.unlock(unlocked);
        session.arrival = arrival;
        session.holder = opened.slot.holder;
        Ok(())
    }

    /// Ends a session: audited, remembered, its keys wiped, and what was deleted gone from the log as well.
    pub fn logout(
        &mut self,
        session: MasterSession,
        command: &str,
        who: &Who,
        ambient: &Ambient,
    ) -> Result<Checkpoint> {
        // A session that the watchdog has locked has ended on record.
        if let Ok(keys) = session.keys() {
            let who = session.identify(who);
            let holder = Holder::new(command, &who, ambient.clock.now());
            self.write(&holder, |tx| {
                let draft = Draft::new(&codes::LOGOUT, command);
                audit::append(tx, &draft, &who, Some(&keys), &*ambient.clock)
            })?;
        }
        drop(session);
        self.guard().unwatch();
        self.remember(ambient)?;
        self.checkpoint()
    }

    /// Changes the password of the master who is logged in. The old one is asked for again, and counts as a login.
    pub fn change_password(
        &mut self,
        session: &MasterSession,
        old: &SecretBytes,
        new: &SecretBytes,
        command: &str,
        who: &Who,
        ambient: &Ambient,
    ) -> Result<()> {
        let keys = session.keys()?;
        let who = session.identify(who);
        let attempt = Attempt {
            command,
            failed: &codes::PASSWORD_FAILED,
            who: &who,
            keys: Some(&keys),
            ambient,
        };
        let new = super::create::long_enough(&session.name, new)?;
        let opened = self.authenticate(&session.name, old, attempt)?;
        let rewritten = self.rewrite(&opened, &new, attempt);
        self.or_uncount(&opened, attempt, rewritten)
    }

    fn rewrite(
        &mut self,
        Opened { slot, secret, .. }: &Opened,
        new: &SecretBytes,
        attempt: Attempt<'_>,
    ) -> Result<()> {
        let ambient = attempt.ambient;
        let rewritten = slot.rewrite(&self.vid(), secret, new, &*ambient.rng)?;
        self.write(&attempt.holder(), |tx| {
            let now = ambient.clock.now();
            let keys = attempt.keys.ok_or(Error::Locked)?;
            let amended = state::amend(tx, keys, &[state::of_master(slot.number)])?;
            rewritten.store(tx, now.as_microsecond())?;
            reset(tx, slot)?;
            let draft = Draft::new(&codes::PASSWORD_CHANGED, attempt.command).object(&slot.name);
            let clock = &*ambient.clock;
            audit::append_with(tx, &draft, attempt.who, Some(keys), amended.into(), clock)?;
            Ok(())
        })
    }

    fn share(&self) -> Result<LockFile> {
        let lock = LockFile::open(self.path())?;
        lock.share()?;
        Ok(lock)
    }

    /// Waits for the master's turn, counts the attempt, tries the password, and puts a failure on record.
    fn authenticate(
        &mut self,
        name: &str,
        password: &SecretBytes,
        attempt: Attempt<'_>,
    ) -> Result<Opened> {
        let holder = attempt.holder();
        let password = match master_password::normalise(password.expose_secret()) {
            Ok(password) => Some(password),
            // A guess of the wrong length is a wrong guess; anything else is a wrong file.
            Err(Unfit::Short | Unfit::Long) => None,
            Err(unfit) => return Err(slots::unfit(name, unfit)),
        };
        let turn = self.turn(name, attempt)?;
        let slot = self.begin(name, attempt)?;
        let vid = self.vid();
        let opened = match password {
            Some(password) => slot.open(&vid, &password),
            None => Ok(None),
        };
        match opened {
            Ok(Some(secret)) => Ok(Opened {
                slot,
                secret,
                _turn: turn,
            }),
            Ok(None) => {
                let failures = slot.failures.saturating_add(1);
                self.write(&holder, |tx| {
                    attempt.put(tx, attempt.draft().failed("wrong password"), Some(&slot))
                })?;
                Err(Error::WrongPassword {
                    name: slot.name,
                    wait: wait_after(failures) / SECOND,
                })
            }
            Err(error) => {
                // It was not the password: the attempt does not count.
                self.write(&holder, |tx| {
                    uncount(tx, &slot)?;
                    let draft = attempt.draft().failed(error.to_string());
                    attempt.put(tx, draft, Some(&slot))
                })?;
                Err(error)
            }
        }
    }

    /// Waits until no other attempt of this master runs.
    fn turn(&mut self, name: &str, attempt: Attempt<'_>) -> Result<Turn> {
        let Some(slot) = Slot::of(self.connection(), name)? else {
            let unknown = self.write(&attempt.holder(), |tx| refuse_stranger(tx, attempt))?;
            return Err(unknown);
        };
        let master = (slot.number, slot.name.as_str());
        let clock = &*attempt.ambient.clock;
        Turn::take(self.path(), master, &self.waiting, clock)
    }

    /// Counts the attempt, after a short wait where one more is needed.
    fn begin(&mut self, name: &str, attempt: Attempt<'_>) -> Result<Slot> {
        // Time that does not pass must not hold the turn for ever.
        let mut patience = SHORT + SECOND;
        loop {
            match self.write(&attempt.holder(), |tx| begin(tx, name, patience, attempt))? {
                Begun::Counted(slot) => return Ok(slot),
                Begun::Refused(error) => return Err(error),
                Begun::Soon(wait) => {
                    patience -= wait;
                    let wait = Duration::from_micros(wait.unsigned_abs());
                    self.waiting.pause(wait, &*attempt.ambient.clock)?;
                }
            }
        }
    }

    /// What followed a right password. Where that failed, the attempt does not count: it was not the password.
    fn or_uncount<T>(
        &mut self,
        opened: &Opened,
        attempt: Attempt<'_>,
        outcome: Result<T>,
    ) -> Result<T> {
        if let Err(error) = &outcome {
            // What keeps this from being written has failed already, and is the error that is returned.
            let _ = self.write(&attempt.holder(), |tx| -> Result<()> {
                uncount(tx, &opened.slot)?;
                if matches!(error, Error::OwnSlot) {
                    let draft = attempt.draft().failed(error.to_string());
                    attempt.put(tx, draft, Some(&opened.slot))?;
                }
                Ok(())
            });
        }
        outcome
    }

    /// The password was right: opens the keys, resets the lockout and writes the login down.
    fn arrive(
        &mut self,
        opened: &Opened,
        lock: LockFile,
        attempt: Attempt<'_>,
    ) -> Result<(Unlocked, Arrival)> {
        let Opened { slot, secret, .. } = opened;
        let ambient = attempt.ambient;
        let who = slot.identify(attempt.who);
        let (vid, kind, memory) = (self.vid(), self.kind(), self.memory.clone());
        let mut draft = Draft::new(&codes::LOGIN, attempt.command).object(&slot.name);
        let (keys, trust, last_audit, refused, mut warnings) =
            self.write(&attempt.holder(), |tx| {
                // The keys are made of what is proven in the same transaction.
                let keys = slots::keys(tx, kind, vid, slot.number, secret, &*ambient.rng)?;
                if !slot.is_still(tx)? {
                    return Err(Error::OwnSlot);
                }
                let last = audit::last(tx)?;
                let doubt = clock::doubt(tx, ambient.clock.now())?;
                let mut seen = match &memory {
                    Some(memory) => memory.compare(&vid, tx)?,
                    None => Seen::default(),
                };
                seen.warnings.extend(doubt);
                draft.detail = (!seen.warnings.is_empty()).then(|| seen.warnings.join("; "));
                draft.rolled_back = seen.rolled_back;
                let trust = trust(tx, &keys, slot.number, seen.may_begin)?;
                if let Trust::Restricted { why, .. } = &trust {
                    draft.detail = Some(match draft.detail.take() {
                        Some(detail) => format!("{detail}; restricted: {why}"),
                        None => format!("restricted: {why}"),
                    });
                }
                reset(tx, slot)?;
                let refused = take_refused(tx, slot)?;
                if refused > 0 {
                    draft.counts.insert("refused".to_owned(), refused.into());
                }
                tx.execute(
                    "UPDATE master SET last_login = ?2 WHERE number = ?1",
                    params![slot.number, ambient.clock.now().as_microsecond()],
                )?;
                let clock = &*ambient.clock;
                audit::append_with(tx, &draft, &who, Some(&keys), trust.sums(), clock)?;
                Ok::<_, Error>((keys, trust, last, refused, seen.warnings))
            })?;
        self.guard().watch(self.connection())?;
        if let Err(error) = self.remember(ambient) {
            warnings.push(error.in_one_line());
        }
        let restricted = match trust {
            Trust::Whole => None,
            Trust::Begins(lines) => {
                warnings.extend(lines);
                None
            }
            Trust::Restricted { why, .. } => Some(why),
        };
        let arrival = Arrival {
            last_audit,
            last_login: slot.last_login.map(time),
            failures: slot.failures,
            refused,
            warnings,
            restricted,
        };
        let unlocked = Unlocked {
            keys: Arc::new(keys),
            _lock: lock,
        };
        Ok((unlocked, arrival))
    }
}

/// Counts an attempt before it is made. An attempt that would be taken within `patience` may wait.
fn begin(tx: &Connection, name: &str, patience: i64, attempt: Attempt<'_>) -> Result<Begun> {
    let Some(slot) = Slot::of(tx, name)? else {
        return Ok(Begun::Refused(refuse_stranger(tx, attempt)?));
    };
    let now = attempt.ambient.clock.now().as_microsecond();
    if let Some(until) = clock::locked_until(slot.not_before, now) {
        if until != slot.not_before {
            count(tx, &slot, slot.failures, until)?;
        }
        let wait = until - now;
        if wait <= SHORT.min(patience) {
            return Ok(Begun::Soon(wait));
        }
        tx.execute(
            "UPDATE master SET refused = refused + 1 WHERE number = ?1",
            [slot.number],
        )?;
        return Ok(Begun::Refused(Error::LockedOut {
            name: slot.name,
            failures: slot.failures,
            until: time(until),
            wait: (wait + SECOND - 1) / SECOND,
        }));
    }
    let failures = slot.failures.saturating_add(1);
    count(tx, &slot, failures, now + wait_after(failures))?;
    Ok(Begun::Counted(slot))
}

/// Audits that a name was tried which no master has. Where that is the newest entry already, it is enough:
/// repeated attempts must not fill the audit. What was typed is not written down: it may be a password in the wrong
/// place.
fn refuse_stranger(tx: &Connection, attempt: Attempt<'_>) -> Result<Error> {
    let last = audit::last(tx)?.seq;
    let newest = match last {
        0 => None,
        _ => audit::get(tx, last)?.entry,
    };
    let is_on_record = newest.is_some_and(|entry| {
        entry.code == attempt.failed.code
            && entry.outcome == Outcome::Refused
            && entry.master == attempt.who.master
    });
    if !is_on_record {
        let draft = Draft {
            outcome: Outcome::Refused,
            detail: Some("no master of that name".to_owned()),
            ..attempt.draft()
        };
        attempt.put(tx, draft, None)?;
    }
    masters::unknown(tx)
}

fn count(tx: &Connection, slot: &Slot, failures: u32, not_before: i64) -> Result<()> {
    tx.execute(
        "UPDATE master SET failures = ?2, not_before = ?3 WHERE number = ?1",
        params![slot.number, failures, not_before],
    )?;
    Ok(())
}

fn uncount(tx: &Connection, slot: &Slot) -> Result<()> {
    count(tx, slot, slot.failures, slot.not_before)
}

fn reset(tx: &Connection, slot: &Slot) -> Result<()> {
    count(tx, slot, 0, 0)
}

/// How many attempts were refused since the last login of this master; sets the count back, as this login shows it.
fn take_refused(tx: &Connection, slot: &Slot) -> Result<u32> {
    let refused = tx.query_row(
        "SELECT refused FROM master WHERE number = ?1",
        [slot.number],
        |row| row.get(0),
    )?;
    tx.execute(
        "UPDATE master SET refused = 0 WHERE number = ?1",
        [slot.number],
    )?;
    Ok(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_quarter_of_an_hour_and_no_further() {
        let waits: Vec<i64> = (0..8).map(|n| wait_after(n) / SECOND).collect();
        assert_eq!(waits, [0, 1, 2, 4, 8, 900, 900, 900]);
        assert_eq!(wait_after(u32::MAX), clock::LONGEST);
    }
}
