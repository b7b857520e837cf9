//! Another program changes the vault: what is refused, where, and what the manual lists as not authenticated.

mod accepted;
mod audit;
mod damage;
mod first_use;
mod schema;
mod session;
mod sums;
mod tables;

use std::fs;
use std::sync::LazyLock;

use rusqlite::Connection;

use crate::common::{House, Ran};
use crate::old_files;

/// Everything that an export takes along.
const EXPORT: &str = "export file=x.igb -skip-conflicts";

/// A vault with rows in every table, in which all three masters have been: its decisions are summed.
static VAULT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let house = old_files::house();
    old_files::log_all_in(&house);
    fs::read(house.at("vault.db")).expect("the vault")
});

/// A vault that today's program made, with a bundle and an excluded user.
static NEW: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let house = House::with_people(4);
    house
        .master(&[
            "migrate exclude limit=1 reason=later",
            "export file=first.igb -skip-conflicts",
            "system set idle-timeout=30m",
        ])
        .ok();
    fs::read(house.at("vault.db")).expect("the vault")
});

/// A copy of [`VAULT`] on a machine that has not seen it, after this SQL.
fn changed(sql: &str) -> House {
    let house = old_files::house();
    fs::write(house.at("vault.db"), &*VAULT).expect("the vault");
    change(&house, sql);
    house
}

/// A copy of [`NEW`] on a machine that has not seen it, after this SQL.
fn changed_new(sql: &str) -> House {
    let house = House::empty().on_machine_clock();
    let vault = house.private("vault.db", "");
    fs::write(vault, &*NEW).expect("the vault");
    change(&house, sql);
    house
}

/// Another program at work in the vault.
fn change(house: &House, sql: &str) {
    open(house).execute_batch(sql).expect(sql);
}

fn open(house: &House) -> Connection {
    Connection::open(house.at("vault.db")).expect("the vault")
}

/// What this query gives, as text.
fn ask(house: &House, sql: &str) -> String {
    open(house).query_row(sql, [], |row| row.get(0)).expect(sql)
}

/// Commands in one session of this master.
fn master(house: &House, number: u8, commands: &[&str]) -> Ran {
    house.master_number(number.into(), commands)
}

/// The command must have been refused with these words, and nothing have been made.
#[track_caller]
fn refused(house: &House, ran: Ran, words: &[&str], what: &str) {
    assert_eq!(ran.code, 6, "{what}: {}\n{}", ran.out, ran.err);
    for word in words {
        assert!(
            ran.err.contains(word),
            "{what}: {word:?} is not in: {}",
            ran.err
        );
    }
    for made in ["x.igb", "x.password"] {
        assert!(!house.at(made).exists(), "{what}: there is {made}");
    }
}
