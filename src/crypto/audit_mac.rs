//! The one message authentication code of the program: of the audit, and of the sums over what a file has decided.

use super::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Sha256, Sha512};

/// HMAC-SHA-256 (RFC 2104).
pub fn hmac_sha256(key: &Key, data: &[u8]) -> [u8; 32] {
    Mac::new(key).of(data)
}

/// HMAC-SHA-256 (RFC 2104) under one key over many messages: the key is taken in once. Wiped when dropped.
pub struct Mac(Hmac<Sha256>);

impl Mac {
    /// Takes the key in.
    pub fn new(key: &Key) -> Self {
        // A key of 32 bytes is shorter than the block of 64: padding it is all that the general constructor would do.
        let mut block = zeroize::Zeroizing::new([0u8; 64]);
        block[..Key::LEN].copy_from_slice(key.as_bytes());
        Self(Hmac::new((&*block).into()))
    }

    /// The code of this message.
    pub fn of(&self, data: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(data);
        mac.finalize().into_bytes().into()
    }
}

/// HMAC-SHA-512 over the pieces, for the one HKDF-Expand of the program.
pub(super) fn hmac_sha512(key: &Key, pieces: &[&[u8]]) -> zeroize::Zeroizing<[u8; 64]> {
    let mut block = zeroize::Zeroizing::new([0u8; 128]);
    block[..Key::LEN].copy_from_slice(key.as_bytes());
    let mut mac = Hmac::<Sha512>::new((&*block).into());
    for piece in pieces {
        mac.update(piece);
    }
    zeroize::Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 1 and 2: their keys are shorter than ours, and HMAC pads a key with zeros.
    #[test]
    fn codes_are_those_of_the_published_vectors() {
        for (short_key, data, code) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
        ] {
            let mut bytes = [0; Key::LEN];
            bytes[..short_key.len()].copy_from_slice(short_key);
            let key = Key::from_bytes(&bytes);
            assert_eq!(crate::crypto::hex(&hmac_sha256(&key, data)), code);
            let mac = Mac::new(&key);
            mac.of(b"another message");
            assert_eq!(crate::crypto::hex(&mac.of(data)), code);
        }
    }
}
