//! The audit: a chain of entries in the file that they are about (igsh-vault(5), AUDIT).
//!
//! An entry is appended in the transaction of the change, so that neither is there without the other. Each entry's
//! hash covers all before it; entries of a session carry a code under a key that only masters have. What is shown is
//! always the body that was hashed, never a column that another program could have edited.

mod anchor;
pub mod codes;
mod entry;
mod newest;
mod read;
mod showings;
mod verify;

pub(crate) use crate::crypto::hex;
pub use anchor::{Anchor, Claim};
pub use codes::EventCode;
pub use entry::{Entry, Outcome, Shown, Source, Who};
pub(crate) use newest::{beginning, newest_of_session};
pub use read::{Filter, Row, count, get, list, recomputed};
pub use showings::{Showing, showings};
pub use verify::{Finding, RolledBack, Verified, verify};

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::state;
pub use super::state::Amended;
use super::{Error, Keys, Result};
use crate::ambient::Clock;
use crate::crypto::{Sha256, context};
use crate::store::stored::unfit;

/// An entry that is to be written.
#[derive(Debug, Clone)]
pub struct Draft {
    pub code: &'static EventCode,
    /// What was acted on, such as a file or a master's name; empty when the command says it all.
    pub object: String,
    /// The number of the bundle it is about.
    pub bundle: Option<u64>,
    /// That bundle's id, where the number alone would not do.
    pub bundle_id: Option<String>,
    /// The command as typed, secrets masked.
    pub command: String,
    pub counts: BTreeMap<String, u64>,
    /// Why, in the master's words.
    pub reason: Option<String>,
    pub outcome: Outcome,
    /// The intent that this entry answers.
    pub intent: Option<u64>,
    /// Where a secret was shown or written.
    pub shown: Option<Shown>,
    /// Anchors that the audit does not hold: that a login found, or that a master acknowledged.
    pub rolled_back: Vec<String>,
    /// Anything else; of a failure, its message.
    pub detail: Option<String>,
}

impl Draft {
    /// An entry about `command`, which succeeded.
    pub fn new(code: &'static EventCode, command: impl Into<String>) -> Self {
        Self {
            code,
            object: String::new(),
            bundle: None,
            bundle_id: None,
            command: command.into(),
            counts: BTreeMap::new(),
            reason: None,
            outcome: Outcome::Ok,
            intent: None,
            shown: None,
            rolled_back: Vec::new(),
            detail: None,
        }
    }

    /// The same about something.
    pub fn object(mut self, object: impl Into<String>) -> Self {
        self.object = object.into();
        self
    }

    /// The same, failed with this message.
    pub fn failed(mut self, message: impl Into<String>) -> Self {
        self.outcome = Outcome::Failed;
        self.detail = Some(message.into());
        self
    }

    /// The same with a count.
    pub fn count(mut self, what: impl Into<String>, count: u64) -> Self {
        self.counts.insert(what.into(), count);
        self
    }
}

/// What an entry of a session holds about the tables that are summed.
#[derive(Debug)]
pub enum Sums {
    /// The sums of the newest entry: the transaction writes none of them.
    Carried,
    /// The same, but for the tables that the transaction has proven and written.
    Amended(Vec<Amended>),
    /// Those of what is there now, which is trusted.
    Anew,
    /// The same, for the first time in an older file.
    First,
    /// Nothing: what they should be is unknown.
    Unknown,
}

impl From<Amended> for Sums {
    fn from(amended: Amended) -> Self {
        Self::Amended(vec![amended])
    }
}

/// Appends an entry inside the caller's transaction. Without the keys of a session it carries no code, which only
/// failed logins and locks may. The transaction writes no table that is summed.
pub fn append(
    tx: &Connection,
    draft: &Draft,
    who: &Who,
    session: Option<&Keys>,
    clock: &dyn Clock,
) -> Result<Anchor> {
    append_with(tx, draft, who, session, Sums::Carried, clock)
}

