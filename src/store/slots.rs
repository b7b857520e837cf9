//! Key slots: from a master's password to the keys, exactly as igsh-vault(5), KEYS says, and nothing but that.
//!
//! Each password opens its own master secret; each master secret wraps the same vault key and audit keys. So a
//! password changes by rewriting one slot, and no master's secret reveals anything of another's.

use rusqlite::{Connection, OptionalExtension, Row, params};
use secrecy::ExposeSecret as _;

use super::audit::Who;
use super::keys::Keys;
use super::{Error, Kind, Result};
use crate::ambient::Randomness;
use crate::crypto::context::{self, Vid};
use crate::crypto::kdf::{self, Cost};
use crate::crypto::master_password::Unfit;
use crate::crypto::{Key, c256, field};
use crate::model::SecretBytes;

/// A master's row, as far as a login needs it.
pub(super) struct Slot {
    pub(super) number: u8,
    pub(super) name: String,
    pub(super) holder: Option<String>,
    pub(super) last_login: Option<i64>,
    pub(super) failures: u32,
    pub(super) not_before: i64,
    salt: [u8; 16],
    cost: Cost,
    sealed: Vec<u8>,
}

impl Slot {
    /// The master whose name was typed; letter case does not matter.
    pub(super) fn of(connection: &Connection, name: &str) -> Result<Option<Self>> {
        Ok(connection
            .prepare_cached(
                "SELECT number, name, holder, last_login, failures, not_before, salt, kdf_memory, kdf_passes,
                        kdf_lanes, slot
                 FROM master WHERE name = ?1 COLLATE NOCASE",
            )?
            .query_row([name], Self::read)
            .optional()?)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            name: row.get(1)?,
            holder: row.get(2)?,
            last_login: row.get(3)?,
            failures: row.get(4)?,
            not_before: row.get(5)?,
            salt: row.get(6)?,
            cost: Cost::new(row.get(7)?, row.get(8)?, row.get(9)?),
            sealed: row.get(10)?,
        })
    }

    /// Whether the master's row still has this slot.
    pub(super) fn is_still(&self, connection: &Connection) -> Result<bool> {
        let now = Self::of(connection, &self.name)?;
        Ok(now.is_some_and(|now| {
            (now.number, now.salt, now.cost, now.sealed)
                == (self.number, self.salt, self.cost, self.sealed.clone())
        }))
    }

    /// The master secret, if the password opens the slot. Slow on purpose.
    pub(super) fn open(&self, vid: &Vid, password: &SecretBytes) -> Result<Option<Key>> {
        if self.sealed.len() != c256::sealed_len(Key::LEN) {
            return Err(Error::Keys(self.what()));
        }
        // Nothing but a change by other means makes a stored cost leave its bounds.
        self.cost
            .check(&kdf::VAULT)
            .map_err(|outside| Error::Keys(format!("{} ({outside})", self.what())))?;
        let key = derive(password, &self.salt, self.cost)?;
        match c256::open(&key, &context::slot(vid, self.number), &self.sealed) {
            Ok(secret) => Ok(Some(whole(&secret, &self.what())?)),
            Err(c256::Refused::Key) => Ok(None),
            Err(c256::Refused::Damaged { .. }) => Err(Error::Keys(self.what())),
        }
    }

    /// Seals the master secret under another password, with a fresh salt; nothing else changes.
    pub(super) fn rewrite(
        &self,
        vid: &Vid,
        secret: &Key,
        password: &SecretBytes,
        rng: &dyn Randomness,
    ) -> Result<Rewritten> {
        let (salt, sealed) = seal(vid, self.number, secret, password, self.cost, rng)?;
        Ok(Rewritten {
            number: self.number,
            salt,
            sealed,
        })
    }

    /// `who`, as this master.
    pub(super) fn identify(&self, who: &Who) -> Who {
        Who {
            master: Some(self.name.clone()),
            holder: self.holder.clone(),
            ..who.clone()
        }
    }

    fn what(&self) -> String {
        format!("the key slot of {}", self.name)
    }
}

/// A slot under a new password, not stored yet.
pub(super) struct Rewritten {
    number: u8,
    salt: [u8; 16],
    sealed: Vec<u8>,
}

impl Rewritten {
    /// Stores it; `now` in microseconds.
    pub(super) fn store(&self, tx: &Connection, now: i64) -> Result<()> {
        tx.execute(
            "UPDATE master SET salt = ?2, slot = ?3, password_changed = ?4 WHERE number = ?1",
            params![self.number, self.salt, self.sealed, now],
        )?;
        Ok(())
    }
}

