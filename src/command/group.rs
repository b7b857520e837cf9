//! `group list`.

use super::shared_args::list_args;
use super::{Context, Entry, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::selection::Pattern;
use crate::lang::spec::{Command, Complete, Example};
use crate::render::doc::Column;
use crate::vault::query;

const NAME: Key<Vec<Pattern>> =
    Key::patterns("name", "Only groups of this name; wildcards count").complete(Complete::Groups);

/// `group list`
pub(super) static LIST: Entry = Entry {
    spec: Command {
        details: "Lists the groups with the number of their users and of their unassigned tokens and cards.",
        args: list_args![NAME.arg],
        examples: &[
            Example {
                line: "group list",
                what: "All groups",
            },
            Example {
                line: "group list name=g* sort=-users columns=name,users limit=3",
                what: "The three largest of some groups",
            },
        ],
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
            let wanted = bound.args.get(&NAME);
            if wanted.is_some_and(|any| !any.iter().any(|name| name.matches(&group.name))) {
                return Ok(true);
            }
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
