//! `idpurl set`: other addresses, and back.

use super::concerns;
use crate::command::context::{Proposal, warn_of_all_users};
use crate::command::shared::{REASON, REQUIRE_MATCH, YES};
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example, Selects};
use crate::migrate::settings;
use crate::model::IdpUrl;
use crate::render::{are, counted};
use crate::store::audit::{Draft, codes};
use crate::vault::decisions;
use crate::vault::idp::{self, New};
use crate::vault::phases::Users;
use crate::vault::query;

args! {
    struct Set {
        url: Option<String> = text("url", "The new address, https://host/path").absent("the setting idp.url"),
        previous: bool = flag("previous", "Put the address back that held before the last change"),
        _ = REASON,
        _ = YES,
        _ = REQUIRE_MATCH,
    }
}

/// `idpurl set`
pub(in crate::command) static SET: Entry = entry!(
    Set,
    set,
    codes::IDP_URLS_SET,
    Command {
        details: concat!(
            "Gives the tokens of the selected users another address in the vault: that of the tenant instead of the \
             old server's. It shows from which address to which, with counts, and asks. Set before the export, \
             the bundle carries the new address; bundles that are made already do not change, and 'idpurl export' \
             writes the list from which the address on the devices is changed.\n\n\
             An address is https, with a host, and without credentials, query and fragment. Loads of the source \
             leave it as it was set here. -previous puts back what held before the last change; a second time, it \
             takes that back.\n\n",
            concerns!()
        ),
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[
            Example::new(
                "idpurl set group=sales url=https://tenant.example.com/igst",
                "The tokens of a group answer to the tenant"
            ),
            Example::new(
                "idpurl set group=sales -previous",
                "And to the old server again"
            ),
        ],
        ..Command::new(
            "idpurl set",
            "Give soft tokens another address of the identity provider",
        )
    }
);

/// What is asked about.
#[derive(PartialEq)]
struct Address {
    found: idp::UrlChange,
    back: bool,
}

fn set(cx: &mut Context<'_>, args: Set) -> Result<Outcome, Failure> {
    let back = args.previous;
    let url = if back {
        None
    } else {
        Some(address(cx, args.url.as_deref())?)
    };
    if back && args.url.is_some() {
        let what = "url= and -previous exclude each other";
        return Err(Failure::usage(what).hint("leave one of them out"));
    }
    let new = url
        .as_ref()
        .map_or(New::Previous, |url| New::Url(url.as_str()));
    let selection = cx.selection()?;
    let db = cx.db()?;
    let (chosen, all) = (query::count(db, &selection)?, query::all(db)?);
    warn_of_all_users(cx.ui, &selection.text, chosen, all);
    let users = Users::chosen(&selection)?;
    let done = cx.propose(
        &codes::IDP_URLS_SET,
        &[&decisions::IDP_URLS],
        |db| {
            Ok(Address {
                found: idp::look(db, &users, new)?,
                back,
            })
        },
        |tx, _| Ok(idp::apply(tx, &users, new)?),
    )?;
    let Some(Address { found, .. }) = done else {
        return Ok(Outcome::quiet());
    };
    let mut outcome = Outcome::said(format!(
        "{} of {} changed",
        counted(found.tokens, "token"),
        counted(found.users, "user")
    ));
    if found.exported > 0 {
        outcome.notices.push(in_bundles(found.exported));
        outcome = outcome.hint("'idpurl export' lists the devices that need the new address");
    }
    Ok(outcome)
}

/// The new address: the one that was typed, else the setting.
fn address(cx: &Context<'_>, typed: Option<&str>) -> Result<IdpUrl, Failure> {
    if let Some(typed) = typed {
        // The audit keeps the line, and a wrong address may hold a password.
        return IdpUrl::parse(typed).map_err(|error| {
            Failure::usage(format!("{error}; nothing was changed"))
                .advised(error.hint())
                .audited()
        });
    }
    let db = cx.db()?;
    let set = settings::VAULT.get(db, "idp.url")?;
    if set.is_empty() {
        return Err(Failure::usage("there is no address to set")
            .hint("add url=https://…, or type: system set idp.url=https://…"));
    }
    IdpUrl::parse(&set).map_err(|error| {
        Failure::unknown(format!("the setting idp.url: {error}"))
            .hint("type: system set idp.url=https://…")
    })
}

fn in_bundles(users: u64) -> String {
    let users = are(users, "user");
    format!("{users} in existing bundles, which do not change")
}

impl Proposal for Address {
    fn count(&self) -> u64 {
        self.found.users
    }

    fn question(&self) -> String {
        const SHOWN: usize = 10;
        let mut text = String::new();
        let none = "(none)";
        for step in self.found.steps.iter().take(SHOWN) {
            text += &format!(
                "{} -> {}: {}\n",
                step.from.as_deref().unwrap_or(none),
                step.to.as_deref().unwrap_or(none),
                counted(step.tokens, "token")
            );
        }
        if self.found.steps.len() > SHOWN {
            let more = (self.found.steps.len() - SHOWN) as u64;
            text += &format!("and {} more\n", counted(more, "address"));
        }
        if self.found.exported > 0 {
            text += &format!("{}.\n", in_bundles(self.found.exported));
        }
        text + &format!(
            "Change {} of {}?",
            counted(self.found.tokens, "token"),
            counted(self.found.users, "user")
        )
    }

    fn nothing(&self) -> String {
        let tokens = counted(self.found.unchanged, "token");
        match (self.found.unchanged, self.back) {
            (0, _) => "0 users with soft tokens that use push or transactions".to_owned(),
            (_, false) => format!("0 users to change; {tokens} already with this address"),
            (_, true) => format!("0 users to change; {tokens} never changed here"),
        }
    }

    fn note(&self, draft: Draft) -> Draft {
        draft
            .object(if self.back { "previous" } else { "url" })
            .count("tokens", self.found.tokens)
            .count("users", self.found.users)
    }
}
