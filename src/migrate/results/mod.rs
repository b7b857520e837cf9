//! The target's answers taken back in (igsh-migration(7), THE TARGET): a user whose every record is there becomes
//! `imported`.
//!
//! A file is read once, in constant memory, into a table that only this connection sees, and is judged there. So the
//! order of rows does not matter, and nothing in the vault changes before the whole file has been read.

pub mod outcomes;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::Read;

use crate::ambient::{CancelToken, Progress, Unit};
use crate::exchange;
use crate::exchange::answers::{Answers, Layout};
use crate::model::Answer;
use crate::render::{agree, counted, grouped};
use crate::store::Connection;
use crate::vault::answers::{Intake, Row, Trouble};

pub use crate::vault::answers::Judged;

use super::error::{Error, Result};
use outcomes::Verdict;

/// What a file of answers holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Rows that were taken.
    pub records: u64,
    /// Rows about groups and unassigned items, for which the vault keeps no answer.
    pub ownerless: u64,
    /// Users who are not in the vault, whose rows were passed over.
    pub unknown: Named,
    /// Columns that are passed over, of a sheet that was written for us.
    pub unused: Vec<String>,
}

/// Users in a file: all counted, the first ones named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    pub count: u64,
    first: Vec<(String, u64)>,
}

impl Named {
    pub(super) const NAMED: u64 = 10;

    /// So many, of whom these stand in these lines.
    pub fn new<'a>(count: u64, names: impl Iterator<Item = (&'a str, u64)>) -> Self {
        let first = names.take(Self::NAMED as usize);
        let first = first.map(|(name, line)| (name.to_owned(), line)).collect();
        Self { count, first }
    }

    fn of(intake: &Intake<'_>, waiting: bool) -> Result<Self> {
        let (count, first) = intake.passed_over(waiting, Self::NAMED)?;
        Ok(Self { count, first })
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, line)) in self.first.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}'{name}' (line {line})")?;
        }
        match self.count.saturating_sub(self.first.len() as u64) {
            0 => Ok(()),
            more => write!(f, " and {} more", grouped(more)),
        }
    }
}

/// Reads answers into the connection's own tables, from which [`crate::vault::answers`] judges and applies them.
///
/// # Errors
/// [`Error::Answers`] for the first row that cannot be taken, for users who are not in the vault (unless
/// `skip_unknown`) or were not exported, and for a file without answers.
pub fn read(
    db: &Connection,
    input: impl Read,
    layout: &Layout,
    skip_unknown: bool,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<Contents> {
    let mut answers = Answers::new(input, layout).map_err(unreadable)?;
    let intake = Intake::begin(db)?;
    progress.begin("reading answers", Unit::Items, None);
    let (mut records, mut ownerless) = (0, 0);
    while let Some(answer) = answers.next_answer().map_err(unreadable)? {
        records += 1;
        if records % 1024 == 0 {
            cancel.check()?;
            progress.at(records);
        }
        if answer.user.is_empty() {
            verdict(&answer)?;
            ownerless += 1;
        } else {
            take(&intake, &answer)?;
        }
    }
    progress.begin("looking up their users", Unit::Items, None);
    let trouble = intake.place(cancel)?;
    progress.end();
    if records == ownerless {
        return Err(wrong(
            "the file has no answer about a user".to_owned(),
            "name the file that holds the target's answers; a header alone changes nothing",
        ));
    }
    if let Some(trouble) = trouble {
        return Err(troubled(&trouble));
    }
    let (unknown, waiting) = (Named::of(&intake, false)?, Named::of(&intake, true)?);
    if unknown.count > 0 && !skip_unknown {
        return Err(wrong(
            format!("{} not in the vault: {unknown}", users_are(unknown.count)),
            "correct the names, or take in the rest with -skip-unknown",
        ));
    }
    if waiting.count > 0 {
        return Err(wrong(
            format!("{} not exported: {waiting}", users_are(waiting.count)),
            "remove their rows: the target did not get them from here; 'migrate explain' shows where they are",
        ));
    }
    let records = intake.count()?;
    intake.finish()?;
    let unused = match layout {
        Layout::Audit(_) => Vec::new(),
        _ => answers.unused().to_vec(),
    };
    Ok(Contents {
        records,
        ownerless,
        unknown,
        unused,
    })
}

fn verdict(answer: &Answer) -> Result<Verdict> {
    let line = answer.line;
    outcomes::verdict(&answer.outcome).ok_or_else(|| {
        wrong(
            format!(
                "line {line}: unknown outcome '{}'",
                answer.outcome
            ),
            "use an outcome that 'help migrate results' lists; remove rows that are not about the import",
        )
    })
}

fn take(intake: &Intake<'_>, answer: &Answer) -> Result<()> {
    let verdict = verdict(answer)?;
    intake.add(&Row {
        name: &answer.user,
        line: answer.line,
        record: answer.record.as_deref(),
        there: verdict == Verdict::There,
        outcome: &answer.outcome,
        message: &answer.message,
    })?;
    Ok(())
}

fn troubled(trouble: &Trouble) -> Error {
    match trouble {
        Trouble::Several { name, line } => wrong(
            format!("line {line}: '{name}' can be one of several users"),
            "write group/userid",
        ),
        Trouble::Twice {
            record,
            name,
            lines: (first, second),
        } => wrong(
            format!(
                "line {second}: the record '{record}' of '{name}' stands in line {first} already"
            ),
            "remove one of the two lines",
        ),
    }
}

fn users_are(users: u64) -> String {
    format!("{} {}", counted(users, "user"), agree(users, "is", "are"))
}

fn wrong(what: String, hint: &'static str) -> Error {
    Error::Answers {
        what,
        hint: hint.to_owned(),
    }
}

fn unreadable(error: exchange::Error) -> Error {
    Error::Answers {
        what: error.to_string(),
        hint: error.hint,
    }
}
