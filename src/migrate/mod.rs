//! From the source copy to a bundle: the rules of what goes, the pipeline that writes it, and the answers afterwards.
//!
//! Data goes one way (architecture.md, "One walk"): a snapshot of the vault is read in key order, [`mapping`] turns
//! each source record into a bundle record and a list of what stays behind with its reason, and [`report`] adds that
//! up. Nobody decides twice: what the report counts is what the mapping said.

pub mod error;
pub mod export;
pub mod file;
pub mod mapping;
mod ordered;
pub mod report;
pub mod rules;
