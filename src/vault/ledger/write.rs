//! The steps of a bundle's row.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::model::bundle::Counts;
use crate::model::{Phase, Reason, Timestamp};
use crate::render::{counted, grouped};
use crate::store;

use super::super::Result;
use super::{State, count};

/// The row of a bundle before its first byte: step A.
#[derive(Debug)]
pub struct Opening<'a> {
    /// Its number, see [`super::next`].
    pub number: u64,
    /// The id in its header.
    pub id: &'a str,
    /// Where its file will be, absolute.
    pub path: &'a str,
    /// Whether it may take the place of another file.
    pub overwrite: bool,
    /// Who exports.
    pub master: &'a str,
    /// The selection as typed.
    pub selection: &'a str,
    pub at: Timestamp,
    /// The bundle's password, sealed for this id and password generation 1.
    pub password: &'a [u8],
}

/// What is added once the file is written: step B.
#[derive(Debug)]
pub struct Sealing<'a> {
    /// Hash of the whole file, in hexadecimal digits.
    pub sha256: &'a str,
    /// Size of the file in bytes.
    pub size: u64,
    pub counts: Counts,
    /// What was not taken, by reason.
    pub not_taken: &'a BTreeMap<&'static str, u64>,
}

/// A user who is in a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user's row id.
    pub user: i64,
    /// The target id, where that is not the user id.
    pub target: Option<String>,
    /// What the bundle holds of them, digested and sealed (see [`crate::vault::digest`]), where that is kept.
    pub digest: Option<Vec<u8>>,
}

/// An item that did not go, or not whole.
#[derive(Debug, Clone, Copy)]
pub struct LeftOut<'a> {
    /// Whose it is; 0 for unassigned ones.
    pub user: i64,
    /// Its place among those of the user, or of all the unassigned ones.
    pub place: u64,
    pub reason: Reason,
    pub item: &'a str,
    pub detail: &'a str,
    /// How many it stands for.
    pub count: u64,
}

/// Step A: a new row in state `open`.
pub fn open(tx: &Connection, opening: &Opening<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO bundles (number, id, state, path, overwrite, master, selection, password, password_generation, \
         opened, loaded) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, (SELECT max(at) FROM loads))",
        params![
            opening.number,
            opening.id,
            State::Open.as_str(),
            opening.path,
            opening.overwrite,
            opening.master,
            opening.selection,
            opening.password,
            opening.at.as_microsecond(),
        ],
    )?;
    Ok(())
}

/// Notes users who are in the bundle.
pub fn add_members<'a>(
    tx: &Connection,
    bundle: u64,
    members: impl IntoIterator<Item = &'a Member>,
) -> Result<()> {
    let mut insert = tx
        .prepare_cached("INSERT INTO members (bundle, user, target, digest) VALUES (?, ?, ?, ?)")?;
    for member in members {
        insert.execute(params![bundle, member.user, member.target, member.digest])?;
    }
    Ok(())
}

/// Notes items that are not in the bundle, or not whole.
pub fn add_left_out<'a>(
    tx: &Connection,
    bundle: u64,
    items: impl IntoIterator<Item = LeftOut<'a>>,
) -> Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO left_out (bundle, user, place, reason, item, detail, count) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    for one in items {
        insert.execute(params![
            bundle,
            one.user,
            count(one.place),
            one.reason.as_str(),
            one.item,
            one.detail,
            count(one.count),
        ])?;
    }
    Ok(())
}

/// Step B: the file is written whole. All members and items left out are noted by now.
pub fn seal(tx: &Connection, bundle: u64, sealing: &Sealing<'_>) -> Result<()> {
    let changed = tx.execute(
        "UPDATE bundles SET state = ?, sha256 = ?, size = ?, groups = ?, users = ?, tokens = ?, cards = ? \
         WHERE number = ? AND state = ?",
        params![
            State::Sealed.as_str(),
            sealing.sha256,
            count(sealing.size),
            count(sealing.counts.group),
            count(sealing.counts.user),
            count(sealing.counts.token),
            count(sealing.counts.card),
            bundle,
            State::Open.as_str(),
        ],
    )?;
    expect_one(changed)?;
    let mut insert =
        tx.prepare_cached("INSERT INTO not_taken (bundle, reason, count) VALUES (?, ?, ?)")?;
    for (reason, number) in sealing.not_taken {
        insert.execute(params![bundle, reason, count(*number)])?;
    }
    Ok(())
}

