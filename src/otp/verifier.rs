//! Whether a typed code is one that a token may show now, and where token and server then stand.
//!
//! Token and server drift apart: a clock goes wrong, a button is pressed in a pocket. So codes are right within a
//! window around what is expected, and each right one moves the expectation. Further out, two codes in a row are
//! wanted, since one alone would be guessed too easily (RFC 4226 §7.4, RFC 6238 §6; the sizes: igsh-migration(7),
//! LIMITS).

use std::num::NonZeroU32;

use subtle::ConstantTimeEq as _;

use super::code::{Digits, NoDigits, Otp};
use super::generator::Generator;
use crate::model::{Algorithm, Hash, Timestamp};

/// How many steps around the expected one a single code is right: both ways by the clock, ahead by the counter.
pub const WINDOW: u32 = 10;
/// How many steps around the expected one two codes in a row bring token and server together again.
pub const RESET: u32 = 120;

/// Seconds of a time step, where a token's record does not say (RFC 6238 §4.1).
const STEP: u32 = 30;

/// Verifies the codes of one token.
pub struct Verifier {
    generator: Generator,
    digits: Digits,
    moving: Moving,
}

/// What makes the next code differ from this one.
#[derive(Debug, Clone, Copy)]
enum Moving {
    /// The clock, in steps of so many seconds.
    Time(NonZeroU32),
    /// The button.
    Event,
}

/// Why the codes of a token cannot be verified at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotVerifiable {
    /// The vendor's own algorithm.
    #[error("the algorithm of cr tokens is not published, so their codes cannot be verified here")]
    Unpublished,
    /// Challenge/response under a suite that no record carries.
    #[error(
        "an ocra token answers under a suite that its record does not carry, so its codes cannot be verified here"
    )]
    NoSuite,
    /// A number of digits that cannot be.
    #[error(transparent)]
    Digits(#[from] NoDigits),
    /// A time step of no length.
    #[error("the token has a time step of 0 seconds")]
    NoStep,
    /// Nothing to compute from.
    #[error("the token has no seed")]
    NoSeed,
}

/// Where token and server stand, as it is kept beside the token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Event-based: the counter of the next code, which is expected.
    pub counter: u64,
    /// Time-based: by how many steps the token's clock is ahead.
    pub drift: i64,
    /// Time-based: the newest step whose code was accepted. Neither it nor an older one is accepted again.
    pub last_step: Option<u64>,
}

/// A code that was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matched {
    /// The time step or counter that it belongs to.
    pub at: u64,
    /// How far that is from the expected one, in steps.
    pub offset: i64,
    /// Whether the clock makes the codes, so that the drift moved, or a button, so that the counter did.
    pub by_clock: bool,
    /// Where token and server stand from now on.
    pub standing: Standing,
}

/// What came of one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right(Matched),
    /// It, or a later one, was accepted before.
    Used,
    /// It would be right so many steps away: outside the window, within what two codes in a row reset.
    OutOfStep(i64),
    /// Not a code of this token.
    Wrong,
}

impl Verifier {
    /// For a token with these parameters; what its record does not say is SHA-1, 6 digits, 30 seconds.
    pub fn new(
        algorithm: Algorithm,
        hash: Option<Hash>,
        digits: Option<u32>,
        step: Option<u32>,
        seed: &[u8],
    ) -> Result<Self, NotVerifiable> {
        let moving = match algorithm {
            Algorithm::Totp => {
                let step = step.unwrap_or(STEP);
                Moving::Time(NonZeroU32::new(step).ok_or(NotVerifiable::NoStep)?)
            }
            Algorithm::Hotp | Algorithm::At => Moving::Event,
            Algorithm::Cr => return Err(NotVerifiable::Unpublished),
            Algorithm::Ocra => return Err(NotVerifiable::NoSuite),
        };
        if seed.is_empty() {
            return Err(NotVerifiable::NoSeed);
        }
        Ok(Self {
            generator: Generator::new(seed, hash.unwrap_or(Hash::Sha1)),
            digits: digits.map_or(Ok(Digits::DEFAULT), Digits::new)?,
            moving,
        })
    }

    /// What a single code is worth at this moment.
    pub fn verify(&self, code: &Otp, standing: Standing, now: Timestamp) -> Verdict {
        let place = self.place(standing, now);
        let found = place.search(RESET, |at| self.is_code(code, at));
        let near = |offset: &&i64| offset.unsigned_abs() <= u64::from(WINDOW);
        if let Some(offset) = found.iter().filter(near).find(|it| place.is_new(**it)) {
            return match place.matched(*offset) {
                Some(matched) => Verdict::Right(matched),
                None => Verdict::Wrong,
            };
        }
        match found.iter().find(|it| near(it) || place.is_new(**it)) {
            Some(offset) if place.is_new(*offset) => Verdict::OutOfStep(*offset),
            Some(_) => Verdict::Used,
            None => Verdict::Wrong,
        }
    }

