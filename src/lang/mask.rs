//! A stretch of a script as one line: comments gone, newlines blanks, some of its tokens written differently.

use super::Span;
use super::lexer::{Token, TokenKind, lex};

/// What stands in a masked line for a secret value, whatever its length.
pub const MASK: &str = "***";

/// `text[span]` as one line, each token as `write` has it or, for `None`, as it stands.
pub(super) fn rewrite(
    text: &str,
    span: &Span,
    mut write: impl FnMut(&Token, &str) -> Option<String>,
) -> String {
    let slice = text.get(span.clone()).unwrap_or_default();
    let mut out = String::with_capacity(slice.len());
    for mut token in lex(slice) {
        let written = slice.get(token.span.clone()).unwrap_or_default();
        token.span.start += span.start;
        token.span.end += span.start;
        match token.kind {
            TokenKind::Blank | TokenKind::Newline | TokenKind::Comment => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            _ => match write(&token, written) {
                Some(other) => out.push_str(&other),
                // A text that runs over lines is shown on one.
                None if written.ends_with('\n') => out.push_str("\\n"),
                None => out.push_str(written),
            },
        }
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

/// `text[span]` as one line with the secrets (places in `text`, in order) masked.
pub fn masked(text: &str, span: &Span, secrets: &[Span]) -> String {
    let mut done = None;
    rewrite(text, span, |token, _| {
        let at = secrets
            .iter()
            .position(|secret| secret.start < token.span.end && token.span.start < secret.end)?;
        let first = done != Some(at);
        done = Some(at);
        Some(if first {
            MASK.to_owned()
        } else {
            String::new()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_become_masks_and_lines_become_one() {
        let text = "x pin='12 3'\\\n  where=(a=b # c\n or b=c) pin=$p  # end";
        assert_eq!(
            masked(text, &(0..text.len()), &[6..12, 45..47]),
            "x pin=*** where=(a=b or b=c) pin=***"
        );
    }

    #[test]
    fn a_secret_over_lines_leaves_nothing() {
        let text = "x pin=\"a\nb\" pin=c y";
        assert_eq!(
            masked(text, &(0..text.len()), &[6..11, 16..17]),
            "x pin=*** pin=*** y"
        );
    }
}
