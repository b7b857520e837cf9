//! Any bytes are source records or are refused, and what was read is written such that it reads the same.
#![no_main]

use igsh::exchange::ndjson::{Reader, Writer};

/// The records in these bytes, written again.
fn written(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    for item in Reader::new(bytes) {
        match item {
            Ok((_, record)) => writer.record(&record).expect("memory takes all"),
            Err(error) => assert!(!error.hint.is_empty(), "{error}"),
        }
    }
    writer.finish().expect("memory takes all");
    out
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let once = written(bytes);
    // Without a schema at its head, nothing can be read.
    if once.starts_with(b"{\"type\":\"schema\"") {
        let twice = written(&once);
        assert!(
            once == twice,
            "{}\n{}",
            String::from_utf8_lossy(&once),
            String::from_utf8_lossy(&twice)
        );
    }
});
