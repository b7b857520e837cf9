//! Which user, token or card has a name or serial number, and where it came from: for `migrate explain`.

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql};

use crate::model::{Phase, Timestamp};
use crate::store::stored::{at, moment};

use super::Result;
use super::named::named;
use super::snapshot::phase;

/// What a name or serial number stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    pub what: What,
    /// Its owner; `None` for an unassigned token or card.
    pub user: Option<Person>,
    /// The group: the user's, or that of the unassigned item.
    pub group: String,
    /// The load that it came with.
    pub origin: Origin,
}

/// A user, a token or a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    User,
    Token { vendor: String, serial: String },
    Card { serial: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The vault's own id.
    pub id: i64,
    pub userid: String,
}

/// Where a record came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The number of the load that wrote it last.
    pub load: i64,
    /// When that was.
    pub at: Option<Timestamp>,
    /// What was loaded: a file name.
    pub source: Option<String>,
    pub line: u64,
    /// The load that no longer had it.
    pub gone: Option<i64>,
}

/// Where a user stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub phase: Phase,
    /// The last bundle the user was in.
    pub bundle: Option<u64>,
    pub at: Timestamp,
    /// Who moved the user there.
    pub master: String,
    pub wave: Option<String>,
}

/// Why a user takes no part in the migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    pub at: Timestamp,
    /// Who took the user out.
    pub master: String,
    /// The reason given.
    pub reason: String,
}

/// At most so many matches are given.
const MOST: usize = 50;

/// Everything that `text` may mean: a user id or `group/userid`, else an alias; the serial number of a token, dashes
/// not counted, or of a card.
pub fn find(db: &Connection, text: &str) -> Result<Vec<Meaning>> {
    let mut found = Vec::new();
    let user = |condition: &str| {
        format!(
            "SELECT u.id, u.userid, g.name, u.load, l.at, l.source, u.line, u.gone FROM users u \
             JOIN groups g ON g.id = u.group_id LEFT JOIN loads l ON l.id = u.load WHERE u.id {condition}"
        )
    };
    for named in named(db, text)? {
        add(db, &user("= ?"), &[&named.id], person, &mut found)?;
    }
    if found.is_empty() {
        let of_alias = user("IN (SELECT id >> 16 FROM aliases WHERE alias = ?)");
        add(db, &of_alias, &[&text], person, &mut found)?;
    }
    let item = |table: &str, columns: &str| {
        format!(
            "SELECT i.id >> 16, u.userid, coalesce(o.name, g.name, ''), i.load, l.at, l.source, i.line, i.gone, {columns} \
             FROM {table} i LEFT JOIN users u ON u.id = i.id >> 16 AND i.id > 0 \
             LEFT JOIN groups g ON g.id = u.group_id LEFT JOIN groups o ON o.id = i.group_id \
             LEFT JOIN loads l ON l.id = i.load WHERE i.serial = ? ORDER BY i.id DESC"
        )
    };
    let plain: String = text.chars().filter(|c| *c != '-').collect();
    add(
        db,
        &item("tokens", "i.vendor, i.serial"),
        &[&plain],
        token,
        &mut found,
    )?;
    if let Ok(serial) = plain.parse::<i64>() {
        add(db, &item("cards", "i.serial"), &[&serial], card, &mut found)?;
    }
    Ok(found)
}

/// Where a user stands; `None` in phase `none`.
pub fn standing(db: &Connection, user: i64) -> Result<Option<Standing>> {
    let found = db
        .query_row(
            "SELECT phase, bundle, at, master, wave FROM progress WHERE user = ?",
            [user],
            |row| {
                Ok(Standing {
                    phase: phase(row, 0)?,
                    bundle: row.get(1)?,
                    at: at(row, 2)?,
                    master: row.get(3)?,
                    wave: row.get(4)?,
                })
            },
        )
        .optional()?;
    Ok(found.filter(|standing: &Standing| standing.phase != Phase::None))
}

/// Why a user is excluded, if so.
pub fn exclusion(db: &Connection, user: i64) -> Result<Option<Exclusion>> {
    Ok(db
        .query_row(
            "SELECT at, master, reason FROM excluded WHERE user = ?",
            [user],
            |row| {
                Ok(Exclusion {
                    at: at(row, 0)?,
                    master: row.get(1)?,
                    reason: row.get(2)?,
                })
            },
        )
        .optional()?)
}

fn add(
    db: &Connection,
    sql: &str,
    params: &[&dyn ToSql],
    read: fn(&Row<'_>) -> rusqlite::Result<Meaning>,
    found: &mut Vec<Meaning>,
) -> Result<()> {
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        if found.len() == MOST {
            break;
        }
        found.push(read(row)?);
    }
    Ok(())
}

