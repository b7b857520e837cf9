use super::*;
use crate::crypto::kdf::{Cost, VAULT};

fn shown(errors: impl IntoIterator<Item = Error>) -> String {
    let shown = |error: Error| {
        let hint = error.hint().unwrap_or("-".into());
        format!("{error}\n  {hint}\n")
    };
    errors.into_iter().map(shown).collect()
}

fn path() -> PathBuf {
    PathBuf::from("/v/vault.db")
}

fn sql(code: i32) -> Error {
    Error::Sql(rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(code),
        None,
    ))
}

const KIND: &str = "vault";

#[test]
fn what_is_wrong_with_the_file_and_what_to_do_about_it() {
    insta::assert_snapshot!(shown([
        Error::Missing { kind: KIND, init: "system init", path: path() },
        Error::Exists { kind: KIND, path: path() },
        Error::NotAFile { kind: KIND, path: path(), what: "a symbolic link" },
        Error::Mode { path: path(), mode: 0o644 },
        Error::Untrusted {
            role: "the folder ",
            path: PathBuf::from("/v"),
            why: Distrust::Open { mode: 0o777, chmod: "go-w" },
        },
        Error::Journal { kind: KIND, path: PathBuf::from("/v/vault.db-journal") },
        Error::Leftover { kind: KIND, path: PathBuf::from("/v/vault.db-wal") },
        Error::NotOurs { kind: KIND, path: path(), why: "the file is empty".to_owned() },
        Error::Newer { path: path(), found: 3001, known: 2001 },
        Error::Corrupt { kind: KIND, path: path(), what: "malformed".to_owned() },
        Error::Schema { kind: KIND, what: "the trigger 'x' does not belong there".to_owned() },
        Error::OtherLog { kind: KIND, log: PathBuf::from("/v/vault.db-wal") },
        Error::Gone { kind: KIND, path: path(), what: "was replaced by another file" },
        Error::io("open", &path(), io::ErrorKind::NotFound.into()),
    ]), @"
    there is no vault at /v/vault.db
      make one with 'system init', or name another file
    /v/vault.db exists already and was left alone
      name another file for the new vault
    /v/vault.db is a symbolic link; nothing was opened
      name the vault file itself
    /v/vault.db is open to others (mode 0644)
      type: chmod 600 '/v/vault.db'
    the folder /v can be written by others (mode 0777); nothing was opened
      type: chmod go-w '/v'
    a journal lies beside the vault: /v/vault.db-journal; nothing was opened
      find out where it came from, and remove it: no vault has one, and SQLite would replay it and may delete the file that it names
    /v/vault.db-wal is there already, left by another vault of that name
      move it away, or name another file for the new vault
    /v/vault.db is not a vault: the file is empty
      check the path
    /v/vault.db was written by a newer igsh (its schema is 3001, this igsh's 2001)
      use that version
    the vault /v/vault.db is damaged (malformed)
      restore a backup
    the vault was changed by another program: the trigger 'x' does not belong there; nothing was read from it
      restore a backup
    /v/vault.db-wal belongs to another copy of this vault: opening the vault would mix both, so nothing was touched
      move the log away, or put the file back that it belongs to; a backup is restored with its own log or none
    the vault /v/vault.db was replaced by another file while it was open; what this session has done since is lost, and the session has ended
      put the right file back, log in again and look at 'audit list last=20'
    cannot open /v/vault.db: entity not found
      -
    ");
}

#[test]
fn what_another_program_has_changed_and_what_to_do_about_it() {
    insta::assert_snapshot!(shown([
        Error::State("mapped: 3 rows, 2 expected".to_owned()),
        Error::OwnSlot,
        Error::AuditDamaged { seq: 7 },
        Error::Field { what: "the seed of token HID 1".to_owned() },
        Error::Epoch { what: "the seed of token HID 1".to_owned(), epoch: 9, kind: KIND },
        Error::Keys("the key slot of Master1".to_owned()),
        Error::BadSetting { name: "idle-timeout", value: "x".to_owned(), command: "system set" },
    ]), @"
    the file was changed by another program: mapped: 3 rows, 2 expected
      'system check' and 'audit verify' say what differs; restore a backup, or take the vault as it is with 'system accept-state reason=…'
    the login's own row was changed by another program: the password fits a key slot that is not the one in force
      let another master log in and look: 'audit list', 'system check'
    the audit was changed by another program: entry #7 is not what a session wrote
      'system check' and 'audit verify' say what differs; restore a backup, or take the vault as it is with 'system accept-state reason=…'
    the seed of token HID 1 does not belong there or is damaged
      look at 'audit verify', and restore a backup
    the seed of token HID 1 is sealed with key epoch 9, which this vault does not have
      restore a backup
    the keys of the vault are damaged: the key slot of Master1 does not open
      restore a backup
    the setting idle-timeout holds 'x', which is no value for it
      type: system set idle-timeout=default
    ");
}

#[test]
fn why_no_master_comes_in_and_what_to_do_about_it() {
    let name = || "Master1".to_owned();
    let locked = |wait, failures| Error::LockedOut {
        name: name(),
        failures,
        until: Timestamp::UNIX_EPOCH,
        wait,
    };
    let password = |why| Error::Password { name: name(), why };
    insta::assert_snapshot!(shown([
        Error::NoSuchMaster { names: "Master1, Master2, Master3".to_owned() },
        locked(119, 1),
        locked(120, 5),
        locked(121, 5),
        Error::WrongPassword { name: name(), wait: 1 },
        password(Unfit::NotText),
        password(Unfit::Short),
        password(Unfit::Long),
        password(Unfit::Control),
        Error::Cost(Cost::new(8, 1, 1).check(&VAULT).unwrap_err()),
        Error::Kdf(KdfError::Memory { kib: 1024 }),
        Error::Kdf(KdfError::Parameters),
        Error::Locked,
        Error::KeysInChange,
        Error::LoginUnderWay(name()),
        Error::Held { kind: KIND, holder: "'source load' of session 1a since noon".to_owned() },
    ]), @"
    there is no master of that name
      the masters are Master1, Master2, Master3
    Master1 is locked for another 119 seconds after 1 failed login
      wait, or let another master type: master unlock Master1
    Master1 is locked for another 2 minutes after 5 failed logins
      wait, or let another master type: master unlock Master1
    Master1 is locked for another 3 minutes after 5 failed logins
      wait, or let another master type: master unlock Master1
    wrong password for Master1; the next attempt is taken in 1 second
      -
    the password of Master1 cannot be used: a master password must be UTF-8 text
      save the password file as UTF-8
    the password of Master1 cannot be used: a master password has at least 12 characters
      choose a longer one
    the password of Master1 cannot be used: a master password has at most 1024 bytes
      choose a shorter one
    the password of Master1 cannot be used: a master password holds no control characters
      leave them out; a password file holds one line
    a key derivation with 8,1,1 (KiB, passes, lanes) is refused: 19456 to 1048576 KiB, 2 to 8 passes and 1 to 8 lanes are accepted
      say kdf=KIB,PASSES,LANES, for example kdf=262144,3,4
    not enough memory to derive the key: 1024 KiB are needed
      free some memory and try again
    the key derivation does not take these parameters
      -
    the session is locked
      log in again with 'login'
    the keys are being renewed in another session
      log in again when that has finished
    another login of Master1 has been under way for a minute; this one was not tried
      try again later
    the vault is held by 'source load' of session 1a since noon; nothing was changed
      try again when that has finished
    ");
}

#[test]
fn what_sqlite_refuses_and_what_to_do_about_it() {
    use rusqlite::ffi;
    insta::assert_snapshot!(shown([
        sql(ffi::SQLITE_CORRUPT),
        sql(ffi::SQLITE_FULL),
        sql(ffi::SQLITE_IOERR),
        sql(ffi::SQLITE_READONLY),
        sql(ffi::SQLITE_BUSY),
        sql(ffi::SQLITE_INTERRUPT),
        sql(ffi::SQLITE_CONSTRAINT),
        sql(ffi::SQLITE_MISUSE),
    ]), @"
    the database is damaged (Error code 11: database disk image is malformed)
      restore a backup
    the disk is full; nothing was changed
      free some space and run the command again
    the database could not be read or written (Error code 10: disk I/O error); nothing was changed
      check the disk, its space and limits
    the database cannot be written (Error code 8: attempt to write a readonly database)
      check the permissions of the file and its folder
    the database is held by another session
      try again when that has finished
    interrupted; nothing was changed
      -
    the database is damaged (Error code 19: constraint failed)
      restore a backup, or run 'system check' on a copy
    the database refused: Error code 21: bad parameter or other API misuse
      -
    ");
}

#[test]
fn a_notice_holds_the_advice_too() {
    let error = Error::Mode {
        path: path(),
        mode: 0o644,
    };
    assert_eq!(
        error.in_one_line(),
        "/v/vault.db is open to others (mode 0644); type: chmod 600 '/v/vault.db'"
    );
    assert_eq!(Error::Internal("x").in_one_line(), "internal error: x");
}
