//! What a running command may use.

use super::desk::no_session;
use super::{Failure, Line};
use crate::ambient::{Ambient, CancelToken, Waiting};
use crate::render::Ui;
use crate::store::Connection;

pub use super::ask::{Go, Proposal, Terms, warn_of_all_users};
pub use super::desk::{Desk, HowToLogIn, OpenTenant, Opened, PasswordFrom};
pub use super::show::in_another_case;

/// What a running command may use.
pub struct Context<'a> {
    /// The vault and who works on it.
    pub desk: &'a mut Desk,
    /// Messages, questions and rows.
    pub ui: &'a Ui,
    /// Clock and randomness.
    pub ambient: &'a Ambient,
    /// Whether the command was asked to stop.
    pub cancel: &'a CancelToken,
    /// What was said beforehand.
    pub terms: Terms,
    /// What the line says besides the command's own arguments.
    pub line: &'a Line,
}

impl Context<'_> {
    /// The name of the master who is logged in.
    pub fn master(&self) -> Result<String, Failure> {
        let session = self.desk.session.as_ref().ok_or_else(no_session)?;
        Ok(session.name().to_owned())
    }

    /// The vault's tables, for a command that looks.
    pub fn db(&self) -> Result<&Connection, Failure> {
        Ok(self.desk.reading()?.file().connection())
    }

    /// How a wait for another login is reported and ended.
    pub fn waiting(&self) -> Waiting {
        let ui = self.ui.clone();
        Waiting::new(self.cancel.clone(), move |what| ui.notice(what))
    }
}
