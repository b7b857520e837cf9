//! Questions to the person at the terminal.

use secrecy::SecretString;

use super::Error;
use super::cell::grouped;
use super::sanitize::message;
use super::ui::Ui;

/// What counts as a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assent {
    /// `y` or `yes`.
    Yes,
    /// The count itself.
    Count(u64),
}

impl Assent {
    /// Counts above this have to be typed (igsh-script(5), Confirmation).
    pub const TYPED_ABOVE: u64 = 1_000;

    /// What a change to `count` records needs.
    pub fn to(count: u64) -> Self {
        if count > Self::TYPED_ABOVE {
            Self::Count(count)
        } else {
            Self::Yes
        }
    }
}

impl Ui {
    /// Asks, and says whether the answer was a yes. No answer, or the wrong count, is a no.
    pub fn confirm(&self, question: &str, assent: Assent) -> Result<bool, Error> {
        if !self.is_interactive() {
            return Err(Error::NoTerminal);
        }
        let question = message(question, false);
        self.say(&match assent {
            Assent::Yes => format!("{question} [y/N] "),
            Assent::Count(count) => {
                let count = grouped(count);
                format!("{question} Type {count} to go on: ")
            }
        });
        let answer = self.ask().line();
        if !matches!(answer, Ok(Some(_))) {
            // The terminal shows no line end of its own then.
            self.say("\n");
        }
        let answer = answer?.unwrap_or_default();
        let answer = answer.trim();
        Ok(match assent {
            Assent::Yes => answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"),
            Assent::Count(count) => answer.replace([',', '_', '.', '\''], "").parse() == Ok(count),
        })
    }

    /// A line of text; empty when the input has ended.
    pub fn line(&self, question: &str) -> Result<String, Error> {
        if !self.is_interactive() {
            return Err(Error::NoTerminal);
        }
        self.say(&message(question, false));
        let answer = self.ask().line()?.unwrap_or_default();
        Ok(answer.trim().to_owned())
    }

    /// The next line that is typed after `prompt`, as it is, on a terminal that can only append; `None` when the input
    /// has ended.
    pub fn plain_line(&self, prompt: &str) -> Result<Option<String>, Error> {
        self.say(&message(prompt, false));
        let line = self.ask().line();
        if !matches!(line, Ok(Some(_))) {
            self.say("\n");
        }
        line
    }

    /// A password, typed unseen on the terminal.
    pub fn password(&self, prompt: &str) -> Result<SecretString, Error> {
        self.ask().password(&message(prompt, false))
    }
}
