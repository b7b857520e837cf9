//! Why a command failed, as a person and a calling program see it: a code, a cause, advice, an exit status.
//!
//! Every room has its own error type; here, and only here, it is decided which exit status and which code a kind of
//! error has. A diagnostic about the typed line keeps its source snippet and is shown by `lang`'s renderer instead.

use std::fmt;
use std::path::Path;

use super::Exit;
use crate::lang::code;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::suggest::{did_you_mean, similar};
use crate::otp::grid::NoChallenge;
use crate::render::view::NoColumn;

#[derive(Debug)]
pub struct Failure {
    /// The exit status it leads to.
    pub exit: Exit,
    /// Stable code, such as `E0401`.
    pub code: &'static str,
    /// What happened and where.
    pub message: String,
    /// What to do; the message never says it.
    pub hint: Option<String>,
    /// Where in the typed line, when the line itself is at fault.
    pub diagnostic: Option<Box<Diagnostic>>,
    /// Whether the audit holds it already.
    pub audited: bool,
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

    /// A wrong line; nothing was done.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, code::UNKNOWN, message)
    }

    /// A name that does not exist, or a setting that is missing.
    pub fn unknown(message: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, code::UNKNOWN, message)
    }

    /// A malformed record of a file: `what` follows the file's name.
    pub fn record(path: &Path, what: impl fmt::Display) -> Self {
        let message = format!("{}: {what}", path.display());
        Self::new(Exit::Failed, code::RECORD, message)
    }

    /// The same with advice.
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// The same with the advice of a room, where it has any.
    pub fn advised(self, hint: Option<impl fmt::Display>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// A file that could not be used, by the cause the system gives.
    pub fn file(what: &str, path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let path = path.display();
        let failure = match error.kind() {
            Kind::NotFound => format!("cannot {what} {path}: no such file or folder"),
            Kind::PermissionDenied => format!("cannot {what} {path}: permission denied"),
            Kind::AlreadyExists => format!("cannot {what} {path}: it exists"),
            Kind::IsADirectory => format!("cannot {what} {path}: it is a folder"),
            Kind::StorageFull | Kind::FileTooLarge | Kind::QuotaExceeded => {
                format!("cannot {what} {path}: no space is left; nothing was left behind")
            }
            _ => format!("cannot {what} {path}: {error}"),
        };
        let hint = match error.kind() {
            Kind::NotFound => "check the path; a relative one starts in the current folder",
            Kind::PermissionDenied => "check the owner and the mode with ls -l",
            Kind::AlreadyExists => "name another file, or add -overwrite",
            Kind::IsADirectory => "name a file in it",
            Kind::StorageFull | Kind::FileTooLarge | Kind::QuotaExceeded => {
                "free some space, or name a file on another disk"
            }
            _ => return Self::new(Exit::Failed, code::FILE, failure),
        };
        Self::new(Exit::Failed, code::FILE, failure).hint(hint)
    }

    /// The same, once the audit holds it.
    pub fn audited(mut self) -> Self {
        self.audited = true;
        self
    }

    /// The same about this file.
    pub fn in_file(mut self, path: &Path) -> Self {
        let path = path.display().to_string();
        if !names(&self.message, &path) {
            self.message = format!("{path}: {}", self.message);
        }
        self
    }

    pub fn interrupted() -> Self {
        Self::new(
            Exit::Interrupted,
            code::INTERRUPTED,
            "interrupted; nothing was changed",
        )
    }
}

/// Whether a message has a path in it that is no part of a word.
fn names(message: &str, path: &str) -> bool {
    let is_of_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    message.match_indices(path).any(|(at, _)| {
        let (before, from) = message.split_at(at);
        let after = from.get(path.len()..).unwrap_or_default();
        !is_of_word(before.chars().next_back()) && !is_of_word(after.chars().next())
    })
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            exit: Exit::Usage,
            code: diagnostic.code,
            message: diagnostic.title.clone(),
            hint: (!diagnostic.help.is_empty()).then(|| diagnostic.help.join("; ")),
            diagnostic: Some(Box::new(diagnostic)),
            audited: true,
        }
    }
}

impl From<crate::lang::args::Missing> for Failure {
    fn from(error: crate::lang::args::Missing) -> Self {
        Self::new(Exit::Internal, code::INTERNAL, error)
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
        let inner = error.get_ref();
        if let Some(missing) = inner.and_then(|e| e.downcast_ref::<NoColumn>()) {
            let near = did_you_mean(&similar(&missing.asked, missing.known.iter().copied()));
            let near = near.map_or_else(String::new, |near| format!("{near} "));
            return Self::usage(missing)
                .hint(format!("{near}there are: {}", missing.known.join(", ")));
        }
        Self::file("write", Path::new("the output"), &error)
    }
}

impl From<crate::store::Error> for Failure {
    fn from(error: crate::store::Error) -> Self {
        use crate::store::{Class, Error};
        if let Error::Io {
            doing,
            path,
            source,
        } = &error
        {
            return Self::file(doing, path, source);
        }
        let code = match &error {
            Error::Held { .. } | Error::KeysInChange | Error::LoginUnderWay(_) => code::BUSY,
            Error::WrongPassword { .. }
            | Error::LockedOut { .. }
            | Error::NoSuchMaster { .. }
            | Error::Password { .. }
            | Error::Masters { .. } => code::PASSWORD,
            Error::Locked => code::SESSION,
            Error::Audit { .. } => code::AUDIT,
            Error::Gone { .. } => code::GONE,
            Error::State(_)
            | Error::OwnSlot
            | Error::AuditDamaged { .. }
            | Error::Schema { .. } => code::CHANGED,
            Error::Exists { .. } => code::FILE,
            _ => code::VAULT,
        };
        let exit = match error.class() {
            // A new password that cannot be used is no attempt at a login.
            Class::Refused if matches!(error, Error::Password { .. }) => Exit::Failed,
            Class::Failed => Exit::Failed,
            Class::Refused => Exit::Denied,
            Class::Integrity => Exit::Integrity,
            Class::Interrupted => return Self::interrupted(),
            Class::Internal => Exit::Internal,
        };
        let hint = error.hint();
        Self::new(exit, code, error).advised(hint)
    }
}

