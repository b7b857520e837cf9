//! Addresses of identity providers that soft tokens hold, and their change after the import (igsh-migration(7),
//! IDENTITY PROVIDERS).
//!
//! Only soft tokens with push or transactions have to do with one. A change is written into the token, where an export
//! finds it, and beside it into `idp_urls`, so that a load keeps it and it can be taken back.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::phases::Users;
use super::query::walk;
use super::{Error, Result};

/// The tokens of some users that an address concerns, as a `FROM` and `WHERE`; tokens lie in the order of their users.
fn concerned(ids: &str) -> String {
    format!(
        "FROM users u CROSS JOIN tokens t ON t.id >= (u.id << 16) AND t.id < ((u.id + 1) << 16) \
         LEFT JOIN progress p ON p.user = u.id \
         LEFT JOIN idp_urls i ON i.serial = t.serial AND i.vendor = t.vendor \
            AND i.distinction = coalesce(t.issue_no, t.key_id, '') \
         WHERE u.id IN ({ids}) AND u.gone = 0 AND t.gone = 0 AND t.kind = 'soft' AND t.transactions = 1"
    )
}

/// An address that tokens hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The source's last value; `None` without one.
    pub source: Option<String>,
    /// What holds now.
    pub present: Option<String>,
    /// Tokens with both.
    pub tokens: u64,
    pub users: u64,
    /// Of those, users who are in a bundle already.
    pub exported: u64,
}

/// The addresses that the tokens of some users hold, the most frequent first.
pub fn addresses<E: From<Error>>(
    db: &Connection,
    users: &Users,
    mut each: impl FnMut(Address) -> Result<bool, E>,
) -> Result<(), E> {
    let (ids, params) = users.sql();
    let sql = format!(
        "SELECT CASE WHEN i.serial IS NULL THEN t.idp_url ELSE i.source END, t.idp_url, count(*), count(DISTINCT u.id), \
         count(DISTINCT CASE WHEN p.bundle IS NOT NULL THEN u.id END) {} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
        concerned(ids)
    );
    walk(db, &sql, params_from_iter(params), |row| {
        each(address(row).map_err(Error::from)?)
    })
}

fn address(row: &Row<'_>) -> rusqlite::Result<Address> {
    Ok(Address {
        source: row.get(0)?,
        present: row.get(1)?,
        tokens: row.get(2)?,
        users: row.get(3)?,
        exported: row.get(4)?,
    })
}

/// What tokens are to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum New<'a> {
    /// This address.
    Url(&'a str),
    /// What they held before their last change.
    Previous,
}

impl New<'_> {
    /// The new address as an expression, and which tokens get it. Its parameter has a name and comes first in every
    /// statement, so that those of the selection follow it whatever they are.
    fn sql(self) -> (&'static str, &'static str) {
        match self {
            Self::Url(_) => (":new", "t.idp_url IS NOT :new"),
            Self::Previous => (
                "CASE WHEN :new IS NULL THEN i.previous END",
                ":new IS NULL AND i.serial IS NOT NULL AND t.idp_url IS NOT i.previous",
            ),
        }
    }

    fn param(self) -> Value {
        match self {
            Self::Url(url) => Value::Text(url.to_owned()),
            Self::Previous => Value::Null,
        }
    }
}

/// Tokens that change from one address to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The address they hold.
    pub from: Option<String>,
    /// The one they get.
    pub to: Option<String>,
    pub tokens: u64,
}

/// A change of addresses, before it is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UrlChange {
    /// From which address to which, the most frequent first.
    pub steps: Vec<Step>,
    /// Tokens that change.
    pub tokens: u64,
    pub users: u64,
    /// Of those, users who are in a bundle already.
    pub exported: u64,
    /// Tokens of the same users that stay as they are.
    pub unchanged: u64,
}

/// What a change would do. Nothing is written.
pub fn look(db: &Connection, users: &Users, new: New<'_>) -> Result<UrlChange> {
    let (ids, params) = users.sql();
    let (to, which) = new.sql();
    let sql = format!(
        "SELECT {which}, u.id, p.bundle IS NOT NULL, t.idp_url, {to} {} ORDER BY u.id",
        concerned(ids)
    );
    let all = std::iter::once(new.param()).chain(params.iter().cloned());
    let mut change = UrlChange::default();
    let mut steps: BTreeMap<(Option<String>, Option<String>), u64> = BTreeMap::new();
    let mut last = None;
    walk::<Error>(db, &sql, params_from_iter(all), |row| {
        if !row.get::<_, bool>(0)? {
            change.unchanged += 1;
            return Ok(true);
        }
        let user: i64 = row.get(1)?;
        change.tokens += 1;
        if last.replace(user) != Some(user) {
            change.users += 1;
            change.exported += u64::from(row.get::<_, bool>(2)?);
        }
        *steps.entry((row.get(3)?, row.get(4)?)).or_default() += 1;
        Ok(true)
    })?;
    change.steps = steps
        .into_iter()
        .map(|((from, to), tokens)| Step { from, to, tokens })
        .collect();
    change.steps.sort_by_key(|step| Reverse(step.tokens));
    Ok(change)
}

