//! `status`: where one is, before and after login.

use super::{Entry, entry};
use crate::command::shared::Shown;
use crate::command::{Failure, Outcome};
use crate::lang::spec::{Command, Example};
use crate::render::doc::Cell;
use crate::shell::Shell;
use crate::store::masters;

/// `status`
pub(super) static STATUS: Entry = entry!(
    Shown,
    status,
    Command {
        details: "Shows the vault, the version, who is logged in, and which masters have to wait after failed logins. \
            After login also what the vault holds and where the migration stands.",
        session: false,
        examples: &[Example::new("status", "Where one is")],
        inspects: true,
        ..Command::new(
            "status",
            "Show the vault, the login and where the migration stands",
        )
    }
);

fn status(shell: &mut Shell, args: Shown) -> Result<Outcome, Failure> {
    let path = shell.desk.path.display().to_string();
    let mut fields: Vec<(&'static str, Cell)> = vec![
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("vault", path.into()),
    ];
    let exists = shell.desk.path.exists();
    fields.push(("vaultExists", exists.into()));
    if exists {
        let now = shell.ambient.clock.now();
        let masters = masters::list(shell.desk.vault()?.file().connection(), now)?;
        let locked = masters
            .into_iter()
            .filter(|master| master.locked_until.is_some())
            .map(|master| master.name);
        fields.push(("lockedMasters", Cell::List(locked.collect())));
    }
    let session = shell.desk.session.as_ref();
    let open = session.filter(|session| !session.is_locked());
    fields.push(("loggedIn", open.map(|open| open.name().to_owned()).into()));
    if shell.desk.is_unlocked() {
        fields.extend(crate::command::overview(&shell.context())?);
    }
    shell.context().record(&args.out, fields)
}
