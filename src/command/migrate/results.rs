//! `migrate results`: the target's answers come back.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::bulk::unused_columns;
use crate::command::context::Proposal;
use crate::command::shared::{Out, TO_FILE, YES};
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::exchange::answers::Layout;
use crate::exchange::input;
use crate::files;
use crate::lang::code;
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example};
use crate::migrate::results::outcomes::outcome_lines;
use crate::migrate::results::{Contents, Judged, read};
use crate::migrate::settings;
use crate::model::{AnswerColumns, names};
use crate::render::doc::{self, Cell, Col, RowSink, ToCell as _};
use crate::render::{Format, are, counted, grouped};
use crate::store::audit::{Draft, codes};
use crate::vault::answers::{self, Left, Source};
use crate::vault::interruptible;

names! {
    /// The form of the answers.
    Written, "format" {
        Csv = "csv",
        Ndjson = "ndjson",
    }
}

args! {
    struct Results {
        file: PathBuf = in_file("file", "The answers").required(),
        format: Option<Written> = choice("format", "How they are written").absent("as the first character says"),
        profile: Option<String> = only(
            "profile",
            &["audit"],
            "Read an event audit, with the columns of migrate.audit-columns",
        ),
        skip_unknown: bool = flag(
            "skip-unknown",
            "Pass over users who are not in the vault, and take in the rest",
        ),
        ..out: Out = TO_FILE,
        _ = YES,
    }
}

/// `migrate results`
pub(in crate::command) static RESULTS: Entry = entry!(
    Results,
    results,
    codes::ANSWERS_TAKEN,
    Command {
        details: concat!(
            "Takes in what the target said of a bundle's records: a sheet with the columns user, record, outcome and \
             perhaps message, or lines of JSON with the same keys. Users are named by the user id that they were \
             exported under, or as group/userid; where only one fits, letter case does not matter.\n\n\
             A user whose every record is there becomes imported. With a record that is not, the user gets \
             import=error and stays in the phase; 'migrate explain' shows the target's answer. Users of the same \
             bundles who do not occur in the file stay import=none. Both kinds are listed: the first ten of each, all \
             of them in machine formats and with into=FILE. A later file about a user replaces what an earlier one \
             said; the same file again changes nothing.\n\n\
             Rows without a user are about groups, unassigned tokens and cards, and are passed over; so are other \
             columns.\n\n\
             All of the file is taken in, or nothing: unknown users, users who are not exported, a record that \
             stands twice and an outcome that is not known are errors. -yes=N asserts for how many users something \
             changes.\n\n\
             With profile=audit the file is an event audit. Its columns are named by the setting \
             migrate.audit-columns, as in user=Resource Name,outcome=Event,message=Message; others are passed over. \
             Without record=COLUMN every row is a record of its own.\n\n\
             Outcomes and events, of which the first that fits counts; * is any text:\n\n",
            outcome_lines!()
        ),
        effect: Effect::Write,
        examples: &[
            Example::new(
                "migrate results file=answers.csv",
                "Take in the answers of an import"
            ),
            Example::new(
                "migrate results file=audit.tsv profile=audit -skip-unknown into=left.csv",
                "The same from an event audit; who is left goes to a file"
            ),
        ],
        ..Command::new(
            "migrate results",
            "Take in what the target said of a bundle",
        )
    }
);

fn results(cx: &mut Context<'_>, args: Results) -> Result<Outcome, Failure> {
    let path = args.file.as_path();
    let layout = layout(cx, &args)?;
    if let Some(into) = &args.out.into
        && !args.out.overwrite
        && files::is_taken(into)
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
    let db = cx.db()?;
    let contents = interruptible(db, cx.cancel, || {
        read(db, file, &layout, args.skip_unknown, &progress, cx.cancel)
    })
    .map_err(|error| Failure::from(error).in_file(path))?;
    drop(progress);
    let taken = take_in(cx, path, &args.out, &contents);
    answers::forget(cx.db()?)?;
    taken
}

