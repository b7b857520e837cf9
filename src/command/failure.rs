//! Why a command failed, as a person and a calling program see it: a code, a cause, advice, an exit status.
//!
//! Every room has its own error type; here, and only here, it is decided which exit status and which code a kind of
//! error has. A diagnostic about the typed line keeps its source snippet and is shown by `lang`'s renderer instead.

use std::fmt;

use crate::lang::diagnostic::Diagnostic;

/// Exit status of the process (language.md §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// All went well.
    Ok = 0,
    /// A command failed.
    Failed = 1,
    /// Usage or syntax; nothing ran.
    Usage = 2,
    /// Not permitted.
    Denied = 3,
    /// The selection matched nothing.
    Nothing = 4,
    /// Finished, with some records skipped or some commands failed.
    Partial = 5,
    /// Something is damaged.
    Integrity = 6,
    /// `migrate check` found what blocks an export.
    Blocked = 7,
    /// A fault of igsh itself.
    Internal = 70,
    /// Interrupted.
    Interrupted = 130,
}

/// A failed command.
#[derive(Debug)]
pub struct Failure {
    /// The exit status it leads to.
    pub exit: Exit,
    /// Stable code, such as `E0401`.
    pub code: &'static str,
    /// What happened and where.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Where in the typed line, when the line itself is at fault.
    pub diagnostic: Option<Box<Diagnostic>>,
    /// Whether the audit knows of it already.
    pub audited: bool,
}

/// The codes of errors that are not about the typed line. Those of the language stand in `lang::codes`.
pub mod code {
    /// A file: missing, unreadable, existing, full disk.
    pub const FILE: &str = "E0401";
    /// A source file: a bad record.
    pub const RECORD: &str = "E0402";
    /// The vault: not one, a newer one, damaged.
    pub const VAULT: &str = "E0501";
    /// The vault is held by another session.
    pub const BUSY: &str = "E0502";
    /// Nobody is logged in.
    pub const SESSION: &str = "E0601";
    /// A master password: wrong, unfit, locked.
    pub const PASSWORD: &str = "E0602";
    /// Not allowed here: no terminal, read-only.
    pub const FORBIDDEN: &str = "E0603";
    /// Not confirmed.
    pub const UNCONFIRMED: &str = "E0604";
    /// The selection matched nothing.
    pub const NOTHING: &str = "E0701";
    /// Names are not unique.
    pub const CONFLICT: &str = "E0702";
    /// Something named does not exist.
    pub const UNKNOWN: &str = "E0703";
    /// A bundle: not one, damaged, wrong password.
    pub const BUNDLE: &str = "E0801";
    /// The audit.
    pub const AUDIT: &str = "E0901";
    /// A fault of igsh.
    pub const INTERNAL: &str = "E0999";
    /// Interrupted.
    pub const INTERRUPTED: &str = "E0130";
}

impl Failure {
    /// A failure without advice.
    pub fn new(exit: Exit, code: &'static str, message: impl fmt::Display) -> Self {
        Self {
            exit,
            code,
            message: message.to_string(),
            hint: None,
            diagnostic: None,
            audited: false,
        }
    }

    /// The same with advice.
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// A file that could not be used, by the cause the system gives.
    pub fn file(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let path = path.display();
        let failure = match error.kind() {
            Kind::NotFound => format!("cannot {what} {path}: no such file or folder"),
            Kind::PermissionDenied => format!("cannot {what} {path}: permission denied"),
            Kind::AlreadyExists => format!("cannot {what} {path}: it exists"),
            Kind::StorageFull | Kind::FileTooLarge | Kind::QuotaExceeded => {
                format!("cannot {what} {path}: no space is left for it")
            }
            _ => format!("cannot {what} {path}: {error}"),
        };
        let hint = match error.kind() {
            Kind::NotFound => "check the path; a relative one starts at the current folder",
            Kind::PermissionDenied => "check the owner and the mode with ls -l",
            Kind::AlreadyExists => "name another file, or add -overwrite",
            Kind::StorageFull | Kind::FileTooLarge | Kind::QuotaExceeded => {
                "free some space or name a file on another disk; nothing was left behind"
            }
            _ => return Self::new(Exit::Failed, code::FILE, failure),
        };
        Self::new(Exit::Failed, code::FILE, failure).hint(hint)
    }

    /// The same, once the audit knows of it.
    pub fn audited(mut self) -> Self {
        self.audited = true;
        self
    }

    /// The same about this file.
    pub fn in_file(mut self, path: &std::path::Path) -> Self {
        let path = path.display().to_string();
        if !self.message.contains(&path) {
            self.message = format!("{path}: {}", self.message);
        }
        self
    }

    /// The command was interrupted.
    pub fn interrupted() -> Self {
        Self::new(
            Exit::Interrupted,
            code::INTERRUPTED,
            "interrupted; nothing was changed",
        )
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            exit: Exit::Usage,
            code: diagnostic.code,
            message: diagnostic.title.clone(),
            hint: None,
            diagnostic: Some(Box::new(diagnostic)),
            audited: true,
        }
    }
}

