//! The export: from a snapshot of the vault to a bundle under its final name.
//!
//! [`Prepared::new`] checks and counts, so that a command can ask; [`Prepared::export`] writes, [`Prepared::plan`] does
//! all of it but the writing. One thread reads the vault, others open, map, encode and
//! compress, the caller's seals, writes and keeps the ledger. Nothing grows with the number of users.

mod age;
#[cfg(test)]
mod killed;
mod output;
mod rehearsal;
#[cfg(test)]
mod tests;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ambient::{Ambient, CancelToken, Progress, Unit};
use crate::files::Destination;
use crate::lang::selection::Selection;
use crate::migrate::batches;
use crate::migrate::error::{Error, Result};
use crate::migrate::pipeline;
use crate::migrate::report::Report;
use crate::migrate::rules::Rules;
use crate::migrate::survey::Survey;
use crate::store::audit::{self, Draft, Who, codes};
use crate::store::{self, Holder, Keys};
use crate::vault::snapshot::{Beyond, Collision, Mapped, Unassigned};
use crate::vault::{self, Vault};

pub use age::SourceAge;
use output::Output;
use worker::{Done, Purpose, Worker};

pub use rehearsal::Rehearsal;

/// What is to be exported, and where to.
pub struct Request<'a> {
    pub selection: &'a Selection,
    /// Which unassigned tokens and cards go along.
    pub unassigned: Unassigned,
    pub path: &'a Path,
    /// Whether its name is that of its number, see [`numbered`]: should the ledger give another number than the one in
    /// `path`, the file gets that one's name in the same folder.
    pub numbered: bool,
    /// Whether it may take the place of another file.
    pub overwrite: bool,
    /// Leave all parties to a collision out, instead of refusing.
    pub skip_conflicts: bool,
    /// Leave users who are imported or migrated where they are.
    pub keep_phase: bool,
    /// The keys of the session; they prove the vault's decisions about users.
    pub keys: Arc<Keys>,
    /// What the mapping goes by.
    pub rules: Rules,
    /// What the audit's entries begin with: command and reason.
    pub draft: Draft,
}

impl Request<'_> {
    /// The look that it begins with.
    pub fn survey(&self, vault: &Vault, cancel: &CancelToken) -> Result<Survey> {
        Survey::take(vault, &self.keys, self.selection, self.unassigned, cancel)
    }
}

/// The name of a bundle's file where none is given.
pub fn numbered(number: u64) -> String {
    format!("bundle-{number}.igb")
}

pub struct Work<'a> {
    pub keys: &'a Arc<Keys>,
    /// The master who exports.
    pub master: &'a str,
    /// The master as the audit names them.
    pub who: &'a Who,
    /// What a session that has to wait shows.
    pub holder: &'a Holder,
    pub ambient: &'a Ambient,
    pub progress: &'a dyn Progress,
    pub cancel: &'a CancelToken,
}

/// What an export would take, before anything is mapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extent {
    /// Chosen users, those who will be left out included.
    pub users: u64,
    /// Unassigned tokens.
    pub tokens: u64,
    /// Unassigned cards.
    pub cards: u64,
    /// Names that a chosen user would share.
    pub collisions: u64,
    /// How many of the chosen users are already in which bundle.
    pub already: Vec<(u64, u64)>,
    /// How many of those who go are imported or migrated.
    pub beyond: Beyond,
    /// Those of them who go under an id that a master gave.
    pub mapped: Mapped,
    /// How old the source copy is.
    pub source: Option<SourceAge>,
}

impl Extent {
    /// Users and unassigned items.
    pub fn total(&self) -> u64 {
        self.users + self.tokens + self.cards
    }

    /// As many as a master confirms: users, where there are any.
    pub fn count(&self) -> u64 {
        match self.users {
            0 => self.total(),
            users => users,
        }
    }
}

