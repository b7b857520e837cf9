//! Random files: both ways of loading come to the same.

use super::*;

/// A file in which no key stands twice: who is in it, under which name, with which token.
pub(super) fn any_file() -> impl proptest::strategy::Strategy<Value = Vec<SourceRecord>> {
    use proptest::prelude::*;
    const PEOPLE: usize = 6;
    let order = |n: usize| Just((0..n).collect::<Vec<usize>>()).prop_shuffle();
    let present = proptest::collection::vec(any::<bool>(), PEOPLE);
    (
        any::<bool>(),
        any::<bool>(),
        order(8),
        order(8),
        order(PEOPLE),
        present,
    )
        .prop_map(|(full, ids, names, tokens, people, present)| {
            let mut records = vec![schema_line(None, full), group("g"), group("h")];
            for person in people.into_iter().filter(|person| present[*person]) {
                let name = ["a", "b", "c", "d"][names[person] / 2];
                let mut user = bare(["g", "h"][names[person] % 2], name);
                user.facts.id = ids.then(|| person.to_string());
                user.facts.aliases = vec![format!("alias{person}")];
                user.tokens = vec![token("V", &tokens[person].to_string())];
                user.cards = vec![card(tokens[person] as u64)];
                records.push(record(user));
            }
            records.push(unassigned_token("h", token("V", &tokens[7].to_string())));
            records
        })
}

#[test]
fn both_ways_of_loading_come_to_the_same() {
    use proptest::prelude::*;
    let dump = |bench: &Bench| {
        bench.texts(
            "SELECT format('user %d %s/%d gone %d load %d line %d id %s', id, userid, group_id, gone, load, line, source_id) FROM users
             UNION ALL SELECT format('alias %d %s', id, alias) FROM aliases
             UNION ALL SELECT format('token %d %s gone %d load %d', id, serial, gone, load) FROM tokens
             UNION ALL SELECT format('card %d %d load %d', id, serial, load) FROM cards
             UNION ALL SELECT format('group %s gone %d', name, gone) FROM groups",
        )
    };
    let config = ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(files in proptest::collection::vec(any_file().prop_map(std::cell::RefCell::new), 1..4))| {
        let keys = loose_keys(&[1]);
        let mut results = Vec::new();
        for bulk_from in [u64::MAX, 0] {
            let mut bench = Bench::new(bulk_from);
            for file in &files {
                let report = bench.load(copy(&file.borrow())).unwrap();
                let people = bench.number("SELECT count(*) FROM users WHERE load = (SELECT max(id) FROM loads) AND gone = 0");
                prop_assert_eq!(report.users.loaded(), people as u64);
                results.push(format!("{report:?}"));
            }
            let ids: Vec<i64> = bench.texts("SELECT id || '' FROM users").iter().map(|id| id.parse().unwrap()).collect();
            for id in ids {
                let user = one_user(&bench.db, id).unwrap();
                prop_assert!(user.gone || user.sealed.open(&keys).is_ok());
            }
            results.extend(dump(&bench));
        }
        let (rows, bulk) = results.split_at(results.len() / 2);
        prop_assert_eq!(rows, bulk);
    });
}

/// The records once more: they cannot be cloned, because secrets cannot.
pub(super) fn copy(records: &[SourceRecord]) -> Vec<SourceRecord> {
    let copied = |record: &SourceRecord| match record {
        SourceRecord::Schema(schema) => SourceRecord::Schema(schema.clone()),
        SourceRecord::Group(group) => SourceRecord::Group(group.clone()),
        SourceRecord::User(user) => {
            let mut other = bare(&user.facts.group, &user.facts.userid);
            other.facts.id.clone_from(&user.facts.id);
            other.facts.aliases.clone_from(&user.facts.aliases);
            other.tokens = vec![token("V", &user.tokens[0].facts.serial)];
            other.cards = vec![card(user.cards[0].facts.serial)];
            self::record(other)
        }
        SourceRecord::Token(held) => {
            unassigned_token(&held.group, token("V", &held.token.facts.serial))
        }
        SourceRecord::Card(_) => unreachable!(),
    };
    records.iter().map(copied).collect()
}
