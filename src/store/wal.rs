//! A write-ahead log read with plain reads, before SQLite sees it: the frames that SQLite would apply, one at a time.
//!
//! The format is that of SQLite's documentation (fileformat2, section 4). A frame counts while its salts are those of
//! the header and the running checksum is right; what comes after the first other one is left from an earlier log.

use std::fs::File;
use std::io::{self, BufReader, Read};

const HEADER: usize = 32;
const FRAME: usize = 24;

/// The salts of a log: drawn anew whenever it begins anew.
pub(super) type Salts = [u8; 8];

/// A page that was written.
pub(super) struct Frame<'a> {
    /// Its number, from 1.
    pub(super) page: u32,
    /// Whether it ends a transaction.
    pub(super) commits: bool,
    pub(super) content: &'a [u8],
}

/// The frames of a log, from the first.
pub(super) struct Frames {
    input: BufReader<File>,
    salts: Salts,
    sums: Sums,
    /// A frame's header with its page.
    buffer: Vec<u8>,
}

impl Frames {
    /// Begins to read; nothing where the log is empty or SQLite would take it for empty.
    pub(super) fn of(file: File) -> io::Result<Option<Self>> {
        let mut input = BufReader::with_capacity(1 << 16, file);
        let mut header = [0; HEADER];
        if !filled(&mut input, &mut header)? {
            return Ok(None);
        }
        let big_endian = match number(&header, 0) {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return Ok(None),
        };
        let page_size = number(&header, 8);
        if !page_size.is_power_of_two() || !(512..=65_536).contains(&page_size) {
            return Ok(None);
        }
        let mut sums = Sums {
            big_endian,
            first: 0,
            second: 0,
        };
        sums.add(&header[..24]);
        let mut salts = [0; 8];
        salts.copy_from_slice(&header[16..24]);
        Ok(sums.are(&header[24..]).then(|| Self {
            input,
            salts,
            sums,
            buffer: vec![0; FRAME + page_size as usize],
        }))
    }

    /// The salts in the header.
    pub(super) fn salts(&self) -> Salts {
        self.salts
    }

    /// The next frame.
    pub(super) fn next(&mut self) -> io::Result<Option<Frame<'_>>> {
        if !filled(&mut self.input, &mut self.buffer)? || self.buffer[8..16] != self.salts {
            return Ok(None);
        }
        let (header, content) = self.buffer.split_at(FRAME);
        self.sums.add(&header[..8]);
        self.sums.add(content);
        Ok(self.sums.are(&header[16..]).then(|| Frame {
            page: number(header, 0),
            commits: number(header, 4) != 0,
            content,
        }))
    }
}

/// Whether the buffer could be filled.
fn filled(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(four)
}

/// The running checksum over header and frames.
struct Sums {
    big_endian: bool,
    first: u32,
    second: u32,
}

impl Sums {
    fn add(&mut self, bytes: &[u8]) {
        let word = |four: &[u8]| {
            let word = number(four, 0);
            if self.big_endian {
                word
            } else {
                word.swap_bytes()
            }
        };
        let (mut first, mut second) = (self.first, self.second);
        for pair in bytes.chunks_exact(8) {
            first = first.wrapping_add(word(&pair[..4])).wrapping_add(second);
            second = second.wrapping_add(word(&pair[4..])).wrapping_add(first);
        }
        (self.first, self.second) = (first, second);
    }

    /// Whether they are those that are written there.
    fn are(&self, bytes: &[u8]) -> bool {
        (number(bytes, 0), number(bytes, 4)) == (self.first, self.second)
    }
}
