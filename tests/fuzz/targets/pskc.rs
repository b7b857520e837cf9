//! Any bytes are PSKC or are refused, and a reader comes to an end.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for item in igsh::exchange::pskc::Reader::new(bytes) {
        if let Err(error) = item {
            assert!(!error.hint.is_empty(), "{error}");
        }
    }
});
