//! What a file has decided, summed under a key that only a session has.
//!
//! A program that can write the file could otherwise send a user's authenticators out under another user's name, bring
//! an old key slot back or exchange two bundles' passwords, with plain SQL and unnoticed. So every entry that a session
//! writes to the audit holds, for each table of decisions, how many rows it has and the sum of the rows' codes, hidden
//! by a number that is drawn for the entry. A transaction that writes such a table proves it first and sums it anew;
//! whatever is used is taken from the very scan that was proven.

mod check;
mod record;
mod scan;
mod sum;
mod tables;

pub use check::{Amended, Difference, all_differences, amend, prove, prove_with};
pub(crate) use check::{
    Standing, carried, counted, differences, in_words, is_before_sums, standing, summed_anew,
};
pub use record::Record;
pub use scan::Row;
pub(crate) use tables::of_master;
pub use tables::{KEYS, MASTERS, SETTING, Scan, Summed};
