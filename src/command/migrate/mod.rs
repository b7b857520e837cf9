//! `migrate …`: who goes when, what would happen, and where everybody stands. One file a verb.

mod explain;

pub(in crate::command) use explain::EXPLAIN;
