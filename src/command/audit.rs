//! `audit list|get|verify|passwords|export|checkpoint`: who did what.

use std::io::{BufWriter, Write as _};

use super::context::Go;
use super::failure::code;
use super::file::write_new;
use super::shared_args::{FORMAT, INTO, OVERWRITE, REASON, YES, list_args};
use super::{Context, Entry, Exit, Failure, Outcome};
use crate::lang::args::{Key, When};
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Complete, Effect, Example};
use crate::render::doc::{Cell, Column};
use crate::render::{Format, counted};
use crate::store::Rollback;
use crate::store::audit::{self, Claim, Filter, Row, Shown, Source, codes};
use crate::vault::ledger;

const CODE: Key<Vec<String>> = Key::texts("code", "Only these codes, such as 8503 or AUD101");
const MASTER: Key<Vec<String>> =
    Key::texts("master", "Only what these masters did").complete(Complete::Masters);
const SINCE: Key<When> = Key::when(
    "since",
    "Only from then on: a day, a moment, or relative such as -7d",
);
const UNTIL: Key<When> = Key::when("until", "Only until then; a day is included");
const BUNDLE: Key<i64> = Key::number("bundle", 1, i64::MAX, "Only what concerns this bundle")
    .complete(Complete::Bundles);
const LAST: Key<i64> = Key::number("last", 1, 1_000_000_000, "Only the newest N entries");
const SEQ: Key<i64> = Key::number("seq", 1, i64::MAX, "Number of the entry")
    .positional()
    .required();
const ANCHOR: Key<String> = Key::text(
    "anchor",
    "SEQ:HASH that was written down earlier; the chain must still hold it",
);
const ANCHOR_BUNDLE: Key<std::path::PathBuf> = Key::in_file(
    "bundle",
    "A bundle file; the chain must still hold the entry in its header",
);
const EXPORT_FORMAT: Key<String> =
    Key::choice("format", &["jsonl", "csv"], "What the file is").default("jsonl");
const EXPORT_FILE: Key<std::path::PathBuf> = Key::out_file("file", "The file to write").required();
const WHY: Key<String> = REASON.required();
const NEVER: Key<bool> = Key::flag("never", "Only bundles whose password nobody has seen");

/// `audit list`
pub(super) static LIST: Entry = Entry {
    spec: Command {
        details: "Lists audit entries, oldest first.",
        args: list_args![
            CODE.arg, MASTER.arg, SINCE.arg, UNTIL.arg, BUNDLE.arg, LAST.arg
        ],
        examples: &[
            Example {
                line: "audit list last=20",
                what: "The newest entries",
            },
            Example {
                line: "audit list code=8500,8502,8503 since=-7d",
                what: "Exports and passwords of a week",
            },
        ],
        inspects: true,
        ..Command::new("audit list", "List audit entries")
    },
    audit: None,
    run: list,
};

/// `audit get`
pub(super) static GET: Entry = Entry {
    spec: Command {
        details: "Shows one audit entry with every field it has.",
        args: &[SEQ.arg, FORMAT.arg, INTO.arg, OVERWRITE.arg],
        examples: &[Example {
            line: "audit get 1",
            what: "The first entry",
        }],
        inspects: true,
        ..Command::new("audit get", "Show one audit entry")
    },
    audit: None,
    run: get,
};

/// `audit verify`
pub(super) static VERIFY: Entry = Entry {
    spec: Command {
        details: "Checks that no audit entry was changed, removed, inserted or moved. That the newest entries were \
            not cut off shows only against an anchor: one that was written down at an earlier login, or the one in \
            the header of a bundle. 'rolledBack' lists the logins that did not find the entry which the machine had \
            seen last.",
        args: &[ANCHOR.arg, ANCHOR_BUNDLE.arg, FORMAT.arg],
        examples: &[
            Example {
                line: "audit verify",
                what: "Check the chain",
            },
            Example {
                line: "audit verify bundle=first.igb",
                what: "Check it against a bundle",
            },
        ],
        inspects: true,
        ..Command::new("audit verify", "Check the audit chain")
    },
    audit: None,
    run: verify,
};

