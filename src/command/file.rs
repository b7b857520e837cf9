//! Files that commands name: new ones, written whole or not at all, and private ones that hold a password.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use secrecy::{ExposeSecret, SecretSlice};
use zeroize::Zeroizing;

use crate::ambient::CancelToken;
use crate::exchange::encoding::Encoding;
use crate::files::Interruptible;
use crate::files::{self, Distrust, NoFile, Openness};

use super::{Exit, Failure};
use crate::lang::code;

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

/// Reads a file that holds passwords: a regular file that only its owner can read.
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

/// The password that a private file holds, in its one line.
pub fn read_password(path: &Path) -> Result<SecretSlice<u8>, Failure> {
    one_line(&read_private(path)?, path)
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
    kept(&buffer, name)
}

/// Reads one line of standard input as a password, and not a byte more: what follows is the script's. Past the process's
/// own input buffer, which nothing wipes.
pub fn read_line(cancel: &CancelToken) -> Result<SecretSlice<u8>, Failure> {
    let name = Path::new("standard input");
    let mut input = Interruptible::new(rustix::stdio::stdin(), cancel.clone());
    let mut line = Zeroizing::new(Vec::with_capacity(PRIVATE_MAX as usize + 1));
    let mut byte = Zeroizing::new([0u8]);
    while line.len() as u64 <= PRIVATE_MAX && !line.ends_with(b"\n") {
        match input.read(byte.as_mut_slice()) {
            Ok(0) => break,
            Ok(_) => line.push(byte[0]),
            Err(_) if cancel.is_cancelled() => return Err(Failure::interrupted()),
            Err(error) => return Err(Failure::file("read", name, &error)),
        }
    }
    one_line(&kept(&line, name)?, name)
}

fn kept(bytes: &[u8], name: &Path) -> Result<SecretSlice<u8>, Failure> {
    if bytes.len() as u64 > PRIVATE_MAX {
        return Err(no_password(name, "is too long to hold passwords"));
    }
    Ok(SecretSlice::new(bytes.into()))
}

/// The password in what was read: its one line, without a byte order mark and without the line's end. Blanks are part of
/// a password.
///
/// # Errors
/// What was read is empty, has another line, or is no UTF-8 text. That is a fault of the file: it is no attempt to log
/// in.
pub fn one_line(secret: &SecretSlice<u8>, name: &Path) -> Result<SecretSlice<u8>, Failure> {
    let text = text(secret, name)?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if text.trim_matches(['\r', '\n']).is_empty() {
        return Err(empty(name).hint("write the password into it, in one line"));
    }
    if line.contains('\n') {
        return Err(no_password(name, "has more than one line")
            .hint("write the password into it alone, in one line without empty ones"));
    }
    Ok(SecretSlice::new(line.as_bytes().into()))
}

/// The secret as text, without a byte order mark.
pub fn text<'a>(secret: &'a SecretSlice<u8>, name: &Path) -> Result<&'a str, Failure> {
    let bytes = secret.expose_secret();
    let encoding = match std::str::from_utf8(bytes) {
        Ok(text) => match Encoding::of_head(bytes) {
            None => return Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Some(encoding) => encoding,
        },
        Err(_) => Encoding::of_head(bytes).unwrap_or(Encoding::Ansi),
    };
    Err(no_password(name, &format!("holds no password: {}", encoding.what())).hint(encoding.hint()))
}

/// That a file of passwords is empty.
pub fn empty(name: &Path) -> Failure {
    no_password(name, "is empty")
}

/// A file that holds no password that could be tried.
fn no_password(name: &Path, what: &str) -> Failure {
    let message = format!("{} {what}", name.display());
    Failure::new(Exit::Denied, code::PASSWORD, message)
}

/// The advice where a password with [`has_outer_blank`] was refused.
pub const OUTER_BLANK: &str =
    "the password that was read begins or ends with a blank, which is part of it";

/// Whether a password begins or ends with a blank, which is hardly meant in a file.
pub fn has_outer_blank(password: &SecretSlice<u8>) -> bool {
    let text = std::str::from_utf8(password.expose_secret());
    text.is_ok_and(|text| text.trim() != text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c4_a_password_file_has_one_line_and_everything_else_is_named() {
        let read = |bytes: &[u8]| {
            let read = one_line(&SecretSlice::new(bytes.into()), Path::new("p"));
            read.map(|line| line.expose_secret().to_vec())
                .map_err(|failure| {
                    assert_eq!(failure.exit, Exit::Denied);
                    failure.message
                })
        };
        for end in ["", "\n", "\r\n"] {
            for mark in ["", "\u{feff}"] {
                let line = format!("{mark} p\u{e4}ss word {end}");
                assert_eq!(
                    read(line.as_bytes()).unwrap(),
                    " p\u{e4}ss word ".as_bytes()
                );
            }
        }
        for nothing in ["", "\n", "\r\n", "\u{feff}", "\u{feff}\r\n", "\n\n"] {
            assert_eq!(
                read(nothing.as_bytes()).unwrap_err(),
                "p is empty",
                "{nothing:?}"
            );
        }
        for lines in ["a\n\n", "a\nb", "a\r\n\r\n", "\na\n", "a\nb\n", " \n\n"] {
            let said = read(lines.as_bytes()).unwrap_err();
            assert_eq!(said, "p has more than one line", "{lines:?}");
        }
        for wide in [&b"\xff\xfea\0"[..], b"\xfe\xff\0a", b"a\0b\0", b"\0a\0b"] {
            let said = read(wide).unwrap_err();
            assert!(said.contains("the text is UTF-16"), "{said} {wide:?}");
        }
        let said = read(b"p\xe4ss").unwrap_err();
        assert!(said.contains("the text is not UTF-8"), "{said}");
        // What remains is judged as what was typed is.
        assert_eq!(read(b"a\rb").unwrap(), b"a\rb");
    }
}
