//! Records that are bad, and loads that end early.

use std::sync::Mutex;

use super::*;

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
        // Two keys under one serial number differ in the key id.
        let mut second = token("HID", "1");
        second.facts.issue_no = Some("2".into());
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
            user.facts.aliases = vec![format!("EXPORT_{name}")];
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
        ragged.cards[0].facts.rows = 3;
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
            news: &mut |_| Ok(()),
            progress: &Silent,
            cancel: &cancel,
        }
        .run(
            Writer::new(&tx, &bench.options, &bench.keys, bench.bulk_from).unwrap(),
            records,
        );
        assert!(matches!(outcome, Err(Error::Cancelled(_))), "{outcome:?}");
        drop(tx);
        assert_eq!(bench.number("SELECT count(*) FROM users"), 0);
        assert!(*asked.lock().unwrap() < 50_000, "the reading stops too");
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
