//! `migrate results`: the target's answers come back.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::command::context::Proposal;
use crate::command::failure::code;
use crate::command::file::write_new;
use crate::command::shared_args::{INTO, OVERWRITE, YES};
use crate::command::{Context, Entry, Exit, Failure, Outcome};
use crate::exchange::answers::Layout;
use crate::exchange::input;
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Effect, Example};
use crate::migrate::results::outcomes::outcome_lines;
use crate::migrate::results::{Contents, Judged, read};
use crate::migrate::settings;
use crate::model::AnswerColumns;
use crate::render::doc::{Cell, Column, RowSink};
use crate::render::{Format, counted};
use crate::store::audit::{Draft, codes};
use crate::vault::answers::{self, Left, Source};
use crate::vault::interruptible;

const FILE: Key<PathBuf> = Key::in_file("file", "The answers").required();
const FORMAT: Key<String> = Key::choice("format", &["csv", "ndjson"], "How they are written")
    .default("as the first character says");
const PROFILE: Key<String> = Key::choice(
    "profile",
    &["audit"],
    "Read an event audit, with the columns of migrate.audit-columns",
);
const SKIP_UNKNOWN: Key<bool> = Key::flag(
    "skip-unknown",
    "Pass over users who are not in the vault, and take in the rest",
);

/// `migrate results`
pub(in crate::command) static RESULTS: Entry = Entry {
    spec: Command {
        details: concat!(
            "Takes in what the target said of a bundle's records: a sheet with the columns user, record, outcome and \
             perhaps message, or lines of JSON with the same keys. Users are named by the user id that they were \
             exported under, or as group/userid; where only one fits, letter case does not matter.\n\n\
             A user whose every record is there becomes imported. With a record that is not, the user gets \
             import=error and stays in the phase; 'migrate explain' shows what the target said. Users of the same \
             bundles who do not occur in the file stay import=none. Both kinds are listed: the first ten of each, all \
             of them in machine formats and with into=FILE. A later file about a user replaces what an earlier one \
             said; the same file again changes nothing.\n\n\
             Rows without a user are about groups, unassigned tokens and cards, and are passed over.\n\n\
             All of the file is taken in, or nothing: unknown users, users who are not exported, a record that \
             stands twice and an outcome that is not known are errors. -yes=N asserts for how many users something \
             changes.\n\n\
             With profile=audit the file is an event audit. Its columns are named by the setting \
             migrate.audit-columns, as in user=Resource Name,outcome=Event,message=Message; others are passed over. \
             Without record=COLUMN every row is a record of its own.\n\n\
             Outcomes and events, of which the first that fits counts; * is any text:\n\n",
            outcome_lines!()
        ),
        args: &[
            FILE.arg,
            FORMAT.arg,
            PROFILE.arg,
            SKIP_UNKNOWN.arg,
            INTO.arg,
            OVERWRITE.arg,
            YES.arg,
        ],
        effect: Effect::Write,
        examples: &[
            Example {
                line: "migrate results file=answers.csv",
                what: "Take in the answers of an import",
            },
            Example {
                line: "migrate results file=audit.tsv profile=audit -skip-unknown into=left.csv",
                what: "The same from an event audit; who is left goes to a file",
            },
        ],
        ..Command::new(
            "migrate results",
            "Take in what the target said of a bundle",
        )
    },
    audit: Some(&codes::ANSWERS_TAKEN),
    run: results,
};

fn results(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let path = bound.args.get(&FILE).unwrap_or(Path::new(""));
    let layout = layout(cx, bound)?;
    if let Some(into) = bound.args.get(&INTO)
        && !bound.args.flag(&OVERWRITE)
        && into.symlink_metadata().is_ok()
    {
        // Said before anything is changed.
        return Err(Failure::file(
            "write",
            into,
            &ErrorKind::AlreadyExists.into(),
        ));
    }
    let file = input::open(path)?;
    let progress = cx.ui.progress();
    let db = cx.desk.reading()?.file().connection();
    let skip_unknown = bound.args.flag(&SKIP_UNKNOWN);
    let contents = interruptible(db, cx.cancel, || {
        read(db, file, &layout, skip_unknown, &progress, cx.cancel)
    })
    .map_err(|error| Failure::from(error).in_file(path))?;
    drop(progress);
    let taken = take_in(cx, bound, path, &contents);
    answers::forget(cx.desk.reading()?.file().connection())?;
    taken
}

fn layout(cx: &Context<'_>, bound: &Bound) -> Result<Layout, Failure> {
    let format = bound.args.get(&FORMAT);
    if bound.args.get(&PROFILE).is_none() {
        return Ok(match format {
            Some("csv") => Layout::Sheet,
            Some("ndjson") => Layout::Json,
            _ => Layout::Guess,
        });
    }
    if format == Some("ndjson") {
        let what = "an event audit is a sheet, not lines of JSON";
        return Err(Failure::new(Exit::Usage, code::UNKNOWN, what).hint("leave one of the two out"));
    }
    let db = cx.desk.reading()?.file().connection();
    let set = settings::VAULT.get(db, "migrate.audit-columns")?;
    let columns = AnswerColumns::parse(&set).ok_or_else(|| {
        let what = format!("the setting migrate.audit-columns holds '{set}', which cannot be");
        Failure::new(Exit::Failed, code::UNKNOWN, what)
            .hint("type: system set migrate.audit-columns=default")
    })?;
    Ok(Layout::Audit(columns))
}

/// What is asked about.
#[derive(PartialEq)]
struct Intake {
    records: u64,
    judged: Judged,
}

