//! What is wrong with a text that should be a whole number.

use std::ops::RangeInclusive;

/// In words: too large, too small, or none in digits.
pub(super) fn misfit(text: &str, range: &RangeInclusive<i128>) -> String {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    // JSON has a zero with a sign, which is a fraction to all who read it.
    let is_signed_zero = digits.len() < text.len() && digits.bytes().all(|byte| byte == b'0');
    if !is_decimal(digits) || is_signed_zero {
        return "not a whole number".to_owned();
    }
    if text.starts_with('-') {
        format!("too small: {text}; the smallest is {}", range.start())
    } else {
        format!("too large: {text}; the largest is {}", range.end())
    }
}

/// Whether a text is decimal digits and nothing else.
pub(super) fn is_decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c1_a_number_that_does_not_fit_is_no_text() {
        for (text, said) in [
            ("256", "too large: 256; the largest is 255"),
            ("+256", "too large: +256; the largest is 255"),
            ("-1", "too small: -1; the smallest is 0"),
            (
                "340282366920938463463374607431768211456",
                "too large: 340282366920938463463374607431768211456; the largest is 255",
            ),
            ("1.5", "not a whole number"),
            ("1e2", "not a whole number"),
            ("0x10", "not a whole number"),
            ("-", "not a whole number"),
            ("-0", "not a whole number"),
            ("", "not a whole number"),
        ] {
            assert_eq!(misfit(text, &(0..=255)), said, "{text}");
        }
    }
}
