//! The tables that every sealed file has, and how a file moves forward to today's schema.
//!
//! A migration that has been released is never edited. `user_version` holds both counts, the room's own below a
//! thousand, so that a newer file of either kind is not taken for a damaged one.

use rusqlite::{Connection, TransactionBehavior};

use super::compiled::version_of;
use super::{Error, Result, Summed, stamp};

/// What a sealed file holds.
#[derive(Debug)]
pub struct Kind {
    /// What people call it, such as "vault".
    pub name: &'static str,
    /// The command that makes one, such as "system init".
    pub init: &'static str,
    /// SQLite's `application_id`, which distinguishes the files of igsh from others.
    pub application_id: i32,
    /// The tables of the room that names the kind, applied after those of every sealed file; forward only, at most 999.
    pub migrations: &'static [&'static str],
    /// A query for whether work under way has taken indexes away, if there is such work.
    pub bulk: Option<&'static str>,
    /// The room's own tables of decisions, which are summed under a key and looked at by each login.
    pub sums: &'static [&'static Summed],
    /// More of them that a login leaves alone, because only a migration works with them; the first one is shown where
    /// sums begin.
    pub late: &'static [&'static Summed],
}

const STEP: i64 = 1000;

const BASE: &[&str] = &[
    r"
-- One row: what the file is.
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    vid BLOB NOT NULL CHECK (length(vid) = 16),
    generation INTEGER NOT NULL CHECK (generation >= 1),
    created INTEGER NOT NULL
) STRICT;

-- Key slots (igsh-vault(5), KEYS). Times are microseconds since 1970, UTC.
CREATE TABLE master (
    number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 3),
    name TEXT NOT NULL UNIQUE,
    holder TEXT,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    kdf_memory INTEGER NOT NULL,
    kdf_passes INTEGER NOT NULL,
    kdf_lanes INTEGER NOT NULL,
    slot BLOB NOT NULL,
    vault_key BLOB NOT NULL,
    password_changed INTEGER NOT NULL,
    last_login INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE audit_key (
    master INTEGER NOT NULL REFERENCES master (number),
    generation INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (master, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE epoch (
    number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 4294967295),
    wrapped BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The chain (igsh-vault(5), AUDIT). What is read is the body; the other columns only find it.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    body TEXT NOT NULL,
    hash BLOB NOT NULL,
    mac BLOB,
    at TEXT AS (iif(json_valid(body), body ->> '$.at', NULL)),
    code TEXT AS (iif(json_valid(body), body ->> '$.code', NULL)),
    master TEXT AS (iif(json_valid(body), body ->> '$.master', NULL)),
    bundle INTEGER AS (iif(json_valid(body), CAST(body ->> '$.bundle' AS INTEGER), NULL))
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_code ON audit (code);
CREATE INDEX audit_master ON audit (master);
CREATE INDEX audit_bundle ON audit (bundle) WHERE bundle IS NOT NULL;
",
    r"
-- Which write came before the last one and which was the last: every write transaction moves `own` to `prev` and draws
-- a new `own`, so that a write-ahead log of another copy of the file is noticed before SQLite merges it.
CREATE TABLE stamp (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    prev BLOB NOT NULL CHECK (length(prev) = 16),
    own BLOB NOT NULL CHECK (length(own) = 16)
) STRICT;
INSERT INTO stamp VALUES (1, randomblob(16), randomblob(16));

-- Attempts that were not even tried, since the last login; its audit entry says how many.
ALTER TABLE master ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
",
];

impl Kind {
    /// The schema number of a file that this program writes.
    pub(crate) fn version(&self) -> i64 {
        BASE.len() as i64 * STEP + self.migrations.len() as i64
    }

    /// Whether a file with this schema number can be brought up to date.
    pub(crate) fn can_read(&self, version: i64) -> bool {
        version >= STEP
            && version / STEP <= BASE.len() as i64
            && version % STEP <= self.migrations.len() as i64
    }

    /// Applies what is missing, in one transaction of its own. Returns whether anything was.
    pub(crate) fn bring_forward(&self, connection: &mut Connection) -> Result<bool> {
        if version_of(connection)? == self.version() {
            return Ok(false);
        }
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.compare_schema(&tx)?;
        self.apply(&tx)?;
        stamp::renew(&tx)?;
        tx.commit()?;
        Ok(true)
    }

    /// Applies what is missing inside the caller's transaction.
    pub(crate) fn apply(&self, tx: &Connection) -> Result<()> {
        self.apply_up_to(tx, self.version())
    }

    /// Applies what is missing up to this version.
    pub(super) fn apply_up_to(&self, tx: &Connection, target: i64) -> Result<()> {
        let done = version_of(tx)?;
        let counts = |version: i64| [version / STEP, version % STEP];
        for (scripts, (done, wanted)) in [BASE, self.migrations]
            .into_iter()
            .zip(counts(done).into_iter().zip(counts(target)))
        {
            let count = |n| usize::try_from(n).map_err(|_| Error::Internal("negative schema"));
            for script in scripts.iter().take(count(wanted)?).skip(count(done)?) {
                tx.execute_batch(script)?;
            }
        }
        tx.pragma_update(None, "user_version", target)?;
        Ok(())
    }
}
