//! How a digest's shares are made: a short hash of fields, or a number spread without one.

use secrecy::ExposeSecret as _;

use crate::crypto::Sha256;
use crate::model::{Moment, SecretBytes};

/// Spreads a small number over a share; for one `id`, two numbers never meet.
pub(super) const fn mixed(id: u64, number: u64) -> u64 {
    // The finaliser of SplitMix64: enough where no secret goes in, and a tenth of the time of a hash.
    let mut mix = id ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mix = (mix ^ mix >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mix = (mix ^ mix >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mix ^ mix >> 31
}

/// Hashes of fields, one after the other; each field begins with its length. All but secrets are gathered
/// first, because a hash takes longer over a few bytes at a time.
pub(super) struct Hash {
    gathered: [u8; GATHERED],
    filled: usize,
    hash: Sha256,
}

const GATHERED: usize = 192;

impl Hash {
    pub(super) fn new() -> Self {
        Self {
            gathered: [0; GATHERED],
            filled: 0,
            hash: Sha256::default(),
        }
    }

    /// Begins anew; `what` keeps the hashes of different things apart.
    pub(super) fn of(&mut self, what: u8) -> &mut Self {
        self.gathered[0] = what;
        self.filled = 1;
        self
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        if bytes.len() > GATHERED - self.filled {
            self.flush();
        }
        match self
            .gathered
            .get_mut(self.filled..self.filled + bytes.len())
        {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.filled += bytes.len();
            }
            None => self.hash.update(bytes),
        }
        self
    }

    fn flush(&mut self) {
        self.hash.update(&self.gathered[..self.filled]);
        self.filled = 0;
    }

    /// A number in as many bytes as it needs, seven bits in each.
    pub(super) fn number(&mut self, mut number: u64) -> &mut Self {
        let mut bytes = [0; 10];
        let mut filled = 0;
        for byte in &mut bytes {
            filled += 1;
            *byte = (number & 0x7f) as u8;
            number >>= 7;
            if number == 0 {
                break;
            }
            *byte |= 0x80;
        }
        self.put(&bytes[..filled])
    }

    pub(super) fn maybe_number(&mut self, number: Option<u64>) -> &mut Self {
        match number {
            Some(number) => self.put(&[1]).number(number),
            None => self.none(),
        }
    }

    pub(super) fn moment(&mut self, at: Option<Moment>) -> &mut Self {
        self.maybe_number(at.map(|at| at.as_microsecond().cast_unsigned()))
    }

    fn none(&mut self) -> &mut Self {
        self.put(&[0])
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.number(text.len() as u64).put(text.as_bytes())
    }

    pub(super) fn maybe(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.put(&[1]).text(text),
            None => self.none(),
        }
    }

    /// What is not gathered, so that no copy of it stays.
    pub(super) fn secret(&mut self, secret: &SecretBytes) -> &mut Self {
        let secret = secret.expose_secret();
        self.number(secret.len() as u64).flush();
        self.hash.update(secret);
        self
    }

    pub(super) fn end(&mut self) -> u64 {
        self.flush();
        let hash = self.hash.finish_and_begin();
        let (head, _) = hash.split_at(8);
        head.iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}
