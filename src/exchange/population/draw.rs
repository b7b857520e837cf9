//! The dice of the standard population.
//!
//! SplitMix64, written out, because a population has to be the same in every version of every crate. Its seeds and
//! passwords are made up and protect no user.

use crate::model::{Moment, SecretBytes};

/// The day the standard population was exported: 2026-01-01T00:00:00Z, in seconds.
pub(super) const EPOCH: i64 = 1_767_225_600;

const DAY: i64 = 86_400;

/// A stream of draws that belongs to one record.
pub(super) struct Draw(u64);

impl Draw {
    /// The draws of record `index` in the population of `seed`.
    pub(super) const fn new(seed: u64, index: u64) -> Self {
        Self(mix(seed ^ mix(index.wrapping_add(0x9E37_79B9_7F4A_7C15))))
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `limit`, which is small; the bias of the multiplication does not matter here.
    pub(super) const fn below(&mut self, limit: u64) -> u64 {
        ((self.next() as u128 * limit as u128) >> 64) as u64
    }

    /// True for about `share` of a thousand draws.
    pub(super) const fn chance(&mut self, share: u64) -> bool {
        self.below(1000) < share
    }

    /// One of `items`.
    pub(super) const fn one<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    /// One of `items`, each as likely as its weight.
    pub(super) fn weighted<T: Copy>(&mut self, items: &[(u64, T)]) -> T {
        let mut rest = self.below(items.iter().map(|(weight, _)| weight).sum());
        let mut chosen = items[0].1;
        for (weight, item) in items {
            chosen = *item;
            if rest < *weight {
                break;
            }
            rest -= weight;
        }
        chosen
    }

    /// Random bytes.
    pub(super) fn bytes(&mut self, count: usize) -> SecretBytes {
        let mut out = vec![0; count].into_boxed_slice();
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        SecretBytes::new(out)
    }

    /// Characters of `alphabet`, whose length is a power of two up to 64.
    pub(super) fn text(&mut self, alphabet: &[u8], out: &mut [u8]) {
        let mask = alphabet.len() as u64 - 1;
        for chunk in out.chunks_mut(10) {
            let mut draw = self.next();
            for byte in chunk {
                *byte = alphabet[(draw & mask) as usize];
                draw >>= 6;
            }
        }
    }

    /// A moment at least `from` and less than `to` days after the epoch; negative is before.
    pub(super) fn day(&mut self, from: i64, to: i64) -> Option<Moment> {
        let span = ((to - from) * DAY).unsigned_abs();
        let second = EPOCH + from * DAY + self.below(span).cast_signed();
        Moment::from_microsecond(second * 1_000_000)
    }
}

const fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}
