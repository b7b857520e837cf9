//! `tenant init|get|set`: the tenant itself and its settings.

use std::path::PathBuf;

use super::{At, on, write};
use crate::command::shared::{Out, RECORD};
use crate::command::system::{Masters, NAME, SETTINGS as TO_SET, changed, make, show};
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example};
use crate::store::audit::codes;
use crate::store::state;
use crate::tenant::{KIND, SETTINGS};

args! {
    struct Init {
        file: PathBuf = out_file("file", "The tenant file to make").positional().required(),
        ..masters: Masters,
    }

    struct Get {
        name: Option<String> = NAME.complete(Complete::TenantSettings),
        ..at: At,
        ..out: Out = RECORD,
    }

    struct Set {
        settings: Vec<(String, String)> = TO_SET.complete(Complete::TenantSettings),
        ..at: At,
    }
}

/// `tenant init`
pub(in crate::command) static INIT: Entry = entry!(
    Init,
    init,
    Command {
        details: "Makes an embedded tenant: a receiving side that follows the target's documented rules, so that a \
            migration can be rehearsed. It is a sealed file of its own with three masters of its own, Master1, Master2 \
            and Master3; their passwords may be those of the vault. The file must not exist.",
        effect: Effect::Write,
        session: false,
        examples: &[Example::new(
            "tenant init file=rehearsal.tenant passwords=masters.txt",
            "Make a tenant with passwords from a file"
        )],
        ..Command::new("tenant init", "Make a tenant to import bundles into")
    }
);

/// `tenant get`
pub(in crate::command) static GET: Entry = entry!(
    Get,
    get,
    Command {
        details: "Shows the settings of the tenant with their values and what they mean.",
        session: false,
        examples: &[Example::new(
            "tenant get tokens.* tenant=rehearsal.tenant",
            "What holds for tokens"
        )],
        ..Command::new("tenant get", "Show settings of the tenant")
    }
);

/// `tenant set`
pub(in crate::command) static SET: Entry = entry!(
    Set,
    set,
    Command {
        details: "Changes settings of the tenant, which its imports go by from then on. All of them, or none if one is \
            wrong. Every change is in the tenant's audit.\n\nexisting-local says what known users take who are not \
            from a directory: only authenticators that are new, or contacts and state as well; the documents about the \
            target disagree. A value of 'default' brings the default back.",
        effect: Effect::Write,
        session: false,
        examples: &[Example::new(
            "tenant set tokens.account-max=5 tenant=rehearsal.tenant",
            "The account allows five tokens a user"
        )],
        ..Command::new("tenant set", "Change settings of the tenant")
    }
);

fn init(cx: &mut Context<'_>, args: Init) -> Result<Outcome, Failure> {
    let path = &args.file;
    make(cx, &args.masters, path, &KIND)?;
    let outcome = Outcome::said(format!("made the tenant {}", path.display()));
    let hint = format!("'tenant import tenant={}' imports a bundle", path.display());
    Ok(args.masters.in_plain(outcome).hint(hint))
}

fn get(cx: &mut Context<'_>, args: Get) -> Result<Outcome, Failure> {
    on(cx, &args.at, None, |cx, open| {
        show(
            cx,
            (&args.name, &args.out),
            &SETTINGS,
            open.tenant.file().connection(),
        )
    })
}

fn set(cx: &mut Context<'_>, args: Set) -> Result<Outcome, Failure> {
    let wanted = &args.settings;
    if wanted.is_empty() {
        return Err(
            Failure::usage("nothing to set").hint("add name=value; 'tenant get' shows the names")
        );
    }
    let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
    on(cx, &args.at, Some(&codes::TENANT_SET), |cx, open| {
        let draft = cx.audit(&codes::TENANT_SET).object(names.join(", "));
        let mut changes = Vec::new();
        write(cx, open, &[&state::SETTING], |tx| {
            for (name, value) in wanted {
                changes.push(SETTINGS.set(tx, name, value)?);
            }
            Ok(draft)
        })?;
        Ok(changed(&changes))
    })
}
