//! What a running command may use, and the few things that every command does the same way: opening the vault, asking
//! before it changes something, showing rows, writing a file.

use std::path::PathBuf;
use std::sync::Arc;

use crate::ambient::{Ambient, CancelToken, Waiting};
use crate::lang::args::Yes;
use crate::lang::binder::Bound;
use crate::lang::selection::{Entity, Selection};
use crate::model::SecretBytes;
use crate::render::doc::{Cell, Column, RowSink};
use crate::render::view::View;
use crate::render::{Assent, Format, Ui, counted};
use crate::store::audit::{self, Who};
use crate::store::{self, Connection, Holder, Keys, MasterSession, Summed, state};
use crate::tenant::Tenant;
use crate::vault::{Vault, interruptible, query};

use super::failure::code;
use super::file::write_new;
use super::shared_args::{REQUIRE_MATCH, ROWS, SHOWN, SORT};
use super::{Exit, FORMAT, Failure, INTO, OVERWRITE, Outcome, REASON, YES};

/// Which vault is worked on, and who is logged in to it.
pub struct Desk {
    /// Where the vault is.
    pub path: PathBuf,
    /// The vault, once something needed it.
    pub vault: Option<Vault>,
    /// The master who is logged in.
    pub session: Option<MasterSession>,
    /// What the audit says about where commands come from.
    pub who: Who,
    /// The tenant that commands work on where they name none: `--tenant`, or the one that was opened last.
    pub tenant_path: Option<PathBuf>,
    /// The tenant that is open, with the master who is logged in to it.
    pub tenant: Option<OpenTenant>,
    /// How the process was told to log in, which is tried on a tenant as well.
    pub entry: Option<HowToLogIn>,
}

/// An open tenant with the master who works on it.
pub struct OpenTenant {
    /// The tenant.
    pub tenant: Tenant,
    /// The login.
    pub session: MasterSession,
    /// What its audit says about where commands come from.
    pub who: Who,
}

/// What `--login` and a password option said.
pub struct HowToLogIn {
    /// The master's name.
    pub name: String,
    /// Where the password comes from; nothing when it is asked for.
    pub password: Option<PasswordFrom>,
}

/// Where a password can be had again.
pub enum PasswordFrom {
    /// A private file.
    File(PathBuf),
    /// A descriptor or standard input, which can be read once.
    Kept(SecretBytes),
}

/// An opened vault with the master who works on it.
pub struct Opened<'a> {
    /// The vault.
    pub vault: &'a mut Vault,
    /// The login.
    pub session: &'a MasterSession,
    /// Its keys; held until the command ends, whatever the idle clock does.
    pub keys: Arc<Keys>,
}

impl Desk {
    /// The vault, opened now if it was not.
    pub fn vault(&mut self) -> Result<&mut Vault, Failure> {
        if self.vault.is_none() {
            self.vault = Some(Vault::open(&self.path)?);
        }
        self.vault.as_mut().ok_or_else(no_session)
    }

    /// The vault, for a command that looks. It is open: whoever is logged in has opened it.
    pub fn reading(&self) -> Result<&Vault, Failure> {
        let vault = self.vault.as_ref().ok_or_else(no_session)?;
        vault.file().check_schema()?;
        Ok(vault)
    }

    /// Whether a master is logged in whose session is not locked.
    pub fn is_unlocked(&self) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|session| !session.is_locked())
    }

    /// The vault and the session.
    pub fn opened(&mut self) -> Result<Opened<'_>, Failure> {
        let opened = self.opened_unseen()?;
        opened.vault.file().check_schema()?;
        Ok(opened)
    }

    /// The same before the schema is looked at: for a command that looks for damage.
    pub fn opened_unseen(&mut self) -> Result<Opened<'_>, Failure> {
        let (Some(vault), Some(session)) = (self.vault.as_mut(), self.session.as_ref()) else {
            return Err(no_session());
        };
        let keys = session.keys()?;
        Ok(Opened {
            vault,
            session,
            keys,
        })
    }
}

