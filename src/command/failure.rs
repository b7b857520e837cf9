//! Why a command failed, as a person and a calling program see it: a code, a cause, advice, an exit status.
//!
//! Every room has its own error type; here, and only here, it is decided which exit status and which code a kind of
//! error has. A diagnostic about the typed line keeps its source snippet and is shown by `lang`'s renderer instead.

use std::fmt;
use std::path::Path;

use super::Exit;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::suggest::{did_you_mean, similar};
use crate::otp::grid::NoChallenge;
use crate::render::view::NoColumn;

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
    use crate::lang::codes::ErrorCode;

    macro_rules! codes {
        ($($name:ident = $code:literal, $title:literal, $explanation:literal $(, $wrong:literal => $right:literal)?;)+) => {
            $(#[doc = $title] pub const $name: &str = $code;)+

            /// All of them, for `help E0401`.
            pub static ALL: &[ErrorCode] = &[$(ErrorCode {
                code: $code,
                title: $title,
                explanation: $explanation,
                wrong: concat!($($wrong)?),
                right: concat!($($right)?),
            }),+];
        };
    }

    codes! {
        FILE = "E0401", "a file cannot be used",
            "A file is missing, cannot be read, exists already, or the disk has no room for it. The message names the file and the cause; nothing was changed. An existing file is replaced only with -overwrite, a password file never.",
            "export file=/no/such/folder/a.igb" =>
            "export file=a.igb";
        RECORD = "E0402", "a record cannot be taken",
            "A line of a file is not what it should be. The message names the line and, where it can, column and field; nothing was loaded. With -skip-bad 'source load' takes the good records and writes the bad ones to a residue file.",
            "source load file=people.ndjson format=ndjson" =>
            "source load file=people.ndjson format=ndjson -skip-bad";
        VAULT = "E0501", "the vault cannot be used",
            "The file is not a vault, belongs to a newer igsh, is damaged, or others may read it. The message says which, and what to do.",
            "igsh --vault notes.txt" =>
            "igsh --vault vault.db";
        BUSY = "E0502", "another session holds the vault",
            "Two sessions can work at once, but only one writes at a time. A writer waits five seconds and is then told which command holds the vault and since when. Logins of the same master follow each other; one waits a minute for those before it. Try again when that has finished.";
        CHANGED = "E0503", "the vault was changed by another program",
            "Schema, settings, target ids, exclusions, bundles, masters, keys and audit are not as a session left them. 'system check' lists what differs, 'audit verify' what was done to the audit; where the schema is another one, nothing is read and no master comes in. Restore a backup; or, when you know who changed what, take it as it is with 'system accept-state'.",
            "export file=a.igb" =>
            "system check";
        GONE = "E0504", "the vault was deleted, moved or replaced under the session",
            "The file that was opened no longer lies at its path, or another copy was put there. What the session wrote since then went to a file without a name and is lost; the session has ended. Put the right file back, log in, and look at 'audit list last=20' for what is there.",
            "export file=a.igb" =>
            "login Master1";
        SESSION = "E0601", "nobody is logged in",
            "Whatever reads or writes the vault's data needs a master. Type 'login Master1', or start igsh with --login and a password file.",
            "igsh -c 'user list'" =>
            "igsh --login Master1 --password-file m1.txt -c 'user list'";
        PASSWORD = "E0602", "a password was not accepted",
            "It is wrong, too short, in a file that others can read, or the master has to wait after failed logins. Waiting times grow from a second to 15 minutes; 'master unlock' by another master ends them.",
            "login Master4" =>
            "login Master1";
        FORBIDDEN = "E0603", "not allowed here",
            "A password is shown on a terminal only, a read-only shell changes nothing, and a script that others can write does not run with a master logged in.",
            "igsh --read-only -c 'migrate stage wave=W1'" =>
            "igsh -c 'migrate stage wave=W1'";
        UNCONFIRMED = "E0604", "not confirmed",
            "The question was answered with no, nobody was there to answer, or the count was not the expected one. Nothing was changed. In scripts add -yes, or -yes=N for exactly N. Where a full load would make many users gone, its file may have been cut: only -yes=N answers, with their number.",
            "export group=sales file=a.igb -yes=412" =>
            "export group=sales file=a.igb -yes";
        NOTHING = "E0701", "nothing matches",
            "The selection chooses nobody. 'user count' with the same selection tells how many it chooses; 'help selection' explains selections.",
            "export userid=nobody file=a.igb" =>
            "export userid=a* file=a.igb";
        CONFLICT = "E0702", "names are not unique",
            "On the target, user ids and aliases are unique; here they are unique within a group only. Give one of the owners another name in the source, or leave all of them out with -skip-conflicts.",
            "export file=a.igb" =>
            "export file=a.igb -skip-conflicts";
        PHASE = "E0704", "a step of the migration that cannot be taken",
            "Users go from none to export, exported, imported and migrated. Nothing but an export makes a user exported; whoever was exported is not staged again, and whoever was not cannot be imported. Nobody was moved.",
            "migrate advance to=imported phase=none" =>
            "migrate advance to=imported phase=exported";
        UNKNOWN = "E0703", "there is no such thing",
            "A bundle, user, setting, format or topic of that name does not exist. The message or its hint says what there is.",
            "bundle get 99" =>
            "bundle list";
        STALE = "E0705", "the source copy is too old",
            "The source has written what was loaded last longer ago than migrate.max-source-age, and migrate.stale-source says that this blocks an export. Load the source anew, or change one of the two settings.",
            "export file=a.igb" =>
            "source load file=today.ndjson format=ndjson";
        ROWLESS = "E0706", "nothing to loop over",
            "foreach runs its commands once for every row of a list. The command in its parentheses must be one that lists: 'group list', 'user list', 'bundle list' and so on.",
            "foreach u in (user count) { echo $u }" =>
            "foreach u in (user list) { echo $u }";
        ASSERTED = "E0707", "an assertion does not hold",
            "'assert' compares how many users a selection chooses with a number, and ends the script when it is not as it was written. 'user count' with the same selection tells the number.",
            "assert count=0" =>
            "assert count>0";
        BUNDLE = "E0801", "a bundle cannot be read",
            "The file is no bundle, is damaged or cut, or the password is mistyped or wrong: four different messages, in this order. A mistyped password is told by its last two characters before anything slow is tried.",
            "bundle verify file=people.ndjson password-file=a.password" =>
            "bundle verify file=a.igb password-file=a.password";
        AUDIT = "E0901", "the audit",
            "An entry or anchor that does not exist, or a chain that was changed. 'audit verify' says what was done to it.";
        TENANT = "E0803", "the tenant cannot take this now",
            "Another import is under way or was interrupted, a job is done already, or the file is not the bundle of that job. 'tenant job list' shows the jobs; one that was interrupted is resumed or stopped first.",
            "tenant import file=a.igb" =>
            "tenant job resume 1";
        ANSWER = "E0804", "what a user answered is not right",
            "On the tenant, a code, an answer, a password or the cells of a card are wrong, used already, or cannot be tried. A wrong one is counted: after 'lockout.failures' in a row the user is locked out, until 'tenant verify user=… -unlock'.",
            "tenant verify user=asmith code=123456" =>
            "tenant verify user=asmith code=123456 next-code=654321";
        INTERNAL = "E0999", "a fault of igsh",
            "Please report it with the message. Nothing that was under way was finished.";
        INTERRUPTED = "E0130", "interrupted",
            "Ctrl-C ended the command; nothing was changed.";
    }
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

    /// What was typed cannot be; nothing was done.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, code::UNKNOWN, message)
    }

    /// What was named, or has to be set, is not there.
    pub fn unknown(message: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, code::UNKNOWN, message)
    }

    /// A record of a file that cannot be taken: `what` follows the file's name.
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
                format!("cannot {what} {path}: no space is left for it")
            }
            _ => format!("cannot {what} {path}: {error}"),
        };
        let hint = match error.kind() {
            Kind::NotFound => "check the path; a relative one starts at the current folder",
            Kind::PermissionDenied => "check the owner and the mode with ls -l",
            Kind::AlreadyExists => "name another file, or add -overwrite",
            Kind::IsADirectory => "name a file in it",
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
    pub fn in_file(mut self, path: &Path) -> Self {
        let path = path.display().to_string();
        if !names(&self.message, &path) {
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
    use super::{code, names};
    use crate::lang::codes::CODES;

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

    #[test]
    fn no_code_means_two_things() {
        let mut all: Vec<&str> = code::ALL
            .iter()
            .chain(CODES)
            .map(|code| code.code)
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
