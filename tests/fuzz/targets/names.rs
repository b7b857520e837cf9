//! Any bytes are a list of names or are refused; no name holds what ends a line.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for item in igsh::exchange::list::Names::new(bytes) {
        match item {
            Ok(name) => assert!(!name.name.is_empty()),
            Err(error) => assert!(!error.hint.is_empty(), "{error}"),
        }
    }
});
