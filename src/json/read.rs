//! A strict pull parser for one line of JSON.
//!
//! Two readers must not see different things in one line, so doubled and unknown keys, floats, integers above 2^53 − 1
//! and lone surrogates are errors. Generic JSON libraries accept most of these or buffer values; here
//! nothing is parsed but what the caller reads.

use super::escape::{self, BadEscape};
use std::borrow::Cow;

/// Greatest integer that every JSON reader keeps exactly.
pub(crate) const MAX_INTEGER: u64 = (1 << 53) - 1;

/// What is wrong, and at which byte of the line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) what: String,
}

impl Fault {
    pub(crate) fn at<T>(at: usize, what: impl Into<String>) -> Parsed<T> {
        let what = what.into();
        Err(Self { at, what })
    }
}

/// A position in a line.
pub(crate) struct Parser<'a, C> {
    text: &'a str,
    at: usize,
    /// What else the reader of this line keeps.
    pub(crate) context: C,
}

pub(crate) type Parsed<T> = Result<T, Fault>;

impl<'a, C> Parser<'a, C> {
    pub(crate) fn new(text: &'a str, context: C) -> Self {
        Self {
            text,
            at: 0,
            context,
        }
    }

    pub(crate) fn fault<T>(&self, what: impl Into<String>) -> Parsed<T> {
        Fault::at(self.at, what)
    }

    /// The end of the line, after blanks.
    pub(crate) fn end(&mut self) -> Parsed<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fault("there is something after the record"),
        }
    }

    /// An object; `member` reads the value that belongs to a key.
    pub(crate) fn object(
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
    pub(crate) fn record_type(&mut self) -> Parsed<Cow<'a, str>> {
        self.expect(b'{')?;
        let at = self.at;
        if self.peek() != Some(b'"') || self.text()? != "type" {
            return Fault::at(at, "a record begins with its \"type\"");
        }
        self.expect(b':')?;
        let name = self.text()?;
        self.expect(b',')?;
        Ok(name)
    }

    /// Members up to the end of the object that they are in.
    pub(crate) fn members(
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

    pub(crate) fn array<T>(
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
    pub(crate) fn once<T>(
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

    pub(crate) fn text(&mut self) -> Parsed<Cow<'a, str>> {
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
    pub(crate) fn string<T: From<Cow<'a, str>>>(&mut self) -> Parsed<T> {
        Ok(self.text()?.into())
    }

    /// A string that has a meaning of its own, such as a name of a closed set or a time.
    pub(crate) fn parsed<T: std::str::FromStr>(&mut self) -> Parsed<T>
    where
        T::Err: std::fmt::Display,
    {
        let at = self.place();
        match self.text()?.parse() {
            Ok(value) => Ok(value),
            Err(error) => Fault::at(at, T::Err::to_string(&error)),
        }
    }

    pub(crate) fn boolean(&mut self) -> Parsed<bool> {
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
    pub(crate) fn signed(&mut self) -> Parsed<i64> {
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
    pub(crate) fn integer<T: TryFrom<i64>>(&mut self) -> Parsed<T> {
        let at = self.place();
        match T::try_from(self.signed()?) {
            Ok(number) => Ok(number),
            Err(_) => Fault::at(at, "this integer is out of range"),
        }
    }

    /// Bytes of a string up to a quote, an escape or a control character.
    fn plain_run(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let len = escape::plain(rest.as_bytes());
        self.at += len;
        &rest[..len]
    }

    fn escape(&mut self) -> Parsed<char> {
        match escape::resolve(&self.text.as_bytes()[self.at..]) {
            Ok((c, len)) => {
                self.at += len;
                Ok(c)
            }
            Err(BadEscape::Unknown) => self.fault("an unknown escape in a string"),
            Err(BadEscape::Unicode) => self.fault("a wrong \\u escape in a string"),
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

    /// This byte, after blanks.
    fn expect(&mut self, byte: u8) -> Parsed<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            self.fault(format!("'{}' is expected here", char::from(byte)))
        }
    }

    /// Where the next value begins, after blanks.
    pub(crate) fn place(&mut self) -> usize {
        self.peek();
        self.at
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
