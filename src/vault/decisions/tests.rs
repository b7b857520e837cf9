//! The sums of a small vault against those of a program that was written from their description alone.

use serde::Deserialize;

use super::*;
use crate::crypto::{context, sha256};
use crate::store::audit::tests::{clock, who};
use crate::store::audit::{self, Draft, Sums, codes};
use crate::store::loose_keys_of;
use crate::store::state::{Record, all_differences};
use crate::vault::KIND;

/// `tests/it/foreign/sums.py` says what it holds.
const VECTOR: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/vectors/state.json"
));

#[derive(Deserialize)]
struct Vector {
    /// What fills the tables.
    sql: Vec<String>,
    state: Record,
}

#[derive(Deserialize)]
struct Stated {
    state: Record,
}

/// The vault of the vector, whose only entry holds the vector's sums in the place of ours.
fn vault(keys: &Keys) -> Connection {
    let vector: Vector = serde_json::from_str(VECTOR).unwrap();
    let db = Connection::open_in_memory().unwrap();
    KIND.apply(&db).unwrap();
    for sql in &vector.sql {
        db.execute(sql, []).unwrap();
    }
    let draft = Draft::new(&codes::INIT, "system init");
    audit::append_with(&db, &draft, &who(), Some(keys), Sums::Anew, &clock()).unwrap();
    let ours: String = db
        .query_row("SELECT body FROM audit", [], |row| row.get(0))
        .unwrap();
    let written: Stated = serde_json::from_str(&ours).unwrap();
    let [written, theirs] =
        [written.state, vector.state].map(|state| serde_json::to_string(&state).unwrap());
    assert_ne!(written, theirs, "each entry draws a salt of its own");
    let body = ours.replace(&written, &theirs);
    assert_ne!(body, ours);
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let origin = context::audit_origin(&keys.vid());
    let hash = sha256(&[&origin[..], &length, body.as_bytes()].concat());
    let mac = keys.audit_mac(1, &hash).unwrap();
    db.execute(
        "UPDATE audit SET body = ?, hash = ?, mac = ?",
        (body, hash, mac),
    )
    .unwrap();
    db
}

#[test]
fn the_sums_are_those_of_the_vector() {
    let keys = loose_keys_of(&KIND, &[1]);
    let db = vault(&keys);
    assert_eq!(all_differences(&db, &keys).unwrap(), [""; 0]);
    prove(&db, &keys).unwrap();
}

#[test]
fn every_summed_column_weighs() {
    let keys = loose_keys_of(&KIND, &[1]);
    let db = vault(&keys);
    let vector: serde_json::Value = serde_json::from_str(VECTOR).unwrap();
    for change in [
        "setting SET value = 'x'",
        "mapped SET target = 'x' WHERE user = 5",
        "mapped SET fold = 'x' WHERE user = 5",
        "excluded SET at = 1",
        "excluded SET master = 'x'",
        "excluded SET reason = 'x'",
        "excluded SET user = 5",
        "taken SET target = 'x' WHERE user = 5",
        "moved SET group_name = 'x'",
        "idp_urls SET url = 'x'",
        "idp_urls SET previous = ''",
        "idp_urls SET source = NULL",
        "bundles SET id = 'x' WHERE number = 2",
        "bundles SET state = 'open' WHERE number = 2",
        "bundles SET path = 'x' WHERE number = 2",
        "bundles SET overwrite = 0 WHERE number = 2",
        "bundles SET master = 'x' WHERE number = 2",
        "bundles SET selection = 'x' WHERE number = 2",
        "bundles SET password = x'' WHERE number = 2",
        "bundles SET password_generation = 2 WHERE number = 2",
        "bundles SET sha256 = '' WHERE number = 2",
        "bundles SET size = 0 WHERE number = 2",
        "bundles SET groups = 0 WHERE number = 2",
        "bundles SET users = 0 WHERE number = 2",
        "bundles SET tokens = 0 WHERE number = 2",
        "bundles SET cards = 0 WHERE number = 2",
        "master SET name = 'x' WHERE number = 2",
        "master SET holder = '' WHERE number = 2",
        "master SET salt = zeroblob(16) WHERE number = 2",
        "master SET kdf_memory = 1 WHERE number = 2",
        "master SET kdf_passes = 1 WHERE number = 2",
        "master SET kdf_lanes = 2 WHERE number = 2",
        "master SET slot = x'' WHERE number = 2",
        "master SET vault_key = x'' WHERE number = 2",
        "master SET password_changed = 0 WHERE number = 2",
        "epoch SET wrapped = x'00' WHERE number = 2",
        "audit_key SET wrapped = x'' WHERE master = 2",
    ] {
        db.execute_batch("SAVEPOINT change").unwrap();
        db.execute(&format!("UPDATE {change}"), []).unwrap();
        let found = all_differences(&db, &keys).unwrap();
        assert_eq!(found.len(), 1, "{change}: {found:?}");
        db.execute_batch("ROLLBACK TO change; RELEASE change")
            .unwrap();
    }
    // Whatever is not summed may change.
    for change in [
        "bundles SET note = 'x', opened = 7, finished = 7, loaded = 7",
        "master SET failures = 7, not_before = 7, last_login = 7, refused = 7",
        "epoch SET created = 7",
    ] {
        db.execute(&format!("UPDATE {change}"), []).unwrap();
        assert_eq!(all_differences(&db, &keys).unwrap(), [""; 0], "{change}");
    }
    assert_eq!(
        vector["tables"].as_object().map(serde_json::Map::len),
        Some(KIND.summed().count()),
        "the vector has every table"
    );
}

#[test]
fn one_row_too_many_is_named_where_it_is_one() {
    let keys = loose_keys_of(&KIND, &[1]);
    let db = vault(&keys);
    db.execute("INSERT INTO mapped VALUES (6, 'boss', 'boss')", [])
        .unwrap();
    let named = "mapped: 4 rows, 3 expected (one too many: O'Hara ☃, dario, 6, boss, boss)";
    assert_eq!(all_differences(&db, &keys).unwrap(), [named]);
    db.execute("UPDATE mapped SET target = 'y' WHERE user = 9", [])
        .unwrap();
    let unnamed = "mapped: 4 rows, 3 expected";
    assert_eq!(all_differences(&db, &keys).unwrap(), [unnamed]);
    let error = prove(&db, &keys).unwrap_err().to_string();
    assert!(error.ends_with(unnamed), "{error}");
}
