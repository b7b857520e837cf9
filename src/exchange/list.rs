//! Lists of names in a file, one a line: what `userid=@FILE` reads.
//!
//! People write such lists by hand and paste them from spreadsheets, so a byte order mark, CRLF, blank lines, comments
//! and blanks around a name are taken; what no name can be is refused with its line. A list that igsh wrote is read
//! back as what it was.

use std::io::Read;

use super::Error;
use super::encoding::Encoding;
use super::lines::Lines;
use crate::render::original;

/// A name of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Its line, from 1.
    pub line: u64,
    pub name: String,
    /// As it is spelt, where igsh would have written another name so.
    pub spelt: Option<String>,
}

/// The names of a list, in its order. A line that begins with `#` is a comment.
pub struct Names<R> {
    lines: Lines<R>,
    over: bool,
}

impl<R: Read> Names<R> {
    /// The names in `input`.
    pub fn new(input: R) -> Self {
        Self {
            lines: Lines::new(input),
            over: false,
        }
    }
}

impl<R: Read> Iterator for Names<R> {
    type Item = Result<Name, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            let (line, bytes) = match self.lines.next() {
                Ok(None) => return None,
                Ok(Some(_)) => (self.lines.number(), self.lines.current()),
                Err(error) => {
                    let error = error.into_error(self.lines.number());
                    self.over = error.fatal;
                    return Some(Err(error));
                }
            };
            match name(bytes) {
                Ok("") => {}
                Ok(spelt) => {
                    let name = original(spelt).into_owned();
                    let spelt = (name != spelt).then(|| spelt.to_owned());
                    return Some(Ok(Name { line, name, spelt }));
                }
                Err((what, hint)) => {
                    return Some(Err(Error {
                        line,
                        column: None,
                        field: String::new(),
                        what: what.to_owned(),
                        hint: hint.to_owned(),
                        fatal: false,
                    }));
                }
            }
        }
        None
    }
}

/// The name in a line; empty for a line without one.
fn name(bytes: &[u8]) -> Result<&str, (&'static str, &'static str)> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| {
            let encoding = Encoding::of_text(bytes).unwrap_or(Encoding::Ansi);
            (encoding.what(), encoding.hint())
        })?
        .trim();
    if text.starts_with('#') {
        return Ok("");
    }
    if text.contains(char::is_control) {
        return Err((
            "the name holds a control character",
            "remove other columns: a list has one name a line and nothing else",
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_one_a_line() {
        let list = b"\xEF\xBB\xBFasmith\r\n\r\n  # people of \xFF?\n";
        assert!(Names::new(&list[..]).nth(1).unwrap().is_err());
        let list = "\u{feff}asmith\r\n\r\n# people of sales\n sales/müller \n\t\n#\nb#1";
        let names: Vec<(u64, String)> = Names::new(list.as_bytes())
            .map(Result::unwrap)
            .map(|name| (name.line, name.name))
            .collect();
        let expected = [(1, "asmith"), (4, "sales/müller"), (7, "b#1")];
        assert_eq!(names, expected.map(|(line, name)| (line, name.to_owned())));
        assert_eq!(Names::new(&b""[..]).count(), 0);
    }

    #[test]
    fn a_line_that_is_no_name_is_reported_and_the_next_one_is_read() {
        let list = b"a\nb\tc\n\xC3\x28\nd";
        let said: Vec<String> = Names::new(&list[..])
            .map(|item| item.map_or_else(|error| error.to_string(), |name| name.name))
            .collect();
        assert_eq!(
            said,
            [
                "a",
                "line 2: the name holds a control character",
                "line 3: the text is not UTF-8; it looks like Windows-1252 (ANSI)",
                "d"
            ]
        );
    }
    #[test]
    fn c3_what_igsh_escapes_in_a_list_is_read_back() {
        let list = "\\u{23}hash\neve\\u{20}\n'=cmd\n\\u{27}=lit\n'anna\n# no user\n";
        let names: Vec<Name> = Names::new(list.as_bytes()).map(Result::unwrap).collect();
        let read: Vec<&str> = names.iter().map(|name| &*name.name).collect();
        assert_eq!(read, ["#hash", "eve ", "=cmd", "'=lit", "'anna"]);
        assert_eq!(names[2].spelt.as_deref(), Some("'=cmd"));
        assert_eq!(names[4].spelt, None);
    }
}
