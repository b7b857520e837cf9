//! The command language: from text to a bound command.
//!
//! Text goes through [`lexer`] (total and lossless), [`grammar`] (nom, over tokens), and [`binder`], which the
//! catalogue of commands drives. Nothing here names a command, a terminal or a file.

pub mod args;
pub mod ast;
pub mod binder;
pub mod code;
pub mod complete;
pub mod diagnostic;
pub mod grammar;
pub mod help;
pub mod highlight;
pub mod keys;
pub mod lexer;
pub mod live;
pub mod lookalike;
pub mod mask;
mod names;
mod outline;
pub mod redact;
pub mod selection;
pub mod spec;
pub mod suggest;
pub mod value;

#[cfg(test)]
mod testing;

/// A half-open range of byte offsets into the text of a command or script.
pub type Span = std::ops::Range<usize>;
