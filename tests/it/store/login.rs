//! Who gets in, who is locked out and for how long (security.md §2).

use super::*;

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
    file.write(&holder("master set"), |tx| {
        masters::set_holder(tx, "Master1", "Anna")
    })
    .unwrap();
    bench.fail(&mut file, 0);
    bench.pass(10);
    let session = bench.login(&mut file, 0).unwrap();
    assert_eq!((session.number(), session.holder()), (1, Some("Anna")));
    let arrival = session.arrival();
    assert_eq!(
        (arrival.failures, arrival.last_login, arrival.last_audit.seq),
        (1, None, 2)
    );
    assert!(arrival.warnings.is_empty());
    let expected = [
        ("9000", Outcome::Ok),
        ("AUD103", Outcome::Failed),
        ("AUD101", Outcome::Ok),
    ];
    assert_eq!(
        trail(&file),
        expected.map(|(code, outcome)| (code.to_owned(), outcome))
    );
    let failed = audit::get(file.connection(), 2).unwrap().entry.unwrap();
    assert_eq!(
        (
            failed.master.as_deref(),
            failed.object.as_str(),
            failed.session
        ),
        (Some("Master1"), "Master1", false)
    );
    let entry = audit::get(file.connection(), 3).unwrap().entry.unwrap();
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
        bench.pass(wait - 1);
        // Even the right password is not looked at.
        match bench.login(&mut file, 0).err().unwrap() {
            Error::LockedOut { wait, failures, .. } => {
                assert_eq!((wait, failures as usize), (1, failure + 1));
            }
            other => panic!("{other}"),
        }
        bench.pass(1);
    }
    assert!(
        bench.login(&mut file, 1).is_ok(),
        "the others are not locked"
    );
    assert!(bench.login(&mut file, 0).is_ok());
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
        13
    );
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
        "Master1 is locked for another 15 minutes after 5 failed logins; wait, or let another master type: master unlock Master1"
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
fn a_name_that_is_no_master_is_told_and_not_written_down() {
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
    assert!(
        error.to_string().contains("Master1, Master2, Master3"),
        "{error}"
    );
    assert_eq!(error.class(), Class::Refused);
    let row = audit::get(file.connection(), 2).unwrap();
    assert_eq!(row.entry.unwrap().outcome, Outcome::Refused);
    assert!(!row.body.contains("typed-my-password"));
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
    assert!(matches!(try_with("short"), Error::WrongPassword { .. }));
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
fn a_password_is_changed_by_who_knows_the_old_one() {
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
