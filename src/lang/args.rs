//! The values of a bound command's arguments. The binder has checked each against its kind; a command gets them in the
//! struct that declares them ([`super::keys`]).

use std::path::PathBuf;

use secrecy::SecretString;

use super::Span;
use super::keys;
use super::lexer::Operator;
use super::spec::Arg;
use super::value::Variable;
use crate::model::{Named, Pattern};

/// A relation to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    pub operator: Operator,
    pub number: i64,
}

impl Comparison {
    /// Whether `found` stands in the relation.
    pub const fn holds(self, found: i64) -> bool {
        match self.operator {
            Operator::Equal => found == self.number,
            Operator::NotEqual => found != self.number,
            Operator::Less => found < self.number,
            Operator::LessOrEqual => found <= self.number,
            Operator::Greater => found > self.number,
            Operator::GreaterOrEqual => found >= self.number,
        }
    }
}

/// An assent given beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yes {
    /// To whatever the count.
    Any,
    Count(u64),
}

/// A moment or a day, resolved against the command's *now*: both its ends, in microseconds since 1970, belong to it. A
/// moment is one microsecond. What is relative may lie before and after every [`Moment`](crate::model::Moment).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// First moment inside.
    pub start: i64,
    /// Last moment inside.
    pub last: i64,
}

/// A value that the binder has checked against its argument's kind.
#[derive(Debug, Clone)]
pub enum Value {
    /// `Kind::Flag`.
    Flag(bool),
    /// `Kind::FlagOrNumber`.
    Yes(Yes),
    /// `Kind::Text`, `Choice` (in the set's spelling), `InFile`, `OutFile`.
    Text(String),
    /// `Kind::Text` of a secret argument.
    Secret(SecretString),
    /// `Kind::Text` with `many`.
    Texts(Vec<String>),
    /// `Kind::Pattern`.
    Patterns(Vec<Pattern>),
    /// `Kind::Number`.
    Number(i64),
    /// `Kind::When`.
    When(When),
    /// `Kind::Settings`.
    Settings(Vec<(String, String)>),
    /// `Kind::Variables`.
    Variables(Vec<(String, Variable)>),
    /// `Kind::Comparison`.
    Comparison(Comparison),
}

/// The arguments of a bound command, by name.
#[derive(Debug, Default)]
pub struct Args {
    given: Vec<Given>,
}

#[derive(Debug, Clone)]
pub struct Given {
    /// The catalogue's name of it.
    pub name: &'static str,
    pub value: Value,
    /// Where the value stands in the line.
    pub span: Span,
}

impl Args {
    /// Takes an argument that the binder has checked.
    pub fn push(&mut self, given: Given) {
        self.given.push(given);
    }

    /// The value of `key`, or what its absence means.
    ///
    /// # Errors
    /// It was not given, and there is nothing that holds instead.
    pub fn take<T: FromValue>(&self, key: &keys::Key<T>) -> Result<T, Missing> {
        let given = self.find(key.arg.name);
        let value = match given {
            Some(given) => T::from_value(&given.value),
            None => T::absent(key.arg.default),
        };
        value.ok_or(Missing(key.arg.name))
    }

    /// Whether all that are needed are there, also those whose value is not taken.
    ///
    /// # Errors
    /// The first that is not.
    pub fn hold(&self, args: &[Arg]) -> Result<(), Missing> {
        let mut needed = args.iter().filter(|arg| arg.required);
        match needed.find(|arg| self.find(arg.name).is_none()) {
            Some(arg) => Err(Missing(arg.name)),
            None => Ok(()),
        }
    }

    /// Only the arguments of a group.
    pub fn among(&self, group: &[Arg]) -> Self {
        let is_one = |given: &&Given| group.iter().any(|arg| arg.name == given.name);
        let given = self.given.iter().filter(is_one).cloned().collect();
        Self { given }
    }

    /// Where the value of an argument stands, for a diagnostic that only the command can make.
    pub fn span(&self, name: &str) -> Option<Span> {
        self.find(name).map(|given| given.span.clone())
    }

    fn find(&self, name: &str) -> Option<&Given> {
        self.given.iter().find(|given| given.name == name)
    }
}

