//! From one field of a line to one value: required, names, dates, numbers, secrets.

use std::borrow::Cow;
use std::str::FromStr;

use serde_json::value::RawValue;

use super::error::Fault;
use crate::exchange::secret::{self, SecretFault};
use crate::json::object::{Text, Whole};
use crate::model::{Moment, NoMoment, SecretBytes, UnknownName};

/// A value, or what is wrong with it.
pub(super) type Converted<T> = Result<T, Fault>;

pub(super) fn items<W, T>(
    wire: Option<Vec<W>>,
    field: &str,
    convert: impl Fn(W) -> Converted<T>,
) -> Converted<Vec<T>> {
    wire.unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(index, item)| convert(item).map_err(|fault| fault.within_item(field, index)))
        .collect()
}

pub(super) fn needed<T>(value: Option<T>, field: &str) -> Converted<T> {
    value.ok_or_else(|| missing(field, "null is the same as absent"))
}

pub(super) fn missing(field: &str, why: &str) -> Fault {
    Fault::new(
        field,
        "required, but missing",
        format!("add the field; {why}"),
    )
}

pub(super) fn string<'a, T: From<Cow<'a, str>>>(text: Option<Text<'a>>) -> Option<T> {
    text.map(|Text(text)| text.into())
}

/// A name: never empty, and without control characters, which no list could show.
pub(super) fn name_like<'a, T: From<Cow<'a, str>>>(
    text: Option<Text<'a>>,
    field: &str,
) -> Converted<Option<T>> {
    let what = match &text {
        Some(Text(text)) if text.is_empty() => "empty",
        Some(Text(text)) if has_control(text) => "holds a control character",
        _ => return Ok(string(text)),
    };
    Err(Fault::new(
        field,
        what,
        "give a name that can be shown, or leave the field out",
    ))
}

/// Whether a control character, C0, DEL or C1, is in the text. Nearly all names are ASCII, which is quicker to judge.
fn has_control(text: &str) -> bool {
    if text.is_ascii() {
        text.bytes().any(|byte| byte.is_ascii_control())
    } else {
        text.contains(char::is_control)
    }
}

pub(super) fn needed_name<'a, T: From<Cow<'a, str>>>(
    text: Option<Text<'a>>,
    field: &str,
) -> Converted<T> {
    needed(name_like(text, field)?, field)
}

pub(super) fn name_of<T: FromStr<Err = UnknownName>>(
    text: Option<Text<'_>>,
    field: &str,
) -> Converted<Option<T>> {
    text.map(|Text(text)| {
        text.parse::<T>().map_err(|unknown| {
            let hint = unknown.hint().unwrap_or_default();
            Fault::new(field, unknown.to_string(), hint)
        })
    })
    .transpose()
}

pub(super) fn date(text: Option<Text<'_>>, field: &str) -> Converted<Option<Moment>> {
    text.map(|Text(text)| {
        text.parse().map_err(|fault: NoMoment| {
            let hint = fault.hint().unwrap_or_default();
            Fault::new(field, format!("'{text}' {fault}"), hint)
        })
    })
    .transpose()
}

pub(super) fn whole(number: Option<Whole>) -> Option<u64> {
    number.map(|Whole(number)| number)
}

pub(super) fn within(
    number: Option<u32>,
    field: &str,
    low: u32,
    high: u32,
) -> Converted<Option<u32>> {
    match number {
        Some(number) if !(low..=high).contains(&number) => Err(Fault::new(
            field,
            format!("{number} is not between {low} and {high}"),
            "correct the number, or leave the field out where there is none",
        )),
        _ => Ok(number),
    }
}

pub(super) fn secret_text(raw: &RawValue, field: &str) -> Converted<SecretBytes> {
    secret::json_text(raw.get()).map_err(|fault| secret_fault(field, fault))
}

pub(super) fn secret_bytes(raw: &RawValue, field: &str) -> Converted<SecretBytes> {
    secret::json_base64(raw.get()).map_err(|fault| secret_fault(field, fault))
}

fn secret_fault(field: &str, fault: SecretFault) -> Fault {
    let (what, hint) = match fault {
        SecretFault::NotText => (
            "expected a string".to_owned(),
            "write the secret as a string",
        ),
        SecretFault::Escape => (
            "an escape in the string makes no character".to_owned(),
            "correct the escape: \\u surrogates come in pairs",
        ),
        SecretFault::Base64(Some(at)) => (
            format!("not base64 at character {} of the value", at + 1),
            "write standard base64 with padding and without blanks",
        ),
        SecretFault::Base64(None) => (
            "not base64: length or padding is wrong".to_owned(),
            "write standard base64 with padding and without blanks",
        ),
        SecretFault::Empty => (
            "empty".to_owned(),
            "give the secret; a token without one is of no use",
        ),
    };
    Fault::new(field, what, hint)
}

pub(super) fn no_state(what: &str) -> Fault {
    Fault::new(
        "state",
        format!("an unassigned {what} has no state"),
        format!("remove the field, or put the {what} into the record of its user"),
    )
}

pub(super) fn refuse_line_fields(fields: &[(&str, bool)]) -> Converted<()> {
    match fields.iter().find(|(_, there)| *there) {
        Some((field, _)) => Err(Fault::new(
            field,
            format!("unknown field '{field}' here; it belongs to a line of its own"),
            "remove the field",
        )),
        None => Ok(()),
    }
}
