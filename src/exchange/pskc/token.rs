//! From a key of a PSKC file to a token.

use super::key::{Device, Key, bad};
use super::xml::{Fault, Mark};
use crate::exchange::number::misfit;
use crate::model::{Algorithm, Hash, Moment, SecretBytes, Token, TokenFacts, TokenKind};

/// What a key becomes.
pub(super) enum Made {
    /// A token, and the id of the key that is its PIN.
    Token(Box<Token>, Option<String>),
    /// The PIN of another key.
    Pin(SecretBytes),
    /// The name of a key that is kept elsewhere.
    Reference,
    /// An algorithm that the model does not have.
    Unsupported(String),
}

/// Makes a token of a key, with notices about it.
pub(super) fn make(device: &Device, key: Key) -> Result<(Made, Vec<String>), Fault> {
    let mark = key.mark;
    let Some(secret) = key.secret else {
        if key.is_reference {
            return Ok((Made::Reference, key.notices));
        }
        return Err(bad(
            mark,
            "the key has no secret",
            "have the key exported whole",
        ));
    };
    let Some(name) = &key.algorithm else {
        return Err(bad(
            mark,
            "the key has no algorithm",
            "give the attribute Algorithm, such as …:pskc:totp",
        ));
    };
    let (algorithm, draft_suite) = match algorithm(name) {
        Use::Otp(algorithm, suite) => (algorithm, suite),
        Use::Pin => return Ok((Made::Pin(secret), key.notices)),
        Use::Other => return Ok((Made::Unsupported(name.clone()), key.notices)),
    };
    let mut notices = key.notices;
    let suite = key.suite.or(draft_suite);
    let length = secrecy::ExposeSecret::expose_secret(&secret).len();
    let hash = hash(suite.as_deref(), length, &mut notices);
    if let Some(encoding) = key.encoding.filter(|name| name != "DECIMAL") {
        return Err(bad(
            mark,
            format!("its codes are {encoding}"),
            "leave the key out: only tokens with decimal codes can be migrated",
        ));
    }
    let serial = device
        .serial
        .as_ref()
        .or(key.id.as_ref())
        .map(|text| text.replace('-', ""));
    let vendor = device.manufacturer.clone().or(key.issuer);
    let vendor = named(vendor, "manufacturer").map_err(|(what, hint)| bad(mark, what, hint))?;
    let serial = named(serial, "serial number").map_err(|(what, hint)| bad(mark, what, hint))?;
    let facts = TokenFacts {
        model: device.model.clone().map(Into::into),
        hash,
        digits: key.digits.map(|it| digits(mark, it)).transpose()?,
        step: key.interval.map(|it| step(mark, it)).transpose()?,
        counter: key.counter.map(|it| counter(mark, it)).transpose()?,
        drift: key.drift,
        expires: earlier(key.expires, device.expires),
        issue_no: device.issue_no.clone().map(Into::into),
        key_id: key.id.map(Into::into),
        comment: comment(
            key.friendly_name,
            suite.filter(|_| algorithm == Algorithm::Ocra),
        )
        .map(Into::into),
        ..TokenFacts::new(vendor.into(), serial.into(), TokenKind::Hardware, algorithm)
    };
    let token = Token {
        facts,
        state: None,
        activation: None,
        seed: secret,
        unlock: None,
    };
    Ok((Made::Token(Box::new(token), key.pin_key_id), notices))
}

fn digits(mark: Mark, digits: u32) -> Result<u32, Fault> {
    if (1..=10).contains(&digits) {
        return Ok(digits);
    }
    Err(bad(
        mark,
        format!("its codes have {digits} digits"),
        "correct Length: codes have 1 to 10 digits",
    ))
}

fn step(mark: Mark, seconds: i64) -> Result<u32, Fault> {
    let what = match u32::try_from(seconds) {
        Ok(step) if step > 0 => return Ok(step),
        _ if seconds <= 0 => "its time interval is no number of seconds".to_owned(),
        _ => {
            let misfit = misfit(&seconds.to_string(), &(1..=u32::MAX.into()));
            format!("its time interval is {misfit}")
        }
    };
    Err(bad(mark, what, "correct TimeInterval"))
}

fn counter(mark: Mark, counter: i64) -> Result<u64, Fault> {
    u64::try_from(counter).map_err(|_| bad(mark, "its counter is below zero", "correct Counter"))
}

enum Use {
    Otp(Algorithm, Option<String>),
    Pin,
    Other,
}

/// The algorithm of a URI, of the RFC or a draft, or of a bare name. Early OCRA URIs end in the suite.
fn algorithm(name: &str) -> Use {
    let lower = name.to_lowercase();
    if let Some(at) = lower.find("ocra-1:") {
        return Use::Otp(Algorithm::Ocra, name.get(at..).map(str::to_owned));
    }
    match lower.rsplit(['#', ':']).next() {
        Some("hotp") => Use::Otp(Algorithm::Hotp, None),
        Some("totp") => Use::Otp(Algorithm::Totp, None),
        Some("ocra") => Use::Otp(Algorithm::Ocra, None),
        Some("pin") => Use::Pin,
        _ => Use::Other,
    }
}

/// The hash that the suite names; SHA-1 without a suite, as the RFC says, whatever the length of the seed.
fn hash(suite: Option<&str>, seed: usize, notices: &mut Vec<String>) -> Option<Hash> {
    let Some(suite) = suite else {
        if matches!(seed, 32 | 64) {
            notices.push(format!(
                "no Suite, so the hash is SHA-1; its seed of {seed} bytes suggests SHA-{}",
                seed * 8
            ));
        }
        return Some(Hash::Sha1);
    };
    let name: String = suite.to_lowercase().replace(['-', '_', ' '], "");
    // An OCRA suite names its hash in the second part: OCRA-1:HOTP-SHA256-8:QN08.
    let name = name
        .split(':')
        .find(|part| part.contains("sha"))
        .unwrap_or(&name);
    let hash = [
        ("sha512", Hash::Sha512),
        ("sha256", Hash::Sha256),
        ("sha1", Hash::Sha1),
    ]
    .into_iter()
    .find(|(sha, _)| name.contains(sha));
    if hash.is_none() {
        notices.push(format!(
            "the Suite '{suite}' names no SHA hash; none is kept"
        ));
    }
    hash.map(|(_, hash)| hash)
}

fn named(text: Option<String>, what: &str) -> Result<String, (String, &'static str)> {
    match text {
        None => Err((
            format!("it has no {what}"),
            "complete the package: vendor and serial number identify a token",
        )),
        Some(text) if text.is_empty() || text.contains(char::is_control) => Err((
            format!("its {what} is empty or holds a control character"),
            "correct the package",
        )),
        Some(text) => Ok(text),
    }
}

fn earlier(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    one.into_iter().chain(other).min()
}

fn comment(name: Option<String>, suite: Option<String>) -> Option<String> {
    match (name, suite) {
        (Some(name), Some(suite)) => Some(format!("{name} ({suite})")),
        (name, suite) => name.or(suite),
    }
}
