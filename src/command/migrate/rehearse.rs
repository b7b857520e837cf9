//! `migrate rehearse`: what the target would do, before anything is sent to it.

use std::sync::Arc;

use crate::ambient::Cancelled;
use crate::command::context::Opened;
use crate::command::export::rules;
use crate::command::shared::{Out, RECORD};
use crate::command::tenant::{At, on, tally};
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::files::folder_of;
use crate::lang::keys::args;
use crate::lang::spec::{Command, Example, Selects};
use crate::migrate::error::Error;
use crate::migrate::export::{Prepared, Rehearsal, Request, Work};
use crate::migrate::mapping::LeftOut;
use crate::migrate::report::Report;
use crate::render::doc::{Col, ToCell as _};
use crate::render::{are, counted};
use crate::store::audit::codes;
use crate::store::{self, Holder, scratch};
use crate::tenant::events::{Fate, Item, Subject, Tally};
use crate::tenant::{self, KIND, SETTINGS};
use crate::vault::snapshot::Unassigned;

args! {
    struct Rehearse {
        ..at: At,
        with: Vec<String> = texts(
            "with",
            "Settings of the empty tenant, quoted, as in with=\"tokens.global-max=5\"",
        ),
        ..out: Out = RECORD,
    }
}

/// `migrate rehearse`
pub(in crate::command) static REHEARSE: Entry = entry!(
    Rehearse,
    rehearse,
    Command {
        details: "Exports the selection into a temporary bundle and imports that into a tenant, to show \
            beforehand what becomes of every record: created, merged into a known user, there already, or skipped and \
            why. With tenant=FILE that tenant is used, as it stands; without, an empty one with the settings of \
            with=.\n\nA table shows totals. In the other formats every record is a line: user, record, \
            outcome and message, as 'tenant job results' writes them; the line of the record 'user' is the user's own. \
            What the export itself leaves out has the outcome skipped.\n\nNothing is left behind, also when it is \
            interrupted: no bundle, no ledger row, no phase, nothing in the tenant. Users whose names are not unique \
            are left out here, where an export would refuse.",
        selects: Selects::Users,
        examples: &[
            Example::new(
                "migrate rehearse userid=a*",
                "What a fresh tenant would do with some users"
            ),
            Example::new(
                "migrate rehearse format=ndjson into=fate.ndjson",
                "What would become of all users, record by record"
            ),
        ],
        ..Command::new(
            "migrate rehearse",
            "Show what the target would do with the selected users",
        )
    }
);

/// User, record, outcome and message.
type Row = [String; 4];

const COLUMNS: &[Col<Row>] = &[
    Col::whole("user", |row| row[0].cell()),
    Col::text("record", |row| row[1].cell()),
    Col::whole("outcome", |row| row[2].cell()),
    Col::text("message", |row| row[3].cell()),
];

fn rehearse(cx: &mut Context<'_>, args: Rehearse) -> Result<Outcome, Failure> {
    if args.at.is_named() && !args.with.is_empty() {
        return Err(Failure::usage(
            "with= is for the empty tenant, and tenant= names one that has settings",
        )
        .hint("leave one of the two out"));
    }
    if args.out.format(cx.ui).is_for_people() {
        let done = stage(cx, &args, &mut |_, _, _, _| Ok(()))?;
        let left_out = done.report.not_taken();
        tally(cx, &args.out, &done.tally, &left_out)?;
        return Ok(done.said());
    }
    let mut done = None;
    args.out.list(cx.ui, "record", COLUMNS, |push| {
        done = Some(stage(
            cx,
            &args,
            &mut |user, record, outcome, message| match push(
                [user, record, outcome, message].map(str::to_owned),
            )? {
                true => Ok(()),
                false => Err(Failure::interrupted()),
            },
        )?);
        Ok(())
    })?;
    let done = done.ok_or(store::Error::Internal("nothing was rehearsed"))?;
    Ok(done.said())
}

/// What a rehearsal found.
struct Rehearsed {
    report: Report,
    tally: Tally,
    collisions: u64,
    on: String,
}

impl Rehearsed {
    fn said(&self) -> Outcome {
        let of = |fate| counted(self.tally.of(Subject::User, fate), "user");
        let mut notices: Vec<String> = self
            .report
            .warnings()
            .iter()
            .map(ToString::to_string)
            .collect();
        let mut hints = Vec::new();
        if self.collisions > 0 {
            notices.push(format!(
                "{} not unique; an export refuses that",
                are(self.collisions, "name")
            ));
            let advice = "with -skip-conflicts an export leaves out all users who share a name";
            hints.push(advice.to_owned());
        }
        notices.push(format!(
            "on {}: {} would be created, {} merged, {} already there; nothing was changed",
            self.on,
            of(Fate::Added),
            of(Fate::Merged),
            of(Fate::Exists)
        ));
        Outcome {
            notices,
            hints,
            exit: None,
        }
    }
}

/// Takes user, record, outcome and message.
type Each<'a> = &'a mut dyn FnMut(&str, &str, &str, &str) -> Result<(), Failure>;

