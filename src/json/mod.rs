//! JSON (RFC 8259) as text: written here, and read strictly.
//!
//! Files of others and our own bundles hold secrets and come in millions of lines, so nothing is built in between:
//! values go straight into the caller's buffer, and come out of the text as they are asked for.

mod escape;
mod read;
mod write;

pub(crate) use escape::{string_body, unescape, unescaped_len};
pub(crate) use read::{Fault, MAX_INTEGER, Parsed, Parser};
pub(crate) use write::Json;
