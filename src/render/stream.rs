//! A stream that data goes to: standard output or a file, buffered, quiet about a closed pipe.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A writer that several hands share.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Box<dyn Write + Send>>>);

impl Shared {
    pub(super) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Mutex::new(writer)))
    }

    /// Writes and flushes all of it.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(bytes)?;
        writer.flush()
    }
}

/// Where the rows of one list go.
pub(super) struct Stream {
    to: Shared,
    buffer: Vec<u8>,
    flush_at: usize,
    open: bool,
}

impl Stream {
    /// `eager` on a terminal, so that rows appear as they come.
    pub(super) fn new(to: Shared, eager: bool) -> Self {
        Self {
            to,
            buffer: Vec::new(),
            flush_at: if eager { 0 } else { 64 * 1024 },
            open: true,
        }
    }

    /// The text to be written next; [`Stream::pass`] follows.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Takes text and writes it when enough has come together. `Ok(false)` once the reader has gone.
    pub(super) fn push(&mut self, text: &str) -> io::Result<bool> {
        self.buffer.extend_from_slice(text.as_bytes());
        self.pass()
    }

    /// Writes the buffer when enough has come together. `Ok(false)` once the reader has gone.
    pub(super) fn pass(&mut self) -> io::Result<bool> {
        if self.buffer.len() > self.flush_at {
            self.flush()
        } else {
            Ok(self.open)
        }
    }

    /// Writes what is there. `Ok(false)` once the reader has gone.
    pub(super) fn flush(&mut self) -> io::Result<bool> {
        if self.open && !self.buffer.is_empty() {
            match self.to.write(&self.buffer) {
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => self.open = false,
                other => other?,
            }
        }
        self.buffer.clear();
        Ok(self.open)
    }
}
