//! `export`: the main job, a bundle from a selection.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::context::{Go, Opened, in_another_case, warn_of_everybody};
use super::file::lists_read;
use super::shared_args::{FORMAT, OVERWRITE, PLAN, REASON, YES};
use super::{Context, Entry, Exit, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::selection::Entity;
use crate::lang::spec::{Command, Effect, Example, Selects};
use crate::migrate::export::{self, Exported, Extent, Prepared, Request, Work};
use crate::migrate::report::Report;
use crate::migrate::rules::Rules;
use crate::migrate::survey::Survey;
use crate::render::doc::{Cell, Column, RowSink};
use crate::render::{Format, Ui, counted, spoken};
use crate::store::audit::codes;
use crate::vault::snapshot::{Collision, Mapped, Unassigned};

const FILE: Key<std::path::PathBuf> = Key::out_file("file", "The bundle; its name ends in .igb")
    .default("bundle-N.igb in the current folder");
const SKIP_CONFLICTS: Key<bool> = Key::flag(
    "skip-conflicts",
    "Leave out users whose names are not unique",
);
const STRICT: Key<bool> = Key::flag("strict", "Exit with status 5 when anything was left out");
pub(super) const UNASSIGNED: Key<String> = Key::choice(
    "unassigned",
    &["yes", "no", "only"],
    "Whether unassigned tokens and cards go along",
)
.default("yes when everybody or whole groups are selected");

/// `export`
pub(super) static EXPORT: Entry = Entry {
    spec: Command {
        synonyms: &["authexport"],
        details: "Writes the selected users with their tokens, cards, questions, passwords and location data into \
            one encrypted bundle. Without a selection everything goes. The bundle's password is generated; \
            'bundle password' shows it to a master. Every user in the bundle becomes 'exported'.\n\n\
            User ids and aliases must be unique over the whole vault, because the target has no groups to tell them \
            apart: the command stops and lists those that are not, or leaves them out with -skip-conflicts. What \
            does not migrate is left out and reported by reason; 'bundle skipped' and 'migrate explain' say who and \
            why.\n\n\
            The bundle is igsh's own container, not the one of the real cloud service, which cannot read it. It is \
            good for rehearsing a migration, for handing data to programs that read igsh-bundle(5), and for keeping \
            what was moved.",
        args: &[
            FILE.arg,
            OVERWRITE.arg,
            PLAN.arg,
            SKIP_CONFLICTS.arg,
            STRICT.arg,
            UNASSIGNED.arg,
            YES.arg,
            REASON.arg,
            FORMAT.arg,
        ],
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[
            Example {
                line: "export group=* userid=a* file=a.igb",
                what: "Everybody whose user id begins with a",
            },
            Example {
                line: "export group=sales file=sales.igb -plan",
                what: "What an export of a group would do",
            },
            Example {
                line: "export file=all.igb -overwrite",
                what: "Everything",
            },
        ],
        ..Command::new(
            "export",
            "Write users and their second factors into an encrypted bundle",
        )
    },
    audit: Some(&codes::EXPORT_ENDED),
    run: export,
};

fn export(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let format = cx.format(bound)?;
    let selection = lists_read(&bound.selection)?;
    let (keys, draft) = (
        cx.desk.opened()?.keys,
        cx.draft(bound, &codes::EXPORT_BEGUN),
    );
    let survey = Survey::take(
        cx.desk.reading()?,
        &keys,
        &selection,
        unassigned(bound),
        cx.cancel,
    )?;
    let file = bound.args.get(&FILE);
    let path = match file {
        Some(path) => path.to_owned(),
        None => PathBuf::from(export::numbered(survey.next_bundle()?)),
    };
    let request = Request {
        keys: Arc::clone(&keys),
        selection: &selection,
        unassigned: unassigned(bound),
        path: &path,
        numbered: file.is_none(),
        overwrite: bound.args.flag(&OVERWRITE),
        skip_conflicts: bound.args.flag(&SKIP_CONFLICTS),
        rules: rules(cx)?,
        draft: draft.clone(),
    };
    if let Some(note) = in_another_case(survey.more_without_case(&selection)?, Entity::User) {
        cx.ui.notice(&note);
    }
    warn_of_everybody(cx.ui, &selection.text, survey.users, survey.all()?);
    let holder = cx.holder(bound);
    let who = cx.desk.who.clone();
    let progress = cx.ui.progress();
    let (ui, ambient, cancel) = (cx.ui, cx.ambient, cx.cancel);
    let Opened { vault, session, .. } = cx.desk.opened()?;
    let master = session.name().to_owned();
    let work = Work {
        keys: &keys,
        master: &master,
        who: &who,
        holder: &holder,
        ambient,
        progress: &progress,
        cancel,
    };
    let mut shared = Shared {
        ui,
        format,
        rows: None,
        wanted: !request.skip_conflicts,
    };
    let prepared = Prepared::new(survey, request, cancel, |collision| {
        shared.show(&collision);
        Ok(())
    });
    shared.end();
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            export::refused(vault, &draft, &work, &error)?;
            return Err(Failure::from(error).audited());
        }
    };
    let notes: Vec<String> = [
        stale(prepared.extent()),
        under_another_id(&prepared.extent().mapped),
    ]
    .into_iter()
    .flatten()
    .collect();
    if bound.args.flag(&PLAN) {
        let report = prepared.plan(&work)?;
        drop(progress);
        show_report(ui, format, &report)?;
        return Ok(said(
            bound,
            notes,
            &report,
            "this was a plan; nothing was written".to_owned(),
        ));
    }
    let extent = prepared.extent();
    let count = if extent.users > 0 {
        extent.users
    } else {
        extent.total()
    };
    let question = format!(
        "{}Export {} into {}?",
        remarks(extent),
        what(extent),
        path.display()
    );
    let go = cx
        .terms
        .ask(ui, cx.line.yes, count, &question)
        .map_err(Failure::audited)?;
    if go == Go::DryRun {
        let report = prepared.plan(&work)?;
        drop(progress);
        show_report(ui, format, &report)?;
        return Ok(said(
            bound,
            notes,
            &report,
            "this was a dry run; nothing was written".to_owned(),
        ));
    }
    let exported = prepared
        .export(vault, &work)
        .map_err(|error| Failure::from(error).audited())?;
    drop(progress);
    show_exported(ui, format, &exported)?;
    Ok(said(
        bound,
        notes,
        &exported.report,
        format!(
            "wrote bundle {}; 'bundle password {}' shows its password",
            exported.number, exported.number
        ),
    ))
}

