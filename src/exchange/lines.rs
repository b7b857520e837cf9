//! Lines out of a stream, through one buffer that is wiped.
//!
//! Source files carry seeds and answers in plain. `BufRead::read_until` would leave copies of them behind wherever its
//! vector grew; here there is one buffer, its earlier copies are wiped when it grows, and lines are borrowed from it.

use std::io::{self, Read};
use std::ops::Range;

use zeroize::Zeroizing;

use super::Error;
use super::error::{broken_off, returns_only, too_long};

/// Longest line that is read, in bytes: far above any real record, far below what would hurt.
pub const MAX_LINE: usize = 16 << 20;

const FIRST_CAPACITY: usize = 256 << 10;

/// So much of a line that is too long can still be looked at, in bytes.
const HEAD: usize = 256;

/// Splits a stream at line feeds.
pub(super) struct Lines<R> {
    input: R,
    buffer: Zeroizing<Vec<u8>>,
    /// What is read and not yet handed out.
    pending: Range<usize>,
    /// The line handed out last.
    current: Range<usize>,
    number: u64,
    ended: bool,
}

/// Why there is no next line.
#[derive(Debug)]
pub(super) enum LineError {
    /// The line has more than [`MAX_LINE`] bytes; reading goes on behind it, and its beginning is the current line.
    TooLong,
    /// The lines end with CR alone.
    ReturnsOnly,
    /// The stream cannot be read.
    Io(io::Error),
}

impl LineError {
    /// The error of the file, after line `number` was handed out.
    pub(super) fn into_error(self, number: u64) -> Error {
        match self {
            Self::TooLong => too_long(number),
            Self::ReturnsOnly => returns_only(),
            Self::Io(error) => broken_off(number + 1, &error),
        }
    }
}

impl<R: Read> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            buffer: Zeroizing::new(vec![0; FIRST_CAPACITY]),
            pending: 0..0,
            current: 0..0,
            number: 0,
            ended: false,
        }
    }

    /// The number of the line handed out last, counted from 1.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// The line handed out last.
    pub(super) fn current(&self) -> &[u8] {
        self.buffer.get(self.current.clone()).unwrap_or_default()
    }

    /// The next line without its line feed; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, LineError> {
        self.current = 0..0;
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.pending.clone()];
            if let Some(at) = memchr::memchr(b'\n', &unread[searched..]) {
                let start = self.pending.start;
                let end = start + searched + at;
                self.pending.start = end + 1;
                return self.hand_out(start..end);
            }
            searched = unread.len();
            if searched > MAX_LINE {
                return Err(self.skip_line()?);
            }
            if !self.fill()? {
                let rest = self.pending.clone();
                if rest.is_empty() {
                    return Ok(None);
                }
                self.pending.start = rest.end;
                return self.hand_out(rest);
            }
        }
    }

    fn hand_out(&mut self, mut line: Range<usize>) -> Result<Option<&[u8]>, LineError> {
        self.number += 1;
        if self.number == 1 {
            if self.buffer[line.clone()].starts_with(b"\xEF\xBB\xBF") {
                line.start += 3;
            }
            if holds_returns(&self.buffer[line.clone()]) {
                return Err(LineError::ReturnsOnly);
            }
        }
        if line.len() > MAX_LINE {
            self.current = line.start..line.start + HEAD;
            return Err(LineError::TooLong);
        }
        self.current = line;
        Ok(Some(self.current()))
    }

    /// Reads more; `false` at the end of the stream.
    fn fill(&mut self) -> Result<bool, LineError> {
        if self.ended {
            return Ok(false);
        }
        if self.pending.end == self.buffer.len() {
            self.make_room();
        }
        let free = &mut self.buffer[self.pending.end..];
        let count = loop {
            match self.input.read(free) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(LineError::Io(error)),
                Ok(count) => break count,
            }
        };
        self.pending.end += count;
        self.ended = count == 0;
        Ok(count > 0)
    }

    fn make_room(&mut self) {
        let length = self.pending.len();
        if self.pending.start > self.buffer.len() / 2 {
            self.buffer.copy_within(self.pending.clone(), 0);
        } else {
            let mut larger = Zeroizing::new(vec![0; self.buffer.len() * 2]);
            larger[..length].copy_from_slice(&self.buffer[self.pending.clone()]);
            self.buffer = larger;
        }
        self.pending = 0..length;
    }

    /// Goes behind a line that is too long; keeps its beginning.
    fn skip_line(&mut self) -> Result<LineError, LineError> {
        self.number += 1;
        let unread = self.pending.clone();
        if self.number == 1 && holds_returns(&self.buffer[unread.clone()]) {
            return Err(LineError::ReturnsOnly);
        }
        self.buffer
            .copy_within(unread.start..unread.start + HEAD, 0);
        self.current = 0..HEAD;
        loop {
            self.pending = HEAD..HEAD;
            if !self.fill()? {
                return Ok(LineError::TooLong);
            }
            let unread = &self.buffer[self.pending.clone()];
            if let Some(at) = memchr::memchr(b'\n', unread) {
                self.pending.start += at + 1;
                return Ok(LineError::TooLong);
            }
        }
    }
}

