//! What can go wrong with a sealed file, in words that say what to type next.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::stored::what_is_unfit;
use crate::ambient::{Cancelled, NoRandomness};
use crate::files::{Distrust, NoFile};

/// The result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure an error is; the exit code follows from it (igsh(1), EXIT STATUS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A command failed: exit code 1.
    Failed,
    /// Not permitted: no session, wrong password, loose file mode: exit code 3.
    Refused,
    /// Integrity: corrupt file, a field that does not open: exit code 6.
    Integrity,
    /// The work was interrupted: exit code 130.
    Interrupted,
    /// Ours to repair: exit code 70.
    Internal,
}

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such file.
    #[error("there is no {kind} at {}; make one with '{init}' or name another file", .path.display())]
    Missing {
        /// What was looked for, such as "vault".
        kind: &'static str,
        /// The command that makes one.
        init: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// A file that would be made is there already.
    #[error("{} exists already and was left alone; name another file for the new {kind}", .path.display())]
    Exists {
        /// What was to be made.
        kind: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// A symbolic link, directory or device stands where the file should.
    #[error("{} is {what}, which is not followed; name the {kind} file itself", .path.display())]
    NotAFile {
        /// What was looked for.
        kind: &'static str,
        /// Where.
        path: PathBuf,
        /// What is there.
        what: &'static str,
    },
    /// Others may read or write the file.
    #[error("{} is open to others (mode {mode:04o}); type: chmod 600 '{}'", .path.display(), .path.display())]
    Mode {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file, or a folder on its way, that others could have put there or could change, or that cannot be written.
    #[error("{}{} {why}, so that nothing was opened; {}", .role, .path.display(), .why.remedy(.path))]
    Untrusted {
        /// What it is to the sealed file, as in "the folder "; nothing where it is the file itself.
        role: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// What is wrong with it.
        why: Distrust,
    },
    /// A rollback journal lies beside the file.
    #[error(
        "there is a journal beside the {kind}, {}: no {kind} has one, and SQLite would replay it and may delete the file that it names; nothing was opened: find out where it came from, and remove it", .path.display()
    )]
    Journal {
        /// What was opened.
        kind: &'static str,
        /// Where the journal is.
        path: PathBuf,
    },
    /// What another file left lies where a new one is to be made.
    #[error("{} is there already, left by another {kind} of that name; move it away, or name another file for the new {kind}", .path.display())]
    Leftover {
        /// What was to be made.
        kind: &'static str,
        /// What is there.
        path: PathBuf,
    },
    /// Not a database.
    #[error("{} is not a {kind}: {why}; check the path", .path.display())]
    NotOurs {
        /// What was looked for.
        kind: &'static str,
        /// Where.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// Written by a newer igsh.
    #[error("{} was written by a newer igsh (schema {found}, this one knows {known}); use that version", .path.display())]
    Newer {
        /// Where.
        path: PathBuf,
        /// Schema of the file.
        found: i64,
        /// Schema of this program.
        known: i64,
    },
    /// Damaged.
    #[error("the {kind} {} is damaged ({what}); restore a backup", .path.display())]
    Corrupt {
        /// What was opened.
        kind: &'static str,
        /// Where.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The schema is not the one that igsh makes.
    #[error(
        "the {kind} was changed by another program: {what}; nothing was read from it: restore a backup"
    )]
    Schema {
        /// What was opened.
        kind: &'static str,
        /// Which object, and what about it.
        what: String,
    },
    /// The write-ahead log beside the file is that of another copy.
    #[error("{} belongs to another copy of this {kind}: opening the {kind} would mix both, so nothing was touched", .log.display())]
    OtherLog {
        /// What was to be opened.
        kind: &'static str,
        /// The log.
        log: PathBuf,
    },
    /// The file was deleted, moved or replaced while a session had it open.
    #[error("the {kind} {} {what} while it was open; what this session has done since is lost, and the session has ended", .path.display())]
    Gone {
        /// What was open.
        kind: &'static str,
        /// Where.
        path: PathBuf,
        /// What became of it.
        what: &'static str,
    },
    /// Tables of decisions are not as a session left them.
    #[error("the file was changed by another program: {0}")]
    State(String),
    /// A master's own row is not the one that was left.
    #[error(
        "the login's own row was changed by another program: the password fits a key slot that is not the one in force"
    )]
    OwnSlot,
    /// An entry of the audit that everything stands on does not fit.
    #[error("the audit was changed by another program: entry #{seq} is not what a session wrote")]
    AuditDamaged {
        /// The number of the entry.
        seq: u64,
    },
    /// Another session writes and did not finish in time.
    #[error(
        "the {kind} is held by {holder}; nothing was changed: try again when that has finished"
    )]
    Held {
        /// What is held.
        kind: &'static str,
        /// Which command of which session, since when.
        holder: String,
    },
    /// The keys are being renewed.
    #[error("the keys are being renewed in another session; log in again when that has finished")]
    KeysInChange,
    /// Another login of the same master has not come to its end within a minute.
    #[error(
        "another login of {0} has been under way for a minute; this one was not tried: try again later"
    )]
    LoginUnderWay(String),
    /// The wait for another process was ended.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A file operation failed.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("{}", sql_message(.0))]
    Sql(#[from] rusqlite::Error),
    /// The system gave no randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// No master of that name.
    #[error("there is no master of that name; the masters are {names}")]
    NoSuchMaster {
        /// The three names.
        names: String,
    },
    /// Too many wrong passwords.
    #[error(
        "{name} is locked for another {} after {failures} failed {}; wait, or let another master type: master unlock {name}",
        seconds(.wait), plural(*.failures, "login")
    )]
    LockedOut {
        /// Which master.
        name: String,
        /// Failed logins in a row.
        failures: u32,
        /// When the next attempt is taken.
        until: Timestamp,
        /// Seconds until then.
        wait: i64,
    },
    /// The password does not open the key slot.
    #[error("wrong password for {name}; the next attempt is taken in {}", seconds(.wait))]
    WrongPassword {
        /// Which master.
        name: String,
        /// Seconds until the next attempt is taken.
        wait: i64,
    },
    /// A password that cannot be one.
    #[error("the password of {name} does not do: {why}")]
    Password {
        /// Which master.
        name: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// The three masters are not as they have to be.
    #[error("{0}")]
    Masters(String),
    /// The cost of the key derivation is outside what we take.
    #[error("{0}; for example kdf=262144,3,4")]
    Cost(String),
    /// Nobody is logged in any more.
    #[error("the session is locked; log in again with 'login'")]
    Locked,
    /// A sealed field does not open.
    #[error("{what} does not belong there or is damaged; see 'audit verify' and restore a backup")]
    Field {
        /// Which value of whom.
        what: String,
    },
    /// A sealed field names a key that is not there.
    #[error(
        "{what} is sealed with key epoch {epoch}, which this {kind} does not have; restore a backup"
    )]
    Epoch {
        /// Which value of whom.
        what: String,
        /// The epoch it names.
        epoch: u32,
        /// What kind of file it is.
        kind: &'static str,
    },
    /// A key slot, wrapped key or state row does not fit.
    #[error("the keys of the vault are damaged: {0} does not open; restore a backup")]
    Keys(String),
    /// No such setting, or not such a value.
    #[error("{0}")]
    Setting(String),
    /// A setting holds what it cannot be set to: it was put there by other means than igsh.
    #[error("the setting {name} holds '{value}', which cannot be; type: {command} {name}=default")]
    BadSetting {
        /// Which one.
        name: &'static str,
        /// What it holds.
        value: String,
        /// The command that sets it.
        command: &'static str,
    },
    /// No such audit entry, or an anchor that cannot be one.
    #[error("{0}")]
    Audit(String),
    /// What cannot happen did.
    #[error("internal error: {0}")]
    Internal(&'static str),
}