    /// Brings token and server together again by two codes in a row, over the wider reset window.
    pub fn resynchronise(
        &self,
        first: &Otp,
        second: &Otp,
        standing: Standing,
        now: Timestamp,
    ) -> Option<Matched> {
        let place = self.place(standing, now);
        let found = place.search(RESET, |at| {
            let next = at.checked_add(1).map(|next| self.is_code(second, next));
            self.is_code(first, at) & next.unwrap_or(false)
        });
        let offset = found.into_iter().find(|it| place.is_new(*it))?;
        place.matched(offset.checked_add(1)?)
    }

    fn is_code(&self, code: &Otp, at: u64) -> bool {
        self.generator.code(at, self.digits).ct_eq(code).into()
    }

    fn place(&self, standing: Standing, now: Timestamp) -> Place {
        match self.moving {
            Moving::Time(step) => {
                let current = i128::from(now.as_second().div_euclid(i64::from(step.get())));
                Place {
                    expected: current + i128::from(standing.drift),
                    oldest: standing.last_step.map_or(0, |last| i128::from(last) + 1),
                    current: Some(current),
                    standing,
                }
            }
            Moving::Event => Place {
                expected: i128::from(standing.counter),
                oldest: i128::from(standing.counter),
                current: None,
                standing,
            },
        }
    }
}

/// Where a search begins. Wide numbers, so that no drift or counter of a foreign record overflows.
struct Place {
    expected: i128,
    /// The first step or counter that may still be accepted.
    oldest: i128,
    /// Time-based: the server's own step.
    current: Option<i128>,
    standing: Standing,
}

impl Place {
    /// The offsets at which `is_right` holds, nearest first. Every step is tried, whatever was found before.
    fn search(&self, reach: u32, mut is_right: impl FnMut(u64) -> bool) -> Vec<i64> {
        let reach = i64::from(reach);
        let mut found: Vec<i64> = (-reach..=reach)
            .filter(|offset| u64::try_from(self.at(*offset)).is_ok_and(&mut is_right))
            .collect();
        found.sort_by_key(|offset| offset.unsigned_abs());
        found
    }

    fn at(&self, offset: i64) -> i128 {
        self.expected + i128::from(offset)
    }

    fn is_new(&self, offset: i64) -> bool {
        self.at(offset) >= self.oldest
    }

