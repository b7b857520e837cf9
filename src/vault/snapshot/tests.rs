//! What a snapshot hands out, and in which order.
