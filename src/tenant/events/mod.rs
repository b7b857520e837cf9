//! The event audit: what became of every record of every bundle, under names that stay the same.

mod stored;
mod words;

use std::collections::BTreeMap;

pub use stored::{Event, events};
pub(super) use stored::{pack, row_id};
pub use words::{Fate, Subject, Why};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub subject: Subject,
    /// What became of it.
    pub fate: Fate,
    pub why: Why,
    /// Which one, such as `Entrust 4711`; empty where the user has one of it.
    pub name: String,
    /// What the reason speaks of.
    pub detail: String,
}

/// An event without the name of what it is about.
pub(super) fn item(subject: Subject, fate: Fate, why: Why) -> Item {
    Item {
        subject,
        fate,
        why,
        name: String::new(),
        detail: String::new(),
    }
}

impl Item {
    pub(super) fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    pub(super) fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

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

    pub(super) fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let named: BTreeMap<String, u64> = serde_json::from_str(text)?;
        let pairs = Subject::ALL
            .iter()
            .flat_map(|&subject| Fate::ALL.iter().map(move |&fate| (subject, fate)));
        let known = |pair: (Subject, Fate)| named.get(&key(pair.0, pair.1)).map(|n| (pair, *n));
        Ok(Self(pairs.filter_map(known).collect()))
    }
}

fn key(subject: Subject, fate: Fate) -> String {
    format!("{}.{}", subject.kind(), fate.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(Tally::from_json(&tally.to_json()).unwrap(), tally);
    }
}
