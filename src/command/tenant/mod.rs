//! `tenant …`: the embedded receiving side. One file a verb, or a few that belong together.
//!
//! These commands need no vault. They open a tenant and log in to it: with the name and password that igsh was started
//! with, others that the command names, or typed. What fails is in the tenant's own audit.

mod audit;
mod challenge;
mod import;
mod init;
mod job;
mod lists;
mod sync;
mod verify;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::context::{OpenTenant, PasswordFrom};
use super::file::{OUTER_BLANK, has_outer_blank, read_password};
use super::shared::Out;
use super::{Context, Exit, Failure, Outcome};
use crate::lang::code;
use crate::lang::keys::args;
use crate::model::SecretBytes;
use crate::render::doc::{Col, ToCell as _};
use crate::store::audit::{self as chain, Draft, EventCode};
use crate::store::{self, Holder, Keys, Summed, state};
use crate::tenant::Tenant;
use crate::tenant::events::{Fate, Subject, Tally};
use crate::tenant::import::Work;
use secrecy::ExposeSecret as _;

pub(in crate::command) use audit::LIST as AUDIT_LIST;
pub(in crate::command) use challenge::CHALLENGE;
pub(in crate::command) use import::IMPORT;
pub(in crate::command) use init::{GET, INIT, SET};
pub(in crate::command) use job::{JOB_GET, JOB_LIST, JOB_RESULTS, JOB_RESUME, JOB_STOP};
pub(in crate::command) use lists::{
    CARD_LIST, GROUP_LIST, TOKEN_LIST, USER_COUNT, USER_GET, USER_LIST,
};
pub(in crate::command) use sync::SYNC;
pub(in crate::command) use verify::VERIFY;

args! {
    /// Which tenant, and as whom.
    pub(in crate::command) struct At {
        tenant: Option<PathBuf> = in_file("tenant", "The tenant file")
            .absent("the one opened last, --tenant, or $IGSH_TENANT"),
        login: Option<String> = text("tenant-login", "Master of the tenant").absent("as in the vault"),
        password: Option<PathBuf> = in_file(
            "tenant-password-file",
            "File of mode 0600 with that master's password; without it the one of --password-file is tried, or the shell asks",
        ),
    }
}

impl At {
    /// Whether the line itself names a tenant.
    pub(in crate::command) fn is_named(&self) -> bool {
        self.tenant.is_some()
    }
}

/// The path of the tenant that a command works on.
fn path(cx: &Context<'_>, at: &At) -> Result<PathBuf, Failure> {
    let path = at.tenant.as_ref().or(cx.desk.tenant_path.as_ref());
    path.cloned().ok_or_else(|| {
        Failure::usage("no tenant is named")
            .hint("add tenant=FILE, or start igsh with --tenant FILE")
    })
}

