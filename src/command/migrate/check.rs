//! `migrate check`: the pre-flight.

use std::path::{Path, PathBuf};

use crate::ambient::CancelToken;
use crate::command::export::{Along, UNASSIGNED, rules};
use crate::command::lists::unmatched;
use crate::command::shared::{Out, RECORD, REQUIRE_MATCH};
use crate::command::show::Push;
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::exchange::input;
use crate::exchange::list::Names;
use crate::exchange::sheet::{Field, Others, Sheet};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Example, Selects};
use crate::migrate::check::{
    About, Checked, Finding, Instance, Severity, Todo, Work, check as look,
};
use crate::migrate::survey::Survey;
use crate::render::doc::{Cell, Col, ToCell as _};
use crate::render::{Ui, counted, grouped};

args! {
    struct Check {
        target_users: Option<PathBuf> = in_file(
            "target-users",
            "The target's users: a list of ids, one a line, or a sheet with a column userid",
        ),
        unassigned: Option<Along> = UNASSIGNED,
        ..out: Out = RECORD,
        _ = REQUIRE_MATCH,
    }
}

/// `migrate check`
pub(in crate::command) static CHECK: Entry = entry!(
    Check,
    check,
    Command {
        details: "Says what an export of the selection would run into, before anything is written: names that are not \
            unique on the target or only look so, what stays behind and why, tokens that go out of step, what the \
            target has to be prepared for, who was exported already, who left, was renamed or moved since. With target-users=FILE also \
            who is missing there, or is there in another letter case or with another ending after the @; a note counts \
            the lines of the file that are no user of the vault.\n\n\
            People get a table with counts and first examples, then what is to be set on the target by hand. In \
            json, ndjson, csv and tsv every single instance is a row ('part' is instance), followed by a row for \
            each kind and each finding with its count (kind, total) and for each thing to do (todo).\n\n\
            The exit status is 7 when an export would be refused.",
        selects: Selects::Users,
        examples: &[
            Example::new("migrate check", "All users"),
            Example::new(
                "migrate check phase=export format=csv",
                "All findings about the users who are staged, for a spreadsheet"
            ),
        ],
        ..Command::new("migrate check", "Say what an export would run into")
    }
);

fn check(cx: &mut Context<'_>, args: Check) -> Result<Outcome, Failure> {
    let selection = cx.selection()?;
    let rules = rules(cx)?;
    let opened = cx.desk.opened()?;
    let keys = opened.keys;
    let survey = Survey::take(
        opened.vault,
        &keys,
        &selection,
        Along::from(args.unassigned),
        cx.cancel,
    )?;
    if survey.total() == 0 {
        cx.found(0)?;
        return Ok(Outcome::said("0 users"));
    }
    let targets = args.target_users;
    let targets = targets
        .map(|path| take_targets(&survey, &path, cx.cancel))
        .transpose()?;
    let progress = cx.ui.progress();
    let work = |all| Work {
        keys: &keys,
        rules,
        all,
        progress: &progress,
        cancel: cx.cancel,
    };
    let checked = if args.out.is_for_people(cx.ui) {
        let checked = look(survey, targets.is_some(), work(false), &mut |_| ())?;
        drop(progress);
        show(cx.ui, &args.out, &checked)?;
        checked
    } else {
        let mut checked = None;
        args.out.list(cx.ui, "finding", ROWS, |push| {
            let found = look(survey, targets.is_some(), work(true), &mut |instance| {
                // A reader that has gone does not change the findings.
                let _ = push(Line::of(instance));
            })?;
            totals(&found, push)?;
            checked = Some(found);
            Ok(())
        })?;
        checked.ok_or_else(|| crate::store::Error::Internal("nothing was checked"))?
    };
    Ok(verdict(&checked, targets.unwrap_or_default()))
}

/// Takes the target's users from a sheet with a column `userid`, or from a list; returns notices about them.
fn take_targets(
    survey: &Survey,
    path: &Path,
    cancel: &CancelToken,
) -> Result<Vec<String>, Failure> {
    let wrong = |error: crate::exchange::Error| Failure::record(path, &error).hint(error.hint);
    let fields = vec![Field::required(&["userid", "user", "user name", "login"])];
    let taken = match Sheet::new(input::open(path)?, fields, Others::Ignored) {
        Ok(mut sheet) => survey.targets::<Failure>(std::iter::from_fn(move || {
            let row = sheet.next_row().transpose()?;
            Some(
                row.map(|row| (row.line, row.get(0).into_owned()))
                    .map_err(wrong),
            )
        }))?,
        Err(error) if error.fatal => return Err(wrong(error)),
        Err(_) => {
            let names = Names::new(input::open(path)?);
            let names = names.map(|name| name.map(|name| (name.line, name.name)).map_err(wrong));
            survey.targets::<Failure>(names)?
        }
    };
    if taken == 0 {
        return Err(Failure::record(path, "there is no user in it")
            .hint("write one user id a line, or CSV with a column userid"));
    }
    let mut notices = vec![format!(
        "compared with {} of the target",
        counted(taken, "user")
    )];
    let strangers = survey.strangers(cancel)?;
    if strangers.count > 0 {
        notices.push(unmatched(path, taken, "user of the vault", &strangers));
    }
    Ok(notices)
}

