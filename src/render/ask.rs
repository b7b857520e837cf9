//! Questions to whoever sits at the terminal.

use std::fs::File;
use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use zeroize::Zeroize;

use super::Error;
use super::cell::grouped;
use super::ui::Ui;
use crate::ambient::CancelToken;

/// Somebody who answers.
pub trait Ask: Send + Sync {
    /// The next line that is typed, without its end; `None` when the input has ended.
    fn line(&self) -> Result<Option<String>, Error>;
    /// A password, typed unseen after `prompt`.
    fn password(&self, prompt: &str) -> Result<SecretString, Error>;
}

/// The person at the terminal.
#[derive(Debug, Clone)]
pub struct Terminal {
    cancel: CancelToken,
}

impl Terminal {
    /// A question is given up when `cancel` is.
    pub fn new(cancel: CancelToken) -> Self {
        Self { cancel }
    }
}

impl Ask for Terminal {
    fn line(&self) -> Result<Option<String>, Error> {
        let input = rustix::stdio::stdin();
        let mut line = Vec::new();
        loop {
            // A read would be restarted after a signal, and Ctrl-C not be heard; a poll is not.
            let tick = Timespec::try_from(Duration::from_millis(100)).unwrap_or_default();
            let ready = poll(&mut [PollFd::new(&input, PollFlags::IN)], Some(&tick));
            if self.cancel.is_cancelled() {
                return Err(Error::Interrupted);
            }
            match ready {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(e) => return Err(Error::Terminal(e.into())),
            }
            // The terminal hands over whole lines; a byte at a time leaves the next line to its reader.
            let mut byte = [0];
            match rustix::io::read(input, &mut byte) {
                Ok(0) if line.is_empty() => return Ok(None),
                Ok(0) => break,
                Ok(_) if byte[0] == b'\n' => break,
                Ok(_) => line.push(byte[0]),
                Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(Error::Terminal(e.into())),
            }
        }
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }

    fn password(&self, prompt: &str) -> Result<SecretString, Error> {
        // rpassword turns the echo off only after the prompt is there, and somebody may be faster.
        let _unseen = Unseen::begin().map_err(Error::Terminal)?;
        match rpassword::prompt_password(prompt) {
            Ok(mut password) => {
                // Into a box of its exact size: shrinking the string would leave a copy behind.
                let secret = SecretString::from(Box::<str>::from(password.as_str()));
                password.zeroize();
                Ok(secret)
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Err(Error::Interrupted),
            Err(e) => Err(Error::Terminal(e)),
        }
    }
}

/// The terminal without echo, for as long as this lives.
struct Unseen {
    terminal: File,
    before: Termios,
}

impl Unseen {
    fn begin() -> io::Result<Self> {
        let terminal = File::open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut unseen = before.clone();
        let seen = LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        unseen.local_modes.remove(seen);
        tcsetattr(&terminal, OptionalActions::Now, &unseen)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// What counts as a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assent {
    /// `y` or `yes`.
    Yes,
    /// The count itself.
    Count(u64),
}

impl Assent {
    /// Counts above this have to be typed (language.md §5).
    pub const TYPED_ABOVE: u64 = 1_000;

    /// What a change to `count` records needs.
    pub fn to(count: u64) -> Self {
        if count > Self::TYPED_ABOVE {
            Self::Count(count)
        } else {
            Self::Yes
        }
    }
}

impl Ui {
    /// Asks, and says whether the answer was a yes. No answer, or the wrong count, is a no.
    pub fn confirm(&self, question: &str, assent: Assent) -> Result<bool, Error> {
        if !self.is_interactive() {
            return Err(Error::NobodyToAsk);
        }
        let question = super::sanitize::message(question, false);
        self.say(&match assent {
            Assent::Yes => format!("{question} [y/N] "),
            Assent::Count(count) => {
                let count = grouped(i64::try_from(count).unwrap_or(i64::MAX));
                format!("{question} Type {count} to go on: ")
            }
        });
        let answer = self.ask().line();
        if !matches!(answer, Ok(Some(_))) {
            // Nobody ended the line.
            self.say("\n");
        }
        let answer = answer?.unwrap_or_default();
        let answer = answer.trim();
        Ok(match assent {
            Assent::Yes => answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"),
            Assent::Count(count) => answer.replace([',', '_', '.', '\''], "").parse() == Ok(count),
        })
    }

    /// A line of text; empty when the input has ended.
    pub fn line(&self, question: &str) -> Result<String, Error> {
        if !self.is_interactive() {
            return Err(Error::NobodyToAsk);
        }
        self.say(&super::sanitize::message(question, false));
        let answer = self.ask().line()?.unwrap_or_default();
        Ok(answer.trim().to_owned())
    }

    /// A password, typed unseen on the terminal.
    pub fn password(&self, prompt: &str) -> Result<SecretString, Error> {
        self.ask()
            .password(&super::sanitize::message(prompt, false))
    }
}
