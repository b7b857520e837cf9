//! `tenant audit list`: what became of every record.

use super::{LOGIN, PASSWORD, TENANT, with};
use crate::command::shared_args::{REQUIRE_MATCH, list_args};
use crate::command::{Context, Entry, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Example};
use crate::model::Patterns;
use crate::render::doc::{Cell, Column};
use crate::tenant::events::{Fate, events};

const JOB: Key<i64> = Key::number("job", 1, i64::MAX, "Only this import");
const EVENT: Key<Vec<String>> = Key::texts(
    "event",
    "Only these events; * and ? stand for anything, as in *.error.*",
);
const USER: Key<String> = Key::text("user", "Only this user");
const OUTCOME: Key<String> = Key::choice(
    "outcome",
    &["added", "merged", "exists", "skipped", "error"],
    "Only what met this fate",
);

/// `tenant audit list`
pub(in crate::command) static LIST: Entry = Entry {
    spec: Command {
        details: "Lists the events of imports, oldest first: one for each record and what became of it. Their names \
            are those that others have seen on the target, such as bulkidentityguard.add.error.assignedgrid for the \
            card of a user that was there already, where such are known.\n\nWho did what to the tenant itself is in \
            its sealed audit.",
        args: list_args![
            JOB.arg,
            EVENT.arg,
            USER.arg,
            OUTCOME.arg,
            TENANT.arg,
            LOGIN.arg,
            PASSWORD.arg,
            REQUIRE_MATCH.arg
        ],
        session: false,
        examples: &[Example {
            line: "tenant audit list outcome=skipped limit=5 tenant=rehearsal.tenant",
            what: "What was left out",
        }],
        ..Command::new("tenant audit list", "List what became of imported records")
    },
    audit: None,
    run: list,
};

fn list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("at"),
        Column::whole("job"),
        Column::whole("event"),
        Column::whole("user"),
        Column::text("record"),
        Column::whole("outcome"),
        Column::text("message"),
    ];
    let wanted = bound
        .args
        .get(&EVENT)
        .map(|names| Patterns::parse(&names.join(",")));
    let fate = bound
        .args
        .get(&OUTCOME)
        .and_then(|name| Fate::ALL.into_iter().find(|fate| fate.as_str() == name));
    let job = bound.args.get(&JOB).map(i64::cast_unsigned);
    with(cx, bound, None, |cx, open| {
        let db = open.tenant.file().connection();
        cx.list(bound, "event", COLUMNS, |push| {
            events(db, job, bound.args.get(&USER), |event| {
                if fate.is_some_and(|fate| fate != event.item.fate) {
                    return Ok(true);
                }
                let name = event.item.event();
                if wanted.as_ref().is_some_and(|wanted| !wanted.matches(&name)) {
                    return Ok(true);
                }
                push(vec![
                    event.at.into(),
                    Cell::Id(event.job),
                    name.into(),
                    event.user.into(),
                    event.item.record().into(),
                    event.item.fate.as_str().into(),
                    event.item.message().into(),
                ])
            })
        })
    })
}
