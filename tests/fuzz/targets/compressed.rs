//! Any bytes are plain, gzip or zstd, or break off; a reader takes no more memory than a line of them may have.
#![no_main]

use std::io::Cursor;

use igsh::exchange::{input, ndjson};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(plain) = input::decompressed(Cursor::new(bytes.to_vec())) {
        ndjson::Reader::new(plain).for_each(drop);
    }
});
