//! Workflow aliases: how the source mirrors the phases of the vault (igsh-migration(7), PHASES).
//!
//! They are no aliases of the user and never exported. A load keeps those that the source has apart; what they should
//! be follows from the user's phase: its prefix before the user id.

use rusqlite::{Connection, params_from_iter};

use super::phases::Users;
use crate::store::stored::unfit;

use super::{Error, Result};

/// What the source has to change for one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasChange {
    pub group: String,
    pub userid: String,
    /// Workflow aliases that no longer hold.
    pub remove: Vec<String>,
    /// The one that is missing.
    pub add: Option<String>,
}

/// An alias that another user of the group has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    pub alias: String,
    /// The user whose it would become.
    pub userid: String,
    /// Group of both.
    pub group: String,
    /// Who has it.
    pub holder: String,
}

/// What the source has to change for these users, in the order in which they were loaded.
pub fn changes<E: From<Error>>(
    db: &Connection,
    users: &Users,
    prefixes: &[String],
    mut each: impl FnMut(AliasChange) -> Result<bool, E>,
) -> Result<(), E> {
    let (ids, params) = users.sql();
    let sql = format!(
        "SELECT g.name, u.userid, coalesce(p.phase, 0), \
         (SELECT json_group_array(w.alias) FROM workflow w WHERE w.id BETWEEN u.id << 16 AND (u.id << 16) + 65535) \
         FROM users u JOIN groups g ON g.id = u.group_id LEFT JOIN progress p ON p.user = u.id \
         WHERE u.gone = 0 AND u.id IN ({ids}) ORDER BY u.id"
    );
    let mut statement = db.prepare(&sql).map_err(Error::from)?;
    let mut rows = statement
        .query(params_from_iter(params))
        .map_err(Error::from)?;
    while let Some(row) = rows.next().map_err(Error::from)? {
        if let Some(change) = change(row, prefixes).map_err(Error::from)?
            && !each(change)?
        {
            break;
        }
    }
    Ok(())
}

fn change(row: &rusqlite::Row<'_>, prefixes: &[String]) -> rusqlite::Result<Option<AliasChange>> {
    let (userid, phase): (String, usize) = (row.get(1)?, row.get(2)?);
    let has = row.get_ref(3)?.as_str()?;
    let has: Vec<String> = serde_json::from_str(has).map_err(|why| unfit(row, 3, why))?;
    // Phase none has no alias, the first prefix is that of phase export.
    let prefix = phase.checked_sub(1).and_then(|place| prefixes.get(place));
    let wanted = prefix.map(|prefix| format!("{prefix}{userid}"));
    let add = wanted.clone().filter(|alias| !has.contains(alias));
    let remove: Vec<String> = has
        .into_iter()
        .filter(|alias| Some(alias) != wanted.as_ref())
        .collect();
    if add.is_none() && remove.is_empty() {
        return Ok(None);
    }
    Ok(Some(AliasChange {
        group: row.get(0)?,
        userid,
        remove,
        add,
    }))
}

/// Who of the group has the alias already, as user id, alias or workflow alias.
pub fn clash(db: &Connection, change: &AliasChange) -> Result<Option<Clash>> {
    let Some(alias) = &change.add else {
        return Ok(None);
    };
    let mut statement = db.prepare_cached(
        "SELECT u.userid FROM (SELECT id FROM users WHERE userid = ?1 UNION ALL \
         SELECT id >> 16 FROM aliases WHERE alias = ?1 UNION ALL SELECT id >> 16 FROM workflow WHERE alias = ?1) x \
         JOIN users u ON u.id = x.id JOIN groups g ON g.id = u.group_id \
         WHERE g.name = ?2 AND u.userid <> ?3 AND u.gone = 0 LIMIT 1",
    )?;
    let mut rows = statement.query([alias, &change.group, &change.userid])?;
    Ok(match rows.next()? {
        None => None,
        Some(row) => Some(Clash {
            alias: alias.clone(),
            userid: change.userid.clone(),
            group: change.group.clone(),
            holder: row.get(0)?,
        }),
    })
}

