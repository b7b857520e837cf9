//! Any bytes are PSKC or are refused; a reader always comes to an end.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    igsh::exchange::pskc::Reader::new(bytes).for_each(drop);
});
