//! `migrate exclude|include`: users out of the migration, and back.

use crate::command::context::Proposal;
use crate::command::shared::REASON;
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example, Selects};
use crate::render::{agree, counted, grouped};
use crate::store::audit::{Draft, codes};
use crate::vault::decisions;
use crate::vault::phases::{self, Exclusions};

use super::bulk::{Members, UserChoice};

args! {
    struct Exclude {
        reason: String = text("reason", "Why, for the audit and 'migrate explain'").required(),
        ..members: Members,
    }

    struct Include {
        _ = REASON,
        ..members: Members,
    }
}

/// `migrate exclude`
pub(in crate::command) static EXCLUDE: Entry = entry!(
    Exclude,
    exclude,
    codes::EXCLUDED,
    Command {
        details: "Takes users out of the migration: no export takes them, whatever selects them, and their names are \
            not counted as taken on the target unless they were exported before. 'user list excluded=yes' shows \
            them, 'migrate include' takes them back in.",
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[Example::new(
            "migrate exclude userid=z* reason=\"leave at the end of the month\"",
            "Some users stay behind"
        )],
        ..Command::new("migrate exclude", "Take users out of the migration")
    }
);

/// `migrate include`
pub(in crate::command) static INCLUDE: Entry = entry!(
    Include,
    include,
    codes::EXCLUDED,
    Command {
        details: "Takes excluded users back into the migration, in the phase in which they were.",
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[Example::new(
            "migrate include userid=z*",
            "They go after all"
        )],
        ..Command::new("migrate include", "Take excluded users back in")
    }
);

/// What is asked about.
#[derive(PartialEq)]
struct Exclusion {
    out: bool,
    found: Exclusions,
}

fn exclude(cx: &mut Context<'_>, args: Exclude) -> Result<Outcome, Failure> {
    if args.reason.trim().is_empty() {
        return Err(Failure::usage("the reason is empty")
            .hint("give a short reason: 'migrate explain' shows it"));
    }
    run(cx, &args.members, Some(&args.reason))
}

fn include(cx: &mut Context<'_>, args: Include) -> Result<Outcome, Failure> {
    run(cx, &args.members, None)
}

/// Takes users out for a reason, or back in.
fn run(cx: &mut Context<'_>, members: &Members, reason: Option<&str>) -> Result<Outcome, Failure> {
    let out = reason.is_some();
    let chosen = UserChoice::new(cx, members.bulk.as_deref())?;
    let (at, master) = (cx.ambient.clock.now(), cx.master()?);
    let done = chosen.change(
        cx,
        &codes::EXCLUDED,
        &[&decisions::EXCLUDED],
        |db, users| {
            let found = phases::exclusions(db, users)?;
            let chosen = found.included + found.excluded;
            Ok((Exclusion { out, found }, Some(chosen)))
        },
        |tx, users, _| {
            match reason {
                Some(reason) => phases::exclude(tx, users, at, &master, reason)?,
                None => phases::include(tx, users)?,
            };
            Ok(())
        },
    )?;
    let Some(change) = done else {
        return Ok(Outcome::quiet());
    };
    let mut outcome = Outcome::said(format!(
        "{} {}",
        counted(change.count(), "user"),
        if out { "excluded" } else { "included again" }
    ));
    outcome.notices.extend(change.in_bundles());
    Ok(outcome)
}

impl Exclusion {
    fn in_bundles(&self) -> Option<String> {
        (self.out && self.found.exported > 0).then(|| {
            format!(
                "{} of them {} in a bundle already, which does not change",
                grouped(self.found.exported),
                agree(self.found.exported, "is", "are")
            )
        })
    }
}

impl Proposal for Exclusion {
    fn count(&self) -> u64 {
        if self.out {
            self.found.included
        } else {
            self.found.excluded
        }
    }

    fn question(&self) -> String {
        let users = counted(self.count(), "user");
        if self.out {
            let remark = self.in_bundles().map(|line| format!("{line}.\n"));
            format!(
                "{}Take {users} out of the migration?",
                remark.unwrap_or_default()
            )
        } else {
            format!("Take {users} back into the migration?")
        }
    }

    fn nothing(&self) -> String {
        let rest = self.found.included + self.found.excluded;
        match (self.out, rest) {
            (_, 0) => "0 users".to_owned(),
            (true, _) => "0 users to exclude; those chosen are excluded already".to_owned(),
            (false, _) => "0 users to include; none of those chosen is excluded".to_owned(),
        }
    }

    fn note(&self, draft: Draft) -> Draft {
        draft
            .object(if self.out { "exclude" } else { "include" })
            .count("users", self.count())
    }
}
