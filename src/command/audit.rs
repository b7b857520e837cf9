//! `audit list|get|verify|passwords|export|checkpoint`: who did what.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use super::context::Go;
use super::file::write_new;
use super::shared::{OVERWRITE, Out, REASON, RECORD, SHOWN, Shown, YES};
use super::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::args::When;
use crate::lang::code;
use crate::lang::keys::{self, Key, args};
use crate::lang::spec::{Command, Effect, Example};
use crate::model::{Moment, names};
use crate::render::counted;
use crate::render::doc::{Cell, Col, ToCell as _};
use crate::store::Rollback;
use crate::store::audit::{self, Claim, Filter, Row, Showing, Shown as Place, Source, codes};
use crate::vault::ledger::{self, Bundle};

const SINCE: Key<Option<When>> = keys::when(
    "since",
    "Only from then on: a day, a moment, or relative such as -7d",
);
const UNTIL: Key<Option<When>> = keys::when("until", "Only until then; a day is included");

args! {
    struct List {
        codes: Vec<String> = texts("code", "Only these codes, such as 8503 or AUD101"),
        masters: Vec<String> = texts("master", "Only what these masters did").complete(Complete::Masters),
        since: Option<When> = SINCE,
        until: Option<When> = UNTIL,
        bundle: Option<u64> = number("bundle", 1, i64::MAX, "Only what concerns this bundle")
            .complete(Complete::Bundles),
        newest: Option<u64> = number("last", 1, 1_000_000_000, "Only the newest N entries"),
        ..out: Out,
    }

    struct Get {
        seq: u64 = number("seq", 1, i64::MAX, "Number of the entry").positional().required(),
        ..out: Out = RECORD,
    }

    struct Verify {
        anchor: Option<String> = text("anchor", "SEQ:HASH that was written down earlier; the chain must still hold it"),
        bundle: Option<PathBuf> = in_file(
            "bundle",
            "A bundle file; the chain must still hold the entry in its header",
        ),
        ..out: Out = SHOWN,
    }

    struct Passwords {
        never: bool = flag("never", "Only bundles whose password was never shown"),
        ..out: Out,
    }
}

names! {
    /// What an export of the audit writes.
    Written, "format" {
        /// Every entry as it is.
        Jsonl = "jsonl",
        /// The main fields.
        Csv = "csv",
    }
}

args! {
    struct Export {
        file: PathBuf = out_file("file", "The file to write").required(),
        format: Written = choice("format", "What the file is").default("jsonl"),
        since: Option<When> = SINCE,
        until: Option<When> = UNTIL,
        overwrite: bool = OVERWRITE,
    }

    struct Acknowledge {
        _ = REASON.required(),
        _ = YES,
    }
}

/// `audit list`
pub(super) static LIST: Entry = entry!(
    List,
    list,
    Command {
        details: "Lists audit entries, oldest first.",
        examples: &[
            Example::new("audit list last=20", "The newest entries"),
            Example::new(
                "audit list code=8500,8502,8503 since=-7d",
                "Exports and passwords of a week"
            ),
        ],
        inspects: true,
        ..Command::new("audit list", "List audit entries")
    }
);

/// `audit get`
pub(super) static GET: Entry = entry!(
    Get,
    get,
    Command {
        details: "Shows one audit entry with every field it has.",
        examples: &[Example::new("audit get 1", "The first entry")],
        inspects: true,
        ..Command::new("audit get", "Show one audit entry")
    }
);

/// `audit verify`
pub(super) static VERIFY: Entry = entry!(
    Verify,
    verify,
    Command {
        details: "Checks that no audit entry was changed, removed, inserted or moved. That the newest entries were \
            not cut off shows only against an anchor: one that was written down at an earlier login, or the one in \
            the header of a bundle. 'rolledBack' lists the logins that did not find the entry which the machine had \
            seen last.",
        examples: &[
            Example::new("audit verify", "Check the chain"),
            Example::new("audit verify bundle=first.igb", "Check it against a bundle"),
        ],
        inspects: true,
        ..Command::new("audit verify", "Check the audit chain")
    }
);

/// `audit passwords`
pub(super) static PASSWORDS: Entry = entry!(
    Passwords,
    passwords,
    Command {
        details: "Lists, for each bundle, who has seen its password, when, from where, and how often; with -never \
            only the bundles whose password was never shown.",
        examples: &[
            Example::new("audit passwords", "Who has seen which password"),
            Example::new(
                "audit passwords -never",
                "Bundles whose password was never shown"
            ),
        ],
        ..Command::new(
            "audit passwords",
            "List who has seen the password of which bundle",
        )
    }
);