/// `audit passwords`
pub(super) static PASSWORDS: Entry = Entry {
    spec: Command {
        details: "Lists, for each bundle, who has seen its password, when, from where, and how often; with -never \
            only the bundles whose password nobody has seen.",
        args: list_args![NEVER.arg],
        examples: &[
            Example {
                line: "audit passwords",
                what: "Who has seen which password",
            },
            Example {
                line: "audit passwords -never",
                what: "Bundles nobody can open yet",
            },
        ],
        ..Command::new(
            "audit passwords",
            "List who has seen the password of which bundle",
        )
    },
    audit: None,
    run: passwords,
};

/// `audit export`
pub(super) static EXPORT: Entry = Entry {
    spec: Command {
        details: "Writes the audit to a file: jsonl has each entry's exact bytes with its hash and MAC, so that \
            others can check the chain; csv has the main fields.",
        args: &[
            EXPORT_FILE.arg,
            EXPORT_FORMAT.arg,
            SINCE.arg,
            UNTIL.arg,
            OVERWRITE.arg,
        ],
        effect: Effect::Write,
        examples: &[Example {
            line: "audit export file=audit.jsonl format=jsonl",
            what: "The whole audit",
        }],
        ..Command::new("audit export", "Write the audit to a file")
    },
    audit: Some(&codes::AUDIT_EXPORTED),
    run: export,
};

/// `audit checkpoint`
pub(super) static CHECKPOINT: Entry = Entry {
    spec: Command {
        details: "Shows the newest entry's number and hash, to be kept outside this machine: on paper, in a ticket. \
            'audit verify anchor=…' later proves that nothing up to it was cut off.",
        args: &[FORMAT.arg],
        effect: Effect::Write,
        examples: &[Example {
            line: "audit checkpoint",
            what: "An anchor to write down",
        }],
        ..Command::new(
            "audit checkpoint",
            "Show an anchor of the audit to write down",
        )
    },
    audit: Some(&codes::CHECKPOINT),
    run: checkpoint,
};

/// `audit acknowledge`
pub(super) static ACKNOWLEDGE: Entry = Entry {
    spec: Command {
        details: "A login that finds the vault older than this machine saw it, or another audit in it, says so, and so \
            does every login after it. This command ends that: it writes the entry that was seen and the reason to \
            the audit. Find out first who brought the copy back, and what is lost: 'audit verify' lists the logins.",
        args: &[WHY.arg, YES.arg],
        effect: Effect::Destroy,
        examples: &[Example {
            line: "audit acknowledge reason=\"backup of Monday restored, ticket 7\"",
            what: "Say why the vault is older",
        }],
        ..Command::new(
            "audit acknowledge",
            "Acknowledge that the vault is older than it was",
        )
    },
    audit: Some(&codes::ACKNOWLEDGED),
    run: acknowledge,
};

const COLUMNS: &[Column] = &[
    Column::whole("seq"),
    Column::whole("at"),
    Column::whole("code"),
    Column::whole("master"),
    Column::text("action"),
    Column::text("object"),
    Column::whole("bundle"),
    Column::whole("outcome"),
    Column::text("source"),
    Column::text("command"),
];

fn filter(bound: &Bound) -> Result<Filter, Failure> {
    let codes: Vec<String> = bound.args.get(&CODE).unwrap_or_default().to_vec();
    if let Some(unknown) = codes.iter().find(|typed| codes::find(typed).is_none()) {
        let known: Vec<_> = codes::ALL.iter().map(|code| code.code).collect();
        return Err(Failure::new(
            Exit::Usage,
            code::UNKNOWN,
            format!("there is no audit code '{unknown}'"),
        )
        .hint(format!("there are: {}", known.join(", "))));
    }
    Ok(Filter {
        codes,
        masters: bound.args.get(&MASTER).unwrap_or_default().to_vec(),
        since: bound.args.get(&SINCE).map(|when| when.start),
        until: bound.args.get(&UNTIL).map(|when| when.end),
        bundle: bound.args.get(&BUNDLE).map(i64::cast_unsigned),
        newest: bound.args.get(&LAST).map(i64::cast_unsigned),
    })
}

fn cells(row: Row) -> Vec<Cell> {
    let Some(entry) = row.entry else {
        let mut cells = vec![Cell::Absent; COLUMNS.len()];
        cells[0] = Cell::Id(row.seq);
        cells[4] = "(damaged: see audit verify)".into();
        return cells;
    };
    vec![
        Cell::Id(row.seq),
        entry.at.into(),
        entry.code.into(),
        entry.master.into(),
        entry.action.into(),
        Some(entry.object)
            .filter(|object| !object.is_empty())
            .into(),
        entry.bundle.map(Cell::Id).into(),
        entry.outcome.as_str().into(),
        source(&entry.source).into(),
        entry.command.into(),
    ]
}

