//! `idpurl export`: the list from which the address on the devices is changed.

use std::path::PathBuf;

use super::concerns;
use crate::command::shared::{OVERWRITE, REQUIRE_MATCH};
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example, Selects};
use crate::render::counted;
use crate::render::doc::{Col, ToCell as _};
use crate::store::audit::codes;
use crate::vault::idp::{self, Listed};
use crate::vault::phases::Users;

args! {
    struct Export {
        file: PathBuf = out_file("file", "The list, as CSV").required(),
        overwrite: bool = OVERWRITE,
        _ = REQUIRE_MATCH,
    }
}

/// `idpurl export`
pub(in crate::command) static EXPORT: Entry = entry!(
    Export,
    export,
    codes::IDP_URLS_EXPORTED,
    Command {
        details: concat!(
            "Writes the tokens of the selected users who are imported or migrated to a new CSV file of mode 0600 with \
             the columns userid (on the target), group, vendor, serial and url: the input of the vendor's filter, \
             which gives the devices the new address.\n\n",
            concerns!()
        ),
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[Example::new(
            "idpurl export group=sales file=filter.csv",
            "The list for a group"
        )],
        ..Command::new(
            "idpurl export",
            "Write the list of imported soft tokens and their addresses",
        )
    }
);

const COLUMNS: &[Col<Listed>] = &[
    Col::whole("userid", |one| one.target.cell()),
    Col::whole("group", |one| one.group.cell()),
    Col::whole("vendor", |one| one.vendor.cell()),
    Col::whole("serial", |one| one.serial.cell()),
    Col::whole("url", |one| one.url.cell()),
];

fn export(cx: &mut Context<'_>, args: Export) -> Result<Outcome, Failure> {
    let path = args.file.as_path();
    let users = Users::chosen(&cx.selection()?)?;
    let db = cx.db()?;
    let (mut people, mut last) = (0, None);
    let tokens = cx.sheet((path, args.overwrite), "token", COLUMNS, |push| {
        let mut none = true;
        idp::imported::<Failure>(db, &users, |one| {
            none = false;
            if last.as_ref() != Some(&one.target) {
                people += 1;
                last = Some(one.target.clone());
            }
            push(one)
        })?;
        if none {
            cx.found(0)?;
        }
        Ok(())
    })?;
    let draft = cx
        .audit(&codes::IDP_URLS_EXPORTED)
        .object(path.display().to_string())
        .count("tokens", tokens)
        .count("users", people);
    cx.append_audit(draft)?;
    let outcome = Outcome::said(format!(
        "wrote {} of {} to {}",
        counted(tokens, "token"),
        counted(people, "user"),
        path.display()
    ));
    Ok(match tokens {
        0 => outcome.hint("only users who are imported or migrated are listed"),
        _ => outcome,
    })
}
