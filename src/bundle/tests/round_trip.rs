//! Any record comes back as it went in.

use super::*;
use crate::model::bundle::{self, Counts, Record, State, Token};
use crate::model::{
    Algorithm, Contact, Group, Hash, LocationEntry, NotMigrated, Password, QaPair, RbaOverrides,
    Reason, SecretBytes, Timestamp, TokenKind, Usage,
};
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

fn secret() -> impl Strategy<Value = SecretBytes> {
    proptest::collection::vec(any::<u8>(), 0..40).prop_map(SecretBytes::from)
}

fn secret_text() -> impl Strategy<Value = SecretBytes> {
    any::<String>().prop_map(|text| SecretBytes::from(text.into_bytes()))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z\"\\\\\\n\\t\\x00-\\x1f\u{7f}é😀]{0,12}"
    ]
}

fn option<T: std::fmt::Debug>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(some)
}

fn list<T: std::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    proptest::collection::vec(item, 0..3)
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn integer() -> impl Strategy<Value = u64> {
    prop_oneof![0..10u64, 0..(1u64 << 53)]
}

fn time() -> impl Strategy<Value = Timestamp> {
    let seconds = prop_oneof![0..4_000_000_000i64, -62_135_596_800..=253_402_207_199i64];
    (seconds, prop_oneof![Just(0), 0..1_000_000i32])
        .prop_map(|(seconds, micros)| Timestamp::new(seconds, micros * 1000).unwrap())
}

fn token(state: impl Strategy<Value = Option<State>>) -> impl Strategy<Value = Token> {
    let names = (text(), text(), one_of(TokenKind::ALL), option(text()));
    let codes = (
        one_of(Algorithm::ALL),
        option(one_of(Hash::ALL)),
        option(any::<u32>()),
        option(any::<u32>()),
        option(integer()),
        option(integer().prop_flat_map(|n| prop_oneof![Just(n as i64), Just(-(n as i64))])),
    );
    let rest = (
        (state, option(text()), option(any::<bool>())),
        (option(time()), option(time()), option(time())),
        (option(text()), option(text()), option(text())),
        (secret(), option(secret())),
    );
    (names, codes, rest).prop_map(|(names, codes, (state, dates, ids, secrets))| Token {
        vendor: names.0,
        serial: names.1,
        kind: names.2,
        model: names.3,
        algorithm: codes.0,
        hash: codes.1,
        digits: codes.2,
        step: codes.3,
        counter: codes.4,
        drift: codes.5,
        state: state.0,
        idp_url: state.1,
        transactions: state.2,
        load_date: dates.0,
        last_used: dates.1,
        expires: dates.2,
        issue_no: ids.0,
        key_id: ids.1,
        comment: ids.2,
        seed: secrets.0,
        unlock: secrets.1,
    })
}

fn card(
    state: impl Strategy<Value = Option<bundle::CardState>>,
) -> impl Strategy<Value = bundle::Card> {
    let grid = (0..5u32, 0..5u32, 1..4u8).prop_flat_map(|(rows, columns, len)| {
        let cells =
            proptest::collection::vec(any::<u8>(), (rows * columns) as usize * len as usize);
        let secret = cells.prop_map(move |cells| SecretBytes::from([&[len][..], &cells].concat()));
        (Just(rows), Just(columns), secret)
    });
    (
        (
            integer(),
            state,
            option(time()),
            option(time()),
            option(time()),
        ),
        (
            option(one_of(Usage::ALL)),
            option(integer()),
            option(integer()),
            option(list(integer())),
        ),
        grid,
    )
        .prop_map(|(head, usage, grid)| bundle::Card {
            serial: head.0,
            state: head.1,
            created: head.2,
            expires: head.3,
            superseded: head.4,
            usage: usage.0,
            challenge_count: usage.1,
            least_used_cell: usage.2,
            cell_usage: usage.3,
            rows: grid.0,
            columns: grid.1,
            cells: grid.2,
        })
}

