//! Terminals that do not show UTF-8, by what the locale says.
//!
//! Everything is written in UTF-8; where a terminal takes ASCII only, each other character becomes one of ASCII that
//! takes as many columns, so that tables stay tables. Pipes and files get UTF-8 in any locale: programs read them.

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar as _;

/// Whether the locale asks for something else than UTF-8. One that is not set at all does not: that is what containers
/// and jobs have, and their terminals show UTF-8.
pub(super) fn wanted() -> bool {
    let value = [
        std::env::var("LC_ALL"),
        std::env::var("LC_CTYPE"),
        std::env::var("LANG"),
    ]
    .into_iter()
    .flatten()
    .find(|value| !value.is_empty());
    value.is_some_and(|value| !is_utf_8(&value))
}

fn is_utf_8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// `text` in ASCII, every character as wide as it was.
pub(super) fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let sign = match c {
            c if c.is_ascii() => c,
            '─' | '━' | '–' | '—' | '╌' => '-',
            '═' => '=',
            '│' | '┃' | '║' | '┆' => '|',
            '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' | '╞' | '╡' | '╪' => {
                '+'
            }
            '█' | '▉' | '▊' | '▋' | '▌' => '#',
            '▍' | '▎' | '▏' | '░' | '·' => '.',
            '…' => '~',
            '•' => '*',
            '‘' | '’' => '\'',
            '“' | '”' | '„' => '"',
            '→' => '>',
            _ => '?',
        };
        out.extend(std::iter::repeat_n(sign, c.width().unwrap_or(1)));
    }
    out
}

/// A terminal that gets ASCII only.
pub(super) struct Ascii<W>(pub(super) W);

impl<W: Write> Write for Ascii<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Texts are written whole, so that no character is split between two writes.
        self.0
            .write_all(ascii(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    #[test]
    fn every_character_keeps_its_width() {
        for (text, expected) in [
            ("│ a… │", "| a~ |"),
            ("Müller 日本", "M?ller ????"),
            ("e\u{301}•\u{1b}[0m", "e*\u{1b}[0m"),
        ] {
            assert_eq!(ascii(text), expected);
            assert_eq!(ascii(text).width(), text.width(), "{text}");
        }
    }

    #[test]
    fn locales_say_what_they_take() {
        for (locale, expected) in [
            ("C", false),
            ("POSIX", false),
            ("de_DE@euro", false),
            ("en_US.ISO-8859-1", false),
            ("C.UTF-8", true),
            ("de_DE.utf8", true),
        ] {
            assert_eq!(is_utf_8(locale), expected, "{locale}");
        }
    }
}
