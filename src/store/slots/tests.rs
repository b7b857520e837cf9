//! The key hierarchy against the published vectors, and each wrapped key in its own place.

use super::*;
use crate::ambient::NoRandomness;
use crate::crypto::sha256;
use crate::store::Column;
use crate::store::audit::hex;
use crate::store::audit::tests::BARE;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What `keys.json` was made with: ids and salts count up, keys repeat one byte, in the order they are made in.
#[derive(Default)]
struct Published(AtomicUsize);

impl Randomness for Published {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        const KEYS: [u8; 6] = [0xb1, 0xd1, 0xc1, 0xa1, 0xa2, 0xa3];
        match out.len() {
            32 => out.fill(
                KEYS.get(self.0.fetch_add(1, Ordering::Relaxed))
                    .copied()
                    .unwrap_or(9),
            ),
            len => {
                let start = if len == 24 { 0x10 } else { 0 };
                out.iter_mut()
                    .zip(start..)
                    .for_each(|(byte, value)| *byte = value);
            }
        }
        Ok(())
    }
}

fn password(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes().to_vec())
}

fn made() -> (Connection, Keys) {
    let connection = Connection::open_in_memory().unwrap();
    BARE.apply(&connection).unwrap();
    let words = ["one", "two", "three"].map(password);
    let masters = [
        ("Master1", &words[0]),
        ("Master2", &words[1]),
        ("Master3", &words[2]),
    ];
    let keys = establish(
        &connection,
        &BARE,
        &masters,
        Cost::FLOOR,
        0,
        &Published::default(),
    )
    .unwrap();
    (connection, keys)
}

#[test]
fn every_master_reaches_the_same_keys() {
    let (connection, keys) = made();
    let sealed = keys.seal(Column::Card, &["g", "u"], b"cells");
    for (name, word) in [("Master1", "one"), ("master2", "two"), ("MASTER3", "three")] {
        let slot = Slot::of(&connection, name).unwrap().unwrap();
        for other in ["one", "two", "three"] {
            let opened = slot.open(&keys.vid(), &password(other)).unwrap();
            assert_eq!(opened.is_some(), word == other, "{name} {other}");
        }
        let secret = slot.open(&keys.vid(), &password(word)).unwrap().unwrap();
        let mine = super::keys(
            &connection,
            &BARE,
            keys.vid(),
            slot.number,
            &secret,
            &Published::default(),
        )
        .unwrap();
        assert_eq!(
            mine.open(Column::Card, &["g", "u"], &sealed)
                .unwrap()
                .as_slice(),
            b"cells"
        );
        assert_eq!(mine.audit_mac(1, &[0; 32]), keys.audit_mac(1, &[0; 32]));
    }
    assert!(Slot::of(&connection, "Master4").unwrap().is_none());
}

#[test]
fn a_new_password_rewrites_its_slot_alone() {
    let (connection, keys) = made();
    let all = |but: &str| -> Vec<Vec<u8>> {
        connection
            .prepare(&format!("SELECT slot FROM master WHERE name <> '{but}' UNION ALL SELECT vault_key FROM master UNION ALL SELECT wrapped FROM audit_key UNION ALL SELECT wrapped FROM epoch"))
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    };
    let before = all("Master2");
    let slot = Slot::of(&connection, "Master2").unwrap().unwrap();
    let secret = slot.open(&keys.vid(), &password("two")).unwrap().unwrap();
    slot.rewrite(
        &keys.vid(),
        &secret,
        &password("new"),
        &Published::default(),
    )
    .unwrap()
    .store(&connection, 5)
    .unwrap();
    assert_eq!(before, all("Master2"));
    let slot = Slot::of(&connection, "Master2").unwrap().unwrap();
    assert!(slot.open(&keys.vid(), &password("two")).unwrap().is_none());
    let again = slot.open(&keys.vid(), &password("new")).unwrap().unwrap();
    assert_eq!(again.as_bytes(), secret.as_bytes());
}

