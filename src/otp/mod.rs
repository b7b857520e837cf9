//! One-time passwords and grid challenges: what a token or a card answers, and whether an answer is right.
//!
//! HOTP (RFC 4226), TOTP (RFC 6238), OCRA (RFC 6287) and the coordinates of a grid card. Everything here is a function
//! of a seed, a counter or clock, and what was typed; who owns the token, how often a user may try and what is kept
//! afterwards is the business of the room that stores it. Answers are compared in constant time, and a window is
//! searched to its end, so that the time that a check takes does not show how near an answer was.

mod code;
mod generator;
pub mod grid;
pub mod ocra;
#[cfg(test)]
mod vectors;
mod verifier;

pub use code::{Digits, NoDigits, NotACode, Otp};
pub use generator::Generator;
pub use verifier::{Matched, NotVerifiable, RESET, Standing, Verdict, Verifier, WINDOW};
