//! The vault in its sealed file: loads beside other sessions, loads that fail, secrets that were moved.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use igsh::ambient::{Ambient, CancelToken, Silent, SystemClock, SystemRandomness};
use igsh::crypto::kdf::Cost;
use igsh::exchange::population::generate;
use igsh::lang::selection::Selection;
use igsh::model::SecretBytes;
use igsh::store::audit::{Draft, Who, append_with, codes};
use igsh::store::{self, Holder, Keys, NewMaster, SealedFile};
use igsh::vault::{
    BadRecord, Error, GoneLimit, KIND, LoadOptions, LoadReport, Snapshot, SourceUser, Unassigned,
    Vault,
};

const PASSWORD: &str = "password of master";

struct Desk {
    folder: tempfile::TempDir,
    vault: Vault,
    keys: Arc<Keys>,
}

fn open(path: &Path) -> Vault {
    Vault::open(path).unwrap()
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.db");
        let ambient = Ambient::system();
        let who = Who::here(&*ambient.rng).unwrap();
        let password = |n: u8| SecretBytes::from(format!("{PASSWORD} {n}").into_bytes());
        let masters = [1, 2, 3].map(|n| NewMaster {
            name: format!("Master{n}"),
            password: password(n),
        });
        let cost = Cost {
            memory_kib: 19456,
            passes: 2,
            lanes: 1,
        };
        SealedFile::create(&path, &KIND, &masters, cost, "system init", &who, &ambient).unwrap();
        let mut vault = open(&path);
        let session = vault
            .file_mut()
            .login("Master1", &password(1), &who, &ambient)
            .unwrap();
        let keys = session.keys().unwrap();
        Self {
            folder,
            vault,
            keys,
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("vault.db")
    }

    fn load(&mut self, users: u64, seed: u64) -> LoadReport {
        load(&mut self.vault, &self.keys, users, seed, |_| Ok(())).unwrap()
    }

    fn number(&self, sql: &str) -> i64 {
        let db = self.vault.file().connection();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn check(&self) {
        assert_eq!(self.vault.file().check().unwrap(), Vec::<String>::new());
        let whole: String = self
            .vault
            .file()
            .connection()
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(whole, "ok");
    }
}

fn holder(command: &str) -> Holder {
    Holder {
        command: command.into(),
        session: "Master1".into(),
        since: Ambient::system().clock.now(),
    }
}

fn load(
    vault: &mut Vault,
    keys: &Keys,
    users: u64,
    seed: u64,
    audit: impl FnOnce(&LoadReport) -> store::Result<()>,
) -> Result<LoadReport, Error> {
    let records = (1..).zip(generate(users, seed, 0).unwrap()).map(Ok);
    let options = LoadOptions {
        source: "population".into(),
        format: "ndjson".into(),
        master: "Master1".into(),
        at: Ambient::system().clock.now(),
        skip_bad: false,
        force: false,
        add_system: false,
        gone_limit: GoneLimit::Percent(100, None),
        prefixes: vec!["EXPORT_".into()],
    };
    vault.load(
        keys,
        records,
        &options,
        &holder("source load"),
        |tx, report, sums| {
            audit(report)?;
            let draft = Draft::new(&codes::SOURCE_LOADED, "source load");
            let who = Who::here(&SystemRandomness)?;
            append_with(tx, &draft, &who, Some(keys), sums, &SystemClock).map(|_| ())
        },
        &mut |_: &BadRecord| {},
        &Silent,
        &CancelToken::default(),
    )
}

fn drain(snapshot: &mut Snapshot) -> Vec<SourceUser> {
    let mut all = Vec::new();
    loop {
        let page = snapshot.next_users().unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn everybody(vault: &Vault) -> Snapshot {
    vault
        .snapshot(
            None,
            &Selection::default(),
            Unassigned::Auto,
            &CancelToken::default(),
        )
        .unwrap()
}

#[test]
fn a_load_is_sound_and_a_second_one_changes_no_user() {
    let mut desk = Desk::new();
    // More than the indexes stay in place for.
    let report = desk.load(5_000, 3);
    assert_eq!((report.users.new, report.users.replaced), (5_000, 0));
    desk.check();
    let tokens = desk.number("SELECT count(*) FROM tokens");
    let report = desk.load(5_000, 3);
    assert_eq!((report.users.new, report.users.replaced), (0, 5_000));
    assert_eq!(
        (report.users.gone, report.renamed, report.reassigned),
        (0, 0, 0)
    );
    assert_eq!(desk.number("SELECT count(*) FROM tokens"), tokens);
    desk.check();
    // Another population of the same system: all users of before are gone.
    let report = desk.load(3_000, 4);
    assert_eq!(report.users.loaded(), 3_000);
    let here = desk.number("SELECT count(*) FROM users WHERE gone = 0");
    assert_eq!(here, 3_000);
    desk.check();
    for user in drain(&mut everybody(&desk.vault)) {
        user.sealed.open(&desk.keys).unwrap();
    }
}

#[test]
fn a_load_whose_audit_fails_has_not_happened() {
    let mut desk = Desk::new();
    desk.load(10, 1);
    let before = desk.number("SELECT sum(load) FROM users");
    let outcome = load(&mut desk.vault, &desk.keys, 3_000, 2, |_| {
        Err(store::Error::Internal("no audit"))
    });
    assert!(outcome.is_err());
    assert_eq!(desk.number("SELECT sum(load) FROM users"), before);
    assert_eq!(desk.number("SELECT count(*) FROM loads"), 1);
    desk.check();
    desk.load(10, 1);
}

#[test]
fn while_one_session_loads_others_read_and_learn_why_they_cannot_write() {
    let mut desk = Desk::new();
    desk.load(20, 1);
    let mut other = open(&desk.path());
    other
        .file_mut()
        .set_busy_timeout(Duration::from_millis(50))
        .unwrap();
    let report = load(&mut desk.vault, &desk.keys, 3_000, 2, |_| {
        let mut snapshot = everybody(&other);
        assert_eq!(snapshot.users(), 20);
        assert_eq!(drain(&mut snapshot).len(), 20);
        drop(snapshot);
        let refused = other
            .file_mut()
            .write(&holder("audit checkpoint"), |_| Ok::<_, store::Error>(()));
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("source load"), "{message}");
        Ok(())
    })
    .unwrap();
    assert_eq!(report.users.new, 3_000);
}

#[test]
fn a_snapshot_reads_on_while_a_load_replaces_what_it_reads() {
    let mut desk = Desk::new();
    desk.load(600, 1);
    let mut snapshot = everybody(&desk.vault);
    let first = snapshot.next_users().unwrap();
    desk.load(600, 2);
    let rest = drain(&mut snapshot);
    assert_eq!(first.len() + rest.len(), 600);
    let others: Vec<i64> = drain(&mut everybody(&desk.vault))
        .iter()
        .filter(|user| !user.gone)
        .map(|user| user.id)
        .collect();
    assert_eq!(others.len(), 600);
    for user in first.into_iter().chain(rest) {
        assert!(!user.gone);
        user.sealed.open(&desk.keys).unwrap();
    }
}

#[test]
fn a_secret_that_was_moved_with_plain_sql_does_not_open_and_the_row_is_named() {
    let mut desk = Desk::new();
    desk.load(200, 1);
    // Each swap between two users: their questions, a password, a seed, a card; and a seed with its own unlock data.
    for (swap, value) in [
        (
            "UPDATE qa SET sealed = (SELECT o.sealed FROM qa o WHERE o.user <> qa.user LIMIT 1) \
             WHERE user = (SELECT max(user) FROM qa)",
            "the sealed questions and answers of ",
        ),
        (
            "UPDATE passwords SET sealed = (SELECT o.sealed FROM passwords o WHERE o.id < passwords.id LIMIT 1) \
             WHERE id = (SELECT max(id) FROM passwords)",
            "the sealed password",
        ),
        (
            "UPDATE tokens SET seed = (SELECT o.seed FROM tokens o WHERE o.id > 0 AND o.id < tokens.id LIMIT 1) \
             WHERE id = (SELECT max(id) FROM tokens)",
            "the sealed seed of token ",
        ),
        (
            "UPDATE cards SET cells = (SELECT o.cells FROM cards o WHERE o.id > 0 AND o.id < cards.id LIMIT 1) \
             WHERE id = (SELECT max(id) FROM cards)",
            "the sealed cells of card ",
        ),
        (
            "UPDATE tokens SET seed = unlock WHERE id = (SELECT max(id) FROM tokens WHERE unlock IS NOT NULL)",
            "the sealed seed of token ",
        ),
        (
            "UPDATE users SET userid = userid || 'x' WHERE id = (SELECT max(id) FROM users)",
            "x does not belong there",
        ),
    ] {
        let thief = rusqlite::Connection::open(desk.path()).unwrap();
        thief.execute_batch("BEGIN").unwrap();
        assert_eq!(thief.execute(swap, []).unwrap(), 1, "{swap}");
        thief.execute_batch("COMMIT").unwrap();
        let failures: Vec<String> = drain(&mut everybody(&desk.vault))
            .into_iter()
            .filter_map(|user| user.sealed.open(&desk.keys).err())
            .map(|error| error.to_string())
            .collect();
        assert_eq!(failures.len(), 1, "{swap}: {failures:?}");
        assert!(failures[0].contains(value), "{}", failures[0]);
        // Sealed anew by the next load, everything opens again.
        desk.load(200, 1);
    }
}
