//! `idpurl get`: which addresses tokens hold.

use super::concerns;
use crate::command::shared::{Out, RECORD, REQUIRE_MATCH};
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Example, Selects};
use crate::render::doc::{Col, ToCell as _};
use crate::vault::idp::{self, Address};
use crate::vault::phases::Users;

args! {
    struct Get {
        ..out: Out = RECORD,
        _ = REQUIRE_MATCH,
    }
}

/// `idpurl get`
pub(in crate::command) static GET: Entry = entry!(
    Get,
    get,
    Command {
        details: concat!(
            "Lists the addresses that the tokens of the selected users hold: what the source last said, what holds \
             now, how many tokens of how many users, and how many of those are in a bundle already.\n\n",
            concerns!()
        ),
        selects: Selects::Users,
        examples: &[Example::new(
            "idpurl get group=sales",
            "The addresses that a group's tokens hold"
        )],
        ..Command::new(
            "idpurl get",
            "List the identity provider's addresses that soft tokens hold",
        )
    }
);

const COLUMNS: &[Col<Address>] = &[
    Col::whole("sourceUrl", |one| one.source.cell()),
    Col::whole("url", |one| one.present.cell()),
    Col::whole("tokens", |one| one.tokens.cell()),
    Col::whole("users", |one| one.users.cell()),
    Col::whole("usersExported", |one| one.exported.cell()),
];

fn get(cx: &mut Context<'_>, args: Get) -> Result<Outcome, Failure> {
    let users = Users::chosen(&cx.selection()?)?;
    cx.list(&args.out, "address", COLUMNS, |push| {
        idp::addresses(cx.db()?, &users, push)
    })
}
