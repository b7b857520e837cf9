//! `export`: the main job, a bundle from a selection.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::context::{Go, Opened, in_another_case, warn_of_all_users};
use super::shared::{OVERWRITE, Out, REASON, SHOWN, YES};
use super::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::keys::{self, Key, args};
use crate::lang::selection::Entity;
use crate::lang::spec::{Command, Effect, Example, Selects};
use crate::migrate::export::{self, Exported, Extent, Prepared, Request, Work};
use crate::migrate::report::Report;
use crate::migrate::rules::Rules;
use crate::migrate::survey::Survey;
use crate::model::{Phase, names};
use crate::render::doc::{self, Cell, Col, RowSink, ToCell as _};
use crate::render::{Format, Ui, agree, are, counted, spoken};
use crate::store::audit::codes;
use crate::vault::snapshot::{Beyond, Collision, Mapped, Party, Unassigned};

names! {
    /// What the line says of unassigned tokens and cards.
    Along, "unassigned" {
        /// They go along.
        Yes = "yes",
        /// They stay.
        No = "no",
        /// They go, and no users.
        Only = "only",
    }
}

impl Along {
    /// Which of them go.
    pub(super) fn from(said: Option<Self>) -> Unassigned {
        match said {
            None => Unassigned::Auto,
            Some(Self::Yes) => Unassigned::Yes,
            Some(Self::No) => Unassigned::No,
            Some(Self::Only) => Unassigned::Only,
        }
    }
}

pub(super) const UNASSIGNED: Key<Option<Along>> =
    keys::choice("unassigned", "Whether unassigned tokens and cards go along")
        .absent("yes when all users or whole groups are selected");

args! {
    struct Export {
        file: Option<PathBuf> = out_file("file", "The bundle; its name ends in .igb")
            .absent("bundle-N.igb in the current folder"),
        overwrite: bool = OVERWRITE,
        plan: bool = flag("plan", "Show what would happen, and stop there"),
        skip_conflicts: bool = flag("skip-conflicts", "Leave out users whose names are not unique"),
        keep_phase: bool = flag("keep-phase", "Leave users who are imported or migrated in their phase"),
        strict: bool = flag("strict", "Exit with status 5 when anything was left out"),
        unassigned: Option<Along> = UNASSIGNED,
        _ = YES,
        _ = REASON,
        ..out: Out = SHOWN,
    }
}

/// `export`
pub(super) static EXPORT: Entry = entry!(
    Export,
    export,
    codes::EXPORT_ENDED,
    Command {
        synonyms: &["authexport"],
        details: "Writes the selected users with their tokens, cards, questions, passwords and location data into \
            one encrypted bundle. Without a selection everything goes. The bundle's password is generated; \
            'bundle password' shows it to a master. Every user in the bundle becomes 'exported'. Users who are \
            imported or migrated already go back to that, which the question and the plan say; with -keep-phase they \
            stay where they are.\n\n\
            User ids and aliases must be unique over the whole vault, because the target has no groups: the \
            command stops and lists those that are not, or leaves them out with -skip-conflicts. What does not migrate \
            is left out and reported by reason; 'bundle skipped' and 'migrate explain' show what and why.\n\n\
            The bundle is igsh's own container, not the one of the real cloud service, which cannot read it. It is \
            good for rehearsing a migration, for handing data to programs that read igsh-bundle(5), and for keeping \
            what was moved.",
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[
            Example::new(
                "export group=* userid=a* file=a.igb",
                "All users whose user id begins with a"
            ),
            Example::new(
                "export group=sales file=sales.igb -plan",
                "What an export of a group would do"
            ),
            Example::new("export file=all.igb -overwrite", "Everything"),
        ],
        ..Command::new(
            "export",
            "Write users and their second factors into an encrypted bundle",
        )
    }
);

