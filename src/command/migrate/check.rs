//! `migrate check`: the pre-flight.

use std::path::Path;

use crate::command::export::{UNASSIGNED, rules, unassigned};
use crate::command::failure::code;
use crate::command::file::lists_read;
use crate::command::shared_args::{FORMAT, INTO, OVERWRITE, REQUIRE_MATCH};
use crate::command::{Context, Entry, Exit, Failure, Outcome};
use crate::exchange::input;
use crate::exchange::list::Names;
use crate::exchange::sheet::{Field, Others, Sheet};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Example, Selects};
use crate::migrate::check::{Checked, Finding, Instance, Severity, Work, check as look};
use crate::migrate::survey::Survey;
use crate::render::counted;
use crate::render::doc::{Cell, Column, RowSink};

const TARGET_USERS: Key<std::path::PathBuf> = Key::in_file(
    "target-users",
    "The target's users: a list of ids, one a line, or a sheet with a column userid",
);

/// `migrate check`
pub(in crate::command) static CHECK: Entry = Entry {
    spec: Command {
        details: "Says what an export of the selection would run into, before anything is written: names that are not \
            unique on the target, what stays behind and why, tokens that go out of step, what the target has to be \
            prepared for, who was exported already, who left, was renamed or moved since. With target-users=FILE also \
            who is missing there, or is there in another letter case or with another ending after the @.\n\n\
            People get a table with counts and first examples, then what is to be set on the target by hand. In \
            json, ndjson, csv and tsv every single instance is a row ('part' is instance), followed by a row for \
            each kind and each finding with its count (kind, total) and for each thing to do (todo).\n\n\
            The exit status is 7 when an export would be refused.",
        args: &[
            TARGET_USERS.arg,
            UNASSIGNED.arg,
            FORMAT.arg,
            INTO.arg,
            OVERWRITE.arg,
            REQUIRE_MATCH.arg,
        ],
        selects: Selects::Users,
        examples: &[
            Example {
                line: "migrate check",
                what: "Everybody",
            },
            Example {
                line: "migrate check phase=export format=csv",
                what: "All findings about the users who are staged, for a spreadsheet",
            },
        ],
        ..Command::new("migrate check", "Say what an export would run into")
    },
    audit: None,
    run: check,
};

fn check(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let selection = lists_read(&bound.selection)?;
    let rules = rules(cx)?;
    let opened = cx.desk.opened()?;
    let keys = opened.keys;
    let survey = Survey::take(
        opened.vault,
        &keys,
        &selection,
        unassigned(bound),
        cx.cancel,
    )?;
    if survey.total() == 0 {
        cx.matched(bound, 0)?;
        return Ok(Outcome::said("0 users"));
    }
    let targets = match bound.args.get(&TARGET_USERS) {
        Some(path) => Some(take_targets(&survey, path)?),
        None => None,
    };
    let people = cx.format(bound)?.is_for_people() && bound.args.get(&INTO).is_none();
    let progress = cx.ui.progress();
    let work = |all| Work {
        keys: &keys,
        rules,
        all,
        progress: &progress,
        cancel: cx.cancel,
    };
    let checked = if people {
        let checked = look(survey, targets.is_some(), work(false), &mut |_| ())?;
        drop(progress);
        show(cx, bound, &checked)?;
        checked
    } else {
        cx.rows(bound, |rows| {
            rows.begin("finding", ROWS)?;
            let checked = look(survey, targets.is_some(), work(true), &mut |instance| {
                // That nobody reads on does not change what is found.
                let _ = rows.row(row(instance));
            })?;
            end(rows, &checked)?;
            Ok(checked)
        })?
    };
    Ok(verdict(&checked, targets))
}

/// Takes the target's users from a sheet with a column `userid`, or from a list.
fn take_targets(survey: &Survey, path: &Path) -> Result<u64, Failure> {
    let wrong = |error: crate::exchange::Error| {
        Failure::new(
            Exit::Failed,
            code::RECORD,
            format!("{}: {error}", path.display()),
        )
        .hint(error.hint)
    };
    let fields = vec![Field::required(&["userid", "user", "user name", "login"])];
    let taken = match Sheet::new(input::open(path)?, fields, Others::Ignored) {
        Ok(mut sheet) => survey.targets::<Failure>(std::iter::from_fn(move || {
            let row = sheet.next_row().transpose()?;
            Some(row.map(|row| row.get(0).to_owned()).map_err(wrong))
        }))?,
        Err(_) => survey
            .targets::<Failure>(Names::new(input::open(path)?).map(|name| name.map_err(wrong)))?,
    };
    if taken == 0 {
        return Err(Failure::new(
            Exit::Failed,
            code::RECORD,
            format!("{}: there is no user in it", path.display()),
        )
        .hint("write one user id a line, or CSV with a column userid"));
    }
    Ok(taken)
}

