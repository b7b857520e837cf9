//! `card list`.

use super::shared::Chosen;
use super::{Context, Entry, Failure, Outcome, entry};
use crate::lang::selection::Entity;
use crate::lang::spec::{Command, Example, Selects};
use crate::render::doc::{Cell, Col, ToCell as _};
use crate::vault::query::{self, CardRow};

/// `card list`
pub(super) static LIST: Entry = entry!(
    Chosen,
    list,
    Command {
        details: "Lists grid cards, assigned and unassigned. A selection filters them: by their own \
            attributes, also without 'card.', by assigned=yes or no, and by those of the users they belong to.",
        selects: Selects::Cards,
        examples: &[Example::new("card list limit=5", "The first five cards")],
        ..Command::new("card list", "List grid cards")
    }
);

const COLUMNS: &[Col<CardRow>] = &[
    Col::whole("serial", |card| Cell::Id(card.serial)),
    Col::whole("state", |card| card.state.cell()),
    Col::whole("usage", |card| card.usage.cell()),
    Col::whole("group", |card| card.group.cell()),
    Col::whole("userid", |card| card.userid.cell()),
    Col::whole("preproduced", |card| card.preproduced.cell()),
    Col::whole("size", |card| {
        format!("{}×{}", card.size.0, card.size.1).into()
    }),
    Col::whole("created", |card| card.created.cell()),
    Col::whole("expires", |card| card.expires.cell()),
];

fn list(cx: &mut Context<'_>, args: Chosen) -> Result<Outcome, Failure> {
    cx.chosen(
        args.out,
        ("card", Entity::Card),
        COLUMNS,
        |db, chosen, push| query::cards(db, chosen, push),
    )
}
