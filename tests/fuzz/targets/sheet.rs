//! Any bytes are a sheet or are refused, and its rows stand on lines that ascend.
#![no_main]

use igsh::exchange::sheet::{Field, Others, Sheet};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for others in [Others::Ignored, Others::Named] {
        let fields = vec![
            Field::required(&["userid", "user"]),
            Field::present(&["group"]),
            Field::optional(&["targetUserId"]),
            Field::last(&["message"]),
        ];
        let Ok(mut sheet) = Sheet::new(bytes, fields, others) else {
            return;
        };
        let mut before = 0;
        loop {
            match sheet.next_row() {
                Ok(None) => break,
                Ok(Some(row)) => {
                    assert!(row.line > before);
                    before = row.line;
                    assert!(!row.get(0).is_empty());
                    (1..4).for_each(|field| drop(row.get(field)));
                }
                Err(error) => {
                    assert!(!error.hint.is_empty(), "{error}");
                    if error.fatal {
                        break;
                    }
                }
            }
        }
    }
});
