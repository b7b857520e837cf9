//! The newest entry that a session wrote, proven: what is expected of the file follows from it.

use rusqlite::{Connection, Rows};

use super::verify::{Seal, Stored, read, seal};
use super::{codes, link, origin};
use crate::store::{Error, Keys, Result};

/// How many entries of no session may stand after the newest one of a session.
const MOST: usize = 10_000;

/// The body of the newest entry that a session wrote, after its place in the chain and its code were made anew;
/// nothing of an empty audit.
///
/// # Errors
/// [`Error::AuditDamaged`] names the entry that does not fit.
pub(crate) fn newest_of_session(db: &Connection, keys: &Keys) -> Result<Option<Vec<u8>>> {
    let mut statement =
        db.prepare_cached("SELECT seq, body, hash, mac FROM audit ORDER BY seq DESC")?;
    let mut rows = statement.query([])?;
    let Some(mut entry) = read(&mut rows)? else {
        return Ok(None);
    };
    for _ in 0..=MOST {
        let before = follows(db, &mut rows, &entry)?;
        match seal(keys, &entry) {
            Seal::Proven => {
                let generation = entry.head.as_ref().map(|head| head.g);
                return if generation == Some(keys.generation()) {
                    Ok(Some(entry.body))
                } else {
                    Err(damaged(entry.place))
                };
            }
            Seal::Excused => {}
            Seal::Broken => return Err(damaged(entry.place)),
        }
        // The first entry is one of a session.
        entry = before.ok_or_else(|| damaged(1))?;
    }
    Err(damaged(entry.place))
}

/// The first entry's body, after it was proven to be that of the making of the file.
///
/// # Errors
/// [`Error::AuditDamaged`].
pub(crate) fn beginning(db: &Connection, keys: &Keys) -> Result<Vec<u8>> {
    let mut statement =
        db.prepare_cached("SELECT seq, body, hash, mac FROM audit ORDER BY seq LIMIT 1")?;
    let first = read(&mut statement.query([])?)?.ok_or_else(|| damaged(1))?;
    let is_init = first
        .head
        .as_ref()
        .is_some_and(|head| head.seq == 1 && head.code == codes::INIT.code);
    let is_linked = first.hash == link(&origin(db)?.hash, &first.body);
    if first.place == 1 && is_init && is_linked && seal(keys, &first) == Seal::Proven {
        Ok(first.body)
    } else {
        Err(damaged(1))
    }
}

/// The entry before this one, after this one was found to follow from it.
fn follows(db: &Connection, rows: &mut Rows<'_>, entry: &Stored) -> Result<Option<Stored>> {
    let before = read(rows)?;
    let (place, hash) = match &before {
        Some(before) => (before.place, before.hash),
        None => (0, origin(db)?.hash),
    };
    let is_next = entry.place == place + 1
        && entry.head.as_ref().map(|head| head.seq) == Some(entry.place)
        && entry.hash == link(&hash, &entry.body);
    if is_next {
        Ok(before)
    } else {
        Err(damaged(entry.place))
    }
}

fn damaged(seq: u64) -> Error {
    Error::AuditDamaged { seq }
}

#[cfg(test)]
mod tests {
    use rusqlite::params;

    use super::super::tests::{BARE, bare, put};
    use super::super::{Draft, EventCode, get};
    use super::*;
    use crate::ambient::SystemRandomness;
    use crate::crypto::Key;
    use crate::crypto::field::{FieldKey, Nonces};
    use crate::store::keys::tests::loose;

    fn session(connection: &Connection, code: &'static EventCode) {
        put(connection, &Draft::new(code, "test"), true);
    }

    /// The beginning, a setting, and a failed login, which carries no code.
    fn three() -> Connection {
        let connection = bare();
        session(&connection, &codes::INIT);
        session(&connection, &codes::SETTING);
        put(
            &connection,
            &Draft::new(&codes::LOGIN_FAILED, "login"),
            false,
        );
        connection
    }

    fn body(connection: &Connection, seq: u64) -> Vec<u8> {
        get(connection, seq).unwrap().body.into_bytes()
    }

    fn hash(connection: &Connection, seq: u64) -> [u8; 32] {
        get(connection, seq).unwrap().hash.try_into().unwrap()
    }

