//! A strict pull parser for one line of JSON (RFC 8259), of the few shapes that a bundle holds.
//!
//! Two readers must not see different things in one line, so doubled and unknown keys, floats, integers above 2^53 − 1
//! and lone surrogates are errors, and secrets must be named in order. Generic JSON libraries keep silent about most of
//! these or buffer values; here nothing is read that is not asked for.

use crate::model::{SecretBytes, Timestamp};
use std::borrow::Cow;

/// Greatest integer that every JSON reader keeps exactly.
pub(super) const MAX_INTEGER: u64 = (1 << 53) - 1;

/// What is wrong, and at which byte of the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) what: String,
}

/// The secrets that stand outside a block's JSON, given out in order and once.
#[derive(Clone, Default)]
pub(super) struct Secrets<'a> {
    bytes: &'a [u8],
    given: u64,
}

impl<'a> Secrets<'a> {
    /// `bytes` is `(u32 length ‖ bytes)*`, already known to be well formed.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, given: 0 }
    }

    /// How many are left.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next secret, if there is one.
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let (len, rest) = self.bytes.split_first_chunk()?;
        let (secret, rest) = rest.split_at_checked(u32::from_be_bytes(*len) as usize)?;
        self.bytes = rest;
        self.given += 1;
        Some(secret)
    }
}

/// A position in a line.
pub(super) struct Parser<'a, 's> {
    text: &'a str,
    at: usize,
    secrets: &'s mut Secrets<'a>,
}

pub(super) type Parsed<T> = Result<T, Fault>;

impl<'a, 's> Parser<'a, 's> {
    pub(super) fn new(text: &'a str, secrets: &'s mut Secrets<'a>) -> Self {
        Self {
            text,
            at: 0,
            secrets,
        }
    }

    pub(super) fn fault<T>(&self, what: impl Into<String>) -> Parsed<T> {
        Err(Fault {
            at: self.at,
            what: what.into(),
        })
    }

