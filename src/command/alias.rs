//! `alias list`.

use super::file::lists_read;
use super::shared_args::chosen_args;
use super::{Context, Entry, Failure, Outcome};
use crate::lang::binder::Bound;
use crate::lang::selection::Entity;
use crate::lang::spec::{Command, Example, Selects};
use crate::render::doc::Column;
use crate::vault::query;

/// `alias list`
pub(super) static LIST: Entry = Entry {
    spec: Command {
        details: "Lists aliases with the users they belong to.",
        args: chosen_args![],
        selects: Selects::Users,
        examples: &[Example {
            line: "alias list userid=a* limit=5",
            what: "Aliases of some users",
        }],
        ..Command::new("alias list", "List aliases")
    },
    audit: None,
    run: list,
};

fn list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("alias"),
        Column::whole("group"),
        Column::whole("userid"),
    ];
    let selection = lists_read(&bound.selection)?;
    let connection = cx.desk.reading()?.file().connection();
    cx.list_chosen(
        bound,
        ("alias", Entity::User),
        COLUMNS,
        &selection,
        |push| {
            query::aliases(connection, &selection, |alias| {
                push(vec![
                    alias.alias.into(),
                    alias.group.into(),
                    alias.userid.into(),
                ])
            })
        },
    )
}