/// The same, for a transaction that writes tables that are summed. The first entry of a file always sums it anew.
pub fn append_with(
    tx: &Connection,
    draft: &Draft,
    who: &Who,
    session: Option<&Keys>,
    sums: Sums,
    clock: &dyn Clock,
) -> Result<Anchor> {
    let last = last(tx)?;
    let generation = match session {
        Some(keys) => keys.generation(),
        None => tx.query_row("SELECT generation FROM state", [], |row| row.get(0))?,
    };
    let seq = last.seq.saturating_add(1);
    let number =
        i64::try_from(seq).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, i64::MAX))?;
    let mut entry = Entry::new(seq, generation, session.is_some(), clock.now(), draft, who);
    if let Some(keys) = session {
        entry.first_state = matches!(sums, Sums::First);
        entry.state = match sums {
            Sums::Unknown => None,
            _ if seq == 1 => Some(state::summed_anew(tx, keys)?),
            Sums::Anew | Sums::First => Some(state::summed_anew(tx, keys)?),
            Sums::Carried => Some(state::carried(tx, keys, &[])?),
            Sums::Amended(amended) => Some(state::carried(tx, keys, &amended)?),
        };
    }
    let body = serde_json::to_string(&entry)
        .map_err(|_| Error::Internal("an audit entry cannot be written as JSON"))?;
    let hash = link(&last.hash, body.as_bytes());
    let mac = match session {
        Some(keys) => Some(
            keys.audit_mac(generation, &hash)
                .ok_or(Error::Internal("the session has no audit key"))?,
        ),
        None => None,
    };
    tx.prepare_cached("INSERT INTO audit (seq, body, hash, mac) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![number, body, hash, mac])?;
    // Read back: an entry counts when it is there, not when SQLite was asked to put it there.
    let is_there: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM audit WHERE seq = ?1 AND body = ?2 AND hash = ?3 AND mac IS ?4) \
             AND (SELECT max(seq) FROM audit) = ?1",
        )?
        .query_row(params![number, body, hash, mac], |row| row.get(0))?;
    if is_there {
        Ok(Anchor { seq, hash })
    } else {
        Err(Error::AuditDamaged { seq })
    }
}

/// The newest entry's number and hash; of an empty audit, zero and the origin of its chain.
pub fn last(connection: &Connection) -> Result<Anchor> {
    let newest = connection
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| {
            Ok(Anchor {
                seq: row.get(0)?,
                hash: row
                    .get(1)
                    .map_err(|_| unfit(row, 1, "it is no hash of 32 bytes"))?,
            })
        })
        .optional()?;
    match newest {
        Some(anchor) => Ok(anchor),
        None => origin(connection),
    }
}

/// What the chain of this file begins from.
fn origin(connection: &Connection) -> Result<Anchor> {
    let vid = connection.query_row("SELECT vid FROM state", [], |row| row.get(0))?;
    Ok(Anchor {
        seq: 0,
        hash: context::audit_origin(&vid),
    })
}