/// Step C: the file has its name. Its users become `exported`, without the target's answer and what has changed
/// since; with `keep_phase` those who are imported or migrated stay that. An older bundle whose file it replaced
/// is noted as replaced.
/// Returns how many users are exported now.
pub fn finish(tx: &Connection, bundle: u64, at: Timestamp, keep_phase: bool) -> Result<u64> {
    let found: Option<(String, String, bool, u64)> = tx
        .query_row(
            "SELECT master, path, overwrite, coalesce(users, 0) FROM bundles WHERE number = ? AND state = ?",
            params![bundle, State::Sealed.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    let (master, path, overwrite, users) = found.ok_or_else(out_of_step)?;
    let members: u64 = tx.query_row(
        "SELECT count(*) FROM members WHERE bundle = ?1",
        [bundle],
        |row| row.get(0),
    )?;
    if members != users {
        return Err(store::Error::State(format!(
            "bundle {bundle} was sealed with {}, and the vault has {} as its members",
            counted(users, "user"),
            grouped(members)
        ))
        .into());
    }
    let changed = tx.execute(
        "UPDATE bundles SET state = ?, finished = ? WHERE number = ?",
        params![State::Done.as_str(), at.as_microsecond(), bundle],
    )?;
    expect_one(changed)?;
    if overwrite {
        tx.execute(
            "UPDATE bundles SET state = ?, note = ? WHERE path = ? AND state = ? AND number <> ?",
            params![
                State::Replaced.as_str(),
                format!("its file was replaced by that of bundle {bundle}"),
                path,
                State::Done.as_str(),
                bundle
            ],
        )?;
    }
    let exported = Phase::Exported.number();
    let own = "CASE WHEN ?5 AND phase > excluded.phase THEN";
    tx.execute(
        &format!(
            "INSERT INTO progress (user, phase, bundle, at, master) \
             SELECT user, ?2, ?1, ?3, ?4 FROM members WHERE bundle = ?1 ORDER BY user \
             ON CONFLICT (user) DO UPDATE SET phase = {own} phase ELSE excluded.phase END, bundle = excluded.bundle, \
             at = {own} at ELSE excluded.at END, master = {own} master ELSE excluded.master END, \
             import = 0, changed = 0"
        ),
        params![bundle, exported, at.as_microsecond(), master, keep_phase],
    )?;
    let moved = match keep_phase {
        true => tx.query_row(
            "SELECT count(*) FROM members m JOIN progress p ON p.user = m.user WHERE m.bundle = ? AND p.phase = ?",
            params![bundle, exported],
            |row| row.get(0),
        )?,
        false => users,
    };
    Ok(moved)
}

/// The export did not finish: the row keeps why; its password, members and items are gone.
pub fn fail(tx: &Connection, bundle: u64, note: &str, at: Timestamp) -> Result<()> {
    end(tx, bundle, State::Failed, note, at)?;
    tx.execute(
        "UPDATE bundles SET password = NULL WHERE number = ?",
        [bundle],
    )?;
    for table in ["members", "left_out", "not_taken"] {
        tx.execute(&format!("DELETE FROM {table} WHERE bundle = ?"), [bundle])?;
    }
    Ok(())
}

/// The export finished, but its file is nowhere: the row keeps everything, and the users stay where they were.
pub fn lose(tx: &Connection, bundle: u64, note: &str, at: Timestamp) -> Result<()> {
    end(tx, bundle, State::Lost, note, at)
}

fn end(tx: &Connection, bundle: u64, state: State, note: &str, at: Timestamp) -> Result<()> {
    let changed = tx.execute(
        "UPDATE bundles SET state = ?, note = ?, finished = ? WHERE number = ? AND state IN (?, ?)",
        params![
            state.as_str(),
            note,
            at.as_microsecond(),
            bundle,
            State::Open.as_str(),
            State::Sealed.as_str()
        ],
    )?;
    expect_one(changed)
}

fn expect_one(changed: usize) -> Result<()> {
    if changed == 1 {
        Ok(())
    } else {
        Err(out_of_step())
    }
}

/// Another session has settled the row meanwhile, or it never was.
fn out_of_step() -> super::super::Error {
    store::Error::Internal("the ledger's row is not where this step begins").into()
}
