//! JSON (RFC 8259) as text: written here, and read strictly.
//!
//! Files of others and our own bundles hold secrets and come in millions of lines, so nothing is built in between:
//! values go straight into the caller's buffer, and come out of the text as they are asked for. Lines of our own
//! bundles, of which every byte is ours, are pulled through [`Parser`]; lines that people write become wire structs
//! ([`object`]) through serde_json, whose words for a slip they are shown.

mod escape;
pub(crate) mod object;
mod read;
mod sink;
mod write;

pub(crate) use escape::{string_body, unescape, unescaped_len};
pub(crate) use read::{Fault, MAX_INTEGER, Parsed, Parser};
pub(crate) use write::Json;
