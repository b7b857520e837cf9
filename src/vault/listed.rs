//! Users whom a file names one by one: found in the vault, kept beside it while a command works on them.
//!
//! A file may name a million users, so its rows go into a temporary table of the command's own connection, which SQLite
//! keeps on disk. The file is read once; whom its names stand for is looked up for the question, and again in the
//! transaction that makes the change.

use std::borrow::Cow;
use std::cmp::Reverse;

use rusqlite::{Connection, params};

use super::Result;
use super::fold::folded;
use super::named::{Named, called, named};
use crate::render::original;

/// The rows of a file, while they are needed: `temp.given` as they stand there, `temp.listed` with whom they mean.
#[derive(Debug)]
pub struct List(());

/// Why a name stands for no user, or for one that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotListed {
    /// No user is called so.
    #[error("there is no user '{0}'")]
    Unknown(String),
    /// In several groups a user is called so.
    #[error("there are several users '{name}': {}", .users.join(", "))]
    Several {
        name: String,
        /// All who have it, as `group/userid`.
        users: Vec<String>,
    },
    /// The file names the user again.
    #[error("the user '{name}' is already in line {first}")]
    Twice {
        name: String,
        /// The line that names the user first.
        first: u64,
    },
}

impl NotListed {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Unknown(_) => "letter case matters; 'user list' shows the users there are",
            Self::Several { .. } => "add a column group, or write group/userid",
            Self::Twice { .. } => "name each user once",
        }))
    }
}

impl List {
    /// An empty list.
    pub fn new(db: &Connection) -> Result<Self> {
        db.execute_batch(
            "DROP TABLE IF EXISTS temp.given; DROP TABLE IF EXISTS temp.listed; \
             CREATE TEMP TABLE given (line INTEGER PRIMARY KEY, group_name TEXT NOT NULL, name TEXT NOT NULL, target TEXT); \
             CREATE TEMP TABLE listed (user INTEGER PRIMARY KEY, line INTEGER NOT NULL, target TEXT, fold TEXT)",
        )?;
        Ok(Self(()))
    }

    /// Takes a row: the user called `name` (`userid`, or `group/userid`) of this group, if one is given, with the
    /// target id that is to become theirs.
    pub fn add(
        &self,
        db: &Connection,
        line: u64,
        group: &str,
        name: &str,
        target: Option<&str>,
    ) -> Result<()> {
        db.prepare_cached(
            "INSERT INTO temp.given (line, group_name, name, target) VALUES (?, ?, ?, ?)",
        )?
        .execute(params![line, group, name, target])?;
        Ok(())
    }

    /// Finds the users of the rows, as the vault is now. Users who are gone are found when no user who is there has the
    /// name.
    ///
    /// # Errors
    /// Inside: the first row that stands for no user, or for one that cannot be taken, with its line.
    pub fn resolve(&self, db: &Connection) -> Result<std::result::Result<(), (u64, NotListed)>> {
        db.execute("DELETE FROM temp.listed", [])?;
        let mut given = db.prepare_cached(
            "SELECT line, group_name, name, target FROM temp.given ORDER BY line",
        )?;
        let mut listed = db.prepare_cached(
            "INSERT OR IGNORE INTO temp.listed (user, line, target, fold) VALUES (?, ?, ?, ?)",
        )?;
        let mut rows = given.query([])?;
        while let Some(row) = rows.next()? {
            let line = row.get(0)?;
            let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
            let (group, name) = (text(1)?, text(2)?);
            let target = row
                .get_ref(3)?
                .as_str_or_null()
                .map_err(rusqlite::Error::from)?;
            let user = match find(db, group, name)? {
                Ok(user) => user,
                Err(why) => return Ok(Err((line, why))),
            };
            if listed.execute(params![user, line, target, target.map(folded)])? == 0 {
                let first = db
                    .prepare_cached("SELECT line FROM temp.listed WHERE user = ?")?
                    .query_row([user], |row| row.get(0))?;
                let name = name.to_owned();
                return Ok(Err((line, NotListed::Twice { name, first })));
            }
        }
        Ok(Ok(()))
    }

    /// Takes the list away.
    pub fn forget(self, db: &Connection) -> Result<()> {
        Ok(db.execute_batch("DROP TABLE IF EXISTS temp.given; DROP TABLE IF EXISTS temp.listed")?)
    }
}

/// The one user whom a row names.
fn find(db: &Connection, group: &str, name: &str) -> Result<std::result::Result<i64, NotListed>> {
    // A list that igsh wrote has some names changed, for spreadsheets and terminals; another program may have written
    // them as they are.
    let mut found = spelt(db, &original(group), &original(name))?;
    if found.is_empty() {
        found = spelt(db, group, name)?;
    }
    Ok(match found.as_slice() {
        [] => Err(NotListed::Unknown(if group.is_empty() {
            name.to_owned()
        } else {
            format!("{group}/{name}")
        })),
        [user] => Ok(user.id),
        several => Err(NotListed::Several {
            name: name.to_owned(),
            users: several
                .iter()
                .map(|user| format!("{}/{}", user.group, user.userid))
                .collect(),
        }),
    })
}

