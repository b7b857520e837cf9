//! `idpurl get`: which addresses tokens hold.

use super::concerns;
use crate::command::file::lists_read;
use crate::command::shared_args::{FORMAT, INTO, OVERWRITE, REQUIRE_MATCH};
use crate::command::{Context, Entry, Failure, Outcome};
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Example, Selects};
use crate::render::doc::Column;
use crate::vault::idp;
use crate::vault::phases::Users;

/// `idpurl get`
pub(in crate::command) static GET: Entry = Entry {
    spec: Command {
        details: concat!(
            "Lists the addresses that the tokens of the selected users hold: what the source last said, what holds \
             now, how many tokens of how many users, and how many of those are in a bundle already.\n\n",
            concerns!()
        ),
        args: &[FORMAT.arg, INTO.arg, OVERWRITE.arg, REQUIRE_MATCH.arg],
        selects: Selects::Users,
        examples: &[Example {
            line: "idpurl get group=sales",
            what: "The addresses that a group's tokens hold",
        }],
        ..Command::new(
            "idpurl get",
            "List the identity provider's addresses that soft tokens hold",
        )
    },
    audit: None,
    run: get,
};

fn get(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("sourceUrl"),
        Column::whole("url"),
        Column::whole("tokens"),
        Column::whole("users"),
        Column::whole("usersExported"),
    ];
    let users = Users::chosen(&lists_read(&bound.selection)?)?;
    let db = cx.desk.reading()?.file().connection();
    cx.list(bound, "address", COLUMNS, |push| {
        idp::addresses(db, &users, |one| {
            push(vec![
                one.source.into(),
                one.present.into(),
                one.tokens.into(),
                one.users.into(),
                one.exported.into(),
            ])
        })
    })
}
