//! The password of a bundle: 26 random digits of 5 bits and two check digits (igsh-bundle(5), LAYOUT).
//!
//! igsh draws it, no person chooses it, so it has 130 bits. The check digits are for typing from paper: a slip is
//! distinguished from a wrong password before the slow key derivation begins.

use std::borrow::Cow;

use crate::ambient::{NoRandomness, Randomness};
use secrecy::SecretString;
use zeroize::Zeroizing;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DIGITS: usize = 26;
/// Prime, and greater than any weight and any difference of two digits, so no product of these is a multiple of it: no
/// wrong character and no swap of two leaves the check digits right.
const MODULUS: u32 = 1021;

/// A bundle's password. Wiped when dropped.
pub struct BundlePassword(Zeroizing<Box<[u8]>>);

/// What was typed is not a bundle password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mistyped {
    /// Too few or too many characters.
    #[error("a bundle password has 28 characters besides dashes and blanks, this one has {found}")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// A character that no bundle password holds.
    #[error("character {position} cannot be part of a bundle password")]
    Character {
        /// Its place, from 1, dashes and blanks not counted.
        position: usize,
    },
    /// The last two characters do not fit the others.
    #[error("the password is mistyped: its check characters do not fit")]
    Check,
}

impl Mistyped {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some("compare it with the original".into())
    }
}

impl BundlePassword {
    /// A fresh password.
    pub fn generate(rng: &dyn Randomness) -> Result<Self, NoRandomness> {
        let mut digits = Zeroizing::new(Box::<[u8]>::from([0; DIGITS]));
        rng.fill(&mut digits[..])?;
        digits
            .iter_mut()
            .for_each(|digit| *digit = ALPHABET[usize::from(*digit & 31)]);
        Ok(Self(digits))
    }

    /// Reads a password as a person types it: dashes, blanks and case do not count, O is 0, I and L are 1.
    pub fn parse(typed: &str) -> Result<Self, Mistyped> {
        let mut read = Zeroizing::new([0u8; DIGITS + 2]);
        let mut found = 0;
        let mut stranger = None;
        for c in typed.chars().filter(|c| *c != '-' && !c.is_whitespace()) {
            let digit = digit(c);
            if let Some(place) = read.get_mut(found) {
                *place = digit.unwrap_or_default();
            }
            found += 1;
            if digit.is_none() {
                stranger = stranger.or(Some(found));
            }
        }
        if found != DIGITS + 2 {
            return Err(Mistyped::Length { found });
        }
        if let Some(position) = stranger {
            return Err(Mistyped::Character { position });
        }
        if read[DIGITS..] != check(read[..DIGITS].iter().copied()) {
            return Err(Mistyped::Check);
        }
        let mut digits = Zeroizing::new(Box::<[u8]>::from([0; DIGITS]));
        for (to, from) in digits.iter_mut().zip(read.iter()) {
            *to = ALPHABET[usize::from(*from)];
        }
        Ok(Self(digits))
    }

    /// As a person sees it: `XXXXX-XXXXX-XXXXX-XXXXX-XXXXX-XCC`.
    pub fn display(&self) -> SecretString {
        let values = self
            .0
            .iter()
            .map(|c| digit(char::from(*c)).unwrap_or_default());
        let check = check(values).map(|value| ALPHABET[usize::from(value)]);
        // The exact capacity, so that no reallocation leaves a copy and the conversion to a box keeps the memory.
        let mut text = String::with_capacity(DIGITS + 2 + 5);
        for (index, c) in self.0.iter().chain(&check).enumerate() {
            if index > 0 && index % 5 == 0 {
                text.push('-');
            }
            text.push(char::from(*c));
        }
        SecretString::from(text)
    }

    /// The first 26 characters in ASCII: what goes into the key derivation.
    pub fn kdf_input(&self) -> &[u8] {
        &self.0[..]
    }
}

/// The value of a typed character.
fn digit(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    let index = ALPHABET.iter().position(|digit| char::from(*digit) == c)?;
    u8::try_from(index).ok()
}

