//! Reaching a file without trusting what lies at its path, and the settings that every connection to it gets
//! (igsh-vault(5), FILES).
//!
//! A database is never opened with plain file calls: closing any descriptor of a file drops the POSIX locks that
//! SQLite holds on it elsewhere in the process.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::compiled::version_of;
use super::{Error, Kind, Result};
use crate::files::{self, Distrust, NoFile, Openness, beside, folder_of};

/// How long a writer waits for another one.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// The path with its folder resolved, so that only the last part may still be a link, which is never followed.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| {
        Error::io(
            "open",
            path,
            io::Error::new(io::ErrorKind::InvalidInput, "not a file name"),
        )
    })?;
    Ok(folder_of(path)
        .canonicalize()
        .map_err(|source| Error::io("reach the folder of", path, source))?
        .join(name))
}

/// Makes the folder of a path, with those above it.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    files::make_folder(folder_of(path))
        .map_err(|source| Error::io("make the folder of", path, source))
}

/// Makes a rename or a new name in the folder of `path` last.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    files::sync_folder_of(path).map_err(|source| Error::io("sync the folder of", path, source))
}

/// Which file lies at a path, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(crate) fn of(meta: &Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
        }
    }
}

/// Refuses a sealed file that is missing or not trusted.
pub(crate) fn inspect(path: &Path, kind: &Kind) -> Result<Identity> {
    let Some(meta) = look(path)? else {
        return Err(Error::Missing {
            kind: kind.name,
            init: kind.init,
            path: path.to_owned(),
        });
    };
    let judged = files::judge(&meta, Openness::Closed).and_then(|()| files::writable(path, &meta));
    judged.map_err(|why| match why {
        Distrust::NotPlain(what) => Error::NotAFile {
            kind: kind.name,
            path: path.to_owned(),
            what,
        },
        Distrust::Open { mode, .. } => Error::Mode {
            path: path.to_owned(),
            mode,
        },
        why => untrusted("the ", path, why),
    })?;
    Ok(Identity::of(&meta))
}

/// Refuses a folder that is not trusted, and what lies beside the sealed file and does not belong there or could have
/// been put there by others: SQLite would take it for its own. The path is resolved.
pub(crate) fn inspect_around(path: &Path, kind: &Kind) -> Result<()> {
    trust_folder(path)?;
    let journal = beside(path, "-journal");
    if look(&journal)?.is_some() {
        return Err(Error::Journal {
            kind: kind.name,
            path: journal,
        });
    }
    for (end, openness) in [
        ("-wal", Openness::Closed),
        ("-shm", Openness::Readable),
        (".lock", Openness::Readable),
    ] {
        let path = beside(path, end);
        if let Some(meta) = look(&path)? {
            files::judge(&meta, openness)
                .and_then(|()| files::writable(&path, &meta))
                .map_err(|why| untrusted("", &path, why))?;
        }
    }
    Ok(())
}

/// Refuses a folder in which others could put files beside a sealed one, or the user could not.
pub(crate) fn trust_folder(path: &Path) -> Result<()> {
    files::trust_folder(folder_of(path)).map_err(|(folder, why)| match why {
        NoFile::Io(source) => Error::io("look at", &folder, source),
        NoFile::Distrusted(why) => untrusted("the folder ", &folder, why),
    })
}

/// Refuses to make a file where the log or journal of an earlier one lies: SQLite would take them for the new one's.
pub(crate) fn no_leftovers(path: &Path, kind: &Kind) -> Result<()> {
    for end in ["-wal", "-journal"] {
        let path = beside(path, end);
        if look(&path)?.is_some() {
            return Err(Error::Leftover {
                kind: kind.name,
                path,
            });
        }
    }
    Ok(())
}

/// What lies at a path, without following a link.
pub(crate) fn look(path: &Path) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::io("look at", path, source)),
    }
}

fn untrusted(role: &'static str, path: &Path, why: Distrust) -> Error {
    Error::Untrusted {
        role,
        path: path.to_owned(),
        why,
    }
}

