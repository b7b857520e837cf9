//! `tenant init|get|set`: the tenant itself and its settings.

use super::{LOGIN, PASSWORD, TENANT, with, write};
use crate::command::failure::code;
use crate::command::shared_args::{FORMAT, INTO, OVERWRITE};
use crate::command::system::{
    KDF, NAME as SETTING, PASSWORDS, SETTINGS as VAULT_SETTINGS, make, plain_passwords, show,
};
use crate::command::{Context, Entry, Exit, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Complete, Effect, Example};
use crate::store::audit::codes;
use crate::store::state;
use crate::tenant::{KIND, SETTINGS};

const FILE: Key<std::path::PathBuf> = Key::out_file("file", "The tenant file to make")
    .positional()
    .required();
const NAME: Key<String> = SETTING.complete(Complete::TenantSettings);
const TO_SET: Key<Vec<(String, String)>> = VAULT_SETTINGS.complete(Complete::TenantSettings);

/// `tenant init`
pub(in crate::command) static INIT: Entry = Entry {
    spec: Command {
        details: "Makes an embedded tenant: a receiving side that follows the target's documented rules, so that a \
            migration can be rehearsed. It is a sealed file of its own with three masters of its own, Master1, Master2 \
            and Master3; their passwords may be those of the vault. The file must not exist.",
        args: &[FILE.arg, PASSWORDS.arg, KDF.arg],
        effect: Effect::Write,
        session: false,
        examples: &[Example {
            line: "tenant init file=rehearsal.tenant passwords=masters.txt",
            what: "Make a tenant with passwords from a file",
        }],
        ..Command::new("tenant init", "Make a tenant to import bundles into")
    },
    audit: None,
    run: init,
};

/// `tenant get`
pub(in crate::command) static GET: Entry = Entry {
    spec: Command {
        details: "Shows the settings of the tenant with their values and what they mean.",
        args: &[
            NAME.arg,
            TENANT.arg,
            LOGIN.arg,
            PASSWORD.arg,
            FORMAT.arg,
            INTO.arg,
            OVERWRITE.arg,
        ],
        session: false,
        examples: &[Example {
            line: "tenant get tokens.* tenant=rehearsal.tenant",
            what: "What holds for tokens",
        }],
        ..Command::new("tenant get", "Show settings of the tenant")
    },
    audit: None,
    run: get,
};

/// `tenant set`
pub(in crate::command) static SET: Entry = Entry {
    spec: Command {
        details: "Changes settings of the tenant, which its imports go by from then on. All of them, or none if one is \
            wrong. Every change is in the tenant's audit.\n\nexisting-local says what known users take who are not \
            from a directory: only authenticators that are new, or contacts and state as well; the documents about the \
            target disagree. A value of 'default' brings the default back.",
        args: &[TO_SET.arg, TENANT.arg, LOGIN.arg, PASSWORD.arg],
        effect: Effect::Write,
        session: false,
        examples: &[Example {
            line: "tenant set tokens.account-max=5 tenant=rehearsal.tenant",
            what: "The account allows five tokens a user",
        }],
        ..Command::new("tenant set", "Change settings of the tenant")
    },
    audit: None,
    run: set,
};

fn init(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let Some(path) = bound.args.get(&FILE) else {
        return Ok(Outcome::quiet());
    };
    make(cx, bound, path, &KIND)?;
    let mut outcome = Outcome::said(format!(
        "made the tenant {}; 'tenant import tenant={}' fills it",
        path.display(),
        path.display()
    ));
    outcome.notices.extend(plain_passwords(bound));
    Ok(outcome)
}

fn get(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    with(cx, bound, None, |cx, open| {
        show(cx, bound, &SETTINGS, open.tenant.file().connection())
    })
}

fn set(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let wanted = bound.args.get(&TO_SET).unwrap_or_default();
    if wanted.is_empty() {
        return Err(Failure::new(Exit::Usage, code::UNKNOWN, "nothing to set")
            .hint("say name=value; 'tenant get' shows the names"));
    }
    let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
    with(cx, bound, Some(&codes::TENANT_SET), |cx, open| {
        let draft = cx.draft(bound, &codes::TENANT_SET).object(names.join(", "));
        let mut changes = Vec::new();
        write(cx, bound, open, &[&state::SETTING], |tx| {
            for (name, value) in wanted {
                changes.push(SETTINGS.set(tx, name, value)?);
            }
            Ok(draft)
        })?;
        let said = changes.iter().map(|change| {
            format!(
                "{} is now {} (was {})",
                change.setting.name, change.new, change.old
            )
        });
        Ok(Outcome {
            notices: said.collect(),
            exit: None,
        })
    })
}
