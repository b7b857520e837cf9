//! Any bytes are the header of a bundle or are refused, before any key is derived.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(header) = igsh::bundle::Header::read(bytes) {
        assert!(header.len() <= bytes.len());
    }
});
