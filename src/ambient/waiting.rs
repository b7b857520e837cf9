//! Waiting for another process: the wait can be reported, and can be cancelled.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{CancelToken, Cancelled, Clock};

type Report = dyn Fn(&str) + Send + Sync;

/// How a wait is reported and ended. The default reports nothing and ends only by itself. Cheap to clone.
#[derive(Clone, Default)]
pub struct Waiting {
    cancel: CancelToken,
    report: Option<Arc<Report>>,
}

impl Waiting {
    /// `report` gets what is waited for; `cancel` ends the wait.
    pub fn new(cancel: CancelToken, report: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            cancel,
            report: Some(Arc::new(report)),
        }
    }

    /// Reports what is waited for.
    pub fn report(&self, what: &str) {
        if let Some(report) = &self.report {
            report(what);
        }
    }

    /// Waits for so long, or until it is asked to stop.
    pub fn pause(&self, span: Duration, clock: &dyn Clock) -> Result<(), Cancelled> {
        /// Between two looks at the request to stop.
        const TURN: Duration = Duration::from_millis(50);
        let mut left = span;
        while !left.is_zero() {
            self.cancel.check()?;
            let turn = left.min(TURN);
            clock.sleep(turn);
            left -= turn;
        }
        self.cancel.check()
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A clock that counts what passes, and asks to stop after so much.
    struct Counting(Mutex<Duration>, Duration, CancelToken);

    impl Clock for Counting {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }

        fn sleep(&self, span: Duration) {
            let mut passed = self.0.lock().unwrap();
            *passed += span;
            if *passed >= self.1 {
                self.2.cancel();
            }
        }
    }

    #[test]
    fn a_pause_lasts_as_long_as_it_was_said_to_or_until_it_is_stopped() {
        for (stop_after, expected) in [(5000, Ok(1125)), (300, Err(300))] {
            let cancel = CancelToken::default();
            let clock = Counting(
                Mutex::default(),
                Duration::from_millis(stop_after),
                cancel.clone(),
            );
            let waiting = Waiting::new(cancel, |_| {});
            let done = waiting.pause(Duration::from_millis(1125), &clock);
            let passed = clock.0.lock().unwrap().as_millis();
            assert_eq!(done.map(|()| passed).map_err(|_| passed), expected);
        }
    }
}