fn user() -> impl Strategy<Value = bundle::User> {
    let contact = (text(), text(), any::<bool>()).prop_map(|(label, value, default)| Contact {
        label,
        value,
        default,
    });
    let qa = (text(), secret_text()).prop_map(|(question, answer)| QaPair { question, answer });
    let password = (
        option(text()),
        secret_text(),
        option(time()),
        option(any::<bool>()),
    )
        .prop_map(|(name, value, expires, must_change)| Password {
            name,
            value,
            expires,
            must_change,
        });
    let place = (
        option(text()),
        option(text()),
        option(text()),
        option(text()),
        option(text()),
        option(time()),
    )
        .prop_map(
            |(country, region, city, isp, ip, last_auth)| LocationEntry {
                country,
                region,
                city,
                isp,
                ip,
                last_auth,
            },
        );
    let rba = (
        option(integer()),
        option(any::<bool>()),
        option(any::<bool>()),
        option(integer()),
    )
        .prop_map(
            |(max_history, check_ip, check_velocity, max_expected)| RbaOverrides {
                max_history,
                check_ip,
                check_velocity,
                max_expected,
            },
        );
    let state = one_of(bundle::State::ALL).prop_map(Some);
    let card_state = one_of(bundle::CardState::ALL).prop_map(Some);
    (
        (
            text(),
            option(text()),
            text(),
            option(text()),
            one_of(bundle::State::ALL),
        ),
        (list(text()), list(contact), list(qa), list(password)),
        (
            list(token(state)),
            list(card(card_state)),
            list(place),
            list(text()),
            rba,
        ),
    )
        .prop_map(|(head, own, rest)| bundle::User {
            user_id: head.0,
            source_user_id: head.1,
            group: head.2,
            full_name: head.3,
            state: head.4,
            aliases: own.0,
            contacts: own.1,
            qa: own.2,
            passwords: own.3,
            tokens: rest.0,
            cards: rest.1,
            location_history: rest.2,
            expected_locations: rest.3,
            rba: rest.4,
        })
}

fn record() -> impl Strategy<Value = Record> {
    let group =
        (text(), any::<bool>()).prop_map(|(name, default)| Record::Group(Group { name, default }));
    let unassigned = (text(), token(Just(None))).prop_map(|(group, token)| {
        Record::Token(Box::new(bundle::UnassignedToken { group, token }))
    });
    let card = (text(), any::<bool>(), option(text()), card(Just(None))).prop_map(
        |(group, preproduced, comment, card)| {
            Record::Card(Box::new(bundle::UnassignedCard {
                group,
                preproduced,
                comment,
                card,
            }))
        },
    );
    prop_oneof![
        1 => group,
        4 => user().prop_map(|user| Record::User(Box::new(user))),
        2 => unassigned,
        2 => card,
    ]
}

fn line(record: &Record) -> (Vec<u8>, encode::Arena) {
    let (mut json, mut arena) = (Vec::new(), encode::Arena::default());
    encode::record(record, &mut json, &mut arena).unwrap();
    (json, arena)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_record_round_trips(record in record()) {
        let (json, arena) = line(&record);
        let text = std::str::from_utf8(&json).unwrap();
        prop_assert_eq!(text.matches('\n').count(), 1);
        prop_assert!(serde_json::from_str::<serde_json::Value>(text).is_ok());
        let mut secrets = json::Secrets::new(&arena.bytes);
        let line_text = text.strip_suffix('\n').unwrap();
        let again = decode::record(&mut json::Parser::new(line_text, &mut secrets)).unwrap();
        prop_assert!(secrets.is_empty());
        // `Debug` shows every field but the secrets; these are compared in the order in which they were written.
        prop_assert_eq!(format!("{again:?}"), format!("{record:?}"));
        let (json_again, arena_again) = line(&again);
        prop_assert_eq!(&json_again, &json);
        prop_assert_eq!(&*arena_again.bytes, &*arena.bytes);
    }
}

