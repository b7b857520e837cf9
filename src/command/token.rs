//! `token load|list`.

use super::common::{FORMAT, INTO, OVERWRITE, REQUIRE_MATCH};
use super::file::lists_read;
use super::{Context, Entry, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Complete, Effect, Example, Selects};
use crate::render::doc::Column;
use crate::store::audit::codes;
use crate::vault::query;

const FILE: Key<std::path::PathBuf> = Key::in_file("file", "The file to load").required();
const LOAD_FORMAT: Key<String> =
    Key::choice("format", &["pskc"], "What the file is").default("pskc");
const GROUP: Key<String> = Key::text("group", "The group that gets the tokens")
    .default("the default group")
    .complete(Complete::Groups);

/// `token load`
pub(super) static LOAD: Entry = Entry {
    spec: Command {
        details: "Loads tokens from a PSKC file (RFC 6030) as unassigned tokens of a group: all, or none when one is \
            bad. This version reads plain PSKC; keys in it are in clear, so delete the file when you no longer need \
            it.",
        args: &[FILE.arg, LOAD_FORMAT.arg, GROUP.arg],
        effect: Effect::Write,
        examples: &[Example {
            line: "token load file=tokens.xml format=pskc group=sales",
            what: "Load tokens for a group",
        }],
        ..Command::new("token load", "Load unassigned tokens from a file")
    },
    audit: Some(&codes::TOKENS_LOADED),
    run: load,
};

/// `token list`
pub(super) static LIST: Entry = Entry {
    spec: Command {
        details: "Lists tokens, assigned and unassigned. A selection of users narrows it to their tokens.",
        args: &[FORMAT.arg, INTO.arg, OVERWRITE.arg, REQUIRE_MATCH.arg],
        selects: Selects::Tokens,
        examples: &[
            Example {
                line: "token list limit=5",
                what: "The first five tokens",
            },
            Example {
                line: "token list userid=a* format=csv",
                what: "Tokens of some users, for a spreadsheet",
            },
        ],
        ..Command::new("token list", "List tokens")
    },
    audit: None,
    run: list,
};

fn list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::text("vendor"),
        Column::whole("serial"),
        Column::whole("kind"),
        Column::whole("algorithm"),
        Column::text("model"),
        Column::whole("state"),
        Column::whole("activation"),
        Column::whole("group"),
        Column::whole("userid"),
        Column::whole("lastUsed"),
        Column::whole("expires"),
    ];
    let selection = lists_read(&bound.selection)?;
    let connection = cx.desk.reading()?.file().connection();
    cx.list(bound, "token", COLUMNS, |push| {
        query::tokens(connection, &selection, |token| {
            push(vec![
                token.vendor.into(),
                token.serial.into(),
                token.kind.into(),
                token.algorithm.into(),
                token.model.into(),
                token.state.into(),
                token.activation.into(),
                token.group.into(),
                token.userid.into(),
                token.last_used.into(),
                token.expires.into(),
            ])
        })
    })
}

fn load(_: &mut Context<'_>, _: &Bound) -> Result<Outcome, Failure> {
    Ok(Outcome::quiet())
}
