//! The session of a master: the only way to the keys, and how they are taken away again (igsh-vault(5), LOGINS).
//!
//! The keys stand behind a lock that a watchdog can reach while the line editor waits for input, because nothing can
//! interrupt that wait. A command that runs holds its own reference, so that the deadline only matters between
//! commands.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::audit::{self, Anchor, Draft, Who, codes};
use super::file::immediate;
use super::lock::{Holder, LockFile};
use super::place::Identity;
use super::{Error, Keys, Kind, Result, place, stamp};
use crate::ambient::{Ambient, Clock as _, SystemClock};

/// A master who is logged in. Only a login makes one.
pub struct MasterSession {
    pub(super) number: u8,
    pub(super) name: String,
    pub(super) holder: Option<String>,
    pub(super) arrival: Arrival,
    shared: Arc<Shared>,
    watchdog: Option<JoinHandle<()>>,
}

/// What a login found.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The newest audit entry before this login.
    pub last_audit: Anchor,
    /// The master's login before this one.
    pub last_login: Option<Timestamp>,
    /// Failed logins since then.
    pub failures: u32,
    /// Attempts since then that were not even tried, because the master had to wait.
    pub refused: u32,
    /// Warnings for the master, such as that the file is older than this machine saw it.
    pub warnings: Vec<String>,
    /// What another program has changed in the file, so that the session may only look into it.
    pub restricted: Option<String>,
}

/// What the keys of a session are kept with: the shared lock ends when they do.
pub(super) struct Unlocked {
    pub(super) keys: Arc<Keys>,
    pub(super) _lock: LockFile,
}

/// What the watchdog needs to put the lock on record.
pub(super) struct Home {
    pub(super) path: PathBuf,
    pub(super) kind: &'static Kind,
    pub(super) identity: Identity,
    pub(super) who: Who,
    pub(super) ambient: Ambient,
}

struct Shared {
    unlocked: Mutex<Option<Unlocked>>,
    timer: Mutex<Timer>,
    turned: Condvar,
    /// What the watchdog does once the keys are gone.
    locked: Mutex<Option<Box<dyn Fn() + Send>>>,
    home: Home,
}

#[derive(Default)]
struct Timer {
    deadline: Option<Deadline>,
    /// How far ahead the deadline was set.
    idle: Duration,
    idle_since: Option<Timestamp>,
    ended: bool,
}

/// The monotonic clock stands still while a machine sleeps, the other one can be set: whichever comes first.
#[derive(Clone, Copy)]
struct Deadline {
    monotonic: Instant,
    wall: Timestamp,
}

impl MasterSession {
    pub(super) fn new(
        number: u8,
        name: String,
        holder: Option<String>,
        arrival: Arrival,
        unlocked: Unlocked,
        home: Home,
    ) -> Self {
        Self {
            number,
            name,
            holder,
            arrival,
            shared: Arc::new(Shared {
                unlocked: Mutex::new(Some(unlocked)),
                timer: Mutex::default(),
                turned: Condvar::new(),
                locked: Mutex::default(),
                home,
            }),
            watchdog: None,
        }
    }

    /// The master's number, 1 to 3.
    pub fn number(&self) -> u8 {
        self.number
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The person who holds the name.
    pub fn holder(&self) -> Option<&str> {
        self.holder.as_deref()
    }

    /// A master has taken the file as it is: the session is whole.
    pub fn accept(&mut self) {
        self.arrival.restricted = None;
    }

    pub fn arrival(&self) -> &Arrival {
        &self.arrival
    }

    /// `who`, now that this master is logged in.
    pub fn identify(&self, who: &Who) -> Who {
        Who {
            master: Some(self.name.clone()),
            holder: self.holder.clone(),
            ..who.clone()
        }
    }

    /// The keys, for as long as a command runs.
    ///
    /// # Errors
    /// [`Error::Locked`] after [`MasterSession::lock`] or when the watchdog has come.
    pub fn keys(&self) -> Result<Arc<Keys>> {
        held(&self.shared.unlocked)
            .as_ref()
            .map(|unlocked| Arc::clone(&unlocked.keys))
            .ok_or(Error::Locked)
    }

    /// Whether the keys are gone.
    pub fn is_locked(&self) -> bool {
        held(&self.shared.unlocked).is_none()
    }

    /// When the watchdog locked the session, until the next login.
    pub fn idle_since(&self) -> Option<Timestamp> {
        held(&self.shared.timer).idle_since
    }

    /// Takes the keys away; those of a command that still runs go when it ends.
    pub fn lock(&self) {
        held(&self.shared.unlocked).take();
    }

    /// Gives the session its keys back after a login.
    pub(super) fn unlock(&self, unlocked: Unlocked) {
        *held(&self.shared.unlocked) = Some(unlocked);
        held(&self.shared.timer).idle_since = None;
    }

    /// Locks the session when [`MasterSession::disarm`] is not called within `idle`; to be called before the
    /// shell waits for input.
    pub fn arm(&mut self, idle: Duration) -> Result<()> {
        {
            let mut timer = held(&self.shared.timer);
            timer.idle = idle;
            timer.deadline = Some(Deadline::after(idle));
        }
        self.shared.turned.notify_all();
        if self.watchdog.is_none() {
            let shared = Arc::clone(&self.shared);
            let thread = std::thread::Builder::new()
                .name("watchdog".to_owned())
                .spawn(move || shared.watch())
                .map_err(|source| Error::io("watch over", &self.shared.home.path, source))?;
            self.watchdog = Some(thread);
        }
        Ok(())
    }

    /// Calls `then` when the watchdog locks the session, from its thread.
    pub fn when_locked(&self, then: impl Fn() + Send + 'static) {
        *held(&self.shared.locked) = Some(Box::new(then));
    }

    /// Called at each key while a line is typed.
    pub fn pulse(&self) -> Pulse {
        Pulse(Arc::clone(&self.shared))
    }

    /// A line was typed: the deadline no longer runs.
    pub fn disarm(&self) {
        held(&self.shared.timer).deadline = None;
    }
}

/// Puts the deadline of a session off. Holds no keys, and outlives the session harmlessly.
#[derive(Clone)]
pub struct Pulse(Arc<Shared>);

impl Pulse {
    /// Whether the keys of the session are gone.
    pub fn is_locked(&self) -> bool {
        held(&self.0.unlocked).is_none()
    }

