//! The hermetic environment of the integration tests.
