//! The event audit: what became of every record of every bundle, under names that stay the same.
//!
//! There are several events a user and millions of users, so that a row holds all events of one record, packed:
//! u8 subject ‖ u8 fate ‖ u8 why ‖ lp(name) ‖ lp(detail) for each, lengths as LEB128. Texts are made when somebody reads.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::model::Timestamp;

use super::error::{Error, Result};

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Subject {
    /// A group.
    Group,
    /// A user as such.
    User,
    /// An alias.
    Alias,
    /// Questions and answers.
    Qa,
    /// A password.
    Password,
    /// A token of a user.
    Token,
    /// A card of a user.
    Card,
    /// Location history and expected places.
    Location,
    /// A user's own settings of risk-based authentication.
    Rba,
    /// A token of nobody.
    UnassignedToken,
    /// A card of nobody.
    UnassignedCard,
}

impl Subject {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Group,
        Self::User,
        Self::Alias,
        Self::Qa,
        Self::Password,
        Self::Token,
        Self::Card,
        Self::Location,
        Self::Rba,
        Self::UnassignedToken,
        Self::UnassignedCard,
    ];

    /// The word of it in results: `token`, as in `token Entrust 4711`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::User => "user",
            Self::Alias => "alias",
            Self::Qa => "qa",
            Self::Password => "password",
            Self::Token | Self::UnassignedToken => "token",
            Self::Card | Self::UnassignedCard => "card",
            Self::Location => "location",
            Self::Rba => "rba",
        }
    }

    /// The word in counts, where unassigned items are counted apart.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::UnassignedToken => "unassignedToken",
            Self::UnassignedCard => "unassignedCard",
            _ => self.word(),
        }
    }

    /// The last part of an event's name. Those of cards, questions, passwords and settings are as third parties have
    /// seen them (domain.md §5).
    const fn part(self) -> &'static str {
        match self {
            Self::Card => "assignedgrid",
            Self::UnassignedCard => "unassignedgrid",
            Self::UnassignedToken => "unassignedtoken",
            Self::Rba => "rbasetting",
            _ => self.word(),
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Fate {
    /// It is new.
    Added,
    /// A known user got something new.
    Merged,
    /// It was there; nothing was changed.
    Exists,
    /// It was left out by a rule.
    Skipped,
    /// It could not be taken.
    Error,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Added,
        Self::Merged,
        Self::Exists,
        Self::Skipped,
        Self::Error,
    ];

    /// As in results.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Merged => "merged",
            Self::Exists => "exists",
            Self::Skipped => "skipped",
            Self::Error => "error",
        }
    }
}

/// Why. The detail of an event stands where its text says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Why {
    /// It needs no reason.
    Nothing,
    /// The detail says it.
    Remark,
    /// It is there already.
    Known,
    /// Nothing of the user is new.
    NothingNew,
    /// Another user has it.
    Taken,
    /// Nobody has it, but it is there.
    Unassigned,
    /// Only configured named passwords are taken.
    NotConfigured,
    /// The user has as many tokens as there can be.
    TooMany,
    /// The tenant does not take such tokens.
    Unsupported,
    /// The tenant has as many unassigned cards as it can have.
    Full,
    /// The user lacks mandatory attributes.
    Without,
    /// The id is another user's alias.
    IsAlias,
    /// The alias is another user's id.
    IsUser,
    /// The user is from a directory.
    Directory,
    /// Contacts or state differ and stay.
    Differs,
    /// Contacts and state were taken.
    Took,
    /// It is what the tenant calls otherwise.
    Default,
}

impl Why {
    const ALL: [Self; 17] = [
        Self::Nothing,
        Self::Remark,
        Self::Known,
        Self::NothingNew,
        Self::Taken,
        Self::Unassigned,
        Self::NotConfigured,
        Self::TooMany,
        Self::Unsupported,
        Self::Full,
        Self::Without,
        Self::IsAlias,
        Self::IsUser,
        Self::Directory,
        Self::Differs,
        Self::Took,
        Self::Default,
    ];

    fn text(self, detail: &str) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Remark => detail.to_owned(),
            Self::Known => "exists already, unchanged".to_owned(),
            Self::NothingNew => "nothing of the user is new".to_owned(),
            Self::Taken => format!("user {detail} has it"),
            Self::Unassigned => "the tenant has it unassigned".to_owned(),
            Self::NotConfigured => "no password of this name is configured".to_owned(),
            Self::TooMany => format!("the user has {detail} tokens, as many as there can be"),
            Self::Unsupported => format!("tokens like this are not supported ({detail})"),
            Self::Full => format!("the tenant has {detail} unassigned cards, as many as it can"),
            Self::Without => format!("created without {detail}"),
            Self::IsAlias => format!("the id is an alias of user {detail}"),
            Self::IsUser => format!("it is the id of user {detail}"),
            Self::Directory => "from a directory: name, contacts and state stay".to_owned(),
            Self::Differs => format!("{detail} differ and stay (existing-local)"),
            Self::Took => format!("{detail} taken (existing-local)"),
            Self::Default => format!("the source's default group is '{detail}' here"),
        }
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is about.
    pub subject: Subject,
    /// What became of it.
    pub fate: Fate,
    /// Why.
    pub why: Why,
    /// Which one, such as `Entrust 4711`; empty where the user has one of it.
    pub name: String,
    /// What the reason speaks of.
    pub detail: String,
}

