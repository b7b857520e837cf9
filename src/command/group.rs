//! `group list`.

use super::common::{FORMAT, INTO, OVERWRITE};
use super::{Context, Entry, Failure, Outcome};
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Example};
use crate::render::doc::Column;
use crate::vault::query;

/// `group list`
pub(super) static LIST: Entry = Entry {
    spec: Command {
        details: "Lists the groups with the number of their users and of their unassigned tokens and cards.",
        args: &[FORMAT.arg, INTO.arg, OVERWRITE.arg],
        examples: &[Example {
            line: "group list",
            what: "All groups",
        }],
        ..Command::new("group list", "List groups")
    },
    audit: None,
    run: list,
};

fn list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("name"),
        Column::whole("default"),
        Column::whole("users"),
        Column::whole("unassignedTokens"),
        Column::whole("unassignedCards"),
    ];
    let connection = cx.desk.reading()?.file().connection();
    cx.list(bound, "group", COLUMNS, |push| {
        query::groups(connection, |group| {
            push(vec![
                group.name.into(),
                group.default.into(),
                group.users.into(),
                group.tokens.into(),
                group.cards.into(),
            ])
        })
    })
}
