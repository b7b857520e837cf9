//! Attributes that are no column of the user's own row: each becomes a `SELECT` of users.
//!
//! Both kinds of query read it: a selection puts it behind `u.id IN` or `NOT IN`, a count runs it alone (see `sets`).
//! A condition that users without any row meet is made of the users who do *not* meet it, and negated.

use rusqlite::types::Value;

use crate::lang::selection::{Op, Operand, Pattern, Piece, Test};
use crate::model::{Phase, UserState};

use super::columns::{Column, Says, column};
use super::value::sign;
use super::{Compiler, Unusable};

/// What was written for a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A condition on the row itself.
    Row,
    /// A `SELECT` of the users who meet it.
    Among,
    /// A `SELECT` of those who do not.
    NotAmong,
}

/// Whether the values of a test become a leaf each.
pub(super) fn is_by_value(test: &Test) -> bool {
    matches!(
        column(test.attribute.name),
        Some(
            Column::CountOf { .. }
                | Column::Rows(_)
                | Column::Cases { .. }
                | Column::Phase
                | Column::Exported
        )
    )
}

impl Compiler {
    /// A condition on the row of the test's entity.
    pub(super) fn test(&mut self, test: &Test) -> Result<(), Unusable> {
        if !is_by_value(test) {
            return self.condition(test, None);
        }
        self.joined(&test.values, "OR", "FALSE", |c, value| {
            c.condition(test, Some(value))
        })
    }

    fn condition(&mut self, test: &Test, value: Option<&Operand>) -> Result<(), Unusable> {
        let start = self.text.len();
        let before = match self.leaf(test, value)? {
            Form::Row => return Ok(()),
            Form::Among => "u.id IN (",
            Form::NotAmong => "u.id NOT IN (",
        };
        self.text.insert_str(start, before);
        self.text.push(')');
        Ok(())
    }

    /// A test, or one value of it where [`is_by_value`].
    pub(super) fn leaf(&mut self, test: &Test, value: Option<&Operand>) -> Result<Form, Unusable> {
        let name = test.attribute.name;
        match (column(name).ok_or(Unusable::Attribute(name))?, value) {
            (Column::Always("u.userid"), _) => self.user_id(test)?,
            (Column::Always(column), _) => self.values(&self.weakened(column, test), test)?,
            (Column::Maybe(column), _) => {
                let column = self.weakened(column, test);
                self.text.push_str(&format!("({column} IS NOT NULL AND "));
                self.values(&column, test)?;
                self.text.push(')');
            }
            (Column::Group, _) => {
                self.text
                    .push_str("u.group_id IN (SELECT g.id FROM groups g WHERE ");
                self.values("g.name", test)?;
                self.text.push(')');
            }
            (
                Column::Of {
                    table,
                    user,
                    column,
                },
                _,
            ) => {
                // In the order of its text the index gives the users in no order at all, which costs more to sort
                // than the table costs to read.
                let open = self.few.is_none() && test.values.iter().all(is_open);
                let walk = if open { " NOT INDEXED" } else { "" };
                let from = self.of_few(table, "", user);
                self.text.push_str(&format!(
                    "SELECT {user} FROM {from}{walk} WHERE {column} IS NOT NULL AND "
                ));
                self.values(column, test)?;
                return Ok(Form::Among);
            }
            (_, None | Some(Operand::Present)) if is_always_there(name) => {
                self.text.push_str("TRUE");
            }
            (Column::CountOf { table, column }, Some(Operand::Number(number))) => {
                let from = self.of_few(table, "", "user");
                let head = format!("SELECT user FROM {from} WHERE");
                return Ok(self.number(&head, column, test.op, *number));
            }
            (Column::Rows(table), Some(Operand::Number(number))) => {
                let from = self.of_few(table, "", "id >> 16");
                if *number == 0 && test.op == Op::Equal {
                    self.text.push_str(&format!("SELECT id >> 16 FROM {from}"));
                    return Ok(Form::NotAmong);
                }
                let head = format!("SELECT id >> 16 FROM {from} GROUP BY id >> 16 HAVING");
                return Ok(self.number(&head, "count(*)", test.op, *number));
            }
            (Column::Phase, Some(Operand::Name(name))) => {
                let phase = name.parse::<Phase>().map(Phase::number);
                let phase = phase.map_err(|_| Unusable::Ordering(test.attribute.name))?;
                let from = self.of_few("progress", "", "user");
                let head = format!("SELECT user FROM {from} WHERE");
                return Ok(self.number(&head, "phase", test.op, phase));
            }
            (Column::Exported, Some(value)) => return self.exported(test, value),
            (Column::Cases { present, named }, Some(value)) => {
                let says = match value {
                    Operand::Present => Some(&present),
                    Operand::Name(name) => named.iter().find(|(n, _)| n == name).map(|(_, s)| s),
                    _ => None,
                };
                return Ok(self.says(*says.ok_or(Unusable::Ordering(name))?));
            }
            _ => return Err(Unusable::Ordering(name)),
        }
        Ok(Form::Row)
    }

