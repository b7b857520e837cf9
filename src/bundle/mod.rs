//! The bundle file, `igsh-bundle/1`: header, blocks, manifest; writer and reader (igsh-bundle(5), LAYOUT).
//!
//! A bundle carries the secrets of a whole company out of the house, so its reader trusts nothing: the header is parsed
//! to the byte, nothing is decompressed that was not authenticated and measured, and no record is given out before the
//! whole file has been checked. The format is described for strangers in igsh-bundle(5).
//!
//! Writing: [`BlockEncoder`] turns records into blocks on one thread, [`Writer`] seals them on another. Reading:
//! [`Reader::open`], then [`Reader::verify`], or [`Reader::check`] and [`Checked::records`].

mod ahead;
mod block;
mod decode;
mod encode;
mod error;
mod header;
mod json;
mod manifest;
mod reader;
#[cfg(test)]
mod tests;
mod token;
mod writer;
mod zstd_frame;

#[cfg(test)]
pub(crate) use tests::hostile;

pub use block::{BlockEncoder, EncodedBlock};
pub use error::{Error, Place};
pub use header::{Anchor, Header, Meta};
pub use manifest::Manifest;
pub use reader::{Checked, Reader};
pub use writer::{Account, Summary, Writer};

/// Type of a frame that holds records.
const BLOCK: u8 = 1;
/// Type of the last frame.
const MANIFEST: u8 = 2;
