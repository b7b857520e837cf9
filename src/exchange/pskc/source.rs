//! The bytes of a PSKC file on their way to the XML parser: counted, limited, wiped.
//!
//! The parser gathers a whole tag, text or comment before it hands it out. A file that never ends one would fill the
//! memory, so each of them may take so many bytes and no more.

use std::io::{self, BufRead, Read};

use zeroize::Zeroizing;

/// The most bytes that one tag, text or comment may have.
pub(super) const MAX_PIECE: usize = 256 << 10;

pub(super) struct Source<R> {
    input: R,
    buffer: Zeroizing<Vec<u8>>,
    start: usize,
    end: usize,
    line: u64,
    left: usize,
}

impl<R: Read> Source<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            buffer: Zeroizing::new(vec![0; 64 << 10]),
            start: 0,
            end: 0,
            line: 1,
            left: MAX_PIECE,
        }
    }

    /// The line of the next byte, counted from 1.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// A new piece begins.
    pub(super) const fn begin_piece(&mut self) {
        self.left = MAX_PIECE;
    }

    /// Whether the piece under way is too long.
    pub(super) const fn is_too_long(&self) -> bool {
        self.left == 0
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        out[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if self.start == self.end {
            self.start = 0;
            self.end = self.input.read(&mut self.buffer)?;
        }
        let end = self.end.min(self.start + self.left);
        Ok(&self.buffer[self.start..end])
    }

    fn consume(&mut self, count: usize) {
        let end = self.end.min(self.start + count);
        let lines = memchr::memchr_iter(b'\n', &self.buffer[self.start..end]).count();
        self.line += lines as u64;
        self.left = self.left.saturating_sub(count);
        self.start = end;
    }
}