/// A command cannot do without an argument that it did not get. The binder does not let that happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the argument '{0}' is missing")]
pub struct Missing(pub &'static str);

/// What a [`keys::Key`] may yield.
pub trait FromValue: Sized {
    /// The typed value; `None` when the binder gave another kind, which it does not.
    fn from_value(value: &Value) -> Option<Self>;

    /// What holds where there is no value, if anything does: `default` as text.
    fn absent(default: Option<&str>) -> Option<Self> {
        let _ = default;
        None
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        T::from_value(value).map(Some)
    }

    fn absent(_: Option<&str>) -> Option<Self> {
        Some(None)
    }
}

impl<T: Named> FromValue for T {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(name) => T::named(name),
            _ => None,
        }
    }

    fn absent(default: Option<&str>) -> Option<Self> {
        T::named(default?)
    }
}

macro_rules! from_value {
    ($($ty:ty, $pattern:pat => $made:expr $(, or $absent:expr)?;)+) => {$(
        impl FromValue for $ty {
            fn from_value(value: &Value) -> Option<Self> {
                match value { $pattern => $made, _ => None }
            }

            $(fn absent(default: Option<&str>) -> Option<Self> {
                let absent: fn(Option<&str>) -> Option<Self> = $absent;
                absent(default)
            })?
        }
    )+};
}

from_value! {
    bool, Value::Flag(v) => Some(*v), or |_| Some(false);
    u64, Value::Number(v) => u64::try_from(*v).ok(), or |default| default?.parse().ok();
    Yes, Value::Yes(v) => Some(*v);
    When, Value::When(v) => Some(*v);
    Comparison, Value::Comparison(v) => Some(*v);
    String, Value::Text(v) => Some(v.clone());
    PathBuf, Value::Text(v) => Some(v.into());
    SecretString, Value::Secret(v) => Some(v.clone());
    Vec<Pattern>, Value::Patterns(v) => Some(v.clone()), or |_| Some(Vec::new());
    Vec<String>, Value::Texts(v) => Some(v.clone()), or |_| Some(Vec::new());
    Vec<(String, String)>, Value::Settings(v) => Some(v.clone()), or |_| Some(Vec::new());
    Vec<(String, Variable)>, Value::Variables(v) => Some(v.clone()), or |_| Some(Vec::new());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::keys::{Arguments as _, args};
    use crate::model::Phase;

    args! {
        struct Inner {
            _ = flag("mute", ""),
            last: u64 = number("last", 1, 99, "").default("7"),
        }
    }

    args! {
        struct Outer {
            first: String = text("first", "").required().positional(),
            ..inner: Inner,
            phase: Option<Phase> = choice("phase", ""),
            to: Phase = choice("to", "").default("export"),
            loud: bool = flag("loud", ""),
            names: Vec<String> = texts("names", ""),
        }
    }

    fn given(pairs: Vec<(&'static str, Value)>) -> Args {
        let mut args = Args::default();
        for (name, value) in pairs {
            let span = 0..0;
            args.push(Given { name, value, span });
        }
        args
    }

    #[test]
    fn arguments_keep_their_order_with_a_group_in_its_place() {
        let names: Vec<_> = Outer::ARGS.iter().map(|arg| arg.name).collect();
        assert_eq!(
            names,
            ["first", "mute", "last", "phase", "to", "loud", "names"]
        );
        assert!(Outer::ARGS[0].required && Outer::ARGS[0].positional && !Outer::ARGS[2].required);
        assert_eq!(Outer::ARGS[2].default, Some("7"));
    }

    #[test]
    fn what_is_absent_is_what_was_declared_and_never_a_required_one() {
        let text = |text: &str| Value::Text(text.to_owned());
        let taken = Outer::take(&given(vec![("first", text("a"))])).unwrap();
        assert_eq!((taken.first.as_str(), taken.inner.last), ("a", 7));
        assert_eq!((taken.phase, taken.to), (None, Phase::Export));
        assert!(!taken.loud && taken.names.is_empty());

        let taken = Outer::take(&given(vec![
            ("first", text("a")),
            ("last", Value::Number(9)),
            ("phase", text("imported")),
            ("loud", Value::Flag(true)),
        ]))
        .unwrap();
        assert_eq!((taken.inner.last, taken.phase), (9, Some(Phase::Imported)));
        assert!(taken.loud);

        let missing = Outer::take(&given(vec![("loud", Value::Flag(true))]));
        assert_eq!(missing.err(), Some(Missing("first")));
    }
}
