//! Names that are not what they look like, and other names that look the same.
//!
//! Two names that differ to the target look the same only where one of them is odd, and odd names are few. They are
//! found by reading all names once; what they look like goes into a temporary table, where they are compared with each
//! other, and is looked up among the other names.

use rusqlite::{Connection, Statement, params};

use crate::ambient::CancelToken;
use crate::model::{appearance, oddity};
use crate::store::interruptible;
use crate::vault::Result;

use super::Snapshot;

/// A name with which something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddName {
    /// The user's group, or the group that is called so.
    pub group: String,
    /// The user's id; empty for a group.
    pub userid: String,
    /// What it is, with the name: `alias anna `.
    pub item: String,
    pub wrong: Wrong,
}

/// What is wrong with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// It is not what it looks like.
    Odd(String),
    /// These look the same: `group/userid`, or groups.
    Twins(Vec<String>),
}

/// Names, as what they are held and by whom.
const NAMES: [(&str, &str); 4] = [
    (GROUP, "SELECT name, id FROM groups"),
    ("user id", "SELECT userid, id FROM users"),
    ("alias", "SELECT alias, id >> 16 FROM aliases"),
    ("mapped id", "SELECT target, user FROM mapped"),
];

const GROUP: &str = "group";

/// The user whose name it is, if the user goes, and goes under it.
const OF_USER: &str = "JOIN users u ON u.id = p.owner JOIN groups g ON g.id = u.group_id \
     WHERE p.what <> 'group' AND u.gone = 0 AND u.id NOT IN (SELECT user FROM excluded) \
     AND (p.what <> 'user id' OR u.id NOT IN (SELECT user FROM mapped))";

/// All that have a look: odd names, and those that are folded to it.
const LOOKING_SO: &str = "SELECT owner, what, name FROM temp.odd WHERE looks = ?1 \
     UNION SELECT id, 'user id', userid FROM users WHERE userid = ?1 OR fold = ?1 \
     UNION SELECT id >> 16, 'alias', alias FROM aliases WHERE alias = ?1 OR fold = ?1 \
     UNION SELECT user, 'mapped id', target FROM mapped WHERE fold = ?1";

/// So many of one look are compared, and so many are named.
const COMPARED: usize = 1000;
const NAMED: usize = 10;

impl Snapshot {
    /// What is wrong with the names of chosen users and of their groups. Workflow aliases with these `prefixes` are
    /// never exported and do not count.
    pub fn odd_names(
        &self,
        prefixes: &[String],
        cancel: &CancelToken,
        mut each: impl FnMut(OddName),
    ) -> Result<()> {
        let db = &self.db;
        interruptible(db, cancel, || -> Result<()> {
            db.execute_batch(
                "DROP TABLE IF EXISTS temp.odd; \
                 CREATE TEMP TABLE odd (owner INTEGER, what TEXT, name TEXT, looks TEXT, plain INTEGER)",
            )?;
            let mut found = false;
            for (what, sql) in NAMES {
                found |= note(db, what, sql, prefixes)?;
            }
            if found {
                db.execute_batch("CREATE INDEX temp.odd_looks ON odd (looks)")?;
                self.report_odd(&mut each)?;
                self.report_twins(&mut each)?;
            }
            Ok(())
        })
    }

    /// Whether the user `u` is chosen, or a user of the group `g`.
    fn is_chosen(&self) -> (&'static str, &'static str) {
        if !self.narrowed {
            return ("TRUE", "TRUE");
        }
        let of_group = "EXISTS (SELECT 1 FROM users u WHERE u.group_id = g.id AND u.id IN (SELECT id FROM temp.chosen))";
        ("u.id IN (SELECT id FROM temp.chosen)", of_group)
    }

