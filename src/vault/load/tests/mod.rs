//! The rules of a load, each in both ways of loading: with the indexes in place, and with the indexes away.

use rusqlite::Connection;

use super::*;
use crate::ambient::Silent;
use crate::model::{Schema, User};
use crate::store::loose_keys;
use crate::vault::schema;
use crate::vault::snapshot::tests::one_user;
use crate::vault::testing::*;

mod bad;
mod both;
mod diff;
mod exported;
mod items;
mod people;
mod twins;

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
                gone_limit: GoneLimit::Percent(0, None),
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
            news: &mut |news| {
                if let News::Bad(bad) = news {
                    self.bad.push(bad);
                }
                Ok(())
            },
            progress: &Silent,
            cancel: &CancelToken::default(),
        }
        .run(
            Writer::new(&tx, &self.options, &self.keys, self.bulk_from)?,
            items.into_iter(),
        )?;
        tx.commit()?;
        let whole = schema::tests::connection();
        assert_eq!(
            schema::tests::indexes_of(&self.db),
            schema::tests::indexes_of(&whole),
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

    /// `group/userid` of all users, with `-` before those who are gone.
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
    user.facts.id = Some(id.into());
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
            assert_eq!(facts(&bench.user(&person.facts.userid)), facts(&person));
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
            user.facts.aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
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
