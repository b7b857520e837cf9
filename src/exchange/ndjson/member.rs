//! The members of an object, left out where there is nothing to say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;

use crate::json::Json;
use crate::model::{Moment, SecretBytes, Wiped};

pub(super) fn text(json: &mut Json<Wiped>, key: &str, value: Option<&str>) {
    json.member(key, value, Json::string);
}

pub(super) fn number(json: &mut Json<Wiped>, key: &str, value: Option<u64>) {
    json.member(key, value, Json::number);
}

pub(super) fn boolean(json: &mut Json<Wiped>, key: &str, value: Option<bool>) {
    json.member(key, value, Json::boolean);
}

pub(super) fn date(json: &mut Json<Wiped>, key: &str, value: Option<Moment>) {
    json.member(key, value, Json::time);
}

pub(super) fn secret_text(json: &mut Json<Wiped>, key: &str, value: &SecretBytes) {
    json.key(key);
    json.string(&String::from_utf8_lossy(value.expose_secret()));
}

pub(super) fn secret_bytes(json: &mut Json<Wiped>, key: &str, value: Option<&SecretBytes>) {
    json.member(key, value, |json, value| {
        json.quoted(|out| base64(value.expose_secret(), out));
    });
}

fn base64(bytes: &[u8], out: &mut Wiped) {
    let (start, length) = (out.len(), bytes.len().div_ceil(3) * 4);
    let out = out.with_room(length);
    out.resize(start + length, 0);
    // The room is exactly what padded base64 takes, so nothing can be left over or fail.
    let _ = STANDARD.encode_slice(bytes, &mut out[start..]);
}

pub(super) fn list<T>(
    json: &mut Json<Wiped>,
    key: &str,
    items: &[T],
    write: impl Fn(&mut Json<Wiped>, &T),
) {
    if !items.is_empty() {
        json.key(key);
        json.open_array();
        items.iter().for_each(|item| write(json, item));
        json.close_array();
    }
}

pub(super) fn objects<T>(
    json: &mut Json<Wiped>,
    key: &str,
    items: &[T],
    write: impl Fn(&mut Json<Wiped>, &T),
) {
    list(json, key, items, |json, item| {
        json.open_object();
        write(json, item);
        json.close_object();
    });
}
