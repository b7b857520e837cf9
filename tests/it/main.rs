//! One binary for all integration tests, by theme.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod common;

mod answers;
mod bundle;
mod changes;
mod check;
mod completing;
mod damage;
mod dates;
mod directory;
mod editor;
mod exchange;
mod exit;
mod foreign;
mod from_windows;
mod gates;
mod kill;
mod lang;
mod live;
mod loading;
mod manual;
mod names;
mod old_files;
mod once;
mod output;
mod phases;
mod progressive;
mod read_back;
mod real_input;
mod render;
mod replaced;
mod screens;
mod script;
mod seed_files;
mod selecting;
mod signals;
mod store_check;
mod tenant;
mod tenant_verify;
mod together;
mod typed_secrets;
mod typing;
mod vault;
mod wrong_input;
