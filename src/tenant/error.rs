//! What can go wrong in a tenant, and what to do about it.

use std::borrow::Cow;

use crate::ambient::Cancelled;
use crate::{bundle, store};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Bundle(bundle::Error),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A job that had begun could not go on. What it has applied stays, and it can be resumed.
    #[error("job {number} stopped: {source}")]
    Failed { number: u64, source: Box<Error> },
    #[error("another import into this tenant is under way; nothing was changed")]
    Running,
    /// An import was killed and holds the tenant half full.
    #[error("job {number} ({bundle}) was interrupted and comes first; nothing was changed")]
    Unfinished { number: u64, bundle: String },
    #[error("there is no job {0}")]
    NoJob(u64),
    #[error("job {0} is done; nothing is left to resume")]
    Done(u64),
    /// The job was about another bundle.
    #[error("{file} is not the bundle of job {number}; nothing was changed")]
    OtherBundle { number: u64, file: String },
    /// Stored events that cannot be read.
    #[error("the events of job {0} are damaged")]
    Events(u64),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Store(error) => error.hint()?,
            Self::Bundle(error) => error.hint()?,
            Self::Cancelled(_) => return None,
            Self::Failed { number, source } => {
                let resume = format!(
                    "'tenant job resume {number}' goes on after the last block that was applied"
                );
                match source.hint() {
                    Some(hint) => format!("{hint}; then {resume}").into(),
                    None => resume.into(),
                }
            }
            Self::Running => "wait for it, or stop it with 'tenant job stop'".into(),
            Self::Unfinished { number, .. } => format!(
                "type 'tenant job resume {number}' to go on with it, or 'tenant job stop {number}'"
            )
            .into(),
            Self::NoJob(_) => "'tenant job list' shows those there are".into(),
            Self::Done(_) => "import the bundle again to see that nothing is left".into(),
            Self::OtherBundle { .. } => "name the file that the job was begun with".into(),
            Self::Events(_) => "restore a backup".into(),
        })
    }
}

impl From<bundle::Error> for Error {
    /// A reader that was asked to stop is the work that was asked to stop.
    fn from(error: bundle::Error) -> Self {
        match error {
            bundle::Error::Cancelled(cancelled) => cancelled.into(),
            error => Self::Bundle(error),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::verify::Refused;

    fn shown(message: impl std::fmt::Display, hint: Option<Cow<'static, str>>) -> String {
        format!("{message}\n  {}\n", hint.unwrap_or("-".into()))
    }

    #[test]
    fn the_advice_is_beside_the_message() {
        let failed = |source| Error::Failed {
            number: 3,
            source: Box::new(source),
        };
        let errors = [
            failed(Error::Bundle(bundle::Error::Damaged { chunk: 3 })),
            failed(Error::Store(store::Error::Internal("x"))),
            Error::Running,
            Error::Unfinished {
                number: 3,
                bundle: "b".to_owned(),
            },
            Error::NoJob(3),
            Error::Done(3),
            Error::OtherBundle {
                number: 3,
                file: "a.igb".to_owned(),
            },
            Error::Events(3),
            Error::Store(store::Error::Locked),
        ];
        let errors = errors.map(|error| shown(&error, error.hint()));
        insta::assert_snapshot!(errors.concat(), @"
        job 3 stopped: the bundle is damaged or cut at chunk 3
          copy the file again from where it was written; then 'tenant job resume 3' goes on after the last block that was applied
        job 3 stopped: internal error: x
          'tenant job resume 3' goes on after the last block that was applied
        another import into this tenant is under way; nothing was changed
          wait for it, or stop it with 'tenant job stop'
        job 3 (b) was interrupted and comes first; nothing was changed
          type 'tenant job resume 3' to go on with it, or 'tenant job stop 3'
        there is no job 3
          'tenant job list' shows those there are
        job 3 is done; nothing is left to resume
          import the bundle again to see that nothing is left
        a.igb is not the bundle of job 3; nothing was changed
          name the file that the job was begun with
        the events of job 3 are damaged
          restore a backup
        the session is locked
          log in again with 'login'
        ");
        let user = || "anna".to_owned();
        let refused = [
            Refused::NoUser(user()),
            Refused::Inactive(user()),
            Refused::LockedOut {
                userid: user(),
                failures: 5,
            },
            Refused::Nothing {
                userid: user(),
                what: "token".to_owned(),
            },
            Refused::NotAsked(user()),
        ];
        let refused = refused.map(|error| shown(&error, error.hint()));
        insta::assert_snapshot!(refused.concat(), @"
        the tenant has no user 'anna'
          'tenant user list' shows those there are
        anna is INACTIVE, so nothing is verified
          -
        anna is locked out after 5 failures
          type: tenant verify user=anna -unlock
        anna has no token
          -
        anna was not asked for cells of a card
          type: tenant challenge user=anna
        ");
    }
}
