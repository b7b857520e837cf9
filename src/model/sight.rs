//! What is not seen of a text: the one table of characters that are invisible or obeyed by a terminal, and names that
//! are not what they look like because of them.

use std::borrow::Cow;
use std::fmt;

use super::fold::folded;

/// What a character does to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It is seen.
    Visible,
    /// Needed to spell some names, invisible all the same.
    Spelling,
    /// Obeyed by a terminal, or never seen.
    Harmful,
}

/// How `c` is seen.
pub fn sight(c: char) -> Sight {
    match c {
        ' '..='~' => Sight::Visible,
        // C0, DEL, C1.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Sight::Harmful,
        // Zero-width joiners, variation selectors.
        '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            Sight::Spelling
        }
        // Bidirectional marks, embeddings, overrides, isolates.
        '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        // Line and paragraph separator.
        | '\u{2028}'
        | '\u{2029}'
        // Soft hyphen, grapheme joiner, zero-width space, word joiner, invisible operators, byte order mark.
        | '\u{ad}'
        | '\u{34f}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{feff}'
        // Fillers and vowel separators that show nothing, the blank braille cell.
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{ffa0}'
        // Interlinear annotation, shorthand and musical format controls.
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        // Tags.
        | '\u{e0000}'..='\u{e00ff}'
        | '\u{e01f0}'..='\u{e0fff}' => Sight::Harmful,
        _ => Sight::Visible,
    }
}

/// Why a name is not what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// It begins with a blank.
    Begins(char),
    /// It ends with a blank.
    Ends(char),
    /// It has two blanks in a row, the second as this character, counted from 1.
    TwoBlanks(usize),
    /// It has a blank that is no space.
    Blank(char, usize),
    /// It has a character that is not seen.
    Unseen(char, usize),
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Begins(c) => write!(f, "begins with a blank, U+{:04X}", u32::from(c)),
            Self::Ends(c) => write!(f, "ends with a blank, U+{:04X}", u32::from(c)),
            Self::TwoBlanks(at) => write!(f, "has two blanks in a row, at character {at}"),
            Self::Blank(c, at) => {
                write!(
                    f,
                    "has U+{:04X} for a blank, at character {at}",
                    u32::from(c)
                )
            }
            Self::Unseen(c, at) => write!(
                f,
                "has U+{:04X}, which is not seen, at character {at}",
                u32::from(c)
            ),
        }
    }
}

/// What is odd about a name: blanks at an end, in a row or of another kind, and characters that are not seen.
pub fn oddity(name: &str) -> Option<Oddity> {
    // A million names pass here, and nearly all of them are these characters alone.
    if name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    if let Some(c) = name.chars().next().filter(|c| c.is_whitespace()) {
        return Some(Oddity::Begins(c));
    }
    if let Some(c) = name.chars().next_back().filter(|c| c.is_whitespace()) {
        return Some(Oddity::Ends(c));
    }
    let mut after_blank = false;
    for (c, at) in name.chars().zip(1..) {
        if sight(c) != Sight::Visible {
            return Some(Oddity::Unseen(c, at));
        }
        if c.is_whitespace() && c != ' ' {
            return Some(Oddity::Blank(c, at));
        }
        if c == ' ' && after_blank {
            return Some(Oddity::TwoBlanks(at));
        }
        after_blank = c == ' ';
    }
    None
}

/// The name as it looks, folded: without what is not seen, its blanks single spaces, none at its ends.
pub fn appearance(name: &str) -> Cow<'_, str> {
    if oddity(name).is_none() {
        return folded(name);
    }
    // A control character that is a blank parts words.
    let seen: String = name
        .chars()
        .filter(|c| c.is_whitespace() || sight(*c) == Sight::Visible)
        .collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    Cow::Owned(folded(&words.join(" ")).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b3_names_that_are_not_what_they_look_like_are_named() {
        for (name, shown) in [
            ("eve ", "ends with a blank, U+0020"),
            (" eve", "begins with a blank, U+0020"),
            ("eve\u{a0}", "ends with a blank, U+00A0"),
            ("\u{3000}eve", "begins with a blank, U+3000"),
            ("eve\t", "ends with a blank, U+0009"),
            ("e\u{a0}ve", "has U+00A0 for a blank, at character 2"),
            ("e\u{2009}ve", "has U+2009 for a blank, at character 2"),
            ("e  ve", "has two blanks in a row, at character 3"),
            (
                "an\u{200b}na",
                "has U+200B, which is not seen, at character 3",
            ),
            (
                "é\u{200d}a",
                "has U+200D, which is not seen, at character 2",
            ),
            ("a\u{ad}b", "has U+00AD, which is not seen, at character 2"),
            ("a\u{feff}", "has U+FEFF, which is not seen, at character 2"),
            ("a\u{fe0f}", "has U+FE0F, which is not seen, at character 2"),
            (
                "a\u{202e}b",
                "has U+202E, which is not seen, at character 2",
            ),
            (
                "a\u{e0041}",
                "has U+E0041, which is not seen, at character 2",
            ),
            ("a\u{3164}", "has U+3164, which is not seen, at character 2"),
            ("a\u{7}", "has U+0007, which is not seen, at character 2"),
            ("a\u{7f}", "has U+007F, which is not seen, at character 2"),
        ] {
            assert_eq!(
                oddity(name).map(|odd| odd.to_string()).as_deref(),
                Some(shown)
            );
        }
        for name in [
            "eve",
            "a b",
            "o'neil, j",
            "josé",
            "山田 太郎",
            "a\u{301}",
            "👍",
            "",
            "#-=@",
        ] {
            assert_eq!(oddity(name), None, "{name}");
        }
    }

    #[test]
    fn b3_names_that_look_alike_have_one_appearance() {
        for (name, other) in [
            ("eve ", "eve"),
            ("EVE\u{a0}", "eve"),
            ("an\u{200b}na", "Anna"),
            ("a \u{a0} b", "a b"),
            ("a\u{2009}b", "a b"),
            ("jose\u{301}\u{200b}", "josé"),
            ("a\u{200b}\u{200d}", "a"),
            ("a\nb", "a b"),
        ] {
            assert_eq!(appearance(name), appearance(other), "{name:?}");
        }
        assert_ne!(
            appearance("anna "),
            appearance("annа"),
            "Cyrillic is another letter"
        );
    }
}
