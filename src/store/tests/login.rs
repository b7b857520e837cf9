//! Who gets in, who is locked out and for how long (igsh-vault(5), LOGINS).

use super::*;
use crate::ambient::{CancelToken, Waiting};
use crate::store::turn::Turn;

/// A clock that stands still, however long one sleeps.
struct Still {
    at: Timestamp,
    slept: Mutex<Duration>,
}

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.at
    }

    fn sleep(&self, span: Duration) {
        *self.slept.lock().unwrap() += span;
    }
}

#[test]
fn every_master_gets_in_under_any_letter_case() {
    let bench = Bench::made();
    let mut file = bench.open();
    for (name, word) in [
        ("Master1", WORDS[0]),
        ("master2", WORDS[1]),
        ("MASTER3", "third-password\n"),
    ] {
        let session = file
            .login(name, &password(word), &who(), &bench.ambient)
            .unwrap();
        assert!(session.name().eq_ignore_ascii_case(name));
        assert!(session.keys().is_ok());
    }
    let error = file
        .login("Master2", &password(WORDS[0]), &who(), &bench.ambient)
        .err()
        .unwrap();
    assert!(
        matches!(error, Error::WrongPassword { wait: 1, .. }),
        "{error}"
    );
}

#[test]
fn a_login_is_on_record_with_everything_it_found() {
    let bench = Bench::made();
    let mut file = bench.open();
    let keys = bench.login(&mut file, 1).unwrap().keys().unwrap();
    file.write(&holder("master set"), |tx| {
        let amended = state::amend(tx, &keys, &[&state::MASTERS[0]])?;
        masters::set_holder(tx, "Master1", "Anna")?;
        let draft = Draft::new(&codes::MASTER_SET, "master set");
        let clock = &*bench.ambient.clock;
        audit::append_with(tx, &draft, &who(), Some(&keys), amended.into(), clock)
    })
    .unwrap();
    bench.fail(&mut file, 0);
    bench.pass(10);
    let session = bench.login(&mut file, 0).unwrap();
    assert_eq!((session.number(), session.holder()), (1, Some("Anna")));
    let arrival = session.arrival();
    assert_eq!(
        (arrival.failures, arrival.last_login, arrival.last_audit.seq),
        (1, None, 4)
    );
    assert!(arrival.warnings.is_empty());
    let expected = [
        ("9000", Outcome::Ok),
        ("AUD101", Outcome::Ok),
        ("9010", Outcome::Ok),
        ("AUD103", Outcome::Failed),
        ("AUD101", Outcome::Ok),
    ];
    assert_eq!(
        trail(&file),
        expected.map(|(code, outcome)| (code.to_owned(), outcome))
    );
    let failed = audit::get(file.connection(), 4).unwrap().entry.unwrap();
    assert_eq!(
        (
            failed.master.as_deref(),
            failed.object.as_str(),
            failed.session
        ),
        (Some("Master1"), "Master1", false)
    );
    let entry = audit::get(file.connection(), 5).unwrap().entry.unwrap();
    assert_eq!(
        (
            entry.master.as_deref(),
            entry.holder.as_deref(),
            entry.session
        ),
        (Some("Master1"), Some("Anna"), true)
    );
    let now = bench.ambient.clock.now();
    let master = masters::find(file.connection(), "Master1", now).unwrap();
    assert_eq!(
        (master.last_login, master.failures, master.locked_until),
        (Some(now), 0, None)
    );
    assert_eq!(findings(&file, &session), [""; 0]);
}

