//! From what stands in a line to a record: every rule that one record shows (igsh-source(5), THE SOURCE FORMAT).

use std::collections::HashSet;
use std::hash::Hash as StdHash;

use super::VERSION;
use super::cells;
use super::error::Fault;
use super::value::{
    Converted, date, items, missing, name_like, name_of, needed, needed_name, no_state,
    refuse_line_fields, secret_text, string, whole, within,
};
use super::{token, wire};
use crate::json::object::{Text, Whole};
use crate::model::{
    Card, CardFacts, Contact, Group, Location, LocationEntry, NotMigrated, Password, QaPair,
    RbaOverrides, Schema, UnassignedCard, User, UserFacts, UserState,
};
use crate::render::counted;

pub(super) fn schema(wire: wire::Schema<'_>) -> Converted<Schema> {
    let version = needed(wire.version, "version")?.0;
    if version != VERSION {
        return Err(Fault::new(
            "version",
            format!("unknown version {version} of the format"),
            "load the file with a newer igsh; this one reads version 1",
        ));
    }
    let full = match wire.scope.as_ref().map(|Text(scope)| scope.as_ref()) {
        None | Some("delta") => false,
        Some("full") => true,
        Some(other) => {
            return Err(Fault::new(
                "scope",
                format!("'{other}' is not a scope"),
                "write full where the file holds everything, delta where it holds changes",
            ));
        }
    };
    Ok(Schema {
        system: name_like(wire.system, "system")?,
        system_version: string(wire.system_version),
        full,
        exported: date(wire.exported, "exported")?,
    })
}

pub(super) fn group(wire: wire::Group<'_>) -> Converted<Group> {
    let name: String = needed_name(wire.name, "name")?;
    if name.contains('/') {
        return Err(Fault::new(
            "name",
            "a group name may not hold '/'",
            "rename the group: '/' parts group and user name in a full user id",
        ));
    }
    Ok(Group {
        name,
        default: wire.default.unwrap_or(false),
    })
}

pub(super) fn user(wire: wire::User<'_>) -> Converted<User> {
    let facts = UserFacts {
        id: name_like(wire.id, "id")?,
        group: needed_name(wire.group, "group")?,
        userid: needed_name(wire.userid, "userid")?,
        full_name: string(wire.full_name),
        state: name_of(wire.state, "state")?.unwrap_or(UserState::Active),
        locale: string(wire.locale),
        aliases: items(wire.aliases, "aliases", |alias| {
            needed_name(Some(alias), "")
        })?,
        last_auth: date(wire.last_auth, "lastAuth")?,
        lockout_count: whole(wire.lockout_count),
        contacts: items(wire.contacts, "contacts", contact)?,
        location: match wire.location {
            Some(wire) => location(wire).map_err(|fault| fault.within("location"))?,
            None => Location::default(),
        },
        not_migrated: wire.not_migrated.map(not_migrated).unwrap_or_default(),
    };
    let user = User {
        facts,
        qa: items(wire.qa, "qa", qa_pair)?,
        passwords: items(wire.passwords, "passwords", password)?,
        tokens: items(wire.tokens, "tokens", token::assigned)?,
        cards: items(wire.cards, "cards", assigned_card)?,
    };
    only_once(&user)?;
    Ok(user)
}

/// What may stand only once with one user.
fn only_once(user: &User) -> Converted<()> {
    unique(&user.facts.aliases, "aliases", "alias", String::clone)?;
    unique(&user.passwords, "passwords", "password name", |it| {
        it.name.clone()
    })?;
    unique(&user.cards, "cards", "card serial", |it| it.facts.serial)?;
    unique(
        &user.tokens,
        "tokens",
        "token (vendor, serial, issue number, key id)",
        |it| {
            (
                it.facts.vendor.clone(),
                it.facts.serial.clone(),
                it.facts.issue_no.clone(),
                it.facts.key_id.clone(),
            )
        },
    )?;
    let mut defaults = user
        .facts
        .contacts
        .iter()
        .enumerate()
        .filter(|(_, contact)| contact.default);
    match (defaults.next(), defaults.next()) {
        (Some(_), Some((index, _))) => Err(Fault::new(
            "default",
            "a second default contact",
            "set default to false for one of them",
        )
        .within_item("contacts", index)),
        _ => Ok(()),
    }
}

fn unique<T, K: Eq + StdHash>(
    items: &[T],
    field: &str,
    what: &str,
    key: impl Fn(&T) -> K,
) -> Converted<()> {
    if items.len() < 2 {
        return Ok(());
    }
    let mut seen = HashSet::with_capacity(items.len());
    match items.iter().position(|item| !seen.insert(key(item))) {
        None => Ok(()),
        Some(index) => Err(Fault::new(
            "",
            format!("the same {what} twice with one user"),
            "remove one of the two",
        )
        .within_item(field, index)),
    }
}

fn contact(wire: wire::Contact<'_>) -> Converted<Contact> {
    Ok(Contact {
        label: needed(string(wire.label), "label")?,
        value: needed(string(wire.value), "value")?,
        default: wire.default.unwrap_or(false),
    })
}