/// Runs `work` on the tenant that the command names, logged in. With a code, what fails is in the tenant's audit.
pub(in crate::command) fn on<T>(
    cx: &mut Context<'_>,
    at: &At,
    code: Option<&'static EventCode>,
    work: impl FnOnce(&mut Context<'_>, &mut OpenTenant) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut open = arrive(cx, at)?;
    let done = work(cx, &mut open);
    let noted = match (&done, code) {
        (Err(failure), Some(code)) if !failure.audited => {
            let draft = cx.audit(code).failed(&failure.message);
            note(cx, &mut open, draft)
        }
        _ => Ok(()),
    };
    cx.desk.tenant = Some(open);
    if let Err(error) = noted {
        cx.ui.warning(&format!(
            "the tenant's audit could not note that this failed: {}",
            error.message
        ));
    }
    done.map_err(Failure::audited)
}

/// Writes an entry of the tenant's audit in a transaction of its own.
fn note(cx: &Context<'_>, open: &mut OpenTenant, draft: Draft) -> Result<(), Failure> {
    write(cx, open, &[], |_| Ok(draft))
}

/// Changes the tenant and writes the audit entry about it, both or neither. It writes no tables that are summed
/// but `tables`.
fn write(
    cx: &Context<'_>,
    open: &mut OpenTenant,
    tables: &[&'static Summed],
    change: impl FnOnce(&store::Transaction<'_>) -> Result<Draft, Failure>,
) -> Result<(), Failure> {
    let OpenTenant {
        tenant,
        session,
        who,
    } = open;
    let (keys, clock) = (session.keys()?, cx.ambient.clock.as_ref());
    let holder = Holder::new(cx.line.masked.clone(), who, clock.now());
    tenant.file_mut().write(&holder, |tx| {
        let amended = state::amend(tx, &keys, tables)?;
        let draft = change(tx)?;
        chain::append_with(tx, &draft, who, Some(&keys), amended.into(), clock)?;
        Ok(())
    })
}

/// The tenant that the command names, logged in: the open one, or another that is opened now.
fn arrive(cx: &mut Context<'_>, at: &At) -> Result<OpenTenant, Failure> {
    let path = path(cx, at)?;
    let wanted = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
    if let Some(mut open) = cx.desk.tenant.take() {
        let same = same_file(open.tenant.file().path(), &wanted);
        let master = at.login.as_ref();
        let other_master = master.is_some_and(|name| name != open.session.name());
        if same && !other_master && !open.session.is_locked() {
            open.who.source = cx.desk.who.source.clone();
            return Ok(open);
        }
        let who = open.who;
        open.tenant
            .file_mut()
            .logout(open.session, "logout", &who, cx.ambient)?;
    }
    let mut tenant = Tenant::open(&path)?;
    tenant.file_mut().wait_as(cx.waiting());
    let name = at
        .login
        .clone()
        .or_else(|| cx.desk.entry.as_ref().map(|entry| entry.name.clone()))
        .or_else(|| cx.desk.session.as_ref().map(|s| s.name().to_owned()))
        .unwrap_or_else(|| store::MASTERS[0].to_owned());
    let password = password(cx, at, &name, &path)?;
    let mut who = cx.desk.who.clone();
    (who.master, who.holder) = (None, None);
    let session = tenant
        .file_mut()
        .login(&name, &password, &who, cx.ambient)
        .map_err(|error| {
            let failure = Failure::from(error);
            let message = format!("tenant {}: {}", path.display(), failure.message);
            let failure = Failure { message, ..failure }.audited();
            match (failure.code == code::PASSWORD && failure.hint.is_none(), has_outer_blank(&password)) {
                // What else is wrong with the tenant has advice of its own.
                (false, _) => failure,
                (true, true) => failure.hint(OUTER_BLANK),
                (true, false) => failure.hint(
                    "the tenant has masters of its own: name one with tenant-login= and tenant-password-file=",
                ),
            }
        })?;
    for warning in &session.arrival().warnings {
        cx.ui.warning(warning);
    }
    if let Some(why) = session.arrival().restricted.clone() {
        tenant
            .file_mut()
            .logout(session, "logout", &who, cx.ambient)?;
        return Err(Failure::new(
            Exit::Integrity,
            code::CHANGED,
            format!("tenant {}: {why}", path.display()),
        )
        .hint("make a new tenant with 'tenant init' and import the bundles again")
        .audited());
    }
    cx.desk.tenant_path = Some(wanted);
    Ok(OpenTenant {
        who: session.identify(&who),
        tenant,
        session,
    })
}

fn same_file(open: &std::path::Path, wanted: &std::path::Path) -> bool {
    let real = |path: &std::path::Path| path.canonicalize().ok();
    open == wanted || (real(open).is_some() && real(open) == real(wanted))
}

fn password(
    cx: &Context<'_>,
    at: &At,
    name: &str,
    path: &std::path::Path,
) -> Result<SecretBytes, Failure> {
    if let Some(file) = &at.password {
        return read_password(file);
    }
    match cx
        .desk
        .entry
        .as_ref()
        .and_then(|entry| entry.password.as_ref())
    {
        Some(PasswordFrom::File(file)) => read_password(file),
        Some(PasswordFrom::Kept(kept)) => Ok(kept.expose_secret().to_vec().into()),
        None => {
            let prompt = format!("Password of {name} for the tenant {}: ", path.display());
            let typed = cx.ui.password(&prompt)?;
            Ok(SecretBytes::new(typed.expose_secret().as_bytes().into()))
        }
    }
}

/// What an import is done with, handed to `run` together with the tenant.
fn working<T>(
    cx: &Context<'_>,
    open: &mut OpenTenant,
    code: &'static EventCode,
    run: impl FnOnce(&mut Tenant, &Work<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let keys: Arc<Keys> = open.session.keys()?;
    let draft = cx.audit(code);
    let holder = Holder::new(cx.line.masked.clone(), &open.who, cx.ambient.clock.now());
    let progress = cx.ui.progress();
    let work = Work {
        keys: &keys,
        master: open.session.name(),
        who: &open.who,
        holder: &holder,
        draft: &draft,
        ambient: cx.ambient,
        progress: &progress,
        cancel: cx.cancel,
    };
    run(&mut open.tenant, &work)
}

/// A line of a tally: what it counts, and so many of each fate.
type Counts = (String, [Option<u64>; Fate::ALL.len()]);

const TALLY: &[Col<Counts>] = &[
    Col::whole("record", |(what, _)| what.cell()),
    Col::whole(Fate::Added.as_str(), |(_, of)| of[0].cell()),
    Col::whole(Fate::Merged.as_str(), |(_, of)| of[1].cell()),
    Col::whole(Fate::Exists.as_str(), |(_, of)| of[2].cell()),
    Col::whole(Fate::Skipped.as_str(), |(_, of)| of[3].cell()),
    Col::whole(Fate::Error.as_str(), |(_, of)| of[4].cell()),
];

/// Shows how many records of each kind met which fate, then what was left out beforehand by reason.
pub(in crate::command) fn tally(
    cx: &Context<'_>,
    out: &Out,
    tally: &Tally,
    left_out: &BTreeMap<&'static str, u64>,
) -> Result<Outcome, Failure> {
    cx.list(out, "kind", TALLY, |push| {
        for subject in Subject::ALL {
            let counts = [0, 1, 2, 3, 4].map(|fate: usize| tally.of(subject, Fate::ALL[fate]));
            if counts.iter().sum::<u64>() > 0 {
                push((subject.kind().to_owned(), counts.map(Some)))?;
            }
        }
        for (reason, count) in left_out {
            let skipped = [None, None, None, Some(*count), None];
            push((format!("not exported: {reason}"), skipped))?;
        }
        Ok(())
    })
}