fn layout(cx: &Context<'_>, args: &Results) -> Result<Layout, Failure> {
    if args.profile.is_none() {
        return Ok(match args.format {
            Some(Written::Csv) => Layout::Sheet,
            Some(Written::Ndjson) => Layout::Json,
            None => Layout::Guess,
        });
    }
    if args.format == Some(Written::Ndjson) {
        let what = "an event audit is a sheet, not lines of JSON";
        return Err(Failure::usage(what).hint("leave out profile=audit or format=ndjson"));
    }
    let db = cx.db()?;
    let set = settings::VAULT.get(db, "migrate.audit-columns")?;
    let columns = AnswerColumns::parse(&set).ok_or_else(|| {
        let what = format!("the setting migrate.audit-columns has the invalid value '{set}'");
        Failure::unknown(what).hint("type: system set migrate.audit-columns=default")
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
    path: &Path,
    out: &Out,
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
    let done = cx.propose(
        &codes::ANSWERS_TAKEN,
        &[],
        |db| {
            let judged = answers::judge(db)?;
            if judged.lost > 0 {
                let users = are(judged.lost, "user");
                let what = format!("{users} not exported any more; nothing was changed");
                return Err(
                    Failure::new(Exit::Failed, code::UNCONFIRMED, what).hint("repeat the command")
                );
            }
            Ok(Intake { records, judged })
        },
        |tx, intake| Ok(answers::apply(tx, &source, &intake.judged)?),
    )?;
    let mut outcome = Outcome::quiet();
    outcome.notices.extend(unused_columns(&contents.unused));
    if contents.unknown.count > 0 {
        outcome.notices.push(format!(
            "{} passed over, not in the vault: {}",
            are(contents.unknown.count, "user"),
            contents.unknown
        ));
    }
    if contents.ownerless > 0 {
        outcome.notices.push(format!(
            "{} about groups, unassigned tokens and cards passed over",
            counted(contents.ownerless, "row")
        ));
    }
    let Some(intake) = done else {
        return Ok(outcome);
    };
    let silent = answers::count_silent(cx.db()?)?;
    show_left(cx, out, intake.judged.errors + silent)?;
    outcome.notices.push(intake.done());
    if intake.judged.errors > 0 {
        let with_errors = counted(intake.judged.errors, "user");
        outcome.notices.push(format!("{with_errors} with errors"));
        outcome = outcome.hint("'migrate explain' shows the errors of a user");
    }
    if silent > 0 {
        outcome.notices.push(format!(
            "no answer about {} of the same bundles",
            counted(silent, "user")
        ));
    }
    Ok(outcome)
}

/// The users with errors, and those without an answer.
fn show_left(cx: &Context<'_>, out: &Out, left: u64) -> Result<(), Failure> {
    let mut format = cx.ui.format();
    let for_people = format.is_for_people();
    if for_people && out.into.is_some() {
        format = Format::Csv;
    }
    let most = match out.is_for_people(cx.ui) {
        true if left == 0 => return Ok(()),
        true => 10,
        false => u64::MAX,
    };
    let out = Out {
        format: Some(format),
        into: out.into.clone(),
        overwrite: out.overwrite,
        ..Out::default()
    };
    out.show(cx.ui, |rows| push_left(cx, rows, most))
}

const COLUMNS: &[Col<Left>] = &[
    Col::whole("group", |left| left.group.cell()),
    Col::whole("userid", |left| left.userid.cell()),
    Col::whole("bundle", |left| left.bundle.map(Cell::Id).into()),
    Col::whole("import", |left| match left.record {
        Some(_) => "error".into(),
        None => "none".into(),
    }),
    Col::text("record", |left| of(left, |record| &record.0)),
    Col::text("outcome", |left| of(left, |record| &record.1)),
    Col::text("message", |left| of(left, |record| &record.2)),
];

type Answer = (String, String, String);

fn of(left: &Left, part: fn(&Answer) -> &String) -> Cell {
    let answer = left.record.as_ref();
    answer.map_or(Cell::Absent, |answer| Cell::filled(part(answer)))
}

fn push_left(cx: &Context<'_>, rows: &mut dyn RowSink, most: u64) -> Result<(), Failure> {
    let db = cx.db()?;
    doc::list::<_, Failure>(rows, "answer", COLUMNS, |push| {
        let mut one = |left, shown: &mut u64| {
            cx.cancel.check()?;
            *shown += 1;
            Ok(push(left)? && *shown < most)
        };
        let (mut missing, mut silent) = (0, 0);
        answers::missing(db, |left| one(left, &mut missing))?;
        answers::silent(db, |left| one(left, &mut silent))
    })
}

impl Intake {
    fn done(&self) -> String {
        format!(
            "took in {} about {}: {} now imported",
            counted(self.records, "answer"),
            counted(self.judged.ok + self.judged.errors, "user"),
            are(self.judged.moved, "user")
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
            "{} about {}: {} become imported, {} with errors, {} as before.\nTake them in?",
            counted(self.records, "answer"),
            counted(ok + errors, "user"),
            grouped(moved),
            grouped(errors),
            grouped((ok + errors).saturating_sub(changed)),
        )
    }

    fn nothing(&self) -> String {
        let users = self.judged.ok + self.judged.errors;
        format!(
            "{} about {} known already; nothing was changed",
            counted(self.records, "answer"),
            are(users, "user")
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
