//! `token load|list`.

use std::path::Path;

use super::file::lists_read;
use super::shared_args::chosen_args;
use super::{Context, Entry, Failure, Outcome};
use crate::exchange::{input, pskc};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::selection::Entity;
use crate::lang::spec::{Command, Complete, Effect, Example, Selects};
use crate::render::counted;
use crate::render::doc::Column;
use crate::store;
use crate::store::audit::{self, codes};
use crate::vault::load::{BadRecord, LoadOptions};
use crate::vault::query;

/// So many remarks about a file are shown.
const TOLD: usize = 5;
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
        details: "Lists tokens, assigned and unassigned. A selection filters them: by their own \
            attributes, also without 'token.', by assigned=yes or no, and by those of the users they belong to. \
            An unassigned token is of a group, but of no user.",
        args: chosen_args![],
        selects: Selects::Tokens,
        examples: &[
            Example {
                line: "token list limit=5",
                what: "The first five tokens",
            },
            Example {
                line: "token list assigned=no vendor=HID",
                what: "Tokens of a vendor that nobody has",
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
    cx.list_chosen(
        bound,
        ("token", Entity::Token),
        COLUMNS,
        &selection,
        |push| {
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
        },
    )
}

fn load(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let Some(path) = bound.args.get(&FILE) else {
        return Ok(Outcome::quiet());
    };
    let holder = cx.holder(bound);
    let draft = cx
        .draft(bound, &codes::TOKENS_LOADED)
        .object(path.display().to_string());
    let progress = cx.ui.progress();
    let (clock, cancel, who) = (cx.ambient.clock.as_ref(), cx.cancel, cx.desk.who.clone());
    let opened = cx.desk.opened()?;
    let keys = opened.keys;
    let options = LoadOptions {
        source: path.display().to_string(),
        format: "pskc".to_owned(),
        master: opened.session.name().to_owned(),
        at: clock.now(),
        skip_bad: false,
        force: false,
        add_system: false,
        prefixes: Vec::new(),
    };
    let mut reader = pskc::Reader::new(input::open(path)?);
    let tokens = reader.by_ref().map(|item| {
        item.map(|(position, token)| (position.line, token))
            .map_err(|error| BadRecord {
                line: error.position.line,
                what: error.to_string(),
                hint: error.hint,
                fatal: error.fatal,
            })
    });
    let audit = |tx: &store::Transaction<'_>, count: u64, group: &str, sums: audit::Sums| {
        let draft = draft.count("tokens", count);
        audit::append_with(
            tx,
            &audit::Draft {
                object: format!("{} into {group}", draft.object),
                ..draft
            },
            &who,
            Some(&keys),
            sums,
            clock,
        )
        .map(|_| ())
    };
    let loaded = opened
        .vault
        .load_tokens(
            &keys,
            tokens,
            bound.args.get(&GROUP),
            &options,
            &holder,
            audit,
            &progress,
            cancel,
        )
        .map_err(|error| Failure::from(error).in_file(path));
    drop(progress);
    let (count, group) = loaded?;
    Ok(Outcome {
        notices: tell(reader.report(), count, &group, path),
        exit: None,
    })
}

/// What was in the file, in a few lines.
fn tell(report: &pskc::Report, count: u64, group: &str, path: &Path) -> Vec<String> {
    let mut notices = vec![format!("loaded {} into {group}", counted(count, "token"))];
    let rest = [
        (report.pins, "PIN", "attached to the tokens they protect"),
        (
            report.references,
            "key reference",
            "passed over: the key itself is elsewhere",
        ),
        (
            report.unsupported,
            "key",
            "passed over: no kind of token that igsh knows",
        ),
    ];
    for (count, noun, what) in rest.into_iter().filter(|(count, ..)| *count > 0) {
        notices.push(format!("{} {what}", counted(count, noun)));
    }
    notices.extend(report.notices.iter().take(TOLD).map(ToString::to_string));
    let more = report.more_notices + report.notices.len().saturating_sub(TOLD) as u64;
    if more > 0 {
        notices.push(format!("and {} more of that kind", counted(more, "remark")));
    }
    notices.push(format!(
        "{} is still there, in plain; delete it when you no longer need it",
        path.display()
    ));
    notices
}
