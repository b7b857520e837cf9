//! Records in blocks, blocks in a file, and what does not fit.

use super::*;
use crate::model::bundle::{self, Counts, Record};
use crate::model::{CardFacts, Group, NotMigrated, QaPair, RbaOverrides, Reason, SecretBytes};
use secrecy::ExposeSecret as _;

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

/// A user with one answer of so many bytes.
fn big_answer(len: usize) -> Record {
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
}

fn long_name(len: usize) -> Record {
    Record::Group(Group {
        name: "g".repeat(len),
        default: false,
    })
}

#[test]
fn a_record_that_does_not_fit_leaves_the_block_as_it_was() {
    let huge_number = |serial| {
        Record::Card(Box::new(bundle::UnassignedCard {
            group: "sales".into(),
            preproduced: true,
            comment: None,
            card: bundle::Card {
                facts: CardFacts::new(serial, 1, 1),
                state: None,
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

/// 7 MiB of JSON and 6 MiB of secrets, however full the block is already.
#[test]
fn a_record_may_be_as_large_beside_others_as_alone() {
    let most_json = (7 << 20) - "{\"type\":\"group\",\"name\":\"\"}\n".len();
    let most_secrets = (6 << 20) - 4;
    let nearly_full = (1 << 20) - 100;
    for (small, most, larger) in [
        (
            long_name(nearly_full),
            long_name(most_json),
            long_name(most_json + 1),
        ),
        (
            big_answer(nearly_full),
            big_answer(most_secrets),
            big_answer(most_secrets + 1),
        ),
    ] {
        let mut encoder = BlockEncoder::new().unwrap();
        assert!(encoder.push(&larger).is_err());
        assert!(encoder.push(&most).unwrap().is_some());
        assert!(encoder.push(&small).unwrap().is_none());
        assert!(encoder.push(&larger).is_err());
        assert!(encoder.push(&most).unwrap().is_some());
    }
}

#[test]
fn progress_is_counted_in_bytes_of_the_content() {
    struct Seen(Mutex<Vec<u64>>);
    impl crate::ambient::Progress for Seen {
        fn begin(&self, _: &str, _: crate::ambient::Unit, total: Option<u64>) {
            self.0.lock().unwrap().extend(total);
        }
        fn at(&self, done: u64) {
            self.0.lock().unwrap().push(done);
        }
        fn end(&self) {}
    }
    // More than is handed from one thread to the other at once.
    let mut plaintext = Vec::new();
    let mut ends = Vec::new();
    let header_len = attacks::header_len();
    for number in 0..4000 {
        let block = RawBlock {
            number,
            ..good_block()
        };
        plaintext.extend(block.frame());
        ends.push((header_len + plaintext.len()) as u64);
    }
    plaintext.extend(manifest(4000, 4000));
    let bundle = seal(&plaintext);
    let seen = Seen(Mutex::default());
    let cancel = CancelToken::default();
    open(&bundle).unwrap().verify(&seen, &cancel).unwrap();
    let seen = seen.0.into_inner().unwrap();
    assert_eq!(seen[0], bundle.len() as u64);
    assert_eq!(seen[1..], ends);
}

#[test]
fn a_block_of_eight_mebibytes_is_read_and_a_byte_more_is_not() {
    let of = |len: usize| {
        let empty = "{\"type\":\"group\",\"name\":\"\"}\n";
        let name = "g".repeat(len - empty.len());
        let json = format!("{{\"type\":\"group\",\"name\":\"{name}\"}}\n");
        let manifest =
            br#"{"blocks":1,"records":{"group":1},"notTaken":{},"selection":"","by":"Master1"}"#;
        let block = RawBlock::new(&json, &[]).frame();
        seal(&[block, super::frame(MANIFEST, manifest)].concat())
    };
    assert_eq!(read(&of(8 << 20)).unwrap().len(), 1);
    let error = read(&of((8 << 20) + 1)).unwrap_err().to_string();
    assert!(error.contains("its JSON is above 8 MiB"), "{error}");
}
