//! New files: made, never opened where something lies already, and whole before they have their name.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{AtFlags, OFlags, RenameFlags};
use rustix::io::Errno;

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

/// Gives `from` the name `to`, which must be free; both start at the folder. Where the file system cannot rename
/// without replacing, a second link does the same; where it has no links either (FAT), it renames, as the caller has
/// just looked.
pub fn rename_new(folder: impl AsFd, from: &Path, to: &Path) -> Result<(), Errno> {
    let folder = folder.as_fd();
    match rustix::fs::renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        done => return done,
    }
    match rustix::fs::linkat(folder, from, folder, to, AtFlags::empty()) {
        Ok(()) => rustix::fs::unlinkat(folder, from, AtFlags::empty()),
        Err(Errno::PERM | Errno::NOSYS | Errno::NOTSUP) => {
            rustix::fs::renameat(folder, from, folder, to)
        }
        Err(errno) => Err(errno),
    }
}

/// Makes a folder, 0700, with those above it; one that is there already stays as it is.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a new name in the folder of `path` last.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}
