//! Attempts of one master queue: each holds a lock file of that master from before it is counted until what came of it
//! is written down. So no attempt meets the count of another that still runs.
//!
//! The lock only orders. What makes guessing slow is the count in the sealed file: it stands when a process is killed,
//! and the kernel frees the lock.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::lock::open;
use super::{Error, Result};
use crate::ambient::{Clock, Waiting};
use crate::files::{beside, lock_alone};

/// Between two looks whether the attempt before has ended.
const POLL: Duration = Duration::from_millis(50);
/// After so long a message says what is waited for.
const PATIENT: Duration = Duration::from_secs(1);
/// After so long an attempt gives up.
const LONGEST: Duration = Duration::from_secs(60);

/// The turn of one attempt; the next one has it when this is dropped.
#[derive(Debug)]
pub(super) struct Turn(File);

impl Drop for Turn {
    fn drop(&mut self) {
        // As with a lock file of sessions, closing it is not enough.
        let _ = self.0.unlock();
    }
}

impl Turn {
    /// Waits until no other attempt of this master runs.
    pub(super) fn take(
        vault: &Path,
        (number, name): (u8, &str),
        waiting: &Waiting,
        clock: &dyn Clock,
    ) -> Result<Self> {
        if !(1..=3).contains(&number) {
            return Err(Error::Keys(format!("the number of {name}")));
        }
        let path = beside(vault, &format!(".login{number}"));
        let file = open(&path)?;
        let mut waited = Duration::ZERO;
        loop {
            match lock_alone(&file) {
                Ok(true) => return Ok(Self(file)),
                Ok(false) if waited < LONGEST => {}
                Ok(false) => return Err(Error::LoginUnderWay(name.to_owned())),
                Err(error) => return Err(Error::io("lock", &path, error)),
            }
            if waited == PATIENT {
                waiting.report(&format!(
                    "another login of {name} is under way; waiting for it to end, a minute at most"
                ));
            }
            waiting.pause(POLL, clock)?;
            waited += POLL;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::ambient::CancelToken;

    const MASTER: (u8, &str) = (2, "Master2");

    /// Time that passes only by sleeping; after so much of it, something happens.
    struct Sleeper<F: Fn() + Send + Sync>(Mutex<Duration>, Duration, F);

    impl<F: Fn() + Send + Sync> Clock for Sleeper<F> {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }

        fn sleep(&self, span: Duration) {
            let mut passed = self.0.lock().unwrap();
            *passed += span;
            if *passed == self.1 {
                self.2();
            }
        }
    }

    fn waiting(cancel: &CancelToken) -> (Waiting, Arc<Mutex<Vec<String>>>) {
        let messages = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&messages);
        let waiting = Waiting::new(cancel.clone(), move |what| {
            sink.lock().unwrap().push(what.to_owned());
        });
        (waiting, messages)
    }

    #[test]
    fn a_message_comes_after_a_second_and_an_attempt_gives_up_after_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("vault.db");
        let cancel = CancelToken::default();
        let (waiting, messages) = waiting(&cancel);
        let clock = Sleeper(Mutex::default(), Duration::MAX, || {});
        let first = Turn::take(&vault, MASTER, &waiting, &clock).unwrap();
        assert!(Turn::take(&vault, (1, "Master1"), &waiting, &clock).is_ok());
        assert_eq!(*clock.0.lock().unwrap(), Duration::ZERO);
        let error = Turn::take(&vault, MASTER, &waiting, &clock).unwrap_err();
        assert!(
            matches!(&error, Error::LoginUnderWay(name) if name == "Master2"),
            "{error}"
        );
        assert_eq!(*clock.0.lock().unwrap(), LONGEST);
        assert_eq!(
            *messages.lock().unwrap(),
            ["another login of Master2 is under way; waiting for it to end, a minute at most"]
        );
        drop(first);
        Turn::take(&vault, MASTER, &waiting, &clock).unwrap();
        let mode = std::fs::metadata(folder.path().join("vault.db.login2"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_turn_comes_when_the_one_before_ends() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("vault.db");
        let (waiting, messages) = waiting(&CancelToken::default());
        let still = Sleeper(Mutex::default(), Duration::MAX, || {});
        let first = Mutex::new(Some(Turn::take(&vault, MASTER, &waiting, &still).unwrap()));
        let clock = Sleeper(Mutex::default(), Duration::from_millis(800), || {
            first.lock().unwrap().take();
        });
        Turn::take(&vault, MASTER, &waiting, &clock).unwrap();
        assert_eq!(*clock.0.lock().unwrap(), Duration::from_millis(800));
        assert!(messages.lock().unwrap().is_empty());
    }

    #[test]
    fn a_wait_can_be_ended() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("vault.db");
        let cancel = CancelToken::default();
        let (waiting, _) = waiting(&cancel);
        let clock = Sleeper(Mutex::default(), Duration::from_secs(3), || cancel.cancel());
        let _first = Turn::take(&vault, MASTER, &waiting, &clock).unwrap();
        let error = Turn::take(&vault, MASTER, &waiting, &clock).unwrap_err();
        assert!(matches!(error, Error::Cancelled(_)), "{error}");
    }

    #[test]
    fn what_is_no_plain_file_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("vault.db");
        let lock = folder.path().join("vault.db.login2");
        let waiting = Waiting::default();
        let clock = Sleeper(Mutex::default(), Duration::MAX, || {});
        let elsewhere = folder.path().join("elsewhere");
        symlink(&elsewhere, &lock).unwrap();
        assert!(Turn::take(&vault, MASTER, &waiting, &clock).is_err());
        assert!(!elsewhere.exists());
        std::fs::remove_file(&lock).unwrap();
        let fifo = std::process::Command::new("mkfifo").arg(&lock).status();
        if fifo.is_ok_and(|status| status.success()) {
            let error = Turn::take(&vault, MASTER, &waiting, &clock).unwrap_err();
            assert!(error.to_string().contains("not a plain file"), "{error}");
        }
        let error = Turn::take(&vault, (4, "Master4"), &waiting, &clock).unwrap_err();
        assert!(matches!(error, Error::Keys(_)), "{error}");
    }
}
