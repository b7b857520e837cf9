//! Secrets out of foreign text, decoded straight into the buffer they stay in.
//!
//! Growing a vector leaves copies behind, so lengths are computed first; what fails on the way is wiped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize as _, Zeroizing};

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
    let inner = string_body(raw)?;
    let mut out = vec![0; unescaped_len(inner)?].into_boxed_slice();
    unescape(inner, &mut out);
    Ok(SecretBytes::new(out))
}

/// The base64 in a JSON string, decoded.
pub(super) fn json_base64(raw: &str) -> Result<SecretBytes, SecretFault> {
    let inner = string_body(raw)?;
    if inner.contains('\\') {
        let mut plain = Zeroizing::new(vec![0; unescaped_len(inner)?]);
        unescape(inner, &mut plain);
        base64(&plain)
    } else {
        base64(inner.as_bytes())
    }
}

/// What stands between the quotes of a raw JSON string.
pub(super) fn string_body(raw: &str) -> Result<&str, SecretFault> {
    raw.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or(SecretFault::NotText)
}

/// How many bytes the body of a JSON string has once its escapes are resolved.
pub(super) fn unescaped_len(body: &str) -> Result<usize, SecretFault> {
    if !body.contains('\\') {
        return Ok(body.len());
    }
    pieces(body).try_fold(0, |sum, piece| {
        Ok(sum
            + match piece? {
                Piece::Plain(text) => text.len(),
                Piece::Char(char) => char.len_utf8(),
            })
    })
}

/// Writes the body of a JSON string with its escapes resolved; `out` has [`unescaped_len`] bytes.
pub(super) fn unescape(body: &str, out: &mut [u8]) {
    let mut at = 0;
    for piece in pieces(body).flatten() {
        let mut scratch = [0; 4];
        let bytes = match piece {
            Piece::Plain(text) => text.as_bytes(),
            Piece::Char(char) => char.encode_utf8(&mut scratch).as_bytes(),
        };
        out[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    }
}

enum Piece<'a> {
    Plain(&'a str),
    Char(char),
}

fn pieces(body: &str) -> impl Iterator<Item = Result<Piece<'_>, SecretFault>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let plain = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        if plain > 0 {
            let (text, tail) = rest.split_at(plain);
            rest = tail;
            return Some(Ok(Piece::Plain(text)));
        }
        let Some((char, length)) = escape(rest) else {
            rest = "";
            return Some(Err(SecretFault::Escape));
        };
        rest = &rest[length..];
        Some(Ok(Piece::Char(char)))
    })
}

/// The character of the escape at the start of `text`, and the escape's length.
fn escape(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 4)?;
        let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        (hex && text.get(at - 2..at)? == "\\u").then(|| u32::from_str_radix(digits, 16).ok())?
    };
    Some(match text.as_bytes().get(1)? {
        b'"' => ('"', 2),
        b'\\' => ('\\', 2),
        b'/' => ('/', 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'u' => match unit(2)? {
            high @ 0xD800..=0xDBFF => {
                let low = unit(8)?;
                if !(0xDC00..=0xDFFF).contains(&low) {
                    return None;
                }
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                (char::from_u32(code)?, 12)
            }
            code => (char::from_u32(code)?, 6),
        },
        _ => return None,
    })
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
    fn escapes_are_resolved() {
        assert_eq!(text(r#""plain""#).unwrap(), b"plain");
        assert_eq!(
            text(r#""\"\\\/\b\f\n\r\t\u00e9""#).unwrap(),
            "\"\\/\u{8}\u{c}\n\r\té".as_bytes()
        );
        assert_eq!(text(r#""\ud83d\ude00!""#).unwrap(), "😀!".as_bytes());
        assert_eq!(text(r#""""#).unwrap(), b"");
    }

    #[test]
    fn halves_of_characters_and_other_values_are_refused() {
        for bad in [
            r#""\ud83d""#,
            r#""\ud83dxxxxxx""#,
            r#""\ud83d\u0041""#,
            r#""\ude00""#,
            r#""\u00""#,
            r#""\u+0ff""#,
        ] {
            assert_eq!(text(bad), Err(SecretFault::Escape), "{bad}");
        }
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
