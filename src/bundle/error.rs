//! What can go wrong with a bundle, one variant a message (igsh-bundle(5), READING).

use crate::ambient::{Cancelled, NoRandomness};
use crate::crypto::bundle_password::Mistyped;
use crate::crypto::c256::{OpenError, Refused};
use crate::crypto::kdf::{CostOutside, KdfError};
use std::borrow::Cow;
use std::io;

/// Why a bundle cannot be read or written. The first seven are asked in this order, so that the message names the cause
/// and not a consequence of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The first line is something else.
    #[error("this file is not an igsh bundle")]
    NotABundle,
    /// The first line, or the schema, is of a later version.
    #[error("this bundle is of version {version}, which this igsh cannot read")]
    Newer { version: String },
    /// The header's own checksum, line 5, does not fit.
    #[error("the bundle's header is damaged")]
    HeaderDamaged,
    /// The checksum fits, but the line is not of the bundle format; or it asks for a cost that is refused.
    #[error("line {line} of the bundle's header is not accepted: {what}")]
    Header {
        /// Which line, from 1.
        line: u8,
        what: String,
    },
    /// The password is not one of ours; found before the slow derivation.
    #[error(transparent)]
    Mistyped(#[from] Mistyped),
    /// The commitment of line 4 does not fit.
    #[error("wrong password for this bundle, or its header was changed on purpose")]
    WrongPassword,
    /// The payload was changed or cut.
    #[error("the bundle is damaged or cut at chunk {chunk}")]
    Damaged {
        /// The first bad chunk of 16 KiB, from 0.
        chunk: u64,
    },
    /// Sealed under the right password, but not a bundle's content.
    #[error("{place}: {what}; the bundle does not keep to its format")]
    Content { place: Place, what: String },
    /// A record that a bundle cannot hold.
    #[error("{record} does not fit into a bundle: {what}")]
    Record {
        /// Which record, in words.
        record: String,
        what: &'static str,
    },
    /// A manifest that a bundle cannot hold.
    #[error("the selection's text does not fit into a bundle: it has more than 1 MiB")]
    Manifest,
    #[error(transparent)]
    Kdf(#[from] KdfError),
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
        block: u32,
        line: u32,
        column: usize,
    },
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
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        const COPY: &str = "copy the file again from where it was written";
        Some(Cow::Borrowed(match self {
            Self::NotABundle => "name a file that 'export' wrote",
            Self::Newer { .. } => "read it with a newer igsh",
            Self::HeaderDamaged | Self::Damaged { .. } => COPY,
            Self::Header { .. } => {
                "igsh did not write this header: find out where the file comes from"
            }
            Self::Mistyped(error) => return error.hint(),
            Self::WrongPassword => "check that the password is that of this bundle",
            Self::Content { .. } => "mend the program that wrote it: igsh-bundle(5) has the format",
            Self::Record { .. } => "mend the record in the source, or leave it out",
            Self::Manifest => "write a shorter selection",
            Self::Kdf(error) => return error.hint(),
            Self::NoRandomness(_) | Self::Cancelled(_) | Self::Io(_) => return None,
        }))
    }

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
    use crate::crypto::kdf::{BUNDLE, Cost};

    #[test]
    fn the_advice_is_beside_the_message() {
        let errors = [
            Error::NotABundle,
            Error::Newer {
                version: "2".to_owned(),
            },
            Error::HeaderDamaged,
            Cost::new(8, 1, 1).check(&BUNDLE).unwrap_err().into(),
            Error::Mistyped(Mistyped::Length { found: 27 }),
            Error::Mistyped(Mistyped::Character { position: 4 }),
            Error::Mistyped(Mistyped::Check),
            Error::WrongPassword,
            Error::Damaged { chunk: 3 },
            Error::content(
                Place::Line {
                    block: 0,
                    line: 2,
                    column: 7,
                },
                "no such key",
            ),
            Error::Record {
                record: "user hr/anna".to_owned(),
                what: "a secret is too long",
            },
            Error::Manifest,
            Error::Kdf(KdfError::Memory { kib: 65_536 }),
        ];
        let shown =
            errors.map(|error| format!("{error}\n  {}", error.hint().unwrap_or("-".into())));
        insta::assert_snapshot!(shown.join("\n"), @"
        this file is not an igsh bundle
          name a file that 'export' wrote
        this bundle is of version 2, which this igsh cannot read
          read it with a newer igsh
        the bundle's header is damaged
          copy the file again from where it was written
        line 3 of the bundle's header is not accepted: a key derivation with 8,1,1 (KiB, passes, lanes) is refused: 19456 to 262144 KiB, 2 to 8 passes and 1 to 8 lanes are accepted
          igsh did not write this header: find out where the file comes from
        a bundle password has 28 characters besides dashes and blanks, this one has 27
          compare it with the original
        character 4 cannot be part of a bundle password
          compare it with the original
        the password is mistyped: its check characters do not fit
          compare it with the original
        wrong password for this bundle, or its header was changed on purpose
          check that the password is that of this bundle
        the bundle is damaged or cut at chunk 3
          copy the file again from where it was written
        block 0, line 2, column 7: no such key; the bundle does not keep to its format
          mend the program that wrote it: igsh-bundle(5) has the format
        user hr/anna does not fit into a bundle: a secret is too long
          mend the record in the source, or leave it out
        the selection's text does not fit into a bundle: it has more than 1 MiB
          write a shorter selection
        not enough memory to derive the key: 65536 KiB are needed
          free some memory and try again
        ");
    }

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
