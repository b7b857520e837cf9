//! What can go wrong with a bundle, one variant a message (igsh-bundle(5), READING).

use crate::ambient::{Cancelled, NoRandomness};
use crate::crypto::bundle_password::Mistyped;
use crate::crypto::c256::{OpenError, Refused};
use crate::crypto::kdf::{CostOutside, KdfError};
use std::io;

/// Why a bundle cannot be read or written. The first seven are asked in this order, so that the message names the cause
/// and not a consequence of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The first line is something else.
    #[error("this file is not an igsh bundle")]
    NotABundle,
    /// The first line, or the schema, is of a later version.
    #[error(
        "this bundle is of version {version}, which this igsh does not know: read it with a newer igsh"
    )]
    Newer {
        /// The version in the file.
        version: String,
    },
    /// The header's own checksum, line 5, does not fit.
    #[error("the bundle's header is damaged: copy the file again from where it was written")]
    HeaderDamaged,
    /// The checksum fits, but the line is not of the bundle format; or it asks for a cost that is refused.
    #[error(
        "line {line} of the bundle's header is not accepted: {what}; igsh did not write this file"
    )]
    Header {
        /// Which line, from 1.
        line: u8,
        /// What is wrong with it.
        what: String,
    },
    /// The password is not one of ours; told before the slow derivation.
    #[error(transparent)]
    Mistyped(#[from] Mistyped),
    /// The commitment of line 4 does not fit.
    #[error("wrong password for this bundle, or its header was changed on purpose")]
    WrongPassword,
    /// The payload was changed or cut.
    #[error(
        "the bundle is damaged or cut at chunk {chunk}: copy the file again from where it was written"
    )]
    Damaged {
        /// The first bad chunk of 16 KiB, from 0.
        chunk: u64,
    },
    /// Sealed under the right password, but not a bundle's content.
    #[error("{place}: {what}; whoever wrote this bundle did not keep to its format")]
    Content {
        /// Where it is.
        place: Place,
        /// What is wrong.
        what: String,
    },
    /// A record that a bundle cannot hold.
    #[error("{record} does not fit into a bundle: {what}")]
    Record {
        /// Which record, in words.
        record: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A manifest that a bundle cannot hold.
    #[error("the selection's text does not fit into a bundle: it has more than 1 MiB")]
    Manifest,
    /// No key could be derived.
    #[error(transparent)]
    Kdf(#[from] KdfError),
    /// No randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The work was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Reading or writing the file failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A place inside the plaintext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A frame, by number from 0.
    Frame(u64),
    /// A block, by number from 0.
    Block(u32),
    /// A record of a block: block from 0, line from 1, byte of the line from 1.
    Line {
        /// The block.
        block: u32,
        /// The line.
        line: u32,
        /// The byte.
        column: usize,
    },
    /// The manifest.
    Manifest,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Frame(frame) => write!(f, "frame {frame}"),
            Self::Block(block) => write!(f, "block {block}"),
            Self::Line {
                block,
                line,
                column,
            } => write!(f, "block {block}, line {line}, column {column}"),
            Self::Manifest => write!(f, "manifest"),
        }
    }
}

impl Error {
    pub(super) fn content(place: Place, what: impl Into<String>) -> Self {
        Self::Content {
            place,
            what: what.into(),
        }
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => Self::Io(error),
            OpenError::Refused(refused) => refused.into(),
        }
    }
}

/// Of the payload: its commitment stands in the first bytes, so a key that does not fit is damage before chunk 0.
impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Key => Self::Damaged { chunk: 0 },
            Refused::Damaged { chunk } => Self::Damaged { chunk },
        }
    }
}

impl From<CostOutside> for Error {
    fn from(cost: CostOutside) -> Self {
        Self::Header {
            line: 3,
            what: cost.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_so_that_it_is_found() {
        let line = Place::Line {
            block: 2,
            line: 7,
            column: 31,
        };
        for (place, name) in [
            (Place::Frame(4), "frame 4"),
            (Place::Block(2), "block 2"),
            (line, "block 2, line 7, column 31"),
            (Place::Manifest, "manifest"),
        ] {
            assert_eq!(place.to_string(), name);
        }
    }
}
