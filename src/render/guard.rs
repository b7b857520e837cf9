//! A cell that a spreadsheet would compute is written with an apostrophe before it, and read back without.

use std::borrow::Cow;

use super::sanitize::{Reader, is_neutralised, restored};

/// Whether a cell is written with an apostrophe before it. Those that would be read back as guarded are guarded too, so
/// that what is read is what was written.
pub(super) fn is_guarded(text: &str) -> bool {
    is_formula(text.trim_start_matches('\''))
}

/// The text of a cell as it was before it was written: without the apostrophe of the guard, and with the characters
/// that were escaped.
pub fn original(cell: &str) -> Cow<'_, str> {
    restored(match cell.strip_prefix('\'') {
        Some(text) if is_guarded(text) => text,
        _ => cell,
    })
}

/// Whether a spreadsheet would compute the text (OWASP, "CSV Injection"), also behind blanks, or behind what some
/// countries' spreadsheets take for the end of a cell. A sign before nothing but digits and blanks, such as a telephone
/// number's, computes nothing.
fn is_formula(text: &str) -> bool {
    let is_passed_over = |c: char| {
        c.is_whitespace() || matches!(c, ';' | ',' | '|') || is_neutralised(c, Reader::Terminal)
    };
    let mut chars = text.trim_start_matches(is_passed_over).chars();
    match chars.next() {
        Some('=' | '@' | '＝' | '＠') => true,
        Some('+' | '-' | '＋' | '－') => !chars.all(|c| c.is_ascii_digit() || c == ' '),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sanitize::sanitize;
    use super::*;

    const FORMULAS: &[&str] = &[
        "=1+1",
        "@SUM(A1)",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "＝1",
        "＋x",
        ";=1+1",
        " =1+1",
        "\u{a0}\u{3000}=1",
        "\u{200d}=1",
        "\t=1",
        "\r=1",
        "; , | @x",
    ];

    const TEXTS: &[&str] = &["anna", "+49 89 1234", "-", "", "a=b", ";", "a b", " +49 89"];

    #[test]
    fn formulas_are_told_from_text() {
        for text in FORMULAS {
            assert!(is_formula(text), "{text:?}");
        }
        for text in TEXTS {
            assert!(!is_formula(text), "{text:?}");
        }
    }

    #[test]
    fn a_cell_is_read_back_as_what_was_written() {
        for text in FORMULAS.iter().chain(TEXTS) {
            for text in [
                (*text).to_owned(),
                format!("'{text}"),
                format!("''{text}"),
                format!("{text}\u{202e}\\u{{1}}"),
            ] {
                let mut cell = sanitize(&text, Reader::Program).into_owned();
                if is_guarded(&cell) {
                    cell.insert(0, '\'');
                    assert!(!is_formula(&cell));
                }
                assert_eq!(original(&cell), text, "{cell:?}");
            }
        }
    }
}
