//! Files that commands name: new ones, written whole or not at all, and private ones that hold a password.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use secrecy::{ExposeSecret, SecretSlice};
use zeroize::Zeroizing;

use crate::ambient::CancelToken;
use crate::files::Interruptible;
use crate::files::{self, Distrust, NoFile, Openness};

use super::failure::code;
use super::{Exit, Failure};

/// More than any file of passwords holds.
const PRIVATE_MAX: u64 = 16 * 1024;

/// Writes a file of mode 0600 whole or not at all; an existing one is refused, or replaced with `overwrite`.
pub fn write_new(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&mut File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |error: &std::io::Error| Failure::file("write", path, error);
    if path.is_dir() {
        return Err(failed(&std::io::ErrorKind::IsADirectory.into()));
    }
    if !overwrite && files::is_taken(path) {
        return Err(failed(&std::io::ErrorKind::AlreadyExists.into()));
    }
    files::write_whole(path, overwrite, failed, fill)
}

/// Reads a file that holds passwords: a plain file of which nobody but its owner may know.
pub fn read_private(path: &Path) -> Result<SecretSlice<u8>, Failure> {
    let mut file = files::open_private(path, Openness::Closed).map_err(|why| match why {
        NoFile::Io(error) => Failure::file("read", path, &error),
        NoFile::Distrusted(why) => {
            let refused = format!("{} {why}, so no password is read from it", path.display());
            Failure::new(Exit::Denied, code::PASSWORD, refused).hint(match why {
                Distrust::NotPlain(_) => "name a file, or use --password-fd".to_owned(),
                why => why.remedy(path),
            })
        }
    })?;
    read_secret(&mut file, path)
}

/// Reads a short secret to its end into memory that is wiped.
pub fn read_secret(input: &mut impl Read, name: &Path) -> Result<SecretSlice<u8>, Failure> {
    let failed = |error: &std::io::Error| Failure::file("read", name, error);
    // One buffer from the start: a growing one would leave copies behind.
    let mut buffer = Zeroizing::new(Vec::with_capacity(PRIVATE_MAX as usize + 1));
    input
        .take(PRIVATE_MAX + 1)
        .read_to_end(&mut buffer)
        .map_err(|error| failed(&error))?;
    if buffer.len() as u64 > PRIVATE_MAX {
        return Err(Failure::new(
            Exit::Failed,
            code::PASSWORD,
            format!("{} is too long to be a file of passwords", name.display()),
        ));
    }
    Ok(SecretSlice::new(buffer.as_slice().into()))
}

/// Reads one line of standard input as a secret, and not a byte more: what follows is the script's. Past the process's
/// own input buffer, which nobody wipes.
pub fn read_line(cancel: &CancelToken) -> Result<SecretSlice<u8>, Failure> {
    let mut input = Interruptible::new(rustix::stdio::stdin(), cancel.clone());
    let mut line = Zeroizing::new(Vec::with_capacity(PRIVATE_MAX as usize));
    let mut byte = Zeroizing::new([0u8]);
    while line.len() < PRIVATE_MAX as usize {
        match input.read(byte.as_mut_slice()) {
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => line.push(byte[0]),
            Err(_) if cancel.is_cancelled() => return Err(Failure::interrupted()),
            Err(error) => {
                return Err(Failure::file("read", Path::new("standard input"), &error));
            }
        }
    }
    Ok(SecretSlice::new(line.as_slice().into()))
}

/// The secret as text.
pub fn text<'a>(secret: &'a SecretSlice<u8>, name: &Path) -> Result<&'a str, Failure> {
    std::str::from_utf8(secret.expose_secret()).map_err(|_| {
        Failure::new(
            Exit::Failed,
            code::PASSWORD,
            format!("{} is not UTF-8 text", name.display()),
        )
        .hint("save it as UTF-8")
    })
}
