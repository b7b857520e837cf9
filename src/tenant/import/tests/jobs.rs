//! Imports as a whole: twice, in bulk, stopped, hostile, rehearsed.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[test]
fn a_second_import_changes_nothing_and_says_so() {
    let mut house = House::new();
    let records = people(40);
    let bundle = Bundle::of(&records);
    let first = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
    assert!(first.changed());
    let before = house.dump();
    let second = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
    assert!(!second.changed(), "{:?}", second.job.tally);
    assert_eq!(house.dump(), before);
    assert_eq!(second.job.tally.of(Subject::User, Fate::Exists), 40);
}

#[test]
fn secrets_open_for_their_user_only() {
    let mut house = House::new();
    house.import(&people(2));
    let sealed: Vec<u8> = house.ask("SELECT seed FROM tokens WHERE serial = '1'");
    let one = token("1");
    let open = |userid| sealing::open_seed(&house.keys, userid, &one.facts, &sealed);
    let seed = open("user1").unwrap();
    assert_eq!(seed.as_slice(), b"seed of 1");
    let error = open("user0").unwrap_err();
    assert!(
        error.to_string().contains("token HID 1 of user0"),
        "{error}"
    );
    let sealed: Vec<u8> = house.ask("SELECT cells FROM cards WHERE serial = 1");
    let cells =
        sealing::open_card(&house.keys, "user1", &CardFacts::new(1, 1, 2), &sealed).unwrap();
    assert_eq!(cells.as_slice(), b"\x01AB");
}

