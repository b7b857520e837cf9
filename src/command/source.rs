//! `source load|generate|get`: the copy of the source that the vault holds.

use std::io::{BufRead as _, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::common::{FORMAT, INTO, OVERWRITE};
use zeroize::Zeroizing;

use super::failure::code;
use super::file::write_new;
use super::{Context, Entry, Exit, Failure, Outcome};
use crate::ambient::{Progress, Unit};
use crate::exchange::{self, ldif, ndjson, population};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Complete, Effect, Example};
use crate::model::SourceRecord;
use crate::render::doc::Cell;
use crate::render::{Bar, counted};
use crate::store::audit::{self, Code, codes};
use crate::store::{self, settings};
use crate::vault::load::{BadRecord, LoadOptions, LoadReport};
use crate::vault::query;

const FILE: Key<std::path::PathBuf> = Key::in_file(
    "file",
    "The file to load; .gz and .zst are read as they are",
)
.required();
const LOAD_FORMAT: Key<String> =
    Key::choice("format", &["ndjson", "ldif"], "What the file is").required();
const SKIP_BAD: Key<bool> = Key::flag(
    "skip-bad",
    "Store the good records and write the bad lines to residue=",
);
const RESIDUE: Key<std::path::PathBuf> =
    Key::out_file("residue", "Where bad lines go with their reasons")
        .default("the file's name with .residue");
const FORCE: Key<bool> = Key::flag(
    "force",
    "Take renames and moves of users who are exported already",
);
const ADD_SYSTEM: Key<bool> = Key::flag("add-system", "Take records of another source system too");
const GROUP: Key<String> =
    Key::text("group", "ldif: put everybody into this group").complete(Complete::Groups);
const GROUP_ATTR: Key<String> = Key::text("group-attr", "ldif: the attribute that names the group");
const GROUP_FROM: Key<String> =
    Key::choice("group-from", &["ou"], "ldif: the parent OU names the group").default("ou");
const USERID_ATTR: Key<String> =
    Key::text("userid-attr", "ldif: the attribute that holds the user id")
        .default("uid, else sAMAccountName");
const USERS: Key<i64> = Key::number("users", 1, 100_000_000, "How many users").required();
const SEED: Key<i64> =
    Key::number("seed", 0, i64::MAX, "The same seed gives the same people").default("1");
const DUPLICATES: Key<i64> = Key::number(
    "duplicates",
    0,
    1_000_000,
    "How many names to double between groups",
)
.default("0");
const OUT: Key<std::path::PathBuf> = Key::out_file(
    "file",
    "Write NDJSON to this file (.zst and .gz are compressed)",
);
const LOAD_FLAG: Key<bool> = Key::flag("load", "Load the people into the vault directly");

/// `source load`
pub(super) static LOAD: Entry = Entry {
    spec: Command {
        details: "Loads people and their second factors into the vault: all records, or none when one is bad (but \
            see -skip-bad). A record replaces what the vault has under its name as a whole; the phase of a user and \
            the bundles stay. After a full file, users that are not in it are gone: kept, but not exported.\n\n\
            ndjson is igsh's own format (igsh-source(5)). ldif takes people from a directory: the group is named by \
            group=, by group-attr=, or by the parent OU.\n\nThe file itself stays where it is, in plain: delete it \
            when you no longer need it.",
        args: &[
            FILE.arg,
            LOAD_FORMAT.arg,
            SKIP_BAD.arg,
            RESIDUE.arg,
            FORCE.arg,
            ADD_SYSTEM.arg,
            GROUP.arg,
            GROUP_ATTR.arg,
            GROUP_FROM.arg,
            USERID_ATTR.arg,
            OVERWRITE.arg,
        ],
        effect: Effect::Write,
        examples: &[
            Example {
                line: "source load file=people.ndjson format=ndjson",
                what: "Load a whole source",
            },
            Example {
                line: "source load file=people.ldif format=ldif group=staff",
                what: "Load people of a directory into one group",
            },
        ],
        ..Command::new(
            "source load",
            "Load people and their second factors from a file",
        )
    },
    audit: Some(&codes::SOURCE_LOADED),
    run: load,
};

