//! Users named by a file, as `-bulk FILE` and `migrate map file=F` take them: a sheet with a column `userid`.

use std::path::{Path, PathBuf};

use crate::command::failure::code;
use crate::command::{Exit, Failure};
use crate::exchange::input;
use crate::exchange::sheet::{Field, Others, Sheet};
use crate::lang::args::Key;
use crate::lang::selection::Selection;
use crate::store::Connection;
use crate::vault::listed::{List, NotListed};
use crate::vault::phases::Users;

/// `-bulk`: users from a file instead of a selection.
pub(super) const BULK: Key<PathBuf> = Key::in_file(
    "bulk",
    "Sheet with a column userid, and group where names are not unique, instead of a selection",
);

/// The users a command is about, for as long as it looks at them or changes them.
pub(super) struct Members<'c> {
    users: Users,
    /// Keeps what the file named.
    _list: Option<List<'c>>,
}

impl<'c> Members<'c> {
    /// Those of the file, else those of the selection.
    ///
    /// # Errors
    /// A selection beside a file; a file with a row that names nobody, somebody twice, or anything but a user.
    pub(super) fn new(
        db: &'c Connection,
        selection: &Selection,
        file: Option<&Path>,
    ) -> Result<Self, Failure> {
        let Some(path) = file else {
            return Ok(Self {
                users: Users::chosen(selection)?,
                _list: None,
            });
        };
        if selection.expr.is_some() || selection.limit.is_some() {
            return Err(Failure::new(
                Exit::Usage,
                code::UNKNOWN,
                "users are chosen by a selection or named by -bulk, not both",
            )
            .hint("leave one of them out"));
        }
        Ok(Self {
            users: Users::listed(),
            _list: Some(listed(db, path)?),
        })
    }

    /// The users.
    pub(super) fn users(&self) -> &Users {
        &self.users
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

/// The users of a sheet.
fn listed<'c>(db: &'c Connection, path: &Path) -> Result<List<'c>, Failure> {
    read(db, path, fields())
}

/// The users of a sheet with the target ids that it gives them; an empty one takes the target id away.
pub(super) fn with_targets<'c>(db: &'c Connection, path: &Path) -> Result<List<'c>, Failure> {
    let mut fields = fields();
    fields.push(Field::present(&["targetUserId", "target"]));
    read(db, path, fields)
}

fn read<'c>(db: &'c Connection, path: &Path, fields: Vec<Field>) -> Result<List<'c>, Failure> {
    let wrong = |error: crate::exchange::Error| {
        Failure::new(
            Exit::Failed,
            code::RECORD,
            format!("{}: {error}; nothing was changed", path.display()),
        )
        .hint(error.hint)
    };
    let mut sheet = Sheet::new(input::open(path)?, fields, Others::Refused).map_err(wrong)?;
    let list = List::new(db)?;
    while let Some(row) = sheet.next_row().map_err(wrong)? {
        let target = Some(row.get(TARGET)).filter(|target| !target.is_empty());
        list.add(row.line, row.get(GROUP), row.get(0), target)?
            .map_err(|why| not_listed(path, row.line, &why))?;
    }
    Ok(list)
}

fn not_listed(path: &Path, line: u64, why: &NotListed) -> Failure {
    let hint = match why {
        NotListed::Unknown(_) => "letter case matters; 'user list' shows who there is",
        NotListed::Several { .. } => "add a column group, or write group/userid",
        NotListed::Twice { .. } => "name each user once",
    };
    Failure::new(
        Exit::Failed,
        code::RECORD,
        format!(
            "{}: line {line}: {why}; nothing was changed",
            path.display()
        ),
    )
    .hint(hint)
}
