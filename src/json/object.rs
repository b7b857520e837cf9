//! How one JSON object becomes one private wire struct.
//!
//! serde's derive would do nearly all of this, but it also takes an array for an object, stops at `null`, and keeps its
//! list of field names to itself; the list is what the published JSON Schema is compared with.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Unexpected, Visitor};

/// Declares a wire struct: every field an `Option`, `null` the same as absent, doubled and unknown fields refused.
macro_rules! object {
    ($(#[$meta:meta])* $name:ident $(<$lt:lifetime>)? { $($field:ident: $type:ty = $key:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[allow(dead_code, reason = "'type' was read before the record, and 'x' is skipped")]
        pub(crate) struct $name $(<$lt>)? { $(pub(crate) $field: Option<$type>),+ }

        impl $(<$lt>)? $name $(<$lt>)? {
            /// The names of all fields.
            pub(crate) const FIELDS: &'static [&'static str] = &[$($key),+];
        }

        impl<'de $(: $lt, $lt)?> serde::Deserialize<'de> for $name $(<$lt>)? {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> $crate::json::object::ReadObject<'de> for Fields {
                    type Object = object!(@with 'de $name $($lt)?);
                    fn read<M: serde::de::MapAccess<'de>>(self, mut map: M) -> Result<Self::Object, M::Error> {
                        use $crate::json::object::{Text, doubled, unknown};
                        $(let mut $field = None;)+
                        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
                            match key.as_ref() {
                                $($key => {
                                    if $field.is_some() {
                                        return Err(doubled($key));
                                    }
                                    $field = Some(map.next_value::<Option<_>>()?);
                                })+
                                other => return Err(unknown(other, <Self::Object>::FIELDS)),
                            }
                        }
                        Ok($name { $($field: $field.flatten()),+ })
                    }
                }
                deserializer.deserialize_map($crate::json::object::Object(Fields))
            }
        }
    };
    (@with $de:lifetime $name:ident $lt:lifetime) => { $name<$de> };
    (@with $de:lifetime $name:ident) => { $name };
}
pub(crate) use object;

/// Reads the fields of one object.
pub(crate) trait ReadObject<'de> {
    /// What it makes of them.
    type Object;
    fn read<M: MapAccess<'de>>(self, map: M) -> Result<Self::Object, M::Error>;
}

/// The visitor that takes an object and nothing else.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: ReadObject<'de>> Visitor<'de> for Object<T> {
    type Value = T::Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
        self.0.read(map)
    }
}

pub(crate) fn doubled<E: serde::de::Error>(key: &str) -> E {
    E::custom(format_args!("'{key}' stands twice in this object"))
}

pub(crate) fn unknown<E: serde::de::Error>(key: &str, known: &[&str]) -> E {
    // A long key is no typing error, and comparing it would take long.
    let known = if key.len() < 32 { known } else { &[] };
    let near = known
        .iter()
        .map(|name| {
            (
                strsim::osa_distance(&name.to_lowercase(), &key.to_lowercase()),
                name,
            )
        })
        .min()
        .filter(|(distance, _)| *distance <= 2);
    match near {
        Some((_, name)) => E::custom(format_args!(
            "unknown field '{key}'; did you mean '{name}'?"
        )),
        None => E::custom(format_args!("unknown field '{key}'")),
    }
}

/// A string that is no secret, borrowed where it holds no escape.
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Strings;
        impl<'de> Visitor<'de> for Strings {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            // Only a string with escapes comes this way, and only an escape can hold a NUL.
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                if text.contains('\0') {
                    return Err(E::custom("a string may not hold the character U+0000"));
                }
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Strings)
    }
}

/// A whole number from 0 up to the largest that a signed 64-bit column holds.
pub(crate) struct Whole(pub(crate) u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(deserializer)?;
        if i64::try_from(number).is_err() {
            return Err(D::Error::invalid_value(
                Unexpected::Unsigned(number),
                &"u64",
            ));
        }
        Ok(Self(number))
    }
}

/// An object that is skipped, such as `x`.
pub(crate) struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Skip;
        impl<'de> ReadObject<'de> for Skip {
            type Object = Skipped;
            fn read<M: MapAccess<'de>>(self, mut map: M) -> Result<Skipped, M::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Skipped)
            }
        }
        deserializer.deserialize_map(Object(Skip))
    }
}
