//! Tokens that may be one and the same though their vendor or serial number is spelled otherwise: in other letter case,
//! with blanks, dashes or dots, with other leading zeros.
//!
//! Spellings are compared as hashes, of which a walk over the index of keys holds eight bytes a token.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use rusqlite::Connection;

use super::Result;
use super::fold::folded;

/// Reads how vendors and serial numbers are spelled.
#[derive(Debug, Default)]
pub(super) struct Speller {
    /// The vendors met so far, which are few, without what does not count.
    vendors: HashMap<String, u64>,
    serial: String,
}

/// A token of which another is spelled otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spelled {
    /// The same for all that are alike.
    pub(super) fold: u64,
    /// The same for all that are spelled alike.
    pub(super) exact: u64,
    pub(super) row: i64,
}

impl Speller {
    /// What is the same for all tokens that are alike.
    pub(super) fn fold(&mut self, vendor: &str, serial: &str) -> u64 {
        let vendor = match self.vendors.get(vendor) {
            Some(fold) => *fold,
            None => {
                let fold = hash(bare(vendor).collect::<String>());
                self.vendors.insert(vendor.to_owned(), fold);
                fold
            }
        };
        self.serial.clear();
        if serial.bytes().all(|byte| byte.is_ascii_digit()) {
            self.serial.push_str(serial);
        } else if serial.is_ascii() {
            let letters = serial.chars().filter(char::is_ascii_alphanumeric);
            self.serial.extend(letters.map(|c| c.to_ascii_lowercase()));
        } else {
            self.serial.extend(bare(serial));
        }
        hash((vendor, self.serial.trim_start_matches('0')))
    }
}

/// The letters and digits, folded.
fn bare(text: &str) -> impl Iterator<Item = char> {
    let folded: Vec<char> = folded(text).chars().collect();
    folded.into_iter().filter(|c| c.is_alphanumeric())
}

fn hash(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The folds that several tokens of the vault have, in ascending order.
pub(super) fn shared(db: &Connection) -> Result<Vec<u64>> {
    let mut speller = Speller::default();
    let mut folds = Vec::new();
    walk(db, |vendor, serial, _| {
        folds.push(speller.fold(vendor, serial))
    })?;
    Ok(twice(folds))
}

/// The folds that occur more than once, in ascending order.
pub(super) fn twice(mut folds: Vec<u64>) -> Vec<u64> {
    folds.sort_unstable();
    let same = folds.chunk_by(|one, other| one == other);
    same.filter(|same| same.len() > 1)
        .filter_map(|same| same.first().copied())
        .collect()
}

/// The tokens with one of these folds, which ascend, those that are alike side by side.
pub(super) fn of_folds(db: &Connection, folds: &[u64]) -> Result<Vec<Spelled>> {
    let mut found = Vec::new();
    if folds.is_empty() {
        return Ok(found);
    }
    let mut speller = Speller::default();
    walk(db, |vendor, serial, row| {
        let fold = speller.fold(vendor, serial);
        if folds.binary_search(&fold).is_ok() {
            found.push(Spelled {
                fold,
                exact: hash((vendor, serial)),
                row,
            });
        }
    })?;
    found.sort_unstable();
    Ok(found)
}

fn walk(db: &Connection, mut each: impl FnMut(&str, &str, i64)) -> Result<()> {
    let mut statement = db.prepare("SELECT vendor, serial, id FROM tokens")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
        each(text(0)?, text(1)?, row.get(2)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a5_letter_case_blanks_dashes_and_leading_zeros_make_no_other_token() {
        let mut speller = Speller::default();
        let mut fold = |(vendor, serial)| speller.fold(vendor, serial);
        for (one, other) in [
            (("Acme", "1"), ("ACME", "1")),
            (("Acme", "0003"), ("Acme", "3")),
            (("Acme GmbH", "3"), ("acme  gmbh ", "00003")),
            (("Acme, Inc.", "ab12"), ("ACME Inc", "AB-12")),
            (("Ümlaut", "1 2"), ("u\u{308}mlaut", "12")),
            (("Acme", "000"), ("Acme", "0")),
        ] {
            assert_eq!(fold(one), fold(other), "{one:?} {other:?}");
        }
        for (one, other) in [
            (("Acme", "1"), ("Acne", "1")),
            (("Acme", "30"), ("Acme", "3")),
            (("Acme", "13"), ("Acme1", "3")),
            (("Acme", "A03"), ("Acme", "A3")),
        ] {
            assert_ne!(fold(one), fold(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_serial_number_in_ascii_is_folded_as_any_other() {
        for serial in ["AB-12 z", "x_Y.9", "--", "@[`{~A"] {
            let mut speller = Speller::default();
            speller.fold("Acme", serial);
            assert_eq!(speller.serial, bare(serial).collect::<String>(), "{serial}");
        }
    }

    #[test]
    fn what_occurs_more_than_once_is_found() {
        assert_eq!(twice(vec![3, 1, 3, 2, 1, 3]), [1, 3]);
        assert!(twice(vec![3, 1, 2]).is_empty());
        assert!(twice(Vec::new()).is_empty());
    }
}
