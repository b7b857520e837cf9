//! `source load`: a file into the vault.

use std::io::{BufRead as _, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::input::{FILE, FileFormat, Input, OfFile, SKIP_BAD, Taking};
use crate::ambient::Progress;
use crate::command::file::write_new;
use crate::command::shared::OVERWRITE;
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::exchange;
use crate::exchange::ldif::{self, NoResidue};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example};
use crate::migrate::settings;
use crate::model::{Named as _, SourceRecord};
use crate::render::counted;
use crate::store;
use crate::store::audit::{self, EventCode, codes};
use crate::vault::load::{BadRecord, LoadOptions, LoadReport};
use crate::vault::migration;

args! {
    struct Load {
        file: PathBuf = FILE,
        format: FileFormat = choice("format", "What the file is").required(),
        skip_bad: bool = SKIP_BAD,
        residue: Option<PathBuf> = out_file("residue", "Where bad records go with their reasons")
            .absent("the file's name with .residue"),
        ..taking: Taking,
        overwrite: bool = OVERWRITE,
    }
}

/// `source load`
pub(in crate::command) static LOAD: Entry = entry!(
    Load,
    load,
    codes::SOURCE_LOADED,
    Command {
        details: "Loads people and their second factors into the vault: all records, or none when one is bad (but \
            see -skip-bad). A record replaces what the vault has under its name as a whole; the phase of a user and \
            the bundles stay. After a full file, users that are not in it are gone: kept, but not exported.\n\n\
            ndjson is igsh's own format (igsh-source(5)). ldif takes people from a directory: the group is named by \
            group=, by group-attr=, by the nearest OU, or (group-from=path) by all OUs above. Accounts that are locked, disabled or expired are suspended.\n\n\
            The file itself stays where it is, in plain: delete it when you no longer need it.",
        effect: Effect::Write,
        examples: &[
            Example::new(
                "source load file=people.ndjson format=ndjson",
                "Load a whole source"
            ),
            Example::new(
                "source load file=people.ldif format=ldif group=staff",
                "Load people of a directory into one group"
            ),
        ],
        ..Command::new(
            "source load",
            "Load people and their second factors from a file",
        )
    }
);

fn load(cx: &mut Context<'_>, args: Load) -> Result<Outcome, Failure> {
    let path = args.file.as_path();
    let input = Input::open(cx, path, args.format, &args.taking)?;
    let mut bad = Vec::new();
    let progress = OfFile::new(cx.ui.progress(), &input);
    let (source, format) = (path.display().to_string(), args.format.name());
    let options = options(cx, (&source, format), args.skip_bad, &args.taking)?;
    let loaded = load_into_vault(
        cx,
        &codes::SOURCE_LOADED,
        &options,
        input.records,
        &mut bad,
        &progress,
    );
    drop(progress);
    let report = loaded.map_err(|failure| failure.in_file(path))?;
    let mut outcome = tell(&report);
    outcome.notices.extend(thawed(cx, &report)?);
    if !bad.is_empty() {
        let residue = args.residue.unwrap_or_else(|| beside(path));
        // Records that stand twice are found at the end.
        bad.sort_by_key(|(line, _)| *line);
        write_residue(path, args.format, &residue, args.overwrite, &bad)?;
        outcome.notices.push(format!(
            "{} {} in {}, each with its reason",
            counted(bad.len() as u64, args.format.record()),
            if bad.len() == 1 { "is" } else { "are" },
            residue.display()
        ));
        outcome.exit = Some(Exit::Partial);
    }
    outcome.notices.push(format!(
        "{} is still there, in plain; delete it when you no longer need it",
        path.display()
    ));
    outcome.notices.extend(input.passed_over.tell());
    Ok(outcome)
}

pub(super) fn load_into_vault(
    cx: &mut Context<'_>,
    code: &'static EventCode,
    options: &LoadOptions,
    records: impl Iterator<Item = Result<(u64, SourceRecord), BadRecord>> + Send,
    bad: &mut Vec<(u64, String)>,
    progress: &dyn Progress,
) -> Result<LoadReport, Failure> {
    let holder = cx.holding();
    let draft = cx.audit(code).object(options.source.as_str());
    let (clock, cancel, who) = (cx.ambient.clock.as_ref(), cx.cancel, cx.desk.who.clone());
    let opened = cx.desk.opened()?;
    let keys = opened.keys;
    let audit = |tx: &store::Transaction<'_>, report: &LoadReport, sums: audit::Sums| {
        let draft = draft
            .count("groups", report.groups.loaded())
            .count("users", report.users.loaded())
            .count("tokens", report.assigned_tokens + report.tokens.loaded())
            .count("cards", report.assigned_cards + report.cards.loaded())
            .count("gone", report.users.gone)
            .count("skipped", report.skipped);
        audit::append_with(tx, &draft, &who, Some(&keys), sums, clock).map(|_| ())
    };
    let mut keep = |record: &BadRecord| bad.push((record.line, record.what.clone()));
    Ok(opened.vault.load(
        &keys, records, options, &holder, audit, &mut keep, progress, cancel,
    )?)
}

