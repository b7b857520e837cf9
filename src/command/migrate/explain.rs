//! `migrate explain`: where one user or token stands, and why.

use super::super::export::rules;
use super::super::shared::{Out, RECORD};
use super::super::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Example};
use crate::migrate::explain::{Explanation, explain as answers};
use crate::render::doc::{Col, ToCell as _};

args! {
    struct Explain {
        who: String = text("who", "User id, group/userid, or the serial number of a token or card")
            .positional()
            .required()
            .complete(Complete::Users),
        ..out: Out = RECORD,
    }
}

/// `migrate explain`
pub(in crate::command) static EXPLAIN: Entry = entry!(
    Explain,
    explain,
    Command {
        details: "Answers 'why did this token not go?': when the user was loaded, in which phase they are, in which \
            bundles they went, what of theirs went, what did not and why, and what to do next.",
        examples: &[Example::new(
            "migrate explain asmith",
            "Where one user stands"
        )],
        ..Command::new(
            "migrate explain",
            "Explain where a user or a token stands, and why",
        )
    }
);

/// About whom, in which part, what, and how it is.
type Fact = [String; 4];

const COLUMNS: &[Col<Fact>] = &[
    Col::text("about", |fact| fact[0].cell()),
    Col::text("part", |fact| fact[1].cell()),
    Col::text("what", |fact| fact[2].cell()),
    Col::text("how", |fact| fact[3].cell()),
];

fn explain(cx: &mut Context<'_>, args: Explain) -> Result<Outcome, Failure> {
    let rules = rules(cx)?;
    let cancel = cx.cancel;
    let opened = cx.desk.opened()?;
    let found = answers(opened.vault, &opened.keys, &args.who, &rules, cancel)?;
    if args.out.is_for_people(cx.ui) {
        cx.ui
            .print(&found.iter().map(text).collect::<Vec<_>>().join("\n"))?;
        return Ok(Outcome::quiet());
    }
    cx.list(&args.out, "fact", COLUMNS, |push| {
        for Explanation { subject, sections } in found {
            for section in sections {
                for (what, how) in section.facts {
                    push([subject.clone(), section.title.clone(), what, how])?;
                }
            }
        }
        Ok(())
    })
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
