//! `migrate aliases`: the phases of the vault as workflow aliases, for whoever changes the source.

use std::io::BufWriter;

use super::super::file::{lists_read, write_new};
use crate::command::failure::code;
use crate::command::shared_args::{OVERWRITE, REASON};
use crate::command::{Context, Entry, Exit, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Effect, Example, Selects};
use crate::migrate::settings;
use crate::render::doc::Column;
use crate::render::{Format, counted};
use crate::store::Connection;
use crate::store::audit::codes;
use crate::vault::phases::Users;
use crate::vault::workflow::{self, AliasChange, Clash};

const FILE: Key<std::path::PathBuf> =
    Key::out_file("file", "The bulk file (CSV, mode 0600)").required();

/// `migrate aliases`
pub(in crate::command) static ALIASES: Entry = Entry {
    spec: Command {
        details: "Writes what the source's administrators change so that workflow aliases there mirror the phases of \
            the vault: a row for each alias to add or remove, with columns userid, group, add, remove. The alias of a \
            phase is its prefix (setting migrate.prefixes) before the user id; phase none has none. The source itself \
            is never touched; changing it needs the userSet permission there. After the next load the vault knows \
            what was done.\n\n\
            An alias that somebody else of the group has already is reported, and nothing is written.",
        args: &[FILE.arg, OVERWRITE.arg, REASON.arg],
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[Example {
            line: "migrate aliases file=aliases.csv -overwrite",
            what: "Everything that is not as it should be",
        }],
        ..Command::new(
            "migrate aliases",
            "Write the source's bulk file of workflow aliases",
        )
    },
    audit: Some(&codes::ALIASES_WRITTEN),
    run: aliases,
};

/// So many aliases that are taken are shown.
const SHOWN: usize = 3;

fn aliases(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("userid"),
        Column::whole("group"),
        Column::whole("add"),
        Column::whole("remove"),
    ];
    let Some(path) = bound.args.get(&FILE) else {
        return Ok(Outcome::quiet());
    };
    let selection = lists_read(&bound.selection)?;
    let users = Users::chosen(&selection)?;
    let db = cx.desk.reading()?.file().connection();
    let prefixes = settings::VAULT.names(db, "migrate.prefixes")?;
    if prefixes.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            code::UNKNOWN,
            "there are no prefixes of workflow aliases",
        )
        .hint("type: system set migrate.prefixes=default"));
    }
    let (changed, clashes) = judge(cx, db, &users, &prefixes)?;
    if let [first, ..] = clashes.as_slice() {
        let names: Vec<String> = clashes.iter().take(SHOWN).map(said).collect();
        return Err(Failure::new(
            Exit::Failed,
            code::CONFLICT,
            format!(
                "{} taken already: {}; nothing was written",
                match clashes.len() {
                    1 => format!("the alias '{}' is", first.alias),
                    n => format!("{n} aliases are"),
                },
                names.join("; ")
            ),
        )
        .hint("rename the alias in the source, or choose other prefixes with 'system set migrate.prefixes=…'"));
    }
    if changed == 0 {
        cx.matched(bound, 0)?;
        return Ok(Outcome::said(
            "0 users: the source's workflow aliases are as the phases say; no file was written",
        ));
    }
    let mut rows = 0;
    write_new(path, bound.args.flag(&OVERWRITE), |file| {
        let copy = file
            .try_clone()
            .map_err(|error| Failure::file("write", path, &error))?;
        let mut sheet = cx.ui.rows_into(Box::new(BufWriter::new(copy)), Format::Csv);
        sheet.begin("alias", COLUMNS)?;
        workflow::changes(db, &users, &prefixes, |change| -> Result<bool, Failure> {
            cx.cancel.check()?;
            let whole = |add: Option<String>, remove: Option<String>| {
                vec![
                    change.userid.as_str().into(),
                    change.group.as_str().into(),
                    add.into(),
                    remove.into(),
                ]
            };
            for alias in &change.remove {
                rows += 1;
                sheet.row(whole(None, Some(alias.clone())))?;
            }
            if let Some(alias) = &change.add {
                rows += 1;
                sheet.row(whole(Some(alias.clone()), None))?;
            }
            Ok(true)
        })?;
        Ok(sheet.end()?)
    })?;
    let draft = cx
        .draft(bound, &codes::ALIASES_WRITTEN)
        .object(path.display().to_string())
        .count("users", changed)
        .count("rows", rows);
    cx.append_audit(bound, draft)?;
    Ok(Outcome::said(format!(
        "{} of {} in {}; hand it to the source's administrators and load the source again afterwards",
        counted(rows, "change"),
        counted(changed, "user"),
        path.display()
    )))
}

/// How many users have something to change, and the aliases that somebody else has.
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

/// After so many aliases that are taken nobody wants to hear of more.
const MOST: usize = 1000;

fn said(clash: &Clash) -> String {
    format!(
        "'{}' for {}/{} is {}'s",
        clash.alias, clash.group, clash.userid, clash.holder
    )
}
