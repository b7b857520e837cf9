//! Sessions: locked, watched, ended, and what this machine remembers of them.

use super::*;

#[test]
fn a_locked_session_has_no_keys_until_its_master_returns() {
    let bench = Bench::made();
    let mut file = bench.open();
    let mut session = bench.login(&mut file, 0).unwrap();
    let running = session.keys().unwrap();
    session.lock();
    assert!(session.is_locked());
    assert!(matches!(session.keys(), Err(Error::Locked)));
    assert_eq!(
        Arc::strong_count(&running),
        1,
        "only the running command has them"
    );
    let wrong = file.relogin(&mut session, &password(WORDS[1]), &who(), &bench.ambient);
    assert!(matches!(wrong, Err(Error::WrongPassword { .. })));
    bench.pass(5);
    file.relogin(&mut session, &password(WORDS[0]), &who(), &bench.ambient)
        .unwrap();
    assert!(session.keys().is_ok());
    assert_eq!(codes_of(&file)[1..], ["AUD101", "AUD104", "AUD101"]);
}

#[test]
fn the_watchdog_takes_the_keys_and_says_so() {
    let bench = Bench::made();
    let mut file = bench.open();
    let mut session = bench.login(&mut file, 0).unwrap();
    session.arm(Duration::from_secs(3600)).unwrap();
    session.disarm();
    assert!(session.keys().is_ok() && session.idle_since().is_none());
    session.arm(Duration::ZERO).unwrap();
    while !codes_of(&file).contains(&"9001".to_owned()) {
        std::thread::yield_now();
    }
    assert!(matches!(session.keys(), Err(Error::Locked)));
    assert_eq!(session.idle_since(), Some(bench.ambient.clock.now()));
    file.relogin(&mut session, &password(WORDS[0]), &who(), &bench.ambient)
        .unwrap();
    assert!(session.idle_since().is_none());
    assert_eq!(findings(&file, &session), [""; 0]);
    file.logout(session, "logout", &who(), &bench.ambient)
        .unwrap();
}

#[test]
fn a_logout_ends_on_record_and_with_an_empty_log() {
    let bench = Bench::made();
    let mut file = bench.open();
    let session = bench.login(&mut file, 0).unwrap();
    assert_eq!(
        file.logout(session, "logout", &who(), &bench.ambient)
            .unwrap(),
        Checkpoint::Done
    );
    assert_eq!(codes_of(&file)[1..], ["AUD101", "AUD102"]);
    assert_eq!(
        fs::metadata(bench.folder.path().join("vault.db-wal"))
            .unwrap()
            .len(),
        0
    );
    let session = bench.login(&mut file, 0).unwrap();
    session.lock();
    file.logout(session, "logout", &who(), &bench.ambient)
        .unwrap();
    assert_eq!(codes_of(&file).len(), 4);
}

#[test]
fn an_old_copy_that_is_brought_back_is_noticed() {
    let bench = Bench::made();
    let state = tempfile::tempdir().unwrap();
    let open = || bench.open_remembering(state.path());
    let mut file = open();
    let session = bench.login(&mut file, 0).unwrap();
    assert!(session.arrival().warnings.is_empty());
    file.logout(session, "logout", &who(), &bench.ambient)
        .unwrap();
    drop(file);
    let old = fs::read(bench.path()).unwrap();

    let mut file = open();
    let session = bench.login(&mut file, 0).unwrap();
    assert!(session.arrival().warnings.is_empty());
    file.logout(session, "logout", &who(), &bench.ambient)
        .unwrap();
    drop(file);
    fs::write(bench.path(), old).unwrap();

    let mut file = open();
    let session = bench.login(&mut file, 1).unwrap();
    let warnings = &session.arrival().warnings;
    assert!(
        warnings[0].contains("this vault is older than what this machine saw at 2026-03-01"),
        "{warnings:?}"
    );
    let entry = audit::get(file.connection(), 4).unwrap().entry.unwrap();
    assert_eq!(entry.detail.as_ref(), Some(&warnings[0]));
    assert_eq!(entry.rolled_back.len(), 1);
    file.logout(session, "logout", &who(), &bench.ambient)
        .unwrap();
    drop(file);

    // The newest entry has been noted again; the older one stays until it is acknowledged.
    for _ in 0..2 {
        let session = bench.login(&mut open(), 0).unwrap();
        assert_eq!(session.arrival().warnings.len(), 1, "reported again");
    }
    let mut file = open();
    let told = file.rollbacks().unwrap();
    assert_eq!(told[0].claim().unwrap().to_string(), entry.rolled_back[0]);
    file.acknowledged(&told).unwrap();
    let session = bench.login(&mut file, 0).unwrap();
    assert!(session.arrival().warnings.is_empty());
}

#[test]
fn an_anchor_that_cannot_be_kept_is_not_lost() {
    let bench = Bench::made();
    let state = tempfile::tempdir().unwrap();
    let open = || bench.open_remembering(state.path());
    bench.login(&mut open(), 0).unwrap();
    bench.sql("DELETE FROM audit WHERE seq > 1");
    let kept = fs::read_dir(state.path().join("anchors"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .next()
        .unwrap();
    let anchor = fs::read(&kept).unwrap();
    // A folder stands where the older anchors would go.
    let mut rollbacks = kept.clone().into_os_string();
    rollbacks.push(".rollback");
    fs::create_dir(&rollbacks).unwrap();
    for _ in 0..2 {
        let session = bench.login(&mut open(), 0).unwrap();
        let warnings = session.arrival().warnings.join("\n");
        assert!(warnings.contains("this vault is older") || warnings.contains("is another entry"));
        assert!(warnings.contains("is a folder"), "{warnings}");
        assert_eq!(fs::read(&kept).unwrap(), anchor);
    }
}

#[test]
fn a_session_keeps_the_file_shared() {
    let bench = Bench::made();
    let (mut first, mut second) = (bench.open(), bench.open());
    let _one = bench.login(&mut first, 0).unwrap();
    let two = bench.login(&mut second, 1).unwrap();
    let lock = fs::File::open(bench.folder.path().join("vault.db.lock")).unwrap();
    assert!(lock.try_lock().is_err(), "a key update has to wait");
    drop((_one, two));
    lock.try_lock().unwrap();
    assert!(matches!(
        bench.login(&mut first, 0),
        Err(Error::KeysInChange)
    ));
}
