//! What a load would do, shown beforehand: never anything but what it then does.

use super::both::{any_file, copy};
use super::*;
use crate::model::Changes;

impl Bench {
    /// The differences that loading these would make, and the report; the database stays as it is.
    fn diff(&self, records: Vec<SourceRecord>) -> Result<(Vec<Difference>, LoadReport)> {
        let options = LoadOptions {
            skip_bad: true,
            ..self.options.clone()
        };
        let mut found = Vec::new();
        let tx = self.db.unchecked_transaction()?;
        let mut writer = Writer::new(&tx, &options, &self.keys, self.bulk_from)?;
        writer.compare()?;
        let done = Load {
            options: &options,
            news: &mut |news| {
                found.push(match news {
                    News::Bad(bad) => Difference::refused(&bad),
                    News::Difference(difference) => difference,
                });
                Ok(())
            },
            progress: &Silent,
            cancel: &CancelToken::default(),
        }
        .run(writer, (1..).zip(records).map(Ok));
        tx.rollback()?;
        Ok((found, done?.0))
    }

    /// The differences, one a line.
    fn differences(&self, records: Vec<SourceRecord>) -> Vec<String> {
        let (found, _) = self.diff(records).unwrap();
        found.iter().map(line).collect()
    }
}

fn line(difference: &Difference) -> String {
    let Difference {
        what,
        subject,
        name,
        line,
        detail,
    } = difference;
    let line = line.map_or("-".to_owned(), |line| line.to_string());
    format!("{line} {what} {subject} {name}: {detail}")
}

fn holding(name: &str, tokens: &[&str], cards: &[u64]) -> SourceRecord {
    let mut user = bare("g", name);
    user.tokens = tokens.iter().map(|serial| token("V", serial)).collect();
    user.cards = cards.iter().map(|serial| card(*serial)).collect();
    record(user)
}

#[test]
fn each_kind_of_difference_has_its_line() {
    both(|mut bench| {
        bench
            .load(vec![
                group("g"),
                group("h"),
                group("empty"),
                with_id("1", bare("g", "same")),
                with_id("2", bare("g", "old")),
                with_id("3", bare("g", "mover")),
                with_id("4", bare("g", "leaver")),
                holding("rich", &["1"], &[1]),
                unassigned_token("g", token("V", "8")),
                unassigned_token("g", token("V", "9")),
                unassigned_card("h", card(8)),
            ])
            .unwrap();
        let before = bench.dump();
        let mut richer = bare("g", "rich");
        richer.tokens = vec![token("V", "2")];
        richer.qa = user("g", "rich").qa;
        let found = bench.differences(vec![
            schema_line(None, true),
            group("g"),
            group("h"),
            group("new"),
            with_id("1", bare("g", "same")),
            with_id("2", bare("g", "young")),
            with_id("3", bare("h", "mover")),
            holding("newcomer", &["1", "9"], &[8]),
            record(richer),
            unassigned_card("g", card(8)),
            record(bare("nowhere", "x")),
        ]);
        let mut expected = vec![
            "4 new group new: ",
            "6 renamed user g/young: was g/old",
            "7 moved user h/mover: was g/mover",
            "8 new user g/newcomer: ",
            "8 reassigned token V 1: g/rich → g/newcomer",
            "8 reassigned token V 9: unassigned in g → g/newcomer",
            "8 reassigned card 8: unassigned in h → g/newcomer",
            "9 changed user g/rich: new-authenticator, card",
        ];
        if bench.bulk_from == 0 {
            // With the indexes away, a key that stands twice is found at the end.
            expected.push("10 new card 8: unassigned in g");
        } else {
            expected.push("10 refused record : line 10: card 8 is already in line 8; a key stands once in a file; remove one of the records");
        }
        expected.push("11 refused record : line 11: there is no group 'nowhere'; a group is named in a line of its own before its users, tokens and cards");
        if bench.bulk_from == 0 {
            expected.push("10 refused record : line 10: card 8 is already in line 8; a key stands once in a file; remove one of the records");
        }
        expected.extend([
            "- gone group empty: ",
            "- gone user g/leaver: ",
            "- gone token V 8: unassigned in g",
        ]);
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, expected);
        assert_eq!(bench.dump(), before, "nothing was written");
    });
}

#[test]
fn unassigned_items_differ_when_anything_of_theirs_does() {
    both(|mut bench| {
        let load = |counter: u64, comment: &str| {
            let mut held = token("V", "8");
            held.facts.counter = Some(counter);
            let mut card = card(8);
            card.facts.superseded = None;
            let mut spare = unassigned_card("g", card);
            if let SourceRecord::Card(card) = &mut spare {
                card.comment = Some(comment.into());
            }
            vec![unassigned_token("g", held), spare]
        };
        bench.load(vec![group("g")]).unwrap();
        assert_eq!(
            bench.differences(load(1, "x")),
            [
                "1 new token V 8: unassigned in g",
                "2 new card 8: unassigned in g"
            ]
        );
        bench.load(load(1, "x")).unwrap();
        assert_eq!(bench.differences(load(1, "x")), Vec::<String>::new());
        assert_eq!(
            bench.differences(load(2, "y")),
            [
                "1 changed token V 8: unassigned in g",
                "2 changed card 8: unassigned in g"
            ]
        );
        bench
            .load(vec![schema_line(None, true), group("g")])
            .unwrap();
        assert_eq!(
            bench.differences(load(1, "x")),
            [
                "1 returned token V 8: unassigned in g",
                "2 returned card 8: unassigned in g"
            ]
        );
    });
}

