//! Untyped access to the arguments of a bound command, until the last command takes a struct.

use std::marker::PhantomData;
use std::path::PathBuf;

use secrecy::SecretString;

use super::args::{Args, Comparison, Value, When, Yes};
use super::selection::Pattern;
use super::spec::{Arg, Complete, Kind};
use super::value::Variable;

/// A declared argument that yields a `T`.
#[derive(Debug)]
pub struct Key<T> {
    /// Its description, for the catalogue.
    pub arg: Arg,
    yields: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    const fn of(arg: Arg) -> Self {
        Self {
            arg,
            yields: PhantomData,
        }
    }

    /// The command needs it.
    pub const fn required(mut self) -> Self {
        self.arg.required = true;
        self
    }

    /// It may stand without its name.
    pub const fn positional(mut self) -> Self {
        self.arg.positional = true;
        self
    }

    /// What absence means, as help shows it.
    pub const fn default(mut self, text: &'static str) -> Self {
        self.arg.default = Some(text);
        self
    }

    /// Where live candidates come from.
    pub const fn complete(mut self, source: Complete) -> Self {
        self.arg.complete = source;
        self
    }
}

impl Key<bool> {
    /// Present or not.
    pub const fn flag(name: &'static str, summary: &'static str) -> Self {
        Self::of(Arg::new(name, Kind::Flag, summary))
    }
}

impl Key<Yes> {
    /// A blanket or a counted assent.
    pub const fn yes(name: &'static str, summary: &'static str) -> Self {
        Self::of(Arg::new(name, Kind::FlagOrNumber, summary))
    }
}

impl Key<String> {
    /// Any text.
    pub const fn text(name: &'static str, summary: &'static str) -> Self {
        Self::of(Arg::new(name, Kind::Text, summary))
    }

    /// One of a set.
    pub const fn choice(
        name: &'static str,
        set: &'static [&'static str],
        summary: &'static str,
    ) -> Self {
        Self::of(Arg::new(name, Kind::Choice(set), summary))
    }
}

impl Key<Vec<String>> {
    /// A list of texts, or all the positionals that are left.
    pub const fn texts(name: &'static str, summary: &'static str) -> Self {
        let mut arg = Arg::new(name, Kind::Text, summary);
        arg.many = true;
        Self::of(arg)
    }
}

impl Key<Vec<Pattern>> {
    /// A text with wildcards, or a list of alternatives.
    pub const fn patterns(name: &'static str, summary: &'static str) -> Self {
        Self::of(Arg::new(name, Kind::Pattern, summary))
    }
}

impl Key<SecretString> {
    /// A text that is masked wherever the line is shown or kept.
    pub const fn secret(name: &'static str, summary: &'static str) -> Self {
        let mut arg = Arg::new(name, Kind::Text, summary);
        arg.secret = true;
        Self::of(arg)
    }
}

impl Key<i64> {
    /// A whole number within bounds, both inclusive.
    pub const fn number(name: &'static str, min: i64, max: i64, summary: &'static str) -> Self {
        Self::of(Arg::new(name, Kind::Number(min, max), summary))
    }
}

impl Key<PathBuf> {
    /// A file that is read.
    pub const fn in_file(name: &'static str, summary: &'static str) -> Self {
        Self::of(Arg::new(name, Kind::InFile, summary))
    }

    /// A file that is written.
    pub const fn out_file(name: &'static str, summary: &'static str) -> Self {
        Self::of(Arg::new(name, Kind::OutFile, summary))
    }
}

impl Key<When> {
    /// A moment or a day.
    pub const fn when(name: &'static str, summary: &'static str) -> Self {
        Self::of(Arg::new(name, Kind::When, summary))
    }
}

impl Key<Vec<(String, String)>> {
    /// `name=value` pairs that the catalogue does not list.
    pub const fn settings(name: &'static str, summary: &'static str) -> Self {
        let mut arg = Arg::new(name, Kind::Settings, summary);
        arg.many = true;
        Self::of(arg)
    }
}

impl Key<Vec<(String, Variable)>> {
    /// `name=value` pairs that become variables.
    pub const fn variables(name: &'static str, summary: &'static str) -> Self {
        let mut arg = Arg::new(name, Kind::Variables, summary);
        arg.many = true;
        Self::of(arg)
    }
}

impl Key<Comparison> {
    /// A number and the relation to it, as in `count>0`.
    pub const fn comparison(name: &'static str, summary: &'static str) -> Self {
        Self::of(Arg::new(name, Kind::Comparison, summary))
    }
}

/// What a [`Key`] may yield.
pub trait FromValue {
    /// What asking gives.
    type Out<'a>;
    /// The typed value; `None` when the binder gave another kind, which it does not.
    fn from_value(value: &Value) -> Option<Self::Out<'_>>;
}

macro_rules! from_value {
    ($($ty:ty => $out:ty, $pattern:pat => $made:expr;)+) => {$(
        impl FromValue for $ty {
            type Out<'a> = $out;
            fn from_value(value: &Value) -> Option<$out> {
                match value { $pattern => Some($made), _ => None }
            }
        }
    )+};
}

from_value! {
    bool => bool, Value::Flag(v) => *v;
    Yes => Yes, Value::Yes(v) => *v;
    i64 => i64, Value::Number(v) => *v;
    When => When, Value::When(v) => *v;
    Comparison => Comparison, Value::Comparison(v) => *v;
}

macro_rules! from_value_ref {
    ($($ty:ty => $out:ty, $pattern:pat => $made:expr;)+) => {$(
        impl FromValue for $ty {
            type Out<'a> = &'a $out;
            fn from_value(value: &Value) -> Option<&$out> {
                match value { $pattern => Some($made), _ => None }
            }
        }
    )+};
}

from_value_ref! {
    String => str, Value::Text(v) => v.as_str();
    PathBuf => std::path::Path, Value::Text(v) => std::path::Path::new(v);
    SecretString => SecretString, Value::Secret(v) => v;
    Vec<Pattern> => [Pattern], Value::Patterns(v) => v.as_slice();
    Vec<String> => [String], Value::Texts(v) => v.as_slice();
    Vec<(String, String)> => [(String, String)], Value::Settings(v) => v.as_slice();
    Vec<(String, Variable)> => [(String, Variable)], Value::Variables(v) => v.as_slice();
}

impl Args {
    /// The value of `key`, where it was given.
    pub fn get<T: FromValue>(&self, key: &Key<T>) -> Option<T::Out<'_>> {
        T::from_value(&self.find(key.arg.name)?.value)
    }

    /// Whether a flag was given.
    pub fn flag(&self, key: &Key<bool>) -> bool {
        self.get(key).unwrap_or(false)
    }
}