/// Makes the change.
pub fn apply(tx: &Connection, users: &Users, new: New<'_>) -> Result<()> {
    let (ids, params) = users.sql();
    let (to, which) = new.sql();
    // First of all into a table of its own, because which tokens change depends on what they hold.
    tx.execute_batch(
        "DROP TABLE IF EXISTS temp.idp_changes;
         CREATE TEMP TABLE idp_changes (token INTEGER PRIMARY KEY, serial TEXT NOT NULL, vendor TEXT NOT NULL,
            distinction TEXT NOT NULL, old TEXT, new TEXT)",
    )?;
    let sql = format!(
        "INSERT INTO temp.idp_changes (token, serial, vendor, distinction, old, new) \
         SELECT t.id, t.serial, t.vendor, coalesce(t.issue_no, t.key_id, ''), t.idp_url, {to} {} AND {which}",
        concerned(ids)
    );
    let all = std::iter::once(new.param()).chain(params.iter().cloned());
    tx.execute(&sql, params_from_iter(all))?;
    tx.execute_batch(
        "UPDATE tokens SET idp_url = c.new FROM temp.idp_changes c WHERE c.token = tokens.id;
         INSERT INTO idp_urls (serial, vendor, distinction, url, previous, source)
            SELECT serial, vendor, distinction, new, old, old FROM temp.idp_changes WHERE new IS NOT NULL
            ORDER BY serial, vendor, distinction
            ON CONFLICT DO UPDATE SET url = excluded.url, previous = excluded.previous;",
    )?;
    if new == New::Previous {
        // An address that the source has too is no longer a choice of a master.
        tx.execute_batch(
            "DELETE FROM idp_urls WHERE (serial, vendor, distinction) IN (
                SELECT c.serial, c.vendor, c.distinction FROM temp.idp_changes c JOIN idp_urls i
                ON i.serial = c.serial AND i.vendor = c.vendor AND i.distinction = c.distinction
                WHERE c.new IS NULL OR c.new IS i.source)",
        )?;
    }
    tx.execute_batch("DROP TABLE temp.idp_changes")?;
    Ok(())
}

/// A token whose address is to be changed on its user's device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The user's id on the target.
    pub target: String,
    pub group: String,
    pub vendor: String,
    pub serial: String,
    pub url: Option<String>,
}