/// The values of the two check digits.
fn check(digits: impl Iterator<Item = u8>) -> [u8; 2] {
    let sum: u32 = (1..)
        .zip(digits)
        .map(|(weight, digit)| weight * u32::from(digit))
        .sum();
    let sum = sum % MODULUS;
    // Both quotients are below 32 because the modulus is below 1024.
    [(sum / 32) as u8, (sum % 32) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::SystemRandomness;
    use secrecy::ExposeSecret as _;

    fn sample() -> Vec<char> {
        let password = BundlePassword::generate(&SystemRandomness).unwrap();
        password
            .display()
            .expose_secret()
            .chars()
            .filter(|c| *c != '-')
            .collect()
    }

    fn refused(typed: &[char]) -> bool {
        BundlePassword::parse(&typed.iter().collect::<String>()).is_err()
    }

    #[test]
    fn what_is_shown_can_be_read() {
        let password = BundlePassword::generate(&SystemRandomness).unwrap();
        let shown = password.display();
        let shown = shown.expose_secret();
        let groups: Vec<usize> = shown.split('-').map(str::len).collect();
        assert_eq!(groups, [5, 5, 5, 5, 5, 3]);
        let blanks = shown.replace('-', " ").to_lowercase();
        let look_alikes = shown.replace('0', "o").replace('1', "l");
        let look_alikes_2 = shown.replace('0', "O").replace('1', "I");
        for typed in [
            shown,
            &blanks,
            &look_alikes,
            &look_alikes_2,
            &format!(" {shown}\n"),
        ] {
            let read = BundlePassword::parse(typed).unwrap();
            assert_eq!(read.kdf_input(), password.kdf_input());
        }
        assert_eq!(password.kdf_input().len(), 26);
    }

    /// Holds for every password: the changes that a slip makes on the two sides of the check are never congruent.
    #[test]
    fn no_single_slip_and_no_swap_can_keep_the_check() {
        let passes = |change: i32| change.rem_euclid(MODULUS as i32) == 0;
        for difference in (-31..=31).filter(|d| *d != 0) {
            for weight in 1..=26 {
                assert!(!passes(weight * difference), "a wrong digit {weight}");
                for other in (1..weight).map(|other| weight - other) {
                    assert!(!passes(other * difference), "a swap of two digits");
                }
                // The digit and a check digit change places: the sum changes by weight × d, the check by −place × d.
                for place in [1, 32] {
                    assert!(
                        !passes((weight + place) * difference),
                        "a swap with a check digit"
                    );
                }
            }
            for place in [1, 32, 31] {
                assert!(
                    !passes(place * difference),
                    "a slip in, or a swap of, the check digits"
                );
            }
        }
    }

    #[test]
    fn every_slip_and_swap_of_a_password_is_refused() {
        let right = sample();
        assert!(!refused(&right));
        for position in 0..right.len() {
            for c in ALPHABET.iter().map(|c| char::from(*c)) {
                let mut typed = right.clone();
                typed[position] = c;
                assert_eq!(refused(&typed), typed != right);
            }
            for other in 0..position {
                let mut typed = right.clone();
                typed.swap(position, other);
                assert_eq!(refused(&typed), typed != right);
            }
        }
    }

    #[test]
    fn messages_say_what_is_wrong() {
        let right: String = sample().iter().collect();
        let error = |typed: &str| BundlePassword::parse(typed).err();
        assert_eq!(error(""), Some(Mistyped::Length { found: 0 }));
        assert_eq!(error(&right[1..]), Some(Mistyped::Length { found: 27 }));
        assert_eq!(
            error(&format!("{right}0")),
            Some(Mistyped::Length { found: 29 })
        );
        assert_eq!(
            error(&format!("{}U{}", &right[..3], &right[4..])),
            Some(Mistyped::Character { position: 4 })
        );
        assert_eq!(
            error(&format!("{}é{}", &right[..3], &right[4..])),
            Some(Mistyped::Character { position: 4 })
        );
        assert_eq!(
            error(&format!("{}Z", "0".repeat(27))),
            Some(Mistyped::Check)
        );
        assert!(BundlePassword::parse(&"0".repeat(28)).is_ok());
    }
}
