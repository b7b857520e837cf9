//! `group list`.

use super::shared::Out;
use super::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::selection::Pattern;
use crate::lang::spec::{Command, Example};
use crate::render::doc::{Col, ToCell as _};
use crate::vault::query::{self, GroupRow};

args! {
    struct List {
        name: Vec<Pattern> = patterns("name", "Only groups of this name; wildcards count").complete(Complete::Groups),
        ..out: Out,
    }
}

/// `group list`
pub(super) static LIST: Entry = entry!(
    List,
    list,
    Command {
        details: "Lists the groups with the number of their users and of their unassigned tokens and cards.",
        examples: &[
            Example::new("group list", "All groups"),
            Example::new(
                "group list name=g* sort=-users columns=name,users limit=3",
                "The three largest of some groups"
            ),
        ],
        ..Command::new("group list", "List groups")
    }
);

const COLUMNS: &[Col<GroupRow>] = &[
    Col::whole("name", |group| group.name.cell()),
    Col::whole("default", |group| group.default.cell()),
    Col::whole("users", |group| group.users.cell()),
    Col::whole("unassignedTokens", |group| group.tokens.cell()),
    Col::whole("unassignedCards", |group| group.cards.cell()),
];

fn list(cx: &mut Context<'_>, args: List) -> Result<Outcome, Failure> {
    let wanted = |name: &str| args.name.is_empty() || args.name.iter().any(|one| one.matches(name));
    cx.list(&args.out, "group", COLUMNS, |push| {
        query::groups(cx.db()?, |group| Ok(!wanted(&group.name) || push(group)?))
    })
}
