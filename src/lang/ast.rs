//! A script as it is written, before its commands are looked up.
//!
//! A command is a flat list of items: only with the catalogue is it clear where its path ends and whether a dashed
//! name takes the next item. Every node has its span.

use super::Span;
use super::lexer::Operator;

/// A script, or a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// In their order; never empty commands.
    pub statements: Vec<Statement>,
}

/// What is done in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    Command(Command),
    Foreach(Foreach),
}

impl Statement {
    pub fn span(&self) -> &Span {
        match self {
            Self::Command(command) => &command.span,
            Self::Foreach(foreach) => &foreach.span,
        }
    }
}

/// `foreach variable in (rows) { body }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreach {
    /// The variable that holds a row at a time.
    pub variable: Name,
    /// The command that yields the rows.
    pub rows: Command,
    /// What is done with each.
    pub body: Script,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// At least one.
    pub items: Vec<Item>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// `where=…`
    Where(Where),
    /// `name=value`, or another relation.
    Named(Named),
    /// `-name` or `-name=value`
    Dash(Dash),
    /// A value on its own: a word of the path, a positional argument, or the value of the dashed name before.
    Value(Value),
}

impl Item {
    pub fn span(&self) -> &Span {
        match self {
            Self::Where(item) => &item.span,
            Self::Named(item) => &item.span,
            Self::Dash(item) => &item.span,
            Self::Value(item) => &item.span,
        }
    }
}

/// A name with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As it is written.
    pub text: String,
    pub span: Span,
}

/// `where=` and its condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Where {
    pub condition: Condition,
    pub span: Span,
}

/// `name op value`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What is compared or set.
    pub name: Name,
    pub operator: Operator,
    pub operator_span: Span,
    pub value: Value,
    pub span: Span,
}

/// `-name` or `-name=value`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dash {
    /// The name, without the dash.
    pub name: Name,
    /// What follows a `=`.
    pub value: Option<Value>,
    /// Where it stands, with the dash.
    pub span: Span,
}

/// A list of one or more elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// At least one.
    pub elements: Vec<Element>,
    pub span: Span,
}

/// An element of a list: pieces without a blank between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// At least one.
    pub pieces: Few<Piece>,
    pub span: Span,
}

/// One or more, usually one, which is kept without an allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Few<T> {
    One([T; 1]),
    /// Any other number.
    Many(Vec<T>),
}

impl<T> Few<T> {
    pub const fn one(item: T) -> Self {
        Self::One([item])
    }

    /// These, and those after them.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        let mut all = self.into_vec();
        all.append(&mut more.into_vec());
        Self::Many(all)
    }

    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(item) => item.into(),
            Self::Many(items) => items,
        }
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(items: Vec<T>) -> Self {
        items.try_into().map_or_else(Self::Many, Self::One)
    }
}

impl<T> std::ops::Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::One(item) => item,
            Self::Many(items) => items,
        }
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub kind: PieceKind,
    /// Where it stands, with its quotes.
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PieceKind {
    /// Bare characters; wildcards count.
    Bare(String),
    /// What quotes hold, escapes resolved. Also for an empty pair of quotes.
    Quoted(String),
    /// The name of a variable, and whether it stands between quotes.
    Variable {
        name: String,
        /// Whether it stands between quotes.
        quoted: bool,
    },
}

/// What `where=` demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Some of these.
    Any(Vec<Condition>),
    /// All of these.
    All(Vec<Condition>),
    /// The contrary.
    Not(Box<Condition>),
    /// `name(…)`: one and the same item.
    Same(Name, Box<Condition>),
    Test(Named),
}

impl Value {
    /// The word, if it is a single one without quotes or variables.
    pub fn bare(&self) -> Option<&str> {
        let [element] = self.elements.as_slice() else {
            return None;
        };
        match &*element.pieces {
            [
                Piece {
                    kind: PieceKind::Bare(text),
                    ..
                },
            ] => Some(text),
            _ => None,
        }
    }
}