impl Error {
    /// What kind of failure this is.
    pub fn class(&self) -> Class {
        match self {
            Self::Mode { .. }
            | Self::Untrusted { .. }
            | Self::LockedOut { .. }
            | Self::WrongPassword { .. }
            | Self::NoSuchMaster { .. }
            | Self::Password { .. }
            | Self::Locked => Class::Refused,
            Self::Corrupt { .. }
            | Self::Schema { .. }
            | Self::State(_)
            | Self::OtherLog { .. }
            | Self::Gone { .. }
            | Self::OwnSlot
            | Self::AuditDamaged { .. }
            | Self::Journal { .. }
            | Self::Field { .. }
            | Self::Epoch { .. }
            | Self::Keys(_)
            | Self::BadSetting { .. } => Class::Integrity,
            Self::Sql(error) if Self::is_damage(error) => Class::Integrity,
            Self::Sql(error) if Self::is_passing(error) => match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::OperationInterrupted) => Class::Interrupted,
                _ => Class::Failed,
            },
            Self::Sql(_) => Class::Internal,
            Self::Cancelled(_) => Class::Interrupted,
            Self::Internal(_) => Class::Internal,
            _ => Class::Failed,
        }
    }

    /// Whether SQLite found the file damaged, or a value in it is not what its column holds.
    pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
        let found = matches!(
            error.sqlite_error_code(),
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
        );
        found || what_is_unfit(error).is_some()
    }

    /// Whether SQLite was kept from its work by what surrounds it, so that it may do it another time.
    pub(crate) fn is_passing(error: &rusqlite::Error) -> bool {
        use rusqlite::ErrorCode::*;
        matches!(
            error.sqlite_error_code(),
            Some(
                OperationInterrupted
                    | DiskFull
                    | SystemIoFailure
                    | DatabaseBusy
                    | DatabaseLocked
                    | ReadOnly
                    | CannotOpen
                    | PermissionDenied
            )
        )
    }

    /// A file beside a sealed one that was not opened.
    pub(crate) fn no_file(doing: &'static str, path: &Path, why: NoFile) -> Self {
        match why {
            NoFile::Io(source) => Self::io(doing, path, source),
            NoFile::Distrusted(why) => Self::Untrusted {
                role: "",
                path: path.to_owned(),
                why,
            },
        }
    }

    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