fn person(row: &Row<'_>) -> rusqlite::Result<Meaning> {
    common(row, What::User)
}

fn token(row: &Row<'_>) -> rusqlite::Result<Meaning> {
    let (vendor, serial) = (row.get(8)?, row.get(9)?);
    common(row, What::Token { vendor, serial })
}

fn card(row: &Row<'_>) -> rusqlite::Result<Meaning> {
    common(
        row,
        What::Card {
            serial: row.get(8)?,
        },
    )
}

fn common(row: &Row<'_>, what: What) -> rusqlite::Result<Meaning> {
    let id = row.get(0)?;
    let userid: Option<String> = row.get(1)?;
    let gone: i64 = row.get(7)?;
    Ok(Meaning {
        what,
        user: userid.map(|userid| Person { id, userid }),
        group: row.get(2)?,
        origin: Origin {
            load: row.get(3)?,
            at: moment(row, 4)?,
            source: row.get(5)?,
            line: row.get(6)?,
            gone: (gone != 0).then_some(gone),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::schema;

    fn vault() -> Connection {
        let db = schema::tests::connection();
        db.execute_batch(
            "INSERT INTO loads (id, at, master, source, format, system_id, full)
             VALUES (3, 1800000000000000, 'Master1', 'people.ndjson', 'ndjson', 1, 1);
             INSERT INTO groups (id, name, system_id, load, line) VALUES (1, 'hr', 1, 3, 1), (2, 'it', 1, 3, 2);
             INSERT INTO users (id, group_id, userid, load, line, system_id, state, gone) VALUES
             (1, 1, 'anna', 3, 7, 1, 'active', 0), (2, 2, 'anna', 3, 8, 1, 'active', 4), (3, 1, 'a/b', 3, 9, 1, 'active', 0);
             INSERT INTO aliases (id, alias) VALUES (1 << 16, 'a.s'), (2 << 16, 'anna');
             INSERT INTO tokens (id, group_id, vendor, serial, load, line, kind, algorithm, seed) VALUES
             (1 << 16, NULL, 'HID', '12345', 3, 7, 'hardware', 'totp', x''), (-1, 2, 'Entrust', '12345', 3, 10, 'soft', 'totp', x'');
             INSERT INTO cards (id, group_id, serial, load, line, rows, columns, cells) VALUES
             (2 << 16, NULL, 12345, 3, 8, 1, 1, x''), (-2, 1, 6, 3, 11, 1, 1, x'');
             INSERT INTO progress (user, phase, bundle, at, master) VALUES (1, 2, 5, 1800000000000000, 'Master2'), (2, 0, 5, 0, 'x');",
        )
        .unwrap();
        db
    }

    fn names(text: &str) -> Vec<String> {
        find(&vault(), text)
            .unwrap()
            .into_iter()
            .map(|found| {
                let user = found.user.map_or("-".to_owned(), |user| user.userid);
                let what = match found.what {
                    What::User => "user".to_owned(),
                    What::Token { vendor, .. } => format!("token {vendor}"),
                    What::Card { serial } => format!("card {serial}"),
                };
                format!("{what} {}/{user}", found.group)
            })
            .collect()
    }

    #[test]
    fn a_user_by_name_with_group_or_without_else_by_alias() {
        assert_eq!(names("anna"), ["user hr/anna", "user it/anna"]);
        assert_eq!(names("it/anna"), ["user it/anna"]);
        assert_eq!(names("a/b"), ["user hr/a/b"]);
        assert_eq!(names("a.s"), ["user hr/anna"]);
        assert_eq!(names("nobody"), Vec::<String>::new());
    }

    #[test]
    fn tokens_and_cards_by_serial_number() {
        assert_eq!(
            names("123-45"),
            [
                "token HID hr/anna",
                "token Entrust it/-",
                "card 12345 it/anna"
            ]
        );
        assert_eq!(names("6"), ["card 6 hr/-"]);
    }

    #[test]
    fn where_it_came_from_and_where_it_stands() {
        let db = vault();
        let found = find(&db, "it/anna").unwrap().remove(0);
        assert_eq!(
            (found.origin.load, found.origin.line, found.origin.gone),
            (3, 8, Some(4))
        );
        assert_eq!(found.origin.source.as_deref(), Some("people.ndjson"));
        assert_eq!(
            found.origin.at.map(|at| at.as_second()),
            Some(1_800_000_000)
        );
        let standing = standing(&db, 1).unwrap().unwrap();
        assert_eq!(
            (standing.phase, standing.bundle),
            (Phase::Exported, Some(5))
        );
        assert_eq!(super::standing(&db, 2).unwrap(), None);
    }
}
