//! Everything that reaches a person or a pipe goes through here.
//!
//! [`doc`] says what can be shown, [`Ui`] is the only way out: rows through a sink for each [`Format`], messages,
//! questions, the progress bar and the screen that shows a password. Foreign text passes [`sanitize`] on every one of
//! these ways, so that no other room has to think of it.

mod ascii;
mod ask;
mod bar;
mod cell;
pub mod collect;
mod delimited;
pub mod doc;
mod format;
mod glyphs;
mod guard;
mod json;
mod question;
mod reveal;
pub mod sanitize;
mod setup;
mod share;
mod stream;
mod table;
mod ui;
pub mod view;

pub use ask::{Ask, Terminal};
pub use bar::Bar;
pub use cell::{agree, are, counted, grouped, raw, spoken};
pub use format::{Format, UnknownFormat};
pub use guard::original;
pub use question::Assent;
pub use reveal::Cleared;
pub use setup::{Colour, Setup, Width};
pub use share::share;
pub use table::{CAP, cut};
pub use ui::{Failure, Ui};

/// A question or a screen did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A question without a terminal.
    #[error("the question cannot be asked: standard input and standard error are not a terminal")]
    NoTerminal,
    /// A screen without a terminal.
    #[error("a password is shown on a terminal only: standard input or standard output is not one")]
    NoScreen,
    /// Ctrl-C.
    #[error("interrupted; nothing was changed")]
    Interrupted,
    /// The terminal failed.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[source] std::io::Error),
}

impl Error {
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        let hint = match self {
            Self::NoTerminal => "answer beforehand with -yes or -yes=COUNT",
            Self::NoScreen => "into=FILE writes it to a new file that only you can read",
            Self::Interrupted => return None,
            Self::Terminal(_) => "run the command in an interactive terminal",
        };
        Some(hint.into())
    }
}
