//! Keys from passwords: Argon2id (RFC 9106), version 0x13, without secret and associated data (igsh-vault(5), KEYS).

use std::borrow::Cow;

use super::{Key, on_wiped_stack};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

/// What a derivation costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes, which run in parallel.
    pub lanes: u32,
}

impl Cost {
    /// The least that is accepted anywhere, about 30 ms.
    pub const FLOOR: Self = Self::new(19_456, 2, 1);
    /// What a new vault uses by default.
    pub const VAULT: Self = Self::new(262_144, 3, 4);
    /// What every written bundle uses.
    pub const BUNDLE: Self = Self::new(65_536, 3, 4);

    /// Memory in KiB, passes, lanes.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Self {
        Self {
            memory_kib,
            passes,
            lanes,
        }
    }

    /// Refuses a cost that a file must not ask for, before anything is allocated.
    pub const fn check(self, bounds: &Bounds) -> Result<(), CostOutside> {
        if self.memory_kib < Self::FLOOR.memory_kib
            || self.memory_kib > bounds.memory_kib
            || self.passes < Self::FLOOR.passes
            || self.passes > bounds.passes
            || self.lanes < Self::FLOOR.lanes
            || self.lanes > bounds.lanes
        {
            return Err(CostOutside {
                cost: self,
                most: bounds.memory_kib,
            });
        }
        Ok(())
    }
}

/// The most that a file may ask for; the least is [`Cost::FLOOR`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Bounds for the key slots of a vault or tenant.
pub const VAULT: Bounds = Bounds {
    memory_kib: 1_048_576,
    passes: 8,
    lanes: 8,
};

/// Bounds for a bundle, which may come from a stranger.
pub const BUNDLE: Bounds = Bounds {
    memory_kib: 262_144,
    passes: 8,
    lanes: 8,
};

/// A cost outside its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key derivation with {},{},{} (KiB, passes, lanes) is refused: 19456 to {most} KiB, 2 to 8 passes and 1 to 8 lanes are accepted",
    cost.memory_kib, cost.passes, cost.lanes
)]
pub struct CostOutside {
    /// What was asked for.
    pub cost: Cost,
    /// The most memory that is accepted, in KiB.
    pub most: u32,
}

/// Why no key was derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KdfError {
    /// The memory for the derivation is not there.
    #[error("not enough memory to derive the key: {kib} KiB are needed")]
    Memory {
        /// How much was asked for.
        kib: u32,
    },
    /// The algorithm does not take this cost or password length.
    #[error("the key derivation does not take these parameters")]
    Parameters,
}

impl KdfError {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Memory { .. } => Some("free some memory and try again".into()),
            Self::Parameters => None,
        }
    }
}

/// The key that belongs to a password. Slow on purpose; afterwards its memory and stack are wiped.
pub fn derive(password: &[u8], salt: &[u8; 16], cost: Cost) -> Result<Key, KdfError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(Key::LEN))
        .map_err(|_| KdfError::Parameters)?;
    let mut memory = Vec::new();
    memory
        .try_reserve_exact(params.block_count())
        .map_err(|_| KdfError::Memory {
            kib: cost.memory_kib,
        })?;
    memory.resize(params.block_count(), Block::new());
    let mut memory = Zeroizing::new(memory.into_boxed_slice());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut key = Key::zero();
    on_wiped_stack(|| {
        argon2
            .hash_password_into_with_memory(password, salt, key.as_mut_bytes(), &mut memory[..])
            .map_err(|_| KdfError::Parameters)
    })?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_is_inclusive() {
        for (bounds, most) in [(VAULT, 1_048_576), (BUNDLE, 262_144)] {
            for good in [
                Cost::FLOOR,
                Cost::new(most, 8, 8),
                Cost::new(most, 2, 1),
                Cost::new(19_456, 8, 8),
            ] {
                assert_eq!(good.check(&bounds), Ok(()));
            }
            for bad in [
                Cost::new(19_455, 2, 1),
                Cost::new(most + 1, 2, 1),
                Cost::new(u32::MAX, 2, 1),
                Cost::new(19_456, 1, 1),
                Cost::new(19_456, 9, 1),
                Cost::new(19_456, 2, 0),
                Cost::new(19_456, 2, 9),
            ] {
                assert!(bad.check(&bounds).is_err(), "{bad:?}");
            }
        }
        assert_eq!(Cost::VAULT.check(&VAULT), Ok(()));
        assert_eq!(Cost::BUNDLE.check(&BUNDLE), Ok(()));
    }

    #[test]
    fn password_salt_and_cost_all_count() {
        let derive =
            |password: &[u8], salt, cost| *derive(password, &salt, cost).unwrap().as_bytes();
        let base = derive(b"password", [0; 16], Cost::FLOOR);
        assert_eq!(base, derive(b"password", [0; 16], Cost::FLOOR));
        assert_ne!(base, derive(b"passwore", [0; 16], Cost::FLOOR));
        assert_ne!(base, derive(b"password", [1; 16], Cost::FLOOR));
        assert_ne!(base, derive(b"password", [0; 16], Cost::new(19_456, 2, 2)));
    }

    #[test]
    fn a_cost_that_the_algorithm_does_not_take_is_an_error() {
        assert_eq!(
            derive(b"", &[0; 16], Cost::new(0, 0, 0)).err(),
            Some(KdfError::Parameters)
        );
    }
}
