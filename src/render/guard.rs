//! Cells of `csv`, `tsv` and `value` as they are written, and read back as what they were.
//!
//! What a spreadsheet would compute is written with an apostrophe before it. What a reader of ours takes for something
//! else than text (blanks at the ends, a comment, a quote, such an apostrophe) is written with an escape.

use std::borrow::Cow;

use super::sanitize::{Reader, escape, is_neutralised, restored};

/// Where a cell is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// A spreadsheet may open it.
    pub(super) guarded: bool,
    /// At the beginning of a line that may be one of a list, where `#` begins a comment.
    pub(super) listed: bool,
    /// Without the quotes of CSV, which a reader takes off.
    pub(super) unquoted: bool,
}

/// Makes sanitised text a cell that [`original`] reads back.
pub(super) fn write(cell: &mut String, place: Place) {
    show_end(cell);
    if place.guarded && is_guarded(cell) {
        return cell.insert(0, '\'');
    }
    let is_odd = match cell.chars().next() {
        Some('#') => place.listed,
        Some('"') => place.unquoted,
        // Would be read as the guard's.
        Some('\'') => is_guarded(cell),
        _ => return show_beginning(cell),
    };
    if is_odd {
        escape_first(cell);
    }
}

/// Makes a blank at an end of a cell visible.
pub(super) fn show_ends(cell: &mut String) {
    show_end(cell);
    show_beginning(cell);
}

fn show_end(cell: &mut String) {
    if let Some(last) = cell.chars().next_back().filter(|c| c.is_whitespace()) {
        cell.pop();
        escape(last, cell);
    }
}

fn show_beginning(cell: &mut String) {
    if cell.starts_with(char::is_whitespace) {
        escape_first(cell);
    }
}

fn escape_first(cell: &mut String) {
    if let Some(first) = cell.chars().next() {
        let mut escaped = String::with_capacity(cell.len() + 8);
        escape(first, &mut escaped);
        cell.replace_range(..first.len_utf8(), &escaped);
    }
}

/// Whether a cell is written with an apostrophe before it. Those that would be read back as guarded are guarded too, so
/// that what is read is what was written.
fn is_guarded(text: &str) -> bool {
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
    fn formulas_are_no_text() {
        for text in FORMULAS {
            assert!(is_formula(text), "{text:?}");
        }
        for text in TEXTS {
            assert!(!is_formula(text), "{text:?}");
        }
    }

    #[test]
    fn c3_a_cell_is_read_back_as_what_was_written() {
        let odd = [
            "#hash", "#", "\"q\"", "\"", " a ", "\u{a0}", "'a", "'", "\\u{41}", "\n",
        ];
        for text in FORMULAS.iter().chain(TEXTS).chain(&odd) {
            for text in [
                (*text).to_owned(),
                format!("'{text}"),
                format!("''{text}"),
                format!("#{text}"),
                format!(" {text}\u{3000}"),
                format!("{text}\u{202e}\\u{{1}}"),
            ] {
                for bits in 0..8 {
                    let place = Place {
                        guarded: bits & 1 > 0,
                        listed: bits & 2 > 0,
                        unquoted: bits & 4 > 0,
                    };
                    let mut cell = sanitize(&text, Reader::Program).into_owned();
                    write(&mut cell, place);
                    assert!(!place.guarded || !is_formula(&cell), "{cell:?}");
                    assert!(!place.listed || !cell.starts_with('#'), "{cell:?}");
                    assert_eq!(cell.trim(), cell);
                    assert_eq!(original(&cell), text, "{cell:?}");
                }
            }
        }
    }

    #[test]
    fn c3_common_text_is_written_as_it_is() {
        for text in [
            "anna",
            "'anna",
            "o'neil",
            "a b",
            "-5",
            "CORP\\anna",
            "q\"uote",
            "a#b",
            "'",
        ] {
            let mut cell = text.to_owned();
            write(
                &mut cell,
                Place {
                    guarded: true,
                    listed: true,
                    unquoted: true,
                },
            );
            assert_eq!(cell, text);
        }
    }
}
