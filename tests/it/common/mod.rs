//! The hermetic environment of the integration tests.

pub(crate) mod pty;
