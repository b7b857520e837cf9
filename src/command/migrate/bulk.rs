//! Users named by a file, as `-bulk FILE` and `migrate map file=F` take them: a sheet with a column `userid`.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use crate::command::context::{Proposal, warn_of_all_users};
use crate::command::shared::{REQUIRE_MATCH, YES};
use crate::command::{Context, Failure};
use crate::exchange::input;
use crate::exchange::sheet::{Field, Others, Sheet};
use crate::lang::diagnostic::quoted;
use crate::lang::keys::args;
use crate::model::oddity;
use crate::store::audit::EventCode;
use crate::store::state::Summed;
use crate::store::{Connection, Transaction, interruptible};
use crate::vault::listed::{List, NotListed};
use crate::vault::phases::Users;
use crate::vault::query;

args! {
    /// Users from a file instead of a selection, and what is said about them beforehand.
    pub(super) struct Members {
        pub(super) bulk: Option<PathBuf> = in_file(
            "bulk",
            "Sheet with a column userid, and group where names are not unique, instead of a selection",
        ),
        _ = YES,
        _ = REQUIRE_MATCH,
    }
}

/// The users a command is about: those of a selection, or those of a file, which is read once.
pub(super) struct UserChoice<'a> {
    users: Users,
    listed: Option<Listed<'a>>,
}

/// The rows of a file.
struct Listed<'a> {
    path: &'a Path,
    list: List,
}

impl<'a> UserChoice<'a> {
    /// Those of the file, else those of the selection.
    ///
    /// # Errors
    /// A selection beside a file, and a file that is no sheet of users.
    pub(super) fn new(cx: &Context<'_>, file: Option<&'a Path>) -> Result<Self, Failure> {
        let selection = cx.selection()?;
        let Some(path) = file else {
            return Ok(Self {
                users: Users::chosen(&selection)?,
                listed: None,
            });
        };
        if selection.expr.is_some() || selection.limit.is_some() {
            return Err(Failure::usage(
                "users are chosen by a selection or named by -bulk, not both",
            )
            .hint("leave one of them out"));
        }
        Self::of_file(cx, path, fields())
    }

    /// Those of a sheet that gives them target ids; an empty one takes the target id away.
    pub(super) fn with_targets(cx: &Context<'_>, path: &'a Path) -> Result<Self, Failure> {
        let mut fields = fields();
        fields.push(Field::present(&["targetUserId", "target"]));
        Self::of_file(cx, path, fields)
    }

    fn of_file(cx: &Context<'_>, path: &'a Path, fields: Vec<Field>) -> Result<Self, Failure> {
        let db = cx.db()?;
        let (list, unused) = interruptible(db, cx.cancel, || read(db, path, fields))?;
        if let Some(note) = unused_columns(&unused) {
            cx.ui.notice(&note);
        }
        Ok(Self {
            users: Users::listed(),
            listed: Some(Listed { path, list }),
        })
    }

    /// As [`Context::propose`], for these users; `look` says how many of them there are besides, where that could be all:
    /// a selection that leaves no user out is warned of. Those of a file are found by their names for each look anew.
    ///
    /// # Errors
    /// A row that stands for no user, for several, or for one whom an earlier row names.
    pub(super) fn change<P: Proposal>(
        self,
        cx: &mut Context<'_>,
        code: &'static EventCode,
        tables: &[&'static Summed],
        look: impl Fn(&Connection, &Users) -> Result<(P, Option<u64>), Failure>,
        apply: impl FnOnce(&Transaction<'_>, &Users, &P) -> Result<(), Failure>,
    ) -> Result<Option<P>, Failure> {
        let (users, ui, line) = (&self.users, cx.ui, cx.line);
        let warned = Cell::new(self.listed.is_some());
        let done = cx.propose(
            code,
            tables,
            |db| {
                self.listed
                    .as_ref()
                    .map_or(Ok(()), |file| file.resolve(db))?;
                let (proposal, chosen) = look(db, users)?;
                if let (Some(chosen), false) = (chosen, warned.replace(true)) {
                    warn_of_all_users(ui, &line.selection.text, chosen, query::all(db)?);
                }
                Ok(proposal)
            },
            |tx, proposal| apply(tx, users, proposal),
        );
        if let Some(listed) = self.listed {
            listed.list.forget(cx.db()?)?;
        }
        done
    }
}

impl Listed<'_> {
    fn resolve(&self, db: &Connection) -> Result<(), Failure> {
        self.list
            .resolve(db)?
            .map_err(|(line, why)| not_listed(self.path, line, &why))
    }
}

const GROUP: usize = 1;
const TARGET: usize = 2;

fn fields() -> Vec<Field> {
    vec![
        Field::required(&["userid", "user"]),
        Field::optional(&["group"]),
    ]
}

/// The users of the sheet, and the columns that are passed over.
fn read(db: &Connection, path: &Path, fields: Vec<Field>) -> Result<(List, Vec<String>), Failure> {
    let wrong = |error: crate::exchange::Error| {
        Failure::record(path, format_args!("{error}; nothing was changed")).hint(error.hint)
    };
    let mut sheet = Sheet::new(input::open(path)?, fields, Others::Named).map_err(wrong)?;
    let list = List::new(db)?;
    while let Some(row) = sheet.next_row().map_err(wrong)? {
        let target = row.get(TARGET);
        if let Some(odd) = oddity(&target) {
            let what = format!("line {}: the target id {} {odd}", row.line, quoted(&target));
            return Err(Failure::record(path, what + "; nothing was changed")
                .hint("write the id without these characters"));
        }
        let target = Some(&*target).filter(|target| !target.is_empty());
        list.add(db, row.line, row.spelt(GROUP), row.spelt(0), target)?;
    }
    let unused = sheet.unused().to_vec();
    Ok((list, unused))
}

/// That columns of a sheet are passed over.
pub(super) fn unused_columns(names: &[String]) -> Option<String> {
    let shown: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    match shown.as_slice() {
        [] => None,
        [one] => Some(format!("the column {one} is not used")),
        several => Some(format!("the columns {} are not used", several.join(", "))),
    }
}

fn not_listed(path: &Path, line: u64, why: &NotListed) -> Failure {
    Failure::record(
        path,
        format_args!("line {line}: {why}; nothing was changed"),
    )
    .advised(why.hint())
}
