//! Texts cut short, by Unicode scalar values.

use std::borrow::Cow;

/// The first `most` characters.
pub fn beginning(text: &str, most: usize) -> &str {
    match text.char_indices().nth(most) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// The text for a message, with `…` where it was cut.
pub fn clipped(text: &str, most: usize) -> Cow<'_, str> {
    match beginning(text, most) {
        short if short.len() < text.len() => format!("{short}…").into(),
        whole => whole.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_characters() {
        for (text, most, short, marked) in [
            ("añb", 2, "añ", "añ…"),
            ("añb", 3, "añb", "añb"),
            ("añb", 255, "añb", "añb"),
            ("", 1, "", ""),
        ] {
            assert_eq!(
                (beginning(text, most), &*clipped(text, most)),
                (short, marked)
            );
        }
        let long = "ö".repeat(300);
        assert_eq!(beginning(&long, 255).chars().count(), 255);
    }
}
