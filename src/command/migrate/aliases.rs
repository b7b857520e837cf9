//! `migrate aliases`: the phases of the vault as workflow aliases, for the administrators of the source.

use std::path::PathBuf;

use crate::command::shared::{OVERWRITE, REASON};
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::code;
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example, Selects};
use crate::migrate::settings;
use crate::render::doc::{Col, ToCell as _};
use crate::render::{are, counted};
use crate::store::Connection;
use crate::store::audit::codes;
use crate::vault::phases::Users;
use crate::vault::workflow::{self, AliasChange, Clash};

args! {
    struct Aliases {
        file: PathBuf = out_file("file", "The bulk file (CSV, mode 0600)").required(),
        overwrite: bool = OVERWRITE,
        _ = REASON,
    }
}

/// `migrate aliases`
pub(in crate::command) static ALIASES: Entry = entry!(
    Aliases,
    aliases,
    codes::ALIASES_WRITTEN,
    Command {
        details: "Writes what the source's administrators change so that workflow aliases there mirror the phases of \
            the vault: a row for each alias to add or remove, with columns userid, group, add, remove. The alias of a \
            phase is its prefix (setting migrate.prefixes) before the user id; phase none has none. The source itself \
            is never touched; changing it needs the userSet permission there. The next load brings the result \
            into the vault.\n\n\
            If another user of the group has such an alias already, it is reported and nothing is written.",
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[Example::new(
            "migrate aliases file=aliases.csv -overwrite",
            "Everything that is not as it should be"
        )],
        ..Command::new(
            "migrate aliases",
            "Write the source's bulk file of workflow aliases",
        )
    }
);

/// So many aliases that are taken are shown.
const SHOWN: usize = 3;

/// User id, group, and the alias to add or remove.
type Changed = (String, String, Option<String>, Option<String>);

const COLUMNS: &[Col<Changed>] = &[
    Col::whole("userid", |one| one.0.cell()),
    Col::whole("group", |one| one.1.cell()),
    Col::whole("add", |one| one.2.cell()),
    Col::whole("remove", |one| one.3.cell()),
];

fn aliases(cx: &mut Context<'_>, args: Aliases) -> Result<Outcome, Failure> {
    let path = args.file.as_path();
    let users = Users::chosen(&cx.selection()?)?;
    let db = cx.db()?;
    let prefixes = settings::VAULT.names(db, "migrate.prefixes")?;
    if prefixes.is_empty() {
        return Err(
            Failure::unknown("there are no prefixes of workflow aliases")
                .hint("type: system set migrate.prefixes=default"),
        );
    }
    let (changed, clashes) = judge(cx, db, &users, &prefixes)?;
    let taken = clashes.len() as u64;
    if taken > 0 {
        let names: Vec<String> = clashes.iter().take(SHOWN).map(said).collect();
        return Err(Failure::new(
            Exit::Failed,
            code::CONFLICT,
            format!(
                "{} taken already: {}; nothing was written",
                are(taken, "alias"),
                names.join("; ")
            ),
        )
        .hint("rename the alias in the source, or choose other prefixes with 'system set migrate.prefixes=…'"));
    }
    if changed == 0 {
        cx.found(0)?;
        return Ok(Outcome::said(
            "0 users: the workflow aliases of the source match the phases; no file was written",
        ));
    }
    let rows = cx.sheet((path, args.overwrite), "alias", COLUMNS, |push| {
        workflow::changes(db, &users, &prefixes, |change| -> Result<bool, Failure> {
            let AliasChange { userid, group, .. } = change;
            let whole = |add, remove| (userid.clone(), group.clone(), add, remove);
            for alias in change.remove {
                push(whole(None, Some(alias)))?;
            }
            if let Some(alias) = change.add {
                push(whole(Some(alias), None))?;
            }
            Ok(true)
        })
    })?;
    let draft = cx
        .audit(&codes::ALIASES_WRITTEN)
        .object(path.display().to_string())
        .count("users", changed)
        .count("rows", rows);
    cx.append_audit(draft)?;
    Ok(Outcome::said(format!(
        "wrote {} of {} to {}",
        counted(rows, "change"),
        counted(changed, "user"),
        path.display()
    ))
    .hint("give it to the source's administrators, and load the source again afterwards"))
}

/// How many users have something to change, and the aliases that belong to other users.
fn judge(
    cx: &Context<'_>,
    db: &Connection,
    users: &Users,
    prefixes: &[String],
) -> Result<(u64, Vec<Clash>), Failure> {
    let mut changed = 0;
    let mut clashes = Vec::new();
    workflow::changes(
        db,
        users,
        prefixes,
        |change: AliasChange| -> Result<bool, Failure> {
            cx.cancel.check()?;
            changed += 1;
            clashes.extend(workflow::clash(db, &change)?);
            Ok(clashes.len() < MOST)
        },
    )?;
    Ok((changed, clashes))
}

/// The search ends after so many taken aliases.
const MOST: usize = 1000;

fn said(clash: &Clash) -> String {
    format!(
        "'{}' for {}/{} belongs to {}",
        clash.alias, clash.group, clash.userid, clash.holder
    )
}