#[test]
fn slots_and_wrapped_keys_open_in_their_own_place_only() {
    for change in [
        "UPDATE state SET vid = zeroblob(16)",
        "UPDATE master SET slot = (SELECT slot FROM master WHERE number = 1), salt = (SELECT salt FROM master WHERE number = 1) WHERE number = 2",
    ] {
        let (connection, _) = made();
        connection.execute_batch(change).unwrap();
        let vid = connection
            .query_row("SELECT vid FROM state", [], |row| row.get(0))
            .unwrap();
        let slot = Slot::of(&connection, "Master2").unwrap().unwrap();
        for word in ["one", "two"] {
            assert!(
                slot.open(&vid, &password(word)).unwrap().is_none(),
                "{change}"
            );
        }
    }
    for (change, what) in [
        (
            "UPDATE master SET vault_key = (SELECT vault_key FROM master WHERE number = 1)",
            "the vault key",
        ),
        (
            "UPDATE audit_key SET wrapped = (SELECT wrapped FROM audit_key WHERE master = 1)",
            "audit key 1",
        ),
        ("UPDATE audit_key SET generation = 2", "audit key 2"),
        ("UPDATE state SET generation = 2", "the vault key"),
        ("UPDATE epoch SET number = 2", "data key 2"),
        ("DELETE FROM epoch", "the data key"),
        ("DELETE FROM audit_key", "the audit key"),
    ] {
        let (connection, keys) = made();
        let slot = Slot::of(&connection, "Master2").unwrap().unwrap();
        let secret = slot.open(&keys.vid(), &password("two")).unwrap().unwrap();
        connection.execute_batch(change).unwrap();
        let error = super::keys(
            &connection,
            &BARE,
            keys.vid(),
            2,
            &secret,
            &Published::default(),
        )
        .err()
        .unwrap();
        assert!(
            matches!(&error, Error::Keys(found) if found == what),
            "{change}: {error}"
        );
    }
}

#[test]
fn a_cost_outside_the_bounds_is_refused_before_anything_is_derived() {
    let (connection, keys) = made();
    connection
        .execute("UPDATE master SET kdf_memory = 4000000", [])
        .unwrap();
    let slot = Slot::of(&connection, "Master1").unwrap().unwrap();
    assert!(matches!(
        slot.open(&keys.vid(), &password("one")),
        Err(Error::Keys(_))
    ));
}

#[test]
fn a_file_is_that_of_the_published_vectors() {
    let connection = Connection::open_in_memory().unwrap();
    BARE.apply(&connection).unwrap();
    let words = ["Correct-Horse-1-battery", "two", "three"].map(password);
    let masters = [
        ("Master1", &words[0]),
        ("Master2", &words[1]),
        ("Master3", &words[2]),
    ];
    let keys = establish(
        &connection,
        &BARE,
        &masters,
        Cost::FLOOR,
        0,
        &Published::default(),
    )
    .unwrap();
    for (sql, expected) in [
        (
            "SELECT slot FROM master WHERE number = 1",
            "39e4a426ba6e616a3992f5817504239df611428c8493aa53f3272ec21864f6c7",
        ),
        (
            "SELECT vault_key FROM master WHERE number = 1",
            "262edc6def020af315e44bef472ac9897f3da0f56b80a42797710e1182a15a1d",
        ),
        (
            "SELECT wrapped FROM audit_key WHERE master = 1",
            "5d3c9a1a3be119ff58506ccc75834b10caacf1a451807a3be9a93ef577fe04ca",
        ),
        (
            "SELECT wrapped FROM epoch",
            "0993cd123956c8421532e72547d3eaf04adc31f612e520c137702818430af656",
        ),
    ] {
        let blob: Vec<u8> = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(hex(&sha256(&blob)), expected, "{sql}");
    }
    let digits = "0100000001101112131415161718191a1b1c1d1e1f20212223242526270ee5d53105fa45e5ceecaaa36078be4a511f5f17f918b3e1083a21bfddb3b88b1c4ceded";
    let blob: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect();
    let owner = [
        "sales", "asmith", "HID", "111", "", "totp", "sha1", "6", "30",
    ];
    assert_eq!(
        keys.open(Column::TokenSeed, &owner, &blob)
            .unwrap()
            .as_slice(),
        b"12345678901234567890"
    );
    let hash = "224f3dc62daffb7b74209b479cea02b01555ec9b122f4b6a7edcb9c63952ac56";
    let hash = std::array::from_fn(|at| u8::from_str_radix(&hash[2 * at..2 * at + 2], 16).unwrap());
    assert_eq!(
        hex(&keys.audit_mac(1, &hash).unwrap()),
        "dc65e93b82d13abaf4b6d6a3998ca0e6e7cdb0b7e309b0151bdf6321d0bd552b"
    );
}
