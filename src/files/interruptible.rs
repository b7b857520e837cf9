//! Reading where nothing may come for long: a terminal, a pipe.
//!
//! A read that was interrupted by a signal is begun again, by the system or by the standard library, so that
//! the caller cannot stop. This waits for input in short turns and looks at the token between them.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::ambient::{CancelToken, Cancelled};

/// A reader that gives up when it is asked to.
#[derive(Debug)]
pub struct Interruptible<F> {
    input: F,
    cancel: CancelToken,
}

impl<F: AsFd> Interruptible<F> {
    /// Reads from `input` until `cancel` is set. What `input` has buffered by itself is not seen.
    pub fn new(input: F, cancel: CancelToken) -> Self {
        Self { input, cancel }
    }

    /// Whether a read failed because it was asked to stop.
    pub fn gave_up(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Cancelled>())
    }
}

impl<F: AsFd> Read for Interruptible<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const TURN: Duration = Duration::from_millis(50);
        let turn = Timespec::try_from(TURN).unwrap_or_default();
        loop {
            let ready = poll(&mut [PollFd::new(&self.input, PollFlags::IN)], Some(&turn));
            // Not `Interrupted`: that would be tried again.
            self.cancel.check().map_err(io::Error::other)?;
            match ready {
                Ok(0) | Err(Errno::INTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            }
            match rustix::io::read(&self.input, &mut *buffer) {
                Err(Errno::INTR | Errno::AGAIN) => {}
                read => return Ok(read?),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn it_reads_what_is_there_to_its_end() {
        let (end, mut other) = std::io::pipe().unwrap();
        other.write_all(b"abc").unwrap();
        drop(other);
        let mut text = String::new();
        Interruptible::new(end, CancelToken::default())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "abc");
    }

    #[test]
    fn it_gives_up_when_asked_and_says_so() {
        let (end, _other) = std::io::pipe().unwrap();
        let cancel = CancelToken::default();
        cancel.end(15);
        let mut reader = Interruptible::new(&end, cancel);
        let error = reader.read(&mut [0]).unwrap_err();
        assert!(Interruptible::<std::fs::File>::gave_up(&error), "{error}");
        assert_eq!(error.to_string(), "interrupted; nothing was changed");
    }
}
