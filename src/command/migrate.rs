//! `migrate explain`: where one user or token stands, and why.

use super::common::{FORMAT, INTO, OVERWRITE};
use super::{Context, Entry, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Complete, Example};

const WHO: Key<String> =
    Key::text("who", "User id, group/userid, or the serial number of a token or card")
        .positional()
        .required()
        .complete(Complete::Users);

/// `migrate explain`
pub(super) static EXPLAIN: Entry = Entry {
    spec: Command {
        details: "Answers 'why did this token not go?': when the user was loaded, in which phase they are, in which \
            bundles they went, what of theirs went, what did not and why, and what to do next.",
        args: &[WHO.arg, FORMAT.arg, INTO.arg, OVERWRITE.arg],
        examples: &[Example { line: "migrate explain asmith", what: "Where one user stands" }],
        ..Command::new("migrate explain", "Explain where a user or a token stands, and why")
    },
    audit: None,
    run: explain,
};
