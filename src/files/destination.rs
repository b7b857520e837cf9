//! A file while it is being written, and the moment it gets its name.
//!
//! Until then it is `.<name>.<id>.part` beside its final name, under a lock that says that its writer lives, so that
//! another process can distinguish a write that is under way from one that was cut off (`igsh-bundle(5)`). All steps go
//! through one descriptor of the folder, so that no other program swaps it meanwhile.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use uuid::Uuid;

use super::{folder_of, lock_alone, lock_shared, rename_new};

/// Why a file could not be written. Nothing half-written stays behind.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The path names no file, or its text is not UTF-8.
    #[error("'{}' is not a file name that the ledger can keep", .0.display())]
    Name(PathBuf),
    /// The name leaves no room for that of the file while it is written.
    #[error("the file name of '{}' is too long: at most {LONGEST_NAME} bytes", .0.display())]
    LongName(PathBuf),
    /// The folder is not there or not a folder.
    #[error("the folder '{}' cannot be used ({source})", path.display())]
    Folder { path: PathBuf, source: io::Error },
    /// Something other than a file has the name.
    #[error("'{}' is not a regular file", .0.display())]
    NotAFile(PathBuf),
    #[error("'{}' exists already", .0.display())]
    Exists(PathBuf),
    /// No room: disk, quota or size limit.
    #[error("there is no room left for '{}' ({source}); nothing was kept", path.display())]
    Full { path: PathBuf, source: io::Error },
    #[error("cannot {what} '{}': {source}; nothing was kept", path.display())]
    Io {
        /// What was being done, as in "flush the folder of".
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl FileError {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Name(_) => "give a plain UTF-8 name, as in file=bundle.igb",
            Self::LongName(_) => "give a shorter name",
            Self::Folder { .. } => "make the folder, or name a file elsewhere",
            Self::NotAFile(_) => "name another file",
            Self::Exists(_) => "name another file, or add -overwrite",
            Self::Full { .. } => "free some space, or name a file on another disk",
            Self::Io { .. } => return None,
        }))
    }
}

/// A file name's 255 bytes, less two dots, the id (36) and `.part`.
const LONGEST_NAME: usize = 255 - 2 - 36 - 5;

/// Where a file is to be, with its folder held open.
#[derive(Debug)]
pub struct Destination {
    folder: OwnedFd,
    path: PathBuf,
    name: String,
}

impl Destination {
    /// Opens the folder of `path`. Nothing is written.
    pub fn new(path: &Path) -> Result<Self, FileError> {
        let (Some(name), Some(_)) = (path.file_name().and_then(|n| n.to_str()), path.to_str())
        else {
            return Err(FileError::Name(path.to_owned()));
        };
        if name.len() > LONGEST_NAME {
            return Err(FileError::LongName(path.to_owned()));
        }
        let folder = folder_of(path);
        let unusable = |source: io::Error| FileError::Folder {
            path: folder.to_owned(),
            source,
        };
        let absolute = folder.canonicalize().map_err(unusable)?;
        if absolute.to_str().is_none() {
            return Err(FileError::Name(path.to_owned()));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&absolute, flags, Mode::empty())
            .map_err(|errno| unusable(errno.into()))?;
        Ok(Self {
            folder,
            path: absolute.join(name),
            name: name.to_owned(),
        })
    }

