//! Single values at rest: XAES-256-GCM (C2SP) with 24 random nonce bytes (igsh-vault(5), SEALED FIELDS).
//!
//! A random nonce of that length never repeats, not even after a restored backup, and a key takes any number of values.
//! A sealed field is `0x01 ‖ u32 epoch ‖ nonce(24) ‖ ciphertext ‖ tag(16)`.

use super::{Key, on_wiped_stack};
use crate::ambient::{NoRandomness, Randomness};
use aes_gcm::AeadInOut as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::sync::{Mutex, PoisonError};
use xaes_256_gcm::{Xaes256Gcm, aead::KeyInit as _};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const HEADER: usize = 1 + 4 + NONCE;
const TAG: usize = 16;

/// Length of a nonce in bytes.
pub const NONCE: usize = 24;
/// Bytes that a sealed field is longer than its value.
pub const OVERHEAD: usize = HEADER + TAG;

/// The field is damaged, or stands where it does not belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value is damaged or does not belong here")]
pub struct Refused;

/// A data key of one epoch, expanded once, so that a field costs less than a microsecond. Wiped when dropped.
pub struct FieldKey {
    epoch: u32,
    cipher: Box<Xaes256Gcm>,
}

impl FieldKey {
    /// Expands a data key.
    pub fn new(dek: &Key, epoch: u32) -> Self {
        let cipher = on_wiped_stack(|| Box::new(Xaes256Gcm::new(dek.as_bytes().into())));
        Self { epoch, cipher }
    }

    /// The key's epoch, from 1.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }
}

/// A source of nonces that asks the system once: a system call for each would cost more than sealing the field.
pub struct Nonces(Mutex<StdRng>);

impl Nonces {
    /// Seeds the source.
    pub fn new(rng: &dyn Randomness) -> Result<Self, NoRandomness> {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill(&mut *seed)?;
        Ok(Self(Mutex::new(StdRng::from_seed(*seed))))
    }

    /// The next nonce.
    pub fn next(&self) -> [u8; NONCE] {
        let mut nonce = [0; NONCE];
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rng.fill_bytes(&mut nonce);
        nonce
    }
}

/// Seals a value; `aad` is [`super::context::field`] with the key's epoch.
pub fn seal(key: &FieldKey, nonce: [u8; NONCE], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(OVERHEAD + plaintext.len());
    sealed.push(VERSION);
    sealed.extend_from_slice(&key.epoch.to_be_bytes());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plaintext);
    let value = &mut sealed[HEADER..];
    match key
        .cipher
        .encrypt_inout_detached((&nonce).into(), aad, value.into())
    {
        Ok(tag) => sealed.extend_from_slice(&tag),
        // The only error of the cipher is a message above 64 GiB.
        Err(_) => unreachable!("a field is far shorter than 64 GiB"),
    }
    sealed
}

/// Which epoch's key a sealed field needs.
pub fn epoch(sealed: &[u8]) -> Result<u32, Refused> {
    match sealed {
        [VERSION, a, b, c, d, rest @ ..] if rest.len() >= NONCE + TAG => {
            Ok(u32::from_be_bytes([*a, *b, *c, *d]))
        }
        _ => Err(Refused),
    }
}

/// Opens a sealed field.
pub fn open(key: &FieldKey, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    if epoch(sealed)? != key.epoch {
        return Err(Refused);
    }
    let (nonce, rest) = sealed[HEADER - NONCE..]
        .split_first_chunk::<NONCE>()
        .ok_or(Refused)?;
    let (value, tag) = rest.split_last_chunk::<TAG>().ok_or(Refused)?;
    let mut plaintext = Zeroizing::new(value.to_vec());
    key.cipher
        .decrypt_inout_detached(
            nonce.into(),
            aad,
            plaintext.as_mut_slice().into(),
            tag.into(),
        )
        .map_err(|_| Refused)?;
    Ok(plaintext)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::SystemRandomness;

    #[test]
    fn a_field_opens_with_its_key_epoch_and_place_only() {
        let nonces = Nonces::new(&SystemRandomness).unwrap();
        let dek = Key::random(&SystemRandomness).unwrap();
        let key = FieldKey::new(&dek, 2);
        assert_eq!(key.epoch(), 2);
        for value in [&b""[..], b"seed", &[9; 100_000]] {
            let sealed = seal(&key, nonces.next(), b"here", value);
            assert_eq!(sealed.len(), value.len() + OVERHEAD);
            assert_eq!(epoch(&sealed), Ok(2));
            assert_eq!(**open(&key, b"here", &sealed).unwrap(), *value);
            assert_eq!(open(&key, b"there", &sealed).err(), Some(Refused));
            assert_eq!(
                open(&FieldKey::new(&dek, 3), b"here", &sealed).err(),
                Some(Refused)
            );
            let other = FieldKey::new(&Key::random(&SystemRandomness).unwrap(), 2);
            assert_eq!(open(&other, b"here", &sealed).err(), Some(Refused));
        }
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_refused() {
        let key = FieldKey::new(&Key::from_bytes(&[3; 32]), 1);
        let sealed = seal(&key, [5; NONCE], b"aad", b"value");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&key, b"aad", &changed).is_err(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(open(&key, b"aad", &sealed[..len]).is_err(), "length {len}");
            assert_eq!(epoch(&sealed[..len]).is_ok(), len >= OVERHEAD);
        }
    }

    #[test]
    fn nonces_do_not_repeat() {
        let nonces = Nonces::new(&SystemRandomness).unwrap();
        let seen: std::collections::HashSet<_> = (0..10_000).map(|_| nonces.next()).collect();
        assert_eq!(seen.len(), 10_000);
    }
}
