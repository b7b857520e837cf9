//! `source load`: a file into the vault.

use std::io::{BufReader, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::diff::Compared;
use super::gone::{self, Place};
use super::input::{FILE, FileFormat, Input, Noted, OfFile, SKIP_BAD, Taking};
use crate::ambient::Progress;
use crate::command::file::write_new;
use crate::command::shared::OVERWRITE;
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::exchange::{self, NoResidue, ldif, ndjson};
use crate::files;
use crate::lang::code;
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example};
use crate::migrate::settings;
use crate::model::{Named as _, SourceRecord};
use crate::render::{agree, are, counted, grouped};
use crate::store;
use crate::store::audit::{self, EventCode, codes};
use crate::vault::load::{BadRecord, GoneLimit, LoadOptions, LoadReport, TooManyGone};
use crate::vault::{self, migration};

args! {
    struct Load {
        file: PathBuf = FILE,
        format: FileFormat = choice("format", "What the file is").required(),
        skip_bad: bool = SKIP_BAD,
        residue: Option<PathBuf> = out_file("residue", "Where bad records go with their reasons")
            .absent("the file's name with .residue"),
        ..taking: Taking,
        overwrite: bool = OVERWRITE,
        _ = gone::YES,
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
            the bundles stay. After a full file, users that are not in it are gone: kept, but not exported. Where that \
            is more than migrate.gone-limit percent of them, the file may have been cut: the load asks, and in a \
            script only -yes=N with the right count answers, -yes does not. 'source diff' shows who they are.\n\n\
            ndjson is igsh's own format (igsh-source(5)). ldif takes people from a directory: the group is named by \
            group=, by group-attr=, by the nearest OU, or (group-from=path) by all OUs above. Accounts \
            that are locked, disabled or expired are suspended.\n\n\
            With -skip-bad the bad records go to a file that can be loaded once they are corrected. The file itself \
            stays where it is, in plain: delete it when you no longer need it.",
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
    if cx.terms.dry_run {
        return shown_in_advance(cx, &args);
    }
    let residue = args.residue.clone();
    let residue = residue.unwrap_or_else(|| files::beside(path, ".residue"));
    if args.skip_bad {
        can_keep_bad(path, &residue, args.overwrite)?;
    }
    let Loaded {
        report,
        mut bad,
        noted,
    } = gone::asking(cx, &Place::file(path), |cx, limit| once(cx, &args, limit))?;
    super::remark(cx.ui, &report);
    let mut outcome = summary(&report);
    outcome = thawed(cx, &report, outcome)?;
    let mut left_out = None;
    if !bad.is_empty() {
        bad.sort_by_key(|(line, _)| *line);
        write_residue(path, args.format, &residue, args.overwrite, &bad)?;
        let lines = bad.chunk_by(|one, next| one.0 == next.0).count();
        let lines = counted(lines as u64, args.format.record());
        outcome.notices.push(format!(
            "{lines} left out, each with its reason in {}",
            residue.display()
        ));
        if report.full && report.users.gone > 0 {
            let note = "users in bad lines are gone until the lines are corrected and loaded";
            outcome.notices.push(note.to_owned());
        }
        outcome.exit = Some(Exit::Partial);
        left_out = Some(format!("{lines} left out"));
    }
    outcome
        .notices
        .extend(without_end(path, &noted.endless, &report));
    if report.is_empty() {
        let mut why: Vec<String> = noted
            .passed_over
            .notices()
            .into_iter()
            .chain(left_out)
            .collect();
        if why.is_empty() {
            let why_none = match noted.size {
                Some(0) => "it is empty",
                _ => "it holds none",
            };
            why.push(why_none.to_owned());
        }
        let (path, why) = (path.display(), why.join("; "));
        cx.ui
            .warning(&format!("no user was found in {path}: {why}"));
        return Ok(outcome);
    }
    outcome.notices.extend(noted.passed_over.notices());
    Ok(outcome.in_plain(path))
}

/// What the load would do, in a dry run.
fn shown_in_advance(cx: &mut Context<'_>, args: &Load) -> Result<Outcome, Failure> {
    let input = Input::open(cx, &args.file, args.format, &args.taking)?;
    let file = Compared {
        path: &args.file,
        format: args.format,
        skip_bad: args.skip_bad,
        taking: &args.taking,
    };
    let mut outcome = file.compare(cx, input, &mut |_| true)?;
    outcome.notices.push("this was a dry run".to_owned());
    Ok(outcome)
}

/// Whether the bad lines can be kept, so that no record is left out and lost.
fn can_keep_bad(path: &Path, residue: &Path, overwrite: bool) -> Result<(), Failure> {
    if path.exists() && !path.is_file() {
        let what = format!(
            "{}: a pipe cannot be read a second time for its bad lines",
            path.display()
        );
        return Err(
            Failure::new(Exit::Failed, code::FILE, what).hint("write it to a file, and load that")
        );
    }
    if !overwrite && files::is_taken(residue) {
        return Err(Failure::file(
            "write",
            residue,
            &ErrorKind::AlreadyExists.into(),
        ));
    }
    Ok(())
}

/// A load that was done, and what came of its file.
struct Loaded {
    report: LoadReport,
    /// Bad lines that were left out, each with its reason.
    bad: Vec<(u64, String)>,
    noted: Noted,
}

/// Why a load was not done.
pub(super) enum Stopped {
    /// It would make too many users gone.
    Gone(TooManyGone),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn once(cx: &mut Context<'_>, args: &Load, limit: GoneLimit) -> Result<Loaded, Stopped> {
    let path = args.file.as_path();
    let input = Input::open(cx, path, args.format, &args.taking)?;
    let mut bad = Vec::new();
    let progress = OfFile::new(cx.ui.progress(), &input.noted);
    let (source, format) = (path.display().to_string(), args.format.name());
    let options = options(cx, (&source, format), limit, args.skip_bad, &args.taking)?;
    let loaded = load_into_vault(
        cx,
        &codes::SOURCE_LOADED,
        &options,
        input.records,
        &mut bad,
        &progress,
    );
    match loaded {
        Ok(report) => Ok(Loaded {
            report,
            bad,
            noted: input.noted,
        }),
        Err(Stopped::Failed(failure)) => Err(Stopped::Failed(failure.in_file(path))),
        Err(gone) => Err(gone),
    }
}

pub(super) fn load_into_vault(
    cx: &mut Context<'_>,
    code: &'static EventCode,
    options: &LoadOptions,
    records: impl Iterator<Item = Result<(u64, SourceRecord), BadRecord>> + Send,
    bad: &mut Vec<(u64, String)>,
    progress: &dyn Progress,
) -> Result<LoadReport, Stopped> {
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
    let loaded = opened.vault.load(
        &keys, records, options, &holder, audit, &mut keep, progress, cancel,
    );
    loaded.map_err(|error| match error {
        vault::Error::Gone(found) => Stopped::Gone(found),
        error => Stopped::Failed(error.into()),
    })
}

/// How the arguments say that the load is to be done.
pub(super) fn options(
    cx: &Context<'_>,
    (source, format): (&str, &str),
    gone_limit: GoneLimit,
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
        gone_limit,
        prefixes: settings::VAULT.names(cx.db()?, "migrate.prefixes")?,
    })
}

