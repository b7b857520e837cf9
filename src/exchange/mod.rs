//! Foreign bytes to and from the records of [`crate::model`].
//!
//! Every reader here streams: it holds one record and a wiped buffer, whatever the size of the file, and an error says
//! where in the file it stands, what is wrong and what to do. No message carries a secret, because messages end up on
//! terminals and in logs.

pub mod answers;
pub mod encoding;
mod error;
pub mod input;
pub mod ldif;
mod lines;
pub mod list;
pub mod ndjson;
mod number;
pub mod output;
pub mod population;
pub mod pskc;
mod secret;
pub mod sheet;

pub use error::{Error, NoResidue};
pub use lines::MAX_LINE;

#[cfg(test)]
mod tests;
