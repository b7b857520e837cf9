//! `card list`.

use super::file::lists_read;
use super::shared_args::chosen_args;
use super::{Context, Entry, Failure, Outcome};
use crate::lang::binder::Bound;
use crate::lang::selection::Entity;
use crate::lang::spec::{Command, Example, Selects};
use crate::render::doc::{Cell, Column};
use crate::vault::query;

/// `card list`
pub(super) static LIST: Entry = Entry {
    spec: Command {
        details: "Lists grid cards, assigned and unassigned. A selection filters them: by their own \
            attributes, also without 'card.', by assigned=yes or no, and by those of the users they belong to.",
        args: chosen_args![],
        selects: Selects::Cards,
        examples: &[Example {
            line: "card list limit=5",
            what: "The first five cards",
        }],
        ..Command::new("card list", "List grid cards")
    },
    audit: None,
    run: list,
};

fn list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("serial"),
        Column::whole("state"),
        Column::whole("usage"),
        Column::whole("group"),
        Column::whole("userid"),
        Column::whole("preproduced"),
        Column::whole("size"),
        Column::whole("created"),
        Column::whole("expires"),
    ];
    let selection = lists_read(&bound.selection)?;
    let connection = cx.desk.reading()?.file().connection();
    cx.list_chosen(bound, ("card", Entity::Card), COLUMNS, &selection, |push| {
        query::cards(connection, &selection, |card| {
            push(vec![
                Cell::Id(card.serial),
                card.state.into(),
                card.usage.into(),
                card.group.into(),
                card.userid.into(),
                card.preproduced.into(),
                format!("{}×{}", card.size.0, card.size.1).into(),
                card.created.into(),
                card.expires.into(),
            ])
        })
    })
}
