//! HMAC with dynamic truncation: the one computation under HOTP, TOTP and OCRA.

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::digest::{Digest, Output};
use sha2::{Sha256, Sha512};
use zeroize::Zeroize as _;

use super::code::{Digits, Otp};
use crate::model::Hash;

/// Computes the codes of one seed. The seed has been absorbed; the state is wiped when dropped.
#[derive(Clone)]
pub struct Generator(State);

#[derive(Clone)]
enum State {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
}

impl Generator {
    /// For this seed, of any length, under this hash.
    pub fn new(seed: &[u8], hash: Hash) -> Self {
        Self(match hash {
            Hash::Sha1 => State::Sha1(keyed(seed)),
            Hash::Sha256 => State::Sha256(keyed(seed)),
            Hash::Sha512 => State::Sha512(keyed(seed)),
        })
    }

    /// HOTP (RFC 4226 §5.3). With a counter of time steps it is TOTP (RFC 6238 §4.2).
    pub fn code(&self, counter: u64, digits: Digits) -> Otp {
        Otp::new(
            self.truncated(&[&counter.to_be_bytes()]),
            digits.get() as u8,
        )
    }

    /// The 31 bits that a code is made of: of the HMAC over the pieces, the four bytes at the offset that its last
    /// four bits name, without the sign.
    pub(super) fn truncated(&self, pieces: &[&[u8]]) -> u32 {
        match &self.0 {
            State::Sha1(mac) => truncate(mac.clone(), pieces),
            State::Sha256(mac) => truncate(mac.clone(), pieces),
            State::Sha512(mac) => truncate(mac.clone(), pieces),
        }
    }
}

/// An HMAC that has absorbed its key. A key longer than the hash's block is hashed first (RFC 2104); done by hand,
/// since the general constructor has an error that cannot occur.
fn keyed<H: EagerHash + Digest>(seed: &[u8]) -> Hmac<H>
where
    Hmac<H>: KeyInit,
{
    let mut block = hmac::digest::Key::<Hmac<H>>::default();
    if let Some(start) = block.get_mut(..seed.len()) {
        start.copy_from_slice(seed);
    } else {
        let mut hashed: Output<H> = <H as Digest>::digest(seed);
        block[..hashed.len()].copy_from_slice(&hashed);
        hashed.zeroize();
    }
    let mac = Hmac::new(&block);
    block.zeroize();
    mac
}

fn truncate(mut mac: impl Mac, pieces: &[&[u8]]) -> u32 {
    for piece in pieces {
        mac.update(piece);
    }
    let mut hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[hash.len() - 1] & 0xF);
    let bytes = [
        hash[offset],
        hash[offset + 1],
        hash[offset + 2],
        hash[offset + 3],
    ];
    hash.zeroize();
    u32::from_be_bytes(bytes) & 0x7FFF_FFFF
}