#[test]
fn wrong_passwords_lock_in_time_and_never_for_good() {
    let bench = Bench::made();
    let mut file = bench.open();
    for (failure, wait) in [1, 2, 4, 8, 900, 900].into_iter().enumerate() {
        match bench.fail(&mut file, 0) {
            Error::WrongPassword { wait: told, .. } => assert_eq!(told, wait, "failure {failure}"),
            other => panic!("{other}"),
        }
        if wait > 2 {
            bench.pass(wait - 3);
            // Even the right password is not looked at.
            match bench.login(&mut file, 0).err().unwrap() {
                Error::LockedOut { wait, failures, .. } => {
                    assert_eq!((wait, failures as usize), (3, failure + 1));
                }
                other => panic!("{other}"),
            }
            bench.pass(3);
        }
    }
    assert!(
        bench.login(&mut file, 1).is_ok(),
        "the others are not locked"
    );
    let session = bench.login(&mut file, 0).unwrap();
    let arrival = session.arrival();
    assert_eq!((arrival.failures, arrival.refused), (6, 4));
    assert!(
        matches!(
            bench.fail(&mut file, 0),
            Error::WrongPassword { wait: 1, .. }
        ),
        "success resets"
    );
    assert_eq!(
        codes_of(&file)
            .iter()
            .filter(|code| *code == "AUD103")
            .count(),
        7,
        "an attempt that was not tried is no entry"
    );
}

#[test]
fn attempts_that_are_refused_are_counted_and_shown_at_the_next_login() {
    let bench = Bench::made();
    let mut file = bench.open();
    for wait in [1, 2, 4] {
        bench.fail(&mut file, 0);
        bench.pass(wait);
    }
    bench.fail(&mut file, 0);
    for _ in 0..3 {
        assert!(matches!(bench.fail(&mut file, 0), Error::LockedOut { .. }));
    }
    bench.pass(8);
    for refused in [3, 0] {
        let session = bench.login(&mut file, 0).unwrap();
        assert_eq!(session.arrival().refused, refused);
        let last = audit::last(file.connection()).unwrap().seq;
        let entry = audit::get(file.connection(), last).unwrap().entry.unwrap();
        let counted = entry.counts.get("refused").copied();
        assert_eq!(counted, (refused > 0).then_some(u64::from(refused)));
    }
}

#[test]
fn a_short_wait_is_slept_through_and_time_that_stands_still_is_not() {
    let bench = Bench::made();
    let mut file = bench.open();
    let start = bench.ambient.clock.now();
    bench.fail(&mut file, 0);
    bench.fail(&mut file, 0);
    bench.login(&mut file, 0).unwrap();
    let slept = bench.ambient.clock.now().duration_since(start);
    assert_eq!(slept, SignedDuration::from_secs(3));
    bench.fail(&mut file, 0);
    let still = Arc::new(Still {
        at: bench.ambient.clock.now(),
        slept: Mutex::default(),
    });
    let ambient = Ambient {
        clock: Arc::clone(&still) as Arc<dyn Clock>,
        rng: Arc::new(SystemRandomness),
    };
    let error = file
        .login("Master1", &password(WORDS[0]), &who(), &ambient)
        .err()
        .unwrap();
    assert!(matches!(error, Error::LockedOut { wait: 1, .. }), "{error}");
    assert_eq!(*still.slept.lock().unwrap(), Duration::from_secs(3));
}

#[test]
fn a_login_that_waits_for_another_says_so_and_can_be_ended() {
    let bench = Bench::made();
    let mut file = bench.open();
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&lines);
    let cancel = CancelToken::default();
    file.wait_as(Waiting::new(cancel.clone(), move |line| {
        kept.lock().unwrap().push(line.to_owned());
    }));
    let clock = &*bench.ambient.clock;
    let master = (1, MASTERS[0]);
    let turn = Turn::take(&bench.path(), master, &Waiting::default(), clock).unwrap();
    let error = bench.login(&mut file, 0).err().unwrap();
    assert!(matches!(error, Error::LoginUnderWay(_)), "{error}");
    let lines = lines.lock().unwrap();
    assert!(
        lines.len() == 1 && lines[0].contains("another login of Master1"),
        "{lines:?}"
    );
    cancel.cancel();
    let error = bench.login(&mut file, 0).err().unwrap();
    assert!(matches!(error, Error::Cancelled(_)), "{error}");
    drop(turn);
    let now = clock.now();
    let master = masters::find(file.connection(), MASTERS[0], now).unwrap();
    assert_eq!((master.failures, master.locked_until), (0, None));
}

