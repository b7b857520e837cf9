//! The settings of a sealed file, for `system get` and `system set`: what there is, of which type, and what holds
//! by default. A value is checked and brought into one form when it is set, so that reading it
//! cannot fail on what a master typed.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::{Error, Result};
use crate::model::{AnswerColumns, IdpUrl};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `on` or `off`.
    Flag,
    /// A whole number within bounds, both inclusive.
    Number(u64, u64),
    /// A span: a number with `s`, `m`, `h` or `d`, in minutes without; in seconds within bounds, both inclusive.
    Span(u64, u64),
    /// A number of days or hours, such as `7d` or `36h`, up to so many seconds; `0` or `off` for none.
    Age(u64),
    /// One of these words; how a message lists them.
    Word(&'static [&'static str], &'static str),
    /// Names separated by commas, `*` and `?` standing for anything; may be empty.
    Names,
    /// Up to four beginnings of aliases, separated by commas, none of which begins another; may be empty.
    Prefixes,
    /// An `https` address without a slash at its end, or nothing.
    Address,
    /// The columns of an event audit, `user=…,outcome=…`.
    Columns,
    /// Some of these words, separated by commas; may be empty.
    Several(&'static [&'static str]),
    /// A name of a group.
    Name,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// As typed.
    pub name: &'static str,
    pub takes: Type,
    /// What holds where nothing is set.
    pub default: &'static str,
    /// What it does, without a full stop.
    pub summary: &'static str,
}

/// The settings of a kind of file.
#[derive(Debug)]
pub struct Settings {
    /// All of them, in the order of the manual.
    pub all: &'static [Setting],
    pub command: &'static str,
}

pub(crate) const fn setting(
    name: &'static str,
    takes: Type,
    default: &'static str,
    summary: &'static str,
) -> Setting {
    Setting {
        name,
        takes,
        default,
        summary,
    }
}

/// In seconds.
pub(crate) const DAY: u64 = 24 * 3600;

/// How long a session may stand without a key.
pub const IDLE_TIMEOUT: Setting = setting(
    "idle-timeout",
    Type::Span(1, 8 * 3600),
    "10m",
    "time without input after which the session is locked",
);

/// Whether a reason has to be given.
pub const REQUIRE_REASON: Setting = setting(
    "policy.require-reason",
    Type::Flag,
    "off",
    "whether commands that reveal or destroy need reason=…",
);

impl Settings {
    /// The setting of this name; letter case does not matter.
    ///
    /// # Errors
    /// [`Error::Setting`] with the names there are.
    pub fn find(&self, name: &str) -> Result<&'static Setting> {
        self.all
            .iter()
            .find(|setting| setting.name.eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                let names: Vec<&str> = self.all.iter().map(|setting| setting.name).collect();
                Error::Setting {
                    what: format!("there is no setting '{name}'"),
                    hint: format!("there are {}", names.join(", ")),
                }
            })
    }

    /// The value that holds.
    ///
    /// # Errors
    /// [`Error::BadSetting`] when it cannot be set to what is stored: only another program can have done that.
    pub fn get(&self, connection: &Connection, name: &str) -> Result<String> {
        let setting = self.find(name)?;
        match setting.stored(connection)? {
            Some(value) if setting.normalise(&value).is_err() => Err(self.bad(setting, value)),
            stored => Ok(stored.unwrap_or_else(|| setting.default.to_owned())),
        }
    }

    /// The value that is stored or holds by default, whether it can be or not.
    pub fn shown(&self, connection: &Connection, name: &str) -> Result<String> {
        let setting = self.find(name)?;
        let stored = setting.stored(connection)?;
        Ok(stored.unwrap_or_else(|| setting.default.to_owned()))
    }

    fn bad(&self, setting: &Setting, value: String) -> Error {
        Error::BadSetting {
            name: setting.name,
            value,
            command: self.command,
        }
    }

    /// Sets a value; `default` brings the default back. Inside the caller's transaction, which also holds the audit
    /// entry.
    pub fn set(&self, tx: &Connection, name: &str, typed: &str) -> Result<Changed> {
        let setting = self.find(name)?;
        let old = self.shown(tx, name)?;
        let new = if typed.eq_ignore_ascii_case("default") {
            tx.execute("DELETE FROM setting WHERE name = ?1", [setting.name])?;
            setting.default.to_owned()
        } else {
            let value = setting.normalise(typed)?;
            tx.execute(
                "INSERT INTO setting (name, value) VALUES (?1, ?2) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [setting.name, &value],
            )?;
            value
        };
        Ok(Changed { setting, old, new })
    }

    /// A setting that is `on` or `off`.
    pub fn flag(&self, connection: &Connection, name: &str) -> Result<bool> {
        Ok(self.get(connection, name)? == "on")
    }

    /// A setting that is a span.
    pub fn span(&self, connection: &Connection, name: &str) -> Result<Duration> {
        self.typed(connection, name, span)
    }

    /// A setting that is a number.
    pub fn number(&self, connection: &Connection, name: &str) -> Result<u64> {
        self.typed(connection, name, |value| value.parse().ok())
    }

    /// A setting that is a list of names.
    pub fn names(&self, connection: &Connection, name: &str) -> Result<Vec<String>> {
        Ok(split(&self.get(connection, name)?)
            .map(str::to_owned)
            .collect())
    }

    fn typed<T>(
        &self,
        connection: &Connection,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T> {
        let value = self.get(connection, name)?;
        match parse(&value) {
            Some(typed) => Ok(typed),
            None => Err(self.bad(self.find(name)?, value)),
        }
    }
}

