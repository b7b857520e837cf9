//! Names that two people would share on the target (igsh-migration(7), UNIQUE NAMES).
//!
//! Judged over the whole vault, over user ids and aliases together, folded, with all users who were exported already.
//! The names come out of their indexes in order and are merged, so that a million users are compared without sorting; a
//! selection that is small beside the vault looks its own names up instead.

use rusqlite::{Connection, OptionalExtension, Rows, Statement, params};

use crate::ambient::CancelToken;
use crate::store::interruptible;
use crate::vault::Result;
use crate::vault::fold::folded;

use super::Snapshot;

/// A name that more than one person would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// The name, folded.
    pub name: String,
    /// All users who would have it, at least two of them different users.
    pub parties: Vec<Party>,
}

/// A user who would have the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The vault's id of the user.
    pub user: i64,
    /// The user's group.
    pub group: String,
    /// The user's id.
    pub userid: String,
    /// As what they would have it.
    pub holds: Holds,
    /// The name as they write it.
    pub name: String,
    /// Whether the selection takes this user.
    pub selected: bool,
    /// The last bundle the user was in.
    pub bundle: Option<u64>,
}

/// As what a user has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    UserId,
    Alias,
    /// The target id that a master chose.
    Mapped,
    /// The target id under which they were exported, and are not called any more.
    Exported,
}

impl Holds {
    /// In a list.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserId => "user id",
            Self::Alias => "alias",
            Self::Mapped => "mapped id",
            Self::Exported => "exported id",
        }
    }
}

/// Where names stand in order: as what they are held, the names with their users, one name.
const SOURCES: [(Holds, &str, &str); 6] = [
    (
        Holds::UserId,
        "SELECT userid, id FROM users ORDER BY userid",
        "SELECT userid, id FROM users WHERE userid = ?",
    ),
    (
        Holds::UserId,
        "SELECT fold, id FROM users WHERE fold IS NOT NULL ORDER BY fold",
        "SELECT fold, id FROM users WHERE fold = ?",
    ),
    (
        Holds::Alias,
        "SELECT alias, id >> 16 FROM aliases ORDER BY alias",
        "SELECT alias, id >> 16 FROM aliases WHERE alias = ?",
    ),
    (
        Holds::Alias,
        "SELECT fold, id >> 16 FROM aliases WHERE fold IS NOT NULL ORDER BY fold",
        "SELECT fold, id >> 16 FROM aliases WHERE fold = ?",
    ),
    (
        Holds::Mapped,
        "SELECT fold, user FROM mapped ORDER BY fold",
        "SELECT fold, user FROM mapped WHERE fold = ?",
    ),
    (
        Holds::Exported,
        "SELECT fold, user FROM taken ORDER BY fold",
        "SELECT fold, user FROM taken WHERE fold = ?",
    ),
];

/// Looking names up one by one costs about this much more than reading over all of them.
const LOOK_UP: u64 = 20;

/// A name of a user, before it is decided whether it counts.
type Claim = (i64, Holds);

impl Snapshot {
    /// Finds the names that a chosen user would share with another user, and marks those users as in conflict.
    ///
    /// `prefixes` are those of workflow aliases, which are never exported. Returns the number of collisions; `each`
    /// gets them in the order of the names.
    pub fn collisions(
        &mut self,
        prefixes: &[String],
        cancel: &CancelToken,
        mut each: impl FnMut(Collision) -> Result<()>,
    ) -> Result<u64> {
        let total = self.all()?;
        let mut judge = Judge {
            db: &self.db,
            narrowed: self.narrowed,
            prefixes,
            found: 0,
            each: &mut each,
        };
        interruptible(&self.db, cancel, || -> Result<u64> {
            if self.narrowed && self.users.saturating_mul(LOOK_UP) < total {
                judge.look_up()?;
            } else {
                judge.merge()?;
            }
            Ok(judge.found)
        })
    }
}

