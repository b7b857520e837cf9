//! OCRA (RFC 6287): what a token with a keypad answers to a challenge.
//!
//! A suite such as `OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1` says which inputs go into the answer and in which form. Source
//! records carry no suite, so nothing here is reached by a migration yet; it is what a record with one would be
//! verified by.

use sha2::Digest as _;
use zeroize::Zeroizing;

use super::code::Otp;
use super::generator::Generator;
use crate::model::Hash;

/// Bytes of the challenge in the message, whatever its length (RFC 6287 §5.1).
const CHALLENGE: usize = 128;

/// A suite, read from its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// The text itself, which is part of what is authenticated.
    text: String,
    hash: Hash,
    digits: u8,
    counter: bool,
    challenge: Form,
    longest: usize,
    pin: Option<Hash>,
    session: Option<usize>,
    step: Option<u32>,
}

/// What a challenge consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Alphanumeric,
    Numeric,
    Hexadecimal,
}

/// What goes into an answer. What the suite does not ask for is left out, what it asks for must be there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inputs<'a> {
    /// The event counter.
    pub counter: Option<u64>,
    /// The challenge as it is shown; in mutual authentication the two challenges in the order of RFC 6287 §7.3.
    pub challenge: &'a str,
    /// The PIN in clear; only its hash enters the message.
    pub pin: Option<&'a str>,
    /// Information on the session.
    pub session: Option<&'a [u8]>,
    /// The time in seconds since 1970.
    pub time: Option<u64>,
}

/// A text that is no suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{part}' cannot be part of an OCRA suite: {why}")]
pub struct NotASuite {
    /// The part that cannot be read.
    pub part: String,
    /// What is expected in its place.
    pub why: &'static str,
}

/// Inputs that do not go with the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadInput {
    /// The suite asks for it, and it is not there.
    #[error("the suite needs {0}")]
    Missing(&'static str),
    /// A challenge of other characters than the suite's.
    #[error("the challenge has a character that the suite does not allow")]
    Character,
    /// A challenge that is empty or longer than two of the suite's.
    #[error("the challenge has {found} characters; with this suite it has 1 to {most}")]
    Length {
        found: usize,
        /// How many there may be: twice the suite's number, since mutual authentication joins two challenges.
        most: usize,
    },
    /// Session information that is longer than the suite's.
    #[error("the session information has {found} bytes, the suite takes {most}")]
    Session {
        found: usize,
        /// How many the suite takes.
        most: usize,
    },
}

impl std::str::FromStr for Suite {
    type Err = NotASuite;

    fn from_str(text: &str) -> Result<Self, NotASuite> {
        let mut parts = text.split(':');
        let version = parts.next().unwrap_or_default();
        if version != "OCRA-1" {
            return Err(bad(version, "it begins with OCRA-1"));
        }
        let (hash, digits) = function(parts.next().unwrap_or_default())?;
        let inputs = parts.next().unwrap_or_default();
        if let Some(more) = parts.next() {
            return Err(bad(more, "a suite has three parts"));
        }
        let (counter, inputs) = match inputs.strip_prefix("C-") {
            Some(rest) => (true, rest),
            None => (false, inputs),
        };
        let mut inputs = inputs.split('-').peekable();
        let (challenge, longest) = question(inputs.next().unwrap_or_default())?;
        let pin = inputs.next_if(|it| it.starts_with('P'));
        let session = inputs.next_if(|it| it.starts_with('S'));
        let step = inputs.next_if(|it| it.starts_with('T'));
        if let Some(more) = inputs.next() {
            let why = "after the challenge come P…, S… and T…, in this order";
            return Err(bad(more, why));
        }
        Ok(Self {
            text: text.to_owned(),
            hash,
            digits,
            counter,
            challenge,
            longest,
            pin: pin.map(|it| hash_named(&it[1..], it)).transpose()?,
            session: session.map(session_length).transpose()?,
            step: step.map(time_step).transpose()?,
        })
    }
}

fn bad(part: &str, why: &'static str) -> NotASuite {
    NotASuite {
        part: part.to_owned(),
        why,
    }
}

/// `HOTP-SHA1-6`
fn function(part: &str) -> Result<(Hash, u8), NotASuite> {
    let inner = part.strip_prefix("HOTP-").and_then(|it| it.split_once('-'));
    let (hash, digits) = inner.ok_or_else(|| bad(part, "it is HOTP-hash-digits"))?;
    let digits = match digits.parse() {
        Ok(digits @ 4..=10) => digits,
        // 0 means the whole HMAC, which is too long to type.
        _ => return Err(bad(part, "an answer has 4 to 10 digits")),
    };
    Ok((hash_named(hash, part)?, digits))
}

fn hash_named(name: &str, part: &str) -> Result<Hash, NotASuite> {
    match name {
        "SHA1" => Ok(Hash::Sha1),
        "SHA256" => Ok(Hash::Sha256),
        "SHA512" => Ok(Hash::Sha512),
        _ => Err(bad(part, "the hash is SHA1, SHA256 or SHA512")),
    }
}

