//! `source diff`: what a load would change, told by doing it and taking it back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::input::{FILE, FileFormat, Input, OfFile, SKIP_BAD, Taking};
use super::load::options;
use crate::command::shared::{Out, TO_FILE};
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Example};
use crate::model::Named as _;
use crate::render::counted;
use crate::render::doc::{Col, ToCell as _};
use crate::vault;
use crate::vault::load::{Difference, LoadReport, Subject, What};

args! {
    struct Diff {
        file: PathBuf = FILE,
        format: FileFormat = choice("format", "What the file is").default("ndjson"),
        skip_bad: bool = SKIP_BAD,
        ..taking: Taking,
        ..out: Out = TO_FILE,
    }
}

const COLUMNS: &[Col<Difference>] = &[
    Col::whole("change", |one| one.what.as_str().into()),
    Col::whole("record", |one| one.subject.as_str().into()),
    Col::whole("name", |one| one.name.cell()),
    Col::whole("line", |one| one.line.cell()),
    Col::text("detail", |one| one.detail.cell()),
];

/// `source diff`
pub(in crate::command) static DIFF: Entry = entry!(
    Diff,
    diff,
    Command {
        details: "Shows what 'source load' would do with a file, and changes nothing: who is new, renamed, moved, back \
            or (after a full file) gone, which tokens and cards change hands, which records are refused and why, and \
            who has changed in what: new-authenticator, counter, qa, card, state, other. Only what an export would \
            take counts as a change; last logins and counts of use do not. The counts stand at the end.\n\n\
            It is the load itself, taken back when it is done. So it takes as long, needs as much room on the disk \
            meanwhile, and other sessions cannot write until it has ended. format= is the file's format, as in \
            'source load'; the table comes in the session's format. -force, -add-system and -skip-bad mean what they \
            mean there, except that bad records never stop the comparison: without -skip-bad it says that the load \
            would, and ends with status 5.",
        examples: &[Example::new(
            "source diff file=people.ndjson",
            "What loading the file would change"
        )],
        ..Command::new("source diff", "Show what a load would change")
    }
);

fn diff(cx: &mut Context<'_>, args: Diff) -> Result<Outcome, Failure> {
    let path = args.file.as_path();
    let input = Input::open(path, args.format, &args.taking)?;
    let progress = OfFile::new(cx.ui.progress(), &input);
    let holder = cx.holding();
    let source = (&*path.display().to_string(), args.format.name());
    let options = options(cx, source, args.skip_bad, &args.taking)?;
    let (ui, cancel) = (cx.ui, cx.cancel);
    let opened = cx.desk.opened()?;
    let mut counts = Counts::default();
    let mut report = None;
    args.out.list(ui, "difference", COLUMNS, |push| {
        // `Some` once nobody wants to hear more: no error where the reader has just gone.
        let mut over = None;
        let mut tell = |difference: Difference| {
            counts.count(&difference);
            match push(difference) {
                Ok(true) => return true,
                Ok(false) => over = Some(Ok(())),
                Err(error) => over = Some(Err(error)),
            }
            false
        };
        let done = opened.vault.diff(
            &opened.keys,
            input.records,
            &options,
            &holder,
            &mut tell,
            &progress,
            cancel,
        );
        match (over, done) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(())), Err(vault::Error::Cancelled(_))) => Ok(()),
            (_, Err(error)) => Err(Failure::from(error).in_file(path)),
            (_, Ok(found)) => {
                report = Some(found);
                Ok(())
            }
        }
    })?;
    drop(progress);
    let Some(report) = report else {
        return Ok(Outcome::quiet());
    };
    super::remark(ui, &report);
    let mut outcome = counts.tell(&report, options.skip_bad);
    outcome.notices.extend(input.passed_over.tell());
    Ok(outcome)
}

/// How many of each kind were told.
#[derive(Default)]
struct Counts(BTreeMap<(What, Subject), u64>);

impl Counts {
    fn count(&mut self, difference: &Difference) {
        let kind = (difference.what, difference.subject);
        *self.0.entry(kind).or_default() += 1;
    }

    fn of(&self, what: What, subject: Subject) -> u64 {
        self.0.get(&(what, subject)).copied().unwrap_or(0)
    }

    /// The counts, as the load's report would have them.
    fn tell(&self, report: &LoadReport, skip_bad: bool) -> Outcome {
        let users = &report.users;
        let changed = self.of(What::Changed, Subject::User);
        let mut notices = vec![format!(
            "users: {} new, {} changed, {} as before, {} gone, {} renamed, {} moved, {} back",
            users.new,
            changed,
            users.replaced.saturating_sub(changed),
            users.gone,
            report.renamed,
            report.moved,
            report.returned,
        )];
        for (noun, subject, tally) in [
            ("groups", Subject::Group, &report.groups),
            ("unassigned tokens", Subject::Token, &report.tokens),
            ("unassigned cards", Subject::Card, &report.cards),
        ] {
            let changed = self.of(What::Changed, subject);
            if tally.new + tally.gone + changed > 0 {
                notices.push(format!(
                    "{noun}: {} new, {changed} changed, {} gone",
                    tally.new, tally.gone
                ));
            }
        }
        if report.reassigned > 0 {
            notices.push(format!(
                "{} would change hands",
                counted(report.reassigned, "token or card")
            ));
        }
        notices.extend(super::load::drifted(report));
        let refused = report.skipped > 0;
        notices.push(match (refused, skip_bad) {
            (false, _) => "nothing was changed".to_owned(),
            (true, true) => format!(
                "{} would be left out; nothing was changed",
                counted(report.skipped, "bad record")
            ),
            (true, false) => format!(
                "a load would be refused because of {} (with -skip-bad it would leave them out); nothing was changed",
                counted(report.skipped, "bad record")
            ),
        });
        Outcome {
            notices,
            exit: (refused && !skip_bad).then_some(Exit::Partial),
        }
    }
}