/// `source generate`
pub(super) static GENERATE: Entry = Entry {
    spec: Command {
        details: "Makes up people with tokens, cards, questions, passwords and locations, for trying things out. \
            The same seed gives the same people. With -load they go into the vault, with file= into a file. Like a \
            full load, -load makes everybody else of the vault gone.",
        args: &[
            USERS.arg,
            SEED.arg,
            DUPLICATES.arg,
            OUT.arg,
            LOAD_FLAG.arg,
            OVERWRITE.arg,
        ],
        effect: Effect::Write,
        examples: &[
            Example {
                line: "source generate users=100 seed=1 file=made-up.ndjson",
                what: "A hundred people in a file",
            },
            Example {
                line: "source generate users=100 seed=1 -load",
                what: "The same, straight into the vault",
            },
        ],
        ..Command::new("source generate", "Make up people for trying things out")
    },
    audit: Some(&codes::SOURCE_GENERATED),
    run: generate,
};

/// `source get`
pub(super) static GET: Entry = Entry {
    spec: Command {
        details: "Shows what the vault holds, from which system, and how old it is.",
        args: &[FORMAT.arg, INTO.arg, OVERWRITE.arg],
        examples: &[Example {
            line: "source get",
            what: "What is in the vault",
        }],
        ..Command::new("source get", "Show what the vault holds and how old it is")
    },
    audit: None,
    run: get,
};

fn load(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let Some(path) = bound.args.get(&FILE) else {
        return Ok(Outcome::quiet());
    };
    match bound.args.get(&LOAD_FORMAT) {
        Some("ldif") => load_ldif(cx, bound, path),
        _ => {
            let input = exchange::input::open(path)?;
            let watch = Watch {
                size: input.size(),
                consumed: input.consumed(),
            };
            let records = ndjson::Reader::new(input).map(|item| item.map_err(bad_record));
            load_records(cx, bound, path, "ndjson", watch, records)
        }
    }
}

fn load_ldif(cx: &mut Context<'_>, bound: &Bound, path: &Path) -> Result<Outcome, Failure> {
    let group = match (bound.args.get(&GROUP), bound.args.get(&GROUP_ATTR)) {
        (Some(name), _) => ldif::GroupFrom::Fixed(name.to_owned()),
        (None, Some(attribute)) => ldif::GroupFrom::Attribute(attribute.to_owned()),
        (None, None) => ldif::GroupFrom::ParentOu,
    };
    let options = ldif::Options {
        group,
        userid_attribute: bound.args.get(&USERID_ATTR).map(str::to_owned),
    };
    let input = exchange::input::open(path)?;
    let watch = Watch {
        size: input.size(),
        consumed: input.consumed(),
    };
    let mut reader = ldif::Reader::new(input, options);
    // The reader goes to another thread; what it counted comes back here.
    let passed_over = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let counters = Arc::clone(&passed_over);
    let records = std::iter::from_fn(move || {
        let item = reader.next();
        let counts = reader.counts();
        counters[0].store(counts.not_people, Ordering::Relaxed);
        counters[1].store(counts.without_userid, Ordering::Relaxed);
        item.map(|item| item.map_err(bad_record))
    });
    let mut outcome = load_records(cx, bound, path, "ldif", watch, records)?;
    for (counter, what) in passed_over
        .iter()
        .zip(["no people", "people without a user id"])
    {
        let count = counter.load(Ordering::Relaxed);
        if count > 0 {
            outcome
                .notices
                .push(format!("{} passed over: {what}", counted(count, "entry")));
        }
    }
    Ok(outcome)
}

fn bad_record(error: exchange::Error) -> BadRecord {
    BadRecord {
        line: error.line,
        what: error.to_string(),
        hint: error.hint,
        fatal: error.fatal,
    }
}

/// How far a file has been read.
struct Watch {
    size: Option<u64>,
    consumed: Arc<AtomicU64>,
}

/// Progress in bytes of the file: how many records there will be, nobody knows.
struct OfFile<'a> {
    bar: Bar,
    watch: &'a Watch,
}