/// The tokens of those users who are imported, or further, until `each` returns false.
pub fn imported<E: From<Error>>(
    db: &Connection,
    users: &Users,
    mut each: impl FnMut(Listed) -> Result<bool, E>,
) -> Result<(), E> {
    let (ids, params) = users.sql();
    let sql = format!(
        "SELECT coalesce((SELECT m.target FROM members m WHERE m.bundle = p.bundle AND m.user = u.id), u.userid), \
         (SELECT g.name FROM groups g WHERE g.id = u.group_id), t.vendor, t.serial, t.idp_url {} AND p.phase >= 3 \
         ORDER BY t.id",
        concerned(ids)
    );
    walk(db, &sql, params_from_iter(params), |row| {
        let listed = || -> rusqlite::Result<Listed> {
            Ok(Listed {
                target: row.get(0)?,
                group: row.get(1)?,
                vendor: row.get(2)?,
                serial: row.get(3)?,
                url: row.get(4)?,
            })
        };
        each(listed().map_err(Error::from)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::selection::Selection;
    use crate::vault::schema;

    /// Users `a` (push token 1 with address o), `b` (push token 2 without, hardware token 3), `c` (soft without push).
    fn vault() -> Connection {
        let db = schema::tests::connection();
        db.execute_batch(
            "INSERT INTO groups (id, name, system_id, load, line) VALUES (1, 'g', 1, 1, 1);
             INSERT INTO users (id, group_id, userid, load, line, system_id, state) VALUES
                (1, 1, 'a', 1, 1, 1, 'active'), (2, 1, 'b', 1, 1, 1, 'active'), (3, 1, 'c', 1, 1, 1, 'active'),
                (4, 1, 'd', 1, 1, 1, 'active');
             UPDATE users SET gone = 1 WHERE id = 4;
             INSERT INTO tokens (id, vendor, serial, load, line, kind, algorithm, seed, transactions, idp_url) VALUES
                (65536, 'E', '1', 1, 1, 'soft', 'totp', x'', 1, 'o'), (131072, 'E', '2', 1, 1, 'soft', 'totp', x'', 1, NULL),
                (131073, 'E', '3', 1, 1, 'hardware', 'totp', x'', NULL, NULL),
                (196608, 'E', '4', 1, 1, 'soft', 'totp', x'', 0, 'o'), (-1, 'E', '5', 1, 1, 'soft', 'totp', x'', 1, 'o'),
                (262144, 'E', '6', 1, 1, 'soft', 'totp', x'', 1, 'o');
             INSERT INTO progress (user, phase, bundle, at, master) VALUES (1, 3, 1, 0, 'x'), (2, 1, NULL, 0, 'x');
             INSERT INTO members (bundle, user, target) VALUES (1, 1, 'anna')",
        )
        .unwrap();
        db
    }

    fn all_users() -> Users {
        Users::chosen(&Selection::default()).unwrap()
    }

    fn state(db: &Connection) -> (String, String) {
        let one = |sql: &str| db.query_row(sql, [], |row| row.get(0)).unwrap();
        (
            one(
                "SELECT group_concat(coalesce(idp_url, '-'), ' ') FROM (SELECT idp_url FROM tokens ORDER BY serial)",
            ),
            one(
                "SELECT coalesce(group_concat(serial || url || coalesce(previous, '-') || coalesce(source, '-'), ' '), '') \
                 FROM idp_urls",
            ),
        )
    }

    fn change(db: &Connection, new: New<'_>) -> UrlChange {
        let found = look(db, &all_users(), new).unwrap();
        apply(db, &all_users(), new).unwrap();
        found
    }

    #[test]
    fn only_push_tokens_of_users_get_another_address_and_the_last_change_is_taken_back() {
        let db = vault();
        assert_eq!(state(&db).0, "o - - o o o");
        let found = change(&db, New::Url("n"));
        assert_eq!(
            (found.tokens, found.users, found.exported, found.unchanged),
            (2, 2, 1, 0)
        );
        let steps: Vec<_> = found
            .steps
            .iter()
            .map(|s| (s.from.as_deref(), s.to.as_deref(), s.tokens))
            .collect();
        assert_eq!(steps, [(None, Some("n"), 1), (Some("o"), Some("n"), 1)]);
        assert_eq!(state(&db), ("n n - o o o".into(), "1noo 2n--".into()));

        let again = look(&db, &all_users(), New::Url("n")).unwrap();
        assert_eq!((again.tokens, again.unchanged), (0, 2));
        change(&db, New::Url("m"));
        assert_eq!(state(&db), ("m m - o o o".into(), "1mno 2mn-".into()));
        // Back, and forth again.
        change(&db, New::Previous);
        assert_eq!(state(&db), ("n n - o o o".into(), "1nmo 2nm-".into()));
        change(&db, New::Previous);
        assert_eq!(state(&db).0, "m m - o o o");
    }

    #[test]
    fn back_to_what_the_source_says_leaves_no_trace() {
        let db = vault();
        change(&db, New::Url("n"));
        let found = change(&db, New::Previous);
        assert_eq!(found.tokens, 2);
        assert_eq!(state(&db), ("o - - o o o".into(), String::new()));
        assert_eq!(look(&db, &all_users(), New::Previous).unwrap().tokens, 0);
    }

    #[test]
    fn addresses_are_counted_and_imported_users_listed() {
        let db = vault();
        change(&db, New::Url("n"));
        let mut found = Vec::new();
        addresses::<Error>(&db, &all_users(), |one| {
            found.push((one.source, one.present, one.tokens, one.exported));
            Ok(true)
        })
        .unwrap();
        let n = || Some("n".to_owned());
        assert_eq!(
            found,
            [(None, n(), 1, 0), (Some("o".to_owned()), n(), 1, 1)]
        );
        let mut listed = Vec::new();
        imported::<Error>(&db, &all_users(), |one| {
            listed.push((one.target, one.serial, one.url));
            Ok(true)
        })
        .unwrap();
        assert_eq!(listed, [("anna".to_owned(), "1".to_owned(), n())]);
    }

    #[test]
    fn tokens_are_found_by_the_range_of_their_user() {
        let db = vault();
        let sql = format!("SELECT i.url, p.phase {}", concerned("SELECT 1"));
        let plan = schema::tests::plan(&db, &sql, &[]);
        assert!(
            plan.contains("SEARCH t USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
            "{plan}"
        );
        assert!(plan.contains("SEARCH i USING PRIMARY KEY"), "{plan}");
    }
}
