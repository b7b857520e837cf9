//! The masters as others see them: who holds the name, when they last came, whether they are locked out.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::stored::{at, moment};
use super::{Error, Result, clock};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Master {
    /// 1 to 3.
    pub number: u8,
    /// The name, which is public.
    pub name: String,
    /// The person who holds it.
    pub holder: Option<String>,
    pub last_login: Option<Timestamp>,
    /// When the password was last changed.
    pub password_changed: Timestamp,
    /// Failed logins since the last one that succeeded.
    pub failures: u32,
    /// No password is taken before this.
    pub locked_until: Option<Timestamp>,
}

/// The three masters; `now` decides whether one is locked.
pub fn list(connection: &Connection, now: Timestamp) -> Result<Vec<Master>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, name, holder, last_login, password_changed, failures, not_before FROM master ORDER BY number",
    )?;
    let rows = statement.query_map([], |row| {
        let until = clock::locked_until(row.get(6)?, now.as_microsecond());
        Ok(Master {
            number: row.get(0)?,
            name: row.get(1)?,
            holder: row.get(2)?,
            last_login: moment(row, 3)?,
            password_changed: at(row, 4)?,
            failures: row.get(5)?,
            locked_until: until.map(time),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The master of this name; letter case does not matter.
///
/// # Errors
/// [`Error::NoSuchMaster`] with the names there are.
pub fn find(connection: &Connection, name: &str, now: Timestamp) -> Result<Master> {
    let found = list(connection, now)?
        .into_iter()
        .find(|master| master.name.eq_ignore_ascii_case(name));
    match found {
        Some(master) => Ok(master),
        None => Err(unknown(connection)?),
    }
}

/// What to say of a name that no master has.
pub(super) fn unknown(connection: &Connection) -> Result<Error> {
    let names = connection.query_row(
        "SELECT group_concat(name, ', ' ORDER BY number) FROM master",
        [],
        |row| row.get(0),
    )?;
    Ok(Error::NoSuchMaster { names })
}

/// Sets who holds a master's name; an empty text removes the holder. Inside the caller's transaction, which also
/// holds the audit entry.
pub fn set_holder(tx: &Connection, name: &str, holder: &str) -> Result<()> {
    let holder = holder.trim();
    if holder.chars().any(char::is_control) || holder.len() > 200 {
        return Err(Error::Masters {
            what: "a holder is one line of at most 200 bytes".to_owned(),
            hint: "write it in one line, and shorten it",
        });
    }
    let master = find(tx, name, Timestamp::UNIX_EPOCH)?;
    tx.execute(
        "UPDATE master SET holder = nullif(?2, '') WHERE number = ?1",
        params![master.number, holder],
    )?;
    Ok(())
}

/// Lifts the lock after failed logins. Inside the caller's transaction, which also holds the audit entry.
pub fn unlock(tx: &Connection, name: &str) -> Result<()> {
    let master = find(tx, name, Timestamp::UNIX_EPOCH)?;
    tx.execute(
        "UPDATE master SET failures = 0, not_before = 0 WHERE number = ?1",
        [master.number],
    )?;
    Ok(())
}

/// A time in microseconds; the first or the last there is, where it is beyond.
pub(super) fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::audit::tests::bare;

    fn three() -> Connection {
        let connection = bare();
        for number in 1..=3 {
            connection
                .execute(
                    "INSERT INTO master VALUES (?1, 'Master' || ?1, NULL, zeroblob(16), 1, 1, 1, x'', x'', 1000000, NULL, 5, 3000000, 0)",
                    [number],
                )
                .unwrap();
        }
        connection
    }

    #[test]
    fn a_holder_is_set_and_taken_away() {
        let connection = three();
        set_holder(&connection, "master2", " Anna Schmidt ").unwrap();
        let now = time(0);
        assert_eq!(
            find(&connection, "Master2", now).unwrap().holder.as_deref(),
            Some("Anna Schmidt")
        );
        assert_eq!(find(&connection, "Master1", now).unwrap().holder, None);
        set_holder(&connection, "Master2", "").unwrap();
        assert_eq!(find(&connection, "Master2", now).unwrap().holder, None);
        assert!(set_holder(&connection, "Master2", "two\nlines").is_err());
        let error = set_holder(&connection, "Master9", "x").unwrap_err();
        assert_eq!(
            error.hint().as_deref(),
            Some("the masters are Master1, Master2, Master3")
        );
    }

    #[test]
    fn a_lock_is_shown_while_it_lasts_and_can_be_lifted() {
        let connection = three();
        let locked = |now| {
            find(&connection, "Master1", time(now))
                .unwrap()
                .locked_until
        };
        assert_eq!(locked(2_999_999), Some(time(3_000_000)));
        assert_eq!(locked(3_000_000), None);
        unlock(&connection, "MASTER1").unwrap();
        assert_eq!(locked(0), None);
        let masters = list(&connection, time(0)).unwrap();
        assert_eq!(
            masters.iter().map(|m| m.failures).collect::<Vec<_>>(),
            [0, 5, 5]
        );
    }
}
