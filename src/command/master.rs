//! `master list|set|password|unlock`: the three master users.

use secrecy::ExposeSecret as _;

use super::context::Desk;
use super::shared::Out;
use super::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::{self, Key, Nothing, args};
use crate::lang::spec::{Command, Complete, Effect, Example};
use crate::model::SecretBytes;
use crate::render::doc::{Col, ToCell as _};
use crate::store::audit::{EventCode, codes};
use crate::store::masters::{self, Master};
use crate::store::{self, state};

const NAME: Key<String> = keys::text("name", "Master1, Master2 or Master3")
    .positional()
    .required()
    .complete(Complete::Masters);

args! {
    struct Set {
        name: String = NAME,
        holder: String = text("holder", "The person who holds this login").required(),
    }

    struct Unlock {
        name: String = NAME,
    }
}

/// `master list`
pub(super) static LIST: Entry = entry!(
    Out,
    list,
    Command {
        details: "Shows the three master users: who holds each login, when they last logged in and changed their \
            password, and whether failed logins have locked them.",
        examples: &[Example::new("master list", "The three master users")],
        ..Command::new("master list", "List the master users")
    }
);

/// `master set`
pub(super) static SET: Entry = entry!(
    Set,
    set,
    codes::MASTER_SET,
    Command {
        details: "Notes which person holds a master login. The audit shows the name beside the login's.",
        effect: Effect::Write,
        examples: &[Example::new(
            "master set Master2 holder=\"Ada Lovelace\"",
            "Note who Master2 is"
        )],
        ..Command::new("master set", "Note who holds a master login")
    }
);

/// `master password`
pub(super) static PASSWORD: Entry = entry!(
    Nothing,
    password,
    codes::PASSWORD_FAILED,
    Command {
        details: "Changes the password of the master who is logged in. The shell asks for the present one and twice \
            for the new one. Copies and backups of the vault keep opening with the passwords of their day.",
        effect: Effect::Write,
        examples: &[Example::new("master password", "Change one's own password")],
        ..Command::new("master password", "Change one's own password")
    }
);

/// `master unlock`
pub(super) static UNLOCK: Entry = entry!(
    Unlock,
    unlock,
    codes::MASTER_UNLOCKED,
    Command {
        details: "Failed logins make a master wait: seconds at first, 15 minutes from the fifth on. Another master \
            ends the wait earlier with this command.",
        effect: Effect::Write,
        examples: &[Example::new(
            "master unlock Master3",
            "Let Master3 log in at once"
        )],
        ..Command::new(
            "master unlock",
            "End the wait of another master after failed logins",
        )
    }
);

const COLUMNS: &[Col<Master>] = &[
    Col::whole("name", |master| master.name.cell()),
    Col::text("holder", |master| master.holder.cell()),
    Col::whole("lastLogin", |master| master.last_login.cell()),
    Col::whole("passwordChanged", |master| master.password_changed.cell()),
    Col::whole("failures", |master| master.failures.cell()),
    Col::whole("lockedUntil", |master| master.locked_until.cell()),
];

fn list(cx: &mut Context<'_>, out: Out) -> Result<Outcome, Failure> {
    let mut masters = masters::list(cx.db()?, cx.ambient.clock.now())?.into_iter();
    cx.list(&out, "master", COLUMNS, |push| {
        masters.try_for_each(|master| push(master).map(drop))
    })
}

/// A change of one master's row, with its audit entry in the same transaction.
fn change(
    cx: &mut Context<'_>,
    name: &str,
    code: &'static EventCode,
    apply: impl FnOnce(&store::Transaction<'_>, &str) -> store::Result<()>,
) -> Result<String, Failure> {
    let now = cx.ambient.clock.now();
    let name = masters::find(cx.db()?, name, now)?.name;
    let draft = cx.audit(code).object(name.as_str());
    let tables: Vec<_> = state::MASTERS.iter().collect();
    cx.write(&tables, |tx| {
        apply(tx, &name)?;
        Ok(draft)
    })?;
    Ok(name)
}

fn set(cx: &mut Context<'_>, args: Set) -> Result<Outcome, Failure> {
    let holder = &args.holder;
    let name = change(cx, &args.name, &codes::MASTER_SET, |tx, name| {
        masters::set_holder(tx, name, holder)
    })?;
    Ok(Outcome::said(format!("{name} is held by {holder}")))
}

fn unlock(cx: &mut Context<'_>, args: Unlock) -> Result<Outcome, Failure> {
    let name = change(cx, &args.name, &codes::MASTER_UNLOCKED, |tx, name| {
        masters::unlock(tx, name)
    })?;
    Ok(Outcome::said(format!("{name} may log in at once")))
}

fn password(cx: &mut Context<'_>, _: Nothing) -> Result<Outcome, Failure> {
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
            .change_password(session, &old, &new, &cx.line.masked, who, ambient)
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
