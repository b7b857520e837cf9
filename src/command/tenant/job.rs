//! `tenant job list|get|stop|resume|results`.

use std::io::{BufWriter, Write as _};
use std::mem::take;
use std::path::{Path, PathBuf};

use super::import::{How, run};
use super::{At, note, on, working};
use crate::command::bundle::PASSWORD_FILE;
use crate::command::file::write_new;
use crate::command::shared::{OVERWRITE, Out, RECORD};
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::{self, Key, args};
use crate::lang::spec::{Command, Effect, Example};
use crate::render::counted;
use crate::render::doc::{Cell, Col, ToCell as _};
use crate::store::Connection;
use crate::store::audit::codes;
use crate::tenant::events::events;
use crate::tenant::jobs::{self, Job, JobState};

const NUMBER: Key<u64> = keys::number("number", 1, i64::MAX, "Number of the job")
    .positional()
    .required();

args! {
    struct List {
        ..at: At,
        ..out: Out,
    }

    struct Get {
        number: u64 = NUMBER,
        ..at: At,
        ..out: Out = RECORD,
    }

    struct Stop {
        number: u64 = NUMBER,
        ..at: At,
    }

    struct Resume {
        number: u64 = NUMBER,
        password: Option<PathBuf> = PASSWORD_FILE,
        file: Option<PathBuf> = in_file("file", "The bundle file, where it is no longer the one that was named"),
        ..how: How,
        ..at: At,
        ..out: Out = RECORD,
    }

    struct Results {
        number: u64 = NUMBER,
        file: PathBuf = out_file("file", "The new file to write: NDJSON when it ends in .ndjson, else CSV").required(),
        overwrite: bool = OVERWRITE,
        ..at: At,
    }
}

/// `tenant job list`
pub(in crate::command) static JOB_LIST: Entry = entry!(
    List,
    list,
    Command {
        details: "Lists the imports into this tenant. A job that is 'running' although no igsh works on it was \
            killed; 'tenant job resume' continues it.",
        session: false,
        examples: &[Example::new(
            "tenant job list tenant=rehearsal.tenant",
            "All imports"
        )],
        ..Command::new("tenant job list", "List imports into the tenant")
    }
);

/// `tenant job get`
pub(in crate::command) static JOB_GET: Entry = entry!(
    Get,
    get,
    Command {
        details: "Shows one import with what became of how many records.",
        session: false,
        examples: &[Example::new(
            "tenant job get 1 tenant=rehearsal.tenant",
            "The first import"
        )],
        ..Command::new("tenant job get", "Show one import into the tenant")
    }
);

/// `tenant job stop`
pub(in crate::command) static JOB_STOP: Entry = entry!(
    Stop,
    stop,
    Command {
        details: "Asks an import to stop behind the block that it is at. One that was killed is stopped here and now, \
            so that the tenant can be used for something else; either can be resumed.",
        effect: Effect::Write,
        session: false,
        examples: &[Example::new(
            "tenant job stop 1 tenant=rehearsal.tenant",
            "Stop the first import"
        )],
        ..Command::new("tenant job stop", "Stop an import into the tenant")
    }
);

/// `tenant job resume`
pub(in crate::command) static JOB_RESUME: Entry = entry!(
    Resume,
    resume,
    codes::IMPORT_BEGUN,
    Command {
        details: "Goes on with an import that was stopped, failed or was killed, exactly behind its last block. The \
            bundle is checked whole once more, so that its password is needed again.",
        effect: Effect::Write,
        session: false,
        examples: &[Example::new(
            "tenant job resume 1 password-file=first.password tenant=rehearsal.tenant",
            "Go on with the first import"
        )],
        ..Command::new("tenant job resume", "Go on with an import into the tenant")
    }
);

/// `tenant job results`
pub(in crate::command) static JOB_RESULTS: Entry = entry!(
    Results,
    results,
    Command {
        details: "Writes what became of every record of an import to a new file, for 'migrate results': columns user, \
            record, outcome and message. Outcomes are added, merged (a known user who got something new), exists, \
            skipped and error.",
        effect: Effect::Write,
        session: false,
        examples: &[Example::new(
            "tenant job results 1 file=results.csv tenant=rehearsal.tenant",
            "The results of the first import"
        )],
        ..Command::new(
            "tenant job results",
            "Write the results of an import to a file",
        )
    }
);

const COLUMNS: &[Col<Job>] = &[
    Col::whole("number", |job| Cell::Id(job.number)),
    Col::whole("state", |job| job.state.as_str().into()),
    Col::text("file", |job| job.file.cell()),
    Col::whole("startedAt", |job| job.started.cell()),
    Col::whole("master", |job| job.master.cell()),
    Col::whole("records", |job| job.records.cell()),
    Col::whole("done", |job| job.done.cell()),
    Col::text("note", |job| job.note.cell()),
];

fn list(cx: &mut Context<'_>, args: List) -> Result<Outcome, Failure> {
    on(cx, &args.at, None, |cx, open| {
        let mut jobs = jobs::jobs(open.tenant.file().connection())?.into_iter();
        cx.list(&args.out, "job", COLUMNS, |push| {
            jobs.try_for_each(|job| push(job).map(drop))
        })
    })
}

