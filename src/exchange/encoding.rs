//! Texts that are not UTF-8: which encoding that looks like, and how it is converted.

/// An encoding that is not read. The first bytes of a file distinguish most of them; where only later bytes show it, the
/// message calls it a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Two bytes a character, the lower one first.
    Utf16Le,
    /// Two bytes a character, the higher one first.
    Utf16Be,
    /// Four bytes a character, the lowest one first.
    Utf32Le,
    /// Four bytes a character, the highest one first.
    Utf32Be,
    /// UTF-16 that was appended to something else.
    PartlyUtf16,
    /// One byte a character.
    Ansi,
}

impl Encoding {
    /// What the first bytes of a file say; four of them do. With a mark, or without one where the text begins as all
    /// of ours do, with characters of ASCII.
    pub const fn of_head(head: &[u8]) -> Option<Self> {
        match head {
            [0xFF, 0xFE, 0, 0, ..] | [1..=0xFF, 0, 0, 0, ..] => Some(Self::Utf32Le),
            [0, 0, 0xFE, 0xFF, ..] | [0, 0, 0, 1..=0xFF, ..] => Some(Self::Utf32Be),
            [0xFF, 0xFE, ..] | [1..=0xFF, 0, 1..=0xFF, 0, ..] => Some(Self::Utf16Le),
            [0xFE, 0xFF, ..] | [0, 1..=0xFF, 0, 1..=0xFF, ..] => Some(Self::Utf16Be),
            _ => None,
        }
    }

    /// What a text further down looks like; `None` where it can be UTF-8.
    pub fn of_text(text: &[u8]) -> Option<Self> {
        let nothing = memchr::memchr_iter(0, text).count();
        if nothing > 0 && nothing >= text.len() / 4 {
            return Some(Self::PartlyUtf16);
        }
        std::str::from_utf8(text).is_err().then_some(Self::Ansi)
    }

    /// What is wrong with the text.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Utf16Le => "the text is UTF-16LE, not UTF-8",
            Self::Utf16Be => "the text is UTF-16BE, not UTF-8",
            Self::Utf32Le => "the text is UTF-32LE, not UTF-8",
            Self::Utf32Be => "the text is UTF-32BE, not UTF-8",
            Self::PartlyUtf16 => "the text is UTF-16 from here on, not UTF-8",
            Self::Ansi => "the text is not UTF-8; it looks like Windows-1252 (ANSI)",
        }
    }

    /// What to do about it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Utf16Le => "convert it: iconv -f UTF-16LE -t UTF-8 OLD > NEW",
            Self::Utf16Be => "convert it: iconv -f UTF-16BE -t UTF-8 OLD > NEW",
            Self::Utf32Le => "convert it: iconv -f UTF-32LE -t UTF-8 OLD > NEW",
            Self::Utf32Be => "convert it: iconv -f UTF-32BE -t UTF-8 OLD > NEW",
            Self::PartlyUtf16 => "two encodings were put into one file; write all of it as UTF-8",
            Self::Ansi => "convert it: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str, big: bool) -> Vec<u8> {
        let bytes = |unit: u16| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        };
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn first_bytes_show_the_encoding() {
        for text in ["dn: uid=a", "{\"type\"", "#é", "\u{feff}dn: é", "<?xml"] {
            assert_eq!(Encoding::of_head(text.as_bytes()), None, "{text}");
            let head = |big| Encoding::of_head(&wide(text, big)[..4]);
            assert_eq!(head(false), Some(Encoding::Utf16Le), "{text}");
            assert_eq!(head(true), Some(Encoding::Utf16Be), "{text}");
            let four = |bytes: fn(u32) -> [u8; 4]| -> Vec<u8> {
                text.chars().flat_map(|c| bytes(c.into())).collect()
            };
            let head = |bytes: Vec<u8>| Encoding::of_head(&bytes[..4]);
            assert_eq!(head(four(u32::to_le_bytes)), Some(Encoding::Utf32Le));
            assert_eq!(head(four(u32::to_be_bytes)), Some(Encoding::Utf32Be));
        }
        for other in [
            &b""[..],
            b"a",
            b"ab\n",
            b"\0",
            b"\0\0\0\0",
            b"\x1F\x8B\x08\0",
        ] {
            assert_eq!(Encoding::of_head(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_text_further_down_is_guessed_at() {
        assert_eq!(Encoding::of_text("Küche".as_bytes()), None);
        assert_eq!(Encoding::of_text(b"K\xFCche"), Some(Encoding::Ansi));
        assert_eq!(Encoding::of_text(b"a long name with one\0in it"), None);
        assert_eq!(
            Encoding::of_text(&wide("dn: uid=ä", false)),
            Some(Encoding::PartlyUtf16)
        );
        assert_eq!(Encoding::of_text(b""), None);
    }
}
