//! `migrate end`: the source may change again.

use crate::command::shared::Reasoned;
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::code;
use crate::lang::spec::{Command, Effect, Example};
use crate::store::audit::codes;
use crate::vault::migration;

/// `migrate end`
pub(in crate::command) static END: Entry = entry!(
    Reasoned,
    end,
    codes::MIGRATION_ENDED,
    Command {
        details: "Notes that the migration has ended. Users who are not migrated yet stay where they are; 'migrate \
            status' says who is left.",
        effect: Effect::Write,
        examples: &[Example::new("migrate end", "All users have moved")],
        ..Command::new("migrate end", "Note that the migration has ended")
    }
);

fn end(cx: &mut Context<'_>, _: Reasoned) -> Result<Outcome, Failure> {
    let (at, master) = (cx.ambient.clock.now(), cx.master()?);
    let draft = cx.audit(&codes::MIGRATION_ENDED);
    cx.write(&[], |tx| {
        if migration::running(tx)?.is_none() {
            return Err(
                Failure::new(Exit::Failed, code::PHASE, "no migration is running")
                    .hint("type: migrate begin"),
            );
        }
        migration::end(tx, at, &master)?;
        Ok(draft)
    })?;
    Ok(Outcome::said("the migration has ended").hint("'migrate status' shows who is left"))
}
