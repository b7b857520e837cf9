//! `idpurl export`: the list for whoever changes the address on the devices.

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::concerns;
use crate::command::file::{lists_read, write_new};
use crate::command::shared_args::{OVERWRITE, REQUIRE_MATCH};
use crate::command::{Context, Entry, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Effect, Example, Selects};
use crate::render::doc::Column;
use crate::render::{Format, counted};
use crate::store::audit::codes;
use crate::vault::idp::{self, Listed};
use crate::vault::phases::Users;

const FILE: Key<PathBuf> = Key::out_file("file", "The list, as CSV").required();

/// `idpurl export`
pub(in crate::command) static EXPORT: Entry = Entry {
    spec: Command {
        details: concat!(
            "Writes the tokens of the selected users who are imported or migrated to a new CSV file of mode 0600 with \
             the columns userid (on the target), group, vendor, serial and url: the list for whoever runs the \
             vendor's filter, which tells the devices the new address.\n\n",
            concerns!()
        ),
        args: &[FILE.arg, OVERWRITE.arg, REQUIRE_MATCH.arg],
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[Example {
            line: "idpurl export group=sales file=filter.csv",
            what: "The list for a group",
        }],
        ..Command::new(
            "idpurl export",
            "Write the list of imported soft tokens and their addresses",
        )
    },
    audit: Some(&codes::IDP_URLS_EXPORTED),
    run: export,
};

fn export(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("userid"),
        Column::whole("group"),
        Column::whole("vendor"),
        Column::whole("serial"),
        Column::whole("url"),
    ];
    let path = bound.args.get(&FILE).unwrap_or(Path::new(""));
    let users = Users::chosen(&lists_read(&bound.selection)?)?;
    let db = cx.desk.reading()?.file().connection();
    let (mut tokens, mut people, mut last) = (0, 0, String::new());
    write_new(path, bound.args.flag(&OVERWRITE), |file| {
        let copy = file
            .try_clone()
            .map_err(|error| Failure::file("write", path, &error))?;
        let mut rows = cx.ui.rows_into(Box::new(BufWriter::new(copy)), Format::Csv);
        rows.begin("token", COLUMNS)?;
        idp::imported::<Failure>(db, &users, |one| {
            cx.cancel.check()?;
            let Listed {
                target,
                group,
                vendor,
                serial,
                url,
            } = one;
            tokens += 1;
            people += u64::from(tokens == 1 || last != target);
            last.clone_from(&target);
            Ok(rows.row(vec![
                target.into(),
                group.into(),
                vendor.into(),
                serial.into(),
                url.into(),
            ])?)
        })?;
        cx.matched(bound, tokens)?;
        Ok(rows.end()?)
    })?;
    let draft = cx
        .draft(bound, &codes::IDP_URLS_EXPORTED)
        .object(path.display().to_string())
        .count("tokens", tokens)
        .count("users", people);
    cx.append_audit(bound, draft)?;
    let mut said = format!(
        "wrote {} of {} to {}",
        counted(tokens, "token"),
        counted(people, "user"),
        path.display()
    );
    if tokens == 0 {
        said += "; only users who are imported or migrated are listed";
    }
    Ok(Outcome::said(said))
}
