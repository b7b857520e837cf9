//! What stands under the name of a bundle's file, compared by its hash.

use std::fs::File;
use std::io::{self, Read as _};

use crate::crypto::Sha256;
use crate::files::{AtPath, Destination, FileError};
use crate::store::audit::hex;

/// The hash of a file, in hexadecimal digits. `read` gets the number of bytes of each piece.
///
/// # Errors
/// What reading the file or `read` gives.
pub fn sha256(
    destination: &Destination,
    file: &File,
    read: &mut dyn FnMut(u64) -> io::Result<()>,
) -> Result<String, FileError> {
    match hash(file, read) {
        Ok(hash) => Ok(hex(&hash)),
        Err(source) => Err(destination.failed("read", source)),
    }
}

/// Whether what stands under the final name is a file of this size and, where one is given, with this hash, in
/// hexadecimal digits; `None` where there is no file that can be read. `read` gets the number of bytes of each piece.
///
/// # Errors
/// A file that cannot be read, and what `read` gives.
pub fn is_like(
    destination: &Destination,
    size: u64,
    expected: Option<&str>,
    read: &mut dyn FnMut(u64) -> io::Result<()>,
) -> Result<Option<bool>, FileError> {
    let AtPath::File(file) = destination.open(None)? else {
        return Ok(None);
    };
    let meta = file.metadata();
    let there = meta
        .map_err(|source| destination.failed("read", source))?
        .len();
    if there != size {
        return Ok(Some(false));
    }
    let Some(expected) = expected else {
        return Ok(Some(true));
    };
    Ok(Some(sha256(destination, &file, read)? == expected))
}

fn hash(mut file: &File, piece: &mut dyn FnMut(u64) -> io::Result<()>) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hash.finish()),
            Ok(read) => {
                hash.update(&buffer[..read]);
                piece(read as u64)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
