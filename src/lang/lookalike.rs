//! Characters that look like those of the language and are none: what word processors, chats and other keyboards make
//! of them.
//!
//! Where such a character can only be a mistake it is one; within a word it may belong to a name (`o’neil`).

use super::Span;
use super::code;
use super::diagnostic::Diagnostic;

/// The character of the language that `c` looks like: what that is called, and how it is written.
pub fn meant(c: char) -> Option<(&'static str, &'static str)> {
    if c.is_ascii() {
        return None;
    }
    Some(match c {
        '\u{b4}' | '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2035}' | '\u{2039}' | '\u{203a}' => {
            ("a quote", "'")
        }
        '\u{275b}' | '\u{275c}' | '\u{275f}' | '\u{3008}' | '\u{3009}' | '\u{ff07}' => {
            ("a quote", "'")
        }
        c if is_quote(c) => ("a quote", "\""),
        c if is_dash(c) => ("'-'", "-"),
        '\u{a78a}' | '\u{fe66}' | '\u{ff1d}' => ("'='", "="),
        '\u{2260}' => ("'!='", "!="),
        '\u{2264}' | '\u{2266}' | '\u{2a7d}' => ("'<='", "<="),
        '\u{2265}' | '\u{2267}' | '\u{2a7e}' => ("'>='", ">="),
        '\u{fe64}' | '\u{ff1c}' => ("'<'", "<"),
        '\u{fe65}' | '\u{ff1e}' => ("'>'", ">"),
        '\u{fe57}' | '\u{ff01}' => ("'!'", "!"),
        '\u{60c}' | '\u{3001}' | '\u{fe50}' | '\u{fe51}' | '\u{ff0c}' | '\u{ff64}' => {
            ("a comma", ",")
        }
        '\u{37e}' | '\u{61b}' | '\u{fe54}' | '\u{ff1b}' => ("a semicolon", ";"),
        '\u{fe59}' | '\u{ff08}' => ("'('", "("),
        '\u{fe5a}' | '\u{ff09}' => ("')'", ")"),
        '\u{fe5b}' | '\u{ff5b}' => ("'{'", "{"),
        '\u{fe5c}' | '\u{ff5d}' => ("'}'", "}"),
        _ => return None,
    })
}

/// Whether `c` is a quote of typography: neither the first nor the last character of a bare word.
pub const fn is_quote(c: char) -> bool {
    matches!(
        c,
        '\u{ab}' | '\u{b4}' | '\u{bb}'
            | '\u{2018}'..='\u{201f}'
            | '\u{2032}'..='\u{2037}'
            | '\u{2039}'..='\u{203a}'
            | '\u{275b}'..='\u{2760}'
            | '\u{276e}'..='\u{276f}'
            | '\u{2e42}'
            | '\u{3008}'..='\u{300f}'
            | '\u{301d}'..='\u{301f}'
            | '\u{ff02}' | '\u{ff07}'
            | '\u{ff62}'..='\u{ff63}'
    )
}

/// Whether `c` is a dash of typography, which before a name is meant as `-`.
pub const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    )
}

/// The error for `c` where only the character that it looks like can be meant.
pub(super) fn error(c: char, span: Span) -> Diagnostic {
    let (what, sign) = meant(c).unwrap_or(("a character of the language", ""));
    Diagnostic::new(
        code::LOOKALIKE,
        format!("U+{:04X} looks like {what} but is none", u32::from(c)),
        span,
        "",
    )
    .help(match sign.chars().next() {
        Some(ascii) if sign.len() == 1 => format!("type {sign} (U+{:04X}) here", u32::from(ascii)),
        _ => format!("type {sign} here"),
    })
    .help(format!("to mean the character itself, quote it: \"{c}\""))
}

/// The error for an invisible `c` in a bare name, which makes it another name than it looks like.
pub(super) fn unseen(c: char, span: Span) -> Diagnostic {
    let code = u32::from(c);
    Diagnostic::new(
        code::CONTROL,
        format!("U+{code:04X} is invisible"),
        span,
        "makes it another name",
    )
    .help(format!(
        "remove the character, or write it as \"\\u{{{code:x}}}\""
    ))
}

/// The first quote of typography in `text` that looks like `quote`, with its place.
pub(super) fn quote_like(text: &str, quote: char) -> Option<(usize, char)> {
    text.char_indices()
        .find(|(_, c)| is_quote(*c) && meant(*c).is_some_and(|(_, sign)| sign.starts_with(quote)))
}

/// What is to be said of a number or date that holds such a character.
pub(super) fn hint(text: &str) -> Option<String> {
    let (c, (what, _)) = text.chars().find_map(|c| Some((c, meant(c)?)))?;
    Some(format!(
        "U+{:04X} looks like {what} but is none",
        u32::from(c)
    ))
}

/// How many bytes of dashes `word` begins with, if one of typography is the first and a name follows.
pub(super) fn dashes(word: &str) -> Option<usize> {
    if !word.starts_with(is_dash) {
        return None;
    }
    let name = word.trim_start_matches(|c| is_dash(c) || c == '-');
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        .then(|| word.len() - name.len())
}

/// The first character of `word` that looks like a sign between words, with its place. Quotes and dashes are none.
pub(super) fn sign(word: &str) -> Option<(usize, char)> {
    word.char_indices()
        .find(|(_, c)| meant(*c).is_some() && !is_quote(*c) && !is_dash(*c))
}

/// Whether `c` looks like what separates two values or two commands.
pub(super) fn is_separator(c: char) -> bool {
    meant(c).is_some_and(|(_, sign)| matches!(sign, "," | ";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b2_what_looks_like_a_character_of_the_language_is_known() {
        for (signs, ascii) in [
            ("“”„‟«»″‶❝❞❠❮❯《》「」『』〝〞＂｢｣⹂", "\""),
            ("‘’‚‛‹›′‵´❛❜❟〈〉＇", "'"),
            ("‐‑‒–—―−﹘﹣－", "-"),
            ("＝﹦", "="),
            ("≠", "!="),
            ("≤≦⩽", "<="),
            ("≥≧⩾", ">="),
            ("，、､﹐،", ","),
            ("；\u{37e}؛﹔", ";"),
        ] {
            for c in signs.chars() {
                assert_eq!(meant(c).map(|(_, sign)| sign), Some(ascii), "{c}");
                assert_eq!(is_quote(c), matches!(ascii, "'" | "\""), "{c}");
                assert_eq!(is_dash(c), ascii == "-", "{c}");
            }
        }
        // Letters of names: okina, modifier apostrophe, geresh, long vowel; and the characters themselves.
        for c in "ʻʼ׳״ー·`'\"-=,é山".chars() {
            assert_eq!(meant(c), None, "{c}");
        }
    }

    #[test]
    fn b2_dashes_before_a_name_differ_from_dashes_in_a_text() {
        for (word, length) in [("–userid", 3), ("––userid", 6), ("—-yes", 4), ("−a", 3)] {
            assert_eq!(dashes(word), Some(length), "{word}");
        }
        for word in ["–", "–5", "-a", "a–b", "—é", "–,"] {
            assert_eq!(dashes(word), None, "{word}");
        }
    }
}
