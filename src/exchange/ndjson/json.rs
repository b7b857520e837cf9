//! JSON text out of records, into one buffer that is wiped.
//!
//! Written by hand because records hold secrets, and secrets have no `Serialize`; and because a generator of millions
//! of users waits for little else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::fmt::temporal::DateTimePrinter;

use crate::exchange::wiped::Wiped;
use crate::model::Timestamp;

/// JSON under way. Commas are put where they belong.
pub(super) struct Json {
    bytes: Wiped,
}

impl Json {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Wiped::with_capacity(capacity),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    pub(super) fn open(&mut self, bracket: u8) {
        self.comma();
        self.push(&[bracket]);
    }

    pub(super) fn close(&mut self, bracket: u8) {
        self.push(&[bracket]);
    }

    pub(super) fn end_line(&mut self) {
        self.push(b"\n");
    }

    pub(super) fn key(&mut self, key: &str) {
        self.comma();
        let bytes = self.bytes.with_room(key.len() + 3);
        bytes.push(b'"');
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(b"\":");
    }

    /// A string; `text` is UTF-8.
    pub(super) fn string(&mut self, text: &[u8]) {
        self.comma();
        self.bytes.reserve(text.len() + 2);
        self.push(b"\"");
        let mut rest = text;
        while let Some(at) = rest
            .iter()
            .position(|byte| NEEDS_ESCAPE[usize::from(*byte)])
        {
            let (plain, tail) = rest.split_at(at);
            self.push(plain);
            self.escape(tail[0]);
            rest = &tail[1..];
        }
        self.push(rest);
        self.push(b"\"");
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'\n' => self.push(b"\\n"),
            b'\r' => self.push(b"\\r"),
            b'\t' => self.push(b"\\t"),
            b'"' | b'\\' => self.push(&[b'\\', byte]),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                self.push(b"\\u00");
                self.push(&digits);
            }
        }
    }

    /// Bytes as a string of base64.
    pub(super) fn base64(&mut self, bytes: &[u8]) {
        self.comma();
        self.push(b"\"");
        let start = self.bytes.len();
        let length = bytes.len().div_ceil(3) * 4;
        let out = self.bytes.with_room(length);
        out.resize(start + length, 0);
        // The room is exactly what padded base64 takes, so nothing can be left over or fail.
        let _ = STANDARD.encode_slice(bytes, &mut out[start..]);
        self.push(b"\"");
    }

    pub(super) fn number(&mut self, number: u64) {
        self.comma();
        self.digits(number);
    }

    pub(super) fn signed(&mut self, number: i64) {
        self.comma();
        if number < 0 {
            self.push(b"-");
        }
        self.digits(number.unsigned_abs());
    }

    fn digits(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.push(&digits[at..]);
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.comma();
        self.push(if value { b"true" } else { b"false" });
    }

    pub(super) fn date(&mut self, date: Timestamp) {
        self.comma();
        self.push(b"\"");
        // Writing into memory that is there does not fail.
        let _ = DateTimePrinter::new().print_timestamp(&date, self.bytes.with_room(40));
        self.push(b"\"");
    }

    /// A comma, unless an object, an array, a line or a value after its key begins here.
    #[inline]
    fn comma(&mut self) {
        if !matches!(self.bytes.last(), None | Some(b'{' | b'[' | b':' | b'\n')) {
            self.push(b",");
        }
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.push(bytes);
    }
}

/// The bytes that may not stand in a JSON string as they are.
const NEEDS_ESCAPE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};
