//! What lies at a path, judged before anything in it is believed; and new files, private from their first byte, that
//! are there whole or not at all.
//!
//! This room knows nothing of what a file holds. It says what is wrong and what to type; who asked decides what that
//! means for the command.

mod interruptible;
mod make;
mod trust;

pub use interruptible::Interruptible;
pub use make::{create_new, write_whole};
pub use trust::{
    Distrust, NoFile, Openness, judge, judge_owner_and_mode, open_or_make, open_private,
    trust_folder, writable,
};

use std::path::Path;

/// The folder of a path; the current one where none is named.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
