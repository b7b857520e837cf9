//! `migrate …`: who goes when, what would happen, and where everybody stands. One file a verb, or a pair of them.

mod exclude;
mod explain;
mod list;
mod step;

pub(in crate::command) use exclude::{EXCLUDE, INCLUDE};
pub(in crate::command) use explain::EXPLAIN;
pub(in crate::command) use step::{ADVANCE, RETREAT, STAGE};
