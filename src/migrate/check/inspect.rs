//! What runs on the other cores: open the secrets, map as an export does, and collect what a master can act on.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::migrate::batches::Batch;
use crate::migrate::error::Result;
use crate::migrate::mapping::{LeftOut, Mapped, map_card, map_token, map_user};
use crate::migrate::report::{EXPECTED_LOCATIONS, LOCATION_HISTORY};
use crate::migrate::rules::Rules;
use crate::model::bundle::{self, Token};
use crate::model::{Changes, Reason, TokenKind, User};
use crate::render::counted;
use crate::store::Keys;
use crate::vault::snapshot::SourceUser;

use super::finding::Finding;
use super::{Instance, Totals};

/// Time steps that the target looks either way (igsh-migration(7), LIMITS).
const DRIFT: u64 = 10;

/// What became of a batch.
#[derive(Default)]
pub(super) struct Seen {
    /// What was found, in the order of the records; only the first ones of each kind unless all are wanted.
    pub(super) instances: Vec<Instance>,
    /// All of it, counted.
    pub(super) totals: Totals,
    /// How many users and unassigned items there were.
    pub(super) items: u64,
}

/// A worker's own state.
pub(super) struct Inspector {
    keys: Arc<Keys>,
    rules: Arc<Rules>,
    /// Every instance, or the first few of each kind.
    all: bool,
    listed: BTreeMap<Finding, usize>,
    seen: Seen,
}

/// So many instances of a kind are examples.
pub(super) const EXAMPLES: usize = 3;

impl Inspector {
    pub(super) fn new(keys: Arc<Keys>, rules: Arc<Rules>, all: bool) -> Self {
        Self {
            keys,
            rules,
            all,
            listed: BTreeMap::new(),
            seen: Seen::default(),
        }
    }

    pub(super) fn work(&mut self, batch: Batch) -> Result<Seen> {
        match batch {
            Batch::Groups(_) => {}
            Batch::Users(users) => {
                self.seen.items = users.len() as u64;
                for user in users {
                    self.user(user)?;
                }
            }
            Batch::Tokens(tokens) => {
                self.seen.items = tokens.len() as u64;
                for token in tokens {
                    let group = token.group.clone();
                    let Mapped { record, left_out } =
                        map_token(token.open(&self.keys)?, &self.rules);
                    self.left_out(&group, "", left_out);
                    if let Some(token) = record {
                        self.token(&group, "", &token.token);
                    }
                }
            }
            Batch::Cards(cards) => {
                self.seen.items = cards.len() as u64;
                for card in cards {
                    let group = card.group.clone();
                    let Mapped { record, left_out } = map_card(card.open(&self.keys)?, &self.rules);
                    self.left_out(&group, "", left_out);
                    self.seen.totals.cards += u64::from(record.is_some());
                }
            }
        }
        self.listed.clear();
        Ok(std::mem::take(&mut self.seen))
    }

    fn user(&mut self, source: SourceUser) -> Result<()> {
        let plain = &source.sealed.facts;
        let (group, userid) = (plain.group.clone(), plain.userid.clone());
        let whose = (group.as_str(), userid.as_str());
        self.seen.totals.users += 1;
        if source.gone {
            let finding = match source.bundle {
                Some(_) => Finding::GoneExported,
                None => Finding::Stays(Reason::UserGone),
            };
            self.note(finding, 1, whose, || {
                (String::new(), bundles(source.bundle))
            });
            return Ok(());
        }
        if source.excluded {
            self.note(
                Finding::Stays(Reason::UserExcluded),
                1,
                whose,
                Default::default,
            );
            return Ok(());
        }
        if let Some(bundle) = source.bundle {
            self.note(Finding::Exported, 1, whose, || {
                (format!("bundle {bundle}"), String::new())
            });
        }
        if source.changes.contains(Changes::COUNTER) {
            self.note(Finding::CounterAdvanced, 1, whose, || {
                (String::new(), bundles(source.bundle))
            });
        }
        let user = source.sealed.open(&self.keys)?;
        self.contacts(&user, whose);
        let Mapped { record, left_out } = map_user(user, source.target, &self.rules);
        self.left_out(&group, &userid, left_out);
        self.record(&record, whose);
        Ok(())
    }

