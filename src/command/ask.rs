//! Asking before something is changed (igsh-script(5), Confirmation).

use super::{Context, Exit, Failure};
use crate::lang::args::Yes;
use crate::lang::code;
use crate::render::{Assent, Ui, counted, grouped};
use crate::store::{self, Connection, Summed, audit};
use crate::vault::interruptible;

/// What was said beforehand about questions and changes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms {
    /// `--yes`.
    pub yes: Option<Yes>,
    /// `--dry-run`.
    pub dry_run: bool,
}

impl Terms {
    /// Asks before `count` things are changed, unless it was answered beforehand: by the line, or for all of them.
    pub fn ask(self, ui: &Ui, yes: Option<Yes>, count: u64, question: &str) -> Result<Go, Failure> {
        if self.dry_run {
            return Ok(Go::DryRun);
        }
        match yes.or(self.yes) {
            Some(Yes::Any) => return Ok(Go::On),
            Some(Yes::Count(expected)) if expected == count => return Ok(Go::On),
            Some(Yes::Count(expected)) => {
                return Err(Failure::new(
                    Exit::Failed,
                    code::UNCONFIRMED,
                    format!(
                        "{} would be affected, not {}; nothing was changed",
                        grouped(count),
                        grouped(expected)
                    ),
                )
                .hint("check the selection, then give the number you expect"));
            }
            None => {}
        }
        if ui.confirm(question, Assent::to(count))? {
            Ok(Go::On)
        } else {
            Err(Failure::new(
                Exit::Failed,
                code::UNCONFIRMED,
                "not confirmed; nothing was changed",
            ))
        }
    }
}

/// Whether a command that was about to change something goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// It was confirmed.
    On,
    /// A dry run ends here.
    DryRun,
}

/// What a command would change, as it is asked about, compared and audited.
pub trait Proposal: PartialEq {
    /// How many things it changes.
    fn count(&self) -> u64;
    /// What is asked.
    fn question(&self) -> String;
    /// What is said when there is nothing to change.
    fn nothing(&self) -> String;
    /// The audit's entry, with the counts in it.
    fn note(&self, draft: audit::Draft) -> audit::Draft;
}

impl Context<'_> {
    /// Asks before `count` things are changed, unless it was answered beforehand.
    pub fn ask(&self, count: u64, question: &str) -> Result<Go, Failure> {
        self.terms.ask(self.ui, self.line.yes, count, question)
    }

    /// A change of the vault that is confirmed first (igsh-script(5), Confirmation). `look` computes the change for the
    /// question, and again in the transaction that applies it: if the two differ, nothing is changed. `tables` as in
    /// [`Context::write`].
    ///
    /// `None` when there is nothing to do or this is a dry run; a notice says so.
    pub fn propose<P: Proposal>(
        &mut self,
        code: &'static audit::EventCode,
        tables: &[&'static Summed],
        look: impl Fn(&Connection) -> Result<P, Failure>,
        apply: impl FnOnce(&store::Transaction<'_>, &P) -> Result<(), Failure>,
    ) -> Result<Option<P>, Failure> {
        let db = self.db()?;
        let proposal = interruptible(db, self.cancel, || look(db))?;
        if proposal.count() == 0 {
            self.found(0)?;
            self.ui.notice(&proposal.nothing());
            return Ok(None);
        }
        if self.ask(proposal.count(), &proposal.question())? == Go::DryRun {
            self.ui.notice(&format!(
                "{}\nthis was a dry run; nothing was changed",
                proposal.question()
            ));
            return Ok(None);
        }
        let draft = self.audit(code);
        self.write(tables, |tx| {
            let now = look(tx)?;
            if now != proposal {
                return Err(Failure::new(
                    Exit::Failed,
                    code::UNCONFIRMED,
                    format!(
                        "the vault changed after the question, which would now be: {} Nothing was changed",
                        now.question()
                    ),
                )
                .hint("repeat the command"));
            }
            apply(tx, &proposal)?;
            Ok(proposal.note(draft))
        })?;
        Ok(Some(proposal))
    }
}

/// Warns before a change or an export whose selection, which reads like `text` and chooses so many users of all, leaves
/// no user out.
pub fn warn_of_all_users(ui: &Ui, text: &str, chosen: u64, all: u64) {
    if chosen > 1 && chosen == all {
        let all = counted(all, "user");
        ui.warning(&match text {
            "" => format!("without a selection all users are chosen: {all}"),
            text => format!("'{text}' chooses all users: {all}"),
        });
    }
}