impl From<crate::ambient::Cancelled> for Failure {
    fn from(_: crate::ambient::Cancelled) -> Self {
        Self::interrupted()
    }
}

impl From<crate::ambient::NoRandomness> for Failure {
    fn from(error: crate::ambient::NoRandomness) -> Self {
        Self::new(Exit::Internal, code::INTERNAL, error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(
            Exit::Failed,
            code::FILE,
            format!("cannot write the output: {error}"),
        )
    }
}

impl From<crate::store::Error> for Failure {
    fn from(error: crate::store::Error) -> Self {
        use crate::store::{Class, Error};
        let code = match &error {
            Error::Held { .. } | Error::KeysInChange => code::BUSY,
            Error::WrongPassword { .. }
            | Error::LockedOut { .. }
            | Error::NoSuchMaster { .. }
            | Error::Password { .. }
            | Error::Masters(_) => code::PASSWORD,
            Error::Locked => code::SESSION,
            Error::Audit(_) => code::AUDIT,
            Error::Io { .. } | Error::Exists { .. } => code::FILE,
            _ => code::VAULT,
        };
        let exit = match error.class() {
            // A new password that does not do is no attempt at anything.
            Class::Refused if matches!(error, Error::Password { .. }) => Exit::Failed,
            Class::Failed => Exit::Failed,
            Class::Refused => Exit::Denied,
            Class::Integrity => Exit::Integrity,
            Class::Interrupted => return Self::interrupted(),
            Class::Internal => Exit::Internal,
        };
        Self::new(exit, code, error)
    }
}

impl From<crate::vault::Error> for Failure {
    fn from(error: crate::vault::Error) -> Self {
        use crate::vault::Error;
        match error {
            Error::Store(error) => error.into(),
            Error::Cancelled(error) => error.into(),
            Error::Record(bad) => Self::new(
                Exit::Failed,
                code::RECORD,
                format!("{}; nothing was changed", bad.what),
            )
            .hint(bad.hint),
            Error::Selection(_) => Self::new(Exit::Usage, code::UNKNOWN, error),
            _ => Self::new(Exit::Failed, code::RECORD, error),
        }
    }
}

impl From<crate::bundle::Error> for Failure {
    fn from(error: crate::bundle::Error) -> Self {
        use crate::bundle::Error;
        let exit = match &error {
            Error::NotABundle
            | Error::Newer { .. }
            | Error::Record { .. }
            | Error::Manifest
            | Error::Io(_) => Exit::Failed,
            Error::HeaderDamaged
            | Error::Header { .. }
            | Error::Damaged { .. }
            | Error::Content { .. } => Exit::Integrity,
            Error::Mistyped(_) | Error::WrongPassword => Exit::Denied,
            Error::Kdf(_) | Error::NoRandomness(_) => Exit::Internal,
            Error::Cancelled(_) => return Self::interrupted(),
        };
        Self::new(exit, code::BUNDLE, error)
    }
}

impl From<crate::render::Error> for Failure {
    fn from(error: crate::render::Error) -> Self {
        use crate::render::Error;
        let hint = error.hint();
        let failure = match error {
            Error::Interrupted => return Self::interrupted(),
            Error::NobodyToAsk => Self::new(Exit::Denied, code::UNCONFIRMED, error),
            _ => Self::new(Exit::Denied, code::FORBIDDEN, error),
        };
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<crate::exchange::input::OpenError> for Failure {
    fn from(error: crate::exchange::input::OpenError) -> Self {
        Self::new(Exit::Failed, code::FILE, error)
    }
}

impl From<crate::exchange::population::TooManyDuplicates> for Failure {
    fn from(error: crate::exchange::population::TooManyDuplicates) -> Self {
        Self::new(Exit::Usage, code::UNKNOWN, error)
    }
}

impl From<crate::migrate::error::Error> for Failure {
    fn from(error: crate::migrate::error::Error) -> Self {
        use crate::migrate::error::Error;
        if error.is_cancelled() {
            return Self::interrupted();
        }
        match error {
            Error::Nothing { .. } => Self::new(Exit::Nothing, code::NOTHING, error)
                .hint("'user count' with the same selection shows what it chooses"),
            Error::Conflicts { .. } => Self::new(Exit::Failed, code::CONFLICT, error),
            Error::Changed { .. } => Self::new(Exit::Failed, code::UNCONFIRMED, error),
            Error::Unsettled { .. } => Self::new(Exit::Failed, code::VAULT, error),
            Error::Unknown(_) => Self::new(Exit::Failed, code::UNKNOWN, error),
            Error::File(error) => Self::new(Exit::Failed, code::FILE, error),
            Error::Bundle(error) => error.into(),
            Error::Vault(error) => error.into(),
            Error::Store(error) => error.into(),
            Error::Cancelled(error) => error.into(),
            Error::Randomness(error) => error.into(),
        }
    }
}
