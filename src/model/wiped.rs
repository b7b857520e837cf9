//! A growing buffer for text that holds secrets.
//!
//! A vector that grows leaves a copy of what it held behind; this one wipes it.

use std::ops::Deref;

use zeroize::{Zeroize as _, Zeroizing};

/// Bytes that are wiped when dropped and when they move.
pub(crate) struct Wiped(Zeroizing<Vec<u8>>);

impl Wiped {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// Forgets the bytes; they stay in memory until they are written over or dropped.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Wipes what stands behind the first `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.0[len..].zeroize();
        self.0.truncate(len);
    }

    /// The vector, which has room for `more` bytes and may not grow beyond it.
    #[inline]
    pub(crate) fn with_room(&mut self, more: usize) -> &mut Vec<u8> {
        self.reserve(more);
        &mut self.0
    }

    #[inline]
    pub(crate) fn reserve(&mut self, more: usize) {
        if self.0.capacity() - self.0.len() < more {
            self.grow(more);
        }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let needed = self.0.len() + more;
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.next_power_of_two()));
        larger.extend_from_slice(&self.0);
        self.0 = larger;
    }
}

impl Deref for Wiped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
