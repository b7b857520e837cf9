//! A 256-bit key.

use crate::ambient::{NoRandomness, Randomness};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// 32 uniform bytes, wiped when dropped; without `Clone`, `Debug` or `Serialize`.
pub struct Key(Box<Zeroizing<[u8; 32]>>);

impl ZeroizeOnDrop for Key {}

impl Key {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// A fresh key.
    pub fn random(rng: &dyn Randomness) -> Result<Self, NoRandomness> {
        let mut key = Self::zero();
        rng.fill(&mut key.0[..])?;
        Ok(key)
    }

    /// A copy of these bytes; the caller wipes its own.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut key = Self::zero();
        key.0.copy_from_slice(bytes);
        key
    }

    /// A copy of these bytes if there are 32 of them, as when a wrapped key has been opened.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_bytes(bytes.try_into().ok()?))
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn zero() -> Self {
        Self(Box::new(Zeroizing::new([0; 32])))
    }

    pub(super) fn as_mut_bytes(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }
}
