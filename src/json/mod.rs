//! JSON (RFC 8259) as text: written here, and read strictly.
//!
//! Foreign files and our own bundles hold secrets and come in millions of lines, so nothing is built in between:
//! values go straight into the caller's buffer, and are parsed only when the caller reads them. Lines of our own
//! bundles, of which every byte is ours, are pulled through [`Parser`]; lines that people write become wire structs
//! ([`object`]) through serde_json, whose messages about errors people are shown.

mod escape;
pub(crate) mod object;
mod read;
mod sink;
mod write;

pub(crate) use escape::{string_body, unescape, unescaped_len};
pub(crate) use read::{Fault, MAX_INTEGER, Parsed, Parser};
pub(crate) use write::Json;
