//! The objects of a source file as they stand in a line (igsh-source(5), THE SOURCE FORMAT), before any rule is
//! applied.
//!
//! Secrets stay unread: they are borrowed from the line as raw JSON, so that they are decoded once, into their final
//! buffer, and never pass through an error message.

use serde_json::value::RawValue;

use super::token;
use crate::json::object::{Skipped, Text, Whole, object};

object! { Schema<'a> {
    kind: Text<'a> = "type",
    version: Whole = "version",
    system: Text<'a> = "system",
    system_version: Text<'a> = "systemVersion",
    scope: Text<'a> = "scope",
    exported: Text<'a> = "exported",
    end: bool = "end",
    x: Skipped = "x",
} }

object! { End<'a> {
    kind: Text<'a> = "type",
    users: Whole = "users",
    tokens: Whole = "tokens",
    cards: Whole = "cards",
    x: Skipped = "x",
} }

object! { Group<'a> {
    kind: Text<'a> = "type",
    name: Text<'a> = "name",
    default: bool = "default",
    x: Skipped = "x",
} }

object! { User<'a> {
    kind: Text<'a> = "type",
    id: Text<'a> = "id",
    group: Text<'a> = "group",
    userid: Text<'a> = "userid",
    full_name: Text<'a> = "fullName",
    state: Text<'a> = "state",
    locale: Text<'a> = "locale",
    aliases: Vec<Text<'a>> = "aliases",
    last_auth: Text<'a> = "lastAuth",
    lockout_count: Whole = "lockoutCount",
    contacts: Vec<Contact<'a>> = "contacts",
    qa: Vec<QaPair<'a>> = "qa",
    passwords: Vec<Password<'a>> = "passwords",
    tokens: Vec<token::Wire<'a>> = "tokens",
    cards: Vec<Card<'a>> = "cards",
    location: Location<'a> = "location",
    not_migrated: NotMigrated = "notMigrated",
    x: Skipped = "x",
} }

object! { Contact<'a> {
    label: Text<'a> = "label",
    value: Text<'a> = "value",
    default: bool = "default",
} }

object! { QaPair<'a> {
    question: Text<'a> = "question",
    answer: &'a RawValue = "answer",
} }

object! { Password<'a> {
    name: Text<'a> = "name",
    value: &'a RawValue = "value",
    expires: Text<'a> = "expires",
    must_change: bool = "mustChange",
} }

object! {
/// A card of a user, or one on a line of its own.
Card<'a> {
    kind: Text<'a> = "type",
    group: Text<'a> = "group",
    preproduced: bool = "preproduced",
    comment: Text<'a> = "comment",
    serial: Whole = "serial",
    state: Text<'a> = "state",
    created: Text<'a> = "created",
    expires: Text<'a> = "expires",
    superseded: Text<'a> = "superseded",
    usage: Text<'a> = "usage",
    challenge_count: Whole = "challengeCount",
    least_used_cell: Whole = "leastUsedCell",
    cell_usage: Vec<Whole> = "cellUsage",
    rows: u32 = "rows",
    columns: u32 = "columns",
    cells: &'a RawValue = "cells",
    x: Skipped = "x",
} }

object! { Location<'a> {
    history: Vec<LocationEntry<'a>> = "history",
    expected: Vec<Text<'a>> = "expected",
    overrides: Overrides = "overrides",
} }

object! { LocationEntry<'a> {
    country: Text<'a> = "country",
    region: Text<'a> = "region",
    city: Text<'a> = "city",
    isp: Text<'a> = "isp",
    ip: Text<'a> = "ip",
    last_auth: Text<'a> = "lastAuth",
} }

object! { Overrides {
    max_history: Whole = "maxHistory",
    check_ip: bool = "checkIp",
    check_velocity: bool = "checkVelocity",
    max_expected: Whole = "maxExpected",
} }

object! { NotMigrated {
    biometrics: Whole = "biometrics",
    certificates: Whole = "certificates",
    mutual_auth: Whole = "mutualAuth",
    otps: Whole = "otps",
    pvns: Whole = "pvns",
    machine_secrets: Whole = "machineSecrets",
    smart_credentials: Whole = "smartCredentials",
    temporary_pins: Whole = "temporaryPins",
    mobile_digital_ids: Whole = "mobileDigitalIds",
    roles: Whole = "roles",
    user_access_groups: Whole = "userAccessGroups",
} }
