//! `tenant import`, and what resuming shares with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use super::{At, on, tally, working};
use crate::bundle::Reader;
use crate::command::bundle::{PASSWORD_FILE, header, open_file, typed_password};
use crate::command::context::OpenTenant;
use crate::command::shared::{Out, RECORD};
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::code;
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example};
use crate::render::{agree, counted};
use crate::store::audit::codes;
use crate::tenant::import::{Imported, Terms};
use crate::tenant::jobs::JobState;

args! {
    /// How an import is done.
    pub(super) struct How {
        retries: u64 = number(
            "retries",
            0,
            1000,
            "How often to retry when another session holds the tenant, five seconds each",
        )
        .default("3"),
        stop_after: Option<u64> = number(
            "stop-after-errors",
            1,
            i64::MAX,
            "Stop the job behind the block in which so many records could not be taken",
        ),
    }

    struct Import {
        file: PathBuf = in_file("file", "The bundle file").positional().required(),
        password: Option<PathBuf> = PASSWORD_FILE,
        ..how: How,
        ..at: At,
        ..out: Out = RECORD,
    }
}

/// `tenant import`
pub(in crate::command) static IMPORT: Entry = entry!(
    Import,
    import,
    codes::IMPORT_BEGUN,
    Command {
        details: "Imports a bundle into the tenant, by the target's documented rules. The whole bundle is checked \
            before the first record is applied. A record that cannot be taken is skipped with its reason, the rest \
            goes on; importing the same bundle twice changes nothing the second time.\n\nAn import is a job. It is \
            applied in blocks, so that one that was stopped or killed goes on exactly where it was: 'tenant job \
            resume'. What became of every record is in 'tenant audit list', and 'tenant job results' writes it to a \
            file for 'migrate results'.\n\nThe bundle's password is read from a file that only you can read, or \
            asked for.\n\nImports are in the tenant's audit, also those that fail. A file that is no tenant has \
            no audit: if a master is logged in to a vault, the failure is in that vault's audit.",
        effect: Effect::Write,
        session: false,
        examples: &[Example::new(
            "tenant import file=first.igb password-file=first.password tenant=rehearsal.tenant",
            "Import a bundle"
        )],
        ..Command::new("tenant import", "Import a bundle into the tenant")
    }
);

fn import(cx: &mut Context<'_>, args: Import) -> Result<Outcome, Failure> {
    on(cx, &args.at, Some(&codes::IMPORT_BEGUN), |cx, open| {
        let how = (args.password.as_deref(), &args.how, &args.out);
        run(cx, open, &args.file, None, how)
    })
}

/// Imports the bundle at `path`, as a new job or to the end of one.
pub(super) fn run(
    cx: &mut Context<'_>,
    open: &mut OpenTenant,
    path: &Path,
    resume: Option<u64>,
    (password, how, out): (Option<&Path>, &How, &Out),
) -> Result<Outcome, Failure> {
    let located = |error: crate::bundle::Error| Failure::from(error).in_file(path);
    let file = open_file(path)?;
    header(path)?;
    let password = typed_password(cx, password)?;
    let reader = Reader::open(file, password.expose_secret()).map_err(located)?;
    drop(password);
    let terms = Terms {
        stop_after_errors: how.stop_after,
        retries: how.retries,
    };
    let name = path.display().to_string();
    let imported = working(cx, open, &codes::IMPORT_BEGUN, |tenant, work| {
        Ok(tenant.import(reader, &name, resume, terms, work)?)
    })
    .map_err(|failure| match failure.code {
        code::BUNDLE => failure.in_file(path),
        _ => failure,
    })?;
    tally(cx, out, &imported.job.tally, &BTreeMap::new())?;
    Ok(outcome(&imported))
}

fn outcome(imported: &Imported) -> Outcome {
    let job = &imported.job;
    let mut outcome = Outcome::quiet();
    let notices = &mut outcome.notices;
    match (job.state, imported.changed()) {
        (JobState::Done, true) => notices.push(format!(
            "job {}: {} of the bundle {} applied",
            job.number,
            counted(job.done, "record"),
            agree(job.done, "was", "were")
        )),
        (JobState::Done, false) => notices.push(format!(
            "job {}: nothing was changed, all records of this bundle were there already or are not taken",
            job.number
        )),
        _ => {
            outcome.exit = Some(if imported.interrupted {
                Exit::Interrupted
            } else {
                Exit::Partial
            });
            notices.push(format!(
                "job {} stopped at block {} of {}: {}",
                job.number,
                job.next_block,
                job.blocks,
                job.note.as_deref().unwrap_or_default()
            ));
            let hint = format!("'tenant job resume {}' continues it", job.number);
            outcome.hints.push(hint);
        }
    }
    if imported.over_account > 0 {
        outcome.notices.push(format!(
            "{} now {} more tokens than tokens.account-max and {} no new ones",
            counted(imported.over_account, "user"),
            agree(imported.over_account, "has", "have"),
            agree(imported.over_account, "gets", "get")
        ));
    }
    outcome
}
