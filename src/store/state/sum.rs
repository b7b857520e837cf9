//! Sums of message codes, modulo 2^256.

/// A number below 2^256; the lowest 64 bits come first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum([u64; 4]);

impl Sum {
    /// A big-endian number.
    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut limbs = [0; 4];
        for (limb, part) in limbs.iter_mut().zip(bytes.rchunks_exact(8)) {
            *limb = part
                .iter()
                .fold(0, |limb, byte| limb << 8 | u64::from(*byte));
        }
        Self(limbs)
    }

    /// The number, big-endian.
    pub(super) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (limb, part) in self.0.iter().zip(bytes.rchunks_exact_mut(8)) {
            part.copy_from_slice(&limb.to_be_bytes());
        }
        bytes
    }

    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        let mut carry = false;
        Self(std::array::from_fn(|at| {
            let (sum, first) = self.0[at].overflowing_add(other.0[at]);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            sum
        }))
    }

    /// This without the other.
    pub(super) fn minus(self, other: Self) -> Self {
        let mut borrow = false;
        Self(std::array::from_fn(|at| {
            let (left, first) = self.0[at].overflowing_sub(other.0[at]);
            let (left, second) = left.overflowing_sub(u64::from(borrow));
            borrow = first || second;
            left
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(low: u8) -> Sum {
        let mut bytes = [0; 32];
        bytes[31] = low;
        Sum::from_bytes(bytes)
    }

    #[test]
    fn carries_and_borrows_run_through_and_fall_off_the_end() {
        let highest = Sum::from_bytes([0xff; 32]);
        assert_eq!(highest.plus(number(1)), Sum::default());
        assert_eq!(Sum::default().minus(number(1)), highest);
        assert_eq!(highest.plus(highest), highest.minus(number(1)));
        let mut bytes = [0; 32];
        bytes[23] = 1;
        let two_to_64 = Sum::from_bytes(bytes);
        assert_eq!(two_to_64.minus(number(1)).plus(number(1)), two_to_64);
        assert_eq!(two_to_64.to_bytes(), bytes);
    }

    #[test]
    fn what_is_added_is_taken_away_in_any_order() {
        let of = |seed: u8| Sum::from_bytes(std::array::from_fn(|at| seed.wrapping_mul(at as u8)));
        let (a, b, c) = (of(201), of(77), of(250));
        assert_eq!(a.plus(b).plus(c), c.plus(a).plus(b));
        assert_eq!(a.plus(b).plus(c).minus(b).minus(a), c);
    }
}
