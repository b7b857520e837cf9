//! One binary for all integration tests, by theme.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod common;

mod bundle;
mod editor;
mod exchange;
mod lang;
mod live;
mod once;
mod render;
mod store;
mod vault;
