//! Secrets out of foreign text, decoded straight into the buffer they stay in.
//!
//! Growing a vector leaves copies behind, so lengths are computed first; what fails on the way is wiped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize as _, Zeroizing};

use crate::json;
use crate::model::SecretBytes;

/// Why a secret cannot be decoded; positions count bytes from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SecretFault {
    /// The value is not a JSON string.
    NotText,
    /// An escape in the string makes no character.
    Escape,
    /// Not base64; the position of the first bad character, where there is one.
    Base64(Option<usize>),
    /// Nothing in it.
    Empty,
}

/// Strict base64 (RFC 4648 §4, padded) to a secret.
pub(super) fn base64(text: &[u8]) -> Result<SecretBytes, SecretFault> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let length = (text.len() / 4 * 3).saturating_sub(padding.min(2));
    let mut out = vec![0; length].into_boxed_slice();
    match STANDARD.decode_slice(text, &mut out) {
        Ok(0) => Err(SecretFault::Empty),
        Ok(written) if written == length => Ok(SecretBytes::new(out)),
        Ok(_) => {
            out.zeroize();
            Err(SecretFault::Base64(None))
        }
        Err(error) => {
            out.zeroize();
            Err(SecretFault::Base64(match error {
                base64::DecodeSliceError::DecodeError(
                    base64::DecodeError::InvalidByte(at, _)
                    | base64::DecodeError::InvalidLastSymbol { offset: at, .. },
                ) => Some(at),
                _ => None,
            }))
        }
    }
}

/// The text of a JSON string, as secret bytes.
pub(super) fn json_text(raw: &str) -> Result<SecretBytes, SecretFault> {
    let (body, length) = json_body(raw)?;
    let mut out = vec![0; length].into_boxed_slice();
    json::unescape(body, &mut out);
    Ok(SecretBytes::new(out))
}

/// The base64 in a JSON string, decoded.
pub(super) fn json_base64(raw: &str) -> Result<SecretBytes, SecretFault> {
    let (body, length) = json_body(raw)?;
    if length == body.len() {
        return base64(body.as_bytes());
    }
    let mut plain = Zeroizing::new(vec![0; length]);
    json::unescape(body, &mut plain);
    base64(&plain)
}

/// The body of a JSON string and its length once its escapes are resolved.
pub(super) fn json_body(raw: &str) -> Result<(&str, usize), SecretFault> {
    let body = json::string_body(raw).ok_or(SecretFault::NotText)?;
    let length = json::unescaped_len(body).ok_or(SecretFault::Escape)?;
    Ok((body, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    fn text(raw: &str) -> Result<Vec<u8>, SecretFault> {
        json_text(raw).map(|secret| secret.expose_secret().to_vec())
    }

    #[test]
    fn only_whole_texts_are_secrets() {
        assert_eq!(text(r#""\u00e9\n""#).unwrap(), "é\n".as_bytes());
        assert_eq!(text(r#""\ud83d""#), Err(SecretFault::Escape));
        for other in ["12", "null", "{}", "[\"a\"]"] {
            assert_eq!(text(other), Err(SecretFault::NotText), "{other}");
        }
    }

    #[test]
    fn base64_is_strict_and_says_where() {
        let bytes = |text: &str| base64(text.as_bytes()).map(|it| it.expose_secret().to_vec());
        assert_eq!(bytes("MTIzNA==").unwrap(), b"1234");
        assert_eq!(bytes("MTIzNDU=").unwrap(), b"12345");
        assert_eq!(bytes("MTIzNDU2").unwrap(), b"123456");
        assert_eq!(bytes(""), Err(SecretFault::Empty));
        assert_eq!(bytes("MTI*NA=="), Err(SecretFault::Base64(Some(3))));
        assert_eq!(bytes("MTIzNB=="), Err(SecretFault::Base64(Some(5))));
        for bad in ["MTIzNA", "MTIzNA=", "M", "====", "MTIz NDU2", "MTIzNA==\n"] {
            assert!(
                matches!(bytes(bad), Err(SecretFault::Base64(_))),
                "{bad:?} {:?}",
                bytes(bad)
            );
        }
        let escaped = json_base64(r#""\/\/8=""#).unwrap();
        assert_eq!(escaped.expose_secret(), [0xFF, 0xFF]);
    }

    proptest! {
        #[test]
        fn any_json_string_reads_as_serde_reads_it(value: String) {
            let raw = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(text(&raw).unwrap(), value.into_bytes());
        }

        #[test]
        fn any_bytes_survive_base64(bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
            let secret = base64(STANDARD.encode(&bytes).as_bytes()).unwrap();
            prop_assert_eq!(secret.expose_secret(), &bytes[..]);
        }
    }
}
