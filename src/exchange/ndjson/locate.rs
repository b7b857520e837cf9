//! From a place in a line of JSON to the field that stands there, and back.
//!
//! Only errors need this, so it walks the line again instead of burdening the fast path with positions. It takes
//! broken JSON: it follows it as far as it makes sense.

use std::fmt::Write as _;

enum Frame {
    /// In an object: the key read last.
    Object(Option<String>),
    /// In an array: the index of the item.
    Array(usize),
}

/// The path, such as `tokens[0].seed`, of the key or value at byte `offset` of `line` or last before it, and the byte
/// where that begins.
pub(super) fn path_at(line: &str, offset: usize) -> (String, usize) {
    let mut found = (String::new(), 0);
    walk(line, |stack, at, _| {
        if at > offset {
            return false;
        }
        found = (path_of(stack), at);
        true
    });
    found
}

/// The byte where the value at `path` begins.
pub(super) fn value_at(line: &str, path: &str) -> Option<usize> {
    let mut found = None;
    walk(line, |stack, at, is_value| {
        if is_value && path_of(stack) == path {
            found = Some(at);
        }
        found.is_none()
    });
    found
}

/// Steps through keys and values; `step` gets where it is, the byte, and whether a value begins there, and says
/// whether to go on.
fn walk(line: &str, mut step: impl FnMut(&[Frame], usize, bool) -> bool) {
    let bytes = line.as_bytes();
    let mut stack: Vec<Frame> = Vec::new();
    let mut key_next = false;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b':' => key_next = false,
            b',' => match stack.last_mut() {
                Some(Frame::Array(index)) => *index += 1,
                _ => key_next = true,
            },
            b'{' | b'[' => {
                if !step(&stack, start, true) {
                    return;
                }
                key_next = *byte == b'{';
                stack.push(if key_next {
                    Frame::Object(None)
                } else {
                    Frame::Array(0)
                });
            }
            b'}' | b']' => {
                stack.pop();
                key_next = false;
            }
            b'"' => {
                at = string_end(bytes, at);
                if key_next && let Some(Frame::Object(key)) = stack.last_mut() {
                    let raw = line.get(start..at).unwrap_or_default();
                    *key = Some(serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned()));
                    key_next = false;
                    if !step(&stack, start, false) {
                        return;
                    }
                } else if !step(&stack, start, true) {
                    return;
                }
            }
            _ => {
                if !step(&stack, start, true) {
                    return;
                }
                while bytes
                    .get(at)
                    .is_some_and(|byte| !b" \t\r\n:,{}[]\"".contains(byte))
                {
                    at += 1;
                }
            }
        }
    }
}

/// The byte behind the closing quote of the string whose text begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => return at,
            b'\\' => at += 1,
            _ => {}
        }
    }
    bytes.len()
}

fn path_of(stack: &[Frame]) -> String {
    let mut path = String::new();
    for frame in stack {
        match frame {
            Frame::Object(Some(key)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Frame::Object(None) => {}
            Frame::Array(index) => {
                let _ = write!(path, "[{index}]");
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &str =
        r#"{"type":"user","na\"me":"ü,{","tokens":[{"seed":"AA"},{"seed":12}],"a":[[1,2],[3]]}"#;

    #[test]
    fn paths_lead_to_values_and_back() {
        for (path, value) in [
            ("", "{\"type"),
            ("type", "\"user\""),
            ("na\"me", "\"ü,{\""),
            ("tokens", "[{"),
            ("tokens[0]", "{\"seed\":\"AA"),
            ("tokens[1].seed", "12}"),
            ("a[0][1]", "2]"),
            ("a[1][0]", "3]"),
        ] {
            let at = value_at(LINE, path).unwrap_or_else(|| panic!("{path}"));
            assert!(LINE[at..].starts_with(value), "{path}: {}", &LINE[at..]);
            assert_eq!(path_at(LINE, at), (path.to_owned(), at));
        }
        assert_eq!(value_at(LINE, "tokens[2]"), None);
    }

    #[test]
    fn broken_lines_are_followed_as_far_as_they_go() {
        assert_eq!(path_at(r#"{"group":"a","userid":}"#, 22).0, "userid");
        assert_eq!(
            path_at(r#"{"tokens":[{"seed":"AA" "x"#, 25).0,
            "tokens[0].seed"
        );
        assert_eq!(path_at("nonsense", 3).0, "");
    }

    proptest! {
        #[test]
        fn no_text_stops_it(line: String, offset in 0usize..300) {
            path_at(&line, offset);
            value_at(&line, "a[0].b");
        }
    }
}
