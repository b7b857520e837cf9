//! The ledger of bundles: which were made, who was in them, what of theirs stayed behind (security.md §3, Writing).
//!
//! Being written by MIGRATE, who calls it: rows `open → sealed → done`, members and items left out in batches, phases,
//! recovery, and what `bundle list|get|skipped` and `migrate explain` read.