/// The names that users of `temp.listed` (see [`crate::vault::listed`]) would share with another user, on a connection
/// that is in the middle of a change.
pub(in crate::vault) fn collisions_of_listed(
    db: &Connection,
    prefixes: &[String],
    cancel: &CancelToken,
    mut each: impl FnMut(Collision) -> Result<()>,
) -> Result<()> {
    const TABLES: [&str; 3] = ["chosen", "conflict", "wanted"];
    let clear = || -> Result<()> {
        for table in TABLES {
            db.execute_batch(&format!("DROP TABLE IF EXISTS temp.{table}"))?;
        }
        Ok(())
    };
    clear()?;
    db.execute_batch(
        "CREATE TEMP TABLE chosen (id INTEGER PRIMARY KEY); CREATE TEMP TABLE conflict (user INTEGER PRIMARY KEY); \
         INSERT INTO temp.chosen SELECT user FROM temp.listed",
    )?;
    let mut judge = Judge {
        db,
        narrowed: true,
        prefixes,
        found: 0,
        each: &mut each,
    };
    interruptible(db, cancel, || judge.look_up())?;
    clear()
}

struct Judge<'a> {
    db: &'a Connection,
    narrowed: bool,
    prefixes: &'a [String],
    found: u64,
    each: &'a mut dyn FnMut(Collision) -> Result<()>,
}

/// One source of names, at its next one.
struct Cursor<'s> {
    rows: Rows<'s>,
    holds: Holds,
    name: String,
    user: i64,
    over: bool,
}

impl Cursor<'_> {
    /// Goes to the next folded name. A name that is not folded stands folded in the source beside.
    fn advance(&mut self) -> rusqlite::Result<()> {
        while let Some(row) = self.rows.next()? {
            let name = row.get_ref(0)?.as_str()?;
            if is_folded(name) {
                self.name.clear();
                self.name.push_str(name);
                self.user = row.get(1)?;
                return Ok(());
            }
        }
        self.over = true;
        Ok(())
    }
}

fn is_folded(name: &str) -> bool {
    matches!(folded(name), std::borrow::Cow::Borrowed(_))
}