/// `audit export`
pub(super) static EXPORT: Entry = entry!(
    Export,
    export,
    codes::AUDIT_EXPORTED,
    Command {
        details: "Writes the audit to a file: jsonl has each entry's exact bytes with its hash and MAC, so that \
            others can check the chain; csv has the main fields.",
        effect: Effect::Write,
        examples: &[Example::new(
            "audit export file=audit.jsonl format=jsonl",
            "The whole audit"
        )],
        ..Command::new("audit export", "Write the audit to a file")
    }
);

/// `audit checkpoint`
pub(super) static CHECKPOINT: Entry = entry!(
    Shown,
    checkpoint,
    codes::CHECKPOINT,
    Command {
        details: "Shows the newest entry's number and hash, to be kept outside this machine: on paper, in a ticket. \
            'audit verify anchor=…' later proves that nothing up to it was cut off.",
        effect: Effect::Write,
        examples: &[Example::new("audit checkpoint", "An anchor to write down")],
        ..Command::new(
            "audit checkpoint",
            "Show an anchor of the audit to write down",
        )
    }
);

/// `audit acknowledge`
pub(super) static ACKNOWLEDGE: Entry = entry!(
    Acknowledge,
    acknowledge,
    codes::ACKNOWLEDGED,
    Command {
        details: "A login reports a vault that is older than this machine saw it, or that holds another audit, and so \
            does every login after it. This command ends the reports: it writes the entry that was seen and the \
            reason to the audit. Find out first who brought the copy back, and what is lost: 'audit verify' lists the logins.",
        effect: Effect::Destroy,
        examples: &[Example::new(
            "audit acknowledge reason=\"backup of Monday restored, ticket 7\"",
            "Say why the vault is older"
        )],
        ..Command::new(
            "audit acknowledge",
            "Acknowledge that the vault is older than it was",
        )
    }
);

const COLUMNS: &[Col<Row>] = &[
    Col::whole("seq", |row| Cell::Id(row.seq)),
    Col::whole("at", |row| of(row, |entry| entry.at.cell())),
    Col::whole("code", |row| of(row, |entry| entry.code.cell())),
    Col::whole("master", |row| of(row, |entry| entry.master.cell())),
    Col::text("action", |row| match &mut row.entry {
        Some(entry) => entry.action.cell(),
        None => "(damaged)".into(),
    }),
    Col::text("object", |row| of(row, |entry| Cell::filled(&entry.object))),
    Col::whole("bundle", |row| {
        of(row, |entry| entry.bundle.map(Cell::Id).into())
    }),
    Col::whole("outcome", |row| {
        of(row, |entry| entry.outcome.as_str().into())
    }),
    Col::text("source", |row| {
        of(row, |entry| source(&entry.source).into())
    }),
    Col::text("command", |row| of(row, |entry| entry.command.cell())),
];

/// A cell of an entry that can be read.
fn of(row: &mut Row, cell: fn(&mut audit::Entry) -> Cell) -> Cell {
    row.entry.as_mut().map_or(Cell::Absent, cell)
}

fn source(source: &Source) -> String {
    match source {
        Source::Live => "live".to_owned(),
        Source::Once => "once".to_owned(),
        Source::Script { file, line } => format!("{file}:{line}"),
    }
}

fn list(cx: &mut Context<'_>, args: List) -> Result<Outcome, Failure> {
    if let Some(unknown) = args.codes.iter().find(|typed| codes::find(typed).is_none()) {
        let known: Vec<_> = codes::ALL.iter().map(|code| code.code).collect();
        return Err(
            Failure::usage(format!("there is no audit code '{unknown}'"))
                .hint(format!("there are: {}", known.join(", "))),
        );
    }
    let filter = Filter {
        codes: args.codes,
        masters: args.masters,
        bundle: args.bundle,
        newest: args.newest,
        ..between(args.since, args.until)
    };
    cx.list(&args.out, "entry", COLUMNS, |push| {
        audit::list(cx.db()?, &filter, push)
    })
}

