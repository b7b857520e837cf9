//! What lies at a path, judged before anything in it is believed; and new files, private from their first byte, that
//! are there whole or not at all.
//!
//! What a file holds is no business of this room. Its errors say what is wrong and what to type; the caller decides
//! what that means for the command.

mod destination;
mod interruptible;
mod lock;
mod make;
mod trust;

pub use destination::{AtPath, Destination, FileError, Part};
pub use interruptible::Interruptible;
pub use lock::{lock_alone, lock_shared};
pub use make::{create_new, make_folder, rename_new, sync_folder_of, write_whole};
pub use trust::{
    Distrust, NoFile, Openness, judge, judge_owner_and_mode, open_or_make, open_private,
    trust_folder, writable,
};

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of a path; the current one where none is named.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Opens a file to read it.
///
/// # Errors
/// Those of opening; [`io::ErrorKind::IsADirectory`] for a folder, which opening alone lets pass.
pub fn open_file(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    match file.metadata()?.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => Ok(file),
    }
}

/// The path of a file beside another one: the same name with an end.
pub fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Whether anything at all lies at a path, a link that leads nowhere too.
pub fn is_taken(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