/// A bundle that was written.
#[derive(Debug)]
pub struct Exported {
    /// Its number in the ledger.
    pub number: u64,
    /// The id in its header.
    pub id: String,
    /// Where it is, absolute.
    pub path: PathBuf,
    /// Size of the file in bytes.
    pub size: u64,
    /// Hash of the file, in hexadecimal digits.
    pub sha256: String,
    /// Blocks of records.
    pub blocks: u32,
    /// Users who are now in phase `exported`.
    pub moved: u64,
    /// What was taken and what was not.
    pub report: Report,
}

/// An export that was counted and can be confirmed.
pub struct Prepared<'a> {
    request: Request<'a>,
    /// None in a rehearsal.
    destination: Option<Destination>,
    survey: Survey,
    extent: Extent,
    seen: audit::Anchor,
}

impl<'a> Prepared<'a> {
    /// Checks what could stand in the way, and counts. `collision` gets the names that would be shared,
    /// in order.
    ///
    /// # Errors
    /// [`Error::Conflicts`] unless they may be skipped, [`Error::Nothing`], [`Error::Stale`], and what is wrong with
    /// the path.
    pub fn new(
        survey: Survey,
        request: Request<'a>,
        cancel: &CancelToken,
        collision: impl FnMut(Collision) -> vault::Result<()>,
    ) -> Result<Self> {
        let destination = Destination::new(request.path)?;
        destination.check(request.overwrite)?;
        Self::look(survey, request, Some(destination), cancel, collision)
    }

    /// As [`Prepared::new`], for a rehearsal: the request's path is not checked, since no file is written there.
    pub fn for_rehearsal(
        survey: Survey,
        request: Request<'a>,
        cancel: &CancelToken,
    ) -> Result<Self> {
        Self::look(survey, request, None, cancel, |_| Ok(()))
    }

    fn look(
        mut survey: Survey,
        request: Request<'a>,
        destination: Option<Destination>,
        cancel: &CancelToken,
        collision: impl FnMut(Collision) -> vault::Result<()>,
    ) -> Result<Self> {
        if survey.total() == 0 {
            return Err(Error::Nothing { left_out: 0 });
        }
        let collisions = survey.collisions(&request.rules.workflow_prefixes, cancel, collision)?;
        if collisions > 0 && !request.skip_conflicts {
            return Err(Error::Conflicts { found: collisions });
        }
        if survey.tokens + survey.cards == 0 && !survey.snapshot.any_user_goes()? {
            return Err(Error::Nothing {
                left_out: survey.users,
            });
        }
        let db = survey.snapshot.connection();
        let already = survey.already()?;
        // A user who was never in a bundle cannot be imported or migrated.
        let beyond = match already.is_empty() {
            true => Beyond::default(),
            false => survey.beyond()?,
        };
        Ok(Self {
            seen: audit::last(db)?,
            extent: Extent {
                users: survey.users,
                tokens: survey.tokens,
                cards: survey.cards,
                collisions,
                already,
                beyond,
                mapped: survey.mapped()?,
                source: SourceAge::look(db, request.rules.now)?,
            },
            request,
            destination,
            survey,
        })
    }

    pub fn extent(&self) -> &Extent {
        &self.extent
    }

    /// Does everything but write.
    pub fn plan(self, work: &Work<'_>) -> Result<Report> {
        let (mut report, rules) = (self.report(), Arc::new(self.request.rules));
        run(self.survey, Purpose::Plan, rules, work, |done| {
            report.merge(&done.report);
            Ok(())
        })?;
        Ok(report)
    }

