//! `system check`: whether the vault is whole, and what to do about what is not.

use std::collections::BTreeMap;

use crate::ambient::{Progress as _, Unit};
use crate::command::shared::Out;
use crate::command::show::Push;
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Example};
use crate::migrate::integrity::{self, Depth, Work};
use crate::render::doc::{Cell, Col, ToCell as _};
use crate::render::{Bar, counted, grouped};
use crate::store::{Error, SealedFile, audit, interruptible, state};
use crate::vault::check::{self, Finding, Subject};

args! {
    struct Check {
        quick: bool = flag(
            "quick",
            "Open no fields, read no bundle files, and of the audit only its two ends",
        ),
        ..out: Out,
    }
}

/// `system check`
pub(in crate::command) static CHECK: Entry = entry!(
    Check,
    run,
    Command {
        details: "Looks for damage and for what another program has changed: the structure of the file; the sums over \
            settings, target ids, exclusions, bundles, masters and keys; every value of the source copy; every sealed \
            field, which has to open for its owner; the bundles' files, which have to be what was exported; the audit. \
            It changes nothing, goes on after what it finds, and lists at most 20 findings of a kind. A bundle's file \
            that is not where it was written is a remark, since people move bundles. A large vault takes minutes; \
            -quick takes seconds. Exit status 6 when anything is damaged.",
        inspects: true,
        examples: &[
            Example::new("system check", "Look at everything"),
            Example::new("system check -quick", "Only what takes seconds"),
        ],
        ..Command::new("system check", "Check whether the vault is damaged")
    }
);

const COLUMNS: &[Col<Finding>] = &[
    Col::whole("kind", |finding| finding.subject.to_string().into()),
    Col::text("where", |finding| Cell::filled(&finding.place)),
    Col::text("finding", |finding| finding.what.cell()),
    Col::text("advice", |finding| advice(finding.subject).into()),
];

fn run(cx: &mut Context<'_>, args: Check) -> Result<Outcome, Failure> {
    let is_quick = args.quick;
    let mut found = Findings::default();
    let seen = look(cx, is_quick, &mut found)?;
    let damage = found.damage();
    cx.list(&args.out, "finding", COLUMNS, |push| found.show(push))?;
    let Seen {
        fields,
        bundles,
        entries,
    } = seen;
    let looked_at = match is_quick {
        true => format!(
            "{}; sealed fields, the contents of bundles and the middle of the audit were not checked",
            counted(bundles, "bundle")
        ),
        false => format!(
            "{}, {}, {}",
            counted(fields, "field"),
            counted(bundles, "bundle"),
            counted(entries, "audit entry")
        ),
    };
    Ok(match damage {
        None => Outcome::said(format!("nothing is damaged: {looked_at}")),
        Some(damage) => Outcome {
            exit: Some(Exit::Integrity),
            ..Outcome::said(format!("damaged: {damage}; looked at {looked_at}"))
        },
    })
}

/// How much was looked at.
#[derive(Default)]
struct Seen {
    fields: u64,
    bundles: u64,
    entries: u64,
}

fn look(cx: &mut Context<'_>, is_quick: bool, found: &mut Findings) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    let opened = cx.desk.opened_unseen()?;
    let (vault, keys) = (&*opened.vault, &opened.keys);
    let bar = cx.ui.progress();
    if !structure(vault.file(), &bar, found)? {
        return Ok(seen);
    }
    let Some(mut db) = found.part(Subject::Structure, check::connection(vault))? else {
        return Ok(seen);
    };
    bar.begin("comparing sums", Unit::Items, None);
    let differences = interruptible(&db, cx.cancel, || state::all_differences(&db, keys));
    bar.end();
    for difference in found
        .part(Subject::Decision, differences)?
        .unwrap_or_default()
    {
        found.add(Finding::new(Subject::Decision, "", difference));
    }
    let work = Work {
        keys,
        progress: &bar,
        cancel: cx.cancel,
    };
    if !is_quick {
        let outcome = integrity::fields(&mut db, &work, &mut |finding| found.add(finding));
        seen.fields = found.part(Subject::Value, outcome)?.unwrap_or_default();
    }
    let depth = if is_quick {
        Depth::Size
    } else {
        Depth::Content
    };
    let now = vault.file().connection();
    let outcome = integrity::bundles(&db, now, depth, &work, &mut |finding| found.add(finding));
    let bundles = found.part(Subject::Value, outcome)?.unwrap_or_default();
    seen.bundles = bundles.bundles;
    seen.fields += bundles.fields;
    if !is_quick {
        bar.begin("reading the audit", Unit::Items, None);
        let verified = interruptible(&db, cx.cancel, || {
            audit::verify(&db, keys, &[], |finding| {
                found.add(Finding::new(Subject::Audit, "", finding.to_string()));
            })
        });
        bar.end();
        let verified = found.part(Subject::Audit, verified)?;
        seen.entries = verified.map_or(0, |verified| verified.entries);
    }
    Ok(seen)
}

