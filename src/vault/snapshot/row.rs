//! From columns to the model: tokens, cards, phases.

use rusqlite::Row;

use crate::model::{Card, Phase, SecretBytes, Token};
use crate::store::stored::{maybe_word, moment, unfit, word};
use crate::vault::sealed::{SealedCard, SealedToken};

/// What SQLite gives.
pub(super) type Read<T> = rusqlite::Result<T>;

/// The columns of a token.
pub(super) const TOKEN: &str = "vendor, serial, issue_no, key_id, kind, algorithm, state, activation, model, hash, digits, step, \
                     counter, drift, idp_url, transactions, load_date, last_used, expires, comment, seed, unlock";

/// A token from the columns of `TOKEN`, which begin at 1.
pub(super) fn token_row(row: &Row<'_>) -> Read<SealedToken> {
    Ok(SealedToken {
        plain: Token {
            vendor: row.get(1)?,
            serial: row.get(2)?,
            issue_no: row.get(3)?,
            key_id: row.get(4)?,
            kind: word(row, 5)?,
            algorithm: word(row, 6)?,
            state: maybe_word(row, 7)?,
            activation: maybe_word(row, 8)?,
            model: row.get(9)?,
            hash: maybe_word(row, 10)?,
            digits: row.get(11)?,
            step: row.get(12)?,
            counter: row.get(13)?,
            drift: row.get(14)?,
            idp_url: row.get(15)?,
            transactions: row.get(16)?,
            load_date: moment(row, 17)?,
            last_used: moment(row, 18)?,
            expires: moment(row, 19)?,
            comment: row.get(20)?,
            seed: SecretBytes::default(),
            unlock: None,
        },
        seed: row.get(21)?,
        unlock: row.get(22)?,
    })
}

/// The columns of a card.
pub(super) const CARD: &str = "serial, state, usage, created, expires, superseded, challenge_count, least_used_cell, cell_usage, \
                    rows, columns, cells";

/// A card from the columns of `CARD`, which begin at 1.
pub(super) fn card_row(row: &Row<'_>) -> Read<SealedCard> {
    let cell_usage = row
        .get_ref(9)?
        .as_str_or_null()?
        .map(|text| counts(text).ok_or_else(|| unfit(row, 9, "it is no list of counts")))
        .transpose()?;
    Ok(SealedCard {
        plain: Card {
            serial: row.get(1)?,
            state: maybe_word(row, 2)?,
            usage: maybe_word(row, 3)?,
            created: moment(row, 4)?,
            expires: moment(row, 5)?,
            superseded: moment(row, 6)?,
            challenge_count: row.get(7)?,
            least_used_cell: row.get(8)?,
            cell_usage,
            rows: row.get(10)?,
            columns: row.get(11)?,
            cells: SecretBytes::default(),
        },
        cells: row.get(12)?,
    })
}

/// A JSON array of counts, as the load writes it. A general parser takes five times as long over the fifty numbers of
/// a card.
fn counts(text: &str) -> Option<Vec<u64>> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    if inside.is_empty() {
        return Some(Vec::new());
    }
    let mut counts = Vec::with_capacity(inside.len() / 2 + 1);
    let mut digits = inside.bytes();
    let mut count = 0u64;
    loop {
        match digits.next() {
            Some(digit @ b'0'..=b'9') => {
                count = count
                    .checked_mul(10)?
                    .checked_add(u64::from(digit - b'0'))?;
            }
            Some(b',') => counts.push(std::mem::take(&mut count)),
            Some(_) => return None,
            None => {
                counts.push(count);
                return Some(counts);
            }
        }
    }
}

/// The phase, `none` where the user has no row.
pub(in crate::vault) fn phase(row: &Row<'_>, column: usize) -> Read<Phase> {
    let number: Option<i64> = row.get(column)?;
    let number = number.unwrap_or(0);
    usize::try_from(number)
        .ok()
        .and_then(|number| Phase::ALL.get(number).copied())
        .ok_or_else(|| unfit(row, column, format!("there is no phase {number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_they_are_written() {
        for list in [vec![], vec![0], vec![1, 20, 300], vec![u64::MAX]] {
            let text = serde_json::to_string(&list).unwrap();
            assert_eq!(counts(&text), Some(list));
        }
        for text in ["", "[", "[1;2]", "[-1]", "[18446744073709551616]"] {
            assert_eq!(counts(text), None, "{text}");
        }
    }
}