fn source(source: &Source) -> String {
    match source {
        Source::Live => "live".to_owned(),
        Source::Once => "once".to_owned(),
        Source::Script { file, line } => format!("{file}:{line}"),
    }
}

fn list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let filter = filter(bound)?;
    let vault = cx.desk.reading()?;
    let connection = vault.file().connection();
    cx.rows(bound, |rows| {
        rows.begin("entry", COLUMNS)?;
        audit::list::<Failure>(connection, &filter, |row| Ok(rows.row(cells(row))?))?;
        Ok(rows.end()?)
    })?;
    Ok(Outcome::quiet())
}

fn get(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let seq = bound.args.get(&SEQ).unwrap_or_default().cast_unsigned();
    let row = audit::get(cx.desk.reading()?.file().connection(), seq)?;
    let hash = audit::hex(&row.hash);
    let Some(entry) = row.entry else {
        return Err(Failure::new(
            Exit::Integrity,
            code::AUDIT,
            format!("audit entry #{seq} is damaged"),
        )
        .hint("'audit verify' says what was done to the audit"));
    };
    let counts = entry
        .counts
        .iter()
        .map(|(what, count)| Cell::Text(format!("{what}: {count}")))
        .collect();
    let shown = entry.shown.as_ref().map(shown_as);
    cx.rows(bound, |rows| {
        Ok(rows.record(vec![
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
        ])?)
    })?;
    Ok(Outcome::quiet())
}

fn shown_as(shown: &Shown) -> String {
    match shown {
        Shown::Screen => "screen".to_owned(),
        Shown::File(path) => format!("file {path}"),
    }
}