fn get(cx: &mut Context<'_>, args: Get) -> Result<Outcome, Failure> {
    let seq = args.seq;
    let row = audit::get(cx.db()?, seq)?;
    let hash = audit::hex(&row.hash);
    let Some(entry) = row.entry else {
        return Err(Failure::new(
            Exit::Integrity,
            code::AUDIT,
            format!("audit entry #{seq} is damaged"),
        )
        .hint("'audit verify' lists what was changed"));
    };
    let counts = entry
        .counts
        .iter()
        .map(|(what, count)| Cell::Text(format!("{what}: {count}")))
        .collect();
    let shown = entry.shown.as_ref().map(shown_as);
    cx.record(
        &args.out,
        vec![
            ("seq", Cell::Id(row.seq)),
            ("at", entry.at.into()),
            ("code", entry.code.into()),
            ("action", entry.action.into()),
            ("outcome", entry.outcome.as_str().into()),
            ("object", entry.object.into()),
            ("bundle", entry.bundle.map(Cell::Id).into()),
            ("command", entry.command.into()),
            ("source", source(&entry.source).into()),
            ("master", entry.master.into()),
            ("holder", entry.holder.into()),
            ("host", entry.host.into()),
            ("osUser", entry.os_user.into()),
            ("terminal", entry.terminal.into()),
            ("sessionId", entry.id.into()),
            ("counts", Cell::Items(counts)),
            ("reason", entry.reason.into()),
            ("intent", entry.intent.map(Cell::Id).into()),
            ("shown", shown.into()),
            (
                "rolledBack",
                Cell::Items(entry.rolled_back.into_iter().map(Cell::Text).collect()),
            ),
            ("detail", entry.detail.into()),
            ("generation", u64::from(entry.g).into()),
            ("confirmed", entry.session.into()),
            ("hash", hash.into()),
        ],
    )
}

fn shown_as(shown: &Place) -> String {
    match shown {
        Place::Screen => "screen".to_owned(),
        Place::File(path) => format!("file {path}"),
    }
}

fn verify(cx: &mut Context<'_>, args: Verify) -> Result<Outcome, Failure> {
    let mut claims: Vec<Claim> = Vec::new();
    if let Some(anchor) = &args.anchor {
        claims.push(anchor.parse()?);
    }
    if let Some(path) = &args.bundle {
        claims.push(super::bundle::anchor(&super::bundle::header(path)?).into());
    }
    let opened = cx.desk.opened()?;
    let mut findings = Vec::new();
    let verified = audit::verify(
        opened.vault.file().connection(),
        &opened.keys,
        &claims,
        |finding| {
            findings.push(finding.to_string());
        },
    )?;
    let rolled_back = verified
        .rolled_back
        .iter()
        .map(ToString::to_string)
        .collect();
    cx.record(
        &args.out,
        vec![
            ("entries", verified.entries.into()),
            ("last", verified.last.to_string().into()),
            ("anchors", claims.len().into()),
            ("unconfirmed", verified.unconfirmed.into()),
            ("findings", Cell::List(findings.clone())),
            ("rolledBack", Cell::List(rolled_back)),
        ],
    )?;
    if findings.is_empty() {
        return Ok(Outcome::said("the audit is whole"));
    }
    Err(Failure::new(
        Exit::Integrity,
        code::AUDIT,
        format!("the audit was changed: {}", findings.join("; ")),
    )
    .hint("keep a copy of the vault as it is, and compare it with a backup"))
}

/// A bundle, and one of those who have seen its password with how many have by then.
type Seen = (Bundle, Option<(Showing, usize)>);

const SEEN: &[Col<Seen>] = &[
    Col::whole("bundle", |(bundle, _)| Cell::Id(bundle.number)),
    Col::text("file", |(bundle, _)| bundle.path.cell()),
    Col::text("selection", |(bundle, _)| bundle.selection.cell()),
    Col::whole("users", |(bundle, _)| bundle.counts.user.cell()),
    Col::whole("exportedBy", |(bundle, _)| bundle.master.cell()),
    Col::whole("exportedAt", |(bundle, _)| bundle.opened.cell()),
    Col::whole("shownTo", |(_, seen)| {
        by(seen, |showing| showing.master.cell())
    }),
    Col::text("holder", |(_, seen)| {
        by(seen, |showing| showing.holder.cell())
    }),
    Col::whole("shownAt", |(_, seen)| by(seen, |showing| showing.at.cell())),
    Col::text("host", |(_, seen)| by(seen, |showing| showing.host.cell())),
    Col::text("terminal", |(_, seen)| {
        by(seen, |showing| showing.terminal.cell())
    }),
    Col::text("where", |(_, seen)| match seen {
        None => "never".into(),
        Some((showing, _)) => {
            let unsure = if showing.confirmed {
                ""
            } else {
                " (counts as seen)"
            };
            let shown = showing.shown.as_ref();
            shown
                .map(|shown| format!("{}{unsure}", shown_as(shown)))
                .into()
        }
    }),
    Col::whole("times", |(_, seen)| {
        seen.as_ref().map_or(0, |(_, times)| *times).into()
    }),
];

