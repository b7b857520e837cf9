//! `tenant job list|get|stop|resume|results`.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use super::import::{RETRIES, STOP_AFTER, run};
use super::{LOGIN, PASSWORD, TENANT, note, with, working};
use crate::command::bundle::PASSWORD_FILE;
use crate::command::file::write_new;
use crate::command::shared_args::{FORMAT, INTO, OVERWRITE, list_args};
use crate::command::{Context, Entry, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Effect, Example};
use crate::render::counted;
use crate::render::doc::{Cell, Column};
use crate::store::audit::codes;
use crate::tenant::events::events;
use crate::tenant::jobs::{self, Job, JobState};

const NUMBER: Key<i64> = Key::number("number", 1, i64::MAX, "Number of the job")
    .positional()
    .required();
const RESULTS: Key<std::path::PathBuf> = Key::out_file(
    "file",
    "The new file to write: NDJSON when it ends in .ndjson, else CSV",
)
.required();
const AGAIN: Key<std::path::PathBuf> = Key::in_file(
    "file",
    "The bundle file, where it is no longer the one that was named",
);

/// `tenant job list`
pub(in crate::command) static JOB_LIST: Entry = Entry {
    spec: Command {
        details: "Lists the imports into this tenant. A job that is 'running' and that nobody works on was killed; \
            'tenant job resume' goes on with it.",
        args: list_args![TENANT.arg, LOGIN.arg, PASSWORD.arg],
        session: false,
        examples: &[Example {
            line: "tenant job list tenant=rehearsal.tenant",
            what: "All imports",
        }],
        ..Command::new("tenant job list", "List imports into the tenant")
    },
    audit: None,
    run: list,
};

/// `tenant job get`
pub(in crate::command) static JOB_GET: Entry = Entry {
    spec: Command {
        details: "Shows one import with what became of how many records.",
        args: &[
            NUMBER.arg,
            TENANT.arg,
            LOGIN.arg,
            PASSWORD.arg,
            FORMAT.arg,
            INTO.arg,
            OVERWRITE.arg,
        ],
        session: false,
        examples: &[Example {
            line: "tenant job get 1 tenant=rehearsal.tenant",
            what: "The first import",
        }],
        ..Command::new("tenant job get", "Show one import into the tenant")
    },
    audit: None,
    run: get,
};

/// `tenant job stop`
pub(in crate::command) static JOB_STOP: Entry = Entry {
    spec: Command {
        details: "Asks an import to stop behind the block that it is at. One that was killed is stopped here and now, \
            so that the tenant can be used for something else; either can be resumed.",
        args: &[NUMBER.arg, TENANT.arg, LOGIN.arg, PASSWORD.arg],
        effect: Effect::Write,
        session: false,
        examples: &[Example {
            line: "tenant job stop 1 tenant=rehearsal.tenant",
            what: "Stop the first import",
        }],
        ..Command::new("tenant job stop", "Stop an import into the tenant")
    },
    audit: None,
    run: stop,
};

/// `tenant job resume`
pub(in crate::command) static JOB_RESUME: Entry = Entry {
    spec: Command {
        details: "Goes on with an import that was stopped, failed or was killed, exactly behind its last block. The \
            bundle is checked whole once more, so that its password is needed again.",
        args: &[
            NUMBER.arg,
            PASSWORD_FILE.arg,
            AGAIN.arg,
            RETRIES.arg,
            STOP_AFTER.arg,
            TENANT.arg,
            LOGIN.arg,
            PASSWORD.arg,
            FORMAT.arg,
            INTO.arg,
            OVERWRITE.arg,
        ],
        effect: Effect::Write,
        session: false,
        examples: &[Example {
            line: "tenant job resume 1 password-file=first.password tenant=rehearsal.tenant",
            what: "Go on with the first import",
        }],
        ..Command::new("tenant job resume", "Go on with an import into the tenant")
    },
    audit: Some(&codes::IMPORT_BEGUN),
    run: resume,
};

