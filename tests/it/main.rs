//! One binary for all integration tests, by theme.

mod common;

mod bundle;
mod exchange;
mod lang;
mod live;
mod once;
mod render;
mod store;
mod vault;
