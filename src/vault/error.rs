//! What can go wrong with the source copy, and what to do about it.

use std::borrow::Cow;

use crate::ambient::Cancelled;
use crate::store;

use super::load::{BadRecord, TooManyGone};
use super::selection::Unusable;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A record that cannot be taken; nothing was changed.
    #[error("{0}; nothing was changed")]
    Record(#[source] BadRecord),
    /// More users would be gone than a full load may make gone; nothing was changed.
    #[error("{0}; nothing was changed")]
    Gone(#[from] TooManyGone),
    /// The records are from a system that the vault does not hold.
    #[error(
        "the records are from the system '{found}', the vault holds '{known}'; nothing was changed"
    )]
    OtherSystem {
        /// The system that the file names.
        found: String,
        /// Those of the vault.
        known: String,
    },
    /// The records do not say which of the vault's systems they are from.
    #[error("the file names no system, and the vault holds '{known}'; nothing was changed")]
    UnnamedSystem {
        /// Those of the vault.
        known: String,
    },
    /// The group that is to get tokens is not there.
    #[error("{}; nothing was changed", match .name {
        Some(name) => format!("there is no group '{name}'"),
        None => "the vault has no default group".to_owned(),
    })]
    NoGroup {
        /// Its name; none for the default group.
        name: Option<String>,
    },
    #[error(transparent)]
    Selection(#[from] Unusable),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Cancelled(_) => None,
            Self::Record(bad) => Some(bad.hint.clone().into()),
            Self::Gone(_) => Some("check that the file is whole".into()),
            Self::OtherSystem { .. } => {
                Some("load them into another vault, or add the system with -add-system".into())
            }
            Self::UnnamedSystem { .. } => Some("name the system in the file's schema line".into()),
            Self::NoGroup { name: Some(_) } => Some("'group list' shows those there are".into()),
            Self::NoGroup { name: None } => Some("say group=NAME".into()),
            Self::Selection(error) => error.hint(),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) {
            Self::Cancelled(Cancelled)
        } else {
            Self::Store(error.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::listed::NotListed;

    fn shown(message: impl std::fmt::Display, hint: Option<Cow<'static, str>>) -> String {
        format!("{message}\n  {}\n", hint.unwrap_or("-".into()))
    }

    #[test]
    fn the_advice_is_beside_the_message() {
        let known = || "people".to_owned();
        let errors = [
            Error::Record(BadRecord {
                line: 7,
                what: "line 7: no such key".to_owned(),
                hint: "take it out".to_owned(),
                fatal: false,
            }),
            Error::Gone(TooManyGone {
                gone: 9,
                before: 10,
            }),
            Error::OtherSystem {
                found: "other".to_owned(),
                known: known(),
            },
            Error::UnnamedSystem { known: known() },
            Error::NoGroup {
                name: Some("hr".to_owned()),
            },
            Error::NoGroup { name: None },
            Error::Selection(Unusable::Attribute("x")),
            Error::Selection(Unusable::List("f".to_owned())),
            Error::Selection(Unusable::Ordering("userid")),
            Error::Store(store::Error::Locked),
        ];
        let errors = errors.map(|error| shown(&error, error.hint()));
        insta::assert_snapshot!(errors.concat(), @"
        line 7: no such key; nothing was changed
          take it out
        9 of 10 users would be gone; nothing was changed
          check that the file is whole
        the records are from the system 'other', the vault holds 'people'; nothing was changed
          load them into another vault, or add the system with -add-system
        the file names no system, and the vault holds 'people'; nothing was changed
          name the system in the file's schema line
        there is no group 'hr'; nothing was changed
          'group list' shows those there are
        the vault has no default group; nothing was changed
          say group=NAME
        the attribute 'x' selects nothing in a vault
          leave it out
        the list 'f' has not been read
          -
        'userid' with < or > takes exactly one plain value
          write it as in userid<VALUE
        the session is locked
          log in again with 'login'
        ");
        let name = || "anna".to_owned();
        let unlisted = [
            NotListed::Unknown(name()),
            NotListed::Several {
                name: name(),
                users: vec!["hr/anna".to_owned(), "it/anna".to_owned()],
            },
            NotListed::Twice {
                name: name(),
                first: 3,
            },
        ];
        let unlisted = unlisted.map(|error| shown(&error, error.hint()));
        insta::assert_snapshot!(unlisted.concat(), @"
        there is no user 'anna'
          letter case matters; 'user list' shows the users there are
        there are several users 'anna': hr/anna, it/anna
          add a column group, or write group/userid
        the user 'anna' is already in line 3
          name each user once
        ");
    }
}
