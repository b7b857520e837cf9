//! What a command takes, declared once: each argument a [`Key`], all of a command's a struct that their values arrive in.

use std::marker::PhantomData;
use std::path::PathBuf;

use secrecy::SecretString;

use super::args::{Args, Comparison, Missing, When, Yes};
pub use super::spec::Complete;
use super::spec::{Arg, Kind};
use super::value::Variable;
use crate::model::{Named, Pattern};

/// A declared argument that yields a `T`: an `Option` where it may be absent.
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

    /// It may stand without its name.
    pub const fn positional(mut self) -> Self {
        self.arg.positional = true;
        self
    }

    /// The command needs it or the one of this name.
    pub const fn unless(mut self, other: &'static str) -> Self {
        self.arg.unless = Some(other);
        self
    }

    /// What absence means, in words, as help shows it.
    pub const fn absent(mut self, words: &'static str) -> Self {
        self.arg.default = Some(words);
        self
    }

    /// Where live candidates come from.
    pub const fn complete(mut self, source: Complete) -> Self {
        self.arg.complete = source;
        self
    }
}

impl<T> Key<Option<T>> {
    /// The command needs it.
    pub const fn required(mut self) -> Key<T> {
        self.arg.required = true;
        Key::of(self.arg)
    }

    /// What holds where it is absent, as one would write it; a number or one of the set, or it does not compile.
    pub const fn default(mut self, text: &'static str) -> Key<T> {
        assert!(match self.arg.kind {
            Kind::Choice(set) => stands_in(set, text),
            Kind::Number(..) => u64::from_str_radix(text, 10).is_ok(),
            _ => false,
        });
        self.arg.default = Some(text);
        Key::of(self.arg)
    }
}

const fn stands_in(set: &[&str], text: &str) -> bool {
    let (mut at, mut found) = (0, false);
    while at < set.len() {
        let (name, text) = (set[at].as_bytes(), text.as_bytes());
        let mut same = name.len() == text.len();
        let mut byte = 0;
        while same && byte < text.len() {
            same = name[byte] == text[byte];
            byte += 1;
        }
        found |= same;
        at += 1;
    }
    found
}

/// Present or not.
pub const fn flag(name: &'static str, summary: &'static str) -> Key<bool> {
    Key::of(Arg::new(name, Kind::Flag, summary))
}

/// A blanket or a counted assent.
pub const fn yes(name: &'static str, summary: &'static str) -> Key<Option<Yes>> {
    Key::of(Arg::new(name, Kind::FlagOrNumber, summary))
}

pub const fn text(name: &'static str, summary: &'static str) -> Key<Option<String>> {
    Key::of(Arg::new(name, Kind::Text, summary))
}

/// One of an enumeration.
pub const fn choice<T: Named>(name: &'static str, summary: &'static str) -> Key<Option<T>> {
    Key::of(Arg::new(name, Kind::Choice(T::NAMES), summary))
}

/// The only one of its set.
pub const fn only(
    name: &'static str,
    set: &'static [&'static str; 1],
    summary: &'static str,
) -> Key<Option<String>> {
    Key::of(Arg::new(name, Kind::Choice(set), summary))
}

/// A list of texts, or all the positionals that are left.
pub const fn texts(name: &'static str, summary: &'static str) -> Key<Vec<String>> {
    Key::of(many(name, Kind::Text, summary))
}

/// A text with wildcards, or a list of alternatives.
pub const fn patterns(name: &'static str, summary: &'static str) -> Key<Vec<Pattern>> {
    Key::of(Arg::new(name, Kind::Pattern, summary))
}

/// A text that is masked wherever the line is shown or kept.
pub const fn secret(name: &'static str, summary: &'static str) -> Key<Option<SecretString>> {
    let mut arg = Arg::new(name, Kind::Text, summary);
    arg.secret = true;
    Key::of(arg)
}

/// A whole number within bounds, both inclusive.
pub const fn number(
    name: &'static str,
    min: u32,
    max: i64,
    summary: &'static str,
) -> Key<Option<u64>> {
    Key::of(Arg::new(name, Kind::Number(min as i64, max), summary))
}

pub const fn in_file(name: &'static str, summary: &'static str) -> Key<Option<PathBuf>> {
    Key::of(Arg::new(name, Kind::InFile, summary))
}

pub const fn out_file(name: &'static str, summary: &'static str) -> Key<Option<PathBuf>> {
    Key::of(Arg::new(name, Kind::OutFile, summary))
}

pub const fn when(name: &'static str, summary: &'static str) -> Key<Option<When>> {
    Key::of(Arg::new(name, Kind::When, summary))
}

/// `name=value` pairs that the catalogue does not list.
pub const fn settings(name: &'static str, summary: &'static str) -> Key<Vec<(String, String)>> {
    Key::of(many(name, Kind::Settings, summary))
}

/// `name=value` pairs that become variables.
pub const fn variables(name: &'static str, summary: &'static str) -> Key<Vec<(String, Variable)>> {
    Key::of(many(name, Kind::Variables, summary))
}

/// A number and the relation to it, as in `count>0`.
pub const fn comparison(name: &'static str, summary: &'static str) -> Key<Option<Comparison>> {
    Key::of(Arg::new(name, Kind::Comparison, summary))
}

