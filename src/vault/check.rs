//! Whether everything that the vault holds of its users can be read, and opens for its owner.
//!
//! It is read in pages as an export reads it. A page in which something cannot be read is read again row by row, so
//! that the row has a name and the others are looked at all the same.

use std::fmt;

use rusqlite::Connection;

use super::digest::Kept;
use super::sealed::{SealedUnassignedCard, SealedUnassignedToken, SealedUser};
use super::snapshot::page::{self, PAGE};
use super::{Error, Result, Vault};
use crate::ambient::CancelToken;
use crate::store::{self, Class, Keys, interruptible};

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The pages of the database, and the rows that rows name.
    Structure,
    /// Tables, indexes and triggers.
    Schema,
    /// A table that is summed under a key.
    Decision,
    /// A value that is none which igsh writes.
    Value,
    Field,
    Bundle,
    Audit,
    /// A remark: no damage.
    Remark,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Structure => "structure",
            Self::Schema => "schema",
            Self::Decision => "decision",
            Self::Value => "value",
            Self::Field => "field",
            Self::Bundle => "bundle",
            Self::Audit => "audit",
            Self::Remark => "remark",
        })
    }
}

/// Something that is not as igsh left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub subject: Subject,
    pub place: String,
    pub what: String,
}

impl Finding {
    pub fn new(subject: Subject, place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            subject,
            place: place.into(),
            what: what.into(),
        }
    }

    /// A sealed field that does not open.
    pub fn field(error: store::Error) -> Self {
        let (place, what) = match error {
            store::Error::Field { what } => (what, "does not belong there or is damaged".into()),
            store::Error::Epoch { what, epoch, .. } => (
                what,
                format!("is sealed with key epoch {epoch}, which is not there"),
            ),
            error => (String::new(), error.to_string()),
        };
        Self::new(Subject::Field, place, what)
    }

    /// A row that cannot be read.
    ///
    /// # Errors
    /// What is not about the row, such as an interruption.
    pub fn value(place: impl Into<String>, error: Error) -> Result<Self> {
        match error {
            Error::Store(error) if error.class() == Class::Integrity => {
                let why = match &error {
                    store::Error::Sql(error) => store::stored::what_is_unfit(error),
                    _ => None,
                };
                let what = why.unwrap_or_else(|| error.to_string());
                Ok(Self::new(Subject::Value, place, what))
            }
            error => Err(error),
        }
    }
}

/// A connection that sees the vault as it is now for as long as it lives.
pub fn connection(vault: &Vault) -> Result<Connection> {
    let db = vault.file.second()?;
    begin(&db)?;
    Ok(db)
}

fn begin(db: &Connection) -> Result<()> {
    // Users are read together with what a snapshot notes of them.
    Ok(db.execute_batch(
        "PRAGMA cache_size = -4096; BEGIN; CREATE TEMP TABLE conflict (user INTEGER PRIMARY KEY)",
    )?)
}

/// Rows as they were read, their secrets still sealed, and what could not be read.
#[derive(Debug, Default)]
pub struct Batch {
    users: Vec<SealedUser>,
    tokens: Vec<SealedUnassignedToken>,
    cards: Vec<SealedUnassignedCard>,
    digests: Vec<Sealed>,
    found: Vec<Finding>,
    rows: u64,
}

