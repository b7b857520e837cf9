//! JSON text, straight into a buffer.
//!
//! Written by hand because secrets have no `Serialize` and may only pass through buffers that are wiped, and because
//! it takes most of the time of writing millions of records.

use super::escape::escape;
use super::sink::Sink;
use crate::model::Moment;

/// JSON under way. Commas are put where they belong.
pub(crate) struct Json<S> {
    out: S,
    /// Whether a comma is due before the next key or item.
    comma: bool,
}

impl<S: Sink> Json<S> {
    pub(crate) fn new(out: S) -> Self {
        Self { out, comma: false }
    }

    pub(crate) fn out(&mut self) -> &mut S {
        &mut self.out
    }

    #[inline]
    pub(crate) fn open_object(&mut self) {
        self.open("{");
    }

    #[inline]
    pub(crate) fn close_object(&mut self) {
        self.close("}");
    }

    #[inline]
    pub(crate) fn open_array(&mut self) {
        self.open("[");
    }

    #[inline]
    pub(crate) fn close_array(&mut self) {
        self.close("]");
    }

    /// Ends a line; what follows is a value of its own.
    pub(crate) fn end_line(&mut self) {
        self.out.push("\n");
        self.comma = false;
    }

    /// A key of our own, which needs no escapes.
    #[inline]
    pub(crate) fn key(&mut self, key: &str) {
        self.begin();
        self.out.push("\"");
        self.out.push(key);
        self.out.push("\":");
        self.comma = false;
    }

    /// A member, left out where there is no value; `write` writes one.
    #[inline]
    pub(crate) fn member<T>(
        &mut self,
        key: &str,
        value: Option<T>,
        write: impl FnOnce(&mut Self, T),
    ) {
        if let Some(value) = value {
            self.key(key);
            write(self, value);
        }
    }

    #[inline]
    pub(crate) fn string(&mut self, text: &str) {
        self.quoted(|out| escape::<false>(text, |_| false, out));
    }

    /// A string in which the characters that are `hidden` are escaped as well.
    pub(crate) fn string_without(&mut self, text: &str, hidden: impl Fn(char) -> bool) {
        self.quoted(|out| escape::<true>(text, hidden, out));
    }

    #[inline]
    pub(crate) fn number(&mut self, number: impl itoa::Integer) {
        self.literal(itoa::Buffer::new().format(number));
    }

    #[inline]
    pub(crate) fn boolean(&mut self, value: bool) {
        self.literal(if value { "true" } else { "false" });
    }

    pub(crate) fn null(&mut self) {
        self.literal("null");
    }

    /// RFC 3339 in UTC.
    pub(crate) fn time(&mut self, time: Moment) {
        self.quoted(|out| {
            // Writing into memory does not fail.
            let _ = time.print(Text(out));
        });
    }

    /// A string that `write` appends, and that needs no escapes.
    #[inline]
    pub(crate) fn quoted(&mut self, write: impl FnOnce(&mut S)) {
        self.begin();
        self.out.push("\"");
        write(&mut self.out);
        self.out.push("\"");
        self.comma = true;
    }

    #[inline]
    fn literal(&mut self, text: &str) {
        self.begin();
        self.out.push(text);
        self.comma = true;
    }

    #[inline]
    fn open(&mut self, bracket: &str) {
        self.begin();
        self.out.push(bracket);
        self.comma = false;
    }

    #[inline]
    fn close(&mut self, bracket: &str) {
        self.out.push(bracket);
        self.comma = true;
    }

    #[inline]
    fn begin(&mut self) {
        if self.comma {
            self.out.push(",");
        }
    }
}

/// A sink as jiff writes to it.
struct Text<'a, S>(&'a mut S);

impl<S: Sink> jiff::fmt::Write for Text<'_, S> {
    fn write_str(&mut self, text: &str) -> Result<(), jiff::Error> {
        self.0.push(text);
        Ok(())
    }
}