/// Why a command does not run in a session that is restricted.
pub fn restricted(why: &str) -> Failure {
    Failure::new(
        Exit::Integrity,
        code::CHANGED,
        format!("the session is restricted: {why}"),
    )
    .hint(crate::store::IF_CHANGED)
}

impl From<crate::vault::Error> for Failure {
    fn from(error: crate::vault::Error) -> Self {
        use crate::vault::Error;
        match error {
            Error::Store(error) => error.into(),
            Error::Cancelled(error) => error.into(),
            Error::Selection(error) => Self::usage(&error).advised(error.hint()),
            _ => Self::new(Exit::Failed, code::RECORD, &error).advised(error.hint()),
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
        Self::new(exit, code::BUNDLE, &error).advised(error.hint())
    }
}

impl From<crate::tenant::Error> for Failure {
    fn from(error: crate::tenant::Error) -> Self {
        use crate::tenant::Error;
        let (message, hint) = (error.to_string(), error.hint());
        let failure = match error {
            Error::Store(error) => return error.into(),
            Error::Bundle(error) => return error.into(),
            Error::Cancelled(error) => return error.into(),
            Error::Failed { source, .. } => Self {
                message,
                ..Self::from(*source)
            },
            Error::NoJob(_) => Self::unknown(message),
            Error::Events(_) => Self::new(Exit::Integrity, code::VAULT, message),
            Error::Running
            | Error::Unfinished { .. }
            | Error::Done(_)
            | Error::OtherBundle { .. } => Self::new(Exit::Failed, code::TENANT, message),
        };
        failure.advised(hint)
    }
}

impl From<crate::tenant::verify::Refused> for Failure {
    fn from(error: crate::tenant::verify::Refused) -> Self {
        use crate::tenant::verify::Refused;
        let exit = match error {
            Refused::Store(error) => return error.into(),
            Refused::Challenge(NoChallenge::NoRandomness(error)) => return error.into(),
            Refused::Card { .. } | Refused::Word(_) => Exit::Integrity,
            _ => Exit::Failed,
        };
        let code = match error {
            Refused::NoUser(_) | Refused::Nothing { .. } => code::UNKNOWN,
            Refused::Card { .. } | Refused::Word(_) => code::VAULT,
            _ => code::ANSWER,
        };
        Self::new(exit, code, &error).advised(error.hint())
    }
}

impl From<crate::render::Error> for Failure {
    fn from(error: crate::render::Error) -> Self {
        use crate::render::Error;
        let hint = error.hint();
        let code = match error {
            Error::Interrupted => return Self::interrupted(),
            Error::NoTerminal => code::UNCONFIRMED,
            _ => code::FORBIDDEN,
        };
        Self::new(Exit::Denied, code, error).advised(hint)
    }
}

impl From<crate::exchange::input::OpenError> for Failure {
    fn from(error: crate::exchange::input::OpenError) -> Self {
        Self::new(Exit::Failed, code::FILE, &error).advised(error.hint())
    }
}

impl From<crate::exchange::population::TooManyDuplicates> for Failure {
    fn from(error: crate::exchange::population::TooManyDuplicates) -> Self {
        Self::usage(error).advised(error.hint())
    }
}

impl From<crate::migrate::error::Error> for Failure {
    fn from(error: crate::migrate::error::Error) -> Self {
        use crate::migrate::error::Error;
        if error.is_cancelled() {
            return Self::interrupted();
        }
        let (exit, code) = match error {
            Error::Bundle(error) => return error.into(),
            Error::Vault(error) => return error.into(),
            Error::Store(error) => return error.into(),
            Error::Cancelled(error) => return error.into(),
            Error::Randomness(error) => return error.into(),
            Error::Nothing { .. } => (Exit::Nothing, code::NOTHING),
            Error::Conflicts { .. } => (Exit::Failed, code::CONFLICT),
            Error::Stale { .. } => (Exit::Failed, code::STALE),
            Error::Changed { .. } | Error::Advanced { .. } => (Exit::Failed, code::UNCONFIRMED),
            Error::Unsettled { .. } => (Exit::Failed, code::VAULT),
            Error::Unknown { .. } => (Exit::Failed, code::UNKNOWN),
            Error::Answers { .. } => (Exit::Failed, code::RECORD),
            Error::File(_) => (Exit::Failed, code::FILE),
        };
        Self::new(exit, code, &error).advised(error.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_path_that_is_part_of_a_word_is_not_named() {
        for (message, path, named) in [
            ("the bundle is damaged", "d", false),
            ("the bundle is damaged", "bundle", true),
            ("d: the bundle is damaged", "d", true),
            ("cannot read 'a/d'", "a/d", true),
            ("damaged", "", false),
        ] {
            assert_eq!(names(message, path), named, "{message} {path}");
        }
    }
}
