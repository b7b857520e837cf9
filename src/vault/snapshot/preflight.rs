//! What the pre-flight needs of a snapshot beside its records: who was renamed or moved since an export, and how the
//! chosen users stand to a list of the target's users.
//!
//! Such a list can be as long as the vault, so it goes into a temporary table, with the forms in which a name is
//! compared: as it is, folded, and folded without what follows an `@`.

use rusqlite::{Connection, OptionalExtension as _, Row, Statement, params, params_from_iter};

use crate::ambient::CancelToken;
use crate::model::{Algorithm, Text, TokenFacts, TokenKind};
use crate::store::interruptible;
use crate::vault::fold::folded;
use crate::vault::{Error, Result, alike};

use super::Snapshot;

/// A user with a name or group of before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerName {
    pub group: String,
    pub userid: String,
    /// What it was.
    pub before: String,
}

/// A token that may be one with another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikeToken {
    /// The group that holds it.
    pub group: String,
    /// The user; empty where it is of none.
    pub userid: String,
    /// Vendor and serial number.
    pub name: String,
    /// The other one, with whose it is.
    pub other: String,
}

/// How a user is missing on the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// No user there is called so.
    Missing,
    /// A user is, in another letter case.
    Case(String),
    /// A user is, but for what follows an `@`.
    Suffix(String),
}

impl Snapshot {
    /// Chosen users who have another name on the target.
    pub fn renamed(&self, each: impl FnMut(FormerName)) -> Result<()> {
        self.before("taken", "x.target", each)
    }

    /// Chosen users who are in another group on the target.
    pub fn moved(&self, each: impl FnMut(FormerName)) -> Result<()> {
        self.before("moved", "x.group_name", each)
    }

    fn before(&self, table: &str, column: &str, mut each: impl FnMut(FormerName)) -> Result<()> {
        let chosen = if self.narrowed {
            "WHERE x.user IN (SELECT id FROM temp.chosen)"
        } else {
            ""
        };
        let mut statement = self.db.prepare(&format!(
            "SELECT g.name, u.userid, {column} FROM {table} x CROSS JOIN users u ON u.id = x.user \
             JOIN groups g ON g.id = u.group_id {chosen} ORDER BY u.id"
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(FormerName {
                group: row.get(0)?,
                userid: row.get(1)?,
                before: row.get(2)?,
            });
        }
        Ok(())
    }

    /// Chosen tokens of which the vault may hold another copy: vendor and serial number are the same but for letter
    /// case, blanks, dashes and leading zeros, and no issue number or key id differs.
    pub fn alike(&self, cancel: &CancelToken, mut each: impl FnMut(LikeToken)) -> Result<()> {
        let chosen = if self.narrowed {
            "u.id IN (SELECT id FROM temp.chosen)"
        } else {
            "TRUE"
        };
        let (goes, params) = match &self.unassigned {
            Some(groups) => (
                format!(
                    "t.group_id IN (SELECT g.id FROM groups g WHERE {})",
                    groups.text
                ),
                groups.params.clone(),
            ),
            None => ("FALSE".to_owned(), Vec::new()),
        };
        interruptible(&self.db, cancel, || {
            let found = alike::of_folds(&self.db, &alike::shared(&self.db)?)?;
            let mut statement = self.db.prepare(&format!(
                "SELECT t.vendor, t.serial, t.issue_no, t.key_id, g.name, coalesce(u.userid, ''), \
                 iif(u.id IS NULL, {goes}, {chosen}) \
                 FROM tokens t LEFT JOIN users u ON u.id = t.id >> 16 \
                 JOIN groups g ON g.id = coalesce(u.group_id, t.group_id) \
                 WHERE t.id = ? AND t.gone = 0 AND coalesce(u.gone, 0) = 0"
            ))?;
            for group in found.chunk_by(|one, other| one.fold == other.fold) {
                let mut members = Vec::new();
                for token in group.iter().take(MOST_ALIKE) {
                    let params = params.iter().cloned().chain([token.row.into()]);
                    let member = statement.query_row(params_from_iter(params), Member::read);
                    members.extend(member.optional()?);
                }
                for (at, member) in members.iter().enumerate().filter(|(_, it)| it.chosen) {
                    let mut others = members.iter().enumerate();
                    let other = others.find(|(other, it)| *other != at && it.may_be(member));
                    if let Some((_, other)) = other {
                        each(member.like(other));
                    }
                }
            }
            Ok(())
        })
    }

    /// Takes the names of the target's users, with their lines in the file. Returns how many there are.
    pub fn targets<E: From<Error>>(
        &self,
        names: impl IntoIterator<Item = Result<(u64, String), E>>,
    ) -> Result<u64, E> {
        let own = |error: rusqlite::Error| E::from(Error::from(error));
        self.db
            .execute_batch(
                "CREATE TEMP TABLE target (line INTEGER, name TEXT, fold TEXT, stem TEXT)",
            )
            .map_err(own)?;
        let mut count = 0;
        {
            let mut insert = self
                .db
                .prepare("INSERT INTO temp.target (line, name, fold, stem) VALUES (?, ?, ?, ?)")
                .map_err(own)?;
            for name in names {
                let (line, name) = name?;
                let fold = folded(&name);
                insert
                    .execute(params![line, name, fold, stem(&fold)])
                    .map_err(own)?;
                count += 1;
            }
        }
        self.db
            .execute_batch(
                "CREATE INDEX temp.target_name ON target (name); CREATE INDEX temp.target_fold ON target (fold); \
                 CREATE INDEX temp.target_stem ON target (stem)",
            )
            .map_err(own)?;
        Ok(count)
    }

    /// The target's users whom no user of the vault can be, chosen or not, whatever the case and the ending after an
    /// `@`: how many, and the first `most` of them with their lines.
    pub fn strangers(&self, most: u64, cancel: &CancelToken) -> Result<(u64, Vec<(String, u64)>)> {
        // The names that have an ending lie behind the '@', before the next character.
        let mut statement = self.db.prepare(
            "SELECT t.name, t.line FROM temp.target t WHERE NOT EXISTS ( \
             SELECT 1 FROM users WHERE userid IN (t.name, t.fold, t.stem) \
             UNION ALL SELECT 1 FROM mapped WHERE fold = t.fold \
             UNION ALL SELECT 1 FROM users WHERE fold IN (t.fold, t.stem) \
             UNION ALL SELECT 1 FROM users WHERE userid >= t.stem || '@' AND userid < t.stem || 'A' \
             UNION ALL SELECT 1 FROM users WHERE fold >= t.stem || '@' AND fold < t.stem || 'A') ORDER BY t.line",
        )?;
        let (mut count, mut first) = (0, Vec::new());
        interruptible(&self.db, cancel, || -> Result<()> {
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                count += 1;
                if count <= most {
                    first.push((row.get(0)?, row.get(1)?));
                }
            }
            Ok(())
        })?;
        Ok((count, first))
    }