    /// The absolute path of the file to be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses a name that is taken, unless it may be overwritten; what is not a regular file never may.
    pub fn check(&self, overwrite: bool) -> Result<(), FileError> {
        match rustix::fs::statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(self.failed("look at", errno.into())),
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile => {
                Err(FileError::NotAFile(self.path.clone()))
            }
            Ok(_) if overwrite => Ok(()),
            Ok(_) => Err(FileError::Exists(self.path.clone())),
        }
    }

    /// Makes and locks the file to write to.
    pub fn create(self, id: Uuid) -> Result<Part, FileError> {
        survive_size_limit();
        let name = self.part_name(id);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder, &name, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|errno| self.failed("create the temporary file of", errno.into()))?;
        let part = Part {
            destination: self,
            name,
            file: File::from(file),
            published: false,
        };
        let locked = lock_alone(&part.file).and_then(|locked| match locked {
            true => Ok(()),
            false => Err(Errno::WOULDBLOCK.into()),
        });
        let failed = |error| part.destination.failed("lock the temporary file of", error);
        locked.map_err(failed)?;
        Ok(part)
    }

    /// The name of the file while it is written.
    fn part_name(&self, id: Uuid) -> String {
        format!(".{}.{id}.part", self.name)
    }

    /// Opens for reading what stands under the final name (`None`) or under that of the temporary file of `id`.
    pub fn open(&self, id: Option<Uuid>) -> Result<AtPath, FileError> {
        let name = id.map_or_else(|| self.name.clone(), |id| self.part_name(id));
        let file = match self.open_name(&name) {
            Ok(file) => file,
            Err(Errno::NOENT | Errno::LOOP) => return Ok(AtPath::Nothing),
            Err(errno) => return Err(self.failed("open", errno.into())),
        };
        if !file.metadata().is_ok_and(|data| data.is_file()) {
            return Ok(AtPath::Nothing);
        }
        match lock_shared(&file) {
            Ok(true) => Ok(AtPath::File(file)),
            Ok(false) => Ok(AtPath::Locked),
            Err(error) => Err(self.failed("lock", error)),
        }
    }

    fn open_name(&self, name: &str) -> Result<File, Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        rustix::fs::openat(&self.folder, name, flags, Mode::empty()).map(File::from)
    }

    /// Whether a writer holds the final file or the temporary one of `id`.
    pub fn is_locked(&self, id: Uuid) -> bool {
        let held = |file| matches!(lock_shared(&file), Ok(false));
        [&self.part_name(id), &self.name]
            .into_iter()
            .any(|name| self.open_name(name).is_ok_and(held))
    }

    /// Gives the temporary file of `id` its final name.
    pub fn publish(&self, id: Uuid, overwrite: bool) -> Result<(), FileError> {
        self.check(overwrite)?;
        let part = self.part_name(id);
        if overwrite {
            rustix::fs::renameat(&self.folder, &part, &self.folder, &self.name)
        } else {
            rename_new(&self.folder, Path::new(&part), Path::new(&self.name))
        }
        .map_err(|errno| match errno {
            Errno::EXIST => FileError::Exists(self.path.clone()),
            errno => self.failed("rename the temporary file to", errno.into()),
        })?;
        self.sync()
    }

    /// The names in the folder are on the disk.
    pub fn sync(&self) -> Result<(), FileError> {
        rustix::fs::fsync(&self.folder)
            .map_err(|errno| self.failed("flush the folder of", errno.into()))
    }

    /// Removes the temporary file of `id`; one that is not there is as good as removed.
    pub fn remove_part(&self, id: Uuid) -> Result<(), FileError> {
        match rustix::fs::unlinkat(&self.folder, self.part_name(id), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(self.failed("remove the temporary file of", errno.into())),
        }
    }

    /// An error of the file; one for lack of room has its own variant.
    pub fn failed(&self, what: &'static str, source: io::Error) -> FileError {
        failed(what, &self.path, source)
    }
}

/// What stands under a name.
#[derive(Debug)]
pub enum AtPath {
    /// No regular file.
    Nothing,
    /// A file that its writer still holds.
    Locked,
    /// A file that no process writes to, opened.
    File(File),
}

/// A file under its temporary name. Dropped without [`Part::publish`], it is gone.
#[derive(Debug)]
pub struct Part {
    destination: Destination,
    name: String,
    file: File,
    published: bool,
}

impl Part {
    /// The absolute path of the file to be.
    pub fn path(&self) -> &Path {
        self.destination.path()
    }

    /// An error of writing to this file.
    pub fn failed(&self, source: io::Error) -> FileError {
        self.destination.failed("write", source)
    }

    /// Another handle of the same open file, to write to: the lock is held until both are closed.
    pub fn output(&self) -> Result<File, FileError> {
        self.file.try_clone().map_err(|source| self.failed(source))
    }

    /// Everything written is on the disk.
    pub fn sync(&self) -> Result<(), FileError> {
        self.file
            .sync_all()
            .map_err(|source| self.destination.failed("flush", source))
    }

    /// Gives the file its final name, on the disk too. The lock goes with `self`.
    pub fn publish(&mut self, id: Uuid, overwrite: bool) -> Result<(), FileError> {
        self.destination.publish(id, overwrite)?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.published {
            let _ = rustix::fs::unlinkat(&self.destination.folder, &self.name, AtFlags::empty());
        }
    }
}

/// A write beyond the process's file size limit is to fail like one on a full disk, not to kill the process.
fn survive_size_limit() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let signal = rustix::process::Signal::XFSZ.as_raw();
        // Where this cannot be set, the limit ends the process as it would any other.
        let _ = signal_hook::flag::register(signal, Arc::default());
    });
}