impl Item {
    /// The stable name of the event.
    pub fn event(&self) -> String {
        let part = self.subject.part();
        match (self.subject, self.fate) {
            // That a directory's user is there is as it should be.
            (Subject::User, Fate::Exists) if self.why == Why::Directory => {
                "bulkidentityguard.edit.user".to_owned()
            }
            (_, Fate::Added) => format!("bulkidentityguard.add.{part}"),
            (_, Fate::Merged) => format!("bulkidentityguard.edit.{part}"),
            (_, Fate::Exists | Fate::Error) => format!("bulkidentityguard.add.error.{part}"),
            (_, Fate::Skipped) => format!("bulkidentityguard.add.skipped.{part}"),
        }
    }

    /// The record in results, such as `token Entrust 4711`.
    pub fn record(&self) -> String {
        match self.name.as_str() {
            "" => self.subject.word().to_owned(),
            name => format!("{} {name}", self.subject.word()),
        }
    }

    /// The reason in words; may be empty.
    pub fn message(&self) -> String {
        self.why.text(&self.detail)
    }
}

/// How many records of which kind met which fate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<(Subject, Fate), u64>);

impl Tally {
    /// Counts an event.
    pub fn take(&mut self, item: &Item) {
        *self.0.entry((item.subject, item.fate)).or_default() += 1;
    }

    /// How many of a kind.
    pub fn of(&self, subject: Subject, fate: Fate) -> u64 {
        self.0.get(&(subject, fate)).copied().unwrap_or_default()
    }

    /// How many met this fate.
    pub fn all(&self, fate: Fate) -> u64 {
        Subject::ALL.iter().map(|&s| self.of(s, fate)).sum()
    }

    /// Whether anything of the tenant was changed.
    pub fn changed(&self) -> bool {
        self.all(Fate::Added) + self.all(Fate::Merged) > 0
    }

    /// What there is to count, by name such as `token.added`.
    pub fn iter(&self) -> impl Iterator<Item = (String, u64)> {
        self.0
            .iter()
            .map(|((subject, fate), count)| (key(*subject, *fate), *count))
    }

    pub(super) fn to_json(&self) -> String {
        let named: BTreeMap<String, u64> = self.iter().collect();
        serde_json::to_string(&named).unwrap_or_default()
    }

    pub(super) fn from_json(text: &str) -> Self {
        let named: BTreeMap<String, u64> = serde_json::from_str(text).unwrap_or_default();
        let pairs = Subject::ALL
            .iter()
            .flat_map(|&subject| Fate::ALL.iter().map(move |&fate| (subject, fate)));
        let known = |pair: (Subject, Fate)| named.get(&key(pair.0, pair.1)).map(|n| (pair, *n));
        Self(pairs.filter_map(known).collect())
    }
}

fn key(subject: Subject, fate: Fate) -> String {
    format!("{}.{}", subject.kind(), fate.as_str())
}