/// Notes that users were renamed or moved although the migration has begun, if so (igsh-migration(7), FREEZE).
fn thawed(cx: &Context<'_>, report: &LoadReport, mut outcome: Outcome) -> Result<Outcome, Failure> {
    if report.renamed + report.moved > 0
        && let Some(running) = migration::running(cx.db()?)?
    {
        let began = cx.ui.local_time(running.began);
        let note = format!("users were renamed or moved during the migration, which began {began}");
        outcome.notices.push(note);
        outcome = outcome.hint("rename and move no users in the source before 'migrate end'");
    }
    Ok(outcome)
}

/// What a load has done, in a few lines.
pub(super) fn summary(report: &LoadReport) -> Outcome {
    let mut first = format!(
        "loaded {}, {}, {} and {}",
        counted(report.groups.loaded(), "group"),
        counted(report.users.loaded(), "user"),
        counted(report.assigned_tokens + report.tokens.loaded(), "token"),
        counted(report.assigned_cards + report.cards.loaded(), "card"),
    );
    if report.users.replaced > 0 {
        first += &format!(
            " ({} of the users {} there before)",
            grouped(report.users.replaced),
            agree(report.users.replaced, "was", "were")
        );
    }
    let mut outcome = Outcome::said(first);
    let rest = [
        (
            report.users.gone,
            "user",
            "not in this full load any more and will not be exported",
        ),
        (
            report.tokens.gone,
            "unassigned token",
            "not in this full load any more",
        ),
        (
            report.cards.gone,
            "unassigned card",
            "not in this full load any more",
        ),
        (report.returned, "user", "back who had been gone"),
        (report.renamed, "user", "renamed"),
        (report.moved, "user", "moved to another group"),
        (report.staged, "user", "staged for export by an alias"),
        (report.aliases_dropped, "workflow alias", "left out"),
    ];
    for (count, noun, what) in rest.into_iter().filter(|(count, ..)| *count > 0) {
        outcome.notices.push(format!("{} {what}", are(count, noun)));
    }
    if report.reassigned > 0 {
        outcome.notices.push(format!(
            "{} {} with another user before",
            counted(report.reassigned, "token or card"),
            agree(report.reassigned, "was", "were")
        ));
    }
    if report.odd_names > 0 {
        outcome.notices.push(format!(
            "{} {} stray blanks or invisible characters",
            counted(report.odd_names, "name"),
            agree(report.odd_names, "has", "have")
        ));
        outcome = outcome.hint("'migrate check' lists the names with stray characters");
    }
    outcome.notices.extend(drifted(report));
    outcome
}

