//! `migrate explain`: where one user or token stands, and why.

use super::super::export::rules;
use super::super::shared_args::{FORMAT, INTO, OVERWRITE};
use super::super::{Context, Entry, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Complete, Example};
use crate::migrate::explain::{Explanation, explain as answers};
use crate::render::doc::Column;

const WHO: Key<String> = Key::text(
    "who",
    "User id, group/userid, or the serial number of a token or card",
)
.positional()
.required()
.complete(Complete::Users);

/// `migrate explain`
pub(in crate::command) static EXPLAIN: Entry = Entry {
    spec: Command {
        details: "Answers 'why did this token not go?': when the user was loaded, in which phase they are, in which \
            bundles they went, what of theirs went, what did not and why, and what to do next.",
        args: &[WHO.arg, FORMAT.arg, INTO.arg, OVERWRITE.arg],
        examples: &[Example {
            line: "migrate explain asmith",
            what: "Where one user stands",
        }],
        ..Command::new(
            "migrate explain",
            "Explain where a user or a token stands, and why",
        )
    },
    audit: None,
    run: explain,
};

fn explain(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::text("about"),
        Column::text("part"),
        Column::text("what"),
        Column::text("how"),
    ];
    let who = bound.args.get(&WHO).unwrap_or_default();
    let rules = rules(cx)?;
    let cancel = cx.cancel;
    let opened = cx.desk.opened()?;
    let found = answers(opened.vault, &opened.keys, who, &rules, cancel)?;
    if cx.format(bound)?.is_for_people() && bound.args.get(&INTO).is_none() {
        cx.ui
            .print(&found.iter().map(text).collect::<Vec<_>>().join("\n"))?;
        return Ok(Outcome::quiet());
    }
    cx.rows(bound, |rows| {
        rows.begin("fact", COLUMNS)?;
        for answer in found {
            for section in answer.sections {
                for (what, how) in section.facts {
                    let about = answer.subject.as_str();
                    rows.row(vec![
                        about.into(),
                        section.title.as_str().into(),
                        what.into(),
                        how.into(),
                    ])?;
                }
            }
        }
        Ok(rows.end()?)
    })?;
    Ok(Outcome::quiet())
}

/// An answer for people: the subject, and below it each part with its facts.
fn text(answer: &Explanation) -> String {
    let mut out = format!("{}\n", answer.subject);
    for section in &answer.sections {
        out += &format!("\n  {}\n", section.title);
        for (what, how) in &section.facts {
            out += &format!("    {what}: {how}\n");
        }
    }
    out
}
