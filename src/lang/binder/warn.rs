//! Selections that are allowed and hardly meant.

use crate::lang::ast::{self, PieceKind};
use crate::lang::code;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::selection::{Attribute, AttributeKind, Expr, Op, Operand, Test};

/// A `*` or `?` between quotes, where it is an ordinary character. What a variable holds is not looked at: that was
/// not typed here.
pub(super) fn quoted_wildcard(attribute: &Attribute, named: &ast::Named) -> Option<Diagnostic> {
    if !matches!(attribute.kind, AttributeKind::Text | AttributeKind::UserId) {
        return None;
    }
    let mut pieces = named.value.elements.iter().flat_map(|e| &e.pieces);
    let (piece, text) = pieces.find_map(|piece| match &piece.kind {
        PieceKind::Quoted(text) if text.contains(['*', '?']) => Some((piece, text)),
        _ => None,
    })?;
    let sign = if text.contains('*') { '*' } else { '?' };
    let title = format!("'{sign}' in quotes is an ordinary character");
    Some(
        Diagnostic::new(
            code::QUOTED_WILDCARD,
            title,
            piece.span.clone(),
            "no pattern",
        )
        .help(format!("as a wildcard '{sign}' stands outside the quotes")),
    )
}

/// Attributes of which a user has one value at most.
const SINGLE: &[&str] = &[
    "userid", "group", "state", "phase", "import", "excluded", "gone",
];

/// Two conditions that must both hold and cannot.
pub(super) fn never(conditions: &[Expr]) -> Option<Diagnostic> {
    let tests: Vec<&Test> = conditions.iter().filter_map(single).collect();
    tests.iter().enumerate().find_map(|(at, second)| {
        let mut before = tests.get(..at)?.iter();
        let first = before.find(|first| {
            first.attribute.name == second.attribute.name
                && !first
                    .values
                    .iter()
                    .any(|value| second.values.contains(value))
        })?;
        let name = second.attribute.name;
        Some(
            Diagnostic::new(
                code::EXCLUSIVE,
                format!("no user can match: '{name}' has one value"),
                second.span.clone(),
                "this one",
            )
            .also(first.span.clone(), "and this one cannot both hold")
            .help(format!("for either of them write a list: {name}=a,b")),
        )
    })
}

/// A test for literal values of an attribute of which there is one.
fn single(expr: &Expr) -> Option<&Test> {
    let Expr::Test(test) = expr else { return None };
    let is_literal = |value: &Operand| match value {
        Operand::Name(_) => true,
        Operand::Text(pattern) => pattern.literal().is_some(),
        _ => false,
    };
    let fits = test.op == Op::Equal
        && SINGLE.contains(&test.attribute.name)
        && test.values.iter().all(is_literal);
    fits.then_some(test)
}

#[cfg(test)]
mod tests {
    use crate::lang::testing::bound;

    fn warnings(line: &str) -> Vec<&'static str> {
        bound(line)
            .warnings
            .iter()
            .map(|found| found.code)
            .collect()
    }

    #[test]
    fn a_wildcard_in_quotes_is_reported_where_it_could_be_one() {
        for line in [
            "user list userid=\"a*\"",
            "user list group!='s?les'",
            "user list where=(group=a and not alias=b'*')",
            "user list -userid 'a*'",
        ] {
            assert_eq!(warnings(line), ["W0301"], "{line}");
        }
        for line in [
            "user list userid=a*",
            "user list userid='a'*",
            "user list fullname<'a*'",
            "export file='a*' userid=a*",
        ] {
            assert!(warnings(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn conditions_that_exclude_each_other_are_reported() {
        for line in [
            "user list state=active state=suspended",
            "user list group=a,b group=c",
            "user list where=(userid=a or phase=none and state=active and phase=export,migrated)",
        ] {
            assert_eq!(warnings(line), ["W0302"], "{line}");
        }
        for line in [
            "user list state=active state!=suspended",
            "user list group=a,b group=b,c",
            "user list group=a group=b*",
            "user list token.state=current token.state=hold",
            "user list where=(state=active or state=suspended)",
            "user list changed=qa changed=card",
        ] {
            assert!(warnings(line).is_empty(), "{line}");
        }
    }
}
