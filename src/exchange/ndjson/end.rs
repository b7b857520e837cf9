//! The end record: how many records a whole file has, so that one that was cut is recognised.

use super::error::Fault;
use super::value::{Converted, needed};
use super::wire;
use crate::model::SourceRecord;

/// How many records of each kind a file has; what belongs to a user is counted too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) users: u64,
    pub(super) tokens: u64,
    pub(super) cards: u64,
}

impl Counts {
    pub(super) fn add(&mut self, record: &SourceRecord) {
        match record {
            SourceRecord::User(user) => {
                self.users += 1;
                self.tokens += user.tokens.len() as u64;
                self.cards += user.cards.len() as u64;
            }
            SourceRecord::Token(_) => self.tokens += 1,
            SourceRecord::Card(_) => self.cards += 1,
            SourceRecord::Schema(_) | SourceRecord::Group(_) => {}
        }
    }

    pub(super) fn of(wire: wire::End<'_>) -> Converted<Self> {
        Ok(Self {
            users: needed(wire.users, "users")?.0,
            tokens: needed(wire.tokens, "tokens")?.0,
            cards: needed(wire.cards, "cards")?.0,
        })
    }

    /// Whether these are the records that the end record promises, `bad` lines besides.
    pub(super) fn agree(self, promised: Self, bad: u64) -> Converted<()> {
        let missing = |promised: u64, found: u64| promised.checked_sub(found);
        let lost = (
            missing(promised.users, self.users),
            missing(promised.tokens, self.tokens),
            missing(promised.cards, self.cards),
        );
        // A bad line is one record at most. Only a user has others in it, any number of them.
        let fits = match lost {
            (Some(0), Some(tokens), Some(cards)) => tokens.saturating_add(cards) <= bad,
            (Some(users), Some(_), Some(_)) => users <= bad,
            _ => false,
        };
        if fits {
            return Ok(());
        }
        let field = match lost {
            (Some(0), Some(0), _) => "cards",
            (Some(0), ..) => "tokens",
            _ => "users",
        };
        let besides = match bad {
            0 => String::new(),
            bad => format!(", bad lines {bad}"),
        };
        let what = format!(
            "the end record and the file do not agree: users {} expected, {} found; tokens {}, {}; cards {}, {}{besides}",
            promised.users, self.users, promised.tokens, self.tokens, promised.cards, self.cards
        );
        Err(Fault::new(
            field,
            what,
            "get the file again: lines are missing, or others were put in",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_lines_explain_no_more_than_they_can_hold() {
        let counts = |(users, tokens, cards)| Counts {
            users,
            tokens,
            cards,
        };
        for (promised, found, bad, fits) in [
            ((0, 0, 0), (0, 0, 0), 0, true),
            ((3, 5, 2), (3, 5, 2), 0, true),
            // One more or one fewer of anything.
            ((3, 5, 2), (2, 5, 2), 0, false),
            ((3, 5, 2), (3, 4, 2), 0, false),
            ((3, 5, 2), (3, 5, 1), 0, false),
            ((3, 5, 2), (4, 5, 2), 0, false),
            ((3, 5, 2), (3, 6, 2), 0, false),
            ((3, 5, 2), (3, 5, 3), 0, false),
            // A bad line that is none of the records.
            ((3, 5, 2), (3, 5, 2), 1, true),
            // A bad user took tokens and cards along.
            ((3, 5, 2), (2, 1, 0), 1, true),
            ((3, 5, 2), (1, 1, 0), 1, false),
            ((3, 5, 2), (1, 1, 0), 2, true),
            // A bad line of its own is one token or one card.
            ((3, 5, 2), (3, 4, 2), 1, true),
            ((3, 5, 2), (3, 4, 1), 1, false),
            ((3, 5, 2), (3, 4, 1), 2, true),
            // There is never more than was promised.
            ((3, 5, 2), (2, 6, 2), 9, false),
        ] {
            let agreed = counts(found).agree(counts(promised), bad);
            assert_eq!(agreed.is_ok(), fits, "{promised:?} {found:?} {bad}");
        }
    }
}
