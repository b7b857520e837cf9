//! Everything that reaches a person or a pipe goes through here.

pub mod doc;
