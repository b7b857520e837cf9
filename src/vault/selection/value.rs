//! One value of a test: how it compares with a column.

use rusqlite::types::Value;

use crate::lang::selection::{Op, Operand, Pattern, Piece, Test};

use crate::store::glob;
use crate::vault::fold::folded;

use super::{Case, Compiler, Unusable};

impl Compiler {
    /// `column op value`; the column is not absent.
    pub(super) fn value(
        &mut self,
        column: &str,
        test: &Test,
        value: &Operand,
    ) -> Result<(), Unusable> {
        let name = test.attribute.name;
        if test.op != Op::Equal {
            return self.ordering(column, test);
        }
        match value {
            Operand::Present => self.text.push_str("TRUE"),
            Operand::Text(pattern) => self.pattern(column, pattern),
            Operand::Qualified(..) => return Err(Unusable::Attribute(name)),
            Operand::File(path) => return Err(Unusable::List(path.clone())),
            Operand::Set(list) => {
                self.text
                    .push_str(&format!("{column} IN (SELECT value FROM json_each(?))"));
                self.params.push(json_array(list.iter()));
            }
            Operand::Number(number) => self.compare(column, "=", Value::Integer(*number)),
            Operand::Name(text) => self.compare(column, "=", Value::Text((*text).to_owned())),
            Operand::When(when) => {
                self.text.push('(');
                self.compare(column, ">=", Value::Integer(when.start.as_microsecond()));
                self.text.push_str(" AND ");
                self.compare(column, "<=", Value::Integer(when.last.as_microsecond()));
                self.text.push(')');
            }
        }
        Ok(())
    }

    fn ordering(&mut self, column: &str, test: &Test) -> Result<(), Unusable> {
        let refuse = || Unusable::Ordering(test.attribute.name);
        let [value] = test.values.as_slice() else {
            return Err(refuse());
        };
        let sign = sign(test.op);
        match value {
            Operand::Number(number) => self.compare(column, sign, Value::Integer(*number)),
            Operand::When(when) => {
                // A day is an interval: before its start, after its last moment.
                let edge = match test.op {
                    Op::Less | Op::GreaterOrEqual | Op::Equal => when.start,
                    Op::LessOrEqual | Op::Greater => when.last,
                };
                self.compare(column, sign, Value::Integer(edge.as_microsecond()));
            }
            Operand::Text(pattern) => {
                let text = pattern.literal().ok_or_else(refuse)?;
                self.compare(column, sign, Value::Text(text.to_owned()));
            }
            _ => return Err(refuse()),
        }
        Ok(())
    }

    fn compare(&mut self, column: &str, sign: &str, value: Value) {
        self.text.push_str(&format!("{column} {sign} ?"));
        self.params.push(value);
    }

    /// Text against a pattern, with the compiler's view of letter case.
    pub(super) fn pattern(&mut self, column: &str, pattern: &Pattern) {
        let others = match (self.case, column) {
            (Case::Matters, _) => None,
            (_, "u.userid") => Some(("u.fold".to_owned(), folded_pattern(pattern))),
            (_, "alias") => Some(("fold".to_owned(), folded_pattern(pattern))),
            (_, "u.full_name" | "g.name") => {
                Some((format!("lower({column})"), lower_pattern(pattern)))
            }
            _ => None,
        };
        let Some((other, folded)) = others else {
            return self.exact(column, pattern);
        };
        // A name that is folded already has an empty `fold`.
        self.text.push_str(&format!("({other} IS NOT NULL AND "));
        self.exact(&other, &folded);
        if self.case == Case::Ignored || folded != *pattern {
            self.text.push_str(" OR ");
            self.exact(column, &folded);
        }
        if self.case == Case::Others {
            self.text.push_str(") AND NOT (");
        } else {
            self.text.push_str(" OR ");
        }
        self.exact(column, pattern);
        self.text.push(')');
    }

    /// A literal is equality, a prefix a range, anything else GLOB, with the range of its prefix where it has one.
    fn exact(&mut self, column: &str, pattern: &Pattern) {
        let (prefix, rest) = split(pattern);
        if rest.is_empty() {
            return self.compare(column, "=", Value::Text(prefix));
        }
        let globbed = rest.iter().any(|piece| **piece != Piece::Any);
        self.text.push('(');
        let (from, to) = prefix_range(&prefix);
        if from.is_empty() {
            self.text.push_str("TRUE");
        } else {
            self.compare(column, ">=", Value::Text(from));
            if let Some(to) = to {
                self.text.push_str(" AND ");
                self.compare(column, "<", Value::Text(to));
            }
        }
        if globbed {
            self.text.push_str(" AND ");
            self.compare(column, "GLOB", Value::Text(glob(pattern)));
        }
        self.text.push(')');
    }
}

pub(super) const fn sign(op: Op) -> &'static str {
    match op {
        Op::Equal => "=",
        Op::Less => "<",
        Op::LessOrEqual => "<=",
        Op::Greater => ">",
        Op::GreaterOrEqual => ">=",
    }
}

fn folded_pattern(pattern: &Pattern) -> Pattern {
    map_literals(pattern, |text| folded(text).into_owned())
}

fn lower_pattern(pattern: &Pattern) -> Pattern {
    map_literals(pattern, str::to_ascii_lowercase)
}

fn map_literals(pattern: &Pattern, change: impl Fn(&str) -> String) -> Pattern {
    let pieces = pattern.0.iter().map(|piece| match piece {
        Piece::Literal(text) => Piece::Literal(change(text)),
        other => other.clone(),
    });
    Pattern(pieces.collect())
}

/// The literal text a pattern begins with, and the pieces from its first wildcard on.
fn split(pattern: &Pattern) -> (String, Vec<&Piece>) {
    let mut prefix = String::new();
    let mut pieces = pattern.0.iter().peekable();
    while let Some(Piece::Literal(text)) = pieces.peek() {
        prefix.push_str(text);
        pieces.next();
    }
    (prefix, pieces.collect())
}

/// The texts that begin with `prefix`, in byte order: from the first, up to but not with the second.
pub(super) fn prefix_range(prefix: &str) -> (String, Option<String>) {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        // The next scalar value; the surrogates between are none.
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            other => char::from_u32(u32::from(other) + 1),
        };
        if let Some(next) = next {
            end.push(next);
            return (prefix.to_owned(), Some(end));
        }
    }
    (prefix.to_owned(), None)
}

/// A list as one parameter, for `json_each`.
pub(in crate::vault) fn json_array<'a>(items: impl IntoIterator<Item = &'a String>) -> Value {
    let items: Vec<&String> = items.into_iter().collect();
    Value::Text(serde_json::to_string(&items).unwrap_or_default())
}

/// A count as SQLite takes it.
pub(crate) fn clamp(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
