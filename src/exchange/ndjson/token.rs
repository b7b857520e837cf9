//! Tokens, assigned or not, as they stand in a line: read and written.

use serde_json::value::RawValue;

use super::error::Fault;
use super::member::{self, boolean, number, text};
use super::value::{
    Converted, date, missing, name_of, needed, needed_name, no_state, refuse_line_fields,
    secret_bytes, string, whole, within,
};
use crate::json::Json;
use crate::json::object::{Skipped, Text, Whole, object};
use crate::model::{self, Activation, Token, TokenFacts, TokenKind, UnassignedToken, Wiped};

object! {
/// A token of a user, or one on a line of its own.
Wire<'a> {
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

pub(super) fn assigned(wire: Wire<'_>) -> Converted<Token> {
    refuse_line_fields(&[
        ("type", wire.kind_of_line.is_some()),
        ("group", wire.group.is_some()),
        ("x", wire.x.is_some()),
    ])?;
    let token = token(wire)?;
    if token.state.is_none() {
        return Err(missing("state", "a token of a user has a state"));
    }
    Ok(token)
}

pub(super) fn unassigned(mut wire: Wire<'_>) -> Converted<UnassignedToken> {
    if wire.state.is_some() {
        return Err(no_state("token"));
    }
    Ok(UnassignedToken {
        group: needed_name(wire.group.take(), "group")?,
        token: token(wire)?,
    })
}

fn token(wire: Wire<'_>) -> Converted<Token> {
    let kind = needed(name_of(wire.kind, "kind")?, "kind")?;
    if kind == TokenKind::Hardware {
        soft_only("activation", wire.activation.is_some())?;
        soft_only("idpUrl", wire.idp_url.is_some())?;
        soft_only("transactions", wire.transactions.is_some())?;
    }
    let facts = TokenFacts {
        vendor: needed_name(wire.vendor, "vendor")?,
        serial: token_serial(wire.serial)?,
        kind,
        model: string(wire.model),
        algorithm: needed(name_of(wire.algorithm, "algorithm")?, "algorithm")?,
        hash: name_of(wire.hash, "hash")?,
        digits: within(wire.digits, "digits", 1, 10)?,
        step: within(wire.step, "step", 1, u32::MAX)?,
        counter: whole(wire.counter),
        drift: wire.drift,
        idp_url: string(wire.idp_url),
        transactions: wire.transactions,
        load_date: date(wire.load_date, "loadDate")?,
        last_used: date(wire.last_used, "lastUsed")?,
        expires: date(wire.expires, "expires")?,
        issue_no: string(wire.issue_no),
        key_id: string(wire.key_id),
        comment: string(wire.comment),
    };
    Ok(Token {
        facts,
        seed: secret_bytes(needed(wire.seed, "seed")?, "seed")?,
        state: name_of(wire.state, "state")?,
        activation: name_of::<Activation>(wire.activation, "activation")?,
        unlock: wire
            .unlock
            .map(|raw| secret_bytes(raw, "unlock"))
            .transpose()?,
    })
}

/// Serials are kept without dashes, which people write only to read them more easily.
fn token_serial(wire: Option<Text<'_>>) -> Converted<model::Text> {
    let mut serial: model::Text = needed_name(wire, "serial")?;
    serial.retain(|char| char != '-');
    if serial.is_empty() {
        return Err(Fault::new(
            "serial",
            "the serial has nothing but dashes",
            "give the serial number",
        ));
    }
    Ok(serial)
}

fn soft_only(field: &str, there: bool) -> Converted<()> {
    if there {
        return Err(Fault::new(
            field,
            "only soft tokens have this field",
            "remove it, or correct kind to soft",
        ));
    }
    Ok(())
}

pub(super) fn write_unassigned(json: &mut Json<Wiped>, it: &UnassignedToken) {
    text(json, "type", Some("token"));
    text(json, "group", Some(&it.group));
    write(json, &it.token);
}

pub(super) fn write(json: &mut Json<Wiped>, it: &Token) {
    let facts = &it.facts;
    text(json, "vendor", Some(&facts.vendor));
    text(json, "serial", Some(&facts.serial));
    text(json, "kind", Some(facts.kind.as_str()));
    text(json, "model", facts.model.as_deref());
    text(json, "algorithm", Some(facts.algorithm.as_str()));
    text(json, "hash", facts.hash.map(|hash| hash.as_str()));
    number(json, "digits", facts.digits.map(u64::from));
    number(json, "step", facts.step.map(u64::from));
    number(json, "counter", facts.counter);
    if let Some(drift) = facts.drift {
        json.key("drift");
        json.number(drift);
    }
    member::secret_bytes(json, "seed", Some(&it.seed));
    text(json, "state", it.state.map(|state| state.as_str()));
    text(
        json,
        "activation",
        it.activation.map(|activation| activation.as_str()),
    );
    text(json, "idpUrl", facts.idp_url.as_deref());
    boolean(json, "transactions", facts.transactions);
    member::date(json, "loadDate", facts.load_date);
    member::date(json, "lastUsed", facts.last_used);
    member::date(json, "expires", facts.expires);
    text(json, "issueNo", facts.issue_no.as_deref());
    text(json, "keyId", facts.key_id.as_deref());
    text(json, "comment", facts.comment.as_deref());
    member::secret_bytes(json, "unlock", it.unlock.as_ref());
}