fn failed(what: &'static str, path: &Path, source: io::Error) -> FileError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            FileError::Full { path, source }
        }
        _ => FileError::Io { what, path, source },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0123_4567_89ab_4def_8123_4567_89ab_cdef);

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.igb");
        (folder, path)
    }

    fn names(folder: &tempfile::TempDir) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn write(path: &Path, text: &str) -> Part {
        let part = Destination::new(path).unwrap().create(ID).unwrap();
        part.output().unwrap().write_all(text.as_bytes()).unwrap();
        part.sync().unwrap();
        part
    }

    fn find(path: &Path, id: Option<Uuid>) -> AtPath {
        Destination::new(path).unwrap().open(id).unwrap()
    }

    #[test]
    fn a_part_is_private_named_after_both_and_locked() {
        let (folder, path) = folder();
        let part = write(&path, "x");
        let name = format!(".p.igb.{ID}.part");
        assert_eq!(names(&folder), std::slice::from_ref(&name));
        let mode = std::fs::metadata(folder.path().join(name)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        assert!(matches!(find(&path, Some(ID)), AtPath::Locked));
        assert!(Destination::new(&path).unwrap().is_locked(ID));
        drop(part);
        assert_eq!(names(&folder), Vec::<String>::new());
        assert!(matches!(find(&path, Some(ID)), AtPath::Nothing));
    }

    #[test]
    fn publishing_gives_the_name_and_keeps_the_lock_until_the_end() {
        let (folder, path) = folder();
        let mut part = write(&path, "abc");
        part.publish(ID, false).unwrap();
        assert_eq!(names(&folder), ["p.igb"]);
        assert!(matches!(find(&path, None), AtPath::Locked));
        drop(part);
        assert!(matches!(find(&path, None), AtPath::File(_)));
        assert!(!Destination::new(&path).unwrap().is_locked(ID));
    }

    #[test]
    fn a_name_taken_meanwhile_is_not_replaced() {
        let (folder, path) = folder();
        let mut part = write(&path, "new");
        std::fs::write(&path, "old").unwrap();
        assert!(matches!(part.publish(ID, false), Err(FileError::Exists(_))));
        let renamed = rename_new(&part.destination.folder, Path::new(&part.name), &path);
        assert_eq!(renamed, Err(Errno::EXIST));
        drop(part);
        assert_eq!(names(&folder), ["p.igb"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    }

    #[test]
    fn overwriting_replaces_a_file_and_nothing_else() {
        let (folder, path) = folder();
        std::fs::write(&path, "old").unwrap();
        assert!(matches!(
            Destination::new(&path).unwrap().check(false),
            Err(FileError::Exists(_))
        ));
        write(&path, "new").publish(ID, true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        std::fs::remove_file(&path).unwrap();
        symlink(folder.path(), &path).unwrap();
        assert!(matches!(
            Destination::new(&path).unwrap().check(true),
            Err(FileError::NotAFile(_))
        ));
    }

    #[test]
    fn a_symlink_under_the_temporary_name_is_not_followed() {
        let (folder, path) = folder();
        let victim = folder.path().join("victim");
        std::fs::write(&victim, "mine").unwrap();
        symlink(&victim, folder.path().join(format!(".p.igb.{ID}.part"))).unwrap();
        assert!(Destination::new(&path).unwrap().create(ID).is_err());
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "mine");
        assert!(matches!(find(&path, Some(ID)), AtPath::Nothing));
    }

    #[test]
    fn a_missing_folder_and_a_bad_name_are_different_errors() {
        let new = |path: &str| Destination::new(Path::new(path)).unwrap_err();
        assert!(matches!(
            new("/nonexistent/p.igb"),
            FileError::Folder { .. }
        ));
        assert!(matches!(new("/"), FileError::Name(_)));
        assert!(matches!(new(&"x".repeat(213)), FileError::LongName(_)));
        assert!(Destination::new(Path::new(&"x".repeat(212))).is_ok());
    }

    #[test]
    fn the_advice_is_beside_the_message() {
        let path = || PathBuf::from("a.igb");
        let source = || io::Error::from(io::ErrorKind::PermissionDenied);
        let errors = [
            FileError::Name(path()),
            FileError::LongName(path()),
            FileError::Folder {
                path: path(),
                source: source(),
            },
            FileError::NotAFile(path()),
            FileError::Exists(path()),
            FileError::Full {
                path: path(),
                source: source(),
            },
            FileError::Io {
                what: "flush",
                path: path(),
                source: source(),
            },
        ];
        let shown =
            errors.map(|error| format!("{error}\n  {}", error.hint().unwrap_or("-".into())));
        insta::assert_snapshot!(shown.join("\n"), @"
        'a.igb' is not a file name that the ledger can keep
          give a plain UTF-8 name, as in file=bundle.igb
        the file name of 'a.igb' is too long: at most 212 bytes
          give a shorter name
        the folder 'a.igb' cannot be used (permission denied)
          make the folder, or name a file elsewhere
        'a.igb' is not a regular file
          name another file
        'a.igb' exists already
          name another file, or add -overwrite
        there is no room left for 'a.igb' (permission denied); nothing was kept
          free some space, or name a file on another disk
        cannot flush 'a.igb': permission denied; nothing was kept
          -
        ");
    }

    #[test]
    fn a_full_disk_is_not_just_any_error() {
        for errno in [Errno::NOSPC, Errno::FBIG, Errno::DQUOT] {
            let error = failed("write", Path::new("p"), errno.into());
            assert!(matches!(error, FileError::Full { .. }), "{error}");
        }
        let error = failed("write", Path::new("p"), Errno::IO.into());
        assert!(matches!(error, FileError::Io { .. }));
    }
}
