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