/// The columns of machine formats.
const ROWS: &[Column] = &[
    Column::whole("part"),
    Column::whole("severity"),
    Column::whole("finding"),
    Column::whole("group"),
    Column::whole("userid"),
    Column::text("item"),
    Column::text("detail"),
    Column::whole("count"),
];

fn row(instance: &Instance) -> Vec<Cell> {
    let about = instance.finding.about();
    let some = |text: &str| Some(text).filter(|text| !text.is_empty()).into();
    vec![
        "instance".into(),
        about.severity.as_str().into(),
        about.id.into(),
        some(&instance.group),
        some(&instance.userid),
        some(&instance.item),
        some(&instance.detail),
        instance.count.into(),
    ]
}

/// The totals, by kind too, and the closing list, behind the instances.
fn end(rows: &mut dyn RowSink, checked: &Checked) -> Result<(), Failure> {
    let mut line =
        |part: &str, finding: Option<Finding>, item: Option<&str>, detail: &str, count: u64| {
            let about = finding.map(Finding::about);
            rows.row(vec![
                part.into(),
                about.map(|about| about.severity.as_str()).into(),
                about.map(|about| about.id).into(),
                Cell::Absent,
                Cell::Absent,
                item.into(),
                detail.into(),
                count.into(),
            ])
        };
    for finding in checked.found() {
        let meaning = finding.about().meaning;
        for (name, count) in checked.totals.kinds(finding) {
            line("kind", Some(finding), Some(name), meaning, count)?;
        }
        line(
            "total",
            Some(finding),
            None,
            meaning,
            checked.totals.of(finding),
        )?;
    }
    for todo in &checked.todo {
        line("todo", None, None, &todo.what, todo.count)?;
    }
    Ok(rows.end()?)
}

/// The tables for people.
fn show(cx: &Context<'_>, bound: &Bound, checked: &Checked) -> Result<(), Failure> {
    const FINDINGS: &[Column] = &[
        Column::whole("severity"),
        Column::whole("finding"),
        Column::whole("count"),
        Column::text("meaning"),
        Column::text("by kind"),
        Column::text("examples"),
    ];
    const TODO: &[Column] = &[
        Column::text("to set on the target by hand"),
        Column::whole("count"),
    ];
    let format = cx.format(bound)?;
    let mut rows = cx.ui.rows(format);
    rows.begin("finding", FINDINGS)?;
    for finding in checked.found() {
        let about = finding.about();
        let examples: Vec<String> = checked
            .examples
            .get(&finding)
            .into_iter()
            .flatten()
            .map(example)
            .collect();
        let kinds: Vec<String> = checked
            .totals
            .kinds(finding)
            .map(|(name, count)| format!("{name}: {count}"))
            .collect();
        rows.row(vec![
            about.severity.as_str().into(),
            about.id.into(),
            checked.totals.of(finding).into(),
            about.meaning.into(),
            kinds.join(", ").into(),
            examples.join("; ").into(),
        ])?;
    }
    rows.end()?;
    if !checked.todo.is_empty() {
        let mut rows = cx.ui.rows(format);
        rows.begin("thing", TODO)?;
        for todo in &checked.todo {
            rows.row(vec![todo.what.as_str().into(), todo.count.into()])?;
        }
        rows.end()?;
    }
    // A note asks for nothing.
    for about in checked.found().map(Finding::about) {
        if about.severity < Severity::Note {
            cx.ui.hint(&format!("{}: {}", about.id, about.advice));
        }
    }
    Ok(())
}

/// `sales/asmith token HID 12345 (7 steps)`
fn example(instance: &Instance) -> String {
    let mut text = instance.group.clone();
    for (between, part) in [("/", &instance.userid), (" ", &instance.item)] {
        if !part.is_empty() {
            text.push_str(between);
            text.push_str(part);
        }
    }
    if !instance.detail.is_empty() {
        text.push_str(&format!(" ({})", instance.detail));
    }
    text
}

/// The last words: whether an export would go through.
fn verdict(checked: &Checked, targets: Option<u64>) -> Outcome {
    let mut notices = Vec::new();
    if let Some(targets) = targets {
        notices.push(format!(
            "compared with {} of the target",
            counted(targets, "user")
        ));
    }
    let looked = counted(checked.totals.users, "user");
    if checked.blocks() {
        notices.push(format!(
            "looked at {looked}: an export would be refused, see what blocks it"
        ));
        return Outcome {
            notices,
            exit: Some(Exit::Blocked),
        };
    }
    notices.push(format!("looked at {looked}: nothing blocks an export"));
    Outcome {
        notices,
        exit: None,
    }
}
