//! The rules of a load, each in both ways of loading: with the indexes in place, and with the indexes away.

use std::sync::Mutex;

use rusqlite::Connection;

use super::tokens::held;
use super::*;
use crate::ambient::Silent;
use crate::model::{Schema, Token, User};
use crate::store::loose_keys;
use crate::vault::schema;
use crate::vault::snapshot::tests::one_user;
use crate::vault::testing::*;

pub(crate) struct Bench {
    pub(crate) db: Connection,
    pub(crate) keys: Keys,
    pub(crate) options: LoadOptions,
    bulk_from: u64,
    pub(crate) bad: Vec<BadRecord>,
}

impl Bench {
    fn new(bulk_from: u64) -> Self {
        Self {
            db: schema::tests::connection(),
            keys: loose_keys(&[1]),
            options: LoadOptions {
                source: "f.ndjson".into(),
                format: "ndjson".into(),
                master: "Master1".into(),
                at: at("2026-11-22T00:00:00Z"),
                skip_bad: false,
                force: false,
                add_system: false,
                prefixes: vec!["EXPORT_".into(), "EXPORTED_".into()],
            },
            bulk_from,
            bad: Vec::new(),
        }
    }

    /// A vault of these records, for tests of what comes after a load.
    pub(crate) fn holding(records: Vec<SourceRecord>) -> Self {
        let mut bench = Self::new(u64::MAX);
        bench.load(records).unwrap();
        bench
    }

    /// Loads records, the first one in line 1.
    pub(crate) fn load(&mut self, records: Vec<SourceRecord>) -> Result<LoadReport> {
        self.load_items((1..).zip(records).map(Ok).collect())
    }

    fn load_items(
        &mut self,
        items: Vec<std::result::Result<(u64, SourceRecord), BadRecord>>,
    ) -> Result<LoadReport> {
        self.bad.clear();
        let tx = self.db.unchecked_transaction()?;
        let (report, _) = Load {
            options: &self.options,
            bad: &mut |bad| self.bad.push(bad.clone()),
            progress: &Silent,
            cancel: &CancelToken::default(),
        }
        .run(
            Writer::new(&tx, &self.options, self.bulk_from)?,
            &self.keys,
            items.into_iter(),
        )?;
        tx.commit()?;
        let whole = schema::tests::connection();
        assert_eq!(
            schema::indexes(&self.db).unwrap().len(),
            schema::indexes(&whole).unwrap().len(),
            "all indexes are back"
        );
        Ok(report)
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let mut statement = self.db.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<std::result::Result<_, _>>().unwrap()
    }

    /// `group/userid` of everybody, with `-` before those who are gone.
    fn people(&self) -> Vec<String> {
        self.texts(
            "SELECT iif(gone, '-', '') || (SELECT name FROM groups g WHERE g.id = group_id) || '/' || userid \
             FROM users ORDER BY 1",
        )
    }

    pub(crate) fn id(&self, userid: &str) -> i64 {
        self.number(&format!(
            "SELECT id FROM users WHERE userid = '{userid}' ORDER BY gone"
        ))
    }

    /// The user as the vault gives them back, opened.
    fn user(&self, userid: &str) -> User {
        let user = one_user(&self.db, self.id(userid)).unwrap();
        user.sealed.open(&self.keys).unwrap()
    }

    fn set_phase(&self, userid: &str, phase: i64) {
        self.db
            .execute(
                "INSERT OR REPLACE INTO progress (user, phase, bundle, at, master) VALUES (?, ?, 1, 0, 'Master1')",
                rusqlite::params![self.id(userid), phase],
            )
            .unwrap();
    }
}

/// Runs a test in both ways of loading.
fn both(test: impl Fn(Bench)) {
    for bulk_from in [u64::MAX, 0] {
        test(Bench::new(bulk_from));
    }
}

fn schema_line(system: Option<&str>, full: bool) -> SourceRecord {
    SourceRecord::Schema(Schema {
        system: system.map(str::to_owned),
        system_version: Some("13.0".into()),
        full,
        exported: Some(at("2026-11-01T00:00:00Z")),
    })
}

