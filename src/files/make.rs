//! New files: made, never opened where something lies already, and whole before they have their name.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

use super::folder_of;

/// Makes a file of mode 0600 where nothing lies, not even a link, and opens it for reading and writing.
pub fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}

/// Writes a file of mode 0600 whole or not at all: `fill` writes it under a name that is drawn by lot, and only then
/// it gets its own. What has the name already is refused, or replaced with `overwrite`.
pub fn write_whole<E>(
    path: &Path,
    overwrite: bool,
    failed: impl Fn(&io::Error) -> E,
    fill: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let mut part = tempfile::Builder::new()
        .prefix(".igsh-")
        .suffix(".part")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder_of(path))
        .map_err(|error| failed(&error))?;
    fill(part.as_file_mut())?;
    part.as_file().sync_all().map_err(|error| failed(&error))?;
    let named = if overwrite {
        part.persist(path)
    } else {
        part.persist_noclobber(path)
    };
    named.map_err(|error| failed(&error.error))?;
    Ok(())
}
