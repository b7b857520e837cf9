//! `source diff`: what a load would change, found by doing it and rolling it back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::gone::{self, Place};
use super::input::{FILE, FileFormat, Input, OfFile, SKIP_BAD, Taking};
use super::load::{options, without_end};
use crate::command::shared::{Out, TO_FILE};
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Example};
use crate::model::Named as _;
use crate::render::doc::{Col, ToCell as _};
use crate::render::{counted, grouped};
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
    let input = Input::open(cx, &args.file, args.format, &args.taking)?;
    let file = Compared {
        path: &args.file,
        format: args.format,
        skip_bad: args.skip_bad,
        taking: &args.taking,
    };
    let mut outcome = Outcome::quiet();
    args.out.list(cx.ui, "difference", COLUMNS, |push| {
        // `Some` once the sink takes no more rows: a reader that has gone is no error.
        let mut over = None;
        let mut each = |difference: Difference| {
            match push(difference) {
                Ok(true) => return true,
                Ok(false) => over = Some(Ok(())),
                Err(error) => over = Some(Err(error)),
            }
            false
        };
        let done = file.compare(cx, input, &mut each);
        match (over, done) {
            (Some(Err(error)), _) => return Err(error),
            (Some(Ok(())), Err(failure)) if failure.exit == Exit::Interrupted => {}
            (_, done) => outcome = done?,
        }
        Ok(())
    })?;
    Ok(outcome)
}

/// The file of a load, and how it would be loaded.
pub(super) struct Compared<'a> {
    pub(super) path: &'a Path,
    pub(super) format: FileFormat,
    pub(super) skip_bad: bool,
    pub(super) taking: &'a Taking,
}

impl Compared<'_> {
    /// Does the load, passes each difference to `each` until that returns `false`, and rolls everything back.
    pub(super) fn compare(
        &self,
        cx: &mut Context<'_>,
        input: Input,
        each: &mut dyn FnMut(Difference) -> bool,
    ) -> Result<Outcome, Failure> {
        let progress = OfFile::new(cx.ui.progress(), &input.noted);
        let holder = cx.holding();
        let source = (&*self.path.display().to_string(), self.format.name());
        let options = options(cx, source, gone::limit(cx)?, self.skip_bad, self.taking)?;
        let cancel = cx.cancel;
        let opened = cx.desk.opened()?;
        let mut counts = Counts::default();
        let done = opened.vault.diff(
            &opened.keys,
            input.records,
            &options,
            &holder,
            &mut |difference| {
                counts.count(&difference);
                each(difference)
            },
            &progress,
            cancel,
        );
        drop(progress);
        let report = done.map_err(|error| Failure::from(error).in_file(self.path))?;
        super::remark(cx.ui, &report);
        let mut outcome = counts.summary(&report, self.skip_bad);
        if let Err(found) = options.gone_limit.check(&report) {
            outcome.notices.push(Place::file(self.path).says(found));
            let hint = format!("'source load' asks, or takes -yes={}", found.gone);
            outcome = outcome.hint(hint);
        }
        outcome.notices.extend(input.noted.passed_over.notices());
        outcome
            .notices
            .extend(without_end(self.path, &input.noted.endless, &report));
        Ok(outcome)
    }
}

/// How many differences there were of each kind.
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
    fn summary(&self, report: &LoadReport, skip_bad: bool) -> Outcome {
        let users = &report.users;
        let changed = self.of(What::Changed, Subject::User);
        let mut notices = vec![format!(
            "users: {} new, {} changed, {} as before, {} gone, {} renamed, {} moved, {} back",
            grouped(users.new),
            grouped(changed),
            grouped(users.replaced.saturating_sub(changed)),
            grouped(users.gone),
            grouped(report.renamed),
            grouped(report.moved),
            grouped(report.returned),
        )];
        for (noun, subject, tally) in [
            ("groups", Subject::Group, &report.groups),
            ("unassigned tokens", Subject::Token, &report.tokens),
            ("unassigned cards", Subject::Card, &report.cards),
        ] {
            let changed = self.of(What::Changed, subject);
            if tally.new + tally.gone + changed > 0 {
                notices.push(format!(
                    "{noun}: {} new, {} changed, {} gone",
                    grouped(tally.new),
                    grouped(changed),
                    grouped(tally.gone)
                ));
            }
        }
        if report.reassigned > 0 {
            notices.push(format!(
                "{} would go to another user",
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
                "a load would be refused because of {}; nothing was changed",
                counted(report.skipped, "bad record")
            ),
        });
        let blocked = refused && !skip_bad;
        let advice = blocked.then(|| "correct the file, or load it with -skip-bad".to_owned());
        Outcome {
            notices,
            hints: advice.into_iter().collect(),
            exit: blocked.then_some(Exit::Partial),
        }
    }
}