    /// Writes an entry that the keys prove.
    fn prove(connection: &Connection, place: u64, body: &[u8], hash: [u8; 32]) {
        let mac = loose(&[1]).audit_mac(1, &hash).unwrap();
        connection
            .execute(
                "INSERT OR REPLACE INTO audit (seq, body, hash, mac) VALUES (?1, ?2, ?3, ?4)",
                params![place, std::str::from_utf8(body).unwrap(), hash, mac],
            )
            .unwrap();
    }

    fn newest(connection: &Connection) -> Option<Option<Vec<u8>>> {
        newest_of_session(connection, &loose(&[1])).ok()
    }

    fn is_damaged_at(connection: &Connection, seq: u64) -> bool {
        let error = newest_of_session(connection, &loose(&[1])).unwrap_err();
        matches!(error, Error::AuditDamaged { seq: found } if found == seq)
    }

    #[test]
    fn the_newest_entry_of_a_session_is_found_behind_failed_logins() {
        let connection = three();
        assert_eq!(newest(&connection), Some(Some(body(&connection, 2))));
        assert_eq!(newest(&bare()), Some(None));
        // Keys that have gone on to another generation belong to a newer copy.
        let key = |byte| Key::from_bytes(&[byte; Key::LEN]);
        let nonces = Nonces::new(&SystemRandomness).unwrap();
        let audit = vec![(1, key(200)), (2, key(201))];
        let fields = vec![FieldKey::new(&key(1), 1)];
        let newer = Keys::new([7; 16], &BARE, fields, audit, nonces).unwrap();
        let other = newest_of_session(&connection, &newer);
        assert!(matches!(other, Err(Error::AuditDamaged { seq: 2 })));
    }

    #[test]
    fn an_audit_of_failed_logins_alone_has_lost_its_beginning() {
        let connection = bare();
        let failed = Draft::new(&codes::LOGIN_FAILED, "login");
        put(&connection, &failed, false);
        assert!(is_damaged_at(&connection, 1));
    }

    #[test]
    fn each_thing_that_ties_an_entry_to_the_one_before_is_proven() {
        let connection = three();
        let (before, third) = (hash(&connection, 2), |seq: u64| {
            let text = String::from_utf8(body(&connection, 2)).unwrap();
            text.replace("\"seq\":2", &format!("\"seq\":{seq}"))
                .into_bytes()
        });
        connection
            .execute("DELETE FROM audit WHERE seq = 3", [])
            .unwrap();
        let (right, behind) = (third(3), third(5));
        prove(&connection, 3, &right, link(&before, &right));
        assert_eq!(newest(&connection), Some(Some(right.clone())));
        // That a session wrote it, its hash, the number in it, its place.
        let text = String::from_utf8(right.clone()).unwrap();
        let of_none = text.replace("\"session\":true", "\"session\":false");
        prove(
            &connection,
            3,
            of_none.as_bytes(),
            link(&before, of_none.as_bytes()),
        );
        assert!(is_damaged_at(&connection, 3));
        prove(&connection, 3, &right, [9; 32]);
        assert!(is_damaged_at(&connection, 3));
        prove(&connection, 3, &behind, link(&before, &behind));
        assert!(is_damaged_at(&connection, 3));
        connection
            .execute("UPDATE audit SET seq = 5 WHERE seq = 3", [])
            .unwrap();
        assert!(is_damaged_at(&connection, 5));
    }

    #[test]
    fn each_thing_that_makes_a_beginning_is_proven() {
        let begins = |connection: &Connection| beginning(connection, &loose(&[1])).ok();
        let fresh = || {
            let connection = bare();
            session(&connection, &codes::INIT);
            connection
        };
        let connection = fresh();
        let (first, start) = (body(&connection, 1), origin(&connection).unwrap().hash);
        assert_eq!(begins(&connection), Some(first.clone()));
        assert_eq!(begins(&bare()), None);
        for change in [
            "UPDATE audit SET seq = 2",
            "UPDATE audit SET mac = zeroblob(32)",
            "UPDATE state SET vid = zeroblob(16)",
        ] {
            let connection = fresh();
            connection.execute_batch(change).unwrap();
            assert_eq!(begins(&connection), None, "{change}");
        }
        let connection = bare();
        session(&connection, &codes::SETTING);
        assert_eq!(begins(&connection), None);
        let text = String::from_utf8(first).unwrap();
        let second = text.replace("\"seq\":1", "\"seq\":2").into_bytes();
        prove(&connection, 1, &second, link(&start, &second));
        assert_eq!(begins(&connection), None);
    }
}
