//! One macro for the closed sets of names of the domain, so that a set is written down once.

use std::borrow::Cow;

/// A name that is not in the set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{found}' is not a {what}")]
pub struct UnknownName {
    /// What the set describes, such as "token state".
    pub what: &'static str,
    pub found: String,
    /// The names of the set.
    pub expected: &'static [&'static str],
}

impl UnknownName {
    /// What to write instead.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(
            format!(
                "write one of these, exactly so: {}",
                self.expected.join(", ")
            )
            .into(),
        )
    }
}

/// A value of a closed set of names.
pub trait Named: Copy + 'static {
    /// The names of the set.
    const NAMES: &'static [&'static str];
    /// The value's own.
    fn name(self) -> &'static str;
    /// The value with this name.
    fn named(name: &str) -> Option<Self>;
}

/// Declares an enumeration whose values have fixed names in files and commands.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        #[allow(dead_code)] // Not every set is used in every way.
        impl $name {
            /// All values, in the order of the manual.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The names of all values, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// The name in files and commands.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl $crate::model::Named for $name {
            const NAMES: &'static [&'static str] = Self::NAMES;

            fn name(self) -> &'static str {
                self.as_str()
            }

            fn named(name: &str) -> Option<Self> {
                name.parse().ok()
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::model::UnknownName;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::model::UnknownName {
                        what: $what,
                        found: text.to_owned(),
                        expected: Self::NAMES,
                    }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use names;
