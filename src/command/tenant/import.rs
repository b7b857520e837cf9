//! `tenant import`, and what resuming shares with it.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::ExposeSecret as _;

use super::{LOGIN, PASSWORD, TENANT, show_tally, with, working};
use crate::bundle::Reader;
use crate::command::bundle::{PASSWORD_FILE, header, open_file, typed_password};
use crate::command::context::OpenTenant;
use crate::command::shared_args::{FORMAT, INTO, OVERWRITE};
use crate::command::{Context, Entry, Exit, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Effect, Example};
use crate::render::counted;
use crate::store::audit::codes;
use crate::tenant::import::{Imported, Terms};
use crate::tenant::jobs::JobState;

pub(super) const FILE: Key<std::path::PathBuf> = Key::in_file("file", "The bundle file")
    .positional()
    .required();
pub(super) const RETRIES: Key<i64> = Key::number(
    "retries",
    0,
    1000,
    "How often to try again when another session holds the tenant, five seconds each",
)
.default("3");
pub(super) const STOP_AFTER: Key<i64> = Key::number(
    "stop-after-errors",
    1,
    i64::MAX,
    "Stop the job behind the block in which so many records could not be taken",
);

/// `tenant import`
pub(in crate::command) static IMPORT: Entry = Entry {
    spec: Command {
        details: "Imports a bundle into the tenant, by the target's documented rules. The whole bundle is checked \
            before the first record is applied. A record that cannot be taken is skipped with its reason, the rest \
            goes on; importing the same bundle twice changes nothing the second time.\n\nAn import is a job. It is \
            applied in blocks, so that one that was stopped or killed goes on exactly where it was: 'tenant job \
            resume'. What became of every record is in 'tenant audit list', and 'tenant job results' writes it to a \
            file for 'migrate results'.\n\nThe bundle's password is read from a file that only you can read, or \
            asked for.\n\nImports are in the tenant's audit, also those that fail. A file that is no tenant has none: that \
            failure is in the audit of the vault, where somebody is logged in to one.",
        args: &[
            FILE.arg,
            PASSWORD_FILE.arg,
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
            line: "tenant import file=first.igb password-file=first.password tenant=rehearsal.tenant",
            what: "Import a bundle",
        }],
        ..Command::new("tenant import", "Import a bundle into the tenant")
    },
    audit: Some(&codes::IMPORT_BEGUN),
    run: import,
};

fn import(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let Some(path) = bound.args.get(&FILE) else {
        return Ok(Outcome::quiet());
    };
    with(cx, bound, Some(&codes::IMPORT_BEGUN), |cx, open| {
        run(cx, bound, open, path, None)
    })
}

/// Imports the bundle at `path`, as a new job or to the end of one.
pub(super) fn run(
    cx: &mut Context<'_>,
    bound: &Bound,
    open: &mut OpenTenant,
    path: &Path,
    resume: Option<u64>,
) -> Result<Outcome, Failure> {
    let located = |error: crate::bundle::Error| Failure::from(error).in_file(path);
    let file = open_file(path)?;
    header(path)?;
    let password = typed_password(cx, bound)?;
    let reader = Reader::open(file, password.expose_secret()).map_err(located)?;
    drop(password);
    let terms = Terms {
        stop_after_errors: bound.args.get(&STOP_AFTER).map(i64::cast_unsigned),
        retries: bound
            .args
            .get(&RETRIES)
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(3),
    };
    let name = path.display().to_string();
    let imported = working(cx, bound, open, &codes::IMPORT_BEGUN, |tenant, work| {
        Ok(tenant.import(reader, &name, resume, terms, work)?)
    })
    .map_err(|failure| match failure.code {
        crate::command::failure::code::BUNDLE => failure.in_file(path),
        _ => failure,
    })?;
    show_tally(cx, bound, &imported.job.tally, &BTreeMap::new())?;
    Ok(outcome(&imported))
}

fn outcome(imported: &Imported) -> Outcome {
    let job = &imported.job;
    let mut notices = Vec::new();
    let mut exit = None;
    match (job.state, imported.changed()) {
        (JobState::Done, true) => notices.push(format!(
            "job {}: {} of the bundle {} applied",
            job.number,
            counted(job.done, "record"),
            if job.done == 1 { "was" } else { "were" }
        )),
        (JobState::Done, false) => notices.push(format!(
            "job {}: nothing was changed, everything in this bundle was there already or is not taken",
            job.number
        )),
        _ => {
            exit = Some(if imported.interrupted {
                Exit::Interrupted
            } else {
                Exit::Partial
            });
            notices.push(format!(
                "job {} stopped at block {} of {}: {}; 'tenant job resume {}' goes on",
                job.number,
                job.next_block,
                job.blocks,
                job.note.as_deref().unwrap_or_default(),
                job.number
            ));
        }
    }
    if imported.over_account > 0 {
        notices.push(format!(
            "{} now have more tokens than tokens.account-max: they keep them and get no new ones",
            counted(imported.over_account, "user")
        ));
    }
    Outcome { notices, exit }
}
