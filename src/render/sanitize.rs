//! The one place where foreign text becomes harmless for its reader.
//!
//! Names, notes and messages come from files that a stranger may have written. A terminal acts on control characters,
//! and bidirectional or invisible ones make one id look like another, so each becomes its escape `\u{…}`, the
//! spelling of the command language. The escape is reversible: a `\` of the text that would read as the beginning of
//! one is escaped itself (`\u{5c}u{…`), every other `\` stays, so that `CORP\anna` reads as it is typed.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::model::{Sight, sight};

/// Who reads the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A person at a terminal: nothing invisible is left.
    Terminal,
    /// A program, through a pipe or a file: as for a terminal, but the joiners and variation selectors, which belong
    /// to the spelling of Persian, Indic and Japanese names, stay as they are.
    Program,
}

/// Whether `c` may not reach `reader` as it is.
pub fn is_neutralised(c: char, reader: Reader) -> bool {
    match sight(c) {
        Sight::Visible => false,
        Sight::Spelling => reader == Reader::Terminal,
        Sight::Harmful => true,
    }
}

/// `text` with every character that could harm `reader` as `\u{…}`; newlines and tabs too, for it is one cell.
pub fn sanitize(text: &str, reader: Reader) -> Cow<'_, str> {
    let escaped = |at: usize, c: char| {
        is_neutralised(c, reader) || (c == '\\' && text[at + 1..].starts_with("u{"))
    };
    let Some(first) = text
        .char_indices()
        .find_map(|(at, c)| escaped(at, c).then_some(at))
    else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for (at, c) in text[first..].char_indices() {
        if escaped(first + at, c) {
            escape(c, &mut out);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The text that [`sanitize`] has made this of.
pub(super) fn restored(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\u{") {
        let escaped = after.split_once('}').and_then(|(digits, after)| {
            let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            Some((c, after))
        });
        let Some((c, after)) = escaped else { break };
        out.push_str(before);
        out.push(c);
        rest = after;
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Writes the escape of `c`.
pub(super) fn escape(c: char, out: &mut String) {
    // Writing into a String does not fail.
    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
}

/// A message of our own with foreign text in it: as [`sanitize`] for a terminal, but newlines stay, a tab becomes
/// four blanks, and, where `colours` is set, the few escape sequences that colour a diagnostic stay too.
pub fn message(text: &str, colours: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = colour_sequence(rest) {
            if colours {
                out.push_str(&rest[..length]);
            }
            rest = &rest[length..];
            continue;
        }
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            c if is_neutralised(c, Reader::Terminal) => escape(c, &mut out),
            c => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// The length of a harmless `ESC [ … m` at the beginning of `text`: foreground colours, bold, dim, italic, underline
/// and their ends. What conceals, blinks, reverses or paints the ground is not harmless.
fn colour_sequence(text: &str) -> Option<usize> {
    let body = text.strip_prefix("\u{1b}[")?;
    let end = body.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
    if body.as_bytes()[end] != b'm' {
        return None;
    }
    let params: Vec<&str> = body[..end].split(';').collect();
    let harmless = match params.as_slice() {
        ["38", "5", colour] => colour.parse::<u8>().is_ok(),
        params => params.iter().all(|param| {
            matches!(
                param.parse::<u8>(),
                Ok(0..=4 | 22..=24 | 30..=37 | 39 | 90..=97)
            ) || param.is_empty()
        }),
    };
    harmless.then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An attack, and what is left of it.
    const ATTACKS: &[(&str, &str, &str)] = &[
        ("clear screen", "a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
        ("window title", "\u{1b}]0;x\u{7}", "\\u{1b}]0;x\\u{7}"),
        (
            "hyperlink",
            "\u{1b}]8;;x\u{1b}\\y",
            "\\u{1b}]8;;x\\u{1b}\\y",
        ),
        ("one-byte CSI", "a\u{9b}31mb", "a\\u{9b}31mb"),
        ("next line of C1", "a\u{85}b", "a\\u{85}b"),
        ("bell", "a\u{7}", "a\\u{7}"),
        ("overwriting by CR", "safe\revil", "safe\\u{d}evil"),
        ("overwriting by BS", "root\u{8}\u{8}", "root\\u{8}\\u{8}"),
        ("forged row", "a\nroot", "a\\u{a}root"),
        ("forged column", "a\tb", "a\\u{9}b"),
        ("NUL", "a\0b", "a\\u{0}b"),
        ("DEL", "a\u{7f}b", "a\\u{7f}b"),
        ("override", "a\u{202e}txt.exe", "a\\u{202e}txt.exe"),
        ("isolate", "\u{2066}a\u{2069}", "\\u{2066}a\\u{2069}"),
        (
            "marks",
            "\u{200e}\u{200f}\u{61c}",
            "\\u{200e}\\u{200f}\\u{61c}",
        ),
        ("zero-width space", "ro\u{200b}ot", "ro\\u{200b}ot"),
        ("joiners", "a\u{200c}\u{200d}b", "a\\u{200c}\\u{200d}b"),
        ("word joiner", "a\u{2060}b", "a\\u{2060}b"),
        ("byte order mark", "\u{feff}a", "\\u{feff}a"),
        ("soft hyphen", "ro\u{ad}ot", "ro\\u{ad}ot"),
        ("Hangul filler", "a\u{3164}", "a\\u{3164}"),
        ("blank braille", "a\u{2800}", "a\\u{2800}"),
        ("tag", "a\u{e0041}", "a\\u{e0041}"),
        (
            "variation selector",
            "a\u{fe0f}\u{e0100}",
            "a\\u{fe0f}\\u{e0100}",
        ),
        ("line separator", "a\u{2028}b", "a\\u{2028}b"),
        ("forged escape", "a\\u{1b}", "a\\u{5c}u{1b}"),
    ];

    #[test]
    fn every_attack_is_shown_as_what_it_is() {
        for (name, attack, shown) in ATTACKS {
            assert_eq!(sanitize(attack, Reader::Terminal), *shown, "{name}");
        }
    }

    #[test]
    fn harmless_text_is_not_touched() {
        for text in [
            "anna",
            "CORP\\nancy",
            "CORP\\ulrich",
            "Zoë Müller-Lüdenscheidt",
            "山田\u{3000}太郎",
            "Ольга",
            "محمد",
            "a\u{301}",
            "👍",
            "",
        ] {
            assert!(
                matches!(sanitize(text, Reader::Terminal), Cow::Borrowed(t) if t == text),
                "{text}"
            );
        }
    }

    #[test]
    fn a_program_gets_the_spelling_but_no_control() {
        assert_eq!(
            sanitize("\u{6cc}\u{200c}\u{6cc}", Reader::Program),
            "\u{6cc}\u{200c}\u{6cc}"
        );
        assert_eq!(sanitize("葛\u{e0100}城", Reader::Program), "葛\u{e0100}城");
        assert_eq!(
            sanitize("a\u{202e}\u{1b}\u{9b}\n", Reader::Program),
            "a\\u{202e}\\u{1b}\\u{9b}\\u{a}"
        );
    }

    #[test]
    fn nothing_invisible_is_left_and_nothing_is_lost() {
        for c in '\0'..=char::MAX {
            let text = format!("\\{c}u{{61}}");
            let shown = sanitize(&text, Reader::Terminal);
            assert!(!shown.chars().any(|c| sight(c) != Sight::Visible), "{c:?}");
            assert!(!shown.chars().any(char::is_control), "{c:?}");
            assert_eq!(restored(&shown), text, "{c:?}");
        }
    }

    #[test]
    fn a_message_keeps_its_lines_and_harmless_colours() {
        let text =
            "\u{1b}[1m\u{1b}[91merror\u{1b}[0m\n\tx\u{1b}[8my\u{1b}]0;t\u{7}\u{1b}[38;5;12mz\r";
        assert_eq!(
            message(text, true),
            "\u{1b}[1m\u{1b}[91merror\u{1b}[0m\n    x\\u{1b}[8my\\u{1b}]0;t\\u{7}\u{1b}[38;5;12mz\\u{d}"
        );
        assert_eq!(
            message(text, false),
            "error\n    x\\u{1b}[8my\\u{1b}]0;t\\u{7}z\\u{d}"
        );
        assert_eq!(message("\u{1b}[", true), "\\u{1b}[");
        assert_eq!(message("\u{1b}[7mx", true), "\\u{1b}[7mx");
    }
}
