//! `source generate`: people who do not exist, for trying things out.

use std::path::{Path, PathBuf};

use super::gone::{self, Place};
use super::input::Taking;
use super::load::{load_into_vault, options, summary};
use crate::ambient::{Progress as _, Unit};
use crate::command::file::write_new;
use crate::command::shared::OVERWRITE;
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::exchange::{self, ndjson, population};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example};
use crate::model::SourceRecord;
use crate::render::counted;
use crate::store::audit::codes;

args! {
    struct Generate {
        users: u64 = number("users", 1, 100_000_000, "How many users").required(),
        seed: u64 = number("seed", 0, i64::MAX, "The same seed gives the same people").default("1"),
        duplicates: u64 = number("duplicates", 0, 1_000_000, "How many names to double between groups").default("0"),
        file: Option<PathBuf> = out_file("file", "Write NDJSON to this file (.zst and .gz are compressed)"),
        load: bool = flag("load", "Load the people into the vault directly"),
        overwrite: bool = OVERWRITE,
        _ = gone::YES,
    }
}

/// `source generate`
pub(in crate::command) static GENERATE: Entry = entry!(
    Generate,
    generate,
    codes::SOURCE_GENERATED,
    Command {
        details: "Makes up people with tokens, cards, questions, passwords and locations, for trying things out. \
            The same seed gives the same people. With -load they go into the vault, with file= into a file. Like a \
            full load, -load makes all other users of the vault gone, and asks like one.",
        effect: Effect::Write,
        examples: &[
            Example::new(
                "source generate users=100 seed=1 file=made-up.ndjson",
                "A hundred people in a file"
            ),
            Example::new(
                "source generate users=100 seed=1 -load",
                "The same, straight into the vault"
            ),
        ],
        ..Command::new("source generate", "Make up people for trying things out")
    }
);

fn generate(cx: &mut Context<'_>, args: Generate) -> Result<Outcome, Failure> {
    let (users, seed) = (args.users, args.seed);
    if cx.terms.dry_run {
        return Ok(Outcome::said("this was a dry run; no users were made up"));
    }
    let people = population::generate(users, seed, args.duplicates)?;
    match (&args.file, args.load) {
        (Some(path), false) => {
            write_people(cx, path, args.overwrite, users, people)?;
            Ok(Outcome::said(format!(
                "wrote {} to {}",
                counted(users, "made-up user"),
                path.display()
            )))
        }
        (None, true) => {
            let source = format!("generated, seed {seed}");
            let report = gone::asking(cx, &Place::made_up(), |cx, limit| {
                let progress = cx.ui.progress();
                let from = (&*source, "generated");
                let options = options(cx, from, limit, false, &Taking::default())?;
                load_into_vault(
                    cx,
                    &codes::SOURCE_GENERATED,
                    &options,
                    (1u64..).zip(people.clone()).map(Ok),
                    &mut Vec::new(),
                    &progress,
                )
            })?;
            Ok(summary(&report))
        }
        _ => Err(
            Failure::usage("people can go into a file or into the vault")
                .hint("add file=people.ndjson, or -load"),
        ),
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