/// The events of one record as they are stored.
pub(super) fn pack(items: &[Item], out: &mut Vec<u8>) {
    out.clear();
    for item in items {
        out.extend([item.subject as u8, item.fate as u8, item.why as u8]);
        for text in [&item.name, &item.detail] {
            let mut length = text.len();
            while length >= 0x80 {
                out.push((length & 0x7f) as u8 | 0x80);
                length >>= 7;
            }
            out.push(length as u8);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// The events again; nothing when the bytes are not theirs.
fn unpack(mut bytes: &[u8]) -> Option<Vec<Item>> {
    fn text(bytes: &mut &[u8]) -> Option<String> {
        let (mut length, mut shift) = (0usize, 0);
        loop {
            let (&byte, rest) = bytes.split_first()?;
            *bytes = rest;
            length |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                break;
            }
            shift += 7;
        }
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        String::from_utf8(text.to_vec()).ok()
    }
    let mut items = Vec::new();
    while let Some((&[subject, fate, why], rest)) = bytes.split_first_chunk() {
        bytes = rest;
        items.push(Item {
            subject: *Subject::ALL.get(usize::from(subject))?,
            fate: *Fate::ALL.get(usize::from(fate))?,
            why: *Why::ALL.get(usize::from(why))?,
            name: text(&mut bytes)?,
            detail: text(&mut bytes)?,
        });
    }
    bytes.is_empty().then_some(items)
}

/// An event as it is read back.
#[derive(Debug)]
pub struct Event<'a> {
    /// The job.
    pub job: u64,
    /// When its block was applied.
    pub at: Timestamp,
    /// The user; empty for what is nobody's.
    pub user: &'a str,
    /// The event itself.
    pub item: &'a Item,
}

/// So many records a bundle can have.
const RECORDS: u32 = 40;

/// The row id of the events of a job's record.
pub(super) const fn row_id(job: u64, record: u64) -> i64 {
    ((job << RECORDS) | record).cast_signed()
}

/// Hands out the events of all jobs, or of one, in order, until `each` says that it wants no more.
pub fn events<E: From<Error>>(
    db: &Connection,
    job: Option<u64>,
    user: Option<&str>,
    mut each: impl FnMut(Event<'_>) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = |error: rusqlite::Error| E::from(Error::from(error));
    let (from, to) = match job {
        Some(job) => (row_id(job, 0), row_id(job + 1, 0)),
        None => (i64::MIN, i64::MAX),
    };
    let mut statement = db
        .prepare("SELECT id, name, items FROM events WHERE id >= ?1 AND id < ?2 AND (?3 IS NULL OR name = ?3) ORDER BY id")
        .map_err(sql)?;
    let mut when = db
        .prepare(
            "SELECT at FROM journal WHERE job = ?1 AND first <= ?2 ORDER BY block DESC LIMIT 1",
        )
        .map_err(sql)?;
    let mut rows = statement.query(params![from, to, user]).map_err(sql)?;
    while let Some(row) = rows.next().map_err(sql)? {
        let id: i64 = row.get(0).map_err(sql)?;
        let job = id.cast_unsigned() >> RECORDS;
        let name: Option<String> = row.get(1).map_err(sql)?;
        let packed = row
            .get_ref(2)
            .and_then(|value| value.as_blob().map_err(Into::into))
            .map_err(sql)?;
        let items = unpack(packed).ok_or(Error::Events(job))?;
        let at: i64 = when
            .query_row(params![job, id], |row| row.get(0))
            .map_err(sql)?;
        let at = Timestamp::from_microsecond(at).unwrap_or_default();
        for item in &items {
            let user = name.as_deref().unwrap_or_default();
            let event = Event {
                job,
                at,
                user,
                item,
            };
            if !each(event)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_packed_and_come_back() {
        let item = |subject, fate, why, name: &str, detail: &str| Item {
            subject,
            fate,
            why,
            name: name.to_owned(),
            detail: detail.to_owned(),
        };
        let mut items = vec![
            item(Subject::User, Fate::Added, Why::Nothing, "", ""),
            item(
                Subject::Token,
                Fate::Skipped,
                Why::TooMany,
                "HID 1",
                &"x".repeat(300),
            ),
        ];
        for (subject, (fate, why)) in Subject::ALL
            .into_iter()
            .zip(Fate::ALL.into_iter().cycle().zip(Why::ALL))
        {
            items.push(item(subject, fate, why, "ü", "7"));
        }
        let mut packed = Vec::new();
        pack(&items, &mut packed);
        assert_eq!(unpack(&packed).unwrap(), items);
        for cut in 1..packed.len() {
            if let Some(fewer) = unpack(&packed[..cut]) {
                assert!(fewer.len() < items.len() && items.starts_with(&fewer));
            }
        }
        packed[0] = 99;
        assert_eq!(unpack(&packed), None);
    }

    #[test]
    fn the_names_that_third_parties_have_seen() {
        let event = |subject, fate| {
            let why = Why::Known;
            let (name, detail) = (String::new(), String::new());
            let item = Item {
                subject,
                fate,
                why,
                name,
                detail,
            };
            item.event()
        };
        for (subject, fate, name) in [
            (
                Subject::Card,
                Fate::Exists,
                "bulkidentityguard.add.error.assignedgrid",
            ),
            (Subject::Qa, Fate::Exists, "bulkidentityguard.add.error.qa"),
            (
                Subject::Password,
                Fate::Exists,
                "bulkidentityguard.add.error.password",
            ),
            (
                Subject::Rba,
                Fate::Added,
                "bulkidentityguard.add.rbasetting",
            ),
            (Subject::User, Fate::Merged, "bulkidentityguard.edit.user"),
        ] {
            assert_eq!(event(subject, fate), name);
        }
    }

    #[test]
    fn a_tally_survives_its_text() {
        let mut tally = Tally::default();
        for (subject, fate) in [
            (Subject::UnassignedCard, Fate::Added),
            (Subject::User, Fate::Merged),
            (Subject::User, Fate::Merged),
        ] {
            tally.take(&Item {
                subject,
                fate,
                why: Why::Nothing,
                name: String::new(),
                detail: String::new(),
            });
        }
        assert_eq!(
            tally.to_json(),
            r#"{"unassignedCard.added":1,"user.merged":2}"#
        );
        assert_eq!(Tally::from_json(&tally.to_json()), tally);
    }
}
