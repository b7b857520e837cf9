//! A full load that would make many users gone: it is taken back, asked about, and done again.

use std::path::Path;

use super::load::Stopped;
use crate::command::context::Terms;
use crate::command::{Context, Exit, Failure};
use crate::lang::args::Yes;
use crate::lang::code;
use crate::lang::keys::{self, Key};
use crate::migrate::settings;
use crate::render::{agree, counted, grouped};
use crate::vault::load::{GoneLimit, TooManyGone};

/// `-yes`, which the context takes.
pub(super) const YES: Key<Option<Yes>> = keys::yes(
    "yes",
    "Only =N counts: exactly N users may be gone after a full load",
);

/// How many users a load may make gone: the line's number, else the number of `--yes`, else what the setting allows.
pub(super) fn limit(cx: &Context<'_>) -> Result<GoneLimit, Failure> {
    let counted = |yes| match yes {
        Some(Yes::Count(count)) => Some(count),
        Some(Yes::Any) | None => None,
    };
    Ok(match counted(cx.line.yes) {
        Some(count) => GoneLimit::Exactly(count),
        None => GoneLimit::Percent(
            settings::VAULT.number(cx.db()?, "migrate.gone-limit")?,
            counted(cx.terms.yes),
        ),
    })
}

/// What those are missing from who would be gone.
pub(super) struct Place {
    /// Such as `in people.ndjson`.
    words: String,
    /// Whether it can be loaded a second time, after the question.
    again: bool,
}

/// Does a load. One that would make too many users gone is rolled back before the question, because no transaction may
/// wait for an answer. The second load makes exactly as many users gone, or changes nothing.
pub(super) fn asking<T>(
    cx: &mut Context<'_>,
    place: &Place,
    mut load: impl FnMut(&mut Context<'_>, GoneLimit) -> Result<T, Stopped>,
) -> Result<T, Failure> {
    let limit = limit(cx)?;
    let found = match load(cx, limit) {
        Ok(done) => return Ok(done),
        Err(Stopped::Failed(failure)) => return Err(failure),
        Err(Stopped::Gone(found)) => found,
    };
    let says = place.says(found);
    match limit {
        GoneLimit::Exactly(count) | GoneLimit::Percent(_, Some(count)) => {
            return Err(
                unconfirmed(Exit::Failed, &format!("{says}, not {}", grouped(count)))
                    .hint("check with 'source diff', then give the number you expect"),
            );
        }
        GoneLimit::Percent(_, None) if !cx.ui.is_interactive() => {
            return Err(unconfirmed(Exit::Denied, &says).hint(format!(
                "check with 'source diff' whether the file was cut; if they have left, add -yes={}",
                found.gone
            )));
        }
        GoneLimit::Percent(_, None) if !place.again => {
            return Err(unconfirmed(Exit::Failed, &says).hint(format!(
                "a pipe cannot be read again after a question; if they have left, add -yes={}",
                found.gone
            )));
        }
        GoneLimit::Percent(_, None) => {}
    }
    Terms::default().ask(cx.ui, None, found.gone, &format!("{says}. Load it?"))?;
    load(cx, GoneLimit::Exactly(found.gone)).map_err(|stopped| match stopped {
        Stopped::Failed(failure) => failure,
        Stopped::Gone(now) => unconfirmed(
            Exit::Failed,
            &format!(
                "the vault or the file changed after the question: {}",
                place.says(now)
            ),
        )
        .hint("repeat the command"),
    })
}

impl Place {
    /// A file; whether it is a plain one that can be read again.
    pub(super) fn file(path: &Path) -> Self {
        Self {
            words: format!("in {}", path.display()),
            again: path.is_file(),
        }
    }

    /// Made-up people.
    pub(super) fn made_up() -> Self {
        Self {
            words: "among the made-up people".to_owned(),
            again: true,
        }
    }

    /// Who would be gone.
    pub(super) fn says(&self, found: TooManyGone) -> String {
        format!(
            "{} of {} {} not {} and would be gone",
            grouped(found.gone),
            counted(found.before, "user"),
            agree(found.gone, "is", "are"),
            self.words
        )
    }
}

fn unconfirmed(exit: Exit, says: &str) -> Failure {
    Failure::new(
        exit,
        code::UNCONFIRMED,
        format!("{says}; nothing was changed"),
    )
}
