//! The objects of a source file as they stand in a line (records.md §1), before any rule is applied.
//!
//! Secrets stay unread: they are borrowed from the line as raw JSON, so that they are decoded once, into their final
//! buffer, and never pass through an error message.

use serde_json::value::RawValue;

use crate::json::object::{Skipped, Text, Whole, object};

object! { Schema<'a> {
    kind: Text<'a> = "type",
    version: Whole = "version",
    system: Text<'a> = "system",
    system_version: Text<'a> = "systemVersion",
    scope: Text<'a> = "scope",
    exported: Text<'a> = "exported",
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
    tokens: Vec<Token<'a>> = "tokens",
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
/// A token of a user, or one on a line of its own.
Token<'a> {
    kind_of_line: Text<'a> = "type",
    group: Text<'a> = "group",
    vendor: Text<'a> = "vendor",
    serial: Text<'a> = "serial",
    kind: Text<'a> = "kind",
    model: Text<'a> = "model",
    algorithm: Text<'a> = "algorithm",
    hash: Text<'a> = "hash",
    digits: u32 = "digits",
    step: u32 = "step",
    counter: Whole = "counter",
    drift: i64 = "drift",
    seed: &'a RawValue = "seed",
    state: Text<'a> = "state",
    activation: Text<'a> = "activation",
    idp_url: Text<'a> = "idpUrl",
    transactions: bool = "transactions",
    load_date: Text<'a> = "loadDate",
    last_used: Text<'a> = "lastUsed",
    expires: Text<'a> = "expires",
    issue_no: Text<'a> = "issueNo",
    key_id: Text<'a> = "keyId",
    comment: Text<'a> = "comment",
    unlock: &'a RawValue = "unlock",
    x: Skipped = "x",
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