#[test]
fn a_frozen_rename_is_refused_and_shows_nothing_else() {
    both(|mut bench| {
        let renamed = || with_id("1", bare("g", "young"));
        bench
            .load(vec![group("g"), with_id("1", bare("g", "old"))])
            .unwrap();
        bench.set_phase("old", 2);
        let found = bench.differences(vec![renamed()]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("1 refused record : line 1: user g/old was exported"));
        bench.options.force = true;
        assert_eq!(
            bench.differences(vec![renamed()]),
            ["1 renamed user g/young: was g/old"]
        );
    });
}

#[test]
fn a_bad_schema_or_another_system_ends_it() {
    let mut bench = Bench::new(u64::MAX);
    bench
        .load(vec![schema_line(Some("one"), false), group("g")])
        .unwrap();
    let other = || vec![schema_line(Some("two"), false)];
    assert!(matches!(
        bench.diff(other()),
        Err(Error::OtherSystem { .. })
    ));
    bench.options.add_system = true;
    assert!(bench.diff(other()).is_ok());
    assert_eq!(bench.texts("SELECT name FROM systems"), ["one"]);
}

/// A file of [`any_file`] in which some of the people have something else as well.
fn edited(mut records: Vec<SourceRecord>, edits: &[u8]) -> Vec<SourceRecord> {
    let users = records.iter_mut().filter_map(|record| match record {
        SourceRecord::User(user) => Some(user),
        _ => None,
    });
    for (user, edit) in users.zip(edits) {
        match edit {
            0 => user.facts.state = crate::model::UserState::Suspended,
            1 => user.qa = crate::vault::testing::user("g", "a").qa,
            2 => user.facts.full_name = Some("Another".into()),
            3 => user.facts.group = "nowhere".into(),
            _ => {}
        }
    }
    records
}

#[test]
fn a_diff_says_what_the_load_then_does() {
    use proptest::prelude::*;
    let config = ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let file = (
        any_file().prop_map(std::cell::RefCell::new),
        proptest::collection::vec(0u8..8, 6),
    );
    proptest!(config, |(files in proptest::collection::vec(file, 1..4), freeze in any::<bool>())| {
        for bulk_from in [u64::MAX, 0] {
            let mut bench = Bench::new(bulk_from);
            bench.options.skip_bad = true;
            for (file, edits) in &files {
                let records = || edited(copy(&file.borrow()), edits);
                let before = bench.dump();
                let (found, expected) = bench.diff(records()).unwrap();
                prop_assert_eq!(bench.dump(), before);
                let unchanged = bench.digests();
                let report = bench.load(records()).unwrap();
                prop_assert_eq!(&report, &expected);
                let count = |what: What, subject: Subject| {
                    found.iter().filter(|one| one.what == what && one.subject == subject).count() as u64
                };
                prop_assert_eq!(count(What::New, Subject::User), report.users.new);
                prop_assert_eq!(count(What::Gone, Subject::User), report.users.gone);
                prop_assert_eq!(count(What::Renamed, Subject::User), report.renamed);
                prop_assert_eq!(count(What::Moved, Subject::User), report.moved);
                prop_assert_eq!(count(What::Returned, Subject::User), report.returned);
                prop_assert_eq!(count(What::New, Subject::Group), report.groups.new);
                prop_assert_eq!(count(What::Gone, Subject::Group), report.groups.gone);
                prop_assert_eq!(count(What::Gone, Subject::Token), report.tokens.gone);
                prop_assert_eq!(count(What::Refused, Subject::Record), report.skipped);
                prop_assert_eq!(
                    count(What::Reassigned, Subject::Token) + count(What::Reassigned, Subject::Card),
                    report.reassigned
                );
                // A user without a difference is as before.
                for (id, name, digest) in bench.digests() {
                    let before = unchanged.iter().find(|(other, ..)| *other == id);
                    let shown = found.iter().any(|one| one.what == What::Changed && one.name == name);
                    if let Some((.., before)) = before {
                        let lost = found.iter().any(|one| one.what == What::Reassigned);
                        let same = digest.differs(before) == Changes::NONE;
                        prop_assert!(shown != same || lost, "{} {:?}", name, found);
                    }
                }
                if freeze {
                    bench.db.execute_batch(
                        "INSERT OR REPLACE INTO progress (user, phase, at, master) SELECT id, 2, 0, 'M' FROM users",
                    ).unwrap();
                }
            }
        }
    });
}

impl Bench {
    /// Everything that a load writes.
    fn dump(&self) -> Vec<String> {
        self.texts(
            "SELECT format('user %d %s/%d gone %d load %d line %d id %s %s', id, userid, group_id, gone, load, line, source_id, full_name) FROM users
             UNION ALL SELECT format('alias %d %s', id, alias) FROM aliases
             UNION ALL SELECT format('token %d %s gone %d load %d', id, serial, gone, load) FROM tokens
             UNION ALL SELECT format('card %d %d load %d', id, serial, load) FROM cards
             UNION ALL SELECT format('group %s gone %d', name, gone) FROM groups
             UNION ALL SELECT format('load %d', id) FROM loads
             UNION ALL SELECT format('progress %d %d %d', user, phase, changed) FROM progress",
        )
    }

    /// All users who are not gone, digested.
    fn digests(&self) -> Vec<(i64, String, crate::vault::digest::Digest)> {
        self.texts("SELECT id || '' FROM users WHERE gone = 0")
            .into_iter()
            .map(|id| {
                let id = id.parse().unwrap();
                let sealed = one_user(&self.db, id).unwrap().sealed;
                let user = sealed.open(&self.keys).unwrap();
                let name = format!("{}/{}", user.facts.group, user.facts.userid);
                (id, name, crate::vault::digest::Digest::of(&user))
            })
            .collect()
    }
}