    /// Writes the bundle. Should the vault have changed since the question, it is looked at again, and what is chosen
    /// must still be as many.
    ///
    /// # Errors
    /// After any but [`Error::Unsettled`] there is no file, and the ledger holds the reason.
    pub fn export(mut self, vault: &mut Vault, work: &Work<'_>) -> Result<Exported> {
        if audit::last(vault.file().connection())? != self.seen {
            self = self.look_again(vault, work.cancel)?;
        }
        let (mut report, rules) = (self.report(), Arc::new(self.request.rules.clone()));
        let Some(destination) = self.destination else {
            return Err(store::Error::Internal("a rehearsal has no file").into());
        };
        note_mapped(&mut self.request.draft, &self.extent.mapped);
        note_phases(&mut self.request, self.extent.beyond);
        let mut output = Output::open(vault, work, &self.request, destination)?;
        let number = Purpose::Bundle(output.number);
        let ran = run(self.survey, number, rules, work, |done| {
            report.merge(&done.report);
            output.take(done)
        });
        let records = report.records;
        let ran = ran.and_then(|()| match records.user + records.token + records.card {
            0 => Err(Error::Nothing {
                left_out: self.extent.users,
            }),
            _ => Ok(()),
        });
        match ran {
            Ok(()) => output.commit(report),
            Err(error) => {
                output.abandon(&error);
                Err(error)
            }
        }
    }

    /// The same of the vault as it is now, which must still come to as many.
    fn look_again(self, vault: &Vault, cancel: &CancelToken) -> Result<Self> {
        let (asked, beyond) = (self.extent.total(), self.extent.beyond);
        drop(self.survey);
        let survey = self.request.survey(vault, cancel)?;
        let again = Self::look(survey, self.request, self.destination, cancel, |_| Ok(()))?;
        let (found, now) = (again.extent.total(), again.extent.beyond);
        if found != asked {
            return Err(Error::Changed { asked, found });
        }
        if now != beyond {
            return Err(Error::Advanced {
                asked: beyond.total(),
                found: now.total(),
            });
        }
        Ok(again)
    }

    fn report(&self) -> Report {
        Report {
            earlier_cards: self.survey.earlier_cards,
            ..Report::default()
        }
    }
}

/// Records in the audit which users went under another id, so that a master can look it up later.
fn note_mapped(draft: &mut Draft, mapped: &Mapped) {
    if mapped.users > 0 {
        draft.counts.insert("mapped".to_owned(), mapped.users);
        draft.detail = Some(format!("under another id: {mapped}"));
    }
}

/// What the audit calls users who stay in their phase. The name is there even for none of them: it shows a login that
/// settles an interrupted export that they were to stay.
pub(in crate::migrate) const KEPT: &str = "phaseKept";

/// Records in the audit how many imported and migrated users return to `exported`, or stay.
fn note_phases(request: &mut Request<'_>, beyond: Beyond) {
    let counts = &mut request.draft.counts;
    if request.keep_phase {
        counts.insert(KEPT.to_owned(), beyond.total());
    } else if beyond.total() > 0 {
        counts.insert("backToExported".to_owned(), beyond.total());
    }
}

/// Records in the audit an export that was refused before it began.
pub fn refused(vault: &mut Vault, draft: &Draft, work: &Work<'_>, error: &Error) -> Result<()> {
    let draft = Draft {
        code: &codes::EXPORT_ENDED,
        ..draft.clone()
    }
    .failed(error.to_string());
    vault.file_mut().write(work.holder, |tx| -> Result<()> {
        let clock = &*work.ambient.clock;
        audit::append(tx, &draft, work.who, Some(work.keys), clock)?;
        Ok(())
    })
}

/// Sends a snapshot through the workers to `sink`, in order: for a bundle, or for a plan.
fn run(
    survey: Survey,
    purpose: Purpose,
    rules: Arc<Rules>,
    work: &Work<'_>,
    mut sink: impl FnMut(Done) -> Result<()>,
) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let total = survey.total();
    let snapshot = survey.snapshot;
    work.progress.begin("exporting", Unit::Items, Some(total));
    let mut so_far = 0;
    let cancel = work.cancel;
    let outcome = pipeline::run(
        cores.min(8),
        move |push| batches::read(snapshot, cancel, push),
        || Worker::new(purpose, Arc::clone(work.keys), Arc::clone(&rules)),
        Worker::work,
        |done| {
            cancel.check()?;
            so_far += done.items;
            sink(done)?;
            work.progress.at(so_far);
            Ok(())
        },
    );
    work.progress.end();
    outcome
}
