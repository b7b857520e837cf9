//! What an export takes and what it does not, added up while the records go by.
//!
//! The same counts go to three places: the screen ([`Report::rows`] and [`Report::warnings`]), the bundle's manifest
//! and the ledger ([`Report::not_taken`]). Its size does not depend on the number of users.

use std::collections::BTreeMap;
use std::fmt;

use crate::migrate::mapping::LeftOut;
use crate::model::Reason;
use crate::model::bundle::{self, Counts, Record};
use crate::render::{agree, counted, grouped};

/// The most unassigned cards that the target takes for one account (igsh-migration(7), LIMITS).
pub const UNASSIGNED_CARDS: u64 = 5_000;
/// The target's default length of a location history (igsh-migration(7), LIMITS).
pub const LOCATION_HISTORY: usize = 5;
/// The target's default length of a list of expected locations (igsh-migration(7), LIMITS).
pub const EXPECTED_LOCATIONS: usize = 10;
/// Models beyond so many are counted together: their names come from the source, and a report stays small.
const MODELS: usize = 100;

/// The counts of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Records taken, by kind.
    pub records: Counts,
    /// What users take along, and what unassigned items add to it.
    pub taken: Taken,
    /// Things not taken, or not whole, by reason.
    pub reasons: BTreeMap<Reason, u64>,
    /// `token.model`, split up by vendor, model and algorithm.
    pub models: BTreeMap<String, u64>,
    /// Unassigned cards in bundles before this one.
    pub earlier_cards: u64,
}

/// Items inside the records that are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Tokens of users.
    pub tokens: u64,
    /// Cards of users.
    pub cards: u64,
    /// Pairs of questions and answers.
    pub qa: u64,
    pub passwords: u64,
    pub aliases: u64,
    /// Event-based tokens, assigned or not.
    pub event_tokens: u64,
    /// Users with a location history longer than the target's default.
    pub long_histories: u64,
    /// Users with more expected locations than the target's default.
    pub long_expected: u64,
}

/// Something about an export that a master can still act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// So many event-based tokens go.
    EventTokens(u64),
    /// The target would hold so many unassigned cards, more than it takes.
    UnassignedCards(u64),
    /// So many users have a longer location history than the target keeps by default.
    LongHistories(u64),
    /// So many users have more expected locations than the target keeps by default.
    LongExpected(u64),
}

impl Report {
    /// Counts a record that is taken.
    pub fn take(&mut self, record: &Record) {
        match record {
            Record::Group(_) => self.records.group += 1,
            Record::User(user) => self.take_user(user),
            Record::Token(token) => {
                self.records.token += 1;
                self.take_token(&token.token);
            }
            Record::Card(_) => self.records.card += 1,
        }
    }

    fn take_user(&mut self, user: &bundle::User) {
        self.records.user += 1;
        let taken = &mut self.taken;
        taken.tokens += user.tokens.len() as u64;
        taken.cards += user.cards.len() as u64;
        taken.qa += user.qa.len() as u64;
        taken.passwords += user.passwords.len() as u64;
        taken.aliases += user.aliases.len() as u64;
        taken.long_histories += u64::from(user.location_history.len() > LOCATION_HISTORY);
        taken.long_expected += u64::from(user.expected_locations.len() > EXPECTED_LOCATIONS);
        for token in &user.tokens {
            self.take_token(token);
        }
    }

    fn take_token(&mut self, token: &bundle::Token) {
        self.taken.event_tokens += u64::from(token.facts.algorithm.is_event_based());
    }

    /// Counts what is not taken.
    pub fn leave_out(&mut self, left_out: &[LeftOut]) {
        for one in left_out {
            *self.reasons.entry(one.reason).or_default() += one.count;
            if one.reason == Reason::TokenModel {
                self.count_model(&one.detail, one.count);
            }
        }
    }

    fn count_model(&mut self, model: &str, count: u64) {
        if let Some(known) = self.models.get_mut(model) {
            *known += count;
        } else {
            let name = if self.models.len() < MODELS {
                model
            } else {
                "other models"
            };
            *self.models.entry(name.to_owned()).or_default() += count;
        }
    }

    /// Adds the counts of another part of the same export.
    pub fn merge(&mut self, other: &Self) {
        let (records, more) = (&mut self.records, other.records);
        records.group += more.group;
        records.user += more.user;
        records.token += more.token;
        records.card += more.card;
        let (taken, more) = (&mut self.taken, other.taken);
        taken.tokens += more.tokens;
        taken.cards += more.cards;
        taken.qa += more.qa;
        taken.passwords += more.passwords;
        taken.aliases += more.aliases;
        taken.event_tokens += more.event_tokens;
        taken.long_histories += more.long_histories;
        taken.long_expected += more.long_expected;
        for (reason, count) in &other.reasons {
            *self.reasons.entry(*reason).or_default() += count;
        }
        for (model, count) in &other.models {
            self.count_model(model, *count);
        }
        self.earlier_cards += other.earlier_cards;
    }

