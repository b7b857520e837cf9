//! `system accept-state`: what another program has changed in the vault, taken by a master for what is there.

use crate::command::context::Go;
use crate::command::shared::{REASON, YES};
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example};
use crate::store::audit::{Sums, codes};
use crate::store::{Connection, Keys, state};

args! {
    struct Accept {
        _ = REASON.required(),
        _ = YES,
    }
}

/// `system accept-state`
pub(in crate::command) static ACCEPT: Entry = entry!(
    Accept,
    accept,
    codes::STATE_ACCEPTED,
    Command {
        details: "Settings, target ids, exclusions, bundles, masters and keys are summed under a key. Where another \
            program has changed them, a login is restricted: it may only read. When the changes have been checked and \
            are right, this command accepts them; the audit keeps both states. Restore a backup instead \
            when it is unclear who changed what.",
        effect: Effect::Destroy,
        inspects: true,
        examples: &[Example::new(
            "system accept-state reason=\"restored by hand, ticket 4711\"",
            "Take the vault as it is now"
        )],
        ..Command::new(
            "system accept-state",
            "Take a vault that another program changed as it is",
        )
    }
);

fn accept(cx: &mut Context<'_>, _: Accept) -> Result<Outcome, Failure> {
    let opened = cx.desk.opened()?;
    let keys = opened.keys;
    let found = look(opened.vault.file().connection(), &keys)?;
    if found.is_empty() {
        let nothing = "0 differences: everything is as a session left it";
        return Ok(Outcome::said(nothing));
    }
    let question = format!("{}\nTake the vault as it is now?", found.join("\n"));
    if cx.ask(found.len() as u64, &question)? == Go::DryRun {
        return Ok(Outcome::said(format!(
            "{}\nthis was a dry run; nothing was changed",
            found.join("\n")
        )));
    }
    let draft = cx.audit(&codes::STATE_ACCEPTED);
    cx.transact(|tx, keys| {
        let mut draft = draft.count("differences", found.len() as u64);
        draft.detail = Some(look(tx, keys)?.join("; "));
        Ok((draft, Sums::Anew))
    })?;
    if let Some(session) = &mut cx.desk.session {
        session.accept();
    }
    Ok(Outcome::said(
        "the vault is accepted as it is; the next login settles interrupted exports",
    ))
}

/// What differs, in words.
fn look(db: &Connection, keys: &Keys) -> Result<Vec<String>, Failure> {
    Ok(state::all_differences(db, keys)?)
}