fn export(cx: &mut Context<'_>, args: Export) -> Result<Outcome, Failure> {
    let format = args.out.format(cx.ui);
    let selection = cx.selection()?;
    let (keys, draft) = (cx.desk.opened()?.keys, cx.audit(&codes::EXPORT_BEGUN));
    let unassigned = Along::from(args.unassigned);
    let survey = Survey::take(cx.desk.reading()?, &keys, &selection, unassigned, cx.cancel)?;
    let numbered = args.file.is_none();
    let path = match args.file {
        Some(path) => path,
        None => PathBuf::from(export::numbered(survey.next_bundle()?)),
    };
    let request = Request {
        keys: Arc::clone(&keys),
        selection: &selection,
        unassigned,
        path: &path,
        numbered,
        overwrite: args.overwrite,
        skip_conflicts: args.skip_conflicts,
        keep_phase: args.keep_phase,
        rules: rules(cx)?,
        draft: draft.clone(),
    };
    if let Some(note) = in_another_case(survey.more_without_case(&selection)?, Entity::User) {
        cx.ui.notice(&note);
    }
    warn_of_all_users(cx.ui, &selection.text, survey.users, survey.all()?);
    let holder = cx.holding();
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
        shared.show(collision);
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
    let extent = prepared.extent();
    let (beyond, old) = (extent.beyond, stale(extent));
    let is_old = old.is_some();
    let mut notes: Vec<String> = [old, under_another_id(&extent.mapped)]
        .into_iter()
        .flatten()
        .collect();
    notes.extend(phases(beyond, args.keep_phase));
    let only_looks = if args.plan {
        Some("plan")
    } else {
        let extent = prepared.extent();
        let question = question(extent, args.keep_phase, &path);
        let go = cx.terms.ask(ui, cx.line.yes, extent.count(), &question);
        (go.map_err(Failure::audited)? == Go::DryRun).then_some("dry run")
    };
    if let Some(this) = only_looks {
        let report = prepared.plan(&work)?;
        drop(progress);
        args.out.list(ui, "line", REPORT, |push| {
            let mut rows = report
                .rows()
                .into_iter()
                .chain(rows_of(beyond, args.keep_phase));
            rows.try_for_each(|row| push(row).map(drop))
        })?;
        let last = format!("this was a {this}; nothing was written");
        return Ok(said((args.strict, is_old), notes, &report, last));
    }
    let exported = prepared
        .export(vault, &work)
        .map_err(|error| Failure::from(error).audited())?;
    drop(progress);
    show_exported(ui, format, &exported, (beyond, args.keep_phase))?;
    Ok(said(
        (args.strict, is_old),
        notes,
        &exported.report,
        format!("wrote bundle {}", exported.number),
    )
    .hint(format!(
        "'bundle password {}' shows its password",
        exported.number
    )))
}

/// The mapping rules as the vault's settings have them.
pub(super) fn rules(cx: &Context<'_>) -> Result<Rules, Failure> {
    let connection = cx.db()?;
    Ok(Rules::from_settings(connection, cx.ambient.clock.now())?)
}