/// How the arguments say that the load is to be done.
pub(super) fn options(
    cx: &Context<'_>,
    (source, format): (&str, &str),
    skip_bad: bool,
    taking: &Taking,
) -> Result<LoadOptions, Failure> {
    Ok(LoadOptions {
        source: source.to_owned(),
        format: format.to_owned(),
        master: cx.master()?,
        at: cx.ambient.clock.now(),
        skip_bad,
        force: taking.force,
        add_system: taking.add_system,
        prefixes: settings::VAULT.names(cx.db()?, "migrate.prefixes")?,
    })
}

/// That somebody was renamed or moved although the migration has begun, if so (domain.md §3, freeze).
fn thawed(cx: &Context<'_>, report: &LoadReport) -> Result<Option<String>, Failure> {
    if report.renamed + report.moved == 0 {
        return Ok(None);
    }
    let running = migration::running(cx.db()?)?;
    Ok(running.map(|running| {
        format!(
            "the migration goes on since {}, and nobody should be renamed or moved in the source before its end",
            cx.ui.local_time(running.began)
        )
    }))
}

/// What a load has done, in a few lines.
pub(super) fn tell(report: &LoadReport) -> Outcome {
    let mut first = format!(
        "loaded {}, {}, {} and {}",
        counted(report.groups.loaded(), "group"),
        counted(report.users.loaded(), "user"),
        counted(report.assigned_tokens + report.tokens.loaded(), "token"),
        counted(report.assigned_cards + report.cards.loaded(), "card"),
    );
    if report.users.replaced > 0 {
        first += &format!(
            " ({} of the users were there before)",
            report.users.replaced
        );
    }
    let mut outcome = Outcome::said(first);
    let rest = [
        (
            report.users.gone,
            "user",
            "not in this full load any more and will not be exported",
        ),
        (report.returned, "user", "back who had been gone"),
        (report.renamed, "user", "renamed"),
        (report.moved, "user", "moved to another group"),
        (report.staged, "user", "staged for export by an alias"),
        (report.aliases_dropped, "workflow alias", "left out"),
        (report.reassigned, "token or card", "another's before"),
    ];
    for (count, noun, what) in rest.into_iter().filter(|(count, ..)| *count > 0) {
        outcome.notices.push(format!(
            "{} {} {what}",
            counted(count, noun),
            if count == 1 { "is" } else { "are" }
        ));
    }
    outcome.notices.extend(drifted(report));
    outcome
}

/// How many users differ from what their last bundle held, and how.
pub(super) fn drifted(report: &LoadReport) -> Option<String> {
    let drift = &report.drift;
    let ways: Vec<_> = drift
        .named()
        .map(|(way, count)| format!("{way} {count}"))
        .collect();
    (drift.users > 0).then(|| {
        format!(
            "{} {} since the last bundle ({}): 'user list changed=yes'",
            counted(drift.users, "exported user"),
            if drift.users == 1 {
                "has changed"
            } else {
                "have changed"
            },
            ways.join(", ")
        )
    })
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".residue");
    name.into()
}

/// The bad records of a file, each below its reason. They may hold secrets: the file is for its owner only.
fn write_residue(
    path: &Path,
    format: FileFormat,
    residue: &Path,
    overwrite: bool,
    bad: &[(u64, String)],
) -> Result<(), Failure> {
    let mut lines = std::io::BufReader::new(exchange::input::open(path)?);
    let failed = |error: &std::io::Error| Failure::file("write", residue, error);
    write_new(residue, overwrite, |file| {
        let mut out = BufWriter::new(file);
        if format == FileFormat::Ldif {
            return ldif::write_residue(lines, bad, out).map_err(|error| match error {
                NoResidue::Read(error) => Failure::file("read", path, &error),
                NoResidue::Write(error) => failed(&error),
            });
        }
        let mut line = Zeroizing::new(Vec::new());
        let mut number = 0;
        for (wanted, reason) in bad {
            while number < *wanted {
                line.clear();
                lines
                    .read_until(b'\n', &mut line)
                    .map_err(|error| Failure::file("read", path, &error))?;
                number += 1;
            }
            writeln!(out, "# {reason}").map_err(|error| failed(&error))?;
            out.write_all(line.strip_suffix(b"\n").unwrap_or(&line))
                .map_err(|error| failed(&error))?;
            out.write_all(b"\n").map_err(|error| failed(&error))?;
        }
        out.flush().map_err(|error| failed(&error))
    })
}