/// Exports into a file without a name, and imports that into the tenant or an empty one.
fn stage(cx: &mut Context<'_>, args: &Rehearse, each: Each<'_>) -> Result<Rehearsed, Failure> {
    // The tenant's master is asked before the work, not after it.
    if args.at.is_named() {
        return on(cx, &args.at, None, |cx, open| {
            let (exported, collisions) = export(cx, each)?;
            let keys = open.session.keys()?;
            let holder = Holder::new(cx.line.masked.clone(), &open.who, cx.ambient.clock.now());
            let report = exported.report;
            let reader = exported.reader;
            let file = open.tenant.file_mut();
            let tally = file.without_effect(&holder, |tx| {
                let fate = |name: Option<&str>, items: &[Item]| imported(name, items, each);
                tenant::import::rehearse(tx, &keys, reader, &cx.ui.progress(), cx.cancel, fate)
            });
            // What was taken back still lies in the log.
            let _ = open.tenant.file().checkpoint();
            Ok(Rehearsed {
                report,
                tally: tally?,
                collisions,
                on: open.tenant.file().path().display().to_string(),
            })
        });
    }
    let (db, keys) = scratch(&KIND, cx.ambient.rng.as_ref())?;
    set(&db, &args.with)?;
    let (exported, collisions) = export(cx, each)?;
    let report = exported.report;
    let tx = db.unchecked_transaction().map_err(store::Error::from)?;
    let fate = |name: Option<&str>, items: &[Item]| imported(name, items, each);
    let tally = tenant::import::rehearse(
        &tx,
        &keys,
        exported.reader,
        &cx.ui.progress(),
        cx.cancel,
        fate,
    )?;
    Ok(Rehearsed {
        report,
        tally,
        collisions,
        on: "an empty tenant".to_owned(),
    })
}

/// Gives the empty tenant its settings.
fn set(db: &store::Connection, settings: &[String]) -> Result<(), Failure> {
    for setting in settings {
        let (name, value) = setting.split_once('=').ok_or_else(|| {
            Failure::usage(format!("'{setting}' in with= is no setting"))
                .hint("write with=\"tokens.global-max=5\"; 'help tenant set' names the settings")
        })?;
        SETTINGS.set(db, name, value)?;
    }
    Ok(())
}

/// The bundle of the rehearsal, and how many names are not unique.
fn export(cx: &mut Context<'_>, each: Each<'_>) -> Result<(Rehearsal, u64), Failure> {
    let selection = cx.selection()?;
    let holder = cx.holding();
    let who = cx.desk.who.clone();
    let path = cx.desk.path.clone();
    let keys = cx.desk.opened()?.keys;
    let request = Request {
        keys: Arc::clone(&keys),
        selection: &selection,
        unassigned: Unassigned::Auto,
        path: &path,
        numbered: false,
        overwrite: false,
        skip_conflicts: true,
        keep_phase: true,
        rules: rules(cx)?,
        draft: cx.audit(&codes::EXPORT_BEGUN),
    };
    let progress = cx.ui.progress();
    let (ambient, cancel) = (cx.ambient, cx.cancel);
    let Opened { vault, session, .. } = cx.desk.opened()?;
    let work = Work {
        keys: &keys,
        master: session.name(),
        who: &who,
        holder: &holder,
        ambient,
        progress: &progress,
        cancel,
    };
    let folder = folder_of(&path);
    let file = tempfile::tempfile_in(folder)
        .map_err(|error| Failure::file("make a file without a name in", folder, &error))?;
    let survey = request.survey(vault, cancel)?;
    let prepared = Prepared::for_rehearsal(survey, request, cancel)?;
    let collisions = prepared.extent().collisions;
    let mut trouble = None;
    let rehearsal = prepared.rehearse(file, &work, |name, one| {
        left_out(name, one, each).map_err(|failure| {
            trouble = Some(failure);
            Error::from(Cancelled)
        })
    });
    match (trouble, rehearsal) {
        (Some(failure), _) => Err(failure),
        (None, rehearsal) => Ok((rehearsal?, collisions)),
    }
}

/// Passes on what the export leaves out.
fn left_out(name: &str, one: &LeftOut, each: Each<'_>) -> Result<(), Failure> {
    let record = match one.item.split_once(' ') {
        Some(("user", _)) => "user",
        Some(("Q&A", _)) => "qa",
        _ => &one.item,
    };
    let detail = match one.detail.as_str() {
        "" => String::new(),
        detail => format!(" ({detail})"),
    };
    let message = format!("not exported: {}{detail}", one.reason.as_str());
    each(name, record, Fate::Skipped.as_str(), &message)
}

/// Passes on what the tenant would do.
fn imported(name: Option<&str>, items: &[Item], each: Each<'_>) -> Result<(), Failure> {
    items.iter().try_for_each(|item| {
        each(
            name.unwrap_or_default(),
            &item.record(),
            item.fate.as_str(),
            &item.message(),
        )
    })
}
