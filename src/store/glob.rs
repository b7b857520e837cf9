//! Wildcards as SQLite's GLOB takes them.

use crate::model::{Pattern, Piece};

/// The pattern for GLOB, in which only our wildcards are special.
pub(crate) fn glob(pattern: &Pattern) -> String {
    let mut glob = String::new();
    for piece in &pattern.0 {
        match piece {
            Piece::Any => glob.push('*'),
            Piece::One => glob.push('?'),
            Piece::Literal(text) => {
                for c in text.chars() {
                    match c {
                        '[' | '*' | '?' => glob.extend(['[', c, ']']),
                        other => glob.push(other),
                    }
                }
            }
        }
    }
    glob
}
