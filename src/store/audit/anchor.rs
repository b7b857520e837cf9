//! Anchors: an entry's number and hash, kept where who can write the file cannot reach (igsh-vault(5), AUDIT).

use std::fmt;
use std::str::FromStr;

use super::super::Error;
use crate::crypto::hex;

/// The number and hash of an entry, which stand for everything before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// The number; zero before the first entry.
    pub seq: u64,
    /// The hash of the chain there.
    pub hash: [u8; 32],
}

impl Anchor {
    /// As a login shows it: `#1234 9f3c0d2a7b61e5f8…`.
    pub fn short(&self) -> String {
        format!("#{} {}…", self.seq, hex(&self.hash[..8]))
    }

    /// The hash in hexadecimal digits.
    pub fn hash_hex(&self) -> String {
        hex(&self.hash)
    }
}

/// As a bundle's header has it: `1234:` and 64 hexadecimal digits.
impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash_hex())
    }
}

/// An anchor as it was noted, perhaps with the hash cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub seq: u64,
    hex: String,
}

impl Claim {
    /// Whether this hash is the one that was noted.
    pub fn fits(&self, hash: &[u8; 32]) -> bool {
        hex(hash).starts_with(&self.hex)
    }
}

impl From<Anchor> for Claim {
    fn from(anchor: Anchor) -> Self {
        Self {
            seq: anchor.seq,
            hex: anchor.hash_hex(),
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hex)
    }
}

impl FromStr for Claim {
    type Err = Error;

    /// `SEQ:HASH`, the hash whole or its first 8 digits or more; a leading `#` and a final `…` are taken from the
    /// line that a login shows.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Audit {
            what: format!("'{text}' is not an anchor"),
            hint: "write SEQ:HASH with at least 8 digits of the hash, as in 1234:9f3c0d2a7b61e5f8",
        };
        let (seq, hash) = text
            .trim()
            .trim_start_matches('#')
            .split_once([':', ' '])
            .ok_or_else(wrong)?;
        let hash = hash.trim().trim_end_matches('…').to_ascii_lowercase();
        if !(8..=64).contains(&hash.len()) || !hash.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        Ok(Self {
            seq: seq.parse().map_err(|_| wrong())?,
            hex: hash,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_taken_back() {
        let anchor = Anchor {
            seq: 1234,
            hash: [0x9f; 32],
        };
        for text in [
            anchor.to_string(),
            anchor.short(),
            " 1234:9F9F9F9F ".to_owned(),
        ] {
            let claim: Claim = text.parse().unwrap();
            assert!(claim.seq == 1234 && claim.fits(&anchor.hash), "{text}");
            assert!(!claim.fits(&[0x9e; 32]));
        }
        assert_eq!(Claim::from(anchor).to_string(), anchor.to_string());
    }

    #[test]
    fn what_cannot_be_an_anchor_is_refused() {
        for text in [
            "",
            "12",
            "12:",
            "x:9f3c0d2a",
            "12:9f3",
            "12:zzzzzzzz",
            "-1:9f3c0d2a",
        ] {
            assert!(text.parse::<Claim>().is_err(), "{text}");
        }
        assert!(format!("1:{}", "a".repeat(65)).parse::<Claim>().is_err());
    }
}