    fn report_odd(&self, each: &mut impl FnMut(OddName)) -> Result<()> {
        let (user, group) = self.is_chosen();
        let mut odd = self.db.prepare(&format!(
            "SELECT g.name, '', p.what, p.name, p.rowid FROM temp.odd p JOIN groups g ON g.id = p.owner \
             WHERE p.what = 'group' AND p.plain = 0 AND g.gone = 0 AND {group} \
             UNION ALL SELECT g.name, u.userid, p.what, p.name, p.rowid FROM temp.odd p {OF_USER} AND {user} \
             ORDER BY 5"
        ))?;
        let mut rows = odd.query([])?;
        while let Some(row) = rows.next()? {
            let (what, name): (String, String) = (row.get(2)?, row.get(3)?);
            each(OddName {
                group: row.get(0)?,
                userid: row.get(1)?,
                item: format!("{what} {name}"),
                wrong: Wrong::Odd(oddity(&name).map(|odd| odd.to_string()).unwrap_or_default()),
            });
        }
        Ok(())
    }

    fn report_twins(&self, each: &mut impl FnMut(OddName)) -> Result<()> {
        let (user, group) = self.is_chosen();
        let mut groups = self.db.prepare(&format!(
            "SELECT p.owner, g.name, '', p.what, p.name, {group} FROM temp.odd p JOIN groups g ON g.id = p.owner \
             WHERE p.looks = ?1 AND p.what = 'group' AND g.gone = 0 ORDER BY p.owner LIMIT {COMPARED}"
        ))?;
        let mut users = self.db.prepare(&format!(
            "SELECT p.owner, g.name, u.userid, p.what, p.name, {user} FROM ({LOOKING_SO}) p {OF_USER} \
             ORDER BY p.owner LIMIT {COMPARED}"
        ))?;
        let mut looks = self
            .db
            .prepare("SELECT DISTINCT looks FROM temp.odd WHERE plain = 0 ORDER BY looks")?;
        let mut rows = looks.query([])?;
        while let Some(row) = rows.next()? {
            let look: String = row.get(0)?;
            for statement in [&mut groups, &mut users] {
                compare(&parties(statement, &look)?, each);
            }
        }
        Ok(())
    }
}

/// Writes the odd ones of some names down; whether there are any. Of groups, which are few and have no folded names
/// beside them, all.
fn note(db: &Connection, what: &str, sql: &str, prefixes: &[String]) -> Result<bool> {
    let mut insert = db
        .prepare("INSERT INTO temp.odd (owner, what, name, looks, plain) VALUES (?, ?, ?, ?, ?)")?;
    let mut names = db.prepare(sql)?;
    let mut rows = names.query([])?;
    let mut found = false;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let plain = oddity(name).is_none();
        if plain && what != GROUP {
            continue;
        }
        if what != "alias"
            || !prefixes
                .iter()
                .any(|prefix| name.starts_with(prefix.as_str()))
        {
            let owner: i64 = row.get(1)?;
            insert.execute(params![owner, what, name, appearance(name), plain])?;
            found |= !plain;
        }
    }
    Ok(found)
}

/// A name, and whose it is.
struct Party {
    owner: i64,
    group: String,
    userid: String,
    what: String,
    name: String,
    chosen: bool,
}

impl Party {
    fn shown(&self) -> String {
        match self.what.as_str() {
            GROUP => self.group.clone(),
            what => match oddity(&self.name) {
                Some(odd) => format!("{}/{} ({what} that {odd})", self.group, self.userid),
                None => format!("{}/{} ({what})", self.group, self.userid),
            },
        }
    }
}

fn parties(statement: &mut Statement<'_>, look: &str) -> Result<Vec<Party>> {
    let rows = statement.query_map([look], |row| {
        Ok(Party {
            owner: row.get(0)?,
            group: row.get(1)?,
            userid: row.get(2)?,
            what: row.get(3)?,
            name: row.get(4)?,
            chosen: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Reports, for each chosen one, who else looks the same.
fn compare(parties: &[Party], each: &mut impl FnMut(OddName)) {
    for party in parties.iter().filter(|party| party.chosen) {
        let others = parties.iter().filter(|other| other.owner != party.owner);
        let twins: Vec<String> = others.take(NAMED).map(Party::shown).collect();
        if !twins.is_empty() {
            each(OddName {
                group: party.group.clone(),
                userid: party.userid.clone(),
                item: format!("{} {}", party.what, party.name),
                wrong: Wrong::Twins(twins),
            });
        }
    }
}
