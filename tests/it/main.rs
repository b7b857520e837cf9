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
mod kill;
mod lang;
mod live;
mod once;
mod real_input;
mod render;
mod script;
mod store;
mod vault;
mod wrong_input;