/// Whether SQLite gave up because another connection holds the file.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
    )
}

fn sql_message(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode::*;
    if let Some(what) = what_is_unfit(error) {
        return format!(
            "the database is damaged ({what}); restore a backup, or run 'system check' on a copy"
        );
    }
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => {
            format!("the database is damaged ({error}); restore a backup")
        }
        Some(DiskFull) => {
            "the disk is full; nothing was changed: make room and run the command again".to_owned()
        }
        Some(SystemIoFailure) => format!(
            "the database could not be read or written ({error}); nothing was changed: check the disk, its space and limits"
        ),
        Some(ReadOnly | PermissionDenied | CannotOpen) => format!(
            "the database cannot be written ({error}); check the permissions of the file and its folder"
        ),
        Some(DatabaseBusy | DatabaseLocked) => {
            "the database is held by another session; try again when that has finished".to_owned()
        }
        Some(OperationInterrupted) => "interrupted; nothing was changed".to_owned(),
        _ => format!("the database refused: {error}"),
    }
}

fn seconds(wait: &i64) -> String {
    if *wait >= 120 {
        format!("{} minutes", (*wait + 59) / 60)
    } else {
        format!(
            "{wait} {}",
            plural(u32::try_from(*wait).unwrap_or(2), "second")
        )
    }
}

fn plural(count: u32, word: &str) -> String {
    if count == 1 {
        word.to_owned()
    } else {
        format!("{word}s")
    }
}
