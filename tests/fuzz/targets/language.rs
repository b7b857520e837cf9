//! Any text lexes and is painted without loss, parses or is refused with a reason, and can be completed and redacted.
#![no_main]

use igsh::lang::{complete, grammar, highlight, lexer, redact};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let tokens = lexer::lex(text);
    let whole: String = tokens.iter().map(|token| &text[token.span.clone()]).collect();
    assert_eq!(whole, text);
    if let Err(failed) = grammar::parse(text) {
        assert!(!failed.diagnostics.is_empty() || failed.open.is_some());
    }
    let catalogue = igsh::shell::catalogue();
    let painted = highlight::classes(text, &catalogue);
    let whole: String = painted.iter().map(|(span, _)| &text[span.clone()]).collect();
    assert_eq!(whole, text);
    for secret in redact::secrets(text, &catalogue) {
        assert!(text.get(secret).is_some());
    }
    redact::redact(text, &catalogue);
    let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    for cursor in [middle, text.len()] {
        let found = complete::at(text, cursor, &catalogue);
        assert!(text.get(found.replace).is_some());
    }
});
