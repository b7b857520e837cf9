//! `source …`: the copy of the source that the vault holds. One file a verb.

mod diff;
mod generate;
mod get;
mod gone;
mod input;
mod load;
mod remark;

pub(in crate::command) use diff::DIFF;
pub(in crate::command) use generate::GENERATE;
pub(in crate::command) use get::GET;
pub use get::overview;
pub(in crate::command) use input::besides_people;
pub(in crate::command) use load::LOAD;
pub(in crate::command) use remark::remark;