    fn contacts(&mut self, user: &User, whose: (&str, &str)) {
        let mail = |value: &str| {
            value
                .split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        };
        if !user
            .facts
            .contacts
            .iter()
            .any(|contact| mail(&contact.value))
        {
            let contacts = user.facts.contacts.len() as u64;
            self.note(Finding::NoEmail, 1, whose, || {
                (String::new(), counted(contacts, "contact"))
            });
        }
    }

    /// What goes, with its findings.
    fn record(&mut self, record: &bundle::User, whose: (&str, &str)) {
        for token in &record.tokens {
            self.token(whose.0, whose.1, token);
        }
        for name in record
            .passwords
            .iter()
            .filter_map(|password| password.name.as_deref())
        {
            self.seen.totals.add_kind(Finding::NamedPassword, name, 1);
            self.note(Finding::NamedPassword, 1, whose, || {
                (format!("password {name}"), String::new())
            });
        }
        let (history, expected) = (
            record.location_history.len(),
            record.expected_locations.len(),
        );
        let totals = &mut self.seen.totals;
        totals.history = totals.history.max(history as u64);
        totals.expected = totals.expected.max(expected as u64);
        if history > LOCATION_HISTORY {
            self.note(Finding::LongHistory, 1, whose, || {
                (String::new(), format!("{history} places"))
            });
        }
        if expected > EXPECTED_LOCATIONS {
            self.note(Finding::LongExpected, 1, whose, || {
                (String::new(), format!("{expected} places"))
            });
        }
        let none = record.tokens.is_empty() && record.cards.is_empty();
        if none && record.qa.is_empty() && record.passwords.is_empty() {
            self.note(Finding::NoAuthenticator, 1, whose, Default::default);
        }
    }

    fn token(&mut self, group: &str, userid: &str, token: &Token) {
        let whose = (group, userid);
        let item = || format!("token {} {}", token.facts.vendor, token.facts.serial);
        if token.facts.algorithm.is_event_based() {
            self.note(Finding::EventToken, 1, whose, || {
                let at = token
                    .facts
                    .counter
                    .map(|counter| format!("counter {counter}"));
                (item(), at.unwrap_or_default())
            });
        }
        if let Some(drift) = token
            .facts
            .drift
            .filter(|drift| drift.unsigned_abs() > DRIFT)
        {
            self.note(Finding::Drift, 1, whose, || {
                (item(), format!("{drift} steps"))
            });
        }
        if token.facts.kind == TokenKind::Soft && token.facts.transactions == Some(true) {
            let url = token.facts.idp_url.as_deref().unwrap_or_default();
            self.seen.totals.push_tokens += u64::from(url != self.rules.idp_url || url.is_empty());
        }
    }

    fn left_out(&mut self, group: &str, userid: &str, left_out: Vec<LeftOut>) {
        for one in left_out {
            let LeftOut {
                reason,
                item,
                detail,
                count,
            } = one;
            let finding = Finding::Stays(reason);
            if matches!(
                reason,
                Reason::TokenState
                    | Reason::TokenActivation
                    | Reason::TokenModel
                    | Reason::CardState
            ) {
                self.seen.totals.add_kind(finding, &detail, count);
            }
            self.note(finding, count, (group, userid), || (item, detail));
        }
    }

    fn note(
        &mut self,
        finding: Finding,
        count: u64,
        (group, userid): (&str, &str),
        what: impl FnOnce() -> (String, String),
    ) {
        self.seen.totals.add(finding, count);
        let listed = self.listed.entry(finding).or_default();
        if !self.all && *listed >= EXAMPLES {
            return;
        }
        *listed += 1;
        let (item, detail) = what();
        self.seen.instances.push(Instance {
            finding,
            group: group.to_owned(),
            userid: userid.to_owned(),
            item,
            detail,
            count,
        });
    }
}

fn bundles(bundle: Option<u64>) -> String {
    bundle
        .map(|bundle| format!("bundle {bundle}"))
        .unwrap_or_default()
}
