//! Lists of names in a file, one a line: what `userid=@FILE` reads.
//!
//! People write such lists by hand and paste them from spreadsheets, so a byte order mark, CRLF, blank lines, comments
//! and blanks around a name are taken; what no name can be is refused with its line.

use std::io::Read;

use super::Error;
use super::encoding::Encoding;
use super::lines::Lines;

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
    type Item = Result<String, Error>;

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
                Ok(name) => return Some(Ok(name.to_owned())),
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
            "a list has one name a line and nothing else; remove other columns",
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
        let names: Vec<String> = Names::new(list.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(names, ["asmith", "sales/müller", "b#1"]);
        assert_eq!(Names::new(&b""[..]).count(), 0);
    }

    #[test]
    fn a_line_that_is_no_name_is_told_and_the_next_one_is_read() {
        let list = b"a\nb\tc\n\xC3\x28\nd";
        let said: Vec<String> = Names::new(&list[..])
            .map(|item| item.unwrap_or_else(|error| error.to_string()))
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
}