fn qa_pair(wire: wire::QaPair<'_>) -> Converted<QaPair> {
    Ok(QaPair {
        question: needed(string(wire.question), "question")?,
        answer: secret_text(needed(wire.answer, "answer")?, "answer")?,
    })
}

fn password(wire: wire::Password<'_>) -> Converted<Password> {
    Ok(Password {
        name: name_like(wire.name, "name")?,
        value: secret_text(needed(wire.value, "value")?, "value")?,
        expires: date(wire.expires, "expires")?,
        must_change: wire.must_change,
    })
}

fn assigned_card(wire: wire::Card<'_>) -> Converted<Card> {
    refuse_line_fields(&[
        ("type", wire.kind.is_some()),
        ("group", wire.group.is_some()),
        ("preproduced", wire.preproduced.is_some()),
        ("comment", wire.comment.is_some()),
        ("x", wire.x.is_some()),
    ])?;
    let card = card(wire)?;
    if card.state.is_none() {
        return Err(missing("state", "a card of a user has a state"));
    }
    Ok(card)
}

pub(super) fn unassigned_card(mut wire: wire::Card<'_>) -> Converted<UnassignedCard> {
    if wire.state.is_some() {
        return Err(no_state("card"));
    }
    let preproduced = wire.preproduced.unwrap_or(false);
    let usage = [
        ("usage", wire.usage.is_some()),
        ("challengeCount", wire.challenge_count.is_some()),
        ("leastUsedCell", wire.least_used_cell.is_some()),
        ("cellUsage", wire.cell_usage.is_some()),
    ];
    if let (true, Some((field, _))) = (preproduced, usage.iter().find(|(_, there)| *there)) {
        return Err(Fault::new(
            field,
            "a preproduced card was never used and has no usage data",
            "remove the field, or set preproduced to false for a card that came back from a user",
        ));
    }
    Ok(UnassignedCard {
        group: needed_name(wire.group.take(), "group")?,
        preproduced,
        comment: string(wire.comment.take()),
        card: card(wire)?,
    })
}

fn card(wire: wire::Card<'_>) -> Converted<Card> {
    let rows = needed(within(wire.rows, "rows", 1, u32::MAX)?, "rows")?;
    let columns = needed(within(wire.columns, "columns", 1, u32::MAX)?, "columns")?;
    let cell_usage: Option<Vec<u64>> = wire
        .cell_usage
        .map(|counts| counts.into_iter().map(|Whole(count)| count).collect());
    if let Some(counts) = &cell_usage
        && counts.len() as u64 != u64::from(rows) * u64::from(columns)
    {
        return Err(Fault::new(
            "cellUsage",
            format!(
                "{} for {}",
                counted(counts.len() as u64, "count"),
                cells::size(rows, columns)
            ),
            "give one count for every cell, row by row",
        ));
    }
    Ok(Card {
        facts: CardFacts {
            serial: needed(whole(wire.serial), "serial")?,
            created: date(wire.created, "created")?,
            expires: date(wire.expires, "expires")?,
            superseded: date(wire.superseded, "superseded")?,
            usage: name_of(wire.usage, "usage")?,
            challenge_count: whole(wire.challenge_count),
            least_used_cell: whole(wire.least_used_cell),
            cell_usage,
            rows,
            columns,
        },
        state: name_of(wire.state, "state")?,
        cells: cells::read(needed(wire.cells, "cells")?.get(), rows, columns)
            .map_err(|fault| fault.within("cells"))?,
    })
}

fn location(wire: wire::Location<'_>) -> Converted<Location> {
    Ok(Location {
        history: items(wire.history, "history", |entry| {
            Ok(LocationEntry {
                country: string(entry.country),
                region: string(entry.region),
                city: string(entry.city),
                isp: string(entry.isp),
                ip: string(entry.ip),
                last_auth: date(entry.last_auth, "lastAuth")?,
            })
        })?,
        expected: items(wire.expected, "expected", |place| {
            needed_name(Some(place), "")
        })?,
        overrides: wire
            .overrides
            .map_or_else(RbaOverrides::default, |wire| RbaOverrides {
                max_history: whole(wire.max_history),
                check_ip: wire.check_ip,
                check_velocity: wire.check_velocity,
                max_expected: whole(wire.max_expected),
            }),
    })
}

fn not_migrated(wire: wire::NotMigrated) -> Vec<(NotMigrated, u64)> {
    [
        (NotMigrated::Biometrics, wire.biometrics),
        (NotMigrated::Certificates, wire.certificates),
        (NotMigrated::MutualAuth, wire.mutual_auth),
        (NotMigrated::Otps, wire.otps),
        (NotMigrated::Pvns, wire.pvns),
        (NotMigrated::MachineSecrets, wire.machine_secrets),
        (NotMigrated::SmartCredentials, wire.smart_credentials),
        (NotMigrated::TemporaryPins, wire.temporary_pins),
        (NotMigrated::MobileDigitalIds, wire.mobile_digital_ids),
        (NotMigrated::Roles, wire.roles),
        (NotMigrated::UserAccessGroups, wire.user_access_groups),
    ]
    .into_iter()
    .filter_map(|(kind, count)| {
        whole(count)
            .filter(|count| *count > 0)
            .map(|count| (kind, count))
    })
    .collect()
}
