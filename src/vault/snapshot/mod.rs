//! A snapshot of the source copy, read once in key order for an export.
//!
//! Being written by MIGRATE, together with the pipeline that it feeds.