    /// Counts above zero by the reason's name: the manifest's and the ledger's `notTaken`.
    pub fn not_taken(&self) -> BTreeMap<&'static str, u64> {
        self.reasons
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(reason, count)| (reason.as_str(), *count))
            .collect()
    }

    /// What goes and what does not, line by line: section, name, count. Records always, the rest where above zero.
    pub fn rows(&self) -> Vec<(&'static str, String, u64)> {
        let (records, taken) = (self.records, self.taken);
        let mut rows: Vec<_> = [
            ("groups", records.group),
            ("users", records.user),
            ("unassigned tokens", records.token),
            ("unassigned cards", records.card),
        ]
        .map(|(name, count)| ("taken", name.to_owned(), count))
        .into();
        let of_users = [
            ("tokens", taken.tokens),
            ("cards", taken.cards),
            ("questions and answers", taken.qa),
            ("passwords", taken.passwords),
            ("aliases", taken.aliases),
        ];
        let row = |section| move |(name, count): (String, u64)| (section, name, count);
        let named = |(name, count): (&'static str, u64)| (name.to_owned(), count);
        let of_users = of_users.into_iter().filter(|(_, count)| *count > 0);
        rows.extend(of_users.map(named).map(row("taken with users")));
        rows.extend(
            self.not_taken()
                .into_iter()
                .map(named)
                .map(row("not taken")),
        );
        rows.extend(
            self.models
                .clone()
                .into_iter()
                .map(row("not taken, by model")),
        );
        rows
    }

    pub fn warnings(&self) -> Vec<Warning> {
        let cards = self.records.card + self.earlier_cards;
        [
            (self.taken.event_tokens > 0).then_some(Warning::EventTokens(self.taken.event_tokens)),
            (self.records.card > 0 && cards > UNASSIGNED_CARDS)
                .then_some(Warning::UnassignedCards(cards)),
            (self.taken.long_histories > 0)
                .then_some(Warning::LongHistories(self.taken.long_histories)),
            (self.taken.long_expected > 0)
                .then_some(Warning::LongExpected(self.taken.long_expected)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::EventTokens(count) => write!(
                f,
                "{} {} event-based: the counter goes out of step when {} used on both sides after the export.",
                counted(count, "token"),
                agree(count, "is", "are"),
                agree(count, "it is", "they are"),
            ),
            Self::UnassignedCards(count) => write!(
                f,
                "With this export the target would hold {} unassigned cards; it takes {} an account. Export fewer \
                 groups, or leave them out with unassigned=no.",
                grouped(count),
                grouped(UNASSIGNED_CARDS)
            ),
            Self::LongHistories(count) => write!(
                f,
                "{} {} a location history of more than {LOCATION_HISTORY} places, the target's default: raise the \
                 maximum on the target, since it is exported whole.",
                counted(count, "user"),
                agree(count, "has", "have"),
            ),
            Self::LongExpected(count) => write!(
                f,
                "{} {} more than {EXPECTED_LOCATIONS} expected locations, the target's default: raise the maximum on \
                 the target, since they are exported whole.",
                counted(count, "user"),
                agree(count, "has", "have"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{self, But as _};
    use crate::model::{Algorithm, Group, LocationEntry, NotMigrated, SecretBytes};

    fn left(reason: Reason, detail: &str, count: u64) -> LeftOut {
        LeftOut {
            reason,
            item: String::new(),
            detail: detail.to_owned(),
            count,
        }
    }

    #[test]
    fn counts_add_up_by_reason_and_by_model() {
        let mut report = Report::default();
        report.leave_out(&[
            left(Reason::TokenModel, "HID (ocra)", 1),
            left(Reason::TokenModel, "HID (cr)", 1),
            left(Reason::NotMigrated(NotMigrated::Roles), "", 3),
        ]);
        report.leave_out(&[left(Reason::TokenModel, "HID (cr)", 1)]);
        let expected = BTreeMap::from([("token.model", 3), ("roles", 3)]);
        assert_eq!(report.not_taken(), expected);
        let models = BTreeMap::from([("HID (cr)".to_owned(), 2), ("HID (ocra)".to_owned(), 1)]);
        assert_eq!(report.models, models);
    }

    #[test]
    fn merged_parts_equal_the_whole() {
        let parts: Vec<Report> = (1..4)
            .map(|n| {
                let mut part = Report::default();
                part.take(&Record::Group(Group {
                    name: "g".to_owned(),
                    default: false,
                }));
                part.taken.event_tokens = n;
                part.leave_out(&[
                    left(Reason::CardState, "", n),
                    left(Reason::TokenModel, "m", n),
                ]);
                part
            })
            .collect();
        let mut whole = Report::default();
        parts.iter().for_each(|part| whole.merge(part));
        assert_eq!(whole.records.group, 3);
        assert_eq!(whole.taken.event_tokens, 6);
        assert_eq!(whole.reasons[&Reason::CardState], 6);
        assert_eq!(whole.models["m"], 6);
    }

    #[test]
    fn invented_models_do_not_make_a_report_grow() {
        let mut report = Report::default();
        for n in 0..1_000 {
            report.leave_out(&[left(Reason::TokenModel, &format!("model {n}"), 1)]);
        }
        assert_eq!(report.models.len(), MODELS + 1);
        assert_eq!(report.models["other models"], 900);
    }

    #[test]
    fn an_empty_report_warns_of_nothing_and_still_counts_records() {
        let report = Report {
            earlier_cards: 9_999,
            ..Report::default()
        };
        assert_eq!(report.warnings(), []);
        assert_eq!(report.rows().len(), 4);
    }

    #[test]
    fn each_warning_has_its_own_cause() {
        let with = |set: fn(&mut Report)| {
            let mut report = Report::default();
            set(&mut report);
            report.warnings()
        };
        assert_eq!(
            with(|r| r.taken.event_tokens = 2),
            [Warning::EventTokens(2)]
        );
        assert_eq!(with(|r| r.records.card = 5_000), []);
        assert_eq!(
            with(|r| r.records.card = 5_001),
            [Warning::UnassignedCards(5_001)]
        );
        assert_eq!(
            with(|r| (r.records.card, r.earlier_cards) = (1, 5_000)),
            [Warning::UnassignedCards(5_001)]
        );
        assert_eq!(
            with(|r| r.taken.long_histories = 1),
            [Warning::LongHistories(1)]
        );
        assert_eq!(
            with(|r| r.taken.long_expected = 1),
            [Warning::LongExpected(1)]
        );
    }

    fn user(history: usize, expected: usize, tokens: &[Algorithm]) -> Record {
        Record::User(Box::new(bundle::User {
            user_id: "a".to_owned(),
            source_user_id: None,
            group: "g".to_owned(),
            full_name: None,
            state: bundle::State::Active,
            aliases: vec!["b".to_owned()],
            contacts: Vec::new(),
            qa: Vec::new(),
            passwords: Vec::new(),
            tokens: tokens.iter().map(|algorithm| token(*algorithm)).collect(),
            cards: Vec::new(),
            location_history: vec![LocationEntry::default(); history],
            expected_locations: vec![String::new(); expected],
            rba: bundle::RbaOverrides::default(),
        }))
    }

    fn token(algorithm: Algorithm) -> bundle::Token {
        bundle::Token {
            facts: testing::token("HID", "1").but(|it| it.algorithm = algorithm),
            state: None,
            seed: SecretBytes::default(),
            unlock: None,
        }
    }

    #[test]
    fn the_target_s_default_lengths_are_not_warned_about() {
        let mut report = Report::default();
        report.take(&user(5, 10, &[]));
        assert_eq!(report.warnings(), []);
        report.take(&user(6, 11, &[]));
        assert_eq!(
            report.warnings(),
            [Warning::LongHistories(1), Warning::LongExpected(1)]
        );
    }

    #[test]
    fn event_based_tokens_are_counted_assigned_or_not() {
        let mut report = Report::default();
        report.take(&user(
            0,
            0,
            &[Algorithm::Totp, Algorithm::Cr, Algorithm::At],
        ));
        report.take(&Record::Token(Box::new(bundle::UnassignedToken {
            group: "g".to_owned(),
            token: token(Algorithm::Hotp),
        })));
        assert_eq!(report.taken.event_tokens, 2);
        assert_eq!((report.taken.tokens, report.taken.aliases), (3, 1));
        assert_eq!((report.records.user, report.records.token), (1, 1));
    }

    #[test]
    fn warnings_read_as_sentences() {
        assert_eq!(
            Warning::EventTokens(1).to_string(),
            "1 token is event-based: the counter goes out of step when it is used on both sides after the export."
        );
        assert!(
            Warning::LongHistories(2)
                .to_string()
                .starts_with("2 users have a location history")
        );
    }
}
