//! A user's questions and answers as one value, as it is sealed (igsh-vault(5), SEALED FIELDS).

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::model::{QaPair, SecretBytes};

/// u32 count ‖ (lp(question) ‖ lp(answer))*.
pub fn encode(pairs: &[QaPair]) -> Zeroizing<Vec<u8>> {
    let size = pairs
        .iter()
        .map(|pair| 8 + pair.question.len() + pair.answer.expose_secret().len());
    // The whole size at once: a vector that grows leaves copies of answers behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4 + size.sum::<usize>()));
    let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes();
    bytes.extend_from_slice(&length(pairs.len()));
    for pair in pairs {
        for text in [pair.question.as_bytes(), pair.answer.expose_secret()] {
            bytes.extend_from_slice(&length(text.len()));
            bytes.extend_from_slice(text);
        }
    }
    bytes
}

/// The pairs again; nothing when the bytes are not theirs.
pub fn decode(bytes: &[u8]) -> Option<Vec<QaPair>> {
    fn length(bytes: &mut &[u8]) -> Option<usize> {
        let (head, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        usize::try_from(u32::from_be_bytes(*head)).ok()
    }
    fn text<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
        let length = length(bytes)?;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        Some(text)
    }
    let mut rest = bytes;
    let count = length(&mut rest)?;
    // Eight bytes a pair at least: a damaged count allocates nothing.
    let mut pairs = Vec::with_capacity(count.min(bytes.len() / 8));
    for _ in 0..count {
        let question = std::str::from_utf8(text(&mut rest)?).ok()?.to_owned();
        let answer = SecretBytes::from(text(&mut rest)?.to_vec());
        pairs.push(QaPair { question, answer });
    }
    rest.is_empty().then_some(pairs)
}