impl Judge<'_> {
    /// Reads all names in order.
    fn merge(&mut self) -> Result<()> {
        let mut statements = SOURCES
            .iter()
            .map(|(holds, all, _)| Ok((*holds, self.db.prepare(all)?)))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let mut cursors = Vec::with_capacity(statements.len());
        for (holds, statement) in &mut statements {
            let mut cursor = Cursor {
                rows: statement.query([])?,
                holds: *holds,
                name: String::new(),
                user: 0,
                over: false,
            };
            cursor.advance()?;
            cursors.push(cursor);
        }
        let mut name = String::new();
        let mut claims: Vec<Claim> = Vec::new();
        loop {
            let next = cursors
                .iter_mut()
                .filter(|cursor| !cursor.over)
                .min_by(|a, b| a.name.cmp(&b.name));
            let Some(cursor) = next else { break };
            if cursor.name != name {
                self.judge(&name, &claims)?;
                claims.clear();
                name.clone_from(&cursor.name);
            }
            claims.push((cursor.user, cursor.holds));
            cursor.advance()?;
        }
        self.judge(&name, &claims)
    }

    /// Looks up the names of the chosen users.
    fn look_up(&mut self) -> Result<()> {
        self.db.execute_batch(
            "CREATE TEMP TABLE wanted (name TEXT PRIMARY KEY) WITHOUT ROWID;
             INSERT OR IGNORE INTO temp.wanted
               SELECT coalesce(u.fold, u.userid) FROM temp.chosen c CROSS JOIN users u ON u.id = c.id
               UNION ALL
               SELECT coalesce(a.fold, a.alias) FROM temp.chosen c
               CROSS JOIN aliases a ON a.id >= c.id << 16 AND a.id < (c.id + 1) << 16
               UNION ALL
               SELECT m.fold FROM temp.chosen c CROSS JOIN mapped m ON m.user = c.id;",
        )?;
        let mut sources = SOURCES
            .iter()
            .map(|(holds, _, one)| Ok((*holds, self.db.prepare(one)?)))
            .collect::<rusqlite::Result<Vec<(Holds, Statement<'_>)>>>()?;
        let mut wanted = self
            .db
            .prepare("SELECT name FROM temp.wanted ORDER BY name")?;
        let mut names = wanted.query([])?;
        let mut claims: Vec<Claim> = Vec::new();
        while let Some(row) = names.next()? {
            let name: String = row.get(0)?;
            claims.clear();
            for (holds, statement) in &mut sources {
                let mut rows = statement.query([&name])?;
                while let Some(row) = rows.next()? {
                    claims.push((row.get(1)?, *holds));
                }
            }
            self.judge(&name, &claims)?;
        }
        Ok(())
    }

    /// Reports a name when different people would have it and one of them is chosen.
    fn judge(&mut self, name: &str, claims: &[Claim]) -> Result<()> {
        let Some((first, _)) = claims.first() else {
            return Ok(());
        };
        if claims.iter().all(|(user, _)| user == first) {
            return Ok(());
        }
        let mut parties = Vec::new();
        for (user, holds) in claims {
            parties.extend(self.party(name, *user, *holds)?);
        }
        parties.sort_by_key(|party: &Party| (party.user, party.holds));
        // A source for names and one for folded names can both yield a user.
        parties.dedup_by_key(|party| (party.user, party.holds, party.name.clone()));
        let several = parties
            .iter()
            .any(|party| Some(party.user) != parties.first().map(|first| first.user));
        if !several || !parties.iter().any(|party| party.selected) {
            return Ok(());
        }
        let mut mark = self
            .db
            .prepare_cached("INSERT OR IGNORE INTO temp.conflict (user) VALUES (?)")?;
        for party in parties.iter().filter(|party| party.selected) {
            mark.execute([party.user])?;
        }
        self.found += 1;
        (self.each)(Collision {
            name: name.to_owned(),
            parties,
        })
    }

    /// Whether the user really has the name on the target, or would: a user who is gone or excluded has it only
    /// when they were exported, a user id only when no other target id was chosen.
    fn party(&self, name: &str, user: i64, holds: Holds) -> Result<Option<Party>> {
        let mut statement = self.db.prepare_cached(
            "SELECT g.name, u.userid, u.gone = 0 AND e.user IS NULL, p.bundle, m.target, c.id \
             FROM users u JOIN groups g ON g.id = u.group_id LEFT JOIN excluded e ON e.user = u.id \
             LEFT JOIN progress p ON p.user = u.id LEFT JOIN mapped m ON m.user = u.id \
             LEFT JOIN temp.chosen c ON c.id = u.id WHERE u.id = ?",
        )?;
        let found = statement
            .query_row([user], |row| {
                Ok((
                    row.get::<_, bool>(2)?,
                    row.get::<_, Option<String>>(4)?,
                    row.get::<_, Option<i64>>(5)?.is_some(),
                    Party {
                        user,
                        group: row.get(0)?,
                        userid: row.get(1)?,
                        holds,
                        name: String::new(),
                        selected: false,
                        bundle: row.get(3)?,
                    },
                ))
            })
            .optional()?;
        let Some((goes, target, chosen, mut party)) = found else {
            return Ok(None);
        };
        if !goes && party.bundle.is_none() && holds != Holds::Exported {
            return Ok(None);
        }
        party.selected = goes && (chosen || !self.narrowed);
        party.name = match holds {
            Holds::UserId if target.is_some() => return Ok(None),
            Holds::UserId => party.userid.clone(),
            Holds::Mapped => target.unwrap_or_default(),
            Holds::Exported => self.exported_name(name, user)?,
            Holds::Alias => match self.alias(name, user)? {
                Some(alias) => alias,
                None => return Ok(None),
            },
        };
        Ok(Some(party))
    }

    fn exported_name(&self, name: &str, user: i64) -> Result<String> {
        let sql = "SELECT target FROM taken WHERE fold = ? AND user = ?";
        let mut statement = self.db.prepare_cached(sql)?;
        Ok(statement.query_row(params![name, user], |row| row.get(0))?)
    }

    /// The alias of the user that folds to `name` and is exported.
    fn alias(&self, name: &str, user: i64) -> Result<Option<String>> {
        let mut statement = self.db.prepare_cached(
            "SELECT alias FROM aliases WHERE id >= ?1 << 16 AND id < (?1 + 1) << 16 \
             AND coalesce(fold, alias) = ?2 ORDER BY id",
        )?;
        let aliases = statement
            .query_map(params![user, name], |row| row.get::<_, String>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(aliases.into_iter().find(|alias| {
            !self
                .prefixes
                .iter()
                .any(|prefix| alias.starts_with(prefix.as_str()))
        }))
    }
}
