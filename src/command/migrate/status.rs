//! `migrate status`: where the users stand, and what is left.

use crate::command::shared::Record;
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::spec::{Command, Example, Selects};
use crate::migrate::status::{BundleStatus, FileState, Overview, Step, overview, steps};
use crate::model::Phase;
use crate::render::doc::Cell;
use crate::render::{Ui, counted, cut, grouped, share};
use crate::vault::interruptible;
use crate::vault::query::{Answered, Standing};

/// `migrate status`
pub(in crate::command) static STATUS: Entry = entry!(
    Record,
    status,
    Command {
        details: "Shows how many users stand in which phase, in total, by group and by wave, with a bar each; who is \
            gone, excluded, has errors on the target or has changed since the export. Then the bundles: whether the \
            file is where it was written, with its size; how often the password was shown; and what the target has \
            said of the users whose last bundle it is. At the end what is left, with the command to type for it. \
            With a selection, users are counted among those it chooses.\n\n\
            In machine formats it is one record that holds all groups, waves and bundles.",
        selects: Selects::Users,
        examples: &[
            Example::new("migrate status", "The whole migration"),
            Example::new(
                "migrate status group=sales format=json",
                "A group, for a program"
            ),
        ],
        ..Command::new("migrate status", "Show where the migration stands")
    }
);

/// The phases with the sign that a bar has for them, from the end of the way to its beginning.
const SIGNS: [(Phase, char); 5] = [
    (Phase::Migrated, '#'),
    (Phase::Imported, '+'),
    (Phase::Exported, '='),
    (Phase::Export, '-'),
    (Phase::None, '.'),
];

/// So many groups, waves and bundles are shown to people.
const SHOWN: usize = 20;

fn status(cx: &mut Context<'_>, args: Record) -> Result<Outcome, Failure> {
    let selection = cx.selection()?;
    let db = cx.db()?;
    let found = interruptible(db, cx.cancel, || overview(db, &selection))?;
    let left = steps(&found, &selection);
    if args.out.is_for_people(cx.ui) {
        cx.ui.print(&text(cx.ui, &found, &left))?;
        return Ok(Outcome::quiet());
    }
    cx.record(&args.out, record(&found, &left))
}

fn text(ui: &Ui, found: &Overview, left: &[Step]) -> String {
    let mut out = match &found.migration {
        None => "The migration has not begun ('migrate begin').\n".to_owned(),
        Some(migration) => {
            let began = ui.local_time(migration.began);
            let mut line = format!("The migration began {began} by {}", migration.began_by);
            if let Some(ended) = migration.ended {
                line += &format!(" and ended {}", ui.local_time(ended));
            }
            line + ".\n"
        }
    };
    let legend: Vec<String> = SIGNS
        .iter()
        .map(|(phase, sign)| format!("{sign} {phase}"))
        .collect();
    let total = &found.standings.total;
    out += &format!("\nUsers ({})\n", legend.join("  "));
    out += &lines(&[("all".to_owned(), *total)]);
    let besides = [
        (total.gone, "gone from the source"),
        (total.excluded, "excluded"),
        (total.import_errors, "with errors on the target"),
        (total.changed, "changed since the export"),
    ];
    for (count, what) in besides.into_iter().filter(|(count, _)| *count > 0) {
        out += &format!("  {what}: {}\n", grouped(count));
    }
    for (title, parts) in [
        ("Groups", &found.standings.groups),
        ("Waves", &found.standings.waves),
    ] {
        if !parts.is_empty() {
            let mut largest = parts.clone();
            largest.sort_by_key(|(_, standing)| std::cmp::Reverse(standing.users()));
            largest.truncate(SHOWN);
            largest.sort_by(|a, b| a.0.cmp(&b.0));
            out += &format!("\n{title}\n{}", lines(&largest));
            out += &more(parts.len());
        }
    }
    if !found.bundles.is_empty() {
        out += "\nBundles\n";
        let hidden = found.bundles.len().saturating_sub(SHOWN);
        for one in found.bundles.iter().skip(hidden) {
            out += &bundle_line(ui, one);
        }
        out += &more(found.bundles.len());
    }
    out += "\nWhat is left\n";
    if left.is_empty() {
        out += "  nothing\n";
    }
    for step in left {
        out += &format!("  {}\n      {}\n", step.what, step.command);
    }
    out
}

fn more(count: usize) -> String {
    match count.saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(
            "  and {} more; format=json shows all\n",
            grouped(more as u64)
        ),
    }
}