/// Which unassigned items go along.
pub(super) fn unassigned(bound: &Bound) -> Unassigned {
    match bound.args.get(&UNASSIGNED) {
        Some("yes") => Unassigned::Yes,
        Some("no") => Unassigned::No,
        Some("only") => Unassigned::Only,
        _ => Unassigned::Auto,
    }
}

/// The mapping rules as the vault's settings have them.
pub(super) fn rules(cx: &Context<'_>) -> Result<Rules, Failure> {
    let connection = cx.desk.reading()?.file().connection();
    Ok(Rules::from_settings(connection, cx.ambient.clock.now())?)
}

/// What the question is about.
fn what(extent: &Extent) -> String {
    let parts = [
        (extent.users, "user"),
        (extent.tokens, "unassigned token"),
        (extent.cards, "unassigned card"),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| counted(count, noun))
        .collect();
    parts.join(", ")
}

/// Who goes under an id that a master gave: whoever says yes has seen it.
fn under_another_id(mapped: &Mapped) -> Option<String> {
    let goes = if mapped.users == 1 { "goes" } else { "go" };
    let who = counted(mapped.users, "user");
    (mapped.users > 0).then(|| format!("{who} {goes} under another id: {mapped}"))
}

/// What a master should know before saying yes.
fn remarks(extent: &Extent) -> String {
    let mut text = String::new();
    for (bundle, users) in &extent.already {
        text += &format!("{} already in bundle {bundle}.\n", are(*users));
    }
    if let Some(mapped) = under_another_id(&extent.mapped) {
        text += &format!("{mapped}.\n");
    }
    if extent.collisions > 0 {
        text += &format!(
            "{} not unique; everybody who shares one is left out.\n",
            are_names(extent.collisions)
        );
    }
    if let Some(source) = extent.source {
        text += &match source.most.filter(|_| source.is_stale()) {
            Some(most) => format!("{}.\n", too_old("The", source.age, most)),
            None => format!("The source copy is {} old.\n", spoken(source.age)),
        };
    }
    text
}

