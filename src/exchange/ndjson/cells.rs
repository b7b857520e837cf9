//! The cells of a grid card: from an array of strings straight into the card's one secret.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::Fault;
use crate::exchange::secret::{self, SecretFault};
use crate::json;
use crate::model::SecretBytes;
use crate::render::counted;

/// Reads the raw array `raw` of `rows × columns` cells, all of the same length in bytes.
pub(super) fn read(raw: &str, rows: u32, columns: u32) -> Result<SecretBytes, Fault> {
    let expected = u64::from(rows) * u64::from(columns);
    // A cell takes at least its quotes, which bounds what the numbers can make us reserve.
    let fits = usize::try_from(expected)
        .ok()
        .filter(|count| *count <= raw.len() / 2);
    let Some(expected) = fits else {
        return Err(wrong_count(rows, columns, None));
    };
    let mut cells = Cells {
        expected,
        filled: 0,
        length: 0,
        out: Box::default(),
        fault: None,
    };
    let read = serde_json::Deserializer::from_str(raw).deserialize_seq(&mut cells);
    if let Some(fault) = cells.fault.take() {
        return Err(fault);
    }
    if read.is_err() {
        return Err(Fault::new(
            "",
            "expected an array of strings",
            "write the cells as strings, row by row: A1, B1, …",
        ));
    }
    if cells.filled != expected {
        return Err(wrong_count(rows, columns, Some(cells.filled)));
    }
    Ok(SecretBytes::new(std::mem::take(&mut cells.out)))
}

/// `2 rows of 5 columns`
pub(super) fn size(rows: u32, columns: u32) -> String {
    let columns = counted(columns.into(), "column");
    format!("{} of {columns}", counted(rows.into(), "row"))
}

fn wrong_count(rows: u32, columns: u32, found: Option<usize>) -> Fault {
    let found = found.map_or_else(
        || "fewer cells".to_owned(),
        |count| counted(count as u64, "cell"),
    );
    Fault::new(
        "",
        format!("{found} for {}", size(rows, columns)),
        "give every cell, row by row: A1, B1, …",
    )
}

struct Cells {
    expected: usize,
    filled: usize,
    /// Bytes of one cell, once the first one is read.
    length: usize,
    /// The secret: cell length, then the cells.
    out: Box<[u8]>,
    fault: Option<Fault>,
}

impl Drop for Cells {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        self.out.zeroize();
    }
}

impl Cells {
    fn take(&mut self, raw: &str) -> Result<(), Fault> {
        let (body, length) = secret::json_body(raw).map_err(|fault| match fault {
            SecretFault::NotText => {
                Fault::new("", "expected a string", "write every cell as a string")
            }
            _ => Fault::new(
                "",
                "an escape in the string makes no character",
                "correct the escape",
            ),
        })?;
        if self.filled == 0 {
            let Some(one_byte) = u8::try_from(length).ok().filter(|length| *length > 0) else {
                return Err(Fault::new(
                    "",
                    "a cell has 1 to 255 bytes",
                    "correct the cell",
                ));
            };
            self.length = length;
            self.out = vec![0; 1 + length * self.expected].into_boxed_slice();
            self.out[0] = one_byte;
        }
        if length != self.length {
            return Err(Fault::new(
                "",
                format!(
                    "this cell has {length} bytes, those before it have {}",
                    self.length
                ),
                "give all cells of a card the same length in bytes",
            ));
        }
        let start = 1 + self.filled * self.length;
        json::unescape(body, &mut self.out[start..start + self.length]);
        self.filled += 1;
        Ok(())
    }
}

impl<'de> Visitor<'de> for &mut Cells {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
        let mut index = 0;
        while let Some(raw) = items.next_element::<&RawValue>()? {
            let taken = if index < self.expected {
                self.take(raw.get())
            } else {
                Err(Fault::new(
                    "",
                    "one cell more than rows × columns",
                    "correct rows, columns or the cells",
                ))
            };
            if let Err(fault) = taken {
                self.fault = Some(fault.within(&format!("[{index}]")));
                return Err(serde::de::Error::custom(""));
            }
            index += 1;
        }
        Ok(())
    }
}