/// Structure and schema; whether the tables may be looked at.
fn structure(file: &SealedFile, bar: &Bar, found: &mut Findings) -> Result<bool, Failure> {
    bar.begin("reading the file", Unit::Items, None);
    let lines = file.check();
    bar.end();
    for line in found.part(Subject::Structure, lines)?.unwrap_or_default() {
        found.add(Finding::new(Subject::Structure, "", line));
    }
    match file.check_schema() {
        Err(Error::Schema { what, .. }) => {
            let what = format!("{what}; nothing else was looked at");
            found.add(Finding::new(Subject::Schema, "", what));
            Ok(false)
        }
        outcome => Ok(found.part(Subject::Structure, outcome)?.is_some()),
    }
}

/// What was found, by subject: all of it counted, and so much of it kept that it can be read.
#[derive(Default)]
struct Findings(BTreeMap<Subject, (u64, Vec<Finding>)>);

impl Findings {
    /// Findings of a kind that are listed.
    const LISTED: usize = 20;

    fn add(&mut self, finding: Finding) {
        let (count, listed) = self.0.entry(finding.subject).or_default();
        *count += 1;
        if listed.len() < Self::LISTED {
            listed.push(finding);
        }
    }

    /// What a part of the work has given; damage that ended it is a finding, and the next part goes on.
    fn part<T>(
        &mut self,
        subject: Subject,
        outcome: Result<T, impl Into<Failure>>,
    ) -> Result<Option<T>, Failure> {
        match outcome.map_err(Into::into) {
            Ok(value) => Ok(Some(value)),
            Err(failure) if failure.exit == Exit::Integrity => {
                self.add(Finding::new(subject, "", failure.message));
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The damage by kind in words, if there is any.
    fn damage(&self) -> Option<String> {
        let kinds: Vec<String> = self
            .0
            .iter()
            .filter(|(subject, _)| **subject != Subject::Remark)
            .map(|(subject, (count, _))| format!("{subject} {}", grouped(*count)))
            .collect();
        (!kinds.is_empty()).then(|| kinds.join(", "))
    }

    fn show(self, push: Push<'_, Finding>) -> Result<(), Failure> {
        for (subject, (count, listed)) in self.0 {
            let more = count - listed.len() as u64;
            let more = (more > 0)
                .then(|| Finding::new(subject, "", format!("and {} more", grouped(more))));
            for finding in listed.into_iter().chain(more) {
                push(finding)?;
            }
        }
        Ok(())
    }
}

/// What a master does about a finding.
fn advice(subject: Subject) -> &'static str {
    match subject {
        Subject::Structure | Subject::Schema => "restore a backup",
        Subject::Decision => {
            "restore a backup; or, when what is there is right, 'system accept-state'"
        }
        Subject::Value | Subject::Field => {
            "load the source again; restore a backup where that does not help"
        }
        Subject::Bundle => "do not import it: fetch the file that was exported, or export again",
        Subject::Audit => "'audit verify'; keep a copy, and compare it with a backup",
        Subject::Remark => "nothing, if it was moved",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_findings_are_counted_and_twenty_of_a_kind_listed() {
        let mut found = Findings::default();
        assert_eq!(found.damage(), None);
        found.add(Finding::new(
            Subject::Remark,
            "p.igb",
            "its file is missing",
        ));
        assert_eq!(found.damage(), None);
        for n in 0..25 {
            found.add(Finding::new(Subject::Field, format!("f{n}"), "damaged"));
        }
        found.add(Finding::new(Subject::Audit, "", "#3 was edited"));
        assert_eq!(found.damage().as_deref(), Some("field 25, audit 1"));
        let mut rows = Vec::new();
        found
            .show(&mut |finding| {
                rows.push(finding);
                Ok(true)
            })
            .unwrap();
        assert_eq!(rows.len(), 20 + 1 + 1 + 1);
        assert_eq!(rows[20].what, "and 5 more");
    }

    #[test]
    fn damage_that_ends_a_part_is_a_finding_and_anything_else_ends_the_command() {
        let mut found = Findings::default();
        let damaged: Result<(), _> = Err(Error::Keys("the data key".to_owned()));
        assert!(found.part(Subject::Value, damaged).unwrap().is_none());
        assert_eq!(found.damage().as_deref(), Some("value 1"));
        let ended: Result<(), _> = Err(Error::from(crate::ambient::Cancelled));
        assert!(found.part(Subject::Value, ended).is_err());
    }
}