/// What is said of an old source copy whether or not there is a question.
fn stale(extent: &Extent) -> Option<String> {
    let source = extent.source.filter(|source| source.is_stale())?;
    source.most.map(|most| too_old("the", source.age, most))
}

fn too_old(the: &str, age: Duration, most: Duration) -> String {
    format!(
        "{the} source copy is {} old, and migrate.max-source-age allows {}: load the source anew",
        spoken(age),
        spoken(most)
    )
}

fn are(users: u64) -> String {
    format!(
        "{} {}",
        counted(users, "user"),
        if users == 1 { "is" } else { "are" }
    )
}

fn are_names(names: u64) -> String {
    format!(
        "{} {}",
        counted(names, "name"),
        if names == 1 { "is" } else { "are" }
    )
}

/// The list of names that are not unique, begun with the first one.
struct Shared<'a> {
    ui: &'a Ui,
    format: Format,
    rows: Option<Box<dyn RowSink>>,
    wanted: bool,
}

impl Shared<'_> {
    fn show(&mut self, collision: &Collision) {
        const COLUMNS: &[Column] = &[
            Column::whole("sharedName"),
            Column::whole("group"),
            Column::whole("userid"),
            Column::text("as"),
            Column::whole("name"),
            Column::whole("selected"),
            Column::whole("bundle"),
        ];
        if !self.wanted {
            return;
        }
        let rows = self.rows.get_or_insert_with(|| {
            let mut rows = self.ui.rows(self.format);
            // That nobody reads the list does not change that the export is refused.
            let _ = rows.begin("party", COLUMNS);
            rows
        });
        for party in &collision.parties {
            let _ = rows.row(vec![
                collision.name.as_str().into(),
                party.group.as_str().into(),
                party.userid.as_str().into(),
                party.holds.as_str().into(),
                party.name.as_str().into(),
                party.selected.into(),
                party.bundle.map(Cell::Id).into(),
            ]);
        }
    }

    fn end(&mut self) {
        if let Some(rows) = &mut self.rows {
            let _ = rows.end();
        }
    }
}

fn show_report(ui: &Ui, format: Format, report: &Report) -> Result<(), Failure> {
    let mut rows = ui.rows(format);
    rows.begin(
        "line",
        &[
            Column::whole("part"),
            Column::whole("what"),
            Column::whole("count"),
        ],
    )?;
    for (part, what, count) in report.rows() {
        rows.row(vec![part.into(), what.into(), count.into()])?;
    }
    Ok(rows.end()?)
}

fn show_exported(ui: &Ui, format: Format, exported: &Exported) -> Result<(), Failure> {
    let report = &exported.report;
    let taken = report.taken;
    let not_taken = report
        .not_taken()
        .into_iter()
        .map(|(reason, count)| (reason, count.into()))
        .collect();
    let models = report
        .models
        .iter()
        .map(|(model, count)| format!("{model}: {count}"))
        .collect();
    ui.rows(format).record(vec![
        ("bundle", Cell::Id(exported.number)),
        ("file", exported.path.display().to_string().into()),
        ("size", exported.size.into()),
        ("sha256", exported.sha256.as_str().into()),
        ("groups", report.records.group.into()),
        ("users", report.records.user.into()),
        ("tokens", taken.tokens.into()),
        ("cards", taken.cards.into()),
        ("questions", taken.qa.into()),
        ("passwords", taken.passwords.into()),
        ("unassignedTokens", report.records.token.into()),
        ("unassignedCards", report.records.card.into()),
        ("notTaken", Cell::Record(not_taken)),
        ("modelsNotTaken", Cell::List(models)),
    ])?;
    Ok(())
}

/// The last words of an export: what is wrong with the source copy, its warnings, then what came of it.
fn said(bound: &Bound, mut notices: Vec<String>, report: &Report, last: String) -> Outcome {
    notices.extend(report.warnings().iter().map(ToString::to_string));
    notices.push(last);
    let partial = bound.args.flag(&STRICT) && !report.not_taken().is_empty();
    Outcome {
        notices,
        exit: partial.then_some(Exit::Partial),
    }
}