/// What a bundle held of a user.
#[derive(Debug)]
struct Sealed {
    bundle: u64,
    user: i64,
    digest: Vec<u8>,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Opened {
    pub rows: u64,
    /// How many sealed fields.
    pub fields: u64,
    pub found: Vec<Finding>,
}

impl Batch {
    /// Opens every field.
    pub fn open(self, keys: &Keys) -> Opened {
        let mut found = self.found;
        let mut fields = self.digests.len() as u64;
        let mut refused = |error| found.push(Finding::field(error));
        for user in self.users {
            fields += user.try_open(keys, &mut refused);
        }
        for token in self.tokens {
            fields += token.try_open(keys, &mut refused);
        }
        for card in self.cards {
            fields += 1;
            let _ = card.open(keys).map_err(&mut refused);
        }
        for sealed in self.digests {
            let _ =
                Kept::open(&sealed.digest, sealed.user, sealed.bundle, keys).map_err(&mut refused);
        }
        Opened {
            rows: self.rows,
            fields,
            found,
        }
    }
}

/// How many rows [`read`] reads.
pub fn rows(db: &Connection) -> Result<u64> {
    Ok(db.query_row(
        "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM tokens WHERE id < 0) \
         + (SELECT count(*) FROM cards WHERE id < 0) + (SELECT count(*) FROM members WHERE digest IS NOT NULL)",
        [],
        |row| row.get(0),
    )?)
}

/// Reads everything with sealed fields but bundles: users with all that is theirs, unassigned items, digests. `push`
/// returns whether to go on.
pub fn read(
    db: &Connection,
    cancel: &CancelToken,
    push: &mut dyn FnMut(Batch) -> bool,
) -> Result<()> {
    interruptible(db, cancel, || {
        let found = ownerless(db)?;
        let batch = Batch {
            found,
            ..Batch::default()
        };
        let mut push = |batch| Ok(!cancel.check().map(|()| push(batch))?);
        let _ = push(batch)?
            || USERS.walk(db, &mut push)?
            || TOKENS.walk(db, &mut push)?
            || CARDS.walk(db, &mut push)?
            || digests(db, &mut push)?;
        Ok(())
    })
}

/// Takes a batch and returns whether to stop.
type Push<'a> = dyn FnMut(Batch) -> Result<bool> + 'a;

/// Rows of one kind, found by their ids.
struct Rows {
    /// Their table, and which of its rows.
    of: &'static str,
    /// The ids that follow one.
    ids: &'static str,
    /// How the ids go on.
    step: i64,
    /// The row of an id in words.
    name: &'static str,
    /// Reads so many rows after an id into a batch and says the last id, if there was one.
    read: fn(&Connection, i64, usize, &mut Batch) -> Result<Option<i64>>,
}

const USERS: Rows = Rows {
    of: "users",
    ids: "SELECT id FROM users WHERE id > ? ORDER BY id LIMIT ?",
    step: 1,
    name: "SELECT 'user ' || coalesce(g.name, '?') || '/' || u.userid FROM users u \
           LEFT JOIN groups g ON g.id = u.group_id WHERE u.id = ?",
    read: |db, last, most, batch| {
        let page = page::users(db, "users u", "u.id", last, most)?;
        let last = page.last().map(|user| user.id);
        batch.users.extend(page.into_iter().map(|user| user.sealed));
        Ok(last)
    },
};

const TOKENS: Rows = Rows {
    of: "tokens",
    ids: "SELECT id FROM tokens WHERE id < ? ORDER BY id DESC LIMIT ?",
    step: -1,
    name: "SELECT 'unassigned token ' || vendor || ' ' || serial FROM tokens WHERE id = ?",
    read: |db, last, most, batch| {
        let (ids, tokens): (Vec<_>, Vec<_>) =
            page::every_unassigned(db, last, most)?.into_iter().unzip();
        batch.tokens.extend(tokens);
        Ok(ids.last().copied())
    },
};

const CARDS: Rows = Rows {
    of: "cards",
    ids: "SELECT id FROM cards WHERE id < ? ORDER BY id DESC LIMIT ?",
    step: -1,
    name: "SELECT 'unassigned card ' || serial FROM cards WHERE id = ?",
    read: |db, last, most, batch| {
        let (ids, cards): (Vec<_>, Vec<_>) =
            page::every_unassigned(db, last, most)?.into_iter().unzip();
        batch.cards.extend(cards);
        Ok(ids.last().copied())
    },
};

impl Rows {
    /// Hands on page after page; `true` when no more is wanted.
    fn walk(&self, db: &Connection, push: &mut Push<'_>) -> Result<bool> {
        let mut last = 0;
        loop {
            let mut batch = Batch::default();
            let next = match (self.read)(db, last, PAGE, &mut batch) {
                Ok(next) => next,
                Err(error) => {
                    // Only what is about a row; anything else ends it.
                    Finding::value("", error)?;
                    batch = Batch::default();
                    self.one_by_one(db, last, &mut batch)?
                }
            };
            batch.rows = (batch.users.len() + batch.tokens.len() + batch.cards.len()) as u64;
            if push(batch)? {
                return Ok(true);
            }
            match next {
                Some(next) => last = next,
                None => return Ok(false),
            }
        }
    }