fn question(extent: &Extent, keep_phase: bool, path: &Path) -> String {
    let (remarks, what) = (remarks(extent, keep_phase), what(extent));
    format!("{remarks}Export {what} into {}?", path.display())
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

/// The users who go under an id that a master gave; the question shows it.
fn under_another_id(mapped: &Mapped) -> Option<String> {
    let goes = agree(mapped.users, "goes", "go");
    let who = counted(mapped.users, "user");
    (mapped.users > 0).then(|| format!("{who} {goes} under another id: {mapped}"))
}

/// The users of each phase beyond `exported`, where there are any.
fn of_each(beyond: Beyond) -> impl Iterator<Item = (Phase, u64)> {
    let phases = [
        (Phase::Imported, beyond.imported),
        (Phase::Migrated, beyond.migrated),
    ];
    phases.into_iter().filter(|(_, users)| *users > 0)
}

/// What becomes of users who are imported or migrated; the question shows it.
fn phases(beyond: Beyond, keep_phase: bool) -> impl Iterator<Item = String> {
    of_each(beyond).map(move |(phase, users)| {
        let who = counted(users, &format!("{phase} user"));
        if keep_phase {
            format!("{who} {} {phase}", agree(users, "stays", "stay"))
        } else {
            let goes = agree(users, "goes", "go");
            format!("{who} {goes} back to exported (-keep-phase prevents it)")
        }
    })
}

/// The same as lines of the plan.
fn rows_of(beyond: Beyond, keep_phase: bool) -> impl Iterator<Item = Counted> {
    of_each(beyond).map(move |(phase, users)| match keep_phase {
        true => ("phases", format!("{phase} users stay {phase}"), users),
        false => (
            "phases",
            format!("{phase} users go back to exported"),
            users,
        ),
    })
}

/// What the question shows before it asks.
fn remarks(extent: &Extent, keep_phase: bool) -> String {
    let mut text = String::new();
    for (bundle, users) in &extent.already {
        text += &format!("{} already in bundle {bundle}.\n", are(*users, "user"));
    }
    for phase in phases(extent.beyond, keep_phase) {
        text += &format!("{phase}.\n");
    }
    if let Some(mapped) = under_another_id(&extent.mapped) {
        text += &format!("{mapped}.\n");
    }
    if extent.collisions > 0 {
        text += &format!(
            "{} not unique; all users who share one are left out.\n",
            are(extent.collisions, "name")
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
        "{the} source copy is {} old; migrate.max-source-age allows {}",
        spoken(age),
        spoken(most)
    )
}

/// The list of names that are not unique, begun with the first one.
struct Shared<'a> {
    ui: &'a Ui,
    format: Format,
    rows: Option<Box<dyn RowSink>>,
    wanted: bool,
}

/// A name that is not unique, and one of those who have it.
type Sharer = (String, Party);

const SHARED: &[Col<Sharer>] = &[
    Col::whole("sharedName", |(name, _)| name.cell()),
    Col::whole("group", |(_, party)| party.group.cell()),
    Col::whole("userid", |(_, party)| party.userid.cell()),
    Col::text("as", |(_, party)| party.holds.as_str().into()),
    Col::whole("name", |(_, party)| party.name.cell()),
    Col::whole("selected", |(_, party)| party.selected.cell()),
    Col::whole("bundle", |(_, party)| party.bundle.map(Cell::Id).into()),
];

impl Shared<'_> {
    fn show(&mut self, collision: Collision) {
        if !self.wanted {
            return;
        }
        let rows = self.rows.get_or_insert_with(|| {
            let mut rows = self.ui.rows(self.format);
            // The export is refused even if the reader of the list has gone.
            let _ = rows.begin("party", &doc::heads(SHARED));
            rows
        });
        for party in collision.parties {
            let _ = rows.row(doc::cells(SHARED, (collision.name.clone(), party)));
        }
    }

    fn end(&mut self) {
        if let Some(rows) = &mut self.rows {
            let _ = rows.end();
        }
    }
}

/// Part, what, and how many.
type Counted = (&'static str, String, u64);

const REPORT: &[Col<Counted>] = &[
    Col::whole("part", |(part, ..)| part.cell()),
    Col::whole("what", |(_, what, _)| what.cell()),
    Col::whole("count", |(.., count)| count.cell()),
];

fn show_exported(
    ui: &Ui,
    format: Format,
    exported: &Exported,
    (beyond, keep_phase): (Beyond, bool),
) -> Result<(), Failure> {
    let beyond: Vec<_> = of_each(beyond)
        .map(|(phase, users)| (phase.as_str(), users.into()))
        .collect();
    let (back, kept) = match keep_phase {
        true => (Vec::new(), beyond),
        false => (beyond, Vec::new()),
    };
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
        ("backToExported", Cell::Record(back)),
        ("phaseKept", Cell::Record(kept)),
    ])?;
    Ok(())
}

/// The notices of an export: those about the source copy, its warnings, then the result.
fn said(
    (strict, is_old): (bool, bool),
    mut notices: Vec<String>,
    report: &Report,
    last: String,
) -> Outcome {
    let advice = is_old.then(|| "load the source again".to_owned());
    notices.extend(report.warnings().iter().map(ToString::to_string));
    notices.push(last);
    let partial = strict && !report.not_taken().is_empty();
    Outcome {
        notices,
        hints: advice.into_iter().collect(),
        exit: partial.then_some(Exit::Partial),
    }
}
