//! The tables of what users have, in whichever file they stand: which columns a thing has, and how it is put there and
//! read back.
//!
//! A thing is described once, in `things`; a file says what else its tables have. The text of a schema stays with its
//! file: it is released, and compared.

mod belongings;
mod counts;
mod owner;
mod row;
mod things;

pub(crate) use belongings::{Belongings, Besides, Place, Stock};
pub(crate) use owner::{with_card_owner, with_token_owner};
pub(crate) use row::{Columns, Fields, Insert, Take, put, read};
pub(crate) use things::TOKEN_KEY;
