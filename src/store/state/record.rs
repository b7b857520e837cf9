//! The sums as an entry of the audit holds them: `"state":{"v":1,"r":"…","setting":[2,"…"],…}`.

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::audit::hex;
use super::super::{Error, Keys, Result};
use super::scan::{Total, pad};
use super::sum::Sum;

/// The version of the tables and their columns.
const VERSION: u64 = 1;

/// What an entry holds about every summed table, hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    salt: [u8; 16],
    /// Name, rows, sum with its pad, in the order of the file's kind.
    tables: Vec<(String, u64, [u8; 32])>,
}

impl Record {
    /// Hides the totals of all tables behind a number of their own.
    pub(super) fn new(keys: &Keys, totals: &[Total]) -> Self {
        let salt = keys.salt();
        let tables = keys
            .kind()
            .summed()
            .zip(totals)
            .map(|(table, total)| {
                let hidden = total.sum.plus(pad(keys.state_mac(), table.name, &salt));
                (table.name.to_owned(), total.rows, hidden.to_bytes())
            })
            .collect();
        Self { salt, tables }
    }

    /// The totals again, in the order of the file's kind.
    pub(super) fn totals(&self, keys: &Keys) -> Result<Vec<Total>> {
        let summed: Vec<_> = keys.kind().summed().collect();
        let fits = summed.len() == self.tables.len()
            && summed
                .iter()
                .zip(&self.tables)
                .all(|(table, (name, ..))| table.name == name);
        if !fits {
            return Err(Error::State(
                "the newest entry of the audit sums other tables than this program".to_owned(),
            ));
        }
        Ok(self
            .tables
            .iter()
            .map(|(name, rows, hidden)| Total {
                rows: *rows,
                sum: Sum::from_bytes(*hidden).minus(pad(keys.state_mac(), name, &self.salt)),
            })
            .collect())
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(2 + self.tables.len()))?;
        map.serialize_entry("v", &VERSION)?;
        map.serialize_entry("r", &hex(&self.salt))?;
        for (name, rows, hidden) in &self.tables {
            map.serialize_entry(name, &(rows, hex(hidden)))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Record;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the sums of an entry")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Record, A::Error> {
                let (mut version, mut salt, mut tables) = (None, None, Vec::new());
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "v" => version = Some(map.next_value::<u64>()?),
                        "r" => salt = bytes(&map.next_value::<String>()?),
                        _ => {
                            let (rows, hidden): (u64, String) = map.next_value()?;
                            let hidden = bytes(&hidden).ok_or_else(|| {
                                A::Error::custom("a sum is not 64 hexadecimal digits")
                            })?;
                            tables.push((name, rows, hidden));
                        }
                    }
                }
                match (version, salt) {
                    (Some(VERSION), Some(salt)) => Ok(Record { salt, tables }),
                    _ => Err(A::Error::custom(
                        "the sums have no version and salt of this format",
                    )),
                }
            }
        }
        from.deserialize_map(Reading)
    }
}

/// Bytes of lower-case hexadecimal digits.
fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
