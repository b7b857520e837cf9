//! Any bytes are source records or LDIF, or are refused; a reader always comes to an end.
#![no_main]

use igsh::exchange::{ldif, ndjson};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ndjson::Reader::new(bytes).for_each(drop);
    ldif::Reader::new(bytes, ldif::Options::default()).for_each(drop);
});
