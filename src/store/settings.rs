//! The settings of a sealed file, for `system get` and `system set`: what there is, of which type, and what holds
//! where nobody has said anything. A value is checked and brought into one form when it is set, so that reading it
//! cannot fail on what a master typed.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::{Error, Result};
use crate::model::{AnswerColumns, IdpUrl};

/// What a setting takes.
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
    /// One of these words.
    Word(&'static [&'static str]),
    /// Names separated by commas, `*` and `?` standing for anything; may be empty.
    Names,
    /// Up to four beginnings of aliases, separated by commas, none of which begins another; may be empty.
    Prefixes,
    /// An `https` address without a slash at its end, or nothing.
    Address,
    /// The columns of an event audit, `user=…,outcome=…`.
    Columns,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Some of these words, separated by commas; may be empty.
    Several(&'static [&'static str]),
    /// A name of a group.
    Name,
}

/// A setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// As typed.
    pub name: &'static str,
    /// What it takes.
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
    /// The command that changes them.
    pub command: &'static str,
}

/// Those of a vault.
pub static VAULT: Settings = Settings {
    all: ALL,
    command: "system set",
};

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
const DAY: u64 = 24 * 3600;

/// All settings, in the order of the manual.
pub static ALL: &[Setting] = &[
    setting(
        "idle-timeout",
        Type::Span(1, 8 * 3600),
        "10m",
        "how long nobody may type before the session is locked",
    ),
    setting(
        "policy.require-reason",
        Type::Flag,
        "off",
        "whether commands that reveal or destroy need reason=…",
    ),
    setting(
        "migrate.qa-limit",
        Type::Number(0, 1000),
        "50",
        "how many questions of a user are taken along",
    ),
    setting(
        "migrate.answer-limit",
        Type::Number(1, 65_535),
        "255",
        "to how many characters an answer is cut",
    ),
    setting(
        "migrate.cr-vendors",
        Type::Names,
        "Entrust*",
        "whose challenge/response tokens the target takes",
    ),
    setting(
        "migrate.at-vendors",
        Type::Names,
        "HID,Entrust*",
        "whose AT tokens the target takes",
    ),
    setting(
        "migrate.hotp-vendors",
        Type::Names,
        "HID,Entrust*",
        "whose event-based tokens the target takes",
    ),
    setting(
        "migrate.prefixes",
        Type::Prefixes,
        "EXPORT_,EXPORTED_,IMPORTED_,MIGRATED_",
        "prefixes of workflow aliases, one for each phase from export on",
    ),
    setting(
        "migrate.audit-columns",
        Type::Columns,
        "user=Resource Name,outcome=Event,message=Message",
        "columns of the target's event audit, for migrate results profile=audit",
    ),
    setting(
        "migrate.max-source-age",
        Type::Age(3650 * DAY),
        "0",
        "how old the source copy may be for an export, such as 7d; 0 for any age",
    ),
    setting(
        "migrate.stale-source",
        Type::Word(&["warn", "block"]),
        "warn",
        "what an export does when the source copy is older than that",
    ),
    setting(
        "idp.url",
        Type::Address,
        "",
        "the identity provider's address, for idpurl set",
    ),
];

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
                Error::Setting(format!(
                    "there is no setting '{name}'; there are {}",
                    names.join(", ")
                ))
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

/// The vault's setting of this name, see [`Settings::find`].
pub fn find(name: &str) -> Result<&'static Setting> {
    VAULT.find(name)
}

/// What was changed, for the audit and the answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed {
    /// Which setting.
    pub setting: &'static Setting,
    /// The value before.
    pub old: String,
    /// The value now, in its one form.
    pub new: String,
}

/// The value that holds in a vault.
pub fn get(connection: &Connection, name: &str) -> Result<String> {
    VAULT.get(connection, name)
}

/// Sets a value of a vault, see [`Settings::set`].
pub fn set(tx: &Connection, name: &str, typed: &str) -> Result<Changed> {
    VAULT.set(tx, name, typed)
}

/// A setting of a vault that is `on` or `off`.
pub fn flag(connection: &Connection, name: &str) -> Result<bool> {
    Ok(get(connection, name)? == "on")
}

/// A setting of a vault that is a number.
pub fn number(connection: &Connection, name: &str) -> Result<u64> {
    VAULT.number(connection, name)
}

/// A setting of a vault that is a span.
pub fn span(connection: &Connection, name: &str) -> Result<Duration> {
    VAULT.typed(connection, name, |value| {
        seconds(value).map(Duration::from_secs)
    })
}

/// The default of a vault's setting that is a span.
pub fn default_span(name: &str) -> Result<Duration> {
    Ok(Duration::from_secs(
        seconds(find(name)?.default).unwrap_or_default(),
    ))
}

/// A setting of a vault that is a list of names.
pub fn names(connection: &Connection, name: &str) -> Result<Vec<String>> {
    VAULT.names(connection, name)
}