const fn many(name: &'static str, kind: Kind, summary: &'static str) -> Arg {
    let mut arg = Arg::new(name, kind, summary);
    arg.many = true;
    arg
}

/// The struct of a command's arguments; [`args!`] makes it.
pub trait Arguments: Sized {
    /// Their descriptions, positional ones in their order.
    const ARGS: &'static [Arg];

    /// Their values.
    ///
    /// # Errors
    /// A required one that the binder let through as absent.
    fn take(given: &Args) -> Result<Self, Missing>;
}

/// Of a command that takes nothing.
pub struct Nothing;

impl Arguments for Nothing {
    const ARGS: &'static [Arg] = &[];

    fn take(_: &Args) -> Result<Self, Missing> {
        Ok(Self)
    }
}

/// Declares what commands take, a struct each, in the order of their help. An item is
///
/// - `field: Type = key,` where the key has to yield the field's type;
/// - `_ = key,` for what the context takes from every line, or what only says how the line is written;
/// - `..field: Group,` for the arguments of another such struct, or `..field: Group = ARGS,` for some of them.
macro_rules! args {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident { $($items:tt)* })+) => {$(
        $crate::lang::keys::args! { @ given [$(#[$meta])* $vis $name] [] [] [] $($items)* }
    )+};
    (@ $given:ident $head:tt [$($fields:tt)*] [$($parts:tt)*] [$($takes:tt)*] _ = $key:expr, $($rest:tt)*) => {
        $crate::lang::keys::args! { @ $given $head [$($fields)*]
            [$($parts)* &[$crate::lang::keys::args!(@key $key).arg],]
            [$($takes)*] $($rest)* }
    };
    (@ $given:ident $head:tt $fields:tt $parts:tt $takes:tt
        $(#[$doc:meta])* .. $vis:vis $field:ident: $group:ty, $($rest:tt)*) => {
        $crate::lang::keys::args! { @ $given $head $fields $parts $takes
            $(#[$doc])* .. $vis $field: $group = <$group as $crate::lang::keys::Arguments>::ARGS, $($rest)* }
    };
    (@ $given:ident $head:tt [$($fields:tt)*] [$($parts:tt)*] [$($takes:tt)*]
        $(#[$doc:meta])* .. $vis:vis $field:ident: $group:ty = $args:expr, $($rest:tt)*) => {
        $crate::lang::keys::args! { @ $given $head [$($fields)* $(#[$doc])* $vis $field: $group,]
            [$($parts)* $args,]
            [$($takes)* $field: $crate::lang::keys::Arguments::take(&$given.among($args))?,] $($rest)* }
    };
    (@ $given:ident $head:tt [$($fields:tt)*] [$($parts:tt)*] [$($takes:tt)*]
        $(#[$doc:meta])* $vis:vis $field:ident: $ty:ty = $key:expr, $($rest:tt)*) => {
        $crate::lang::keys::args! { @ $given $head [$($fields)* $(#[$doc])* $vis $field: $ty,]
            [$($parts)* &[$crate::lang::keys::args!(@key $ty, $key).arg],]
            [$($takes)* $field: $given.take::<$ty>(&$crate::lang::keys::args!(@key $ty, $key))?,] $($rest)* }
    };
    (@ $given:ident [$(#[$meta:meta])* $vis:vis $name:ident] [$($fields:tt)*] [$($parts:tt)*] [$($takes:tt)*]) => {
        $(#[$meta])*
        $vis struct $name { $($fields)* }

        impl $crate::lang::keys::Arguments for $name {
            const ARGS: &'static [$crate::lang::spec::Arg] = {
                const PARTS: &[&[$crate::lang::spec::Arg]] = &[$($parts)*];
                &$crate::lang::keys::joined::<{ $crate::lang::keys::total(PARTS) }>(PARTS)
            };

            fn take($given: &$crate::lang::args::Args) -> Result<Self, $crate::lang::args::Missing> {
                $given.hold(Self::ARGS)?;
                Ok(Self { $($takes)* })
            }
        }
    };
    (@key $ty:ty, $key:expr) => {{
        const KEY: $crate::lang::keys::Key<$ty> = $crate::lang::keys::args!(@key $key);
        KEY
    }};
    (@key $key:expr) => {{
        #[allow(unused_imports)] // A key that is declared elsewhere needs none.
        use $crate::lang::keys::*;
        $key
    }};
}
pub(crate) use args;

/// How many arguments several lists have.
pub const fn total(parts: &[&[Arg]]) -> usize {
    let (mut part, mut total) = (0, 0);
    while part < parts.len() {
        total += parts[part].len();
        part += 1;
    }
    total
}

/// Several lists of arguments as one.
pub const fn joined<const TOTAL: usize>(parts: &[&[Arg]]) -> [Arg; TOTAL] {
    let mut all = [Arg::new("", Kind::Flag, ""); TOTAL];
    let (mut part, mut next) = (0, 0);
    while part < parts.len() {
        let mut at = 0;
        while at < parts[part].len() {
            all[next] = parts[part][at];
            next += 1;
            at += 1;
        }
        part += 1;
    }
    all
}