/// `QN08`
fn question(part: &str) -> Result<(Form, usize), NotASuite> {
    let why = "a challenge is QA, QN or QH with two digits from 04 to 64";
    let form = match part.get(..2) {
        Some("QA") => Form::Alphanumeric,
        Some("QN") => Form::Numeric,
        Some("QH") => Form::Hexadecimal,
        _ => return Err(bad(part, why)),
    };
    match number(&part[2..], 2) {
        Some(length @ 4..=64) => Ok((form, length as usize)),
        _ => Err(bad(part, why)),
    }
}

/// `S064`, or `S` for 64 bytes.
fn session_length(part: &str) -> Result<usize, NotASuite> {
    match &part[1..] {
        "" => Ok(64),
        digits => match number(digits, 3) {
            Some(length) if length > 0 => Ok(length as usize),
            _ => Err(bad(part, "the session's length has three digits")),
        },
    }
}

/// `T1M`, in seconds.
fn time_step(part: &str) -> Result<u32, NotASuite> {
    let why = "a time step is 1 to 59 with S or M, or 1 to 48 with H";
    let inner = &part[1..];
    let unit = inner.chars().next_back();
    let digits = inner.strip_suffix(['S', 'M', 'H']).unwrap_or_default();
    match (number(digits, digits.len().min(2)), unit) {
        (Some(count @ 1..=59), Some('S')) => Ok(count),
        (Some(count @ 1..=59), Some('M')) => Ok(count * 60),
        (Some(count @ 1..=48), Some('H')) => Ok(count * 3600),
        _ => Err(bad(part, why)),
    }
}

/// A number of exactly so many ASCII digits.
fn number(digits: &str, length: usize) -> Option<u32> {
    let plain = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

impl Suite {
    /// The answer under this seed.
    pub fn answer(&self, seed: &[u8], inputs: &Inputs<'_>) -> Result<Otp, BadInput> {
        let counter = self.part(self.counter, inputs.counter, "a counter")?;
        let counter = counter.map(u64::to_be_bytes);
        let challenge = self.challenge_bytes(inputs.challenge)?;
        let pin = self.part(self.pin.is_some(), inputs.pin, "a PIN")?;
        let pin = pin.zip(self.pin).map(|(pin, hash)| hashed(pin, hash));
        let session = self.part(
            self.session.is_some(),
            inputs.session,
            "session information",
        )?;
        let session = match session.zip(self.session) {
            Some((given, most)) => Some(padded_session(given, most)?),
            None => None,
        };
        let time = self.part(self.step.is_some(), inputs.time, "the time")?;
        let time = time
            .zip(self.step)
            .map(|(time, step)| (time / u64::from(step)).to_be_bytes());
        let message = [
            self.text.as_bytes(),
            &[0],
            counter.as_ref().map_or(&[], |it| it.as_slice()),
            &challenge,
            pin.as_ref().map_or(&[], |it| it.as_slice()),
            session.as_deref().unwrap_or_default(),
            time.as_ref().map_or(&[], |it| it.as_slice()),
        ];
        let truncated = Generator::new(seed, self.hash).truncated(&message);
        Ok(Otp::new(truncated, self.digits))
    }

    fn part<T>(
        &self,
        wanted: bool,
        given: Option<T>,
        what: &'static str,
    ) -> Result<Option<T>, BadInput> {
        match (wanted, given) {
            (true, None) => Err(BadInput::Missing(what)),
            (true, given) => Ok(given),
            (false, _) => Ok(None),
        }
    }

    fn challenge_bytes(&self, challenge: &str) -> Result<[u8; CHALLENGE], BadInput> {
        let most = 2 * self.longest;
        let found = challenge.chars().count();
        if found == 0 || found > most {
            return Err(BadInput::Length { found, most });
        }
        let allowed = |byte: u8| match self.challenge {
            Form::Alphanumeric => byte.is_ascii_alphanumeric(),
            Form::Numeric => byte.is_ascii_digit(),
            Form::Hexadecimal => byte.is_ascii_hexdigit(),
        };
        if !challenge.bytes().all(allowed) {
            return Err(BadInput::Character);
        }
        let mut bytes = [0; CHALLENGE];
        match self.challenge {
            Form::Alphanumeric => bytes[..found].copy_from_slice(challenge.as_bytes()),
            Form::Hexadecimal => {
                fill_nibbles(&mut bytes, challenge.chars().filter_map(|c| c.to_digit(16)));
            }
            Form::Numeric => fill_nibbles(&mut bytes, to_hexadecimal(challenge).into_iter()),
        }
        Ok(bytes)
    }
}

/// Hexadecimal digits from the left, zeros after them (RFC 6287, the reference implementation of Appendix A).
fn fill_nibbles(bytes: &mut [u8; CHALLENGE], nibbles: impl Iterator<Item = u32>) {
    for (at, nibble) in nibbles.enumerate().take(2 * CHALLENGE) {
        bytes[at / 2] |= (nibble as u8) << if at % 2 == 0 { 4 } else { 0 };
    }
}

/// The hexadecimal digits of a decimal number, without leading zeros; of zero, one.
fn to_hexadecimal(decimal: &str) -> Vec<u32> {
    // Least significant first while it grows.
    let mut digits = vec![0];
    for decimal in decimal.chars().filter_map(|c| c.to_digit(10)) {
        let mut carry = decimal;
        for digit in &mut digits {
            let sum = *digit * 10 + carry;
            *digit = sum % 16;
            carry = sum / 16;
        }
        if carry > 0 {
            digits.push(carry);
        }
    }
    digits.reverse();
    digits
}

fn hashed(pin: &str, hash: Hash) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(match hash {
        Hash::Sha1 => sha1::Sha1::digest(pin).to_vec(),
        Hash::Sha256 => sha2::Sha256::digest(pin).to_vec(),
        Hash::Sha512 => sha2::Sha512::digest(pin).to_vec(),
    })
}