impl Setting {
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
            Type::Word(words) => (
                words
                    .iter()
                    .find(|word| word.eq_ignore_ascii_case(typed))
                    .map(|word| (*word).to_owned()),
                words.join(" or "),
            ),
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
                "an https address without credentials, query or fragment, or nothing".to_owned(),
            ),
            Type::Columns => (
                AnswerColumns::parse(typed).map(|columns| columns.to_string()),
                "user=COLUMN,outcome=COLUMN and perhaps record=COLUMN, message=COLUMN".to_owned(),
            ),
            Type::Choice(words) => (
                word(words, typed).map(str::to_owned),
                format!("one of {}", words.join(", ")),
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
                return Error::Setting(format!("no value for {}: {error}", self.name));
            }
            Error::Setting(format!(
                "'{typed}' is no value for {}: expected {expected}, or default",
                self.name
            ))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::audit::tests::bare;

    #[test]
    fn every_default_is_a_value_in_its_one_form() {
        for setting in ALL.iter().chain(crate::tenant::SETTINGS.all) {
            assert_eq!(setting.normalise(setting.default).unwrap(), setting.default);
            assert!(!setting.summary.ends_with('.'));
        }
    }

    #[test]
    fn values_are_checked_and_brought_into_one_form() {
        for (name, typed, expected) in [
            ("idle-timeout", "5", Some("5m")),
            ("IDLE-TIMEOUT", "90s", Some("90s")),
            ("idle-timeout", "120m", Some("2h")),
            ("idle-timeout", "0s", None),
            ("idle-timeout", "9h", None),
            ("idle-timeout", "-1", None),
            ("idle-timeout", "99999999999999999999h", None),
            ("policy.require-reason", "Yes", Some("on")),
            ("policy.require-reason", "maybe", None),
            ("migrate.qa-limit", "007", Some("7")),
            ("migrate.qa-limit", "1001", None),
            ("migrate.answer-limit", "0", None),
            (
                "migrate.cr-vendors",
                " HID , ,Entrust* ",
                Some("HID,Entrust*"),
            ),
            ("migrate.cr-vendors", "", Some("")),
            ("migrate.cr-vendors", "a\nb", None),
            (
                "idp.url",
                "https://idp.example/",
                Some("https://idp.example"),
            ),
            ("idp.url", "", Some("")),
            ("migrate.max-source-age", "7d", Some("7d")),
            ("migrate.max-source-age", "48h", Some("2d")),
            ("migrate.max-source-age", "36h", Some("36h")),
            ("migrate.max-source-age", "0h", Some("0")),
            ("migrate.max-source-age", "Off", Some("0")),
            ("migrate.max-source-age", "7", None),
            ("migrate.max-source-age", "90m", None),
            ("migrate.max-source-age", "-1d", None),
            ("migrate.max-source-age", "3651d", None),
            ("migrate.max-source-age", "99999999999999999999d", None),
            ("migrate.stale-source", "Block", Some("block")),
            ("migrate.stale-source", "stop", None),
            ("migrate.prefixes", " GO_ ,GONE_", Some("GO_,GONE_")),
            ("migrate.prefixes", "", Some("")),
            ("migrate.prefixes", "GO,GONE", None),
            ("migrate.prefixes", "GO,GO", None),
            ("migrate.prefixes", "A_,B_,C_,D_,E_", None),
            ("migrate.prefixes", "A_*", None),
            ("idp.url", "http://idp.example", None),
            ("idp.url", "https:///", None),
            ("idp.url", "https://a b", None),
            ("idp.url", "https://anna:word@idp.example", None),
            (
                "migrate.audit-columns",
                "outcome=Event, user=Who",
                Some("user=Who,outcome=Event"),
            ),
            ("migrate.audit-columns", "user=Who", None),
        ] {
            let connection = bare();
            let change = set(&connection, name, typed).map(|change| change.new);
            assert_eq!(change.as_deref().ok(), expected, "{name}={typed}");
            let held = expected.unwrap_or(find(name).unwrap().default);
            assert_eq!(get(&connection, name).unwrap(), held);
        }
    }

    #[test]
    fn a_change_says_what_was_before_and_a_default_comes_back() {
        let connection = bare();
        set(&connection, "migrate.qa-limit", "3").unwrap();
        assert_eq!(number(&connection, "migrate.qa-limit").unwrap(), 3);
        let change = set(&connection, "migrate.qa-limit", "default").unwrap();
        assert_eq!((change.old.as_str(), change.new.as_str()), ("3", "50"));
        assert_eq!(number(&connection, "migrate.qa-limit").unwrap(), 50);
    }

    #[test]
    fn settings_are_read_as_their_type() {
        let connection = bare();
        assert_eq!(
            span(&connection, "idle-timeout").unwrap(),
            Duration::from_secs(600)
        );
        assert!(!flag(&connection, "policy.require-reason").unwrap());
        assert_eq!(
            names(&connection, "migrate.at-vendors").unwrap(),
            ["HID", "Entrust*"]
        );
        connection
            .execute(
                "INSERT INTO setting VALUES ('migrate.qa-limit', 'many')",
                [],
            )
            .unwrap();
        let error = number(&connection, "migrate.qa-limit")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("system set migrate.qa-limit=default"),
            "{error}"
        );
        let error = get(&connection, "idle").unwrap_err().to_string();
        assert!(error.contains("there are idle-timeout, "), "{error}");
    }
}
