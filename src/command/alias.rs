//! `alias list`.

use super::shared::Chosen;
use super::{Context, Entry, Failure, Outcome, entry};
use crate::lang::selection::Entity;
use crate::lang::spec::{Command, Example, Selects};
use crate::render::doc::{Col, ToCell as _};
use crate::vault::query::{self, AliasRow};

/// `alias list`
pub(super) static LIST: Entry = entry!(
    Chosen,
    list,
    Command {
        details: "Lists aliases with the users they belong to.",
        selects: Selects::Users,
        examples: &[Example::new(
            "alias list userid=a* limit=5",
            "Aliases of some users"
        )],
        ..Command::new("alias list", "List aliases")
    }
);

const COLUMNS: &[Col<AliasRow>] = &[
    Col::whole("alias", |alias| alias.alias.cell()),
    Col::whole("group", |alias| alias.group.cell()),
    Col::whole("userid", |alias| alias.userid.cell()),
];

fn list(cx: &mut Context<'_>, args: Chosen) -> Result<Outcome, Failure> {
    cx.chosen(
        args.out,
        ("alias", Entity::User),
        COLUMNS,
        |db, chosen, push| query::aliases(db, chosen, push),
    )
}
