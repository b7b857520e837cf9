//! igsh: an interactive admin shell for the master users of an authentication server.
//!
//! The rooms below are listed from the ground up; a room may use those above it in this list, never one below.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]

/// Records are made on one core and dropped on another, which costs the system's allocator a seventh of an export.
// A sanitizer watches the allocator of the system.
#[cfg(not(fuzzing))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod ambient;
pub mod crypto;
pub mod files;
pub(crate) mod json;
pub mod model;
pub mod otp;
pub mod render;

pub mod bundle;
pub mod exchange;
pub mod lang;

pub mod store;

pub mod tenant;
pub mod vault;

pub mod migrate;

pub mod command;

pub mod shell;

pub mod cli;