/// Makes the keys of a new file and three slots for them, inside the caller's transaction; gives back the open keys.
pub(super) fn establish(
    tx: &Connection,
    kind: &'static Kind,
    masters: &[(&str, &SecretBytes); 3],
    cost: Cost,
    now: i64,
    rng: &dyn Randomness,
) -> Result<Keys> {
    const FIRST: u32 = 1;
    let mut vid = [0; 16];
    rng.fill(&mut vid)?;
    tx.execute(
        "INSERT INTO state (one, vid, generation, created) VALUES (1, ?1, ?2, ?3)",
        params![vid, FIRST, now],
    )?;
    let [vault, audit, data] = [Key::random(rng)?, Key::random(rng)?, Key::random(rng)?];
    for (number, (name, password)) in (1u8..).zip(masters) {
        let secret = Key::random(rng)?;
        let (salt, slot) = seal(&vid, number, &secret, password, cost, rng)?;
        let wrap = |context: &[u8], key: &Key| c256::seal(&secret, context, key.as_bytes(), rng);
        tx.execute(
            "INSERT INTO master (number, name, salt, kdf_memory, kdf_passes, kdf_lanes, slot, vault_key,
                                 password_changed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                number,
                name,
                salt,
                cost.memory_kib,
                cost.passes,
                cost.lanes,
                slot,
                wrap(&context::vk(&vid, number, FIRST), &vault)?,
                now
            ],
        )?;
        tx.execute(
            "INSERT INTO audit_key (master, generation, wrapped) VALUES (?1, ?2, ?3)",
            params![
                number,
                FIRST,
                wrap(&context::audit(&vid, number, FIRST), &audit)?
            ],
        )?;
    }
    tx.execute(
        "INSERT INTO epoch (number, wrapped, created) VALUES (?1, ?2, ?3)",
        params![
            FIRST,
            c256::seal(&vault, &context::dek(&vid, FIRST), data.as_bytes(), rng)?,
            now
        ],
    )?;
    Keys::new(
        vid,
        kind,
        vec![field::FieldKey::new(&data, FIRST)],
        vec![(FIRST, audit)],
        field::Nonces::new(rng)?,
    )
}

/// All keys that a master secret leads to. The vault key is gone again when this returns.
pub(super) fn keys(
    connection: &Connection,
    kind: &'static Kind,
    vid: Vid,
    number: u8,
    secret: &Key,
    rng: &dyn Randomness,
) -> Result<Keys> {
    let (generation, wrapped): (u32, Vec<u8>) = connection.query_row(
        "SELECT generation, vault_key FROM state, master WHERE +number = ?1",
        [number],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let vault = unwrap(
        secret,
        &context::vk(&vid, number, generation),
        &wrapped,
        || "the vault key".to_owned(),
    )?;
    let mut fields = Vec::new();
    let mut statement = connection.prepare("SELECT number, wrapped FROM epoch ORDER BY number")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let epoch = row.get(0)?;
        let wrapped: Vec<u8> = row.get(1)?;
        let data = unwrap(&vault, &context::dek(&vid, epoch), &wrapped, || {
            format!("data key {epoch}")
        })?;
        fields.push(field::FieldKey::new(&data, epoch));
    }
    let mut audit = Vec::new();
    let mut statement = connection.prepare(
        "SELECT generation, wrapped FROM audit_key WHERE +master = ?1 ORDER BY generation",
    )?;
    let mut rows = statement.query([number])?;
    while let Some(row) = rows.next()? {
        let generation = row.get(0)?;
        let wrapped: Vec<u8> = row.get(1)?;
        let context = context::audit(&vid, number, generation);
        let key = unwrap(secret, &context, &wrapped, || {
            format!("audit key {generation}")
        })?;
        audit.push((generation, key));
    }
    Keys::new(vid, kind, fields, audit, field::Nonces::new(rng)?)
}

/// What is wrong with a password of `name`.
pub(super) fn unfit(name: &str, unfit: Unfit) -> Error {
    Error::Password {
        name: name.to_owned(),
        why: unfit,
    }
}

fn seal(
    vid: &Vid,
    number: u8,
    secret: &Key,
    password: &SecretBytes,
    cost: Cost,
    rng: &dyn Randomness,
) -> Result<([u8; 16], Vec<u8>)> {
    let mut salt = [0; 16];
    rng.fill(&mut salt)?;
    let key = derive(password, &salt, cost)?;
    let sealed = c256::seal(&key, &context::slot(vid, number), secret.as_bytes(), rng)?;
    Ok((salt, sealed))
}

fn derive(password: &SecretBytes, salt: &[u8; 16], cost: Cost) -> Result<Key> {
    cost.check(&kdf::VAULT)?;
    Ok(kdf::derive(password.expose_secret(), salt, cost)?)
}

fn unwrap(key: &Key, context: &[u8], wrapped: &[u8], what: impl Fn() -> String) -> Result<Key> {
    let opened = c256::open(key, context, wrapped).map_err(|_| Error::Keys(what()))?;
    whole(&opened, &what())
}

fn whole(bytes: &[u8], what: &str) -> Result<Key> {
    Key::from_slice(bytes).ok_or_else(|| Error::Keys(what.to_owned()))
}

#[cfg(test)]
mod tests;
