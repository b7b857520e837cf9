//! The round trip: what a source file says of all users and every authenticator, what the mapping tables make of it
//! (igsh-migration(7), WHAT GOES), and what the tenant then holds, opened.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use igsh::ambient::Ambient;
use igsh::model::{CardFacts, SecretBytes};
use igsh::store::audit::Who;
use igsh::store::{Column, Keys};
use igsh::tenant::{Tenant, sealing};
use rusqlite::{Connection, Row};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{IMPORT, TENANT};
use crate::common::{House, PASSWORDS};

/// Longer than the target keeps, with a letter of two and one of three bytes.
fn long_answer() -> String {
    "äあ".repeat(200)
}

/// The population with what made-up people lack: named passwords, long answers, many questions, other phones.
fn embellished(people: &str) -> Vec<Value> {
    let mut records: Vec<Value> = people
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let users = records.iter_mut().filter(|record| record["type"] == "user");
    for (number, user) in users.enumerate() {
        if number % 3 == 0 {
            let passwords = user["passwords"].as_array_mut().expect("passwords");
            let named = json!({"name": "ATM", "value": format!("cash {number}"), "mustChange": true,
                "expires": "2031-05-06T07:08:09Z"});
            passwords.push(named);
            passwords.push(json!({"name": "Fax", "value": format!("paper {number}")}));
        }
        if number % 10 == 1 {
            user["qa"][0]["answer"] = long_answer().into();
        }
        if number % 50 == 2 {
            let pair =
                |n: usize| json!({"question": format!("Question {n}?"), "answer": format!("{n}")});
            user["qa"] = (0..60).map(pair).collect();
        }
        match number % 7 {
            0 => {
                user["contacts"] = json!([{"label": "Fax", "value": "a@b.example"}, {"label": "Home phone", "value": "3"},
                {"label": "Work phone", "value": "2"}])
            }
            1 => {
                user["contacts"] = json!([{"label": "Phone", "value": "1"}, {"label": "Mobile phone", "value": ""}])
            }
            _ => {}
        }
        if number % 11 == 0 {
            user["fullName"] = json!("Single");
        }
    }
    records
}

/// The records of one kind.
fn of<'r>(records: &'r [Value], kind: &str) -> impl Iterator<Item = &'r Value> {
    records.iter().filter(move |record| record["type"] == kind)
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

/// Microseconds since 1970, as the tenant keeps moments; null where there is none.
fn moment(value: &Value) -> Value {
    value.as_str().map_or(Value::Null, |text| {
        let at: jiff::Timestamp = text.parse().expect("a moment");
        at.as_microsecond().into()
    })
}

/// What became of a user's own fields: state, names, contacts.
fn person(user: &Value) -> Value {
    let name = user["fullName"].as_str().unwrap_or_default();
    let (first, last) = match name.split_once(' ') {
        Some((first, last)) => (json!(first), json!(last)),
        None => (json!(name), Value::Null),
    };
    let contact = |label: &str| {
        let mut contacts = list(user, "contacts");
        let found = contacts.find(|one| one["label"] == label && one["value"] != "");
        found.map(|one| one["value"].clone())
    };
    let labels = ["Mobile phone", "Phone", "Work phone", "Home phone"];
    let phone = labels.into_iter().find_map(contact);
    let address = |one: &&Value| one["value"].as_str().is_some_and(|text| text.contains('@'));
    let email = contact("Email").or_else(|| {
        list(user, "contacts")
            .find(address)
            .map(|one| one["value"].clone())
    });
    let state = if user["state"] == "active" {
        "ACTIVE"
    } else {
        "INACTIVE"
    };
    json!([state, first, last, email, phone, phone])
}

/// Whether a token's kind is one that the target has.
fn known(token: &Value) -> bool {
    let vendor = token["vendor"].as_str().unwrap_or_default();
    let entrust = vendor.starts_with("Entrust");
    match token["algorithm"].as_str() {
        Some("totp") => true,
        Some("cr") => entrust,
        Some("at" | "hotp") => entrust || vendor == "HID",
        _ => false,
    }
}

/// What the target keeps of a token: everything but the lockout, its state mapped; `None` where it stays behind.
fn token(token: &Value) -> Option<Value> {
    let state = match token["state"].as_str() {
        Some("pending" | "current") => json!("ACTIVE"),
        Some("hold" | "hold_pending") => json!("INACTIVE"),
        Some(_) => return None,
        None => Value::Null,
    };
    if !known(token) || token["kind"] == "soft" && token["activation"] != "activated" {
        return None;
    }
    Some(json!({
        "vendor": token["vendor"], "serial": token["serial"], "issue": token["issueNo"], "key": token["keyId"],
        "kind": token["kind"], "algorithm": token["algorithm"], "state": state, "model": token["model"],
        "hash": token["hash"], "digits": token["digits"], "step": token["step"], "counter": token["counter"],
        "drift": token["drift"], "url": token["idpUrl"], "loaded": moment(&token["loadDate"]),
        "used": moment(&token["lastUsed"]), "expires": moment(&token["expires"]), "comment": token["comment"],
        "seed": token["seed"], "unlock": token["unlock"],
    }))
}

