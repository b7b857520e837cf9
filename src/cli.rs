//! Process set-up.