impl Progress for OfFile<'_> {
    fn begin(&self, stage: &str, unit: Unit, total: Option<u64>) {
        match (unit, total) {
            (Unit::Items, None) => self.bar.begin(stage, Unit::Bytes, self.watch.size),
            _ => self.bar.begin(stage, unit, total),
        }
    }

    fn at(&self, _: u64) {
        self.bar.at(self.watch.consumed.load(Ordering::Relaxed));
    }

    fn end(&self) {
        self.bar.end();
    }
}

fn load_records(
    cx: &mut Context<'_>,
    bound: &Bound,
    path: &Path,
    format: &str,
    watch: Watch,
    records: impl Iterator<Item = Result<(u64, SourceRecord), BadRecord>> + Send,
) -> Result<Outcome, Failure> {
    let mut bad = Vec::new();
    let source = path.display().to_string();
    let progress = OfFile {
        bar: cx.ui.progress(),
        watch: &watch,
    };
    let loaded = load_into_vault(
        cx,
        bound,
        &codes::SOURCE_LOADED,
        &source,
        format,
        records,
        &mut bad,
        &progress,
    );
    drop(progress);
    let report = loaded.map_err(|failure| failure.in_file(path))?;
    let mut outcome = tell(&report);
    if !bad.is_empty() {
        let residue = residue_path(bound, path);
        write_residue(path, &residue, bound.args.flag(&OVERWRITE), &bad)?;
        outcome.notices.push(format!(
            "{} bad lines are in {}, each with its reason",
            bad.len(),
            residue.display()
        ));
        outcome.exit = Some(Exit::Partial);
    }
    outcome.notices.push(format!(
        "{} is still there, in plain; delete it when you no longer need it",
        path.display()
    ));
    Ok(outcome)
}

#[allow(clippy::too_many_arguments)]
fn load_into_vault(
    cx: &mut Context<'_>,
    bound: &Bound,
    code: &'static Code,
    source: &str,
    format: &str,
    records: impl Iterator<Item = Result<(u64, SourceRecord), BadRecord>> + Send,
    bad: &mut Vec<(u64, String)>,
    progress: &dyn Progress,
) -> Result<LoadReport, Failure> {
    let holder = cx.holder(bound);
    let draft = cx.draft(bound, code).object(source);
    let (clock, cancel, who) = (cx.ambient.clock.as_ref(), cx.cancel, cx.desk.who.clone());
    let opened = cx.desk.opened()?;
    let prefixes = settings::names(opened.vault.file().connection(), "migrate.prefixes")?;
    let options = LoadOptions {
        source: source.to_owned(),
        format: format.to_owned(),
        master: opened.session.name().to_owned(),
        at: clock.now(),
        skip_bad: bound.args.flag(&SKIP_BAD),
        force: bound.args.flag(&FORCE),
        add_system: bound.args.flag(&ADD_SYSTEM),
        prefixes,
    };
    let keys = opened.keys;
    let audit = |tx: &store::Transaction<'_>, report: &LoadReport| {
        let draft = draft
            .count("groups", report.groups.loaded())
            .count("users", report.users.loaded())
            .count("tokens", report.assigned_tokens + report.tokens.loaded())
            .count("cards", report.assigned_cards + report.cards.loaded())
            .count("gone", report.users.gone)
            .count("skipped", report.skipped);
        audit::append(tx, &draft, &who, Some(&keys), clock).map(|_| ())
    };
    let mut keep = |record: &BadRecord| bad.push((record.line, record.what.clone()));
    Ok(opened.vault.load(
        &keys, records, &options, &holder, audit, &mut keep, progress, cancel,
    )?)
}

/// What a load has done, in a few lines.
fn tell(report: &LoadReport) -> Outcome {
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
    outcome
}

fn residue_path(bound: &Bound, path: &Path) -> PathBuf {
    bound.args.get(&RESIDUE).map_or_else(
        || {
            let mut name = path.as_os_str().to_owned();
            name.push(".residue");
            name.into()
        },
        Path::to_owned,
    )
}