/// All users with the name as it is spelt who are not gone, else the last one who had it and is gone.
fn spelt(db: &Connection, group: &str, name: &str) -> Result<Vec<Named>> {
    let mut found = match group {
        "" => named(db, name)?,
        group => called(db, Some(group), name)?,
    };
    if found.iter().any(|user| user.gone == 0) {
        found.retain(|user| user.gone == 0);
    } else {
        found.sort_by_key(|user| Reverse(user.gone));
        found.truncate(1);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::schema::tests::connection;

    fn people() -> Connection {
        let db = connection();
        db.execute_batch(
            "INSERT INTO groups (id, name, system_id, load, line) VALUES (1, 'hr', 1, 1, 1), (2, 'it', 1, 1, 2);
             INSERT INTO users (id, group_id, userid, gone, load, line, system_id, state) VALUES
             (1, 1, 'anna', 0, 1, 3, 1, 'active'), (2, 2, 'anna', 0, 1, 4, 1, 'active'),
             (3, 1, 'bob', 2, 1, 5, 1, 'active'), (4, 2, 'bob', 0, 1, 6, 1, 'active'),
             (5, 1, 'carl', 2, 1, 7, 1, 'active'), (6, 1, 'carl', 3, 1, 8, 1, 'active'),
             (7, 2, 'a/b', 0, 1, 9, 1, 'active');",
        )
        .unwrap();
        db
    }

    /// The user of one more row, or why there is none; such a row is taken out again.
    fn add(db: &Connection, list: &List, line: u64, group: &str, name: &str) -> String {
        list.add(db, line, group, name, None).unwrap();
        match list.resolve(db).unwrap() {
            Ok(()) => db
                .query_row(
                    "SELECT user FROM temp.listed WHERE line = ?",
                    [line],
                    |row| row.get::<_, i64>(0),
                )
                .unwrap()
                .to_string(),
            Err((at, why)) => {
                assert_eq!(at, line);
                db.execute("DELETE FROM temp.given WHERE line = ?", [line])
                    .unwrap();
                why.to_string()
            }
        }
    }

    #[test]
    fn a_name_stands_for_one_user() {
        let db = people();
        let list = List::new(&db).unwrap();
        assert_eq!(add(&db, &list, 1, "hr", "anna"), "1");
        assert_eq!(add(&db, &list, 2, "", "it/anna"), "2");
        assert_eq!(
            add(&db, &list, 3, "", "bob"),
            "4",
            "not the one who is gone"
        );
        assert_eq!(
            add(&db, &list, 4, "", "carl"),
            "6",
            "the last one who is gone"
        );
        assert_eq!(
            add(&db, &list, 5, "", "a/b"),
            "7",
            "a user id may hold a slash"
        );
        assert_eq!(
            add(&db, &list, 6, "", "it/a/b"),
            "the user 'it/a/b' is already in line 5"
        );
    }

    #[test]
    fn a_name_is_found_as_igsh_wrote_it_to_a_list() {
        let db = people();
        db.execute_batch(
            "INSERT INTO groups (id, name, system_id, load, line) VALUES (3, '=x', 1, 1, 1);
             INSERT INTO users (id, group_id, userid, gone, load, line, system_id, state) VALUES
             (11, 3, '-dash', 0, 1, 3, 1, 'active'), (12, 1, '=a', 0, 1, 3, 1, 'active'),
             (13, 1, '''=a', 0, 1, 3, 1, 'active'), (14, 1, 'e' || char(8238), 0, 1, 3, 1, 'active');",
        )
        .unwrap();
        let list = List::new(&db).unwrap();
        assert_eq!(add(&db, &list, 1, "'=x", "'-dash"), "11");
        assert_eq!(add(&db, &list, 2, "", "e\\u{202e}"), "14");
        assert_eq!(add(&db, &list, 3, "", "=a"), "12");
        assert_eq!(add(&db, &list, 4, "", "''=a"), "13");
        assert_eq!(
            add(&db, &list, 5, "", "'=a"),
            "the user ''=a' is already in line 3"
        );
        db.execute_batch(
            "UPDATE users SET userid = 'x' WHERE id = 12; DELETE FROM temp.given WHERE line = 3",
        )
        .unwrap();
        assert_eq!(
            add(&db, &list, 6, "", "'=a"),
            "the user ''=a' is already in line 4",
            "as it is spelt, where no user has the other name"
        );
    }

    #[test]
    fn names_without_one_user_are_errors() {
        let db = people();
        let list = List::new(&db).unwrap();
        assert_eq!(
            add(&db, &list, 1, "", "nobody"),
            "there is no user 'nobody'"
        );
        assert_eq!(
            add(&db, &list, 2, "hr", "nobody"),
            "there is no user 'hr/nobody'"
        );
        assert_eq!(add(&db, &list, 3, "", "Anna"), "there is no user 'Anna'");
        assert_eq!(
            add(&db, &list, 4, "", "anna"),
            "there are several users 'anna': hr/anna, it/anna"
        );
    }

    #[test]
    fn names_are_looked_up_anew_each_time() {
        let db = people();
        let list = List::new(&db).unwrap();
        assert_eq!(add(&db, &list, 1, "", "bob"), "4");
        db.execute("UPDATE users SET userid = 'rob' WHERE id = 4", [])
            .unwrap();
        assert_eq!(add(&db, &list, 2, "it", "rob"), "4");
        let first: i64 = db
            .query_row("SELECT user FROM temp.listed WHERE line = 1", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(first, 3, "who is left of that name");
    }

    #[test]
    fn the_list_goes_when_it_is_forgotten() {
        let db = people();
        List::new(&db).unwrap().forget(&db).unwrap();
        for table in ["given", "listed"] {
            assert!(db.prepare(&format!("SELECT * FROM temp.{table}")).is_err());
        }
    }
}
