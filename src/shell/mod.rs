//! (room to come)

pub mod editor;
