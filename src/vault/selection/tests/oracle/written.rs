//! Conditions as somebody would type them.

use crate::lang::args::When;
use crate::lang::selection::{Entity, Expr, Op, Operand, Pattern, Piece, Test};

/// A condition as somebody would type it.
pub(super) fn written(expr: &Expr, within: Option<Entity>) -> String {
    let joined = |parts: &[Expr], word: &str| {
        let parts: Vec<String> = parts.iter().map(|part| written(part, within)).collect();
        format!("({})", parts.join(word))
    };
    match expr {
        Expr::All(parts) => joined(parts, " and "),
        Expr::Any(parts) => joined(parts, " or "),
        Expr::Not(inner) => match inner.as_ref() {
            Expr::Test(test) if test.op == Op::Equal => one_test(test, "!=", within),
            inner => format!("not {}", written(inner, within)),
        },
        Expr::Same(entity, inner) => {
            let name = match entity {
                Entity::Token => "token",
                Entity::Card => "card",
                Entity::Location => "location",
                Entity::User => unreachable!(),
            };
            format!("{name}({})", written(inner, Some(*entity)))
        }
        Expr::Test(test) => {
            let op = match test.op {
                Op::Equal => "=",
                Op::Less => "<",
                Op::LessOrEqual => "<=",
                Op::Greater => ">",
                Op::GreaterOrEqual => ">=",
            };
            one_test(test, op, within)
        }
    }
}

pub(super) fn one_test(test: &Test, op: &str, within: Option<Entity>) -> String {
    let name = match (within, test.attribute.name.split_once('.')) {
        (Some(_), Some((_, bare))) => bare,
        _ => test.attribute.name,
    };
    let values: Vec<String> = test.values.iter().map(one_value).collect();
    format!("{name}{op}{}", values.join(","))
}

pub(super) fn one_value(value: &Operand) -> String {
    match value {
        Operand::Present => "*".to_owned(),
        Operand::Text(pattern) => one_pattern(pattern),
        Operand::Qualified(group, name) => format!("{}/{}", one_pattern(group), one_pattern(name)),
        Operand::Number(number) => number.to_string(),
        Operand::Name(name) => (*name).to_owned(),
        Operand::When(When { start, end }) => {
            let text = start.to_string();
            if end.as_microsecond() - start.as_microsecond() == 1 {
                text
            } else {
                text.split('T').next().unwrap().to_owned()
            }
        }
        Operand::File(_) | Operand::Set(_) => unreachable!(),
    }
}

/// Literals in quotes of either kind, wildcards outside.
pub(super) fn one_pattern(pattern: &Pattern) -> String {
    let quoted = |text: &str| {
        if text.contains(['\'', '\\']) {
            let escaped = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('$', "\\$");
            format!("\"{escaped}\"")
        } else {
            format!("'{text}'")
        }
    };
    let pieces: String = pattern
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Any => "*".to_owned(),
            Piece::One => "?".to_owned(),
            Piece::Literal(text) => quoted(text),
        })
        .collect();
    if pieces.is_empty() {
        "''".to_owned()
    } else {
        pieces
    }
}