    /// The match at this offset; `None` where the counter has come to its end.
    fn matched(&self, offset: i64) -> Option<Matched> {
        let at = u64::try_from(self.at(offset)).ok()?;
        let standing = match self.current {
            Some(current) => Standing {
                drift: i64::try_from(self.at(offset) - current).ok()?,
                last_step: Some(at),
                ..self.standing
            },
            None => Standing {
                counter: at.checked_add(1)?,
                ..self.standing
            },
        };
        Some(Matched {
            at,
            offset,
            by_clock: self.current.is_some(),
            standing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    const SEED: &[u8] = b"12345678901234567890";

    fn totp() -> Verifier {
        Verifier::new(Algorithm::Totp, None, Some(8), None, SEED).unwrap()
    }

    fn hotp() -> Verifier {
        Verifier::new(Algorithm::Hotp, None, None, None, SEED).unwrap()
    }

    fn code(of: &Verifier, at: u64) -> Otp {
        of.generator.code(at, of.digits)
    }

    fn seconds(at: i64) -> Timestamp {
        Timestamp::from_second(at).unwrap()
    }

    fn drifted(drift: i64) -> Standing {
        Standing {
            drift,
            ..Standing::default()
        }
    }

    fn counted(counter: u64) -> Standing {
        Standing {
            counter,
            ..Standing::default()
        }
    }

    fn right(verdict: Verdict) -> Matched {
        match verdict {
            Verdict::Right(matched) => matched,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn by_the_clock_ten_steps_each_way_around_the_drift_are_right() {
        let now = seconds(30 * 1_000_000 + 7);
        for drift in [0, -6, 6, 250, -400] {
            for offset in -130..=130_i64 {
                let at = (1_000_000 + drift + offset).cast_unsigned();
                let verdict = totp().verify(&code(&totp(), at), drifted(drift), now);
                match offset.abs() {
                    0..=10 => {
                        let matched = right(verdict);
                        assert_eq!((matched.at, matched.offset), (at, offset));
                        assert_eq!(matched.standing.drift, drift + offset);
                        assert_eq!(matched.standing.last_step, Some(at));
                    }
                    11..=120 => assert_eq!(verdict, Verdict::OutOfStep(offset)),
                    _ => assert_eq!(verdict, Verdict::Wrong),
                }
            }
        }
    }

    #[test]
    fn a_step_ends_with_its_last_second() {
        let at = |second: i64| {
            let now = seconds(second);
            right(totp().verify(&code(&totp(), 100), Standing::default(), now)).offset
        };
        assert_eq!([2999, 3000, 3029, 3030].map(at), [1, 0, 0, -1]);
    }

    #[test]
    fn a_code_by_the_clock_is_accepted_once_and_none_before_it() {
        let now = seconds(3000);
        let first = right(totp().verify(&code(&totp(), 101), Standing::default(), now));
        for at in 91..=101 {
            let verdict = totp().verify(&code(&totp(), at), first.standing, now);
            assert_eq!(verdict, Verdict::Used, "{at}");
        }
        let next = right(totp().verify(&code(&totp(), 102), first.standing, now));
        assert_eq!((next.offset, next.standing.drift), (1, 2));
    }

    #[test]
    fn by_the_counter_ten_codes_ahead_are_right_and_none_behind() {
        for offset in -130..=130_i64 {
            let at = (500 + offset).cast_unsigned();
            let verdict = hotp().verify(&code(&hotp(), at), counted(500), seconds(0));
            match offset {
                0..=10 => {
                    let matched = right(verdict);
                    assert_eq!((matched.at, matched.offset), (at, offset));
                    assert_eq!(matched.standing.counter, at + 1);
                }
                -10..=-1 => assert_eq!(verdict, Verdict::Used),
                11..=120 => assert_eq!(verdict, Verdict::OutOfStep(offset)),
                _ => assert_eq!(verdict, Verdict::Wrong),
            }
        }
    }

    #[test]
    fn two_codes_in_a_row_resynchronise_within_the_reset_window() {
        let now = seconds(30 * 1_000_000);
        for offset in [-121, -120, -30, 0, 5, 11, 120, 121_i64] {
            let at = (1_000_000 + offset).cast_unsigned();
            let pair = [code(&totp(), at), code(&totp(), at + 1)];
            let found = totp().resynchronise(&pair[0], &pair[1], Standing::default(), now);
            let expected = (offset.abs() <= 120).then_some(offset + 1);
            assert_eq!(found.map(|it| it.standing.drift), expected);
            let swapped = totp().resynchronise(&pair[1], &pair[0], Standing::default(), now);
            assert_eq!(swapped, None);
            let (first, later) = (code(&hotp(), at), code(&hotp(), at + 1));
            let found = hotp().resynchronise(&first, &later, counted(1_000_000), now);
            let expected = (0..=120).contains(&offset).then_some(at + 2);
            assert_eq!(found.map(|it| it.standing.counter), expected);
        }
    }

    #[test]
    fn used_codes_do_not_resynchronise() {
        let now = seconds(3000);
        let standing = Standing {
            last_step: Some(101),
            ..Standing::default()
        };
        let found =
            |at| totp().resynchronise(&code(&totp(), at), &code(&totp(), at + 1), standing, now);
        assert_eq!(found(100), None);
        assert_eq!(found(101), None);
        assert_eq!(found(102).unwrap().at, 103);
    }

    #[test]
    fn at_tokens_count_like_hotp() {
        let at = Verifier::new(Algorithm::At, Some(Hash::Sha1), Some(6), Some(30), SEED).unwrap();
        let first = Otp::parse("755224").unwrap();
        let matched = right(at.verify(&first, Standing::default(), seconds(99_999)));
        assert_eq!((matched.at, matched.standing.counter), (0, 1));
    }

    #[test]
    fn what_cannot_be_verified_says_why() {
        let new = |algorithm, digits, step, seed| {
            Verifier::new(algorithm, None, digits, step, seed).err()
        };
        for (found, expected) in [
            (
                new(Algorithm::Cr, None, None, SEED),
                NotVerifiable::Unpublished,
            ),
            (
                new(Algorithm::Ocra, None, None, SEED),
                NotVerifiable::NoSuite,
            ),
            (
                new(Algorithm::Totp, Some(5), None, SEED),
                NotVerifiable::Digits(NoDigits(5)),
            ),
            (
                new(Algorithm::Hotp, Some(11), None, SEED),
                NotVerifiable::Digits(NoDigits(11)),
            ),
            (
                new(Algorithm::Totp, None, Some(0), SEED),
                NotVerifiable::NoStep,
            ),
            (new(Algorithm::At, None, None, b""), NotVerifiable::NoSeed),
        ] {
            assert_eq!(found, Some(expected));
        }
    }

    #[test]
    fn the_length_of_the_code_counts() {
        let six = Verifier::new(Algorithm::Totp, None, Some(6), None, SEED).unwrap();
        let long = code(&totp(), 100);
        let text = long.display();
        let short = Otp::parse(&text.expose_secret()[2..]).unwrap();
        let now = seconds(3000);
        right(six.verify(&short, Standing::default(), now));
        assert_eq!(six.verify(&long, Standing::default(), now), Verdict::Wrong);
        assert_eq!(
            totp().verify(&short, Standing::default(), now),
            Verdict::Wrong
        );
    }

    #[test]
    fn the_ends_of_counters_and_clocks_are_no_overflow() {
        let code = code(&hotp(), u64::MAX);
        assert_eq!(
            hotp().verify(&code, counted(u64::MAX), seconds(0)),
            Verdict::Wrong
        );
        for counter in [0, 3, u64::MAX - 3, u64::MAX] {
            hotp().resynchronise(&code, &code, counted(counter), seconds(0));
        }
        for drift in [i64::MIN, -1, 0, i64::MAX] {
            for now in [Timestamp::MIN, seconds(-1), seconds(0), Timestamp::MAX] {
                totp().verify(&code, drifted(drift), now);
                totp().resynchronise(&code, &code, drifted(drift), now);
            }
        }
    }
}