fn get(cx: &mut Context<'_>, args: Get) -> Result<Outcome, Failure> {
    on(cx, &args.at, None, |cx, open| {
        let job = jobs::get(open.tenant.file().connection(), args.number)?;
        cx.record(&args.out, fields(&job))
    })
}

fn fields(job: &Job) -> Vec<(&'static str, Cell)> {
    let counts = job
        .tally
        .iter()
        .map(|(what, count)| format!("{what}: {count}"));
    vec![
        ("number", Cell::Id(job.number)),
        ("state", job.state.as_str().into()),
        ("bundle", job.bundle.as_str().into()),
        ("file", job.file.as_str().into()),
        ("master", job.master.as_str().into()),
        ("startedAt", job.started.into()),
        ("finishedAt", job.finished.into()),
        ("blocks", job.blocks.into()),
        ("nextBlock", job.next_block.into()),
        ("records", job.records.into()),
        ("done", job.done.into()),
        ("outcomes", Cell::List(counts.collect())),
        ("note", job.note.clone().into()),
    ]
}

fn stop(cx: &mut Context<'_>, args: Stop) -> Result<Outcome, Failure> {
    let number = args.number;
    on(cx, &args.at, Some(&codes::JOB_STOPPED), |cx, open| {
        let state = working(cx, open, &codes::JOB_STOPPED, |tenant, work| {
            Ok(tenant.stop_job(number, work)?)
        })?;
        Ok(match state {
            JobState::Running => {
                Outcome::said(format!("job {number} stops after its current block"))
            }
            _ => Outcome::said(format!("job {number} is stopped"))
                .hint(format!("'tenant job resume {number}' continues it")),
        })
    })
}

fn resume(cx: &mut Context<'_>, args: Resume) -> Result<Outcome, Failure> {
    let number = args.number;
    on(cx, &args.at, Some(&codes::IMPORT_BEGUN), |cx, open| {
        let job = jobs::get(open.tenant.file().connection(), number)?;
        let path = args.file.unwrap_or_else(|| job.file.into());
        let how = (args.password.as_deref(), &args.how, &args.out);
        run(cx, open, &path, Some(number), how)
    })
}

fn results(cx: &mut Context<'_>, args: Results) -> Result<Outcome, Failure> {
    let number = args.number;
    let path = args.file.as_path();
    on(cx, &args.at, Some(&codes::RESULTS_WRITTEN), |cx, open| {
        let db = open.tenant.file().connection();
        jobs::get(db, number)?;
        let place = (path, args.overwrite);
        let written = if path.extension().is_some_and(|end| end == "ndjson") {
            lines_of_json(cx, db, number, place)?
        } else {
            cx.sheet(place, "result", RESULTS, |push| {
                events(db, Some(number), None, |event| {
                    let (record, message) = (event.item.record(), event.item.message());
                    let outcome = event.item.fate.as_str();
                    push([event.user, &*record, outcome, &*message].map(str::to_owned))
                })
            })?
        };
        let draft = cx
            .audit(&codes::RESULTS_WRITTEN)
            .object(path.display().to_string())
            .count("records", written);
        note(cx, open, draft)?;
        Ok(Outcome::said(format!(
            "wrote {} of job {number} to {}",
            counted(written, "result"),
            path.display()
        )))
    })
}

/// A result, as a sheet has it; it is written so that `migrate results` reads what it was.
const RESULTS: &[Col<[String; 4]>] = &[
    Col::whole("user", |row| take(&mut row[0]).into()),
    Col::whole("record", |row| take(&mut row[1]).into()),
    Col::whole("outcome", |row| take(&mut row[2]).into()),
    Col::text("message", |row| take(&mut row[3]).into()),
];

/// Writes the results of a job as lines of JSON; their number.
fn lines_of_json(
    cx: &Context<'_>,
    db: &Connection,
    number: u64,
    (path, overwrite): (&Path, bool),
) -> Result<u64, Failure> {
    let mut written = 0;
    write_new(path, overwrite, |file| {
        let failed = |error: std::io::Error| Failure::file("write", path, &error);
        let mut out = BufWriter::with_capacity(1 << 20, file);
        events::<Failure>(db, Some(number), None, |event| {
            cx.cancel.check()?;
            written += 1;
            let (record, message) = (event.item.record(), event.item.message());
            let row = [event.user, &record, event.item.fate.as_str(), &message];
            json_line(&mut out, row).map_err(failed)?;
            Ok(true)
        })?;
        out.flush().map_err(failed)
    })?;
    Ok(written)
}

fn json_line(out: &mut impl std::io::Write, row: [&str; 4]) -> std::io::Result<()> {
    let mut first = true;
    for (name, value) in ["user", "record", "outcome", "message"].iter().zip(row) {
        let lead = if std::mem::take(&mut first) { '{' } else { ',' };
        write!(out, "{lead}\"{name}\":")?;
        serde_json::to_writer(&mut *out, value)?;
    }
    out.write_all(b"}\n")
}
