//! The tokens and cards of the standard population.
//!
//! The mix holds what an export takes and every kind of thing that it leaves out, so that no report is empty.

use super::draw::Draw;
use crate::model::{
    Activation, Algorithm, Card, CardFacts, CardState, Hash, SecretBytes, Token, TokenFacts,
    TokenKind, TokenState, Usage,
};

/// What one model of token is like.
#[derive(Clone, Copy)]
struct Make {
    vendor: &'static str,
    model: &'static str,
    algorithm: Algorithm,
    hash: Hash,
    digits: u32,
    seed: usize,
}

const fn make(
    vendor: &'static str,
    model: &'static str,
    algorithm: Algorithm,
    hash: Hash,
    digits: u32,
    seed: usize,
) -> Make {
    Make {
        vendor,
        model,
        algorithm,
        hash,
        digits,
        seed,
    }
}

const HARDWARE: [(u64, Make); 9] = [
    (
        40,
        make("Entrust", "OT", Algorithm::Totp, Hash::Sha1, 6, 20),
    ),
    (18, make("HID", "OT", Algorithm::Totp, Hash::Sha256, 6, 32)),
    (10, make("HID", "AT", Algorithm::At, Hash::Sha1, 8, 20)),
    (10, make("Entrust", "CR", Algorithm::Cr, Hash::Sha1, 8, 20)),
    (
        8,
        make("Yubico", "YubiKey 5", Algorithm::Hotp, Hash::Sha1, 6, 20),
    ),
    (
        6,
        make("Feitian", "c200", Algorithm::Totp, Hash::Sha1, 6, 20),
    ),
    (4, make("Entrust", "AT", Algorithm::Hotp, Hash::Sha1, 6, 20)),
    (
        2,
        make("Thales", "Gemini", Algorithm::Ocra, Hash::Sha256, 8, 32),
    ),
    (2, make("OneSpan", "Go 6", Algorithm::Cr, Hash::Sha1, 6, 16)),
];

const SOFT: Make = make(
    "Entrust",
    "Soft Token",
    Algorithm::Totp,
    Hash::Sha256,
    6,
    16,
);

const STATES: [(u64, TokenState); 5] = [
    (80, TokenState::Current),
    (8, TokenState::Pending),
    (5, TokenState::Hold),
    (2, TokenState::HoldPending),
    (5, TokenState::Canceled),
];

const ACTIVATIONS: [(u64, Activation); 3] = [
    (90, Activation::Activated),
    (6, Activation::CodeGenerated),
    (4, Activation::Created),
];

/// The assigned token with the running number `number`; a third of them are soft.
pub(super) fn assigned(draw: &mut Draw, number: u64) -> Token {
    let soft = draw.chance(330);
    let mut token = token(draw, number, if soft { None } else { Some(draw_hardware) });
    let mut state = draw.weighted(&STATES);
    if soft {
        let activation = draw.weighted(&ACTIVATIONS);
        if activation != Activation::Activated {
            state = TokenState::Activating;
        }
        token.activation = Some(activation);
        token.facts.idp_url = Some("https://ig.example.com:8445/igst".into());
        token.facts.transactions = Some(draw.chance(500));
    }
    token.state = Some(state);
    if matches!(state, TokenState::Current | TokenState::Hold) {
        token.facts.last_used = draw.day(-300, 0);
    }
    token
}

/// The unassigned token with the running number `number`.
pub(super) fn unassigned(draw: &mut Draw, number: u64) -> Token {
    token(draw, number, Some(draw_hardware))
}

fn draw_hardware(draw: &mut Draw) -> Make {
    draw.weighted(&HARDWARE)
}

fn token(draw: &mut Draw, number: u64, hardware: Option<fn(&mut Draw) -> Make>) -> Token {
    let make = hardware.map_or(SOFT, |choose| choose(draw));
    let event = make.algorithm.is_event_based();
    let clock = make.algorithm == Algorithm::Totp;
    let kind = if hardware.is_some() {
        TokenKind::Hardware
    } else {
        TokenKind::Soft
    };
    let mut facts = TokenFacts {
        model: Some(make.model.into()),
        hash: Some(make.hash),
        digits: Some(make.digits),
        step: clock.then_some(30),
        counter: event.then(|| draw.below(500)),
        drift: (clock && draw.chance(200)).then(|| draw.below(13).cast_signed() - 6),
        ..TokenFacts::new(
            make.vendor.into(),
            serial(number).into(),
            kind,
            make.algorithm,
        )
    };
    // What is drawn, and in which order, decides who the made-up people are.
    let seed = draw.bytes(make.seed);
    facts.load_date = draw.day(-1500, -400);
    facts.expires = draw.chance(100).then(|| draw.day(3660, 5000)).flatten();
    facts.issue_no = draw.chance(50).then(|| "1".into());
    facts.comment = draw.chance(30).then(|| "replacement for a lost one".into());
    Token {
        facts,
        state: None,
        activation: None,
        seed,
        unlock: (make.algorithm == Algorithm::Cr).then(|| draw.bytes(16)),
    }
}

