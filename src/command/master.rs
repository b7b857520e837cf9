//! `master list|set|password|unlock`: the three master users.

use secrecy::ExposeSecret as _;

use super::context::Desk;
use super::shared_args::list_args;
use super::{Context, Entry, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Complete, Effect, Example};
use crate::model::SecretBytes;
use crate::render::doc::Column;
use crate::store::audit::{EventCode, codes};
use crate::store::{self, masters, state};

const NAME: Key<String> = Key::text("name", "Master1, Master2 or Master3")
    .positional()
    .required()
    .complete(Complete::Masters);
const HOLDER: Key<String> = Key::text("holder", "The person who holds this login").required();

/// `master list`
pub(super) static LIST: Entry = Entry {
    spec: Command {
        details: "Shows the three master users: who holds each login, when they last logged in and changed their \
            password, and whether failed logins have locked them.",
        args: list_args![],
        examples: &[Example {
            line: "master list",
            what: "The three master users",
        }],
        ..Command::new("master list", "List the master users")
    },
    audit: None,
    run: list,
};

/// `master set`
pub(super) static SET: Entry = Entry {
    spec: Command {
        details: "Notes which person holds a master login. The audit shows the name beside the login's.",
        args: &[NAME.arg, HOLDER.arg],
        effect: Effect::Write,
        examples: &[Example {
            line: "master set Master2 holder=\"Ada Lovelace\"",
            what: "Note who Master2 is",
        }],
        ..Command::new("master set", "Note who holds a master login")
    },
    audit: Some(&codes::MASTER_SET),
    run: set,
};

/// `master password`
pub(super) static PASSWORD: Entry = Entry {
    spec: Command {
        details: "Changes the password of the master who is logged in. The shell asks for the present one and twice \
            for the new one. Copies and backups of the vault keep opening with the passwords of their day.",
        effect: Effect::Write,
        examples: &[Example {
            line: "master password",
            what: "Change one's own password",
        }],
        ..Command::new("master password", "Change one's own password")
    },
    audit: Some(&codes::PASSWORD_FAILED),
    run: password,
};

/// `master unlock`
pub(super) static UNLOCK: Entry = Entry {
    spec: Command {
        details: "Failed logins make a master wait: seconds at first, 15 minutes from the fifth on. Another master \
            ends the wait earlier with this command.",
        args: &[NAME.arg],
        effect: Effect::Write,
        examples: &[Example {
            line: "master unlock Master3",
            what: "Let Master3 try again at once",
        }],
        ..Command::new(
            "master unlock",
            "End the wait of another master after failed logins",
        )
    },
    audit: Some(&codes::MASTER_UNLOCKED),
    run: unlock,
};

fn list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("name"),
        Column::text("holder"),
        Column::whole("lastLogin"),
        Column::whole("passwordChanged"),
        Column::whole("failures"),
        Column::whole("lockedUntil"),
    ];
    let now = cx.ambient.clock.now();
    let masters = masters::list(cx.desk.reading()?.file().connection(), now)?;
    cx.rows(bound, |rows| {
        rows.begin("master", COLUMNS)?;
        for master in masters {
            rows.row(vec![
                master.name.into(),
                master.holder.into(),
                master.last_login.into(),
                master.password_changed.into(),
                master.failures.into(),
                master.locked_until.into(),
            ])?;
        }
        Ok(rows.end()?)
    })?;
    Ok(Outcome::quiet())
}

/// A change of one master's row, with its audit entry in the same transaction.
fn change(
    cx: &mut Context<'_>,
    bound: &Bound,
    code: &'static EventCode,
    apply: impl FnOnce(&store::Transaction<'_>, &str) -> store::Result<()>,
) -> Result<String, Failure> {
    let name = bound.args.get(&NAME).unwrap_or_default();
    let now = cx.ambient.clock.now();
    let name = masters::find(cx.desk.reading()?.file().connection(), name, now)?.name;
    let draft = cx.draft(bound, code).object(name.as_str());
    let tables: Vec<_> = state::MASTERS.iter().collect();
    cx.write(bound, &tables, |tx| {
        apply(tx, &name)?;
        Ok(draft)
    })?;
    Ok(name)
}

fn set(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let holder = bound.args.get(&HOLDER).unwrap_or_default();
    let name = change(cx, bound, &codes::MASTER_SET, |tx, name| {
        masters::set_holder(tx, name, holder)
    })?;
    Ok(Outcome::said(format!("{name} is held by {holder}")))
}

fn unlock(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let name = change(cx, bound, &codes::MASTER_UNLOCKED, |tx, name| {
        masters::unlock(tx, name)
    })?;
    Ok(Outcome::said(format!("{name} may try again at once")))
}

fn password(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let name = cx.desk.opened()?.session.name().to_owned();
    let old = cx.ui.password(&format!("Present password of {name}: "))?;
    let old = SecretBytes::new(old.expose_secret().as_bytes().into());
    let new = super::system::new_password(cx, &name)?;
    let ambient = cx.ambient;
    let Desk {
        vault,
        session,
        who,
        ..
    } = &mut *cx.desk;
    if let (Some(vault), Some(session)) = (vault.as_mut(), session.as_ref()) {
        vault
            .file_mut()
            .change_password(session, &old, &new, &bound.masked, who, ambient)
            .map_err(|error| match error {
                // In the audit already, or counted for the next login's entry.
                store::Error::WrongPassword { .. } | store::Error::LockedOut { .. } => {
                    Failure::from(error).audited()
                }
                error => error.into(),
            })?;
    }
    Ok(Outcome::said(format!(
        "{name} has a new password; copies of the vault keep the one of their day"
    )))
}