    /// A key was typed: a deadline that runs begins anew.
    pub fn beat(&self) {
        let mut timer = held(&self.0.timer);
        // The watchdog sleeps on until the old deadline, and finds the new one then.
        if timer.deadline.is_some() {
            timer.deadline = Some(Deadline::after(timer.idle));
        }
    }
}

impl Drop for MasterSession {
    fn drop(&mut self) {
        self.lock();
        {
            let mut timer = held(&self.shared.timer);
            timer.ended = true;
            timer.deadline = None;
        }
        self.shared.turned.notify_all();
        if let Some(watchdog) = self.watchdog.take() {
            // A watchdog that panicked has nothing left to say.
            let _ = watchdog.join();
        }
    }
}

impl Shared {
    fn watch(&self) {
        let mut timer = held(&self.timer);
        while !timer.ended {
            timer = match timer.deadline {
                None => self
                    .turned
                    .wait(timer)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => match deadline.wait() {
                    Some(wait) => {
                        self.turned
                            .wait_timeout(timer, wait)
                            .unwrap_or_else(PoisonError::into_inner)
                            .0
                    }
                    None => {
                        timer.deadline = None;
                        drop(timer);
                        self.expire();
                        held(&self.timer)
                    }
                },
            };
        }
    }

    /// Takes the keys first and writes the audit afterwards: a busy file must not keep them open.
    fn expire(&self) {
        /// A writer that takes long, such as a load, is waited for: five seconds each time.
        const TRIES: u32 = 12;
        if held(&self.unlocked).take().is_none() {
            return;
        }
        if let Some(then) = &*held(&self.locked) {
            then();
        }
        let home = &self.home;
        held(&self.timer).idle_since = Some(home.ambient.clock.now());
        let recorded = || -> Result<()> {
            place::in_place(&home.path, home.kind, home.identity)?;
            let (mut connection, _) = place::connect(&home.path, home.kind)?;
            let lock = LockFile::open(&home.path)?;
            let holder = Holder::new("lock", &home.who, home.ambient.clock.now());
            let mut tries = TRIES;
            loop {
                tries -= 1;
                let written = immediate(&mut connection, &lock, home.kind, &holder, |tx| {
                    let draft = Draft::new(&codes::SESSION_LOCKED, "");
                    stamp::renew(&tx)?;
                    audit::append(&tx, &draft, &home.who, None, &*home.ambient.clock)?;
                    Ok::<_, Error>(tx.commit()?)
                });
                match written {
                    Err(Error::Held { .. }) if tries > 0 && !held(&self.timer).ended => {}
                    outcome => return outcome.map(drop),
                }
            }
        };
        // No user waits for this error, and the keys are gone either way.
        let _ = recorded();
    }
}

impl Deadline {
    /// The deadline `idle` from now; a day at most.
    fn after(idle: Duration) -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        let idle = idle.min(DAY);
        let span = jiff::SignedDuration::try_from(idle).unwrap_or(jiff::SignedDuration::MAX);
        Self {
            monotonic: Instant::now() + idle,
            wall: SystemClock
                .now()
                .saturating_add(span)
                .unwrap_or(Timestamp::MAX),
        }
    }

    /// How long to sleep before looking again; nothing when it is over.
    fn wait(self) -> Option<Duration> {
        const LOOK: Duration = Duration::from_secs(20);
        let left = self.monotonic.checked_duration_since(Instant::now())?;
        (!left.is_zero() && SystemClock.now() < self.wall).then(|| left.min(LOOK))
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