/// Ten digits: nine that look unordered and are different for different numbers below 10⁹, and a Luhn digit.
fn serial(number: u64) -> String {
    const LIMIT: u64 = 1_000_000_000;
    // Multiplying by what has no factor in common with the limit permutes the numbers below it.
    let mut rest = (number % LIMIT * 618_033_989 + 123_456_789) % LIMIT;
    let mut digits = [b'0'; 10];
    let mut sum = 0;
    for (place, digit) in digits[..9].iter_mut().rev().enumerate() {
        let value = rest % 10;
        rest /= 10;
        *digit += value as u8;
        sum += if place % 2 == 0 {
            value * 2 / 10 + value * 2 % 10
        } else {
            value
        };
    }
    digits[9] += ((10 - sum % 10) % 10) as u8;
    digits.iter().map(|digit| char::from(*digit)).collect()
}

const CARD_STATES: [(u64, CardState); 5] = [
    (80, CardState::Current),
    (8, CardState::Pending),
    (5, CardState::Hold),
    (2, CardState::HoldPending),
    (5, CardState::Canceled),
];

const USAGES: [(u64, Usage); 4] = [
    (85, Usage::None),
    (8, Usage::Warning),
    (3, Usage::Replacement),
    (4, Usage::Unknown),
];

const ROWS: u32 = 5;
const COLUMNS: u32 = 10;
const CELL: usize = 2;
const ALPHABET: &[u8; 32] = b"0123456789CDEFHJKMNPQRTVWXYZACEF";

/// A card that a user has.
pub(super) fn assigned_card(draw: &mut Draw, serial: u64) -> Card {
    let state = draw.weighted(&CARD_STATES);
    let mut card = used_card(draw, serial);
    if matches!(state, CardState::Pending | CardState::HoldPending) {
        card.facts.usage = None;
        card.facts.challenge_count = None;
        card.facts.least_used_cell = None;
        card.facts.cell_usage = None;
    }
    card.state = Some(state);
    // Either long past or far ahead, so that an export gives the same on any day.
    card.facts.expires = if draw.chance(30) {
        draw.day(-200, -1)
    } else {
        draw.day(3660, 5000)
    };
    card
}

/// A card that came back from a user.
pub(super) fn used_card(draw: &mut Draw, serial: u64) -> Card {
    let mut card = new_card(draw, serial);
    let usage: Vec<u64> = (0..ROWS * COLUMNS).map(|_| draw.below(40)).collect();
    card.facts.usage = Some(draw.weighted(&USAGES));
    card.facts.challenge_count = Some(usage.iter().sum::<u64>() / 3);
    card.facts.least_used_cell = usage.iter().min().copied();
    card.facts.cell_usage = Some(usage);
    card
}

/// A card as it comes from the printer.
pub(super) fn new_card(draw: &mut Draw, serial: u64) -> Card {
    let mut cells = vec![0; 1 + (ROWS * COLUMNS) as usize * CELL].into_boxed_slice();
    cells[0] = CELL as u8;
    draw.text(ALPHABET, &mut cells[1..]);
    Card {
        facts: CardFacts {
            created: draw.day(-900, -100),
            ..CardFacts::new(serial, ROWS, COLUMNS)
        },
        state: None,
        cells: SecretBytes::new(cells),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_carry_a_luhn_digit() {
        for number in [0, 1, 2, 77, 999_999_999] {
            let serial = serial(number);
            let sum: u32 = serial
                .bytes()
                .rev()
                .enumerate()
                .map(|(place, byte)| match (place % 2, u32::from(byte - b'0')) {
                    (0, digit) => digit,
                    (_, digit) => digit * 2 / 10 + digit * 2 % 10,
                })
                .sum();
            assert_eq!((serial.len(), sum % 10), (10, 0), "{serial}");
        }
    }
}