    /// A column whose index would choose too many, where another condition must hold too: the `+` keeps the planner,
    /// which has no statistics, from it.
    fn weakened(&self, column: &str, test: &Test) -> String {
        let weak = self.beside_any && is_common(test)
            || self.beside_name && matches!(column, "u.locale" | "u.last_auth");
        format!("{}{column}", if weak { "+" } else { "" })
    }

    /// What `FROM` names: the table, or the rows of the few users that alone matter.
    pub(super) fn of_few(&mut self, table: &str, dot: &str, user: &str) -> String {
        let Some(few) = &self.few else {
            return table.to_owned();
        };
        self.params.push(few.clone());
        let theirs = if user.ends_with(">> 16") {
            format!("{dot}id BETWEEN few.one << 16 AND (few.one << 16) + 65535")
        } else {
            format!("{dot}{user} = few.one")
        };
        format!("(SELECT value AS one FROM json_each(?)) few CROSS JOIN {table} ON {theirs}")
    }

    fn says(&mut self, says: Says) -> Form {
        let (form, text) = match says {
            Says::Row(text) => (Form::Row, text),
            Says::Among(text) => (Form::Among, text),
            Says::NotAmong(text) => (Form::NotAmong, text),
        };
        self.text.push_str(text);
        form
    }

    /// A number that is 0 of users who have no row.
    fn number(&mut self, head: &str, column: &str, op: Op, number: i64) -> Form {
        let holds_for_none = match op {
            Op::Equal => number == 0,
            Op::Less => number > 0,
            Op::LessOrEqual => number >= 0,
            Op::Greater => number < 0,
            Op::GreaterOrEqual => number <= 0,
        };
        let sign = if holds_for_none {
            opposite(op)
        } else {
            sign(op)
        };
        self.text.push_str(&format!("{head} {column} {sign} ?"));
        self.params.push(Value::Integer(number));
        if holds_for_none {
            Form::NotAmong
        } else {
            Form::Among
        }
    }

    fn exported(&mut self, test: &Test, value: &Operand) -> Result<Form, Unusable> {
        const ANY: &str = "SELECT user FROM progress WHERE bundle IS NOT NULL";
        Ok(match value {
            Operand::Present | Operand::Name("yes") => self.says(Says::Among(ANY)),
            Operand::Name("no") => self.says(Says::NotAmong(ANY)),
            Operand::Number(number) => {
                self.text.push_str(&format!(
                    "SELECT user FROM members WHERE bundle IN \
                     (SELECT number FROM bundles WHERE number {} ? AND state IN ('done', 'replaced', 'forgotten'))",
                    sign(test.op)
                ));
                self.params.push(Value::Integer(*number));
                Form::Among
            }
            _ => return Err(Unusable::Attribute(test.attribute.name)),
        })
    }
}

/// The values that most rows have.
const COMMON: [(&str, &str); 7] = [
    ("state", "active"),
    ("token.state", "current"),
    ("token.kind", "hardware"),
    ("token.algorithm", "totp"),
    ("token.activation", "activated"),
    ("card.state", "current"),
    ("card.usage", "none"),
];

/// Whether a test lets the value through that most rows have.
pub(super) fn is_common(test: &Test) -> bool {
    test.values.iter().any(|value| match value {
        Operand::Present => true,
        Operand::Name(name) => COMMON.contains(&(test.attribute.name, *name)),
        _ => false,
    })
}

/// Whether a test is on the user's state by name: every user has just one, so that the other names are its negation.
pub(super) fn is_state(test: &Test) -> bool {
    test.attribute.name == "state" && !test.values.contains(&Operand::Present)
}

pub(super) fn other_states(test: &Test) -> Test {
    let others = UserState::NAMES.iter().map(|name| Operand::Name(name));
    Test {
        values: others.filter(|name| !test.values.contains(name)).collect(),
        ..test.clone()
    }
}

/// Whether `attribute=*` holds for every user.
fn is_always_there(attribute: &str) -> bool {
    matches!(
        column(attribute),
        Some(Column::CountOf { .. } | Column::Rows(_) | Column::Phase)
    )
}

/// Whether a value is a pattern without a beginning that an index could search.
fn is_open(value: &Operand) -> bool {
    matches!(value, Operand::Present)
        || matches!(value, Operand::Text(Pattern(pieces)) if !matches!(pieces.first(), Some(Piece::Literal(_)) | None))
}

const fn opposite(op: Op) -> &'static str {
    match op {
        Op::Equal => "<>",
        Op::Less => ">=",
        Op::LessOrEqual => ">",
        Op::Greater => "<=",
        Op::GreaterOrEqual => "<",
    }
}
