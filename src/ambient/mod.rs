//! What surrounds any work and a test replaces: the clock, randomness, progress, cancellation.

pub mod environment;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

pub use self::waiting::Waiting;

/// A source of the time.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;

    /// Lets so much time pass.
    fn sleep(&self, span: Duration) {
        std::thread::sleep(span);
    }
}

#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// A time out of range becomes the first or last one in range.
    fn now(&self) -> Timestamp {
        let now = SystemTime::now();
        Timestamp::try_from(now).unwrap_or(if now < SystemTime::UNIX_EPOCH {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }
}

/// A clock that stands still.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The system gave no randomness; nothing that needs a key may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no randomness; nothing was written")]
pub struct NoRandomness;

/// Fills buffers with random bytes that are fit for keys.
pub trait Randomness: Send + Sync {
    /// Fills `out` whole, or says that it could not.
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The operating system's generator.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        use rand::TryRng as _;
        rand::rngs::SysRng
            .try_fill_bytes(out)
            .map_err(|_| NoRandomness)
    }
}

/// The clock and the randomness of a process, as they are handed down. Cheap to clone.
#[derive(Clone)]
pub struct Ambient {
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes.
    pub rng: Arc<dyn Randomness>,
}

impl Ambient {
    /// The machine's own clock and generator.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            rng: Arc::new(SystemRandomness),
        }
    }
}

/// Asks running work to stop. Cheap to clone and to ask.
#[derive(Debug, Default, Clone)]
pub struct CancelToken {
    asked: Arc<AtomicBool>,
    /// The signal that ends the process; 0 while there is none.
    ended: Arc<AtomicI32>,
}

/// The work was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted; nothing was changed")]
pub struct Cancelled;

impl CancelToken {
    /// Asks the work to stop. Safe to call from a signal handler's thread.
    pub fn cancel(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Asks this work and all that would follow to stop, because the process ends by this signal.
    pub fn end(&self, signal: i32) {
        self.ended.store(signal, Ordering::Relaxed);
    }

    /// The signal by which the process ends, if it does.
    pub fn ended(&self) -> Option<i32> {
        Some(self.ended.load(Ordering::Relaxed)).filter(|signal| *signal != 0)
    }

    /// Forgets an earlier request, before a new command begins. That the process ends is not forgotten.
    pub fn reset(&self) {
        self.asked.store(false, Ordering::Relaxed);
    }

    /// Whether the work was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.ended().is_some()
    }

    /// `Err` once the work was asked to stop.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }

    /// The flag itself, for a signal handler.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }
}

/// Takes reports of how far long work has come. It never draws; the owner of the terminal does.
pub trait Progress: Send + Sync {
    /// A stage begins; `total` is in the stage's unit, where it is known.
    fn begin(&self, stage: &str, unit: Unit, total: Option<u64>);
    /// How much of the stage is done, from its start.
    fn at(&self, done: u64);
    fn end(&self);
}

/// What a stage counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Records, users, rows.
    Items,
    Bytes,
}

/// Progress that is not shown.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: Unit, _: Option<u64>) {}
    fn at(&self, _: u64) {}
    fn end(&self) {}
}
