//! Whether others could have put a file there, or could change it: owner, mode, links, and the folders on the way.

use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, OFlags};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::create_new;

/// What others may do with a file at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Openness {
    /// They may read it.
    Readable,
    /// Nothing: it holds secrets.
    Closed,
}

/// Why a file or a folder is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// Something other than a plain file, such as "a symbolic link".
    NotPlain(&'static str),
    /// Neither the user who runs igsh nor root owns it.
    Foreign {
        /// The owner's number.
        owner: u32,
    },
    /// Others may write it, or read what is to be closed.
    Open {
        /// Its permission bits.
        mode: u32,
        /// What is taken from others, as chmod has it.
        chmod: &'static str,
    },
    /// The user cannot write it, or cannot read it.
    Unwritable {
        /// Its permission bits.
        mode: u32,
        /// What the user needs, as chmod has it; nothing where no mode helps.
        chmod: Option<&'static str>,
    },
}

impl Distrust {
    /// What to do about it.
    pub fn remedy(&self, path: &Path) -> String {
        let path = path.display();
        match self {
            Self::NotPlain(_) => "name the file itself".to_owned(),
            Self::Foreign { .. } => "find out who put it there; use a copy of your own".to_owned(),
            Self::Unwritable { chmod: None, .. } => {
                "use it as its owner, where it can be written".to_owned()
            }
            Self::Open { chmod, .. }
            | Self::Unwritable {
                chmod: Some(chmod), ..
            } => {
                format!("type: chmod {chmod} '{path}'")
            }
        }
    }
}

/// Goes after the name of the file.
impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPlain(what) => write!(f, "is {what}"),
            Self::Foreign { owner } => write!(f, "belongs to another user (number {owner})"),
            Self::Open { mode, .. } if mode & 0o022 != 0 => {
                write!(f, "can be written by others (mode {mode:04o})")
            }
            Self::Open { mode, .. } => write!(f, "can be read by others (mode {mode:04o})"),
            Self::Unwritable { mode, .. } => write!(f, "cannot be written (mode {mode:04o})"),
        }
    }
}

/// Why a file was not opened.
#[derive(Debug)]
pub enum NoFile {
    Distrusted(Distrust),
    /// The system refused.
    Io(io::Error),
}

impl From<io::Error> for NoFile {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Distrust> for NoFile {
    fn from(distrust: Distrust) -> Self {
        Self::Distrusted(distrust)
    }
}

/// Refuses what is no plain file, has another owner than the user or root, or is open to others.
pub fn judge(meta: &Metadata, openness: Openness) -> Result<(), Distrust> {
    if !meta.is_file() {
        return Err(Distrust::NotPlain(if meta.is_symlink() {
            "a symbolic link"
        } else if meta.is_dir() {
            "a folder"
        } else {
            "not a plain file"
        }));
    }
    judge_owner_and_mode(meta, openness)
}

/// The same for what may also be a pipe.
pub fn judge_owner_and_mode(meta: &Metadata, openness: Openness) -> Result<(), Distrust> {
    owned(meta)?;
    let (taken, chmod) = match openness {
        Openness::Readable => (0o022, "go-w"),
        Openness::Closed => (0o077, "600"),
    };
    let mode = meta.mode() & 0o7777;
    if mode & taken != 0 {
        return Err(Distrust::Open { mode, chmod });
    }
    Ok(())
}

/// Refuses a file that the user cannot read and write. The owner's bits count for root too, who passes every check.
pub fn writable(path: &Path, meta: &Metadata) -> Result<(), Distrust> {
    usable(path, meta, 0o600, "600")
}

fn usable(path: &Path, meta: &Metadata, bits: u32, chmod: &'static str) -> Result<(), Distrust> {
    let mode = meta.mode() & 0o7777;
    let is_own = meta.uid() == geteuid().as_raw();
    if is_own && mode & bits != bits {
        let chmod = Some(chmod);
        return Err(Distrust::Unwritable { mode, chmod });
    }
    let wanted = Access::READ_OK | Access::WRITE_OK;
    match rustix::fs::access(path, wanted) {
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => {
            Err(Distrust::Unwritable { mode, chmod: None })
        }
        // Anything else is an error when the file is opened.
        _ => Ok(()),
    }
}

fn owned(meta: &Metadata) -> Result<(), Distrust> {
    match meta.uid() {
        0 => Ok(()),
        owner if owner == geteuid().as_raw() => Ok(()),
        owner => Err(Distrust::Foreign { owner }),
    }
}

/// Refuses a folder in which others could make, rename or remove files, or the user could not; and one that others
/// could put another folder in the place of. A folder above it may be open to all as `/tmp` is: each user can rename
/// own entries only. The path has no link in it.
///
/// # Errors
/// Which folder, and why.
pub fn trust_folder(folder: &Path) -> Result<(), (PathBuf, NoFile)> {
    const STICKY: u32 = 0o1000;
    for (depth, folder) in folder.ancestors().enumerate() {
        let judged = || -> Result<(), NoFile> {
            let meta = fs::metadata(folder)?;
            owned(&meta)?;
            let mode = meta.mode() & 0o7777;
            let shared = depth > 0 && mode & STICKY != 0;
            if mode & 0o022 != 0 && !shared {
                let chmod = "go-w";
                return Err(Distrust::Open { mode, chmod }.into());
            }
            if depth == 0 {
                usable(folder, &meta, 0o700, "u+rwx")?;
            }
            Ok(())
        };
        judged().map_err(|why| (folder.to_owned(), why))?;
    }
    Ok(())
}

/// Opens a file for reading that others could not have written, nor read where it is to be closed. What is looked at is
/// what is read, whatever the name stands for a moment later.
pub fn open_private(path: &Path, openness: Openness) -> Result<File, NoFile> {
    opened(path, openness, OpenOptions::new().read(true))
}

/// Opens a file of our own for reading and writing; makes it, 0600, where there is none.
pub fn open_or_make(path: &Path, openness: Openness) -> Result<File, NoFile> {
    loop {
        match opened(path, openness, OpenOptions::new().read(true).write(true)) {
            Err(NoFile::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            outcome => return outcome,
        }
        match create_new(path) {
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            outcome => return Ok(outcome?),
        }
    }
}

fn opened(path: &Path, openness: Openness, how: &mut OpenOptions) -> Result<File, NoFile> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match how.custom_flags(flags.bits().cast_signed()).open(path) {
        // The last part is a link: opening it again would find the same.
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            return Err(Distrust::NotPlain("a symbolic link").into());
        }
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            return Err(Distrust::NotPlain("a folder").into());
        }
        outcome => outcome?,
    };
    judge(&file.metadata()?, openness)?;
    Ok(file)
}

#[cfg(test)]
mod tests;