/// How many users differ from what their last bundle held, and how.
pub(super) fn drifted(report: &LoadReport) -> Option<String> {
    let drift = &report.drift;
    let ways: Vec<_> = drift
        .named()
        .map(|(way, count)| format!("{way} {}", grouped(count)))
        .collect();
    (drift.users > 0).then(|| {
        format!(
            "{} {} since the last bundle ({}): 'user list changed=yes'",
            counted(drift.users, "exported user"),
            agree(drift.users, "has changed", "have changed"),
            ways.join(", ")
        )
    })
}

/// That a cut of the file would go unnoticed, if so.
pub(super) fn without_end(
    path: &Path,
    endless: &AtomicBool,
    report: &LoadReport,
) -> Option<String> {
    (report.full && endless.load(Ordering::Relaxed)).then(|| {
        format!(
            "{} has no end record, so a cut would go unnoticed (igsh-source(5), end)",
            path.display()
        )
    })
}

/// The bad records of a file, each below its reason. They may hold secrets: the file is for its owner only.
fn write_residue(
    path: &Path,
    format: FileFormat,
    residue: &Path,
    overwrite: bool,
    bad: &[(u64, String)],
) -> Result<(), Failure> {
    let input = exchange::input::open(path)?;
    write_new(residue, overwrite, |file| {
        let out = BufWriter::new(file);
        match format {
            FileFormat::Ndjson => ndjson::write_residue(input, bad, out),
            FileFormat::Ldif => ldif::write_residue(BufReader::new(input), bad, out),
        }
        .map_err(|error| match error {
            NoResidue::Read(error) => Failure::file("read", path, &error),
            NoResidue::Write(error) => Failure::file("write", residue, &error),
        })
    })
}