/// `tenant job results`
pub(in crate::command) static JOB_RESULTS: Entry = Entry {
    spec: Command {
        details: "Writes what became of every record of an import to a new file, for 'migrate results': columns user, \
            record, outcome and message. Outcomes are added, merged (a known user who got something new), exists, \
            skipped and error.",
        args: &[
            NUMBER.arg,
            RESULTS.arg,
            OVERWRITE.arg,
            TENANT.arg,
            LOGIN.arg,
            PASSWORD.arg,
        ],
        effect: Effect::Write,
        session: false,
        examples: &[Example {
            line: "tenant job results 1 file=results.csv tenant=rehearsal.tenant",
            what: "The results of the first import",
        }],
        ..Command::new(
            "tenant job results",
            "Write the results of an import to a file",
        )
    },
    audit: None,
    run: results,
};

fn number(bound: &Bound) -> u64 {
    bound.args.get(&NUMBER).unwrap_or_default().cast_unsigned()
}

fn list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("number"),
        Column::whole("state"),
        Column::text("file"),
        Column::whole("startedAt"),
        Column::whole("master"),
        Column::whole("records"),
        Column::whole("done"),
        Column::text("note"),
    ];
    with(cx, bound, None, |cx, open| {
        let jobs = jobs::jobs(open.tenant.file().connection())?;
        cx.list(bound, "job", COLUMNS, |push| {
            for job in jobs {
                push(vec![
                    Cell::Id(job.number),
                    job.state.as_str().into(),
                    job.file.into(),
                    job.started.into(),
                    job.master.into(),
                    job.records.into(),
                    job.done.into(),
                    job.note.into(),
                ])?;
            }
            Ok(())
        })
    })
}

fn get(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    with(cx, bound, None, |cx, open| {
        let job = jobs::get(open.tenant.file().connection(), number(bound))?;
        cx.rows(bound, |rows| Ok(rows.record(fields(&job))?))?;
        Ok(Outcome::quiet())
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

fn stop(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let number = number(bound);
    with(cx, bound, Some(&codes::JOB_STOPPED), |cx, open| {
        let state = working(cx, bound, open, &codes::JOB_STOPPED, |tenant, work| {
            Ok(tenant.stop_job(number, work)?)
        })?;
        Ok(Outcome::said(match state {
            JobState::Running => format!("job {number} was asked to stop behind its block"),
            _ => format!("job {number} is stopped; 'tenant job resume {number}' goes on"),
        }))
    })
}

fn resume(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let number = number(bound);
    with(cx, bound, Some(&codes::IMPORT_BEGUN), |cx, open| {
        let job = jobs::get(open.tenant.file().connection(), number)?;
        let path = bound.args.get(&AGAIN).unwrap_or(Path::new(&job.file));
        run(cx, bound, open, path, Some(number))
    })
}

fn results(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let number = number(bound);
    let Some(path) = bound.args.get(&RESULTS) else {
        return Ok(Outcome::quiet());
    };
    with(cx, bound, Some(&codes::RESULTS_WRITTEN), |cx, open| {
        let db = open.tenant.file().connection();
        jobs::get(db, number)?;
        let mut written = 0;
        write_new(path, bound.args.flag(&OVERWRITE), |file| {
            let failed = |error: std::io::Error| Failure::file("write", path, &error);
            let mut out = BufWriter::with_capacity(1 << 20, file);
            let json = path.extension().is_some_and(|end| end == "ndjson");
            if !json {
                out.write_all(b"user,record,outcome,message\n")
                    .map_err(failed)?;
            }
            events::<Failure>(db, Some(number), None, |event| {
                cx.cancel.check()?;
                written += 1;
                let (record, message) = (event.item.record(), event.item.message());
                let row = [event.user, &record, event.item.fate.as_str(), &message];
                if json {
                    json_line(&mut out, row).map_err(failed)?;
                } else {
                    csv_line(&mut out, row).map_err(failed)?;
                }
                Ok(true)
            })?;
            out.flush().map_err(failed)
        })?;
        let draft = cx
            .draft(bound, &codes::RESULTS_WRITTEN)
            .object(path.display().to_string())
            .count("records", written);
        note(cx, bound, open, draft)?;
        Ok(Outcome::said(format!(
            "wrote {} of job {number} to {}",
            counted(written, "result"),
            path.display()
        )))
    })
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

fn csv_line(out: &mut impl std::io::Write, row: [&str; 4]) -> std::io::Result<()> {
    for (at, value) in row.iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        if value.contains([',', '"', '\n', '\r']) || value.starts_with(' ') || value.ends_with(' ')
        {
            write!(out, "\"{}\"", value.replace('"', "\"\""))?;
        } else {
            out.write_all(value.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}
