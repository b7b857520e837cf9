//! Any text lexes without loss, and parses or is refused with a reason.
#![no_main]

use igsh::lang::{grammar, lexer};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let tokens = lexer::lex(text);
    let whole: String = tokens.iter().map(|token| &text[token.span.clone()]).collect();
    assert_eq!(whole, text);
    if let Err(failed) = grammar::parse(text) {
        assert!(!failed.diagnostics.is_empty() || failed.open.is_some());
    }
});
