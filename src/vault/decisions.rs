//! The tables of the vault that decide who goes where, summed under a key (see [`crate::store::state`]).
//!
//! An export uses copies of them, filled by the very scan that was proven: under the same names in its connection's
//! temporary database, where they stand before those of the file.

use rusqlite::{Connection, params};

use super::Result;
use crate::store::state::{self, Row, SETTING, Scan};
use crate::store::{self, Keys, Summed};

/// Users who go under another id.
pub static MAPPED: Summed = Summed {
    name: "mapped",
    scans: &[Scan {
        sql: "SELECT m.user, g.name, u.userid, m.user, m.target, m.fold FROM main.mapped m \
              LEFT JOIN users u ON u.id = m.user LEFT JOIN groups g ON g.id = u.group_id ORDER BY m.user",
        order: 1,
    }],
};

/// Users who do not go.
pub static EXCLUDED: Summed = Summed {
    name: "excluded",
    scans: &[Scan {
        sql: "SELECT x.user, g.name, u.userid, x.user, x.at, x.master, x.reason FROM main.excluded x \
              LEFT JOIN users u ON u.id = x.user LEFT JOIN groups g ON g.id = u.group_id ORDER BY x.user",
        order: 1,
    }],
};

/// Target ids that are held by users who are called otherwise now.
pub static TAKEN: Summed = Summed {
    name: "taken",
    scans: &[Scan {
        sql: "SELECT t.fold, t.user, g.name, u.userid, t.user, t.fold, t.target FROM main.taken t \
              LEFT JOIN users u ON u.id = t.user LEFT JOIN groups g ON g.id = u.group_id ORDER BY t.fold, t.user",
        order: 2,
    }],
};

/// Groups that exported users were in.
pub static MOVED: Summed = Summed {
    name: "moved",
    scans: &[Scan {
        sql: "SELECT m.user, g.name, u.userid, m.user, m.group_name FROM main.moved m \
              LEFT JOIN users u ON u.id = m.user LEFT JOIN groups g ON g.id = u.group_id ORDER BY m.user",
        order: 1,
    }],
};

/// Addresses of soft tokens that a master gave.
pub static IDP_URLS: Summed = Summed {
    name: "idp_urls",
    scans: &[Scan {
        sql: "SELECT serial, vendor, distinction, serial, vendor, distinction, url, previous, source \
              FROM main.idp_urls ORDER BY serial, vendor, distinction",
        order: 3,
    }],
};

/// The ledger.
pub static BUNDLES: Summed = Summed {
    name: "bundles",
    scans: &[Scan {
        sql: "SELECT number, number, id, state, path, overwrite, master, selection, password, password_generation, \
              sha256, size, groups, users, tokens, cards FROM main.bundles ORDER BY number",
        order: 1,
    }],
};

/// Those that only a migration works with.
pub(super) static LATE: &[&Summed] = &[&MAPPED, &EXCLUDED, &TAKEN, &MOVED, &IDP_URLS];

/// Proves the tables that a migration works with. For the beginning of a command that works with them.
pub fn prove(db: &Connection, keys: &Keys) -> Result<()> {
    let tx = db.unchecked_transaction()?;
    state::prove(&tx, keys, LATE)?;
    Ok(())
}

/// Proves the tables that an export works with, settings and ledger among them, and sets copies of those that it
/// queries before them, inside the caller's transaction.
pub(super) fn shadow(db: &Connection, keys: &Keys) -> Result<()> {
    db.execute_batch(
        "CREATE TEMP TABLE mapped (user INTEGER PRIMARY KEY, target TEXT NOT NULL, fold TEXT NOT NULL) STRICT;
         CREATE TEMP TABLE excluded (user INTEGER PRIMARY KEY, at INTEGER NOT NULL, master TEXT NOT NULL,
             reason TEXT NOT NULL) STRICT;
         CREATE TEMP TABLE taken (fold TEXT NOT NULL, user INTEGER NOT NULL, target TEXT NOT NULL,
             PRIMARY KEY (fold, user)) STRICT, WITHOUT ROWID;",
    )?;
    let mut mapped = db.prepare("INSERT INTO temp.mapped VALUES (?, ?, ?)")?;
    let mut excluded = db.prepare("INSERT INTO temp.excluded VALUES (?, ?, ?, ?)")?;
    let mut taken = db.prepare("INSERT INTO temp.taken VALUES (?, ?, ?)")?;
    let mut copy = |table: &'static Summed, row: &Row<'_, '_>| -> store::Result<()> {
        // Behind the names of group and user.
        if table.name == MAPPED.name {
            let (user, target, fold): (i64, String, String) =
                (row.get(2)?, row.get(3)?, row.get(4)?);
            mapped.execute(params![user, target, fold])?;
        } else if table.name == EXCLUDED.name {
            let (user, at): (i64, i64) = (row.get(2)?, row.get(3)?);
            let (master, reason): (String, String) = (row.get(4)?, row.get(5)?);
            excluded.execute(params![user, at, master, reason])?;
        } else if table.name == TAKEN.name {
            let (user, fold, target): (i64, String, String) =
                (row.get(2)?, row.get(3)?, row.get(4)?);
            taken.execute(params![fold, user, target])?;
        }
        Ok(())
    };
    let mut tables = vec![&SETTING, &BUNDLES];
    tables.extend(LATE);
    state::prove_with(db, keys, &tables, &mut copy)?;
    db.execute_batch("CREATE INDEX temp.mapped_fold ON mapped (fold)")?;
    Ok(())
}

#[cfg(test)]
mod tests;
