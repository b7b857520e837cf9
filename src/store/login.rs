//! Logging in: the timed lockout, the audit of what came of it, and the way back into a locked session.
//!
//! An attempt is counted before the password is tried, in a transaction of its own, so that neither a killed process
//! nor many at once get a guess for nothing. The wait grows to a quarter of an hour and never further: whoever can
//! reach the file could otherwise lock all masters out for good.

use std::sync::Arc;

use rusqlite::{Connection, params};
use secrecy::ExposeSecret as _;

use super::audit::{self, Anchor, Code, Draft, Outcome, Who, codes};
use super::clock;
use super::lock::{Holder, LockFile};
use super::masters::{self, time};
use super::memory::Memory;
use super::session::{Arrival, Home, MasterSession, Unlocked};
use super::slots::{self, Slot};
use super::{Checkpoint, Error, Keys, Result, SealedFile};
use crate::ambient::Ambient;
use crate::crypto::Key;
use crate::crypto::master_password::{self, Unfit};
use crate::model::SecretBytes;

const SECOND: i64 = 1_000_000;
pub(super) const LONGEST: i64 = 15 * 60 * SECOND;

/// How long after the n-th failure in a row no password is taken, in microseconds.
fn wait_after(failures: u32) -> i64 {
    match failures {
        0 => 0,
        1..=4 => SECOND << (failures - 1),
        _ => LONGEST,
    }
}

/// A password that was right.
struct Opened {
    slot: Slot,
    secret: Key,
}

/// What is being tried, for the audit and for whoever waits.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    command: &'a str,
    /// The code of a failure.
    failed: &'static Code,
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

    /// Writes down what came of an attempt on this master's name; nobody's, when there is no such master.
    fn put(&self, tx: &Connection, draft: Draft, slot: Option<&Slot>) -> Result<Anchor> {
        let (who, draft) = match slot {
            Some(slot) => (slot.identify(self.who), draft.object(&slot.name)),
            None => (self.who.clone(), draft),
        };
        audit::append(tx, &draft, &who, self.keys, &*self.ambient.clock)
    }
}

impl SealedFile {
    /// Lets this machine remember the newest audit entry it saw, and compare at the next login.
    pub fn remember_in(&mut self, memory: Memory) {
        self.memory = Some(memory);
    }

    /// Logs a master in.
    ///
    /// # Errors
    /// [`Error::NoSuchMaster`], [`Error::LockedOut`], [`Error::WrongPassword`]; all of them are in the audit by then.
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
        let (unlocked, arrival) = self.arrive(&opened, lock, attempt)?;
        let slot = opened.slot;
        let home = Home {
            path: self.path().to_owned(),
            kind: self.kind(),
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
        let (unlocked, arrival) = self.arrive(&opened, lock, attempt)?;
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
        let Opened { slot, secret } = self.authenticate(&session.name, old, attempt)?;
        let vid = self.vid();
        let rewritten = slot.rewrite(&vid, &secret, &new, &*ambient.rng)?;
        drop(secret);
        self.write(&attempt.holder(), |tx| {
            let now = ambient.clock.now();
            rewritten.store(tx, now.as_microsecond())?;
            reset(tx, &slot)?;
            let draft = Draft::new(&codes::PASSWORD_CHANGED, command).object(&slot.name);
            audit::append(tx, &draft, &who, Some(&keys), &*ambient.clock)?;
            Ok(())
        })
    }

    fn share(&self) -> Result<LockFile> {
        let lock = LockFile::open(self.path())?;
        lock.share()?;
        Ok(lock)
    }