/// Connects to a file that igsh made, of no newer version, and not visibly damaged. Nothing is written to it before
/// that is checked. Gives back the number of the schema's state beside it.
pub(crate) fn connect(path: &Path, kind: &'static Kind) -> Result<(Connection, i64)> {
    let damage = |error: Error| match error {
        Error::Sql(error) => from_sql(path, kind, error),
        other => other,
    };
    inspect(path, kind)?;
    inspect_around(path, kind)?;
    let connection = open(path).map_err(damage)?;
    check_header(&connection, path, kind).map_err(damage)?;
    let schema = kind.compare_schema(&connection).map_err(damage)?;
    harden(&connection).map_err(damage)?;
    Ok((connection, schema))
}

/// Opens the file without asking what it is: for a file that is just being made.
pub(crate) fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW
            | OpenFlags::SQLITE_OPEN_EXRESCODE,
    )?;
    connection.busy_timeout(BUSY)?;
    restrict(&connection)?;
    connection.execute_batch("PRAGMA cell_size_check = ON")?;
    temporary_files(&connection, folder_of(path));
    Ok(connection)
}

/// Takes from a connection what the author of a file could run in it: triggers, views, other files.
pub(super) fn restrict(connection: &Connection) -> rusqlite::Result<()> {
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true),
    ] {
        connection.set_db_config(config, on)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    Ok(())
}

/// Sorts and temporary tables spill beside the vault, whose folder is trusted and large enough, not into /tmp. SQLite
/// has one such folder a process, so the first file opened gives it, before any thread can have a connection; the
/// pragma is deprecated for programs that change it at run time, and the alternative (an environment variable) is no
/// safer.
fn temporary_files(connection: &Connection, folder: &Path) {
    static FIRST: Once = Once::new();
    FIRST.call_once(|| {
        if let Some(folder) = folder.to_str() {
            // Not fatal: a folder that cannot be written is an error when the vault is written.
            let _ = connection.pragma_update(None, "temp_store_directory", folder);
        }
    });
}

/// Sets the journal and durability of a file.
///
/// The write-ahead log is copied back every 16 MiB; a load of a gigabyte is one transaction and is copied once, at
/// its commit, after which the log is cut to 64 MiB.
pub(crate) fn harden(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = FILE;
         PRAGMA wal_autocheckpoint = 4096;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -32768;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn check_header(connection: &Connection, path: &Path, kind: &Kind) -> Result<()> {
    let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id != i64::from(kind.application_id) {
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        return Err(Error::NotOurs {
            kind: kind.name,
            path: path.to_owned(),
            why: if tables == 0 {
                "the file is empty".to_owned()
            } else {
                format!("it is the database of another application (id {id:#010x})")
            },
        });
    }
    let version = version_of(connection)?;
    if !kind.can_read(version) {
        return Err(Error::Newer {
            path: path.to_owned(),
            found: version,
            known: kind.version(),
        });
    }
    Ok(())
}

/// What an error at opening means for the file.
fn from_sql(path: &Path, kind: &Kind, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::NotOurs {
            kind: kind.name,
            path: path.to_owned(),
            why: "it is not an SQLite database".to_owned(),
        },
        Some(ErrorCode::DatabaseCorrupt) => corrupt(path, kind, error.to_string()),
        _ => Error::Sql(error),
    }
}

pub(crate) fn corrupt(path: &Path, kind: &Kind, what: String) -> Error {
    Error::Corrupt {
        kind: kind.name,
        path: path.to_owned(),
        what,
    }
}

/// Refuses when another file than this one, or none, lies at the path.
pub(super) fn in_place(path: &Path, kind: &Kind, identity: Identity) -> Result<()> {
    match look(path)? {
        None => Err(gone(path, kind, "was deleted or moved away")),
        Some(meta) if Identity::of(&meta) != identity => Err(replaced(path, kind)),
        Some(_) => Ok(()),
    }
}

pub(super) fn replaced(path: &Path, kind: &Kind) -> Error {
    gone(path, kind, "was replaced by another file")
}

pub(super) fn gone(path: &Path, kind: &Kind, what: &'static str) -> Error {
    Error::Gone {
        kind: kind.name,
        path: path.to_owned(),
        what,
    }
}
