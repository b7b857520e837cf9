//! What the target's words for an outcome mean: the one table that reading goes by and the manual shows.

use crate::model::glob;

/// Whether the target has a record after an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The record is there: added, or there before.
    There,
    /// The record is not there, or not as it should be.
    Missing,
}

/// A word for an outcome, or the name of an event.
#[derive(Debug)]
pub struct Outcome {
    /// The word in lower case; `*` is any run of characters.
    pub word: &'static str,
    /// What it means for the user.
    pub verdict: Verdict,
}

macro_rules! outcomes {
    ($($word:literal $verdict:ident $meaning:literal;)+) => {
        /// All of them; the first that matches counts.
        pub static ALL: &[Outcome] = &[$(Outcome { word: $word, verdict: Verdict::$verdict }),+];

        /// The same as lines of text, for the manual.
        macro_rules! outcome_lines {
            () => {
                concat!($("  ", $word, "\n      ", $meaning, "\n"),+)
            };
        }
        pub(crate) use outcome_lines;
    };
}

outcomes! {
    "added" There "there: was not before";
    "exists" There "there: was before";
    "already there" There "there: was before";
    "merged" There "there: was before, and what was new in it was added";
    "skipped" Missing "not there: was left out";
    "error*" Missing "not there: was refused";
    "bulkidentityguard.add.error.assignedgrid" Missing "not there: a card of this number exists, perhaps of another user";
    "bulkidentityguard.add.error.qa" Missing "not there: the user has other questions and answers";
    "bulkidentityguard.add.error.password" Missing "not there: the user has another password";
    "bulkidentityguard.*error*" Missing "not there: any other error event";
    "bulkidentityguard.add.rbasetting" There "there: settings for risk-based authentication were added";
    "bulkidentityguard.add.*" There "there: any other event of adding";
    "bulkidentityguard.edit.user" There "there: the user was before, and was brought up to date";
    "bulkidentityguard.edit.*" There "there: any other event of changing";
}

/// What a word means; letter case does not matter. `None` for one that the table does not have.
pub fn verdict(word: &str) -> Option<Verdict> {
    let word = word.to_ascii_lowercase();
    ALL.iter()
        .find(|outcome| glob(outcome.word, &word))
        .map(|outcome| outcome.verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_events_mean_what_the_table_says() {
        use Verdict::{Missing, There};
        for (word, expected) in [
            ("added", Some(There)),
            ("Already there", Some(There)),
            ("ERROR", Some(Missing)),
            ("error: no such card", Some(Missing)),
            ("skipped", Some(Missing)),
            ("bulkidentityguard.add.error.assignedgrid", Some(Missing)),
            ("bulkidentityguard.add.error.token", Some(Missing)),
            ("bulkidentityguard.edit.error.user", Some(Missing)),
            ("BulkIdentityGuard.add.rbasetting", Some(There)),
            ("bulkidentityguard.add.token", Some(There)),
            ("bulkidentityguard.edit.user", Some(There)),
            ("bulkidentityguard.delete.user", None),
            ("add", None),
            ("", None),
        ] {
            assert_eq!(verdict(word), expected, "{word}");
        }
    }

    #[test]
    fn no_row_of_the_table_is_hidden_by_one_before_it() {
        for outcome in ALL {
            let first = ALL.iter().find(|one| glob(one.word, outcome.word));
            assert_eq!(first.map(|one| one.word), Some(outcome.word));
            assert_eq!(outcome.word, outcome.word.to_ascii_lowercase());
        }
        for line in outcome_lines!().lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
