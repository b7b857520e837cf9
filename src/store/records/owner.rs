//! What a secret of a token or card is sealed with besides its holder: put together here and nowhere else, since no
//! value opens again when a part of it changes.

use crate::model::{CardFacts, TokenFacts};

/// Whose a value is, part by part: at most a group, a user and seven parts of the thing.
struct Owner<'a> {
    parts: [&'a str; 9],
    len: usize,
}

impl<'a> Owner<'a> {
    fn new(holder: &[&'a str], thing: &[&'a str]) -> Self {
        let mut owner = Self {
            parts: [""; 9],
            len: 0,
        };
        for (place, part) in owner.parts.iter_mut().zip(holder.iter().chain(thing)) {
            *place = part;
            owner.len += 1;
        }
        owner
    }

    fn parts(&self) -> &[&'a str] {
        &self.parts[..self.len]
    }
}

/// Hands the owner's key of a token's secrets to `seal_or_open`.
pub(crate) fn with_token_owner<T>(
    holder: &[&str],
    token: &TokenFacts,
    seal_or_open: impl FnOnce(&[&str]) -> T,
) -> T {
    let (mut digits, mut step) = (itoa::Buffer::new(), itoa::Buffer::new());
    let owner = Owner::new(
        holder,
        &[
            &token.vendor,
            &token.serial,
            token.distinction(),
            token.algorithm.as_str(),
            token.hash.map(|hash| hash.as_str()).unwrap_or_default(),
            token.digits.map_or("", |number| digits.format(number)),
            token.step.map_or("", |number| step.format(number)),
        ],
    );
    seal_or_open(owner.parts())
}

/// Hands the owner's key of a card's cells to `seal_or_open`.
pub(crate) fn with_card_owner<T>(
    holder: &[&str],
    card: &CardFacts,
    seal_or_open: impl FnOnce(&[&str]) -> T,
) -> T {
    let mut numbers = [itoa::Buffer::new(); 3];
    let [serial, rows, columns] = &mut numbers;
    let thing = [
        serial.format(card.serial),
        rows.format(card.rows),
        columns.format(card.columns),
    ];
    seal_or_open(Owner::new(holder, &thing).parts())
}