/// What the target keeps of a card; `None` where it stays behind.
fn card(card: &Value, now: i64) -> Option<Value> {
    let state = match card["state"].as_str() {
        Some("current") => json!("ACTIVE"),
        Some("pending") => json!("PENDING"),
        Some("hold" | "hold_pending") => json!("INACTIVE"),
        Some(_) => return None,
        None => Value::Null,
    };
    let expires = moment(&card["expires"]);
    if expires.as_i64().is_some_and(|at| at <= now) {
        return None;
    }
    Some(json!({
        "serial": card["serial"], "preproduced": card["preproduced"] == true, "state": state, "usage": card["usage"],
        "created": moment(&card["created"]), "expires": expires, "superseded": moment(&card["superseded"]),
        "challenges": card["challengeCount"], "least": card["leastUsedCell"],
        "counts": card["cellUsage"], "rows": card["rows"], "columns": card["columns"], "comment": card["comment"],
        "cells": card["cells"],
    }))
}

fn sorted(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by_key(|value| format!("{}{}", value["vendor"], value["serial"]));
    values
}

/// Everything that the target keeps of a user, by the tables.
fn expected(user: &Value, now: i64) -> Value {
    let cut = |text: &str| text.chars().take(255).collect::<String>();
    let qa = list(user, "qa").take(50);
    let qa = qa.map(|pair| {
        json!([
            pair["question"],
            cut(pair["answer"].as_str().expect("an answer"))
        ])
    });
    let passwords =
        list(user, "passwords").filter(|one| one["name"].is_null() || one["name"] == "ATM");
    let passwords = passwords.map(|one| {
        json!([
            one["name"],
            one["value"],
            moment(&one["expires"]),
            one["mustChange"] == true
        ])
    });
    let history = list(&user["location"], "history").map(|place| {
        json!([
            place["country"],
            place["region"],
            place["city"],
            place["isp"],
            place["ip"],
            moment(&place["lastAuth"])
        ])
    });
    let overrides = &user["location"]["overrides"];
    let overrides = overrides.is_object().then(|| {
        let names = ["maxHistory", "checkIp", "checkVelocity", "maxExpected"];
        names.map(|name| overrides[name].clone())
    });
    let mut tokens: Vec<_> = list(user, "tokens")
        .filter_map(|one| Some((one, token(one)?)))
        .collect();
    // The best ten, by state, then last used first, then serial.
    let rank = |one: &Value| {
        let states = ["current", "pending", "hold", "hold_pending"];
        states.iter().position(|state| one["state"] == *state)
    };
    tokens.sort_by_key(|(one, _)| {
        let used = moment(&one["lastUsed"]).as_i64().unwrap_or(i64::MIN);
        (
            rank(one),
            std::cmp::Reverse(used),
            one["serial"].to_string(),
        )
    });
    let tokens = tokens
        .into_iter()
        .take(10)
        .map(|(_, token)| token)
        .collect();
    let cards = list(user, "cards")
        .filter_map(|one| card(one, now))
        .collect();
    json!({
        "person": person(user),
        "group": if user["group"] == "default" { Value::Null } else { user["group"].clone() },
        "aliases": user["aliases"], "qa": qa.collect::<Vec<_>>(), "passwords": passwords.collect::<Vec<_>>(),
        "tokens": sorted(tokens), "cards": sorted(cards),
        "history": history.collect::<Vec<_>>(), "expected": user["location"]["expected"], "overrides": overrides,
    })
}

/// The tenant, opened by a master.
struct Opened {
    tenant: Tenant,
    keys: std::sync::Arc<Keys>,
}

impl Opened {
    fn new(house: &House) -> Self {
        let ambient = Ambient::system();
        let who = Who::here(&*ambient.rng).expect("somebody");
        let mut tenant = Tenant::open(&house.at("t.db")).expect("the tenant");
        let password = SecretBytes::from(PASSWORDS[1].as_bytes().to_vec());
        let session = tenant
            .file_mut()
            .login("Master2", &password, &who, &ambient)
            .expect("a login");
        let keys = session.keys().expect("keys");
        Self { tenant, keys }
    }

    fn db(&self) -> &Connection {
        self.tenant.file().connection()
    }

