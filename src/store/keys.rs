//! The keys of a session that is logged in, and the fields that they seal (igsh-vault(5), KEYS).
//!
//! The owner of a value is part of what is authenticated: a sealed seed that is moved to another user with plain SQL
//! does not open there, and the error names the row. The vault key and the master's secret are gone once these keys
//! are open; wiping this value leaves nothing behind.

use zeroize::Zeroizing;

use crate::crypto::{Key, Mac, context, field, hmac_sha256};

use super::{Error, Kind, Result};

/// What a sealed field is. The numbers are part of the format and never change; the tenant's begin at 101.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Column {
    /// A user's questions and answers; owner: group, userid.
    Qa = 1,
    /// A password; owner: group, userid, name (empty for the default one).
    Password = 2,
    /// A token's seed; owner: group, userid (empty while unassigned), vendor, serial, issue number (else key id),
    /// algorithm, hash, digits, step.
    TokenSeed = 3,
    /// A card's cells; owner: group, userid, serial, rows, columns.
    Card = 4,
    /// A token's unlock or activation data; owner as of its seed.
    TokenUnlock = 5,
    /// A bundle's password; owner: bundle id, password generation.
    BundlePassword = 6,
    /// What a bundle held of a user, as digests; owner: the user's row id, bundle number.
    ExportDigest = 7,
    /// Tenant: a user's questions and answers; owner: user id.
    TenantQa = 101,
    /// Tenant: a password; owner: user id, name (empty for the default one).
    TenantPassword = 102,
    /// Tenant: a token's seed; owner: user id (empty while unassigned), vendor, serial, issue number (else key id),
    /// algorithm, hash, digits, step.
    TenantTokenSeed = 103,
    /// Tenant: a card's cells; owner: user id (empty while unassigned), serial, rows, columns.
    TenantCard = 104,
    /// Tenant: a token's unlock data; owner as of its seed.
    TenantTokenUnlock = 105,
}

/// The open keys of a sealed file. A running command holds an `Arc` of them; they are wiped when the last one is
/// dropped.
pub struct Keys {
    vid: context::Vid,
    kind: &'static Kind,
    generation: u32,
    /// In the order of their epochs; the last one seals.
    fields: Vec<field::FieldKey>,
    /// By generation.
    audit: Vec<(u32, Key)>,
    /// Of the newest generation.
    state: Mac,
    nonces: field::Nonces,
}

impl Keys {
    /// Keys of a file; `fields` and `audit` in ascending order and not empty.
    pub(crate) fn new(
        vid: context::Vid,
        kind: &'static Kind,
        fields: Vec<field::FieldKey>,
        audit: Vec<(u32, Key)>,
        nonces: field::Nonces,
    ) -> Result<Self> {
        let (generation, newest) = audit
            .last()
            .map(|(generation, key)| (*generation, key))
            .ok_or_else(|| Error::Keys("the audit key".to_owned()))?;
        let state = Mac::new(&Key::from_bytes(&hmac_sha256(
            newest,
            &context::state_key(&vid, generation),
        )));
        if fields.is_empty() {
            return Err(Error::Keys("the data key".to_owned()));
        }
        Ok(Self {
            vid,
            kind,
            generation,
            fields,
            audit,
            state,
            nonces,
        })
    }

    /// Seals a value for its owner under the newest data key.
    pub fn seal(&self, column: Column, owner: &[&str], plaintext: &[u8]) -> Vec<u8> {
        // `new` refuses an empty list.
        let key = &self.fields[self.fields.len() - 1];
        let aad = context::field(&self.vid, column as u16, key.epoch(), owner);
        field::seal(key, self.nonces.next(), &aad, plaintext)
    }

