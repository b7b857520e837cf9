//! The escapes of JSON strings, made and resolved.

use super::sink::Sink;

/// How many bytes of `text` stand for themselves before a quote, a backslash or a control character.
pub(super) fn plain(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // Eight bytes at once: the subtraction carries into the high bit of a byte that is below, and of none before it.
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word;
    let is = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = (below(word, b' ') | is(word, b'"') | is(word, b'\\')) & HIGH;
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let tail = rest.iter().position(|byte| is_special(*byte));
    words.len() * 8 + tail.unwrap_or(rest.len())
}

const fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// Appends the inside of the string `text`. With `HIDING`, the characters beyond printable ASCII that are `hidden` are
/// escaped too.
pub(super) fn escape<const HIDING: bool>(
    text: &str,
    hidden: impl Fn(char) -> bool,
    out: &mut impl Sink,
) {
    let mut rest = text;
    loop {
        let at = if HIDING {
            let stops = |byte: u8| is_special(byte) || byte > b'~';
            rest.bytes().position(stops).unwrap_or(rest.len())
        } else {
            plain(rest.as_bytes())
        };
        let (plain, tail) = rest.split_at(at);
        out.push(plain);
        let Some(c) = tail.chars().next() else {
            return;
        };
        rest = &tail[c.len_utf8()..];
        match c {
            '"' => out.push("\\\""),
            '\\' => out.push("\\\\"),
            '\n' => out.push("\\n"),
            '\r' => out.push("\\r"),
            '\t' => out.push("\\t"),
            c if c < ' ' || hidden(c) => hex(c, out),
            c => out.push(c.encode_utf8(&mut [0; 4])),
        }
    }
}

fn hex(c: char, out: &mut impl Sink) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.push("\\u");
        for shift in [12, 8, 4, 0] {
            let digit = usize::from(*unit >> shift & 15);
            out.push(&"0123456789abcdef"[digit..=digit]);
        }
    }
}

/// Why an escape makes no character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadEscape {
    /// There is no such escape.
    Unknown,
    /// Not four hexadecimal digits, or half of a character.
    Unicode,
}

/// The character of the escape that `text` begins with, and the escape's length.
pub(super) fn resolve(text: &[u8]) -> Result<(char, usize), BadEscape> {
    let c = match text.get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(text).ok_or(BadEscape::Unicode),
        _ => return Err(BadEscape::Unknown),
    };
    Ok((c, 2))
}

fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u16> {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, digit| {
            let digit = char::from(*digit).to_digit(16)?;
            Some(unit << 4 | u16::try_from(digit).ok()?)
        })
    };
    let units = [unit(0), unit(6)].into_iter().map_while(|unit| unit);
    let c = char::decode_utf16(units).next()?.ok()?;
    Some((c, 6 * c.len_utf16()))
}

/// What stands between the quotes of a raw JSON string; `None` for another value.
pub(crate) fn string_body(raw: &str) -> Option<&str> {
    raw.strip_prefix('"')?.strip_suffix('"')
}

/// How many bytes the body of a JSON string has once its escapes are resolved; `None` if one makes no character.
pub(crate) fn unescaped_len(body: &str) -> Option<usize> {
    let mut len = 0;
    each_piece(body, |piece| len += piece.len())?;
    Some(len)
}

/// Writes the body of a JSON string with its escapes resolved; `out` has [`unescaped_len`] bytes.
pub(crate) fn unescape(body: &str, out: &mut [u8]) {
    let mut at = 0;
    each_piece(body, |piece| {
        out[at..at + piece.len()].copy_from_slice(piece.as_bytes());
        at += piece.len();
    });
}

/// The text of a body, piece by piece, up to an escape that makes no character.
fn each_piece(body: &str, mut each: impl FnMut(&str)) -> Option<()> {
    let mut rest = body;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, tail) = rest.split_at(at);
        each(plain);
        let (c, len) = resolve(tail.as_bytes()).ok()?;
        each(c.encode_utf8(&mut [0; 4]));
        rest = &tail[len..];
    }
    each(rest);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(body: &str) -> Option<String> {
        let mut out = vec![0; unescaped_len(body)?];
        unescape(body, &mut out);
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn escapes_are_resolved() {
        for (body, known) in [
            ("plain", "plain"),
            ("", ""),
            (r#"\"\\\/\b\f\n\r\t\u00e9"#, "\"\\/\u{8}\u{c}\n\r\té"),
            (r"\ud83d\ude00!", "😀!"),
        ] {
            assert_eq!(text(body).as_deref(), Some(known));
        }
    }

    #[test]
    fn halves_of_characters_are_refused() {
        for bad in [
            r"\ud83d",
            r"\ud83dxxxxxx",
            r"\ud83d\u0041",
            r"\ude00",
            r"\u00",
            r"\u+0ff",
            r"\x",
            r"\é",
            r"\",
        ] {
            assert_eq!(text(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_and_resolved_as_serde_json_does_it(text: String, hides: bool) {
            let mut out = String::new();
            if hides {
                escape::<true>(&text, |c| c > '~', &mut out);
                prop_assert!(out.is_ascii());
            } else {
                escape::<false>(&text, |_| false, &mut out);
                prop_assert_eq!(plain(out.as_bytes()) == out.len(), !out.contains('\\'));
            }
            let known: String = serde_json::from_str(&format!("\"{out}\"")).unwrap();
            prop_assert_eq!(&known, &text);
            prop_assert_eq!(super::tests::text(&out), Some(text));
        }

        #[test]
        fn the_first_byte_that_needs_an_escape_is_found(bytes: Vec<u8>) {
            let first = bytes.iter().position(|byte| is_special(*byte));
            prop_assert_eq!(plain(&bytes), first.unwrap_or(bytes.len()));
        }
    }
}