fn no_session() -> Failure {
    Failure::new(Exit::Denied, code::SESSION, "nobody is logged in")
        .hint("type 'login Master1' first, or start igsh with --login Master1 --password-file FILE")
}

/// What was said beforehand about questions and changes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms {
    /// `--yes`.
    pub yes: Option<Yes>,
    /// `--dry-run`.
    pub dry_run: bool,
}

impl Terms {
    /// Asks before `count` things are changed, unless it was answered beforehand.
    pub fn ask(self, ui: &Ui, bound: &Bound, count: u64, question: &str) -> Result<Go, Failure> {
        if self.dry_run {
            return Ok(Go::DryRun);
        }
        match bound.args.get(&YES).or(self.yes) {
            Some(Yes::Any) => return Ok(Go::On),
            Some(Yes::Count(expected)) if expected == count => return Ok(Go::On),
            Some(Yes::Count(expected)) => {
                return Err(Failure::new(
                    Exit::Failed,
                    code::UNCONFIRMED,
                    format!("{count} are affected, not {expected}; nothing was changed"),
                )
                .hint("look at the selection again, then give the count that you expect"));
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

/// That so many more would be chosen if letter case did not matter.
pub fn in_another_case(more: u64, of: Entity) -> Option<String> {
    let noun = match of {
        Entity::Token => "token",
        Entity::Card => "card",
        Entity::User | Entity::Location => "user",
    };
    (more > 0).then(|| {
        format!(
            "letter case matters in values: {} would match in another case",
            counted(more, noun)
        )
    })
}

/// Warns before a change or an export whose selection, which reads like `text` and chooses so many users of all, leaves
/// no user out.
pub fn warn_of_everybody(ui: &Ui, text: &str, chosen: u64, all: u64) {
    if chosen > 1 && chosen == all {
        let all = counted(all, "user");
        ui.warning(&match text {
            "" => format!("without a selection this is about everybody: {all}"),
            text => format!("'{text}' chooses everybody: {all}"),
        });
    }
}

/// What a running command may use.
pub struct Context<'a> {
    /// The vault and who works on it.
    pub desk: &'a mut Desk,
    /// The way to the person.
    pub ui: &'a Ui,
    /// Clock and randomness.
    pub ambient: &'a Ambient,
    /// Whether the command was asked to stop.
    pub cancel: &'a CancelToken,
    /// What was said beforehand.
    pub terms: Terms,
}

/// Whether a command that was about to change something goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// It was confirmed.
    On,
    /// A dry run ends here.
    DryRun,
}

/// Runs `show` with the way out of rows in this format: the terminal or pipe, or the new file of `into=`.
pub fn rows_into<T>(
    ui: &Ui,
    bound: &Bound,
    format: Format,
    show: impl FnOnce(&mut dyn RowSink) -> Result<T, Failure>,
) -> Result<T, Failure> {
    rows_on(ui, bound, format, ui.rows(format), show)
}

/// The same, where the sink that a terminal or pipe gets is at hand.
pub fn rows_on<T>(
    ui: &Ui,
    bound: &Bound,
    format: Format,
    sink: Box<dyn RowSink>,
    show: impl FnOnce(&mut dyn RowSink) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let view = view(bound);
    let most = ui.most_rows(format);
    let Some(path) = bound.args.get(&INTO) else {
        return show(view.over(sink, most).as_mut());
    };
    let mut shown = None;
    write_new(path, bound.args.flag(&OVERWRITE), |file| {
        let copy = file
            .try_clone()
            .map_err(|error| Failure::file("write", path, &error))?;
        let rows = ui.rows_into(Box::new(std::io::BufWriter::new(copy)), format);
        let mut rows = view.over(rows, most);
        let done = show(rows.as_mut());
        shown = Some(done.map_err(|failure| match failure.code {
            code::FILE => failure.in_file(path),
            _ => failure,
        })?);
        Ok(())
    })?;
    shown.ok_or_else(|| Failure::new(Exit::Internal, code::INTERNAL, "nothing was written"))
}

impl Context<'_> {
    /// The name of the master who is logged in.
    pub fn master(&self) -> Result<String, Failure> {
        let session = self.desk.session.as_ref().ok_or_else(no_session)?;
        Ok(session.name().to_owned())
    }

    /// What an audit entry of this command begins with.
    pub fn draft(&self, bound: &Bound, code: &'static audit::EventCode) -> audit::Draft {
        let mut draft = audit::Draft::new(code, bound.masked.as_str());
        draft.reason = bound.args.get(&REASON).map(str::to_owned);
        draft
    }

    /// Writes an audit entry in a transaction of its own.
    pub fn append_audit(
        &mut self,
        bound: &Bound,
        draft: audit::Draft,
    ) -> Result<audit::Anchor, Failure> {
        self.write(bound, &[], |_| Ok(draft))
    }

    /// Changes the vault and writes the audit entry that tells of it, both or neither. `change` gives the entry. It
    /// writes no tables that are summed but `tables`, which are proven before.
    pub fn write(
        &mut self,
        bound: &Bound,
        tables: &[&'static Summed],
        change: impl FnOnce(&store::Transaction<'_>) -> Result<audit::Draft, Failure>,
    ) -> Result<audit::Anchor, Failure> {
        self.transact(bound, |tx, keys| {
            let amended = state::amend(tx, keys, tables)?;
            Ok((change(tx)?, amended.into()))
        })
    }

    /// One transaction with its audit entry; `change` gives the entry and what it says of the tables that are summed.
    pub fn transact(
        &mut self,
        bound: &Bound,
        change: impl FnOnce(
            &store::Transaction<'_>,
            &Keys,
        ) -> Result<(audit::Draft, audit::Sums), Failure>,
    ) -> Result<audit::Anchor, Failure> {
        let holder = self.holder(bound);
        let who = self.desk.who.clone();
        let Opened { vault, keys, .. } = self.desk.opened()?;
        let clock = self.ambient.clock.as_ref();
        let cancel = self.cancel;
        vault.file_mut().write(&holder, |tx| {
            let (draft, sums) = interruptible(tx, cancel, || change(tx, &keys))?;
            Ok(audit::append_with(
                tx,
                &draft,
                &who,
                Some(&keys),
                sums,
                clock,
            )?)
        })
    }

    /// A change of the vault that is asked about first (language.md §5): `look` says what it would be, the person says
    /// yes, and the transaction that makes it looks again: if it would be something else now, nothing is changed.
    /// `tables` as in [`Context::write`].
    ///
    /// `None` when there is nothing to do or this is a dry run; the person has been told.
    pub fn change<P: Proposal>(
        &mut self,
        bound: &Bound,
        code: &'static audit::EventCode,
        tables: &[&'static Summed],
        look: impl Fn(&Connection) -> Result<P, Failure>,
        apply: impl FnOnce(&store::Transaction<'_>, &P) -> Result<(), Failure>,
    ) -> Result<Option<P>, Failure> {
        let db = self.desk.reading()?.file().connection();
        let proposal = interruptible(db, self.cancel, || look(db))?;
        if proposal.count() == 0 {
            self.matched(bound, 0)?;
            self.ui.notice(&proposal.nothing());
            return Ok(None);
        }
        if self
            .terms
            .ask(self.ui, bound, proposal.count(), &proposal.question())?
            == Go::DryRun
        {
            self.ui.notice(&format!(
                "{}\nthis was a dry run; nothing was changed",
                proposal.question()
            ));
            return Ok(None);
        }
        let draft = self.draft(bound, code);
        self.write(bound, tables, |tx| {
            let now = look(tx)?;
            if now != proposal {
                return Err(Failure::new(
                    Exit::Failed,
                    code::UNCONFIRMED,
                    format!(
                        "the vault was changed after the question, which would now be: {} Nothing was changed",
                        now.question()
                    ),
                )
                .hint("look again"));
            }
            apply(tx, &proposal)?;
            Ok(proposal.note(draft))
        })?;
        Ok(Some(proposal))
    }

    /// How a wait for another login is told of and ended.
    pub fn waiting(&self) -> Waiting {
        let ui = self.ui.clone();
        Waiting::new(self.cancel.clone(), move |what| ui.notice(what))
    }

    /// The note for whoever has to wait for this command.
    pub fn holder(&self, bound: &Bound) -> Holder {
        let now = self.ambient.clock.now();
        Holder::new(bound.masked.clone(), &self.desk.who, now)
    }

    /// Runs `show` with the rows' way out: the terminal or pipe, or the new file of `into=`.
    pub fn rows<T>(
        &self,
        bound: &Bound,
        show: impl FnOnce(&mut dyn RowSink) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        rows_into(self.ui, bound, self.format(bound)?, show)
    }

    /// So many rows of its list this command needs at most, as far as that is known beforehand.
    pub fn most(&self, bound: &Bound) -> Result<Option<u64>, Failure> {
        let most = self.ui.most_rows(self.format(bound)?);
        Ok(most.filter(|_| bound.args.get(&SORT).is_none()))
    }

    /// Shows a list: `fill` pushes its rows. Ctrl-C ends it, a closed pipe quietly.
    pub fn list(
        &self,
        bound: &Bound,
        noun: &'static str,
        columns: &[Column],
        fill: impl FnOnce(&mut dyn FnMut(Vec<Cell>) -> Result<bool, Failure>) -> Result<(), Failure>,
    ) -> Result<Outcome, Failure> {
        let mut count = 0;
        self.rows(bound, |rows| {
            rows.begin(noun, columns)?;
            fill(&mut |cells| {
                self.cancel.check()?;
                count += 1;
                Ok(rows.row(cells)?)
            })?;
            Ok(rows.end()?)
        })?;
        self.matched(bound, count)
    }

    /// As [`Context::list`], for rows that a selection chooses: a note says how many more there would be in another
    /// letter case (language.md §3).
    pub fn list_chosen(
        &self,
        bound: &Bound,
        (noun, of): (&'static str, Entity),
        columns: &[Column],
        selection: &Selection,
        fill: impl FnOnce(&mut dyn FnMut(Vec<Cell>) -> Result<bool, Failure>) -> Result<(), Failure>,
    ) -> Result<Outcome, Failure> {
        let mut nothing = true;
        let mut outcome = self.list(bound, noun, columns, |push| {
            fill(&mut |cells| {
                nothing = false;
                push(cells)
            })
        })?;
        outcome
            .notices
            .extend(self.case_note(selection, of, nothing)?);
        Ok(outcome)
    }

    /// How many more a selection would choose if letter case did not matter, as a note; `nothing` when it chose none.
    pub fn case_note(
        &self,
        selection: &Selection,
        of: Entity,
        nothing: bool,
    ) -> Result<Option<String>, Failure> {
        let db = self.desk.reading()?.file().connection();
        let found = nothing.then_some(0);
        Ok(in_another_case(
            query::more_without_case(db, selection, of, found)?,
            of,
        ))
    }

    /// The outcome of a command that found `count` things: a failure when it found none and was told to need one.
    pub fn matched(&self, bound: &Bound, count: u64) -> Result<Outcome, Failure> {
        if count == 0 && bound.args.flag(&REQUIRE_MATCH) {
            return Err(Failure::new(
                Exit::Nothing,
                code::NOTHING,
                "nothing matches the selection",
            ));
        }
        Ok(Outcome::quiet())
    }

    /// The format of this command's output.
    pub fn format(&self, bound: &Bound) -> Result<Format, Failure> {
        bound
            .args
            .get(&FORMAT)
            .map_or(Ok(self.ui.format()), |name| {
                name.parse()
                    .map_err(|error| Failure::new(Exit::Usage, code::UNKNOWN, error))
            })
    }
}

/// What a command was told of columns, order and number of rows.
fn view(bound: &Bound) -> View {
    let texts = |key| {
        bound
            .args
            .get(key)
            .map(<[String]>::to_vec)
            .unwrap_or_default()
    };
    View {
        columns: texts(&SHOWN),
        sort: texts(&SORT),
        limit: bound
            .args
            .get(&ROWS)
            .and_then(|rows| u64::try_from(rows).ok()),
    }
}
