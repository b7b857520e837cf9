//! `source get`: what the vault holds.

use crate::command::shared::Record;
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::spec::{Command, Example};
use crate::model::Moment;
use crate::render::counted;
use crate::render::doc::Cell;
use crate::vault::query;

/// `source get`
pub(in crate::command) static GET: Entry = entry!(
    Record,
    get,
    Command {
        details: "Shows what the vault holds, from which system, and how old it is.",
        examples: &[Example::new("source get", "What is in the vault")],
        ..Command::new("source get", "Show what the vault holds and how old it is")
    }
);

fn get(cx: &mut Context<'_>, args: Record) -> Result<Outcome, Failure> {
    cx.record(&args.out, overview(cx)?)
}

/// What the vault holds, how old it is, and where the migration stands.
pub fn overview(cx: &Context<'_>) -> Result<Vec<(&'static str, Cell)>, Failure> {
    let status = query::status(cx.db()?)?;
    let phases = status
        .phases
        .iter()
        .map(|(phase, count)| (phase.as_str(), (*count).into()))
        .collect();
    let mut fields = vec![
        ("systems", Cell::List(status.systems)),
        ("loads", status.loads.into()),
    ];
    if let Some(load) = status.last_load {
        let age = load.exported.or(load.at.map(Moment::from)).map(|at| {
            let hours = cx
                .ambient
                .clock
                .now()
                .duration_since(at.timestamp())
                .as_hours()
                .max(0)
                .cast_unsigned();
            if hours >= 48 {
                counted(hours / 24, "day")
            } else {
                counted(hours, "hour")
            }
        });
        fields.extend([
            ("loadedFrom", load.source.into()),
            ("loadedAt", load.at.into()),
            ("loadedBy", load.master.into()),
            ("sourceWrittenAt", load.exported.into()),
            ("age", age.into()),
        ]);
    }
    fields.extend([
        ("groups", status.groups.into()),
        ("users", status.users.into()),
        ("usersGone", status.gone.into()),
        ("tokens", status.tokens.0.into()),
        ("unassignedTokens", status.tokens.1.into()),
        ("cards", status.cards.0.into()),
        ("unassignedCards", status.cards.1.into()),
        ("phases", Cell::Record(phases)),
        ("bundles", status.bundles.into()),
    ]);
    Ok(fields)
}
