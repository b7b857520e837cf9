//! A code: decimal digits that are valid for half a minute.

use std::borrow::Cow;

use secrecy::SecretString;
use subtle::{Choice, ConstantTimeEq};
use zeroize::ZeroizeOnDrop;

/// How many digits a code has: 6 to 10. Fewer are guessed too easily (RFC 4226 §5.3), and the 31 bits of a truncated
/// HMAC never fill more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits(u8);

/// A number of digits that no code has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code has 6 to 10 digits, not {0}")]
pub struct NoDigits(pub u32);

impl Digits {
    /// Six, where a token's record does not say.
    pub const DEFAULT: Self = Self(6);

    /// Six to ten digits.
    pub const fn new(digits: u32) -> Result<Self, NoDigits> {
        match digits {
            6..=10 => Ok(Self(digits as u8)),
            _ => Err(NoDigits(digits)),
        }
    }

    pub const fn get(self) -> u32 {
        self.0 as u32
    }
}

/// A code, computed or typed. Opaque to `Debug`, compared in constant time, wiped when dropped.
#[derive(ZeroizeOnDrop)]
pub struct Otp {
    value: u64,
    digits: u8,
}

/// What was typed is no code. The error repeats nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACode {
    /// A character that is no digit.
    #[error("character {position} of the code is not a digit")]
    Character {
        /// Its place, from 1, blanks and dashes counted.
        position: usize,
    },
    /// Too few or too many.
    #[error("a code has 6 to 10 digits, not {found}")]
    Length { found: usize },
}

impl NotACode {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some("type the 6 to 10 digits that the token shows".into())
    }
}

impl Otp {
    /// The last `digits` decimal digits of a truncated HMAC; OCRA has codes of 4 digits too.
    pub(super) const fn new(truncated: u32, digits: u8) -> Self {
        let value = truncated as u64 % 10u64.pow(digits as u32);
        Self { value, digits }
    }

    /// Reads a code as a person types it: apps show `123 456`, so blanks and dashes do not count.
    pub fn parse(typed: &str) -> Result<Self, NotACode> {
        let mut code = Self {
            value: 0,
            digits: 0,
        };
        let mut found = 0;
        for (c, position) in typed.chars().zip(1..) {
            if c == '-' || c.is_whitespace() {
                continue;
            }
            let Some(digit) = c.to_digit(10) else {
                return Err(NotACode::Character { position });
            };
            found += 1;
            if found <= 10 {
                code.value = code.value * 10 + u64::from(digit);
                code.digits += 1;
            }
        }
        if (6..=10).contains(&found) {
            Ok(code)
        } else {
            Err(NotACode::Length { found })
        }
    }

    /// The digits, with leading zeros.
    pub fn display(&self) -> SecretString {
        // Filled in place: a formatted string would grow and leave copies behind.
        let mut text = String::with_capacity(usize::from(self.digits));
        for place in (0..u32::from(self.digits)).rev() {
            text.push(char::from(
                b'0' + (self.value / 10u64.pow(place) % 10) as u8,
            ));
        }
        SecretString::from(text)
    }
}

impl ConstantTimeEq for Otp {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.value.ct_eq(&other.value) & self.digits.ct_eq(&other.digits)
    }
}

impl std::fmt::Debug for Otp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Otp(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn an_error_says_nothing_of_what_was_typed_and_its_hint_what_to_type() {
        let typed = ["12a456", "12345"].map(|typed| Otp::parse(typed).err().unwrap());
        let said = typed.map(|error| format!("{error}\n    {}", error.hint().unwrap_or_default()));
        insta::assert_snapshot!(said.join("\n"), @r"
        character 3 of the code is not a digit
            type the 6 to 10 digits that the token shows
        a code has 6 to 10 digits, not 5
            type the 6 to 10 digits that the token shows
        ");
    }

    #[test]
    fn a_code_is_read_as_it_is_shown() {
        for (typed, code) in [
            ("755224", "755224"),
            ("755 224", "755224"),
            (" 007-081 804 ", "007081804"),
            ("0000000000", "0000000000"),
            ("9999999999", "9999999999"),
        ] {
            assert_eq!(Otp::parse(typed).unwrap().display().expose_secret(), code);
        }
    }

    #[test]
    fn what_is_no_code_is_refused_without_repeating_it() {
        for (typed, refused) in [
            ("", NotACode::Length { found: 0 }),
            ("12345", NotACode::Length { found: 5 }),
            ("12345678901", NotACode::Length { found: 11 }),
            (&"9".repeat(5000), NotACode::Length { found: 5000 }),
            ("12a456", NotACode::Character { position: 3 }),
            ("-12345", NotACode::Length { found: 5 }),
            ("١٢٣٤٥٦", NotACode::Character { position: 1 }),
        ] {
            let error = Otp::parse(typed).unwrap_err();
            assert_eq!(error, refused);
            assert!(typed.is_empty() || !error.to_string().contains(typed));
        }
    }

    #[test]
    fn leading_zeros_and_length_count() {
        let same = |a: &str, b: &str| -> bool {
            let (a, b) = (Otp::parse(a).unwrap(), Otp::parse(b).unwrap());
            a.ct_eq(&b).into()
        };
        assert!(same("012345", "012 345"));
        assert!(!same("012345", "0012345"));
        assert!(!same("012345", "012346"));
    }

    #[test]
    fn digits_are_six_to_ten() {
        let good: Vec<u32> = (0..300).filter(|n| Digits::new(*n).is_ok()).collect();
        assert_eq!(good, [6, 7, 8, 9, 10]);
    }
}
