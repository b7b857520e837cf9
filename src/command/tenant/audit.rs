//! `tenant audit list`: what became of every record.

use super::{At, on};
use crate::command::shared::{Out, REQUIRE_MATCH};
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Example};
use crate::model::Patterns;
use crate::model::Timestamp;
use crate::render::doc::{Cell, Col, ToCell as _};
use crate::tenant::events::{Fate, Item, events};

args! {
    struct List {
        job: Option<u64> = number("job", 1, i64::MAX, "Only this import"),
        event: Vec<String> = texts("event", "Only these events; * and ? stand for anything, as in *.error.*"),
        user: Option<String> = text("user", "Only this user"),
        outcome: Option<Fate> = choice("outcome", "Only what met this fate"),
        ..at: At,
        _ = REQUIRE_MATCH,
        ..out: Out,
    }
}

/// `tenant audit list`
pub(in crate::command) static LIST: Entry = entry!(
    List,
    list,
    Command {
        details: "Lists the events of imports, oldest first: one for each record and what became of it. Where the names \
            of the target's own events are known, these are used, such as \
            bulkidentityguard.add.error.assignedgrid for the card of a user that was there already.\n\nWho did what to the tenant itself is in \
            its sealed audit.",
        session: false,
        examples: &[Example::new(
            "tenant audit list outcome=skipped limit=5 tenant=rehearsal.tenant",
            "What was left out"
        )],
        ..Command::new("tenant audit list", "List what became of imported records")
    }
);

/// When and in which job something became of what of a user.
type Event = (Timestamp, u64, String, Item);

const COLUMNS: &[Col<Event>] = &[
    Col::whole("at", |(at, ..)| at.cell()),
    Col::whole("job", |(_, job, ..)| Cell::Id(*job)),
    Col::whole("event", |(.., item)| item.event().into()),
    Col::whole("user", |(_, _, user, _)| user.cell()),
    Col::text("record", |(.., item)| item.record().into()),
    Col::whole("outcome", |(.., item)| item.fate.cell()),
    Col::text("message", |(.., item)| item.message().into()),
];

fn list(cx: &mut Context<'_>, args: List) -> Result<Outcome, Failure> {
    let wanted = (!args.event.is_empty()).then(|| Patterns::parse(&args.event.join(",")));
    let is_wanted = |item: &Item| {
        args.outcome.is_none_or(|fate| fate == item.fate)
            && wanted
                .as_ref()
                .is_none_or(|wanted| wanted.matches(&item.event()))
    };
    on(cx, &args.at, None, |cx, open| {
        let db = open.tenant.file().connection();
        cx.list(&args.out, "event", COLUMNS, |push| {
            events(db, args.job, args.user.as_deref(), |event| {
                if !is_wanted(event.item) {
                    return Ok(true);
                }
                push((
                    event.at,
                    event.job,
                    event.user.to_owned(),
                    event.item.clone(),
                ))
            })
        })
    })
}