    /// Opens a value of this owner.
    ///
    /// # Errors
    /// [`Error::Field`] names the value and its owner when it is damaged or was put there without the
    /// keys; [`Error::Epoch`] when its data key is not in this file.
    pub fn open(
        &self,
        column: Column,
        owner: &[&str],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>> {
        let refused = |_| Error::Field {
            what: describe(column, owner),
        };
        let epoch = field::epoch(sealed).map_err(refused)?;
        let key = self
            .fields
            .binary_search_by_key(&epoch, field::FieldKey::epoch)
            .map(|at| &self.fields[at])
            .map_err(|_| Error::Epoch {
                what: describe(column, owner),
                epoch,
                kind: self.kind.name,
            })?;
        let aad = context::field(&self.vid, column as u16, epoch, owner);
        field::open(key, &aad, sealed).map_err(refused)
    }

    /// The identity of the file that these keys belong to.
    pub fn vid(&self) -> [u8; 16] {
        self.vid
    }

    /// What kind of file it is.
    pub(crate) fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// The code under the state key of the current generation.
    pub(crate) fn state_mac(&self) -> &Mac {
        &self.state
    }

    /// Sixteen random bytes.
    pub(crate) fn salt(&self) -> [u8; 16] {
        let [salt @ .., _, _, _, _, _, _, _, _] = self.nonces.next();
        salt
    }

    /// The current key generation.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// The audit's code over a hash of its chain, if that generation's key is here.
    pub(crate) fn audit_mac(&self, generation: u32, hash: &[u8; 32]) -> Option<[u8; 32]> {
        self.audit
            .binary_search_by_key(&generation, |(generation, _)| *generation)
            .ok()
            .map(|at| hmac_sha256(&self.audit[at].1, hash))
    }
}

/// The value and its owner, in words.
fn describe(column: Column, owner: &[&str]) -> String {
    let part = |n: usize| owner.get(n).copied().unwrap_or_default();
    let user = if part(1).is_empty() {
        format!("group {}", part(0))
    } else {
        format!("{}/{}", part(0), part(1))
    };
    let tenant_user = || match part(0) {
        "" => "no user".to_owned(),
        userid => userid.to_owned(),
    };
    let token = || format!("token {} {} of {user}", part(2), part(3));
    match column {
        Column::Qa => format!("the sealed questions and answers of {user}"),
        Column::Password if part(2).is_empty() => format!("the sealed password of {user}"),
        Column::Password => format!("the sealed password '{}' of {user}", part(2)),
        Column::TokenSeed => format!("the sealed seed of {}", token()),
        Column::Card => format!("the sealed cells of card {} of {user}", part(2)),
        Column::TokenUnlock => format!("the sealed unlock data of {}", token()),
        Column::BundlePassword => format!("the sealed password of bundle {}", part(0)),
        Column::ExportDigest => format!(
            "the sealed digest of user {} (by row id) in bundle {}",
            part(0),
            part(1)
        ),
        Column::TenantQa => format!("the sealed questions and answers of {}", tenant_user()),
        Column::TenantPassword if part(1).is_empty() => {
            format!("the sealed password of {}", tenant_user())
        }
        Column::TenantPassword => format!("the sealed password '{}' of {}", part(1), tenant_user()),
        Column::TenantTokenSeed => format!(
            "the sealed seed of token {} {} of {}",
            part(1),
            part(2),
            tenant_user()
        ),
        Column::TenantCard => format!("the sealed cells of card {} of {}", part(1), tenant_user()),
        Column::TenantTokenUnlock => format!(
            "the sealed unlock data of token {} {} of {}",
            part(1),
            part(2),
            tenant_user()
        ),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ambient::SystemRandomness;

    /// Keys that belong to no file.
    pub(crate) fn loose(epochs: &[u32]) -> Keys {
        loose_of(&crate::store::audit::tests::BARE, epochs)
    }

    /// The same for a kind of file.
    pub(crate) fn loose_of(kind: &'static Kind, epochs: &[u32]) -> Keys {
        let key = |byte| Key::from_bytes(&[byte; 32]);
        Keys::new(
            [7; 16],
            kind,
            epochs
                .iter()
                .map(|&epoch| field::FieldKey::new(&key(epoch as u8), epoch))
                .collect(),
            vec![(1, key(200))],
            field::Nonces::new(&SystemRandomness).unwrap(),
        )
        .unwrap()
    }

    const TOKEN: [&str; 9] = ["sales", "asmith", "HID", "111", "", "totp", "", "", ""];

    #[test]
    fn a_field_opens_for_its_owner_and_column_only() {
        let keys = loose(&[1]);
        let sealed = keys.seal(Column::TokenSeed, &TOKEN, b"seed");
        assert_eq!(
            keys.open(Column::TokenSeed, &TOKEN, &sealed)
                .unwrap()
                .as_slice(),
            b"seed"
        );
        for part in 0..TOKEN.len() {
            let mut other = TOKEN;
            other[part] = "x";
            let error = keys.open(Column::TokenSeed, &other, &sealed).unwrap_err();
            assert!(matches!(error, Error::Field { .. }), "{error}");
        }
        let error = keys.open(Column::TokenUnlock, &TOKEN, &sealed).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the sealed unlock data of token HID 111 of sales/asmith does not belong there or is damaged"
        );
    }

    #[test]
    fn older_epochs_open_and_the_newest_seals() {
        let first = loose(&[1]).seal(Column::Qa, &["g", "u"], b"old");
        let both = loose(&[1, 3]);
        assert_eq!(
            both.open(Column::Qa, &["g", "u"], &first)
                .unwrap()
                .as_slice(),
            b"old"
        );
        let newest = both.seal(Column::Qa, &["g", "u"], b"new");
        assert_eq!(field::epoch(&newest), Ok(3));
        let error = loose(&[1])
            .open(Column::Qa, &["g", "u"], &newest)
            .unwrap_err();
        assert!(matches!(error, Error::Epoch { epoch: 3, .. }), "{error}");
    }

    #[test]
    fn an_epoch_that_was_changed_does_not_open() {
        let keys = loose(&[1, 2]);
        let mut sealed = keys.seal(Column::Qa, &["g", "u"], b"value");
        sealed[4] = 1;
        assert!(matches!(
            keys.open(Column::Qa, &["g", "u"], &sealed),
            Err(Error::Field { .. })
        ));
    }

    #[test]
    fn every_kind_of_value_is_named() {
        for (column, owner, expected) in [
            (
                Column::Qa,
                &["g", "u"][..],
                "the sealed questions and answers of g/u",
            ),
            (
                Column::Password,
                &["g", "u", ""],
                "the sealed password of g/u",
            ),
            (
                Column::Password,
                &["g", "u", "pin"],
                "the sealed password 'pin' of g/u",
            ),
            (
                Column::TokenSeed,
                &["g", "", "HID", "7"],
                "the sealed seed of token HID 7 of group g",
            ),
            (
                Column::Card,
                &["g", "u", "12", "5", "10"],
                "the sealed cells of card 12 of g/u",
            ),
            (
                Column::BundlePassword,
                &["id", "1"],
                "the sealed password of bundle id",
            ),
            (
                Column::ExportDigest,
                &["12", "3"],
                "the sealed digest of user 12 (by row id) in bundle 3",
            ),
        ] {
            assert_eq!(describe(column, owner), expected);
        }
    }

    #[test]
    fn keys_cross_threads() {
        fn crosses<T: Send + Sync>() {}
        crosses::<Keys>();
    }
}
