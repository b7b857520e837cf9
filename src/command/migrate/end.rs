//! `migrate end`: the source may change again.

use crate::command::failure::code;
use crate::command::shared_args::REASON;
use crate::command::{Context, Entry, Exit, Failure, Outcome};
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Effect, Example};
use crate::store::audit::codes;
use crate::vault::migration;

/// `migrate end`
pub(in crate::command) static END: Entry = Entry {
    spec: Command {
        details: "Notes that the migration has ended. Users who are not migrated yet stay where they are; 'migrate \
            status' says who is left.",
        args: &[REASON.arg],
        effect: Effect::Write,
        examples: &[Example {
            line: "migrate end",
            what: "Everybody has moved",
        }],
        ..Command::new("migrate end", "Note that the migration has ended")
    },
    audit: Some(&codes::MIGRATION_ENDED),
    run: end,
};

fn end(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let (at, master) = (cx.ambient.clock.now(), cx.master()?);
    let draft = cx.draft(bound, &codes::MIGRATION_ENDED);
    cx.write(bound, &[], |tx| {
        if migration::running(tx)?.is_none() {
            return Err(
                Failure::new(Exit::Failed, code::PHASE, "no migration goes on")
                    .hint("'migrate begin' begins one"),
            );
        }
        migration::end(tx, at, &master)?;
        Ok(draft)
    })?;
    Ok(Outcome::said(
        "the migration has ended; 'migrate status' says who is left",
    ))
}