/// A line each: the name, the number of users, the bar, and what it is made of.
fn lines(parts: &[(String, Standing)]) -> String {
    let names: Vec<String> = parts.iter().map(|(name, _)| cut(name, 24)).collect();
    let counts: Vec<String> = parts.iter().map(|(_, one)| grouped(one.users())).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| text.chars().count()).max();
    let (name_width, count_width) = (widest(&names).unwrap_or(0), widest(&counts).unwrap_or(0));
    let mut out = String::new();
    for (((_, one), name), count) in parts.iter().zip(&names).zip(&counts) {
        let bar = share(&SIGNS.map(|(phase, sign)| (sign, one.of(phase))), 30);
        let made_of: Vec<String> = SIGNS
            .iter()
            .filter(|(phase, _)| one.of(*phase) > 0)
            .map(|(phase, _)| format!("{phase} {}", grouped(one.of(*phase))))
            .collect();
        let line = format!(
            "  {name:name_width$}  {count:>count_width$}  [{bar}]  {}",
            made_of.join(", ")
        );
        out += line.trim_end();
        out.push('\n');
    }
    out
}

fn bundle_line(ui: &Ui, one: &BundleStatus) -> String {
    let bundle = &one.bundle;
    let file = match one.file {
        FileState::Present => "file there",
        FileState::OtherSize => "file of another size",
        FileState::Missing => "file not there",
        FileState::None => "no file",
    };
    let shown = match one.shown {
        0 => "password never shown".to_owned(),
        1 => "password shown once".to_owned(),
        times => format!("password shown {}", counted(times, "time")),
    };
    let Answered { ok, errors, none } = one.answered;
    let mut line = format!(
        "  {:>3}  {}  {}, {}",
        bundle.number,
        ui.local_time(bundle.finished.unwrap_or(bundle.opened)),
        bundle.state,
        counted(bundle.counts.user, "user"),
    );
    for (count, noun) in [
        (bundle.counts.token, "unassigned token"),
        (bundle.counts.card, "unassigned card"),
    ] {
        if count > 0 {
            line += &format!(", {}", counted(count, noun));
        }
    }
    line += &format!(", {file}, {shown}");
    if ok + errors + none > 0 {
        let [ok, errors, none] = [ok, errors, none].map(grouped);
        line += &format!("\n       answers: {ok} ok, {errors} with errors, {none} none");
    }
    if one.moved_on() > 0 && ok + errors + none > 0 {
        line += &format!(", {} in a later bundle", grouped(one.moved_on()));
    }
    line + "\n"
}

fn record(found: &Overview, left: &[Step]) -> Vec<(&'static str, Cell)> {
    let migration = found.migration.as_ref().map_or(Cell::Absent, |migration| {
        Cell::Record(vec![
            ("began", migration.began.into()),
            ("beganBy", migration.began_by.as_str().into()),
            ("ended", migration.ended.into()),
            ("endedBy", migration.ended_by.clone().into()),
        ])
    });
    let parts = |key: &'static str, parts: &[(String, Standing)]| {
        let part = |(name, standing): &(String, Standing)| {
            let mut fields = vec![(key, name.as_str().into())];
            fields.extend(standing_fields(standing));
            Cell::Record(fields)
        };
        Cell::Items(parts.iter().map(part).collect())
    };
    let steps = left.iter().map(|step| {
        Cell::Record(vec![
            ("what", step.what.as_str().into()),
            ("command", step.command.as_str().into()),
        ])
    });
    let mut fields = standing_fields(&found.standings.total);
    fields.extend([
        ("campaign", migration),
        ("groups", parts("group", &found.standings.groups)),
        ("waves", parts("wave", &found.standings.waves)),
        (
            "bundles",
            Cell::Items(found.bundles.iter().map(bundle_record).collect()),
        ),
        ("left", Cell::Items(steps.collect())),
    ]);
    fields
}

fn standing_fields(one: &Standing) -> Vec<(&'static str, Cell)> {
    let phases = Phase::ALL.iter().map(|p| (p.as_str(), one.of(*p).into()));
    vec![
        ("users", one.users().into()),
        ("phases", Cell::Record(phases.collect())),
        ("gone", one.gone.into()),
        ("goneExported", one.gone_exported.into()),
        ("excluded", one.excluded.into()),
        ("importErrors", one.import_errors.into()),
        ("unanswered", one.unanswered.into()),
        ("changed", one.changed.into()),
    ]
}

fn bundle_record(one: &BundleStatus) -> Cell {
    let bundle = &one.bundle;
    Cell::Record(vec![
        ("number", Cell::Id(bundle.number)),
        ("state", bundle.state.as_str().into()),
        ("exportedAt", bundle.opened.into()),
        ("finishedAt", bundle.finished.into()),
        ("file", bundle.path.as_str().into()),
        ("fileState", one.file.as_str().into()),
        ("users", bundle.counts.user.into()),
        ("unassignedTokens", bundle.counts.token.into()),
        ("unassignedCards", bundle.counts.card.into()),
        ("passwordShown", one.shown.into()),
        ("importOk", one.answered.ok.into()),
        ("importErrors", one.answered.errors.into()),
        ("importNone", one.answered.none.into()),
        ("inLaterBundle", one.moved_on().into()),
    ])
}