/// A row of machine formats.
struct Line {
    part: &'static str,
    finding: Option<Finding>,
    group: String,
    userid: String,
    item: String,
    detail: String,
    count: u64,
}

const ROWS: &[Col<Line>] = &[
    Col::whole("part", |line| line.part.into()),
    Col::whole("severity", |line| of(line, |about| about.severity.as_str())),
    Col::whole("finding", |line| of(line, |about| about.id)),
    Col::whole("group", |line| Cell::filled(&line.group)),
    Col::whole("userid", |line| Cell::filled(&line.userid)),
    Col::text("item", |line| Cell::filled(&line.item)),
    Col::text("detail", |line| Cell::filled(&line.detail)),
    Col::whole("count", |line| line.count.cell()),
];

fn of(line: &Line, what: fn(&About) -> &'static str) -> Cell {
    line.finding.map(|finding| what(&finding.about())).into()
}

impl Line {
    fn of(instance: &Instance) -> Self {
        Self {
            part: "instance",
            finding: Some(instance.finding),
            group: instance.group.clone(),
            userid: instance.userid.clone(),
            item: instance.item.clone(),
            detail: instance.detail.clone(),
            count: instance.count,
        }
    }

    fn total(part: &'static str, item: &str, detail: &str, count: u64) -> Self {
        Self {
            part,
            finding: None,
            group: String::new(),
            userid: String::new(),
            item: item.to_owned(),
            detail: detail.to_owned(),
            count,
        }
    }

    fn about(self, finding: Finding) -> Self {
        let finding = Some(finding);
        Self { finding, ..self }
    }
}

/// The totals, by kind too, and the closing list, behind the instances.
fn totals(checked: &Checked, push: Push<'_, Line>) -> Result<(), Failure> {
    for finding in checked.found() {
        let meaning = finding.about().meaning;
        for (name, count) in checked.totals.kinds(finding) {
            push(Line::total("kind", name, meaning, count).about(finding))?;
        }
        let total = checked.totals.of(finding);
        push(Line::total("total", "", meaning, total).about(finding))?;
    }
    for todo in &checked.todo {
        push(Line::total("todo", "", &todo.what, todo.count))?;
    }
    Ok(())
}

/// The tables for people.
fn show(ui: &Ui, out: &Out, checked: &Checked) -> Result<(), Failure> {
    let findings: &[Col<(&Checked, Finding)>] = &[
        Col::whole("severity", |(_, finding)| {
            finding.about().severity.as_str().into()
        }),
        Col::whole("finding", |(_, finding)| finding.about().id.into()),
        Col::whole("count", |(checked, finding)| {
            checked.totals.of(*finding).into()
        }),
        Col::text("meaning", |(_, finding)| finding.about().meaning.into()),
        Col::text("by kind", |(checked, finding)| {
            let kinds = checked.totals.kinds(*finding);
            let kinds = kinds.map(|(name, count)| format!("{name}: {}", grouped(count)));
            kinds.collect::<Vec<_>>().join(", ").into()
        }),
        Col::text("examples", |(checked, finding)| {
            let found = checked.examples.get(finding).into_iter().flatten();
            found.map(example).collect::<Vec<_>>().join("; ").into()
        }),
    ];
    let todo: &[Col<&Todo>] = &[
        Col::text("to set on the target by hand", |todo| {
            todo.what.as_str().into()
        }),
        Col::whole("count", |todo| todo.count.into()),
    ];
    out.list(ui, "finding", findings, |push| {
        checked
            .found()
            .try_for_each(|finding| push((checked, finding)).map(drop))
    })?;
    if !checked.todo.is_empty() {
        out.list(ui, "thing", todo, |push| {
            checked
                .todo
                .iter()
                .try_for_each(|todo| push(todo).map(drop))
        })?;
    }
    // A note needs no action.
    for about in checked.found().map(Finding::about) {
        if about.severity < Severity::Note {
            ui.hint(&format!("{}: {}", about.id, about.advice));
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
fn verdict(checked: &Checked, mut notices: Vec<String>) -> Outcome {
    let looked = counted(checked.totals.users, "user");
    if checked.blocks() {
        notices.push(format!("checked {looked}: an export would be refused"));
        return Outcome {
            notices,
            exit: Some(Exit::Blocked),
            ..Outcome::default()
        };
    }
    notices.push(format!("checked {looked}: nothing blocks an export"));
    Outcome {
        notices,
        ..Outcome::default()
    }
}