/// Session information, with zeros before it.
fn padded_session(given: &[u8], most: usize) -> Result<Vec<u8>, BadInput> {
    let found = given.len();
    let Some(zeros) = most.checked_sub(found) else {
        return Err(BadInput::Session { found, most });
    };
    let mut padded = vec![0; zeros];
    padded.extend_from_slice(given);
    Ok(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_read_and_others_are_refused() {
        for good in [
            "OCRA-1:HOTP-SHA1-6:QN08",
            "OCRA-1:HOTP-SHA1-4:QH40-S512",
            "OCRA-1:HOTP-SHA512-8:C-QN08-PSHA1-S064-T30S",
            "OCRA-1:HOTP-SHA256-10:QA64-S-T48H",
        ] {
            good.parse::<Suite>().unwrap();
        }
        for wrong in [
            "",
            "OCRA-2:HOTP-SHA1-6:QN08",
            "OCRA-1:HOTP-MD5-6:QN08",
            "OCRA-1:HOTP-SHA1-0:QN08",
            "OCRA-1:HOTP-SHA1-11:QN08",
            "OCRA-1:HOTP-SHA1-6",
            "OCRA-1:HOTP-SHA1-6:C",
            "OCRA-1:HOTP-SHA1-6:QN8",
            "OCRA-1:HOTP-SHA1-6:QN65",
            "OCRA-1:HOTP-SHA1-6:QX08",
            "OCRA-1:HOTP-SHA1-6:Qß08",
            "OCRA-1:HOTP-SHA1-6:QN08-PMD5",
            "OCRA-1:HOTP-SHA1-6:QN08-T60S",
            "OCRA-1:HOTP-SHA1-6:QN08-T",
            "OCRA-1:HOTP-SHA1-6:QN08-T+1M",
            "OCRA-1:HOTP-SHA1-6:QN08-S1",
            "OCRA-1:HOTP-SHA1-6:QN08-T1M-PSHA1",
            "OCRA-1:HOTP-SHA1-6:QN08:",
        ] {
            assert!(wrong.parse::<Suite>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn inputs_must_go_with_the_suite() {
        let suite: Suite = "OCRA-1:HOTP-SHA1-6:C-QN08-PSHA1-S004-T1M".parse().unwrap();
        let full = Inputs {
            counter: Some(0),
            challenge: "12345678",
            pin: Some("1234"),
            session: Some(b"abcd"),
            time: Some(0),
        };
        let answer = |inputs: Inputs<'_>| suite.answer(b"seed", &inputs).map(drop);
        assert_eq!(answer(full), Ok(()));
        for (inputs, expected) in [
            (
                Inputs {
                    counter: None,
                    ..full
                },
                BadInput::Missing("a counter"),
            ),
            (Inputs { pin: None, ..full }, BadInput::Missing("a PIN")),
            (
                Inputs {
                    session: None,
                    ..full
                },
                BadInput::Missing("session information"),
            ),
            (Inputs { time: None, ..full }, BadInput::Missing("the time")),
            (
                Inputs {
                    challenge: "1234567a",
                    ..full
                },
                BadInput::Character,
            ),
            (
                Inputs {
                    challenge: "",
                    ..full
                },
                BadInput::Length { found: 0, most: 16 },
            ),
            (
                Inputs {
                    challenge: "12345678901234567",
                    ..full
                },
                BadInput::Length {
                    found: 17,
                    most: 16,
                },
            ),
            (
                Inputs {
                    session: Some(b"abcde"),
                    ..full
                },
                BadInput::Session { found: 5, most: 4 },
            ),
        ] {
            assert_eq!(answer(inputs), Err(expected));
        }
    }

    #[test]
    fn decimal_challenges_become_hexadecimal_ones() {
        let hex = |decimal: &str| -> String {
            to_hexadecimal(decimal)
                .into_iter()
                .filter_map(|digit| char::from_digit(digit, 16))
                .collect()
        };
        for decimal in [
            "0",
            "00000000",
            "16",
            "11111111",
            "99999999",
            "340282366920938463463374607431768211455",
        ] {
            let number: u128 = decimal.parse().unwrap();
            assert_eq!(hex(decimal), format!("{number:x}"));
        }
    }
}