    /// Chosen users who would go and whom the target's list does not have as they are called there.
    pub fn not_on_target(
        &self,
        cancel: &CancelToken,
        mut each: impl FnMut(&str, &str, Elsewhere),
    ) -> Result<()> {
        let chosen = if self.narrowed {
            "temp.chosen c CROSS JOIN users u ON u.id = c.id"
        } else {
            "users u"
        };
        let mut statement = self.db.prepare(&format!(
            "SELECT g.name, u.userid, coalesce(m.target, u.userid) FROM {chosen} \
             JOIN groups g ON g.id = u.group_id LEFT JOIN mapped m ON m.user = u.id \
             WHERE u.gone = 0 AND u.id NOT IN (SELECT user FROM excluded) \
             AND NOT EXISTS (SELECT 1 FROM temp.target t WHERE t.name = coalesce(m.target, u.userid))"
        ))?;
        let mut near = Near::new(&self.db)?;
        interruptible(&self.db, cancel, || {
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (group, userid, target) = texts(row)?;
                let how = near.find(&target)?;
                each(&group, &userid, how);
            }
            Ok(())
        })
    }
}

/// So many tokens that are alike are compared with each other: nothing but a placeholder has more.
const MOST_ALIKE: usize = 64;

/// A token among others that are alike.
struct Member {
    facts: TokenFacts,
    group: String,
    userid: String,
    chosen: bool,
}

impl Member {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |column| row.get::<_, String>(column).map(Text::from);
        let id = |column| {
            Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(column)?.map(Text::from))
        };
        Ok(Self {
            facts: TokenFacts {
                issue_no: id(2)?,
                key_id: id(3)?,
                ..TokenFacts::new(text(0)?, text(1)?, TokenKind::Hardware, Algorithm::Totp)
            },
            group: row.get(4)?,
            userid: row.get(5)?,
            chosen: row.get(6)?,
        })
    }

    /// Whether it differs from `other` in nothing, or in the spelling only.
    fn may_be(&self, other: &Self) -> bool {
        let (one, two) = (&self.facts, &other.facts);
        one.vendor != two.vendor || one.serial != two.serial || !one.is_another(two)
    }

    fn name(&self) -> String {
        format!("{} {}", self.facts.vendor, self.facts.serial)
    }

    fn like(&self, other: &Self) -> LikeToken {
        let whose = match other.userid.as_str() {
            "" => format!("unassigned in group {}", other.group),
            userid => format!("assigned to {}/{userid}", other.group),
        };
        LikeToken {
            group: self.group.clone(),
            userid: self.userid.clone(),
            name: self.name(),
            other: format!("{}, {whose}", other.name()),
        }
    }
}

fn texts(row: &Row<'_>) -> rusqlite::Result<(String, String, String)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

/// The name without what follows an `@`.
fn stem(folded: &str) -> &str {
    match folded.split_once('@') {
        Some((before, _)) if !before.is_empty() => before,
        _ => folded,
    }
}

/// Looks for names that are nearly the same.
struct Near<'c> {
    fold: Statement<'c>,
    stem: Statement<'c>,
}

impl<'c> Near<'c> {
    fn new(db: &'c Connection) -> Result<Self> {
        let one = |column: &str| {
            db.prepare(&format!(
                "SELECT name FROM temp.target WHERE {column} = ? ORDER BY name LIMIT 1"
            ))
        };
        Ok(Self {
            fold: one("fold")?,
            stem: one("stem")?,
        })
    }

    fn find(&mut self, name: &str) -> Result<Elsewhere> {
        let fold = folded(name);
        if let Some(row) = self.fold.query([&fold])?.next()? {
            return Ok(Elsewhere::Case(row.get(0)?));
        }
        if let Some(row) = self.stem.query([stem(&fold)])?.next()? {
            return Ok(Elsewhere::Suffix(row.get(0)?));
        }
        Ok(Elsewhere::Missing)
    }
}