/// How many users the source still has under an alias with one of these prefixes.
pub fn carriers(db: &Connection, prefixes: &[String]) -> Result<u64> {
    let mut found: u64 =
        db.query_row("SELECT count(DISTINCT id >> 16) FROM workflow", [], |row| {
            row.get(0)
        })?;
    // The aliases of a vault hold none of them, unless the prefixes came after the load.
    let mut statement = db.prepare(
        "SELECT count(*) FROM aliases WHERE alias >= ?1 AND alias < ?1 || char(0x10FFFF)",
    )?;
    for prefix in prefixes {
        found += statement.query_row([prefix], |row| row.get::<_, u64>(0))?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::selection::Selection;
    use crate::vault::schema::tests::connection;

    /// Users 1 to 5 of one group, each in another phase; what the source has is the test's.
    fn people(workflow: &str) -> Connection {
        let db = connection();
        db.execute_batch(&format!(
            "INSERT INTO groups (id, name, system_id, load, line) VALUES (1, 'hr', 1, 1, 1);
             INSERT INTO users (id, group_id, userid, load, line, system_id, state) VALUES
             (1, 1, 'u1', 1, 1, 1, 'active'), (2, 1, 'u2', 1, 1, 1, 'active'), (3, 1, 'u3', 1, 1, 1, 'active'),
             (4, 1, 'u4', 1, 1, 1, 'active'), (5, 1, 'u5', 1, 1, 1, 'active');
             INSERT INTO progress (user, phase, at, master) VALUES (2, 1, 0, 'm'), (3, 2, 0, 'm'), (4, 3, 0, 'm'),
             (5, 4, 0, 'm');
             {workflow}"
        ))
        .unwrap();
        db
    }

    fn prefixes() -> Vec<String> {
        ["E_", "EXPORTED_", "I_"].map(str::to_owned).to_vec()
    }

    fn lines(db: &Connection) -> Vec<String> {
        let users = Users::chosen(&Selection::default()).unwrap();
        let mut lines = Vec::new();
        changes::<Error>(db, &users, &prefixes(), |change| {
            let add = change.add.unwrap_or_default();
            lines.push(format!(
                "{}: -{} +{add}",
                change.userid,
                change.remove.join("-")
            ));
            Ok(true)
        })
        .unwrap();
        lines
    }

    #[test]
    fn the_alias_follows_from_the_phase() {
        let db = people("");
        assert_eq!(
            lines(&db),
            ["u2: - +E_u2", "u3: - +EXPORTED_u3", "u4: - +I_u4"],
            "u5: no fourth prefix"
        );
    }

    #[test]
    fn what_the_source_has_is_kept_or_removed() {
        let db = people(
            "INSERT INTO workflow (id, alias) VALUES (1 << 16, 'E_u1'), (2 << 16, 'E_u2'), (3 << 16, 'E_u3'),
             (3 << 16 | 1, 'I_u3'), (5 << 16, 'I_u5');
             UPDATE users SET gone = 2 WHERE id = 4;",
        );
        assert_eq!(
            lines(&db),
            ["u1: -E_u1 +", "u3: -E_u3-I_u3 +EXPORTED_u3", "u5: -I_u5 +"]
        );
    }

    #[test]
    fn an_alias_of_another_user_in_the_group_clashes() {
        for taken in [
            "INSERT INTO aliases (id, alias) VALUES (1 << 16, 'E_u2')",
            "INSERT INTO workflow (id, alias) VALUES (1 << 16, 'E_u2')",
            "UPDATE users SET userid = 'E_u2' WHERE id = 1",
        ] {
            let db = people(taken);
            let change = AliasChange {
                group: "hr".to_owned(),
                userid: "u2".to_owned(),
                remove: Vec::new(),
                add: Some("E_u2".to_owned()),
            };
            assert!(clash(&db, &change).unwrap().is_some(), "{taken}");
            let elsewhere = AliasChange {
                group: "it".to_owned(),
                ..change
            };
            assert_eq!(clash(&db, &elsewhere).unwrap(), None);
        }
    }

    #[test]
    fn carriers_are_users_with_an_alias_of_the_old_prefixes() {
        assert_eq!(carriers(&people(""), &prefixes()).unwrap(), 0);
        let db =
            people("INSERT INTO workflow (id, alias) VALUES (1 << 16, 'X'), (1 << 16 | 1, 'Y')");
        assert_eq!(carriers(&db, &[]).unwrap(), 1);
        let db =
            people("INSERT INTO aliases (id, alias) VALUES (1 << 16, 'I_am'), (2 << 16, 'i_am')");
        assert_eq!(carriers(&db, &prefixes()).unwrap(), 1);
    }
}