fn verify(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let mut claims: Vec<Claim> = Vec::new();
    if let Some(anchor) = bound.args.get(&ANCHOR) {
        claims.push(anchor.parse()?);
    }
    if let Some(path) = bound.args.get(&ANCHOR_BUNDLE) {
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
    cx.rows(bound, |rows| {
        Ok(rows.record(vec![
            ("entries", verified.entries.into()),
            ("last", verified.last.to_string().into()),
            ("anchors", claims.len().into()),
            ("unconfirmed", verified.unconfirmed.into()),
            ("findings", Cell::List(findings.clone())),
            ("rolledBack", Cell::List(rolled_back)),
        ])?)
    })?;
    if findings.is_empty() {
        return Ok(Outcome::said("the audit is whole"));
    }
    Err(Failure::new(
        Exit::Integrity,
        code::AUDIT,
        format!("the audit was tampered with: {}", findings.join("; ")),
    )
    .hint("keep a copy of the vault as it is, and compare it with a backup"))
}

fn passwords(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("bundle"),
        Column::text("file"),
        Column::text("selection"),
        Column::whole("users"),
        Column::whole("exportedBy"),
        Column::whole("exportedAt"),
        Column::whole("shownTo"),
        Column::text("holder"),
        Column::whole("shownAt"),
        Column::text("host"),
        Column::text("terminal"),
        Column::text("where"),
        Column::whole("times"),
    ];
    let never = bound.args.flag(&NEVER);
    let vault = cx.desk.reading()?;
    let showings = audit::showings(vault.file().connection(), None)?;
    cx.rows(bound, |rows| {
        rows.begin("showing", COLUMNS)?;
        ledger::list::<Failure>(vault.file().connection(), |bundle| {
            let of: Vec<_> = showings
                .iter()
                .filter(|showing| showing.bundle == bundle.number)
                .collect();
            let facts = || -> Vec<Cell> {
                vec![
                    Cell::Id(bundle.number),
                    bundle.path.clone().into(),
                    bundle.selection.clone().into(),
                    bundle.counts.user.into(),
                    bundle.master.clone().into(),
                    bundle.opened.into(),
                ]
            };
            if of.is_empty() {
                let mut cells = facts();
                cells.extend([
                    Cell::Absent,
                    Cell::Absent,
                    Cell::Absent,
                    Cell::Absent,
                    Cell::Absent,
                    "never".into(),
                ]);
                cells.push(0u64.into());
                return Ok(rows.row(cells)?);
            }
            for (place, showing) in of.iter().enumerate() {
                if never {
                    break;
                }
                let mut cells = facts();
                let unsure = if showing.confirmed {
                    ""
                } else {
                    " (counts as seen)"
                };
                cells.extend([
                    showing.master.clone().into(),
                    showing.holder.clone().into(),
                    showing.at.into(),
                    showing.host.clone().into(),
                    showing.terminal.clone().into(),
                    showing
                        .shown
                        .as_ref()
                        .map(|shown| format!("{}{unsure}", shown_as(shown)))
                        .into(),
                    (place + 1).into(),
                ]);
                if !rows.row(cells)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        Ok(rows.end()?)
    })?;
    Ok(Outcome::quiet())
}

fn export(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let Some(path) = bound.args.get(&EXPORT_FILE) else {
        return Ok(Outcome::quiet());
    };
    let filter = filter_between(bound);
    let csv = bound.args.get(&EXPORT_FORMAT) == Some("csv");
    let mut count = 0;
    let opened = cx.desk.opened()?;
    let connection = opened.vault.file().connection();
    write_new(path, bound.args.flag(&OVERWRITE), |file| {
        let failed = |error: std::io::Error| Failure::file("write", path, &error);
        let mut out = BufWriter::new(file.try_clone().map_err(failed)?);
        if csv {
            let mut rows = cx.ui.rows_into(Box::new(out), Format::Csv);
            rows.begin("entry", COLUMNS)?;
            audit::list::<Failure>(connection, &filter, |row| {
                count += 1;
                Ok(rows.row(cells(row))?)
            })?;
            return Ok(rows.end()?);
        }
        audit::list::<Failure>(connection, &filter, |row| {
            count += 1;
            writeln!(out, "{}", row.to_json_line()).map_err(failed)?;
            Ok(true)
        })?;
        out.flush().map_err(failed)
    })?;
    let draft = cx
        .draft(bound, &codes::AUDIT_EXPORTED)
        .object(path.display().to_string())
        .count("entries", count);
    cx.append_audit(bound, draft)?;
    Ok(Outcome::said(format!(
        "wrote {} to {}",
        entries(count),
        path.display()
    )))
}

fn entries(count: u64) -> String {
    if count == 1 {
        "1 entry".to_owned()
    } else {
        format!("{count} entries")
    }
}

fn filter_between(bound: &Bound) -> Filter {
    Filter {
        since: bound.args.get(&SINCE).map(|when| when.start),
        until: bound.args.get(&UNTIL).map(|when| when.end),
        ..Filter::default()
    }
}

fn checkpoint(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let draft = cx.draft(bound, &codes::CHECKPOINT);
    let anchor = cx.append_audit(bound, draft)?;
    cx.rows(bound, |rows| {
        Ok(rows.record(vec![("anchor", anchor.to_string().into())])?)
    })?;
    Ok(Outcome::said(
        "write this down outside this machine; 'audit verify anchor=…' compares it later",
    ))
}

fn acknowledge(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let rollbacks = cx.desk.opened()?.vault.file().rollbacks()?;
    if rollbacks.is_empty() {
        return Ok(Outcome::said(
            "0 entries are to be acknowledged: no login tells of an older vault",
        ));
    }
    let claims: Vec<String> = rollbacks
        .iter()
        .filter_map(Rollback::claim)
        .map(|claim| claim.to_string())
        .collect();
    let count = rollbacks.len() as u64;
    let question = format!(
        "This machine saw {} of the audit that a login did not find ({}). Let no login tell of it any more?",
        counted(count, "entry"),
        match claims.len() {
            0 => "what was noted cannot be read".to_owned(),
            _ => claims.join(", "),
        }
    );
    if cx.terms.ask(cx.ui, bound, count, &question)? == Go::DryRun {
        return Ok(Outcome::said("this was a dry run; nothing was changed"));
    }
    let mut draft = cx.draft(bound, &codes::ACKNOWLEDGED);
    draft.object = claims.join(", ");
    draft.rolled_back = claims;
    let anchor = cx.append_audit(bound, draft)?;
    cx.desk.reading()?.file().acknowledged(&rollbacks)?;
    Ok(Outcome::said(format!(
        "acknowledged; the audit holds it as #{}",
        anchor.seq
    )))
}
