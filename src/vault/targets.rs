//! Target ids that a master chooses instead of user ids (`migrate map`; igsh-migration(7), UNIQUE NAMES).
//!
//! The file's users stand in `temp.listed` (see [`super::listed`]). Whether an id is free is judged as an export judges
//! it, by the same code, after the change was made; a change that would not do is taken back whole.

use rusqlite::Connection;

use crate::ambient::CancelToken;

use super::Result;
use super::snapshot::{Collision, Holds, collisions_of_listed};

/// What a file of target ids changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Users who get a target id, or another one.
    pub set: u64,
    /// Users who go under their own id again.
    pub removed: u64,
    /// Users for whom nothing changes.
    pub unchanged: u64,
}

/// A user whom the file would give another id than the one they have on the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The line in the file.
    pub line: u64,
    /// `group/userid`.
    pub user: String,
    /// The last bundle the user was in.
    pub bundle: u64,
    /// The id there.
    pub target: String,
}

/// A user's own id is no mapping.
const WANTED: &str = "nullif(l.target, u.userid)";

/// What the listed users' new ids come to.
pub fn mapping(db: &Connection) -> Result<Mapping> {
    let sql = format!(
        "SELECT coalesce(sum(w IS NOT NULL AND w IS NOT t), 0), coalesce(sum(w IS NULL AND t IS NOT NULL), 0), \
         coalesce(sum(w IS t), 0) FROM (SELECT {WANTED} AS w, m.target AS t FROM temp.listed l \
         CROSS JOIN users u ON u.id = l.user LEFT JOIN mapped m ON m.user = l.user)"
    );
    Ok(db.query_row(&sql, [], |row| {
        Ok(Mapping {
            set: row.get(0)?,
            removed: row.get(1)?,
            unchanged: row.get(2)?,
        })
    })?)
}

/// The first of the listed users who have another id than the new one on the target.
pub fn first_exported(db: &Connection) -> Result<Option<Exported>> {
    let sql = format!(
        "SELECT l.line, g.name || '/' || u.userid, p.bundle, coalesce(b.target, u.userid) FROM temp.listed l \
         CROSS JOIN users u ON u.id = l.user JOIN groups g ON g.id = u.group_id \
         JOIN progress p ON p.user = l.user AND p.bundle IS NOT NULL \
         LEFT JOIN members b ON b.bundle = p.bundle AND b.user = l.user \
         WHERE coalesce({WANTED}, u.userid) <> coalesce(b.target, u.userid) ORDER BY l.line LIMIT 1"
    );
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query([])?;
    Ok(match rows.next()? {
        None => None,
        Some(row) => Some(Exported {
            line: row.get(0)?,
            user: row.get(1)?,
            bundle: row.get(2)?,
            target: row.get(3)?,
        }),
    })
}

/// Gives the listed users their new target ids.
pub fn map(tx: &Connection) -> Result<()> {
    tx.execute(
        &format!(
            "DELETE FROM mapped WHERE user IN (SELECT l.user FROM temp.listed l CROSS JOIN users u ON u.id = l.user \
             WHERE {WANTED} IS NULL)"
        ),
        [],
    )?;
    tx.execute(
        &format!(
            "INSERT INTO mapped (user, target, fold) SELECT l.user, l.target, l.fold FROM temp.listed l \
             CROSS JOIN users u ON u.id = l.user WHERE {WANTED} IS NOT NULL \
             ON CONFLICT (user) DO UPDATE SET target = excluded.target, fold = excluded.fold"
        ),
        [],
    )?;
    Ok(())
}

/// The collisions that the listed users' new ids would bring, tried and taken back: `each` gets those in which one of
/// them takes part by the new id. Returns their number.
pub fn trial(
    db: &Connection,
    prefixes: &[String],
    cancel: &CancelToken,
    mut each: impl FnMut(Collision),
) -> Result<u64> {
    db.execute_batch("SAVEPOINT trial")?;
    let mut found = 0;
    let tried = map(db).and_then(|()| {
        let mut back = db.prepare(
            "SELECT 1 FROM temp.listed l CROSS JOIN users u ON u.id = l.user \
             WHERE l.user = ? AND nullif(l.target, u.userid) IS NULL",
        )?;
        collisions_of_listed(db, prefixes, cancel, |collision| {
            let mut new = false;
            for party in collision.parties.iter().filter(|party| party.selected) {
                new |= match party.holds {
                    Holds::Mapped => true,
                    Holds::UserId => back.exists([party.user])?,
                    Holds::Alias | Holds::Exported => false,
                };
            }
            if new {
                found += 1;
                each(collision);
            }
            Ok(())
        })
    });
    db.execute_batch("ROLLBACK TO trial; RELEASE trial")?;
    tried?;
    Ok(found)
}