    /// The rows of a query about the children of a user, each as `read` sees it.
    fn rows(
        &self,
        sql: &str,
        id: i64,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<Value>,
    ) -> Vec<Value> {
        let sql = sql.replace("MINE", "id >= ?1 << 16 AND id < (?1 + 1) << 16");
        let mut statement = self.db().prepare_cached(&sql).expect("a statement");
        let rows = statement.query_map([id], |row| read(row)).expect("rows");
        rows.collect::<Result<_, _>>().expect("rows")
    }

    fn token(&self, userid: &str, row: &Row<'_>) -> rusqlite::Result<Value> {
        // Every column but the last two is plain, and is called as in `token` above.
        let plain: Value = serde_json::from_str(&row.get::<_, String>(0)?).expect("JSON");
        let text = |name: &str| plain[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| {
            plain[name]
                .as_u64()
                .map(|n| n.to_string())
                .unwrap_or_default()
        };
        let distinction = if plain["issue"].is_null() {
            text("key")
        } else {
            text("issue")
        };
        let owner = [
            userid,
            &text("vendor"),
            &text("serial"),
            &distinction,
            &text("algorithm"),
            &text("hash"),
            &number("digits"),
            &number("step"),
        ];
        let open = |column, sealed: Vec<u8>| {
            let opened = self.keys.open(column, &owner, &sealed);
            STANDARD.encode(&*opened.unwrap_or_else(|error| panic!("{userid}: {error}")))
        };
        let unlock: Option<Vec<u8>> = row.get(2)?;
        let mut token = plain.clone();
        token["seed"] = open(Column::TenantTokenSeed, row.get(1)?).into();
        token["unlock"] = json!(unlock.map(|sealed| open(Column::TenantTokenUnlock, sealed)));
        Ok(token)
    }

    fn card(&self, userid: &str, row: &Row<'_>) -> rusqlite::Result<Value> {
        let mut card: Value = serde_json::from_str(&row.get::<_, String>(0)?).expect("JSON");
        let number = |name: &str| card[name].as_u64().expect("a number");
        let facts = CardFacts::new(
            number("serial"),
            number("rows") as u32,
            number("columns") as u32,
        );
        let sealed: Vec<u8> = row.get(1)?;
        let cells = sealing::open_card(&self.keys, userid, &facts, &sealed).expect("cells");
        let length = usize::from(cells[0]);
        let cells = cells[1..]
            .chunks(length)
            .map(|cell| String::from_utf8_lossy(cell).into_owned());
        card["cells"] = cells.collect::<Vec<_>>().into();
        card["preproduced"] = (card["preproduced"] == 1).into();
        // Kept as the text in which a bundle writes it.
        if let Some(counts) = card["counts"].as_str() {
            card["counts"] =
                serde_json::from_str(&format!("[{}]", counts.trim_matches(['[', ']'])))
                    .expect("counts");
        }
        Ok(card)
    }

    /// Everything that the tenant holds of a user.
    fn user(&self, userid: &str) -> Value {
        let (id, group, own): (i64, Option<String>, String) = self
            .db()
            .query_row(
                "SELECT id, (SELECT name FROM groups WHERE id = group_id), \
                 json_array(state, first_name, last_name, email, phone, mobile) FROM users WHERE userid = ?1",
                [userid],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap_or_else(|error| panic!("{userid}: {error}"));
        let own: Value = serde_json::from_str(&own).expect("JSON");
        let text = |row: &Row<'_>| Ok(json!(row.get::<_, String>(0)?));
        let array =
            |row: &Row<'_>| Ok(serde_json::from_str(&row.get::<_, String>(0)?).expect("JSON"));
        let qa = self.rows("SELECT sealed FROM qa WHERE user = ?1", id, |row| {
            let sealed: Vec<u8> = row.get(0)?;
            let pairs = sealing::open_qa(&self.keys, userid, &sealed).expect("answers");
            let answer = |bytes: &SecretBytes| {
                String::from_utf8(bytes.expose_secret().to_vec()).expect("text")
            };
            Ok(pairs
                .iter()
                .map(|pair| json!([pair.question, answer(&pair.answer)]))
                .collect())
        });
        let passwords = self.rows(
            "SELECT name, expires, must_change, sealed FROM passwords WHERE MINE ORDER BY id",
            id,
            |row| {
                let (name, sealed): (Option<String>, Vec<u8>) = (row.get(0)?, row.get(3)?);
                let value = sealing::open_password(&self.keys, userid, name.as_deref(), &sealed)
                    .expect("a password");
                let must_change = row.get::<_, Option<bool>>(2)?.unwrap_or(false);
                Ok(json!([
                    name,
                    String::from_utf8_lossy(&value),
                    row.get::<_, Option<i64>>(1)?,
                    must_change
                ]))
            },
        );
        let overrides = self.rows("SELECT json_array(max_locations, json(iif(check_ip, 'true', iif(check_ip IS NULL, 'null', 'false'))), \
            json(iif(check_velocity, 'true', iif(check_velocity IS NULL, 'null', 'false'))), max_expected) FROM overrides WHERE user = ?1", id, array);
        let tokens = self.rows(&format!("{TOKEN} WHERE MINE"), id, |row| {
            self.token(userid, row)
        });
        let cards = self.rows(&format!("{CARD} WHERE MINE"), id, |row| {
            self.card(userid, row)
        });
        json!({
            "person": own, "group": group,
            "aliases": self.rows("SELECT alias FROM aliases WHERE MINE ORDER BY id", id, text),
            "qa": qa.into_iter().next().unwrap_or_else(|| json!([])), "passwords": passwords,
            "tokens": sorted(tokens), "cards": sorted(cards),
            "history": self.rows("SELECT json_array(country, region, city, isp, ip, last_auth) FROM locations WHERE MINE ORDER BY id", id, array),
            "expected": self.rows("SELECT place FROM expected WHERE MINE ORDER BY id", id, text),
            "overrides": overrides.into_iter().next(),
        })
    }
}

const TOKEN: &str = "SELECT json_object('vendor', vendor, 'serial', serial, 'issue', issue_no, 'key', key_id, 'kind', kind, \
    'algorithm', algorithm, 'state', state, 'model', model, 'hash', hash, 'digits', digits, 'step', step, \
    'counter', counter, 'drift', drift, 'url', idp_url, 'loaded', load_date, 'used', last_used, 'expires', expires, \
    'comment', comment), seed, unlock FROM tokens";
const CARD: &str = "SELECT json_object('serial', serial, 'preproduced', preproduced, 'state', state, 'usage', usage, \
    'created', created, 'expires', expires, 'superseded', superseded, 'challenges', challenge_count, \
    'least', least_used_cell, 'counts', cell_usage, 'rows', rows, 'columns', columns, 'comment', comment), cells FROM cards";

/// Lists that are missing are empty, and a number that is missing is null.
fn plain(value: &mut Value) {
    for name in ["aliases", "expected"] {
        if value[name].is_null() {
            value[name] = json!([]);
        }
    }
}

#[test]
fn every_user_and_every_secret_arrives_as_the_tables_say() {
    let house = House::with_vault();
    house
        .master(&["source generate users=400 seed=3 file=people.ndjson"])
        .ok();
    let records = embellished(&house.read("people.ndjson"));
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    house.file("more.ndjson", lines);
    let now = jiff::Timestamp::now().as_microsecond();
    house
        .master(&[
            "source load file=more.ndjson format=ndjson",
            "export file=a.igb",
            "bundle password 1 into=a.password",
            TENANT,
            "tenant set passwords.named=ATM tenant=t.db",
            IMPORT,
        ])
        .ok();
    let opened = Opened::new(&house);
    let mut seen = BTreeMap::<String, usize>::new();
    for user in of(&records, "user") {
        let userid = user["userid"].as_str().expect("a name");
        let mut want = expected(user, now);
        plain(&mut want);
        let got = opened.user(userid);
        for (part, value) in want.as_object().expect("parts") {
            assert_eq!(got[part], *value, "{userid}: {part}");
            let count = value
                .as_array()
                .map_or(usize::from(!value.is_null()), Vec::len);
            *seen.entry(part.clone()).or_default() += count;
        }
    }
    // The comparison is of something.
    assert!(seen.values().all(|count| *count > 10), "{seen:?}");
    assert!(seen["tokens"] > 200 && seen["cards"] > 100, "{seen:?}");
    let count: usize = opened
        .db()
        .query_row("SELECT count(*) FROM users", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(count, of(&records, "user").count());
    // What no user holds.
    let nobody = |sql: &str, card: bool| {
        let mut statement = opened.db().prepare(sql).expect("a statement");
        let rows = statement.query_map([], |row| {
            if card {
                opened.card("", row)
            } else {
                opened.token("", row)
            }
        });
        sorted(rows.expect("rows").collect::<Result<_, _>>().expect("rows"))
    };
    let tokens: Vec<_> = of(&records, "token").filter_map(token).collect();
    let cards: Vec<_> = of(&records, "card")
        .filter_map(|one| card(one, now))
        .collect();
    assert!(!tokens.is_empty() && !cards.is_empty());
    assert_eq!(
        nobody(&format!("{TOKEN} WHERE id < 0"), false),
        sorted(tokens)
    );
    assert_eq!(nobody(&format!("{CARD} WHERE id < 0"), true), sorted(cards));
}