#[test]
fn guesses_at_once_are_no_more_than_one_after_another() {
    const GUESSES: u32 = 6;
    let bench = Bench::made();
    let ambient = Ambient::system();
    let started = std::time::Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..GUESSES {
            scope.spawn(|| {
                let mut file = bench.open();
                file.set_busy_timeout(Duration::from_secs(5)).unwrap();
                let wrong = password("not the password");
                let error = file
                    .login("Master1", &wrong, &who(), &ambient)
                    .err()
                    .unwrap();
                assert_eq!(error.class(), Class::Refused, "{error}");
            });
        }
    });
    let took = started.elapsed();
    let file = bench.open();
    let guesses = codes_of(&file)
        .iter()
        .filter(|code| *code == "AUD103")
        .count() as u32;
    let waits: u64 = (0..guesses - 1)
        .map(|n| [1, 2, 4, 8, 900][n as usize])
        .sum();
    assert!(
        Duration::from_secs(waits) <= took,
        "{guesses} guesses in {took:?}"
    );
    let (failures, refused): (u32, u32) = file
        .connection()
        .query_row(
            "SELECT failures, refused FROM master WHERE number = 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((failures, failures + refused), (guesses, GUESSES));
}

#[test]
fn right_passwords_at_once_all_get_in() {
    let bench = Bench::made();
    std::thread::scope(|scope| {
        for at in 0..12 {
            let bench = &bench;
            scope.spawn(move || {
                let mut file = bench.open();
                file.set_busy_timeout(Duration::from_secs(5)).unwrap();
                let (master, word) = (MASTERS[at % 2], password(WORDS[at % 2]));
                let session = file
                    .login(master, &word, &who(), &Ambient::system())
                    .unwrap();
                assert_eq!(session.arrival().failures, 0);
            });
        }
    });
    assert_eq!(codes_of(&bench.open())[1..], ["AUD101"; 12]);
}

#[test]
fn another_master_unlocks() {
    let bench = Bench::made();
    let mut file = bench.open();
    for wait in [1, 2, 4, 8, 0] {
        bench.fail(&mut file, 0);
        bench.pass(wait);
    }
    let error = bench.login(&mut file, 0).err().unwrap();
    assert_eq!(
        error.to_string(),
        "Master1 is locked for another 15 minutes after 5 failed logins"
    );
    assert_eq!(error.class(), Class::Refused);
    file.write(&holder("master unlock"), |tx| {
        masters::unlock(tx, "master1")
    })
    .unwrap();
    assert!(bench.login(&mut file, 0).is_ok());
}

#[test]
fn a_clock_that_was_set_back_cannot_make_a_lock_longer() {
    let bench = Bench::made();
    let mut file = bench.open();
    bench.pass(365 * 86_400);
    bench.fail(&mut file, 0);
    bench.pass(-365 * 86_400);
    assert!(matches!(
        bench.login(&mut file, 0),
        Err(Error::LockedOut { wait: 900, .. })
    ));
    bench.pass(900);
    assert!(bench.login(&mut file, 0).is_ok());
}

#[test]
fn a_name_that_is_no_master_is_refused_and_not_written_down() {
    let bench = Bench::made();
    let mut file = bench.open();
    let error = file
        .login(
            "typed-my-password-here",
            &password(WORDS[0]),
            &who(),
            &bench.ambient,
        )
        .err()
        .unwrap();
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("Master1, Master2, Master3"), "{hint}");
    assert_eq!(error.class(), Class::Refused);
    let row = audit::get(file.connection(), 2).unwrap();
    let entry = row.entry.unwrap();
    assert_eq!(entry.outcome, Outcome::Refused);
    assert_eq!(entry.detail.as_deref(), Some("no master of that name"));
    assert!(!row.body.contains("typed-my-password"));
    // More of them do not fill the audit.
    let mut guess = || file.login("Master9", &password(WORDS[0]), &who(), &bench.ambient);
    assert!(matches!(guess(), Err(Error::NoSuchMaster { .. })));
    assert!(guess().is_err());
    bench.login(&mut file, 0).unwrap();
    let _ = file.login("Master9", &password(WORDS[0]), &who(), &bench.ambient);
    assert_eq!(codes_of(&file)[1..], ["AUD103", "AUD101", "AUD103"]);
    // A wrong password has the same code, and is another matter.
    bench.fail(&mut file, 0);
    let _ = file.login("Master9", &password(WORDS[0]), &who(), &bench.ambient);
    let ends = trail(&file).into_iter().map(|(_, outcome)| outcome).skip(4);
    assert_eq!(
        ends.collect::<Vec<_>>(),
        [Outcome::Failed, Outcome::Refused]
    );
}