fn take_in(
    cx: &mut Context<'_>,
    bound: &Bound,
    path: &Path,
    contents: &Contents,
) -> Result<Outcome, Failure> {
    let (at, master) = (cx.ambient.clock.now(), cx.master()?);
    let file = path.display().to_string();
    let records = contents.records;
    let source = Source {
        file: &file,
        records,
        master: &master,
        at,
    };
    let done = cx.change(
        bound,
        &codes::ANSWERS_TAKEN,
        &[],
        |db| {
            let judged = answers::judge(db)?;
            if judged.lost > 0 {
                let users = are(judged.lost);
                let what = format!("{users} not exported any more; nothing was changed");
                return Err(Failure::new(Exit::Failed, code::UNCONFIRMED, what).hint("look again"));
            }
            Ok(Intake { records, judged })
        },
        |tx, intake| Ok(answers::apply(tx, &source, &intake.judged)?),
    )?;
    let mut outcome = Outcome::quiet();
    if contents.unknown.count > 0 {
        outcome.notices.push(format!(
            "{} passed over, not in the vault: {}",
            are(contents.unknown.count),
            contents.unknown
        ));
    }
    if contents.nobodys > 0 {
        outcome.notices.push(format!(
            "{} about groups, unassigned tokens and cards passed over",
            counted(contents.nobodys, "row")
        ));
    }
    let Some(intake) = done else {
        return Ok(outcome);
    };
    let silent = answers::count_silent(cx.desk.reading()?.file().connection())?;
    show_left(cx, bound, intake.judged.errors + silent)?;
    outcome.notices.push(intake.done());
    if intake.judged.errors > 0 {
        outcome.notices.push(format!(
            "{} with errors; 'migrate explain' says more of each",
            counted(intake.judged.errors, "user")
        ));
    }
    if silent > 0 {
        outcome.notices.push(format!(
            "of {} in the same bundles the target has said nothing",
            counted(silent, "user")
        ));
    }
    Ok(outcome)
}

/// Those with errors, and those of whom the target has said nothing.
fn show_left(cx: &Context<'_>, bound: &Bound, left: u64) -> Result<(), Failure> {
    let format = cx.ui.format();
    if let Some(path) = bound.args.get(&INTO) {
        let format = if format.is_for_people() {
            Format::Csv
        } else {
            format
        };
        return write_new(path, bound.args.flag(&OVERWRITE), |file| {
            let copy = file
                .try_clone()
                .map_err(|error| Failure::file("write", path, &error))?;
            let out = Box::new(std::io::BufWriter::new(copy));
            push_left(cx, cx.ui.rows_into(out, format).as_mut(), u64::MAX)
        });
    }
    if format.is_for_people() {
        return match left {
            0 => Ok(()),
            _ => push_left(cx, cx.ui.rows(format).as_mut(), 10),
        };
    }
    push_left(cx, cx.ui.rows(format).as_mut(), u64::MAX)
}

fn push_left(cx: &Context<'_>, rows: &mut dyn RowSink, most: u64) -> Result<(), Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("group"),
        Column::whole("userid"),
        Column::whole("bundle"),
        Column::whole("import"),
        Column::text("record"),
        Column::text("outcome"),
        Column::text("message"),
    ];
    let db = cx.desk.reading()?.file().connection();
    rows.begin("answer", COLUMNS)?;
    let mut shown = 0;
    answers::missing::<Failure>(db, |left| {
        cx.cancel.check()?;
        shown += 1;
        Ok(rows.row(cells(left))? && shown < most)
    })?;
    shown = 0;
    answers::silent::<Failure>(db, |left| {
        cx.cancel.check()?;
        shown += 1;
        Ok(rows.row(cells(left))? && shown < most)
    })?;
    Ok(rows.end()?)
}

fn cells(left: Left) -> Vec<Cell> {
    let import = if left.record.is_some() {
        "error"
    } else {
        "none"
    };
    let (record, outcome, message) = left.record.unwrap_or_default();
    let filled = |text: String| Cell::from(Some(text).filter(|text| !text.is_empty()));
    vec![
        left.group.into(),
        left.userid.into(),
        left.bundle.map(Cell::Id).into(),
        import.into(),
        filled(record),
        filled(outcome),
        filled(message),
    ]
}

fn are(users: u64) -> String {
    let verb = if users == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(users, "user"))
}

impl Intake {
    fn done(&self) -> String {
        format!(
            "took in {} about {}: {} imported now",
            counted(self.records, "answer"),
            counted(self.judged.ok + self.judged.errors, "user"),
            are(self.judged.moved)
        )
    }
}

impl Proposal for Intake {
    fn count(&self) -> u64 {
        self.judged.changed
    }

    fn question(&self) -> String {
        let Judged {
            ok,
            errors,
            moved,
            changed,
            ..
        } = self.judged;
        format!(
            "{} about {}: {moved} become imported, {errors} with errors, {} as before.\nTake them in?",
            counted(self.records, "answer"),
            counted(ok + errors, "user"),
            (ok + errors).saturating_sub(changed),
        )
    }

    fn nothing(&self) -> String {
        let users = self.judged.ok + self.judged.errors;
        format!(
            "{} about {} known already; nothing was changed",
            counted(self.records, "answer"),
            are(users)
        )
    }

    fn note(&self, draft: Draft) -> Draft {
        draft
            .count("records", self.records)
            .count("imported", self.judged.moved)
            .count("ok", self.judged.ok)
            .count("errors", self.judged.errors)
            .count("changed", self.judged.changed)
    }
}