    /// Counts the attempt, tries the password, and puts a failure on record.
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
        let slot = self.write(&holder, |tx| begin(tx, name, attempt))??;
        let vid = self.vid();
        let opened = match password {
            Some(password) => slot.open(&vid, &password),
            None => Ok(None),
        };
        match opened {
            Ok(Some(secret)) => Ok(Opened { slot, secret }),
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
                    count(tx, &slot, slot.failures, slot.not_before)?;
                    let draft = attempt.draft().failed(error.to_string());
                    attempt.put(tx, draft, Some(&slot))
                })?;
                Err(error)
            }
        }
    }

    /// The password was right: opens the keys, resets the lockout and writes the login down.
    fn arrive(
        &mut self,
        opened: &Opened,
        lock: LockFile,
        attempt: Attempt<'_>,
    ) -> Result<(Unlocked, Arrival)> {
        let Opened { slot, secret } = opened;
        let ambient = attempt.ambient;
        let keys = slots::keys(
            self.connection(),
            self.kind(),
            self.vid(),
            slot.number,
            secret,
            &*ambient.rng,
        )?;
        let who = slot.identify(attempt.who);
        let mut warnings = Vec::new();
        warnings.extend(clock::doubt(self.connection(), ambient.clock.now())?);
        if let Some(memory) = &self.memory {
            match memory.compare(&self.vid(), self.connection()) {
                Ok(warning) => warnings.extend(warning),
                Err(error) => warnings.push(error.to_string()),
            }
        }
        let mut draft = Draft::new(&codes::LOGIN, attempt.command).object(&slot.name);
        draft.detail = (!warnings.is_empty()).then(|| warnings.join("; "));
        let last_audit = self.write(&attempt.holder(), |tx| {
            let last = audit::last(tx)?;
            reset(tx, slot)?;
            tx.execute(
                "UPDATE master SET last_login = ?2 WHERE number = ?1",
                params![slot.number, ambient.clock.now().as_microsecond()],
            )?;
            audit::append(tx, &draft, &who, Some(&keys), &*ambient.clock)?;
            Ok::<_, Error>(last)
        })?;
        if let Err(error) = self.remember(ambient) {
            warnings.push(error.to_string());
        }
        let arrival = Arrival {
            last_audit,
            last_login: slot.last_login.map(time),
            failures: slot.failures,
            warnings,
        };
        let unlocked = Unlocked {
            keys: Arc::new(keys),
            _lock: lock,
        };
        Ok((unlocked, arrival))
    }

    fn remember(&self, ambient: &Ambient) -> Result<()> {
        match &self.memory {
            Some(memory) => {
                let last = audit::last(self.connection())?;
                memory.note(&self.vid(), &last, ambient.clock.now())
            }
            None => Ok(()),
        }
    }
}

/// Counts an attempt before it is made. The inner result is what the caller is told; either is on record.
fn begin(tx: &Connection, name: &str, attempt: Attempt<'_>) -> Result<Result<Slot>> {
    let now = attempt.ambient.clock.now();
    let refuse = |why: String, slot: Option<&Slot>| {
        let draft = Draft {
            outcome: Outcome::Refused,
            detail: Some(why),
            ..attempt.draft()
        };
        attempt.put(tx, draft, slot)
    };
    let Some(slot) = Slot::of(tx, name)? else {
        // What was typed is not written down: it may be a password in the wrong place.
        refuse("no master of that name".to_owned(), None)?;
        return Ok(Err(masters::unknown(tx)?));
    };
    let now = now.as_microsecond();
    if let Some(until) = clock::locked_until(slot.not_before, now) {
        if until != slot.not_before {
            count(tx, &slot, slot.failures, until)?;
        }
        refuse(format!("locked until {}", time(until)), Some(&slot))?;
        return Ok(Err(Error::LockedOut {
            name: slot.name,
            failures: slot.failures,
            until: time(until),
            wait: (until - now + SECOND - 1) / SECOND,
        }));
    }
    let failures = slot.failures.saturating_add(1);
    count(tx, &slot, failures, now + wait_after(failures))?;
    Ok(Ok(slot))
}

fn count(tx: &Connection, slot: &Slot, failures: u32, not_before: i64) -> Result<()> {
    tx.execute(
        "UPDATE master SET failures = ?2, not_before = ?3 WHERE number = ?1",
        params![slot.number, failures, not_before],
    )?;
    Ok(())
}

fn reset(tx: &Connection, slot: &Slot) -> Result<()> {
    count(tx, slot, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_quarter_of_an_hour_and_no_further() {
        let waits: Vec<i64> = (0..8).map(|n| wait_after(n) / SECOND).collect();
        assert_eq!(waits, [0, 1, 2, 4, 8, 900, 900, 900]);
        assert_eq!(wait_after(u32::MAX), LONGEST);
    }
}
