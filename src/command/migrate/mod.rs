//! `migrate …`: who goes when, what would happen, and where the users stand. One file a verb, or a pair of them.

mod aliases;
mod begin;
mod bulk;
mod check;
mod end;
mod exclusion;
mod explain;
mod map;
mod rehearse;
mod results;
mod status;
mod step;

pub(in crate::command) use aliases::ALIASES;
pub(in crate::command) use begin::BEGIN;
pub(in crate::command) use check::CHECK;
pub(in crate::command) use end::END;
pub(in crate::command) use exclusion::{EXCLUDE, INCLUDE};
pub(in crate::command) use explain::EXPLAIN;
pub(in crate::command) use map::MAP;
pub(in crate::command) use rehearse::REHEARSE;
pub(in crate::command) use results::RESULTS;
pub(in crate::command) use status::STATUS;
pub(in crate::command) use step::{ADVANCE, RETREAT, STAGE};
