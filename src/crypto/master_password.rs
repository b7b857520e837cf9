//! What may be a master's password, and its one form (igsh-vault(5), KEYS).

use std::borrow::Cow;

use crate::model::SecretBytes;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Least length in bytes of the normalised password.
pub const MIN: usize = 12;
/// Greatest length in bytes of the normalised password.
pub const MAX: usize = 1024;

/// Why something cannot be a master's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not UTF-8.
    #[error("a master password must be UTF-8 text")]
    NotText,
    /// Below 12 bytes.
    #[error("a master password has at least 12 characters")]
    Short,
    /// Above 1024 bytes.
    #[error("a master password has at most 1024 bytes")]
    Long,
    /// Holds a control character, such as a second line.
    #[error("a master password holds no control characters")]
    Control,
}

impl Unfit {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NotText => "save the password file as UTF-8",
            Self::Short => "choose a longer one",
            Self::Long => "choose a shorter one",
            Self::Control => "leave them out; a password file holds one line",
        }))
    }
}

/// The password as it goes into the key derivation: NFC, without the one final line end of a password file.
pub fn normalise(typed: &[u8]) -> Result<SecretBytes, Unfit> {
    let line = typed
        .strip_suffix(b"\r\n")
        .or_else(|| typed.strip_suffix(b"\n"))
        .unwrap_or(typed);
    // NFC shortens text to a third at most (three bytes of marks that compose), so beyond this nothing can fit.
    if line.len() > 3 * MAX {
        return Err(Unfit::Long);
    }
    let text = std::str::from_utf8(line).map_err(|_| Unfit::NotText)?;
    if text.chars().any(char::is_control) {
        return Err(Unfit::Control);
    }
    let mut normalised = Zeroizing::new(String::with_capacity(3 * text.len()));
    normalised.extend(text.nfc());
    match normalised.len() {
        ..MIN => Err(Unfit::Short),
        MIN..=MAX => Ok(SecretBytes::from(normalised.as_bytes().to_vec())),
        _ => Err(Unfit::Long),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    fn normal(typed: &[u8]) -> Result<Vec<u8>, Unfit> {
        normalise(typed).map(|password| password.expose_secret().to_vec())
    }

    #[test]
    fn one_line_end_is_dropped_and_no_more() {
        for end in ["", "\n", "\r\n"] {
            assert_eq!(
                normal(format!("twelve chars{end}").as_bytes()),
                Ok(b"twelve chars".to_vec())
            );
        }
        for end in ["\n\n", "\r", "\n\r\n", "\r\r\n"] {
            assert_eq!(
                normal(format!("twelve chars{end}").as_bytes()),
                Err(Unfit::Control)
            );
        }
        assert_eq!(normal(b" twelve chars "), Ok(b" twelve chars ".to_vec()));
    }

    #[test]
    fn composed_and_decomposed_are_one_password() {
        let composed = "pässword-längs".as_bytes();
        assert_eq!(
            normal("pa\u{308}ssword-la\u{308}ngs".as_bytes()),
            Ok(composed.to_vec())
        );
        assert_eq!(normal(composed), Ok(composed.to_vec()));
    }

    #[test]
    fn limits_and_content() {
        assert_eq!(normal(b"elevenchars"), Err(Unfit::Short));
        assert_eq!(normal(b""), Err(Unfit::Short));
        assert!(normal(&[b'a'; MAX]).is_ok());
        assert_eq!(normal(&[b'a'; MAX + 1]), Err(Unfit::Long));
        assert_eq!(normal(&[b'a'; 100_000]), Err(Unfit::Long));
        // A syllable of nine bytes becomes one of three. What is longer than that allows is not even looked at.
        let syllables = "\u{1112}\u{1161}\u{11ab}".repeat(MAX / 3);
        assert_eq!(normal(syllables.as_bytes()).unwrap().len(), MAX - 1);
        assert_eq!(normal(&[0xff; 3 * MAX]), Err(Unfit::NotText));
        assert_eq!(normal(&[0xff; 3 * MAX + 1]), Err(Unfit::Long));
        assert_eq!(normal(b"twelve\x1bchars"), Err(Unfit::Control));
        assert_eq!(normal("twelve\u{85}chars".as_bytes()), Err(Unfit::Control));
        assert_eq!(normal(b"twelve chars\xff"), Err(Unfit::NotText));
    }
}