/// Every field of every record, as the manual shows it.
#[test]
fn records_look_as_they_are_documented() {
    let secret = |text: &str| SecretBytes::from(text.as_bytes().to_vec());
    let time = || Some("2026-01-02T03:04:05Z".parse().unwrap());
    let text = |text: &str| Some(text.to_owned());
    let token = |state| Token {
        vendor: "Entrust".into(),
        serial: "4824413456".into(),
        kind: TokenKind::Soft,
        model: text("OT"),
        algorithm: Algorithm::Totp,
        hash: Some(Hash::Sha256),
        digits: Some(6),
        step: Some(30),
        counter: Some(0),
        drift: Some(-1),
        state,
        idp_url: text("https://idp.example.com"),
        transactions: Some(true),
        load_date: time(),
        last_used: time(),
        expires: time(),
        issue_no: text("1"),
        key_id: text("k"),
        comment: text("c"),
        seed: secret("seed"),
        unlock: Some(secret("unlock")),
    };
    let card = |state| bundle::Card {
        serial: 10_023,
        state,
        created: time(),
        expires: time(),
        superseded: time(),
        usage: Some(Usage::None),
        challenge_count: Some(12),
        least_used_cell: Some(1),
        cell_usage: Some(vec![1, 2]),
        rows: 1,
        columns: 2,
        cells: secret("\u{2}5FNN"),
    };
    let user = bundle::User {
        user_id: "asmith".into(),
        source_user_id: text("smith"),
        group: "sales".into(),
        full_name: text("Anna Smith"),
        state: bundle::State::Active,
        aliases: vec!["a.smith".into()],
        contacts: vec![Contact {
            label: "Email".into(),
            value: "anna@example.com".into(),
            default: true,
        }],
        qa: vec![QaPair {
            question: "First school?".into(),
            answer: secret("answer"),
        }],
        passwords: vec![
            Password {
                name: None,
                value: secret("p0"),
                expires: None,
                must_change: None,
            },
            Password {
                name: text("ATM"),
                value: secret("p1"),
                expires: time(),
                must_change: Some(false),
            },
        ],
        tokens: vec![token(Some(bundle::State::Inactive))],
        cards: vec![card(Some(bundle::CardState::Pending))],
        location_history: vec![LocationEntry {
            country: text("CA"),
            region: text("ON"),
            city: text("Ottawa"),
            isp: text("i"),
            ip: text("192.0.2.1"),
            last_auth: time(),
        }],
        expected_locations: vec!["CA/ON/Ottawa".into()],
        rba: RbaOverrides {
            max_history: Some(8),
            check_ip: Some(true),
            check_velocity: Some(false),
            max_expected: Some(20),
        },
    };
    let records = [
        Record::Group(Group {
            name: "sales".into(),
            default: true,
        }),
        Record::User(Box::new(user)),
        Record::Token(Box::new(bundle::UnassignedToken {
            group: "sales".into(),
            token: token(None),
        })),
        Record::Card(Box::new(bundle::UnassignedCard {
            group: "sales".into(),
            preproduced: true,
            comment: text("c"),
            card: card(None),
        })),
    ];
    let mut json = Vec::new();
    let mut arena = encode::Arena::default();
    for record in &records {
        encode::record(record, &mut json, &mut arena).unwrap();
    }
    let when = r#""2026-01-02T03:04:05Z""#;
    let token = r#""vendor":"Entrust","serial":"4824413456","kind":"soft","model":"OT","algorithm":"totp","hash":"sha256","digits":6,"step":30,"counter":0,"drift":-1,STATE"idpUrl":"https://idp.example.com","transactions":true,"loadDate":WHEN,"lastUsed":WHEN,"expires":WHEN,"issueNo":"1","keyId":"k","comment":"c","seed":{"$secret":A},"unlock":{"$secret":B}"#;
    let card = r#""serial":10023,STATE"created":WHEN,"expires":WHEN,"superseded":WHEN,"usage":"none","challengeCount":12,"leastUsedCell":1,"cellUsage":[1,2],"rows":1,"columns":2,"cells":{"$secret":A}"#;
    let fill = |shape: &str, state: &str, a: &str, b: &str| {
        shape
            .replace("STATE", state)
            .replace('A', a)
            .replace('B', b)
            .replace("WHEN", when)
    };
    let expected = [
        r#"{"type":"group","name":"sales","default":true}"#.to_owned(),
        format!(
            r#"{{"type":"user","userId":"asmith","sourceUserId":"smith","group":"sales","fullName":"Anna Smith","state":"ACTIVE","aliases":["a.smith"],"contacts":[{{"label":"Email","value":"anna@example.com","default":true}}],"qa":[{{"question":"First school?","answer":{{"$secret":0}}}}],"passwords":[{{"value":{{"$secret":1}}}},{{"name":"ATM","value":{{"$secret":2}},"expires":{when},"mustChange":false}}],"tokens":[{{{}}}],"cards":[{{{}}}],"locationHistory":[{{"country":"CA","region":"ON","city":"Ottawa","isp":"i","ip":"192.0.2.1","lastAuth":{when}}}],"expectedLocations":["CA/ON/Ottawa"],"rba":{{"maxLocations":8,"checkIp":true,"checkVelocity":false,"maxExpectedLocations":20}}}}"#,
            fill(token, r#""state":"inactive","#, "3", "4").replace("inactive", "INACTIVE"),
            fill(card, r#""state":"pending","#, "5", "").replace("pending", "PENDING"),
        ),
        format!(
            r#"{{"type":"token","group":"sales",{}}}"#,
            fill(token, "", "6", "7")
        ),
        format!(
            r#"{{"type":"card","group":"sales","preproduced":true,"comment":"c",{}}}"#,
            fill(card, "", "8", "")
        ),
    ];
    assert_eq!(
        std::str::from_utf8(&json).unwrap(),
        expected.join("\n") + "\n"
    );
    assert_eq!(arena.count, 9);
}

#[test]
fn what_is_absent_leaves_no_trace() {
    let (json, _) = line(&Record::Group(Group {
        name: "a\"b\\\u{1}\n\r\tü".into(),
        default: false,
    }));
    assert_eq!(
        std::str::from_utf8(&json).unwrap(),
        "{\"type\":\"group\",\"name\":\"a\\\"b\\\\\\u0001\\n\\r\\tü\"}\n"
    );
}

fn group(index: usize) -> Record {
    Record::Group(Group {
        name: format!("group {index:>60}"),
        default: false,
    })
}

#[test]
fn blocks_close_at_a_mebibyte_and_keep_the_order() {
    let rng = crate::ambient::SystemRandomness;
    let mut writer = Writer::new(Vec::new(), &meta(), &sample().password, &rng).unwrap();
    let mut encoder = BlockEncoder::new().unwrap();
    let count = 30_000;
    for index in 0..count {
        if let Some(block) = encoder.push(&group(index)).unwrap() {
            writer.write(&block).unwrap();
        }
    }
    if let Some(block) = encoder.finish().unwrap() {
        writer.write(&block).unwrap();
    }
    assert!(encoder.finish().unwrap().is_none());
    assert_eq!(writer.records(), count as u64);
    let account = Account {
        not_taken: &[
            (Reason::QaLimit, 3),
            (Reason::NotMigrated(NotMigrated::Roles), 1),
        ],
        selection: "export group=\"a b\"",
        by: "Master2",
    };
    let (bundle, summary) = writer.finish(account).unwrap();
    assert_eq!(summary.sha256, crate::crypto::sha256(&bundle));
    assert_eq!(summary.size, bundle.len() as u64);
    assert_eq!((summary.blocks, summary.records.group), (3, count as u64));

    let typed = sample().password.display();
    let mut reader = Reader::open(Cursor::new(&bundle), typed.expose_secret()).unwrap();
    let manifest = reader.verify(&Silent, &CancelToken::default()).unwrap();
    assert_eq!(
        manifest,
        Manifest {
            blocks: 3,
            records: summary.records,
            not_taken: account.not_taken.to_vec(),
            selection: account.selection.into(),
            by: account.by.into(),
        }
    );
    let mut checked = reader.check(&Silent, &CancelToken::default()).unwrap();
    let mut next = 0;
    for _ in 0..2 {
        next = 0;
        checked
            .records(&Silent, &CancelToken::default(), |record| {
                assert_eq!(format!("{record:?}"), format!("{:?}", group(next)));
                next += 1;
                Ok::<_, Error>(())
            })
            .unwrap();
    }
    assert_eq!(next, count);
}

#[test]
fn an_export_of_nothing_is_a_bundle_too() {
    let rng = crate::ambient::SystemRandomness;
    let writer = Writer::new(Vec::new(), &meta(), &sample().password, &rng).unwrap();
    let account = Account {
        not_taken: &[],
        selection: "",
        by: "Master1",
    };
    let (bundle, summary) = writer.finish(account).unwrap();
    assert_eq!(summary.blocks, 0);
    let typed = sample().password.display();
    let reader = Reader::open(Cursor::new(&bundle), typed.expose_secret()).unwrap();
    reader.check(&Silent, &CancelToken::default()).unwrap();
}

#[test]
fn a_record_that_does_not_fit_leaves_the_block_as_it_was() {
    let big_answer = |len: usize| {
        let user = bundle::User {
            user_id: "big".into(),
            source_user_id: None,
            group: "sales".into(),
            full_name: None,
            state: bundle::State::Active,
            aliases: vec![],
            contacts: vec![],
            qa: vec![QaPair {
                question: "q".into(),
                answer: SecretBytes::from(vec![b'a'; len]),
            }],
            passwords: vec![],
            tokens: vec![],
            cards: vec![],
            location_history: vec![],
            expected_locations: vec![],
            rba: RbaOverrides::default(),
        };
        Record::User(Box::new(user))
    };
    let long_name = |len: usize| {
        Record::Group(Group {
            name: "g".repeat(len),
            default: false,
        })
    };
    let huge_number = |serial| {
        Record::Card(Box::new(bundle::UnassignedCard {
            group: "sales".into(),
            preproduced: true,
            comment: None,
            card: bundle::Card {
                serial,
                state: None,
                created: None,
                expires: None,
                superseded: None,
                usage: None,
                challenge_count: None,
                least_used_cell: None,
                cell_usage: None,
                rows: 1,
                columns: 1,
                cells: SecretBytes::from(b"\x01A".to_vec()),
            },
        }))
    };
    let mut encoder = BlockEncoder::new().unwrap();
    assert!(encoder.push(&group(0)).unwrap().is_none());
    for (record, name) in [
        (
            big_answer(6 << 20),
            "user 'sales/big' does not fit into a bundle: it is too large",
        ),
        (
            huge_number(1 << 53),
            "card 9007199254740992 does not fit into a bundle: a number is above 2^53 - 1",
        ),
    ] {
        let error = encoder.push(&record).err().unwrap();
        assert_eq!(error.to_string(), name);
    }
    assert!(encoder.push(&long_name(7 << 20)).is_err());
    assert!(encoder.push(&huge_number((1 << 53) - 1)).unwrap().is_none());
    // Full by its secrets alone, with as much JSON as there can be.
    let block = encoder.push(&big_answer(5 << 20)).unwrap().unwrap();
    assert_eq!(
        block.counts(),
        Counts {
            group: 1,
            user: 1,
            card: 1,
            token: 0
        }
    );
    let long = encoder.push(&long_name(6 << 20)).unwrap().unwrap();
    let rng = crate::ambient::SystemRandomness;
    let mut writer = Writer::new(Vec::new(), &meta(), &sample().password, &rng).unwrap();
    writer.write(&block).unwrap();
    writer.write(&long).unwrap();
    let account = Account {
        not_taken: &[],
        selection: "",
        by: "Master1",
    };
    let (bundle, _) = writer.finish(account).unwrap();
    let typed = sample().password.display();
    let reader = Reader::open(Cursor::new(&bundle), typed.expose_secret()).unwrap();
    let checked = reader.check(&Silent, &CancelToken::default()).unwrap();
    assert_eq!(checked.manifest().blocks, 2);
}