fn by(seen: &mut Option<(Showing, usize)>, cell: fn(&mut Showing) -> Cell) -> Cell {
    seen.as_mut()
        .map_or(Cell::Absent, |(showing, _)| cell(showing))
}

fn passwords(cx: &mut Context<'_>, args: Passwords) -> Result<Outcome, Failure> {
    let showings = audit::showings(cx.db()?, None)?;
    cx.list(&args.out, "showing", SEEN, |push| {
        ledger::list(cx.db()?, |bundle| {
            let mut of = showings
                .iter()
                .filter(|showing| showing.bundle == bundle.number)
                .peekable();
            if of.peek().is_none() {
                return push((bundle, None));
            }
            for (showing, times) in of.zip(1..).take_while(|_| !args.never) {
                if !push((bundle.clone(), Some((showing.clone(), times))))? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    })
}

fn export(cx: &mut Context<'_>, args: Export) -> Result<Outcome, Failure> {
    let (path, overwrite) = (args.file.as_path(), args.overwrite);
    let filter = between(args.since, args.until);
    let db = cx.db()?;
    let count = match args.format {
        Written::Csv => cx.sheet((path, overwrite), "entry", COLUMNS, |push| {
            audit::list(db, &filter, push)
        })?,
        Written::Jsonl => {
            let mut count = 0;
            write_new(path, overwrite, |file| {
                let failed = |error: std::io::Error| Failure::file("write", path, &error);
                let mut out = BufWriter::new(file);
                audit::list::<Failure>(db, &filter, |row| {
                    count += 1;
                    writeln!(out, "{}", row.to_json_line()).map_err(failed)?;
                    Ok(true)
                })?;
                out.flush().map_err(failed)
            })?;
            count
        }
    };
    let draft = cx
        .audit(&codes::AUDIT_EXPORTED)
        .object(path.display().to_string())
        .count("entries", count);
    cx.append_audit(draft)?;
    Ok(Outcome::said(format!(
        "wrote {} to {}",
        counted(count, "entry"),
        path.display()
    )))
}

fn between(since: Option<When>, until: Option<When>) -> Filter {
    Filter {
        since: since.map(|when| Moment::nearest(when.start).timestamp()),
        until: until.map(|when| Moment::nearest(when.last).timestamp()),
        ..Filter::default()
    }
}

fn checkpoint(cx: &mut Context<'_>, args: Shown) -> Result<Outcome, Failure> {
    let draft = cx.audit(&codes::CHECKPOINT);
    let anchor = cx.append_audit(draft)?;
    cx.record(&args.out, vec![("anchor", anchor.to_string().into())])?;
    Ok(
        Outcome::said("wrote an entry to the audit, and this anchor is its number and hash")
            .hint("write it down outside this machine; 'audit verify anchor=…' compares it later"),
    )
}

fn acknowledge(cx: &mut Context<'_>, _: Acknowledge) -> Result<Outcome, Failure> {
    let rollbacks = cx.desk.opened()?.vault.file().rollbacks()?;
    if rollbacks.is_empty() {
        return Ok(Outcome::said(
            "0 entries to acknowledge: no login reports an older vault",
        ));
    }
    let claims: Vec<String> = rollbacks
        .iter()
        .filter_map(Rollback::claim)
        .map(|claim| claim.to_string())
        .collect();
    let count = rollbacks.len() as u64;
    let question = format!(
        "A login did not find {} of the audit that this machine had seen ({}). Stop reporting it?",
        counted(count, "entry"),
        match claims.len() {
            0 => "what was noted cannot be read".to_owned(),
            _ => claims.join(", "),
        }
    );
    if cx.ask(count, &question)? == Go::DryRun {
        return Ok(Outcome::said("this was a dry run; nothing was changed"));
    }
    let mut draft = cx.audit(&codes::ACKNOWLEDGED);
    draft.object = claims.join(", ");
    draft.rolled_back = claims;
    let anchor = cx.append_audit(draft)?;
    cx.desk.reading()?.file().acknowledged(&rollbacks)?;
    Ok(Outcome::said(format!(
        "acknowledged; the audit holds it as #{}",
        anchor.seq
    )))
}
