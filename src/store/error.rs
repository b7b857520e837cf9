//! What can go wrong with a sealed file, and what to do about it.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::stored::what_is_unfit;
use crate::ambient::{Cancelled, NoRandomness};
use crate::crypto::kdf::{CostOutside, KdfError};
use crate::crypto::master_password::Unfit;
use crate::files::{Distrust, NoFile};
use crate::render::counted;

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
    /// A fault of igsh: exit code 70.
    Internal,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no {kind} at {}", .path.display())]
    Missing {
        /// What was looked for, such as "vault".
        kind: &'static str,
        /// The command that makes one.
        init: &'static str,
        path: PathBuf,
    },
    /// A file that would be made is there already.
    #[error("{} exists already and was left alone", .path.display())]
    Exists { kind: &'static str, path: PathBuf },
    /// A symbolic link, folder or device lies where the file should.
    #[error("{} is {what}; nothing was opened", .path.display())]
    NotAFile {
        kind: &'static str,
        path: PathBuf,
        /// What is there, such as "a symbolic link".
        what: &'static str,
    },
    /// Others may read or write the file.
    #[error("{} is open to others (mode {mode:04o})", .path.display())]
    Mode {
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file, or a folder on its way, that others could have put there or could change, or that cannot be written.
    #[error("{}{} {why}; nothing was opened", .role, .path.display())]
    Untrusted {
        /// What it is to the sealed file, as in "the folder "; empty where it is the file itself.
        role: &'static str,
        path: PathBuf,
        why: Distrust,
    },
    /// A rollback journal lies beside the file.
    #[error("a journal lies beside the {kind}: {}; nothing was opened", .path.display())]
    Journal { kind: &'static str, path: PathBuf },
    /// A log or journal lies where that of a new file would be.
    #[error("{} is there already, left by another {kind} of that name", .path.display())]
    Leftover { kind: &'static str, path: PathBuf },
    /// Not a database, or that of another application.
    #[error("{} is not a {kind}: {why}", .path.display())]
    NotOurs {
        kind: &'static str,
        path: PathBuf,
        why: String,
    },
    #[error("{} was written by a newer igsh (its schema is {found}, this igsh's {known})", .path.display())]
    Newer {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("the {kind} {} is damaged ({what})", .path.display())]
    Corrupt {
        kind: &'static str,
        path: PathBuf,
        what: String,
    },
    /// The schema is not the one that igsh makes.
    #[error("the {kind} was changed by another program: {what}; nothing was read from it")]
    Schema {
        kind: &'static str,
        /// Which object, and what is wrong with it.
        what: String,
    },
    /// The write-ahead log beside the file is that of another copy.
    #[error("{} belongs to another copy of this {kind}: opening the {kind} would mix both, so nothing was touched", .log.display())]
    OtherLog { kind: &'static str, log: PathBuf },
    /// The file was deleted, moved or replaced while a session had it open.
    #[error("the {kind} {} {what} while it was open; what this session has done since is lost, and the session has ended", .path.display())]
    Gone {
        kind: &'static str,
        path: PathBuf,
        /// What happened to it, such as "was replaced by another file".
        what: &'static str,
    },
    /// Tables of decisions are not as a session left them.
    #[error("the file was changed by another program: {0}")]
    State(String),
    /// A master's own row is not the one that a session left.
    #[error(
        "the login's own row was changed by another program: the password fits a key slot that is not the one in force"
    )]
    OwnSlot,
    /// An entry of the audit on which the proof of all else rests does not fit.
    #[error("the audit was changed by another program: entry #{seq} is not what a session wrote")]
    AuditDamaged { seq: u64 },
    /// Another session writes and did not finish in time.
    #[error("the {kind} is held by {holder}; nothing was changed")]
    Held {
        kind: &'static str,
        /// Which command of which session, since when.
        holder: String,
    },
    #[error("the keys are being renewed in another session")]
    KeysInChange,
    /// Another login of the same master has not come to its end within a minute.
    #[error("another login of {0} has been under way for a minute; this one was not tried")]
    LoginUnderWay(String),
    /// The wait for another process was ended.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{}", sql_message(.0))]
    Sql(#[from] rusqlite::Error),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error("there is no master of that name")]
    NoSuchMaster {
        /// The three names there are, separated by commas.
        names: String,
    },
    /// Too many wrong passwords.
    #[error(
        "{name} is locked for another {} after {}",
        span(*.wait), counted(u64::from(*.failures), "failed login")
    )]
    LockedOut {
        name: String,
        /// Failed logins in a row.
        failures: u32,
        /// When the next attempt is taken.
        until: Timestamp,
        /// Seconds until then.
        wait: i64,
    },
    /// The password does not open the key slot.
    #[error("wrong password for {name}; the next attempt is taken in {}", span(*.wait))]
    WrongPassword {
        name: String,
        /// Seconds until the next attempt is taken.
        wait: i64,
    },
    /// A password that no master may have.
    #[error("the password of {name} cannot be used: {why}")]
    Password { name: String, why: Unfit },
    /// The three masters of a new file, or what is to be noted of one, are not as they have to be.
    #[error("{what}")]
    Masters { what: String, hint: &'static str },
    /// The cost of the key derivation is outside its bounds.
    #[error(transparent)]
    Cost(#[from] CostOutside),
    #[error(transparent)]
    Kdf(#[from] KdfError),
    /// No master is logged in any more.
    #[error("the session is locked")]
    Locked,
    /// A sealed field does not open.
    #[error("{what} does not belong there or is damaged")]
    Field {
        /// Which value of which user.
        what: String,
    },
    /// A sealed field names a key that is not there.
    #[error("{what} is sealed with key epoch {epoch}, which this {kind} does not have")]
    Epoch {
        /// Which value of which user.
        what: String,
        epoch: u32,
        kind: &'static str,
    },
    /// A key slot, wrapped key or state row does not fit.
    #[error("the keys of the vault are damaged: {0} does not open")]
    Keys(String),
    /// No such setting, or no value of it.
    #[error("{what}")]
    Setting { what: String, hint: String },
    /// A setting holds what it cannot be set to: it was put there by other means than igsh.
    #[error("the setting {name} holds '{value}', which is no value for it")]
    BadSetting {
        name: &'static str,
        value: String,
        /// The command that sets it.
        command: &'static str,
    },
    /// No such audit entry, or an anchor that cannot be one.
    #[error("{what}")]
    Audit { what: String, hint: &'static str },
    /// A fault of igsh.
    #[error("internal error: {0}")]
    Internal(&'static str),
}

/// What a master does with a file that another program has changed.
pub const IF_CHANGED: &str = "'system check' and 'audit verify' say what differs; restore a backup, or take the vault \
                              as it is with 'system accept-state reason=…'";

const BACKUP: &str = "restore a backup";

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Missing { init, .. } => {
                format!("make one with '{init}', or name another file").into()
            }
            Self::Exists { kind, .. } => format!("name another file for the new {kind}").into(),
            Self::NotAFile { kind, .. } => format!("name the {kind} file itself").into(),
            Self::Mode { path, .. } => format!("type: chmod 600 '{}'", path.display()).into(),
            Self::Untrusted { path, why, .. } => why.remedy(path).into(),
            Self::Journal { kind, .. } => format!(
                "find out where it came from, and remove it: no {kind} has one, and SQLite would replay it and may \
                 delete the file that it names"
            )
            .into(),
            Self::Leftover { kind, .. } => {
                format!("move it away, or name another file for the new {kind}").into()
            }
            Self::NotOurs { .. } => "check the path".into(),
            Self::Newer { .. } => "use that version".into(),
            Self::Corrupt { .. } | Self::Schema { .. } | Self::Epoch { .. } | Self::Keys(_) => {
                BACKUP.into()
            }
            Self::OtherLog { .. } => {
                "move the log away, or put the file back that it belongs to; a backup is restored with its own log or none"
                    .into()
            }
            Self::Gone { .. } => {
                "put the right file back, log in again and look at 'audit list last=20'".into()
            }
            Self::State(_) | Self::AuditDamaged { .. } => IF_CHANGED.into(),
            Self::OwnSlot => {
                "let another master log in and look: 'audit list', 'system check'".into()
            }
            Self::Held { .. } => "try again when that has finished".into(),
            Self::KeysInChange => "log in again when that has finished".into(),
            Self::LoginUnderWay(_) => "try again later".into(),
            Self::Sql(error) => sql_hint(error)?.into(),
            Self::NoSuchMaster { names } => format!("the masters are {names}").into(),
            Self::LockedOut { name, .. } => {
                format!("wait, or let another master type: master unlock {name}").into()
            }
            Self::Password { why, .. } => why.hint()?,
            Self::Masters { hint, .. } | Self::Audit { hint, .. } => (*hint).into(),
            Self::Cost(_) => "say kdf=KIB,PASSES,LANES, for example kdf=262144,3,4".into(),
            Self::Kdf(error) => error.hint()?,
            Self::Locked => "log in again with 'login'".into(),
            Self::Field { .. } => "look at 'audit verify', and restore a backup".into(),
            Self::Setting { hint, .. } => hint.clone().into(),
            Self::BadSetting { name, command, .. } => {
                format!("type: {command} {name}=default").into()
            }
            Self::Cancelled(_)
            | Self::Io { .. }
            | Self::Randomness(_)
            | Self::WrongPassword { .. }
            | Self::Internal(_) => return None,
        })
    }

    /// Message and advice in one line, for a notice that has no line of its own for advice.
    pub(crate) fn in_one_line(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self}; {hint}"),
            None => self.to_string(),
        }
    }

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
        return format!("the database is damaged ({what})");
    }
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => format!("the database is damaged ({error})"),
        Some(DiskFull) => "the disk is full; nothing was changed".to_owned(),
        Some(SystemIoFailure) => {
            format!("the database could not be read or written ({error}); nothing was changed")
        }
        Some(ReadOnly | PermissionDenied | CannotOpen) => {
            format!("the database cannot be written ({error})")
        }
        Some(DatabaseBusy | DatabaseLocked) => "the database is held by another session".to_owned(),
        Some(OperationInterrupted) => "interrupted; nothing was changed".to_owned(),
        _ => format!("the database refused: {error}"),
    }
}

fn sql_hint(error: &rusqlite::Error) -> Option<&'static str> {
    use rusqlite::ErrorCode::*;
    if what_is_unfit(error).is_some() {
        return Some("restore a backup, or run 'system check' on a copy");
    }
    match error.sqlite_error_code()? {
        DatabaseCorrupt | NotADatabase => Some(BACKUP),
        DiskFull => Some("free some space and run the command again"),
        SystemIoFailure => Some("check the disk, its space and limits"),
        ReadOnly | PermissionDenied | CannotOpen => {
            Some("check the permissions of the file and its folder")
        }
        DatabaseBusy | DatabaseLocked => Some("try again when that has finished"),
        _ => None,
    }
}

/// A wait of so many seconds, in minutes from two on.
fn span(wait: i64) -> String {
    let wait = wait.unsigned_abs();
    match wait {
        120.. => counted(wait.div_ceil(60), "minute"),
        _ => counted(wait, "second"),
    }
}

#[cfg(test)]
mod tests;
