//! `last`: the last list once more.

use super::{Entry, entry};
use crate::command::shared::Out;
use crate::command::{Failure, Outcome};
use crate::lang::spec::{Command, Example};
use crate::render::collect::REMEMBERED;
use crate::render::grouped;
use crate::shell::Shell;

/// `last`
pub(super) static LAST: Entry = entry!(
    Out,
    last,
    Command {
        details: "Shows the last list or record again, all of its rows also where the table had left some out; in \
            another format, order or choice of columns if asked. Nothing is read again from the vault. What is \
            remembered goes at logout, and when an idle session is locked.",
        session: false,
        examples: &[
            Example::new("group list; last format=csv", "The same list as CSV"),
            Example::new(
                "group list; last sort=-users columns=name,users",
                "The largest groups first"
            ),
        ],
        ..Command::new("last", "Show the last list again")
    }
);

fn last(shell: &mut Shell, out: Out) -> Result<Outcome, Failure> {
    let Some(list) = shell.ui.last() else {
        return Err(Failure::unknown("no list was shown yet that could be shown again"
        )
        .hint(
            "'user list' shows one; it is forgotten at logout and when an idle session is locked",
        ));
    };
    let again = shell.ui.rows_again(out.format(&shell.ui));
    out.show_on(&shell.ui, again, |rows| Ok(list.show(rows)?))?;
    if list.cut {
        let most = i64::try_from(REMEMBERED).unwrap_or(i64::MAX);
        shell.ui.warning(&format!(
            "the list was longer than the {} rows that are remembered; format=csv writes all of it",
            grouped(most)
        ));
    }
    Ok(Outcome::quiet())
}