/// `h_n = SHA-256(h_{n-1} ‖ u32 length ‖ body)`.
fn link(previous: &[u8; 32], body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::default();
    hash.update(previous);
    hash.update(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    hash.update(body);
    hash.finish()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ambient::FixedClock;
    use crate::store::keys::tests::loose;
    use crate::store::schema::Kind;

    pub(crate) static BARE: Kind = Kind {
        name: "vault",
        init: "system init",
        application_id: 1,
        migrations: &[],
        bulk: None,
        sums: &[],
        late: &[],
    };

    /// A file in memory with the base tables and the vid of [`loose`] keys.
    pub(crate) fn bare() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        BARE.apply(&connection).unwrap();
        connection
            .execute("INSERT INTO state VALUES (1, ?1, 1, 0)", [[7u8; 16]])
            .unwrap();
        connection
    }

    pub(crate) fn who() -> Who {
        Who {
            host: "host".to_owned(),
            os_user: "anna".to_owned(),
            terminal: Some("/dev/pts/3".to_owned()),
            session: "1a2b".to_owned(),
            source: Source::Live,
            master: Some("Master1".to_owned()),
            holder: Some("Anna".to_owned()),
        }
    }

    pub(crate) fn clock() -> FixedClock {
        FixedClock("2026-03-01T10:00:00.000001Z".parse().unwrap())
    }

    pub(crate) fn put(connection: &Connection, draft: &Draft, session: bool) -> Anchor {
        let keys = loose(&[1]);
        append_with(
            connection,
            draft,
            &who(),
            session.then_some(&keys),
            Sums::Unknown,
            &clock(),
        )
        .unwrap()
    }

    #[test]
    fn the_chain_is_that_of_the_published_vector() {
        let vid = std::array::from_fn(|n| n as u8);
        let hex = |bytes: [u8; 32]| super::hex(&bytes);
        let origin = context::audit_origin(&vid);
        assert_eq!(
            hex(origin),
            "73fa1fbdf25b1156ced33225eb266157e67bf5fe16d2a4c1e7858aebd68f2bf2"
        );
        assert_eq!(
            hex(link(&origin, br#"{"seq":1}"#)),
            "224f3dc62daffb7b74209b479cea02b01555ec9b122f4b6a7edcb9c63952ac56"
        );
    }

    #[test]
    fn an_entry_holds_what_it_must() {
        let connection = bare();
        let draft = Draft {
            bundle: Some(2),
            reason: Some("ticket 7".to_owned()),
            ..Draft::new(&codes::EXPORT_BEGUN, "export group=* file=p.igb")
                .object("p.igb")
                .count("users", 3)
        };
        put(&connection, &draft, true);
        let body: String = connection
            .query_row("SELECT body FROM audit", [], |row| row.get(0))
            .unwrap();
        assert_eq!(
            body,
            r#"{"seq":1,"g":1,"session":true,"at":"2026-03-01T10:00:00.000001Z","host":"host","osUser":"anna","terminal":"/dev/pts/3","id":"1a2b","master":"Master1","holder":"Anna","code":"8500","action":"export","object":"p.igb","bundle":2,"command":"export group=* file=p.igb","source":"live","outcome":"ok","counts":{"users":3},"reason":"ticket 7"}"#
        );
    }

    #[test]
    fn an_entry_goes_with_its_transaction() {
        let mut connection = bare();
        put(&connection, &Draft::new(&codes::INIT, "system init"), true);
        let tx = connection.transaction().unwrap();
        put(&tx, &Draft::new(&codes::SETTING, "system set"), true);
        assert_eq!(last(&tx).unwrap().seq, 2);
        tx.rollback().unwrap();
        assert_eq!(last(&connection).unwrap().seq, 1);
    }
    #[test]
    fn sums_are_carried_on_and_made_anew_only_at_the_first_entry_or_where_that_is_said() {
        let connection = bare();
        let keys = loose(&[1]);
        let with_sql = |sql: &str| connection.execute_batch(sql).unwrap();
        let settings_in = |code, sums| {
            let draft = Draft::new(code, "test");
            append_with(&connection, &draft, &who(), Some(&keys), sums, &clock()).unwrap();
            let body: String = connection
                .query_row(
                    "SELECT body FROM audit ORDER BY seq DESC LIMIT 1",
                    [],
                    |row| row.get(0),
                )
                .unwrap();
            serde_json::from_str::<serde_json::Value>(&body).unwrap()["state"]["setting"][0]
                .as_u64()
        };
        with_sql("INSERT INTO setting (name, value) VALUES ('a', '1')");
        assert_eq!(settings_in(&codes::INIT, Sums::Carried), Some(1));
        with_sql("INSERT INTO setting (name, value) VALUES ('b', '2')");
        assert_eq!(settings_in(&codes::SETTING, Sums::Carried), Some(1));
        assert_eq!(settings_in(&codes::SETTING, Sums::Anew), Some(2));
        assert_eq!(settings_in(&codes::SETTING, Sums::Unknown), None);
    }
}