/// What was changed, for the audit and the answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed {
    pub setting: &'static Setting,
    pub old: String,
    /// The value now, in its one form.
    pub new: String,
}

impl Setting {
    /// The default of a setting that is a span.
    pub fn default_span(&self) -> Duration {
        span(self.default).unwrap_or_default()
    }

    /// What is stored of it; nothing while the default holds.
    fn stored(&self, connection: &Connection) -> Result<Option<String>> {
        Ok(connection
            .prepare_cached("SELECT value FROM setting WHERE +name = ?1")?
            .query_row([self.name], |row| row.get(0))
            .optional()?)
    }

    /// The value in its one form.
    fn normalise(&self, typed: &str) -> Result<String> {
        let typed = typed.trim();
        let (value, expected) = match self.takes {
            Type::Flag => (flag_text(typed), "on or off".to_owned()),
            Type::Number(least, most) => (
                typed
                    .parse()
                    .ok()
                    .filter(|number| (least..=most).contains(number))
                    .map(|number: u64| number.to_string()),
                format!("a number from {least} to {most}"),
            ),
            Type::Span(least, most) => (
                seconds(typed)
                    .filter(|span| (least..=most).contains(span))
                    .map(span_text),
                format!(
                    "a time from {} to {}, such as 10m",
                    span_text(least),
                    span_text(most)
                ),
            ),
            Type::Age(most) => (
                age_text(typed, most),
                format!("a time up to {} days, such as 7d or 36h, or 0", most / DAY),
            ),
            Type::Word(words, listed) => (word(words, typed).map(str::to_owned), listed.to_owned()),
            Type::Names => (
                names_text(typed),
                "names separated by commas, without control characters".to_owned(),
            ),
            Type::Prefixes => (
                prefixes_text(typed),
                "up to four prefixes separated by commas, none of which begins another".to_owned(),
            ),
            Type::Address => (
                address_text(typed),
                "an https address without credentials, query or fragment, or an empty text"
                    .to_owned(),
            ),
            Type::Columns => (
                AnswerColumns::parse(typed).map(|columns| columns.to_string()),
                "user=COLUMN,outcome=COLUMN and perhaps record=COLUMN, message=COLUMN".to_owned(),
            ),
            Type::Several(words) => (
                split(typed)
                    .map(|name| word(words, name))
                    .collect::<Option<Vec<_>>>()
                    .map(|names| names.join(",")),
                format!("some of {}, separated by commas", words.join(", ")),
            ),
            Type::Name => (
                names_text(typed).filter(|name| !name.is_empty() && !name.contains([',', '/'])),
                "a name without comma, slash or control character".to_owned(),
            ),
        };
        value.ok_or_else(|| {
            if let (Type::Address, Err(error)) = (self.takes, IdpUrl::parse(typed)) {
                // Not repeated: it may hold a password.
                return Error::Setting {
                    what: format!("no value for {}: {error}", self.name),
                    hint: format!("give {expected}, or default"),
                };
            }
            Error::Setting {
                what: format!("'{typed}' is no value for {}", self.name),
                hint: format!("give {expected}, or default"),
            }
        })
    }
}

/// The word as the list spells it; letter case does not matter.
fn word(words: &[&'static str], typed: &str) -> Option<&'static str> {
    words
        .iter()
        .find(|word| word.eq_ignore_ascii_case(typed))
        .copied()
}

fn flag_text(typed: &str) -> Option<String> {
    match typed.to_ascii_lowercase().as_str() {
        "on" | "yes" | "true" => Some("on".to_owned()),
        "off" | "no" | "false" => Some("off".to_owned()),
        _ => None,
    }
}

fn span(text: &str) -> Option<Duration> {
    seconds(text).map(Duration::from_secs)
}

fn seconds(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().ok()?;
    let factor = match unit {
        "s" => 1,
        "" | "m" => 60,
        "h" => 3600,
        "d" => DAY,
        _ => return None,
    };
    number.checked_mul(factor)
}

fn age_text(typed: &str, most: u64) -> Option<String> {
    if typed == "0" || typed.eq_ignore_ascii_case("off") {
        return Some("0".to_owned());
    }
    let age = seconds(typed).filter(|age| *age <= most && typed.ends_with(['d', 'h']))?;
    Some(match age {
        0 => "0".to_owned(),
        age if age.is_multiple_of(DAY) => format!("{}d", age / DAY),
        age => span_text(age),
    })
}

fn span_text(seconds: u64) -> String {
    match seconds {
        seconds if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        seconds if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

fn names_text(typed: &str) -> Option<String> {
    let names: Vec<&str> = split(typed).collect();
    let plain = !typed.chars().any(char::is_control) && typed.len() <= 4096;
    plain.then(|| names.join(","))
}

fn prefixes_text(typed: &str) -> Option<String> {
    let text = names_text(typed)?;
    let prefixes: Vec<&str> = split(&text).collect();
    let overlap = |at: usize| {
        prefixes
            .iter()
            .enumerate()
            .any(|(other, prefix)| other != at && prefixes[at].starts_with(prefix))
    };
    let apart = prefixes.len() <= 4 && !(0..prefixes.len()).any(overlap);
    let plain = !text.contains(['*', '?', '/', ' ', '"']);
    (apart && plain).then_some(text)
}

fn address_text(typed: &str) -> Option<String> {
    if typed.is_empty() {
        return Some(String::new());
    }
    let url = IdpUrl::parse(typed).ok()?;
    Some(url.as_str().to_owned())
}
