//! Names as the target compares them: after NFC and full case folding (igsh-migration(7), UNIQUE NAMES).

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// The folded form of a name.
pub fn folded(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        }
    } else {
        // Folding can take a text out of NFC, so that it is composed once more.
        let composed: String = name.nfc().collect();
        let folded: String = caseless::default_case_fold_str(&composed).nfc().collect();
        if folded == name {
            Cow::Borrowed(name)
        } else {
            Cow::Owned(folded)
        }
    }
}

/// The folded form, where it differs from the name itself: what the `fold` columns hold.
pub fn fold_column(name: &str) -> Option<String> {
    match folded(name) {
        Cow::Borrowed(_) => None,
        Cow::Owned(folded) => Some(folded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_or_composition_fold_together() {
        for (a, b) in [
            ("ASmith", "asmith"),
            ("MÜLLER", "müller"),
            ("mu\u{308}ller", "m\u{fc}ller"),
            ("Straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("\u{212b}ngstrom", "\u{e5}ngstrom"),
        ] {
            assert_eq!(folded(a), folded(b), "{a} and {b}");
        }
        assert_ne!(folded("ı"), folded("i"), "dotless i is another letter");
        assert_ne!(folded("muller"), folded("müller"));
    }

    #[test]
    fn the_column_is_empty_for_names_that_are_folded_already() {
        for name in ["asmith", "a.smith-2", "müller", "", "李"] {
            assert_eq!(fold_column(name), None, "{name}");
        }
        assert_eq!(fold_column("ASmith").as_deref(), Some("asmith"));
        assert_eq!(fold_column("Müller").as_deref(), Some("müller"));
        assert_eq!(fold_column("mu\u{308}ller").as_deref(), Some("müller"));
    }
}