/// Whether CR parts the lines: it stands within the text, not only at its end.
pub(super) fn holds_returns(line: &[u8]) -> bool {
    memchr::memchr(b'\r', line).is_some_and(|at| line[at..].iter().any(|&byte| byte != b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out a few bytes at a time.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(out.len());
            let (head, tail) = self.0.split_at(count);
            out[..count].copy_from_slice(head);
            self.0 = tail;
            Ok(count)
        }
    }

    fn all(bytes: &[u8], step: usize) -> Vec<(u64, Vec<u8>)> {
        let mut lines = Lines::new(Drip(bytes, step));
        let mut out = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            let line = line.to_vec();
            assert_eq!(lines.current(), line);
            out.push((lines.number(), line));
        }
        out
    }

    #[test]
    fn lines_are_split_however_the_bytes_arrive() {
        let expected = vec![
            (1, b"one".to_vec()),
            (2, Vec::new()),
            (3, b"three\r".to_vec()),
            (4, b"last".to_vec()),
        ];
        for step in [1, 2, 3, 5, 100] {
            assert_eq!(all(b"\xEF\xBB\xBFone\n\nthree\r\nlast", step), expected);
        }
        assert_eq!(all(b"one\n", 1), vec![(1, b"one".to_vec())]);
        assert_eq!(all(b"", 1), vec![]);
    }

    #[test]
    fn the_buffer_grows_for_a_long_line_and_keeps_what_follows() {
        let long = vec![b'x'; FIRST_CAPACITY * 3 + 7];
        let bytes = [b"a\n", long.as_slice(), b"\nb\n"].concat();
        let lines = all(&bytes, 70_000);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1].1, long);
        assert_eq!(lines[2], (3, b"b".to_vec()));
    }

    #[test]
    fn lines_that_end_with_cr_alone_are_reported() {
        let long = [b"a\r".repeat(MAX_LINE / 2 + 1).as_slice(), b"\nb"].concat();
        for text in [
            &b"a\rb"[..],
            b"\xEF\xBB\xBFa\rb\r",
            b"a\r\rb\nc",
            b"\ra",
            &long[..],
        ] {
            let mut lines = Lines::new(Drip(text, 1 << 20));
            assert!(matches!(lines.next(), Err(LineError::ReturnsOnly)));
        }
        for text in [&b"a\r\nb"[..], b"a\r\r\nb", b"a\r", b"\r\na", b"a\nb\rc"] {
            assert!(Lines::new(text).next().unwrap().is_some());
        }
    }

    #[test]
    fn a_line_beyond_the_limit_is_an_error_and_the_next_one_is_read() {
        for tail in [&b"\nnext\n"[..], b""] {
            let bytes = [vec![b'x'; MAX_LINE + 1].as_slice(), tail].concat();
            let mut lines = Lines::new(Drip(&bytes, 1 << 20));
            assert!(matches!(lines.next(), Err(LineError::TooLong)));
            assert_eq!(lines.number(), 1);
            assert_eq!(lines.current(), [b'x'; HEAD]);
            assert_eq!(
                lines.next().unwrap(),
                (!tail.is_empty()).then_some(&b"next"[..])
            );
        }
        let exact = [vec![b'x'; MAX_LINE].as_slice(), b"\n"].concat();
        assert_eq!(
            Lines::new(&exact[..]).next().unwrap().unwrap().len(),
            MAX_LINE
        );
    }
}
