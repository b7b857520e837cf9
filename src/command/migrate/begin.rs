//! `migrate begin`: from now on the source is frozen.

use crate::command::shared::Reasoned;
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::code;
use crate::lang::spec::{Command, Effect, Example};
use crate::store::audit::codes;
use crate::vault::migration;

/// `migrate begin`
pub(in crate::command) static BEGIN: Entry = entry!(
    Reasoned,
    begin,
    codes::MIGRATION_BEGUN,
    Command {
        details: "Notes that the migration begins. From now on users must not be renamed or moved to another group in \
            the source: 'source diff' shows such changes before a load, a load reports how many it brought, and refuses \
            those of users who were exported. 'migrate status' shows when the migration began.",
        effect: Effect::Write,
        examples: &[Example::new(
            "migrate begin reason=\"first wave\"",
            "From now on the source is frozen"
        )],
        ..Command::new("migrate begin", "Note that the migration begins")
    }
);

fn begin(cx: &mut Context<'_>, _: Reasoned) -> Result<Outcome, Failure> {
    let (at, master) = (cx.ambient.clock.now(), cx.master()?);
    let draft = cx.audit(&codes::MIGRATION_BEGUN);
    let ui = cx.ui.clone();
    cx.write(&[], |tx| {
        if let Some(running) = migration::running(tx)? {
            return Err(Failure::new(
                Exit::Failed,
                code::PHASE,
                format!(
                    "a migration has been running since {}, begun by {}",
                    ui.local_time(running.began),
                    running.began_by
                ),
            )
            .hint("'migrate status' shows its progress; 'migrate end' ends it"));
        }
        migration::begin(tx, at, &master)?;
        Ok(draft)
    })?;
    Ok(Outcome::said("the migration has begun").hint(
        "rename no users in the source, and move none to another group, before 'migrate end'",
    ))
}
