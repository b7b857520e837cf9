//! Plain text of 80 columns: paragraphs, and tables of two columns.

/// The width that paragraphs are broken at.
pub(super) const WIDTH: usize = 80;

/// A paragraph, its own line breaks aside; one whose lines are indented stays as it is.
pub(super) fn paragraph_text(text: &str) -> String {
    if text.lines().any(|line| line.starts_with("  ")) {
        return format!("{}\n", text.trim_end());
    }
    wrap(text, 0, 0)
}

/// `text` broken at [`WIDTH`], its first line indented by `first` and the others by `others`.
pub(super) fn wrap(text: &str, first: usize, others: usize) -> String {
    let mut out = " ".repeat(first);
    let mut column = first;
    let mut begun = false;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if begun && column + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(others));
            column = others;
        } else if begun {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        begun = true;
    }
    out.push('\n');
    out
}

/// Two columns, the second one wrapped; a long entry of the first stands on a line of its own.
pub(super) fn table(rows: &[(String, String)]) -> String {
    const WIDEST: usize = 26;
    let lengths = rows.iter().map(|(left, _)| left.chars().count());
    let width = lengths
        .filter(|length| *length <= WIDEST)
        .max()
        .unwrap_or(WIDEST);
    let mut out = String::new();
    for (left, right) in rows {
        let length = left.chars().count();
        out.push_str(&format!("  {left}"));
        if length <= width {
            out.push_str(&" ".repeat(width - length + 2));
        } else {
            out.push('\n');
            out.push_str(&" ".repeat(width + 4));
        }
        out.push_str(wrap(right, width + 4, width + 4).trim_start());
        if right.is_empty() {
            out.push('\n');
        }
    }
    out
}
