//! Reading answers from the terminal.

use std::fs::File;
use std::io::{self, Read as _};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use secrecy::SecretString;
use zeroize::Zeroize;

use super::Error;
use crate::ambient::CancelToken;
use crate::files::Interruptible;

/// Where answers come from; a test has another.
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
        let mut input = Interruptible::new(rustix::stdio::stdin(), self.cancel.clone());
        let mut line = Vec::new();
        loop {
            // The terminal hands over whole lines; a byte at a time leaves the next line to its reader.
            let mut byte = [0];
            match input.read(&mut byte).map_err(failed)? {
                0 if line.is_empty() => return Ok(None),
                0 => break,
                _ if byte[0] == b'\n' => break,
                _ => line.push(byte[0]),
            }
        }
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }

    fn password(&self, prompt: &str) -> Result<SecretString, Error> {
        // rpassword would turn the echo off only after the prompt is shown, too late for a fast typist.
        let unseen = Unseen::begin().map_err(Error::Terminal)?;
        let terminal = unseen.terminal.try_clone().map_err(Error::Terminal)?;
        let config = rpassword::ConfigBuilder::new()
            .input_reader(Interruptible::new(terminal, self.cancel.clone()))
            .build();
        let typed = rpassword::prompt_password_with_config(prompt, config);
        // Enter was not seen either.
        let _ = rustix::io::write(&unseen.terminal, b"\n");
        let mut password = typed.map_err(failed)?;
        // Into a box of its exact size: shrinking the string would leave a copy behind.
        let secret = SecretString::from(Box::<str>::from(password.as_str()));
        password.zeroize();
        Ok(secret)
    }
}

/// Why nothing could be read.
fn failed(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::Interrupted || Interruptible::<File>::gave_up(&error) {
        Error::Interrupted
    } else {
        Error::Terminal(error)
    }
}

/// The terminal without echo, for as long as this lives.
struct Unseen {
    terminal: File,
    before: Termios,
}

impl Unseen {
    fn begin() -> io::Result<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut unseen = before.clone();
        let seen = LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        unseen.local_modes.remove(seen);
        unseen.special_codes[SpecialCodeIndex::VMIN] = 1;
        unseen.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &unseen)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