    /// The end of the line, after blanks.
    pub(super) fn end(&mut self) -> Parsed<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fault("there is something after the record"),
        }
    }

    /// An object; `member` reads the value that belongs to a key.
    pub(super) fn object(
        &mut self,
        member: impl FnMut(&mut Self, &str) -> Parsed<()>,
    ) -> Parsed<()> {
        self.expect(b'{')?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        self.members(member)
    }

    /// The first member of a record, which is its type; the others are read by [`Parser::members`].
    pub(super) fn record_type(&mut self) -> Parsed<Cow<'a, str>> {
        self.expect(b'{')?;
        let at = self.at;
        if self.peek() != Some(b'"') || self.text()? != "type" {
            self.at = at;
            return self.fault("a record begins with its \"type\"");
        }
        self.expect(b':')?;
        let name = self.text()?;
        self.expect(b',')?;
        Ok(name)
    }

    /// Members up to the end of the object that they are in.
    pub(super) fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Parsed<()>,
    ) -> Parsed<()> {
        loop {
            let key = self.text()?;
            self.expect(b':')?;
            member(self, &key)?;
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// An array.
    pub(super) fn array<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        self.expect(b'[')?;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if !self.more(b']')? {
                return Ok(items);
            }
        }
    }

    /// Reads a value into its slot, which is still empty unless the key came before.
    pub(super) fn once<T>(
        &mut self,
        slot: &mut Option<T>,
        read: impl FnOnce(&mut Self) -> Parsed<T>,
    ) -> Parsed<()> {
        if slot.is_some() {
            return self.fault("this key stands twice in one object");
        }
        *slot = Some(read(self)?);
        Ok(())
    }

    /// A string.
    pub(super) fn text(&mut self) -> Parsed<Cow<'a, str>> {
        self.expect(b'"')?;
        let start = self.at;
        let run = self.plain_run();
        if self.byte() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(run));
        }
        self.at = start;
        let mut text = String::new();
        loop {
            text.push_str(self.plain_run());
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return self.fault("a control character in a string"),
                None => return self.fault("a string without end"),
            }
        }
    }

    /// A string of its own.
    pub(super) fn string<T: From<Cow<'a, str>>>(&mut self) -> Parsed<T> {
        Ok(self.text()?.into())
    }

    /// A string that has a meaning of its own, such as a name of a closed set or a time.
    pub(super) fn parsed<T: std::str::FromStr>(&mut self) -> Parsed<T>
    where
        T::Err: std::fmt::Display,
    {
        self.peek();
        let at = self.at;
        let text = self.text()?;
        text.parse().map_err(|error: T::Err| Fault {
            at,
            what: error.to_string(),
        })
    }

    /// A moment as `YYYY-MM-DDThh:mm:ss`, an optional fraction, and `Z`.
    pub(super) fn time(&mut self) -> Parsed<Timestamp> {
        self.peek();
        let at = self.at;
        let text = self.text()?;
        match text.parse() {
            Ok(time) if has_time_form(text.as_bytes()) => Ok(time),
            _ => {
                self.at = at;
                self.fault("a time in UTC is expected here, such as 2026-01-02T03:04:05Z")
            }
        }
    }

    pub(super) fn boolean(&mut self) -> Parsed<bool> {
        self.peek();
        for (word, value) in [("true", true), ("false", false)] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.fault("true or false is expected here")
    }

    /// An integer from −(2^53 − 1) to 2^53 − 1.
    pub(super) fn signed(&mut self) -> Parsed<i64> {
        let negative = self.peek() == Some(b'-');
        let at = self.at;
        self.at += usize::from(negative);
        let digits = self.text.as_bytes()[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let number = &self.text[self.at..self.at + digits];
        self.at += digits;
        let exact = !number.is_empty()
            && (number == "0" && !negative || !number.starts_with('0'))
            && !matches!(self.byte(), Some(b'.' | b'e' | b'E'));
        match number.parse::<u64>() {
            Ok(number) if exact && number <= MAX_INTEGER => {
                // Below 2^53, so it fits.
                let number = number as i64;
                Ok(if negative { -number } else { number })
            }
            _ => {
                self.at = at;
                self.fault("an integer of at most 2^53 - 1 is expected here")
            }
        }
    }

    /// An integer from 0.
    pub(super) fn integer<T: TryFrom<i64>>(&mut self) -> Parsed<T> {
        self.peek();
        let at = self.at;
        match T::try_from(self.signed()?) {
            Ok(number) => Ok(number),
            Err(_) => {
                self.at = at;
                self.fault("this integer is out of range")
            }
        }
    }

    /// `{"$secret":n}` with the next n.
    pub(super) fn secret(&mut self) -> Parsed<SecretBytes> {
        self.peek();
        let at = self.at;
        let mut number: Option<u64> = None;
        self.object(|parser, key| match key {
            "$secret" => parser.once(&mut number, Self::integer),
            _ => parser.fault("{\"$secret\":n} is expected here"),
        })?;
        let given = self.secrets.given;
        match self.secrets.next() {
            Some(secret) if number == Some(given) => Ok(SecretBytes::from(secret.to_vec())),
            _ => {
                self.at = at;
                self.fault("secrets are not numbered in order, or one is missing")
            }
        }
    }

    /// A secret that is text.
    pub(super) fn secret_text(&mut self) -> Parsed<SecretBytes> {
        use secrecy::ExposeSecret as _;
        let secret = self.secret()?;
        match std::str::from_utf8(secret.expose_secret()) {
            Ok(_) => Ok(secret),
            Err(_) => self.fault("this secret is not UTF-8"),
        }
    }

    /// Bytes of a string up to a quote, an escape or a control character.
    fn plain_run(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let len = rest
            .bytes()
            .position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
            .unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    fn escape(&mut self) -> Parsed<char> {
        let escape = self.text.as_bytes().get(self.at + 1).copied();
        let c = match escape {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return self.fault("an unknown escape in a string"),
        };
        self.at += 2;
        Ok(c)
    }

    fn unicode_escape(&mut self) -> Parsed<char> {
        let unit = |at: usize| -> Option<u16> {
            let escape = self.text.as_bytes().get(at..at + 6)?;
            let digits = escape.strip_prefix(b"\\u")?;
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        };
        let first = unit(self.at);
        let second = unit(self.at + 6);
        let units = [first, second].into_iter().map_while(|unit| unit);
        match char::decode_utf16(units).next() {
            Some(Ok(c)) => {
                self.at += 6 * c.len_utf16();
                Ok(c)
            }
            _ => self.fault("a wrong \\u escape in a string"),
        }
    }

    /// After a member or item: whether another follows, or the end.
    fn more(&mut self, end: u8) -> Parsed<bool> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(false)
            }
            _ => self.fault(format!("',' or '{}' is expected here", char::from(end))),
        }
    }

    fn expect(&mut self, byte: u8) -> Parsed<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            self.fault(format!("'{}' is expected here", char::from(byte)))
        }
    }

    /// The next byte after blanks.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// The one form of the several that the library reads.
fn has_time_form(text: &[u8]) -> bool {
    let Some((date_time, [fraction @ .., b'Z'])) = text.split_at_checked(19) else {
        return false;
    };
    let shaped = date_time
        .iter()
        .zip(b"0000-00-00T00:00:00")
        .all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        });
    let fraction_fits = match fraction {
        [] => true,
        [b'.', digits @ ..] => {
            (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    shaped && fraction_fits && !date_time.starts_with(b"0000")
}