#[test]
fn filling_an_empty_tenant_gives_what_the_rules_give_record_by_record() {
    let records = people(u32::try_from(BULK_FROM).unwrap());
    let (mut bulk, mut single) = (House::new(), House::new());
    let imported = bulk.import(&records);
    assert_eq!(imported.job.state, JobState::Done);
    bulk.integrity();
    // A user in the tenant keeps the indexes in place.
    single.set("mandatory", "firstName,lastName,email");
    single.db().execute_batch("INSERT INTO users (id, userid, state) VALUES (5000, 'other', 'ACTIVE'); DELETE FROM users").unwrap();
    for chunk in records.chunks(500) {
        single.import(chunk);
    }
    assert_eq!(bulk.dump().lines().count(), single.dump().lines().count());
    let strip = |dump: String| -> Vec<String> {
        dump.lines()
            .filter(|line| line.starts_with("users"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(strip(bulk.dump()), strip(single.dump()));
}

#[test]
fn a_bundle_that_holds_a_key_twice_is_applied_record_by_record() {
    for twice in [
        is(User {
            tokens: vec![token("1")],
            ..user("thief")
        }),
        is(User {
            cards: vec![card(1)],
            ..user("thief")
        }),
        is(User {
            aliases: vec!["ALIAS1".to_owned()],
            ..user("thief")
        }),
        is(User {
            aliases: vec!["user1".to_owned()],
            ..user("thief")
        }),
        is(user("USER1")),
    ] {
        let mut house = House::new();
        let mut records = people(u32::try_from(BULK_FROM).unwrap());
        records.push(twice);
        let imported = house.import(&records);
        assert_eq!(imported.job.state, JobState::Done);
        assert_eq!(imported.job.done, records.len() as u64);
        let tally = &imported.job.tally;
        assert!(
            tally.all(Fate::Error) == 1 || tally.of(Subject::User, Fate::Exists) == 1,
            "{tally:?}"
        );
        assert_eq!(
            house
                .events(1)
                .iter()
                .filter(|line| line.contains(": user added"))
                .count() as u64,
            tally.of(Subject::User, Fate::Added)
        );
        house.integrity();
    }
}

#[test]
fn a_job_that_stops_after_errors_goes_on_where_it_was() {
    let mut house = House::new();
    let mut records = people(30);
    // Two users have the card of the first one.
    records.insert(
        5,
        is(User {
            cards: vec![card(0)],
            ..user("thief1")
        }),
    );
    records.insert(
        20,
        is(User {
            cards: vec![card(0)],
            ..user("thief2")
        }),
    );
    let bundle = Bundle::in_blocks(&records, 4);
    let terms = Terms {
        stop_after_errors: Some(1),
        retries: 0,
    };
    let stopped = house.import_bundle(&bundle, None, terms).unwrap();
    assert_eq!(stopped.job.state, JobState::Stopped);
    assert_eq!(stopped.job.next_block, 2);
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM journal"), 2);
    let error = house
        .import_bundle(&Bundle::of(&people(1)), Some(1), Terms::default())
        .unwrap_err();
    assert!(
        matches!(error, Error::OtherBundle { number: 1, .. }),
        "{error}"
    );
    let done = house
        .import_bundle(&bundle, Some(1), Terms::default())
        .unwrap();
    assert_eq!(done.job.state, JobState::Done);
    assert_eq!(done.job.done, records.len() as u64);
    let mut whole = House::new();
    whole
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
    assert_eq!(house.dump(), whole.dump());
    assert_eq!(house.events(1), whole.events(1));
    let error = house
        .import_bundle(&bundle, Some(1), Terms::default())
        .unwrap_err();
    assert!(matches!(error, Error::Done(1)), "{error}");
    house.integrity();
}

#[test]
fn a_cancelled_import_is_stopped_and_resumed() {
    let mut house = House::new();
    let bundle = Bundle::in_blocks(&people(30), 4);
    house.cancel.cancel();
    let error = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap_err();
    assert!(matches!(error, Error::Cancelled(_)), "{error}");
    assert_eq!(
        house.ask::<u64>("SELECT count(*) FROM jobs"),
        0,
        "it was still being checked"
    );
    house.cancel.reset();
    house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
}

/// Cancels once so many records are applied.
struct Until {
    most: u64,
    cancel: CancelToken,
    importing: AtomicBool,
}

impl Progress for Until {
    fn begin(&self, stage: &str, _: crate::ambient::Unit, _: Option<u64>) {
        self.importing
            .store(stage == "importing", Ordering::Relaxed);
    }
    fn at(&self, done: u64) {
        if self.importing.load(Ordering::Relaxed) && done >= self.most {
            self.cancel.cancel();
        }
    }
    fn end(&self) {}
}

#[test]
fn an_import_that_is_cancelled_between_blocks_goes_on_behind_the_last_one() {
    let mut whole = House::new();
    whole.import(&people(30));
    let bundle = Bundle::in_blocks(&people(30), 4);
    for most in [1, 5, 17] {
        let mut house = House::new();
        house.progress = Box::new(Until {
            most,
            cancel: house.cancel.clone(),
            importing: AtomicBool::new(false),
        });
        let stopped = house
            .import_bundle(&bundle, None, Terms::default())
            .unwrap();
        assert!(stopped.interrupted);
        assert_eq!(stopped.job.state, JobState::Stopped);
        // Whole blocks, and not one more than were asked for.
        assert_eq!(stopped.job.done, most.next_multiple_of(4));
        assert_eq!(
            house.ask::<u64>("SELECT count(*) FROM events"),
            stopped.job.done
        );
        house.integrity();
        house.cancel.reset();
        house.progress = Box::new(Silent);
        let resumed = house
            .import_bundle(&bundle, Some(1), Terms::default())
            .unwrap();
        assert_eq!(resumed.job.state, JobState::Done);
        assert_eq!(house.dump(), whole.dump(), "{most}");
        house.integrity();
    }
}

#[test]
fn an_interrupted_job_comes_first_and_can_be_stopped() {
    let mut house = House::new();
    let bundle = Bundle::in_blocks(&people(30), 4);
    house
        .import_bundle(
            &bundle,
            None,
            Terms {
                stop_after_errors: None,
                retries: 0,
            },
        )
        .unwrap();
    // As a killed process leaves it.
    house
        .db()
        .execute_batch("UPDATE jobs SET state = 'running', next_block = 3")
        .unwrap();
    let error = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap_err();
    assert!(
        matches!(error, Error::Unfinished { number: 1, .. }),
        "{error}"
    );
    let state = house.work(|tenant, work| tenant.stop_job(1, work)).unwrap();
    assert_eq!(state, JobState::Stopped);
    house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
    let lock = house.tenant.only_one().unwrap();
    let error = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap_err();
    assert!(matches!(error, Error::Running), "{error}");
    drop(lock);
    let error = house
        .work(|tenant, work| tenant.stop_job(9, work))
        .unwrap_err();
    assert!(matches!(error, Error::NoJob(9)), "{error}");
}

#[test]
fn a_rehearsal_gives_the_same_and_changes_nothing() {
    let mut house = House::new();
    house.import(&people(3));
    let before = house.dump();
    let bundle = Bundle::of(&people(5));
    let (reader, keys) = (bundle.reader(), Arc::clone(&house.keys));
    let holder = Holder::new("migrate rehearse", &house.who, house.ambient.clock.now());
    let mut found = Vec::new();
    let tally = house.tenant.file_mut().without_effect(&holder, |tx| {
        rehearse(
            tx,
            &keys,
            reader,
            &Silent,
            &CancelToken::default(),
            |name, items| {
                found.push((name.map(str::to_owned), items.to_vec()));
                Ok::<_, Error>(())
            },
        )
    });
    let tally = tally.unwrap();
    assert_eq!(house.dump(), before);
    assert_eq!(tally.of(Subject::User, Fate::Added), 2);
    assert_eq!(tally.of(Subject::User, Fate::Exists), 3);
    let real = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
    assert_eq!(real.job.tally, tally);
    assert_eq!(found.len() as u64, real.job.done);
}

#[test]
fn a_hostile_bundle_has_no_effect() {
    let mut house = House::new();
    house.import(&people(2));
    let before = house.dump();
    let (password, bundles) = crate::bundle::hostile();
    for (what, bytes) in bundles {
        let password = password.clone();
        let bundle = Bundle { bytes, password };
        let error = house
            .import_bundle(&bundle, None, Terms::default())
            .unwrap_err();
        assert!(
            matches!(error, Error::Bundle(crate::bundle::Error::Content { .. })),
            "{what}: {error}"
        );
        assert_eq!(house.dump(), before, "{what}");
        assert_eq!(house.ask::<u64>("SELECT count(*) FROM jobs"), 1, "{what}");
    }
}