fn with_id(id: &str, mut user: User) -> SourceRecord {
    user.id = Some(id.into());
    record(user)
}

fn refused(outcome: Result<LoadReport>) -> String {
    match outcome {
        Err(Error::Record(bad)) => bad.what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_of_a_user_comes_back() {
    both(|mut bench| {
        let people = || ["asmith", "Bär", "c"].map(|name| user("sales", name));
        let records = std::iter::once(group("sales")).chain(people().map(record));
        let report = bench.load(records.collect()).unwrap();
        assert_eq!(
            report.users,
            Tally {
                new: 3,
                ..Tally::default()
            }
        );
        assert_eq!((report.assigned_tokens, report.assigned_cards), (3, 3));
        for person in people() {
            assert_eq!(facts(&bench.user(&person.userid)), facts(&person));
        }
        assert_eq!(
            bench.texts("SELECT fold FROM users WHERE fold IS NOT NULL"),
            ["bär"]
        );
        assert_eq!(bench.number("SELECT line FROM users WHERE userid = 'c'"), 4);
        assert_eq!(
            bench.texts("SELECT fold FROM aliases WHERE fold LIKE 'a%'"),
            ["asmith.other"]
        );
    });
}

#[test]
fn a_record_replaces_its_predecessor_as_a_whole_and_keeps_where_it_stands() {
    both(|mut bench| {
        bench
            .load(vec![
                group("g"),
                record(user("g", "a")),
                record(user("g", "b")),
            ])
            .unwrap();
        bench.set_phase("a", 3);
        let id = bench.id("a");
        let report = bench.load(vec![record(bare("g", "a"))]).unwrap();
        assert_eq!((report.users.new, report.users.replaced), (0, 1));
        assert_eq!(bench.id("a"), id);
        assert_eq!(facts(&bench.user("a")), facts(&bare("g", "a")));
        assert_eq!(facts(&bench.user("b")), facts(&user("g", "b")));
        assert_eq!(bench.number("SELECT phase FROM progress"), 3);
        for table in [
            "aliases",
            "contacts",
            "passwords",
            "tokens",
            "cards",
            "locations",
            "expected",
            "not_migrated",
        ] {
            let of_others = bench.number(&format!(
                "SELECT count(*) FROM {table} WHERE id >> 16 <> {}",
                bench.id("b")
            ));
            assert_eq!(of_others, 0, "{table}");
        }
    });
}

#[test]
fn a_delta_leaves_the_absent_alone_and_a_full_load_marks_them_gone() {
    both(|mut bench| {
        let three = || {
            vec![
                group("g"),
                group("h"),
                record(bare("g", "a")),
                record(bare("g", "b")),
                unassigned_token("h", token("HID", "1")),
                unassigned_card("h", card(1)),
            ]
        };
        bench.load(three()).unwrap();
        bench.load(vec![record(bare("g", "c"))]).unwrap();
        assert_eq!(bench.people(), ["g/a", "g/b", "g/c"]);
        let report = bench
            .load(vec![
                schema_line(None, true),
                group("g"),
                record(bare("g", "b")),
            ])
            .unwrap();
        assert_eq!(bench.people(), ["-g/a", "-g/c", "g/b"]);
        assert_eq!(
            report.users,
            Tally {
                new: 0,
                replaced: 1,
                gone: 2
            }
        );
        assert_eq!(
            (report.tokens.gone, report.cards.gone, report.groups.gone),
            (1, 1, 1)
        );
        // Back again, as the same people.
        let a = bench.id("a");
        let report = bench.load(three()).unwrap();
        assert_eq!((report.returned, report.users.replaced), (1, 2));
        assert_eq!(bench.id("a"), a);
        assert_eq!(bench.people(), ["-g/c", "g/a", "g/b"]);
        assert_eq!((report.tokens.replaced, report.cards.replaced), (1, 1));
        assert_eq!(bench.number("SELECT sum(gone) FROM tokens"), 0);
        assert_eq!(bench.number("SELECT sum(gone) FROM groups"), 0);
    });
}

#[test]
fn the_same_id_under_another_name_is_a_rename_and_in_another_group_a_move() {
    both(|mut bench| {
        let people = vec![
            group("g"),
            group("h"),
            with_id("1", user("g", "a")),
            with_id("2", user("g", "b")),
        ];
        bench.load(people).unwrap();
        let (a, b) = (bench.id("a"), bench.id("b"));
        let report = bench
            .load(vec![
                with_id("1", user("g", "z")),
                with_id("2", user("h", "b")),
            ])
            .unwrap();
        assert_eq!((report.renamed, report.moved, report.users.new), (1, 1, 0));
        assert_eq!(bench.people(), ["g/z", "h/b"]);
        assert_eq!((bench.id("z"), bench.id("b")), (a, b));
        // Sealed again for the new name.
        assert_eq!(bench.user("z").qa.len(), 2);
        assert_eq!(bench.user("b").group, "h");
    });
}

#[test]
fn names_can_change_hands_in_one_file_in_either_order() {
    let people = || {
        vec![
            group("g"),
            with_id("1", bare("g", "a")),
            with_id("2", bare("g", "b")),
        ]
    };
    let swapped = || vec![with_id("1", bare("g", "b")), with_id("2", bare("g", "a"))];
    both(|mut bench| {
        bench.load(people()).unwrap();
        let (a, b) = (bench.id("a"), bench.id("b"));
        for records in [swapped(), {
            let mut back = people();
            back.remove(0);
            back.reverse();
            back
        }] {
            let report = bench.load(records).unwrap();
            assert_eq!(
                (report.renamed, report.users.gone, report.returned),
                (2, 0, 0)
            );
            assert_eq!(bench.people(), ["g/a", "g/b"]);
        }
        assert_eq!((bench.id("a"), bench.id("b")), (a, b));
    });
}

#[test]
fn a_newcomer_under_a_leavers_name_is_another_person() {
    both(|mut bench| {
        bench
            .load(vec![group("g"), with_id("1", bare("g", "a"))])
            .unwrap();
        bench.set_phase("a", 2);
        let leaver = bench.id("a");
        let report = bench.load(vec![with_id("2", bare("g", "a"))]).unwrap();
        assert_eq!((report.users.new, report.users.gone), (1, 1));
        assert_eq!(bench.people(), ["-g/a", "g/a"]);
        assert_ne!(bench.id("a"), leaver);
        assert_eq!(bench.number("SELECT user FROM progress"), leaver);
        // A source that stops naming ids still means the one who has the name.
        let report = bench.load(vec![record(bare("g", "a"))]).unwrap();
        assert_eq!(report.users.replaced, 1);
        assert_eq!(
            bench.texts("SELECT source_id FROM users WHERE gone = 0"),
            ["2"]
        );
    });
}

#[test]
fn an_exported_user_is_renamed_or_moved_by_force_only() {
    both(|mut bench| {
        let people = vec![group("g"), group("h"), with_id("1", bare("g", "a"))];
        bench.load(people).unwrap();
        bench.set_phase("a", 2);
        bench
            .db
            .execute_batch(
                "INSERT INTO bundles (number, id, state, path, overwrite, master, selection, password_generation, opened) \
                 VALUES (1, 'x', 'done', 'p', 0, 'Master1', '', 1, 0); INSERT INTO members SELECT 1, id, NULL FROM users",
            )
            .unwrap();
        for changed in [bare("g", "Z"), bare("h", "a")] {
            let what = refused(bench.load(vec![with_id("1", changed)]));
            assert!(
                what.starts_with("line 1: user g/a was exported and is now called "),
                "{what}"
            );
            assert_eq!(bench.people(), ["g/a"]);
        }
        bench.options.force = true;
        bench.load(vec![with_id("1", bare("g", "Z"))]).unwrap();
        assert_eq!(bench.people(), ["g/Z"]);
        assert_eq!(bench.texts("SELECT target FROM members"), ["a"]);
        assert_eq!(bench.texts("SELECT fold || target FROM taken"), ["aa"]);
    });
}

#[test]
fn records_of_another_system_need_a_word() {
    both(|mut bench| {
        bench
            .load(vec![
                schema_line(None, false),
                group("g"),
                record(bare("g", "a")),
            ])
            .unwrap();
        bench.load(vec![schema_line(Some("one"), false)]).unwrap();
        assert_eq!(
            bench.texts("SELECT name FROM systems"),
            ["one"],
            "the first one gets its name"
        );
        let other = || {
            vec![
                schema_line(Some("two"), true),
                group("h"),
                record(bare("h", "a")),
            ]
        };
        match bench.load(other()) {
            Err(Error::OtherSystem { found, known }) => {
                assert_eq!((&*found, &*known), ("two", "one"))
            }
            outcome => panic!("{outcome:?}"),
        }
        bench.options.add_system = true;
        let report = bench.load(other()).unwrap();
        assert_eq!(
            report.users.gone, 0,
            "a full load speaks for its own system"
        );
        assert_eq!(bench.people(), ["g/a", "h/a"]);
        let what = refused(bench.load(vec![
            schema_line(Some("two"), false),
            record(bare("g", "a")),
        ]));
        assert_eq!(
            what,
            "line 2: user g/a is already there from the system 'one'"
        );
        assert!(matches!(
            bench.load(vec![group("i")]),
            Err(Error::UnnamedSystem { .. })
        ));
    });
}

#[test]
fn workflow_aliases_are_dropped_and_the_first_prefix_stages() {
    both(|mut bench| {
        let aliased = |name: &str, aliases: &[&str]| {
            let mut user = bare("g", name);
            user.aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
            record(user)
        };
        let report = bench
            .load(vec![
                group("g"),
                aliased("a", &["EXPORT_a", "real"]),
                aliased("b", &["EXPORTED_b"]),
                aliased("c", &["xEXPORT_c"]),
            ])
            .unwrap();
        assert_eq!((report.aliases_dropped, report.staged), (2, 1));
        assert_eq!(
            bench.texts("SELECT alias FROM aliases ORDER BY id"),
            ["real", "xEXPORT_c"]
        );
        assert_eq!(
            bench.number("SELECT user FROM progress WHERE phase = 1"),
            bench.id("a")
        );
        // A phase that igsh has set is never changed, one that was taken back to none is.
        bench.set_phase("a", 2);
        bench.set_phase("b", 0);
        let staged = vec![aliased("a", &["EXPORT_a"]), aliased("b", &["EXPORT_b"])];
        assert_eq!(bench.load(staged).unwrap().staged, 1);
        assert_eq!(
            bench.number(
                "SELECT phase FROM progress WHERE user = (SELECT id FROM users WHERE userid = 'a')"
            ),
            2
        );
        assert_eq!(
            bench.number(
                "SELECT phase FROM progress WHERE user = (SELECT id FROM users WHERE userid = 'b')"
            ),
            1
        );
    });
}

#[test]
fn the_same_key_twice_in_a_file_names_both_lines() {
    type Make = fn() -> Vec<SourceRecord>;
    let cases: [(Make, &str); 9] = [
        (
            || vec![group("g")],
            "line 4: group 'g' is already in line 1",
        ),
        (
            || vec![record(bare("g", "a"))],
            "line 4: user g/a is already in line 3",
        ),
        (
            || vec![with_id("7", bare("g", "b")), with_id("7", bare("g", "c"))],
            "line 5: the id '7' of user g/c is already in line 4",
        ),
        (
            || vec![unassigned_token("g", token("HID", "1"))],
            "line 4: token HID 1 is already in line 2",
        ),
        (
            || {
                let mut b = bare("g", "b");
                b.tokens = vec![token("HID", "1")];
                vec![record(b)]
            },
            "line 4: token HID 1 is already in line 2",
        ),
        (
            || {
                let mut b = bare("g", "b");
                b.tokens = vec![token("HID", "2"), token("HID", "2")];
                vec![record(b)]
            },
            "line 4: token HID 2 is there twice",
        ),
        (
            || {
                let mut b = bare("g", "b");
                b.cards = vec![card(5)];
                vec![record(b), unassigned_card("g", card(5))]
            },
            "line 5: card 5 is already in line 4",
        ),
        (
            || {
                let default = |name: &str| {
                    SourceRecord::Group(crate::model::Group {
                        name: name.into(),
                        default: true,
                    })
                };
                vec![default("x"), default("y")]
            },
            "line 5: 'y' is a second default group after 'x' in line 4",
        ),
        (
            || vec![schema_line(None, false)],
            "line 4: the schema stands after other records",
        ),
    ];
    both(|mut bench| {
        for (more, expected) in &cases {
            let mut records = vec![
                group("g"),
                unassigned_token("g", token("HID", "1")),
                record(bare("g", "a")),
            ];
            records.extend(more());
            assert_eq!(refused(bench.load(records)), *expected);
            assert_eq!(
                bench.number("SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM groups)"),
                0
            );
        }
        // Two keys under one serial number are told apart by the key id.
        let mut second = token("HID", "1");
        second.issue_no = Some("2".into());
        bench
            .load(vec![
                group("g"),
                unassigned_token("g", token("HID", "1")),
                unassigned_token("g", second),
            ])
            .unwrap();
    });
}

#[test]
fn bad_records_are_left_out_when_asked_to() {
    both(|mut bench| {
        bench.options.skip_bad = true;
        bench
            .load(vec![
                group("g"),
                with_id("1", user("g", "old")),
                with_id("2", bare("g", "older")),
            ])
            .unwrap();
        let before = facts(&bench.user("old"));
        let with_token = |name: &str, serial: &str| {
            let mut user = bare("g", name);
            user.aliases = vec![format!("EXPORT_{name}")];
            user.tokens = vec![token("V", serial)];
            user.cards = vec![card(serial.parse().unwrap())];
            user
        };
        let unreadable = BadRecord {
            line: 40,
            what: "line 40, column 3: expected '}'".into(),
            hint: String::new(),
            fatal: false,
        };
        let mut ragged = bare("g", "ragged");
        ragged.cards = vec![card(77)];
        ragged.cards[0].rows = 3;
        let good = |records: Vec<(u64, SourceRecord)>| records.into_iter().map(Ok);
        let items = good(vec![
            (10, record(with_token("a", "100"))),
            (11, record(with_token("b", "100"))),
            (12, record(bare("nowhere", "c"))),
            (13, record(with_token("a", "101"))),
            (14, unassigned_token("g", token("V", "100"))),
            (15, record(bare("g", ""))),
            (16, record(ragged)),
            (
                17,
                SourceRecord::Group(crate::model::Group {
                    name: "x/y".into(),
                    default: false,
                }),
            ),
        ])
        .chain([Err(unreadable)])
        .chain(good(vec![
            (41, record(with_token("d", "102"))),
            (42, unassigned_card("g", card(100))),
        ]));
        let report = bench.load_items(items.collect()).unwrap();
        let mut lines: Vec<u64> = bench.bad.iter().map(|bad| bad.line).collect();
        lines.sort_unstable();
        assert_eq!(lines, [11, 12, 13, 14, 15, 16, 17, 40, 42]);
        assert_eq!(report.skipped, 9);
        assert_eq!(bench.people(), ["g/a", "g/d", "g/old", "g/older"]);
        assert_eq!(
            (
                report.users.new,
                report.assigned_tokens,
                report.assigned_cards,
                report.staged
            ),
            (2, 2, 2, 2)
        );
        assert_eq!((report.tokens.new, report.cards.new), (0, 0));
        assert_eq!(bench.number("SELECT count(*) FROM progress"), 2);
        assert_eq!(
            bench.number("SELECT count(*) FROM tokens WHERE vendor = 'V'"),
            2
        );
        assert_eq!(facts(&bench.user("old")), before);
        assert_eq!(bench.number("SELECT skipped FROM loads WHERE id = 2"), 9);
    });
}

#[test]
fn what_cannot_be_read_further_ends_the_load_even_when_bad_records_are_skipped() {
    both(|mut bench| {
        bench.options.skip_bad = true;
        let fatal = BadRecord {
            line: 2,
            what: "line 2: cut off".into(),
            hint: String::new(),
            fatal: true,
        };
        let outcome = bench.load_items(vec![Ok((1, group("g"))), Err(fatal)]);
        assert_eq!(refused(outcome), "line 2: cut off");
        assert_eq!(bench.number("SELECT count(*) FROM groups"), 0);
    });
}

#[test]
fn tokens_and_cards_change_hands() {
    both(|mut bench| {
        let holding = |name: &str, serials: &[u64]| {
            let mut user = bare("g", name);
            user.tokens = serials.iter().map(|s| token("V", &s.to_string())).collect();
            user.cards = serials.iter().map(|s| card(*s)).collect();
            record(user)
        };
        bench
            .load(vec![
                group("g"),
                holding("a", &[1, 2]),
                holding("b", &[]),
                unassigned_token("g", token("V", "3")),
                unassigned_card("g", card(3)),
            ])
            .unwrap();
        let report = bench
            .load(vec![
                holding("b", &[1, 3]),
                unassigned_token("g", token("V", "2")),
                unassigned_card("g", card(2)),
            ])
            .unwrap();
        assert_eq!(report.reassigned, 6);
        let serials = |user: &User| {
            user.tokens
                .iter()
                .map(|t| t.serial.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(serials(&bench.user("a")), Vec::<String>::new());
        assert_eq!(serials(&bench.user("b")), ["1", "3"]);
        assert_eq!(bench.texts("SELECT serial FROM tokens WHERE id < 0"), ["2"]);
        assert_eq!((report.tokens.new, report.tokens.replaced), (1, 0));
    });
}

#[test]
fn a_load_can_be_stopped_and_changes_nothing() {
    both(|bench| {
        let cancel = CancelToken::default();
        let asked = Mutex::new(0);
        let records = (1..).map(|line| {
            *asked.lock().unwrap() += 1;
            if line == 5_000 {
                cancel.cancel();
            }
            Ok((
                line,
                if line == 1 {
                    group("g")
                } else {
                    record(bare("g", &format!("u{line}")))
                },
            ))
        });
        let tx = bench.db.unchecked_transaction().unwrap();
        let outcome = Load {
            options: &bench.options,
            bad: &mut |_| {},
            progress: &Silent,
            cancel: &cancel,
        }
        .run(
            Writer::new(&tx, &bench.options, bench.bulk_from).unwrap(),
            &bench.keys,
            records,
        );
        assert!(matches!(outcome, Err(Error::Cancelled(_))), "{outcome:?}");
        drop(tx);
        assert_eq!(bench.number("SELECT count(*) FROM users"), 0);
        assert!(*asked.lock().unwrap() < 50_000, "the reading stops too");
    });
}

#[test]
fn a_default_group_is_the_last_one_named() {
    both(|mut bench| {
        let default = |name: &str| {
            SourceRecord::Group(crate::model::Group {
                name: name.into(),
                default: true,
            })
        };
        bench.load(vec![default("a"), group("b")]).unwrap();
        assert_eq!(
            bench.texts("SELECT name FROM groups WHERE is_default"),
            ["a"]
        );
        bench.load(vec![default("b")]).unwrap();
        assert_eq!(
            bench.texts("SELECT name FROM groups WHERE is_default"),
            ["b"]
        );
    });
}

#[test]
fn many_records_of_the_same_key_are_all_taken_out() {
    let mut bench = Bench::new(0);
    bench.options.skip_bad = true;
    let records = std::iter::once(group("g"))
        .chain((0..12_000).map(|n| record(bare("g", &format!("u{}", n % 3)))));
    let report = bench.load(records.collect()).unwrap();
    assert_eq!((report.users.new, report.skipped), (3, 11_997));
    assert_eq!(bench.people(), ["g/u0", "g/u1", "g/u2"]);
}

#[test]
fn new_tokens_go_into_the_named_or_the_default_group() {
    let mut bench = Bench::holding(vec![
        SourceRecord::Group(crate::model::Group {
            name: "g".into(),
            default: true,
        }),
        group("h"),
        record(user("h", "a")),
        unassigned_token("h", token("HID", "1")),
    ]);
    let owned = user("h", "a").tokens.remove(0).serial;
    let load = |bench: &mut Bench, group: Option<&str>, tokens: Vec<Token>| {
        let tx = bench.db.unchecked_transaction().unwrap();
        let (group, writer) = Writer::of_new_tokens(&tx, &bench.options, group)?;
        let records = (1..)
            .zip(tokens)
            .map(|(line, token)| Ok((line, held(&group, token))));
        let outcome = Load {
            options: &bench.options,
            bad: &mut |bad| bench.bad.push(bad.clone()),
            progress: &Silent,
            cancel: &CancelToken::default(),
        }
        .run(writer, &bench.keys, records);
        tx.commit().unwrap();
        outcome.map(|(report, _)| report)
    };
    let report = load(&mut bench, None, vec![token("V", "5")]).unwrap();
    assert_eq!((report.tokens.new, report.number), (1, 2));
    load(&mut bench, Some("h"), vec![token("V", "6")]).unwrap();
    let held = "SELECT serial || (SELECT name FROM groups g WHERE g.id = group_id) FROM tokens WHERE vendor = 'V' ORDER BY 1";
    assert_eq!(bench.texts(held), ["5g", "6h"]);
    bench.options.skip_bad = true;
    let again = vec![
        token("HID", "1"),
        token("Entrust", &owned),
        token("V", "7"),
        token("V", "7"),
    ];
    let report = load(&mut bench, Some("h"), again).unwrap();
    assert_eq!((report.tokens.new, report.skipped), (1, 3));
    let bad: Vec<&str> = bench.bad.iter().map(|bad| bad.what.as_str()).collect();
    assert_eq!(
        bad,
        [
            "line 1: token HID 1 is there already, unassigned in group h".to_owned(),
            format!("line 2: token Entrust {owned} is there already, assigned to h/a"),
            "line 4: token V 7 is already in line 3".to_owned(),
        ]
    );
    assert!(matches!(
        load(&mut bench, Some("x"), vec![]),
        Err(Error::NoGroup { name: Some(_) })
    ));
    bench
        .db
        .execute("UPDATE groups SET is_default = 0", [])
        .unwrap();
    assert!(matches!(
        load(&mut bench, None, vec![]),
        Err(Error::NoGroup { name: None })
    ));
}

/// A file in which no key stands twice: who is in it, under which name, with which token.
fn any_file() -> impl proptest::strategy::Strategy<Value = Vec<SourceRecord>> {
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
                user.id = ids.then(|| person.to_string());
                user.aliases = vec![format!("alias{person}")];
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
fn copy(records: &[SourceRecord]) -> Vec<SourceRecord> {
    let copied = |record: &SourceRecord| match record {
        SourceRecord::Schema(schema) => SourceRecord::Schema(schema.clone()),
        SourceRecord::Group(group) => SourceRecord::Group(group.clone()),
        SourceRecord::User(user) => {
            let mut other = bare(&user.group, &user.userid);
            other.id.clone_from(&user.id);
            other.aliases.clone_from(&user.aliases);
            other.tokens = vec![token("V", &user.tokens[0].serial)];
            other.cards = vec![card(user.cards[0].serial)];
            self::record(other)
        }
        SourceRecord::Token(held) => unassigned_token(&held.group, token("V", &held.token.serial)),
        SourceRecord::Card(_) => unreachable!(),
    };
    records.iter().map(copied).collect()
}
