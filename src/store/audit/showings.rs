//! Who has seen a bundle's password (igsh-vault(5), AUDIT): the audit's half of `audit passwords`.
//!
//! A showing is an intent and what came of it. An intent that nothing answers counts as seen: the program may have
//! been killed while the password stood on the screen.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Connection;

use super::{Entry, Filter, Outcome, Shown, codes, list};
use crate::store::{Error, Result};

/// One time that a bundle's password left the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Showing {
    /// The number of the bundle.
    pub bundle: u64,
    /// The number of the intent's entry.
    pub seq: u64,
    pub at: Timestamp,
    /// To which master.
    pub master: Option<String>,
    /// To whom.
    pub holder: Option<String>,
    pub host: String,
    pub os_user: String,
    pub terminal: Option<String>,
    /// To the screen or to a file.
    pub shown: Option<Shown>,
    pub reason: Option<String>,
    /// Whether an outcome was recorded; without one it counts as seen.
    pub confirmed: bool,
}

impl Showing {
    fn of(intent: Entry) -> Option<Self> {
        Some(Self {
            bundle: intent.bundle?,
            seq: intent.seq,
            at: intent.at,
            master: intent.master,
            holder: intent.holder,
            host: intent.host,
            os_user: intent.os_user,
            terminal: intent.terminal,
            shown: intent.shown,
            reason: intent.reason,
            confirmed: false,
        })
    }
}

/// Every showing of one bundle's password, or of all, oldest first. What was tried and demonstrably not shown is left
/// out.
pub fn showings(connection: &Connection, bundle: Option<u64>) -> Result<Vec<Showing>> {
    let filter = Filter {
        codes: vec![codes::PASSWORD_SHOWN.code.to_owned()],
        bundle,
        ..Filter::default()
    };
    let mut seen = BTreeMap::new();
    list(connection, &filter, |row| {
        if let Some(entry) = row.entry {
            match (entry.outcome, entry.intent) {
                (Outcome::Intent, _) => {
                    seen.extend(Showing::of(entry).map(|showing| (showing.seq, showing)));
                }
                (Outcome::Ok, Some(intent)) => {
                    if let Some(showing) = seen.get_mut(&intent) {
                        showing.confirmed = true;
                    }
                }
                (Outcome::Failed | Outcome::Refused, Some(intent)) => {
                    seen.remove(&intent);
                }
                (_, None) => {}
            }
        }
        Ok::<_, Error>(true)
    })?;
    Ok(seen.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bare, put};
    use super::super::{Anchor, Draft};
    use super::*;

    fn intent(connection: &Connection, bundle: u64, shown: Shown) -> Anchor {
        let draft = Draft {
            bundle: Some(bundle),
            outcome: Outcome::Intent,
            shown: Some(shown),
            ..Draft::new(&codes::PASSWORD_SHOWN, "bundle password")
        };
        put(connection, &draft, true)
    }

    fn answer(connection: &Connection, bundle: u64, to: &Anchor, outcome: Outcome) {
        let draft = Draft {
            bundle: Some(bundle),
            outcome,
            intent: Some(to.seq),
            ..Draft::new(&codes::PASSWORD_SHOWN, "bundle password")
        };
        put(connection, &draft, true);
    }

    #[test]
    fn an_intent_without_an_outcome_counts_as_seen() {
        let connection = bare();
        let first = intent(&connection, 1, Shown::Screen);
        answer(&connection, 1, &first, Outcome::Ok);
        let second = intent(&connection, 1, Shown::File("p".to_owned()));
        answer(&connection, 1, &second, Outcome::Failed);
        let third = intent(&connection, 2, Shown::File("q".to_owned()));
        put(&connection, &Draft::new(&codes::LOGOUT, "logout"), true);
        let export = Draft {
            bundle: Some(2),
            outcome: Outcome::Intent,
            ..Draft::new(&codes::EXPORT_BEGUN, "export")
        };
        put(&connection, &export, true);

        let all = showings(&connection, None).unwrap();
        let brief: Vec<_> = all.iter().map(|s| (s.bundle, s.seq, s.confirmed)).collect();
        assert_eq!(brief, [(1, first.seq, true), (2, third.seq, false)]);
        assert_eq!(all[0].holder.as_deref(), Some("Anna"));
        assert_eq!(all[1].shown, Some(Shown::File("q".to_owned())));
        assert_eq!(showings(&connection, Some(2)).unwrap().len(), 1);
        assert!(showings(&connection, Some(3)).unwrap().is_empty());
    }
}
