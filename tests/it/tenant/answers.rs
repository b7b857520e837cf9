//! The circle closes: what the tenant says of an import is what the vault takes in.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{IMPORT, TENANT, database};
use crate::common::House;

#[test]
fn results_of_an_import_are_taken_in_by_the_vault_that_exported() {
    let house = House::with_vault();
    house
        .master(&["source generate users=120 seed=5 -load", TENANT])
        .ok();
    // A user of the tenant's own holds a card that one of ours has, and one of ours is a directory's user there.
    let db = database(&house, "vault.db");
    let text = |sql: &str| {
        let row = db.query_row(sql, [], |row| row.get::<_, String>(0));
        row.expect("a row")
    };
    let with_card = "SELECT userid FROM users u WHERE EXISTS (SELECT 1 FROM cards c WHERE c.id >> 16 = u.id \
                     AND c.state = 'current' AND c.expires > unixepoch() * 1000000) ORDER BY userid LIMIT 1";
    let robbed = text(with_card);
    let directory = text(&format!(
        "SELECT userid FROM users WHERE userid <> '{robbed}' ORDER BY userid LIMIT 1"
    ));
    // The robber has the card first: the same record under another name, exported and imported before.
    house
        .master(&[
            &format!("export userid='{robbed}' file=first.igb"),
            "bundle password 1 into=first.password",
            "tenant import file=first.igb password-file=first.password tenant=t.db",
        ])
        .ok();
    let tenant = database(&house, "t.db");
    tenant
        .execute(
            "UPDATE users SET userid = 'robber', fold = NULL WHERE userid = ?1",
            [&robbed],
        )
        .expect("a new name");
    tenant
        .execute_batch("DELETE FROM aliases")
        .expect("no aliases");
    drop(tenant);
    house.file("people.csv", format!("userid,state\n{directory},active\n"));
    house
        .master(&[
            "tenant sync file=people.csv tenant=t.db",
            "tenant set tokens.global-max=0 tenant=t.db",
            "export file=a.igb",
            "bundle password 2 into=a.password",
        ])
        .ok();
    let import = house.master(&[IMPORT]);
    assert!(import.code == 0 || import.code == 5, "{}", import.err);
    house
        .master(&["tenant job results 2 file=r.csv tenant=t.db"])
        .ok();
    house.master(&["migrate results file=r.csv"]).ok();
    // A user who is whole there is imported; another stays exported, and 'migrate explain' says why.
    let mut whole = BTreeMap::new();
    for row in csv::Reader::from_reader(house.read("r.csv").as_bytes()).records() {
        let row = row.expect("a row");
        if !row[0].is_empty() {
            let there = ["added", "merged", "exists"].contains(&&row[2]);
            *whole.entry(row[0].to_owned()).or_insert(true) &= there;
        }
    }
    assert_eq!(whole.len(), 120);
    let users = house.ask("ndjson", "user list columns=userid,phase");
    let mut seen = 0;
    for line in users.lines() {
        let row: Value = serde_json::from_str(line).expect("a row");
        let userid = row["userid"].as_str().expect("a name");
        let phase = if whole[userid] {
            "imported"
        } else {
            "exported"
        };
        assert_eq!(row["phase"], phase, "{userid}");
        seen += 1;
    }
    assert_eq!(seen, 120);
    let (good, bad): (Vec<bool>, Vec<bool>) = whole.values().partition(|there| **there);
    assert!(good.len() > 5 && bad.len() > 5);
    let count = |selection: &str| house.ask("value", &format!("user count {selection}"));
    assert_eq!(count("import=error").trim(), bad.len().to_string());
    assert_eq!(count("import=ok").trim(), good.len().to_string());
    assert_eq!(count("import=none").trim(), "0");
    assert!(!whole[&robbed]);
    let why = house.ask("json", &format!("migrate explain '{robbed}'"));
    assert!(why.contains("robber"), "{why}");
    // The answer about a second import of the same bundle changes no user.
    house.master(&[IMPORT]);
    let again = "tenant job results 3 file=again.ndjson tenant=t.db";
    house
        .master(&[again, "migrate results file=again.ndjson"])
        .ok();
    assert_eq!(count("phase=imported").trim(), good.len().to_string());
}