/// The bad lines of a file, each below its reason. They may hold secrets: the file is for its owner only.
fn write_residue(
    path: &Path,
    residue: &Path,
    overwrite: bool,
    bad: &[(u64, String)],
) -> Result<(), Failure> {
    let mut lines = std::io::BufReader::new(exchange::input::open(path)?);
    let failed = |error: &std::io::Error| Failure::file("write", residue, error);
    write_new(residue, overwrite, |file| {
        let mut out = BufWriter::new(file);
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

fn generate(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let number =
        |key: &Key<i64>, default: u64| bound.args.get(key).map_or(default, i64::cast_unsigned);
    let (users, seed, duplicates) = (number(&USERS, 0), number(&SEED, 1), number(&DUPLICATES, 0));
    let people = population::generate(users, seed, duplicates)?;
    match (bound.args.get(&OUT), bound.args.flag(&LOAD_FLAG)) {
        (Some(path), false) => {
            write_people(cx, path, bound.args.flag(&OVERWRITE), users, people)?;
            Ok(Outcome::said(format!(
                "wrote {} to {}",
                counted(users, "made-up user"),
                path.display()
            )))
        }
        (None, true) => {
            let records = (1u64..).zip(people).map(Ok);
            let source = format!("generated, seed {seed}");
            let progress = cx.ui.progress();
            let code = &codes::SOURCE_GENERATED;
            let report = load_into_vault(
                cx,
                bound,
                code,
                &source,
                "generated",
                records,
                &mut Vec::new(),
                &progress,
            )?;
            drop(progress);
            Ok(tell(&report))
        }
        _ => Err(Failure::new(
            Exit::Usage,
            code::UNKNOWN,
            "people can go into a file or into the vault",
        )
        .hint("say file=people.ndjson, or -load")),
    }
}

fn write_people(
    cx: &Context<'_>,
    path: &Path,
    overwrite: bool,
    users: u64,
    people: impl Iterator<Item = SourceRecord>,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::file("write", path, &error);
    let progress = cx.ui.progress();
    progress.begin("writing", Unit::Items, Some(users));
    write_new(path, overwrite, |file| {
        let file = file.try_clone().map_err(failed)?;
        let mut out = ndjson::Writer::new(exchange::output::create(file, path).map_err(failed)?);
        for (record, done) in people.zip(1u64..) {
            out.record(&record).map_err(failed)?;
            if done % 1024 == 0 {
                cx.cancel.check()?;
                progress.at(done);
            }
        }
        out.finish().and_then(|out| out.finish()).map_err(failed)
    })
}

fn get(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let fields = overview(cx)?;
    cx.rows(bound, |rows| Ok(rows.record(fields)?))?;
    Ok(Outcome::quiet())
}

/// What the vault holds, how old it is, and where the migration stands.
pub fn overview(cx: &Context<'_>) -> Result<Vec<(&'static str, Cell)>, Failure> {
    let status = query::status(cx.desk.reading()?.file().connection())?;
    let phases = status
        .phases
        .iter()
        .map(|(phase, count)| (phase.as_str(), (*count).into()))
        .collect();
    let mut fields = vec![
        ("systems", Cell::List(status.systems)),
        ("loads", status.loads.into()),
    ];
    if let Some(load) = status.last_load {
        let age = load.exported.or(load.at).map(|at| {
            let hours = cx
                .ambient
                .clock
                .now()
                .duration_since(at)
                .as_hours()
                .max(0)
                .cast_unsigned();
            if hours >= 48 {
                counted(hours / 24, "day")
            } else {
                counted(hours, "hour")
            }
        });
        fields.extend([
            ("loadedFrom", load.source.into()),
            ("loadedAt", load.at.into()),
            ("loadedBy", load.master.into()),
            ("sourceWrittenAt", load.exported.into()),
            ("age", age.into()),
        ]);
    }
    fields.extend([
        ("groups", status.groups.into()),
        ("users", status.users.into()),
        ("usersGone", status.gone.into()),
        ("tokens", status.tokens.0.into()),
        ("unassignedTokens", status.tokens.1.into()),
        ("cards", status.cards.0.into()),
        ("unassignedCards", status.cards.1.into()),
        ("phases", Cell::Record(phases)),
        ("bundles", status.bundles.into()),
    ]);
    Ok(fields)
}
