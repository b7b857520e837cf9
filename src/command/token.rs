//! `token load|list`.

use std::path::PathBuf;

use super::shared::Chosen;
use super::source::remark;
use super::{Context, Entry, Failure, Outcome, entry};
use crate::exchange::{input, pskc};
use crate::lang::keys::args;
use crate::lang::selection::Entity;
use crate::lang::spec::{Command, Effect, Example, Selects};
use crate::render::counted;
use crate::render::doc::{Col, ToCell as _};
use crate::store;
use crate::store::audit::{self, codes};
use crate::vault::load::{BadRecord, GoneLimit, LoadOptions};
use crate::vault::query::{self, TokenRow};

/// So many remarks about a file are shown.
const SHOWN: usize = 5;

args! {
    struct Load {
        file: PathBuf = in_file("file", "The file to load").required(),
        _ = only("format", &["pskc"], "What the file is").default("pskc"),
        group: Option<String> = text("group", "The group that gets the tokens")
            .absent("the default group")
            .complete(Complete::Groups),
    }
}

/// `token load`
pub(super) static LOAD: Entry = entry!(
    Load,
    load,
    codes::TOKENS_LOADED,
    Command {
        details: "Loads tokens from a PSKC file (RFC 6030) as unassigned tokens of a group: all, or none when one is \
            bad or in the vault already; a token never changes hands this way. A warning names tokens that look like \
            others of the vault. This version reads plain PSKC; keys in it are in clear, so delete the file when \
            it is no longer needed.",
        effect: Effect::Write,
        examples: &[Example::new(
            "token load file=tokens.xml format=pskc group=sales",
            "Load tokens for a group"
        )],
        ..Command::new("token load", "Load unassigned tokens from a file")
    }
);

/// `token list`
pub(super) static LIST: Entry = entry!(
    Chosen,
    list,
    Command {
        details: "Lists tokens, assigned and unassigned. A selection filters them: by their own \
            attributes, also without 'token.', by assigned=yes or no, and by those of the users they belong to. \
            An unassigned token is of a group, but of no user.",
        selects: Selects::Tokens,
        examples: &[
            Example::new("token list limit=5", "The first five tokens"),
            Example::new(
                "token list assigned=no vendor=HID",
                "Unassigned tokens of a vendor"
            ),
            Example::new(
                "token list userid=a* format=csv",
                "Tokens of some users, for a spreadsheet"
            ),
        ],
        ..Command::new("token list", "List tokens")
    }
);

const COLUMNS: &[Col<TokenRow>] = &[
    Col::text("vendor", |token| token.vendor.cell()),
    Col::whole("serial", |token| token.serial.cell()),
    Col::whole("kind", |token| token.kind.cell()),
    Col::whole("algorithm", |token| token.algorithm.cell()),
    Col::text("model", |token| token.model.cell()),
    Col::whole("state", |token| token.state.cell()),
    Col::whole("activation", |token| token.activation.cell()),
    Col::whole("group", |token| token.group.cell()),
    Col::whole("userid", |token| token.userid.cell()),
    Col::whole("lastUsed", |token| token.last_used.cell()),
    Col::whole("expires", |token| token.expires.cell()),
];

fn list(cx: &mut Context<'_>, args: Chosen) -> Result<Outcome, Failure> {
    cx.chosen(
        args.out,
        ("token", Entity::Token),
        COLUMNS,
        |db, chosen, push| query::tokens(db, chosen, push),
    )
}

fn load(cx: &mut Context<'_>, args: Load) -> Result<Outcome, Failure> {
    let path = args.file.as_path();
    let holder = cx.holding();
    let draft = cx
        .audit(&codes::TOKENS_LOADED)
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
        gone_limit: GoneLimit::Exactly(0),
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
            args.group.as_deref(),
            &options,
            &holder,
            audit,
            &progress,
            cancel,
        )
        .map_err(|error| Failure::from(error).in_file(path));
    drop(progress);
    let (loaded, group) = loaded?;
    let count = loaded.tokens.new;
    remark(cx.ui, &loaded);
    let report = reader.report();
    if count == 0 {
        let why: Vec<String> = besides(report).collect();
        cx.ui.warning(&format!(
            "no token was found in {}: {}",
            path.display(),
            match why.is_empty() {
                true => "it holds no key".to_owned(),
                false => why.join("; "),
            }
        ));
    }
    let outcome = Outcome {
        notices: notices(report, count, &group),
        ..Outcome::default()
    };
    Ok(outcome.in_plain(path))
}

/// What was in the file, in a few lines.
fn notices(report: &pskc::Report, count: u64, group: &str) -> Vec<String> {
    let mut notices = vec![format!("loaded {} into {group}", counted(count, "token"))];
    notices.extend(besides(report));
    notices.extend(report.notices.iter().take(SHOWN).map(ToString::to_string));
    let more = report.more_notices + report.notices.len().saturating_sub(SHOWN) as u64;
    if more > 0 {
        notices.push(format!("and {} more of that kind", counted(more, "remark")));
    }
    notices
}

/// What was in the file besides tokens.
fn besides(report: &pskc::Report) -> impl Iterator<Item = String> {
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
            "passed over: unknown kind of token",
        ),
    ];
    rest.into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, noun, what)| format!("{} {what}", counted(count, noun)))
}
