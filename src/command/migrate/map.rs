//! `migrate map`: other ids on the target, for users whose own are not unique there.

use std::path::{Path, PathBuf};

use super::bulk::UserChoice;
use crate::ambient::CancelToken;
use crate::command::context::Proposal;
use crate::command::shared::{REASON, YES};
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::code;
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example};
use crate::migrate::settings;
use crate::render::{counted, grouped};
use crate::store::Connection;
use crate::store::audit::{Draft, codes};
use crate::vault::decisions;
use crate::vault::snapshot::Collision;
use crate::vault::targets::{self, Mapping};

args! {
    struct Map {
        file: PathBuf = in_file(
            "file",
            "Sheet with columns userid and targetUserId, and group where names are not unique",
        )
        .required(),
        _ = YES,
        _ = REASON,
    }
}

/// `migrate map`
pub(in crate::command) static MAP: Entry = entry!(
    Map,
    map,
    codes::MAPPED,
    Command {
        details: "Gives users another id on the target, because user ids and aliases are unique there. The file is \
            CSV, its first row names the columns: userid, targetUserId, and group where several groups have the name \
            (or userid holds group/name). An empty targetUserId gives a user the own id back.\n\n\
            All of the file is taken, or nothing. Refused are an id that another user has or would have, an id \
            with stray blanks or invisible characters, and another id for a user who is in a bundle already, because \
            the target has the user under the old one.",
        effect: Effect::Write,
        examples: &[Example::new(
            "migrate map file=ids.csv",
            "Take new ids from a sheet"
        )],
        ..Command::new("migrate map", "Give users another id on the target")
    }
);

fn map(cx: &mut Context<'_>, args: Map) -> Result<Outcome, Failure> {
    let path = args.file.as_path();
    let cancel = cx.cancel;
    let done = UserChoice::with_targets(cx, path)?.change(
        cx,
        &codes::MAPPED,
        &[&decisions::MAPPED],
        |db, _| Ok((look(db, path, cancel)?, None)),
        |tx, _, _| Ok(targets::map(tx)?),
    )?;
    Ok(match done {
        None => Outcome::quiet(),
        Some(mapping) => Outcome::said(format!("{}: {}", path.display(), mapping.summary())),
    })
}

/// What the file changes, once it is known that nothing stands in its way.
fn look(db: &Connection, path: &Path, cancel: &CancelToken) -> Result<Mapping, Failure> {
    if let Some(user) = targets::first_exported(db)? {
        return Err(Failure::new(
            Exit::Failed,
            code::CONFLICT,
            format!(
                "{}: line {}: user {} is in bundle {} as '{}'; nothing was changed",
                path.display(),
                user.line,
                user.user,
                user.bundle,
                user.target
            ),
        )
        .hint(
            "the target has the user under that id; rename the user there, and leave the row out",
        ));
    }
    let prefixes = settings::VAULT.names(db, "migrate.prefixes")?;
    let mut first = Vec::new();
    let found = targets::trial(db, &prefixes, cancel, |collision| {
        if first.len() < SHOWN {
            first.push(shared(&collision));
        }
    })?;
    if found > 0 {
        let more = found - first.len() as u64;
        let rest = if more > 0 {
            format!("; and {} more", grouped(more))
        } else {
            String::new()
        };
        return Err(Failure::new(
            Exit::Failed,
            code::CONFLICT,
            format!(
                "{}: {} would be shared: {}{rest}; nothing was changed",
                path.display(),
                counted(found, "name"),
                first.join("; ")
            ),
        )
        .hint(
            "choose ids that no user has as user id, alias or mapped id; letter case does not count",
        ));
    }
    Ok(targets::mapping(db)?)
}

/// So many shared names are shown.
const SHOWN: usize = 3;

/// `'jsmith' by hr/jsmith (user id) and sales/jsmith (mapped id)`
fn shared(collision: &Collision) -> String {
    let parties: Vec<String> = collision
        .parties
        .iter()
        .map(|party| {
            format!(
                "{}/{} ({})",
                party.group,
                party.userid,
                party.holds.as_str()
            )
        })
        .collect();
    format!("'{}' by {}", collision.name, parties.join(" and "))
}

impl Mapping {
    fn summary(&self) -> String {
        let mut parts = vec![format!("{} with a target id", counted(self.set, "user"))];
        if self.removed > 0 {
            parts.push(format!(
                "{} with the own id again",
                counted(self.removed, "user")
            ));
        }
        if self.unchanged > 0 {
            parts.push(format!("{} unchanged", grouped(self.unchanged)));
        }
        parts.join(", ")
    }
}

impl Proposal for Mapping {
    fn count(&self) -> u64 {
        self.set + self.removed
    }

    fn question(&self) -> String {
        format!("Change target ids: {}?", self.summary())
    }

    fn nothing(&self) -> String {
        "0 users to map; all users in the file have these ids already".to_owned()
    }

    fn note(&self, draft: Draft) -> Draft {
        draft.count("set", self.set).count("removed", self.removed)
    }
}
