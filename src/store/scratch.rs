//! A file that no other process can open: without a name, under keys of its own, for work whose outcome alone is
//! of interest. SQLite gives such a database a file only when it outgrows its cache, and unlinks that at once.

use rusqlite::Connection;

use super::{Error, Keys, Kind, Result};
use crate::ambient::Randomness;
use crate::crypto::{Key, field};

/// An empty file of this kind, gone when the connection is closed, however the process ends.
pub fn scratch(kind: &'static Kind, rng: &dyn Randomness) -> Result<(Connection, Keys)> {
    let connection = Connection::open("")?;
    connection.execute_batch(
        "PRAGMA journal_mode = OFF;
         PRAGMA synchronous = OFF;
         PRAGMA temp_store = FILE;
         PRAGMA cache_size = -65536;",
    )?;
    kind.apply(&connection)?;
    let random = || -> Result<Key> {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        rng.fill(&mut *bytes)?;
        Ok(Key::from_bytes(&bytes))
    };
    let mut vid = [0; 16];
    rng.fill(&mut vid)?;
    let keys = Keys::new(
        vid,
        kind,
        vec![field::FieldKey::new(&random()?, 1)],
        vec![(1, random()?)],
        field::Nonces::new(rng).map_err(Error::from)?,
    )?;
    Ok((connection, keys))
}