#[test]
fn a_name_that_is_no_master_is_refused_where_the_audit_was_emptied() {
    let bench = Bench::made();
    bench.sql("DELETE FROM audit");
    let mut file = bench.open();
    let error = file
        .login("Master9", &password(WORDS[0]), &who(), &bench.ambient)
        .err()
        .unwrap();
    assert!(matches!(error, Error::NoSuchMaster { .. }), "{error}");
    assert_eq!(codes_of(&file), ["AUD103"]);
}

#[test]
fn what_is_no_password_is_a_wrong_one_or_a_wrong_file() {
    let bench = Bench::made();
    let mut file = bench.open();
    let mut try_with = |text: &str| {
        file.login("Master1", &password(text), &who(), &bench.ambient)
            .err()
            .unwrap()
    };
    assert!(matches!(
        try_with("two\nlines-in-the-file"),
        Error::Password { .. }
    ));
    for _ in 0..3 {
        assert!(matches!(try_with("short"), Error::WrongPassword { .. }));
    }
    assert!(matches!(try_with("short"), Error::LockedOut { .. }));
}

#[test]
fn a_damaged_slot_is_no_wrong_password() {
    let bench = Bench::made();
    bench.sql("UPDATE master SET kdf_memory = 99999999 WHERE number = 1");
    let mut file = bench.open();
    for _ in 0..2 {
        assert!(matches!(bench.login(&mut file, 0), Err(Error::Keys(_))));
    }
    let now = bench.ambient.clock.now();
    assert_eq!(
        masters::find(file.connection(), "Master1", now)
            .unwrap()
            .failures,
        0
    );
}

#[test]
fn keys_that_do_not_open_are_no_wrong_password() {
    let bench = Bench::made();
    bench.sql("UPDATE master SET vault_key = zeroblob(104) WHERE number = 1");
    let mut file = bench.open();
    for _ in 0..5 {
        assert!(matches!(bench.login(&mut file, 0), Err(Error::Keys(_))));
    }
    let now = bench.ambient.clock.now();
    let master = masters::find(file.connection(), "Master1", now).unwrap();
    assert_eq!((master.failures, master.locked_until), (0, None));
}

#[test]
fn a_password_is_changed_with_the_old_one() {
    let bench = Bench::made();
    let mut file = bench.open();
    let session = bench.login(&mut file, 0).unwrap();
    let new = password("a-brand-new-one");
    let mut change = |old: &str, new: &SecretBytes| {
        file.change_password(
            &session,
            &password(old),
            new,
            "master password",
            &who(),
            &bench.ambient,
        )
    };
    assert!(matches!(
        change(WORDS[0], &password("short")),
        Err(Error::Password { .. })
    ));
    assert!(matches!(
        change(WORDS[1], &new),
        Err(Error::WrongPassword { .. })
    ));
    bench.pass(5);
    change(WORDS[0], &new).unwrap();
    assert_eq!(codes_of(&file)[1..], ["AUD101", "AUD109", "AUD108"]);
    assert!(matches!(
        bench.login(&mut file, 0),
        Err(Error::WrongPassword { .. })
    ));
    bench.pass(5);
    let again = file.login("Master1", &new, &who(), &bench.ambient).unwrap();
    assert_eq!(findings(&file, &again), [""; 0]);
    assert!(bench.login(&mut file, 1).is_ok());
}