    /// The rows of a page of which one at least cannot be read.
    fn one_by_one(&self, db: &Connection, last: i64, batch: &mut Batch) -> Result<Option<i64>> {
        let ids = || -> Result<Vec<i64>> {
            let mut statement = db.prepare_cached(self.ids)?;
            let ids = statement.query_map([last, PAGE as i64], |row| row.get(0))?;
            Ok(ids.collect::<rusqlite::Result<_>>()?)
        };
        let ids = match ids() {
            Ok(ids) => ids,
            Err(error) => {
                let place = format!("{} behind the row {last}", self.of);
                batch.found.push(Finding::value(place, error)?);
                return Ok(None);
            }
        };
        for id in &ids {
            if let Err(error) = (self.read)(db, id - self.step, 1, batch) {
                let mut finding = Finding::value(self.named(db, *id), error)?;
                finding
                    .what
                    .push_str("; what is sealed there was not opened");
                batch.found.push(finding);
            }
        }
        Ok(ids.last().copied())
    }

    /// A row in words.
    fn named(&self, db: &Connection, id: i64) -> String {
        db.query_row(self.name, [id], |row| row.get(0))
            .unwrap_or_else(|_| format!("{}, row {id}", self.of))
    }
}

/// Hands on the digests of who was in which bundle; `true` when no more is wanted.
fn digests(db: &Connection, push: &mut Push<'_>) -> Result<bool> {
    let mut statement = db.prepare(
        "SELECT bundle, user, digest FROM members WHERE digest IS NOT NULL ORDER BY bundle, user",
    )?;
    let mut rows = statement.query([])?;
    let mut batch = Batch::default();
    loop {
        let row = match rows.next() {
            Ok(row) => row,
            Err(error) => {
                let finding = Finding::value("members of bundles", error.into())?;
                batch.found.push(finding);
                None
            }
        };
        let Some(row) = row else {
            return push(batch);
        };
        batch.digests.push(Sealed {
            bundle: row.get(0)?,
            user: row.get(1)?,
            digest: row.get(2)?,
        });
        batch.rows += 1;
        if batch.digests.len() == PAGE && push(std::mem::take(&mut batch))? {
            return Ok(true);
        }
    }
}

/// Sealed rows that belong to no user, which nothing else would look at.
fn ownerless(db: &Connection) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for (table, user) in [
        ("qa", "t.user"),
        ("passwords", "t.id >> 16"),
        ("tokens", "t.id >> 16"),
        ("cards", "t.id >> 16"),
    ] {
        let sql = format!(
            "SELECT count(*), min({user}) FROM {table} t \
             WHERE {user} >= 0 AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = {user})"
        );
        let (rows, first) = match db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))) {
            Ok(counted) => counted,
            Err(error) => {
                found.push(Finding::value(table, error.into())?);
                continue;
            }
        };
        let (rows, first): (i64, Option<i64>) = (rows, first);
        if let Some(first) = first {
            found.push(Finding::new(
                Subject::Value,
                table,
                format!(
                    "rows of users that are not there: {rows}, the first user by row id is {first}"
                ),
            ));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::load::tests::Bench;
    use crate::vault::testing::*;

    fn bench() -> Bench {
        let mut records = vec![group("g")];
        records.extend((0..PAGE + 2).map(|n| record(user("g", &format!("u{n}")))));
        records.push(unassigned_token("g", token("HID", "u1")));
        records.push(unassigned_token("g", token("HID", "u2")));
        records.push(unassigned_card("g", card(5)));
        let bench = Bench::holding(records);
        begin(&bench.db).unwrap();
        bench
    }

    fn all(bench: &Bench) -> Opened {
        let mut all = Opened::default();
        read(&bench.db, &CancelToken::default(), &mut |batch| {
            let opened = batch.open(&bench.keys);
            all.rows += opened.rows;
            all.fields += opened.fields;
            all.found.extend(opened.found);
            true
        })
        .unwrap();
        all
    }

    fn found(bench: &Bench) -> Vec<String> {
        all(bench)
            .found
            .iter()
            .map(
                |Finding {
                     subject,
                     place,
                     what,
                 }| format!("{subject}: {place}: {what}"),
            )
            .collect()
    }

    #[test]
    fn all_fields_of_all_pages_are_opened() {
        let bench = bench();
        let opened = all(&bench);
        assert_eq!(opened.found, []);
        assert_eq!(opened.rows, rows(&bench.db).unwrap());
        // Questions, two passwords, seed, unlock data and a card of each; seed and unlock data of two tokens; a card.
        assert_eq!(opened.fields, 6 * (PAGE as u64 + 2) + 2 * 2 + 1);
    }

    #[test]
    fn a_field_that_does_not_open_is_named_and_the_others_are_opened() {
        let bench = bench();
        let fields = all(&bench).fields;
        for (change, expected) in [
            (
                "UPDATE qa SET sealed = (SELECT sealed FROM qa WHERE user = 2) WHERE user = 1",
                "field: the sealed questions and answers of g/u0",
            ),
            (
                "UPDATE passwords SET sealed = x'00' WHERE id >> 16 = 3 AND name IS NULL",
                "field: the sealed password of g/u2",
            ),
            (
                "UPDATE tokens SET unlock = seed WHERE id >> 16 = 514",
                "field: the sealed unlock data of token Entrust",
            ),
            (
                "UPDATE cards SET cells = zeroblob(60) WHERE id >> 16 = 5",
                "field: the sealed cells of card",
            ),
            (
                "UPDATE tokens SET seed = (SELECT seed FROM tokens WHERE serial = 'u1') WHERE serial = 'u2'",
                "field: the sealed seed of token HID u2 of group g",
            ),
            (
                "UPDATE cards SET cells = zeroblob(60) WHERE serial = 5",
                "field: the sealed cells of card 5 of group g",
            ),
            (
                "INSERT INTO members (bundle, user, digest) VALUES (1, 7, x'00')",
                "field: the sealed digest of user 7 (by row id) in bundle 1",
            ),
        ] {
            bench.db.execute_batch("SAVEPOINT whole").unwrap();
            bench.db.execute(change, []).unwrap();
            let found = found(&bench);
            assert_eq!(found.len(), 1, "{change}: {found:?}");
            assert!(found[0].starts_with(expected), "{change}: {found:?}");
            bench.db.execute_batch("ROLLBACK TO whole").unwrap();
        }
        assert_eq!(all(&bench).fields, fields);
    }

    #[test]
    fn a_row_that_cannot_be_read_is_named_and_the_others_are_opened() {
        let bench = bench();
        let rows = all(&bench).rows;
        for (change, expected) in [
            (
                "UPDATE users SET state = 'BAD' WHERE id = 4",
                "value: user g/u3: state: 'BAD' is not a user state",
            ),
            (
                "UPDATE users SET group_id = 99 WHERE id = 4",
                "value: user ?/u3: the number 99 is out of range",
            ),
            (
                "UPDATE progress SET phase = 9 WHERE user = 4",
                "value: user g/u3: phase: there is no phase 9",
            ),
            (
                "UPDATE tokens SET algorithm = 'x' WHERE serial = 'u1'",
                "value: unassigned token HID u1: algorithm: 'x' is not a",
            ),
            (
                "UPDATE cards SET cell_usage = '[-1]' WHERE serial = 5",
                "value: unassigned card 5: cell_usage: ",
            ),
            (
                "UPDATE contacts SET label = CAST(x'ff' AS TEXT) WHERE id >> 16 = 513",
                "value: user g/u512: ",
            ),
        ] {
            bench.db.execute_batch("SAVEPOINT whole").unwrap();
            bench
                .db
                .execute("INSERT OR IGNORE INTO progress (user, phase, at, master) VALUES (4, 0, 0, 'Master1')", [])
                .unwrap();
            bench.db.execute(change, []).unwrap();
            let opened = all(&bench);
            let found = found(&bench);
            assert_eq!(found.len(), 1, "{change}: {found:?}");
            assert!(found[0].starts_with(expected), "{change}: {found:?}");
            assert_eq!(opened.rows, rows - 1, "{change}");
            bench.db.execute_batch("ROLLBACK TO whole").unwrap();
        }
    }

    #[test]
    fn rows_of_no_user_are_found() {
        let bench = bench();
        bench
            .db
            .execute(
                "UPDATE passwords SET id = (900 << 16) + 1 WHERE id >> 16 = 3 AND name IS NULL",
                [],
            )
            .unwrap();
        assert_eq!(
            found(&bench),
            [
                "value: passwords: rows of users that are not there: 1, the first user by row id is 900"
            ]
        );
    }

    #[test]
    fn it_ends_when_no_more_is_wanted() {
        let bench = bench();
        let mut batches = 0;
        read(&bench.db, &CancelToken::default(), &mut |_| {
            batches += 1;
            false
        })
        .unwrap();
        assert_eq!(batches, 1);
        let cancel = CancelToken::default();
        cancel.cancel();
        let cancelled = read(&bench.db, &cancel, &mut |_| true);
        assert!(matches!(cancelled, Err(Error::Cancelled(_))));
    }
}
