//! The rules for tokens, cards and places: what is there already, whose it is, and how much there can be.

use crate::model::bundle::{Token, UnassignedCard, UnassignedToken, User};
use crate::store::records::Stock;
use crate::tenant::error::Result;
use crate::tenant::events::{Fate, Item, Subject, Why, item};
use crate::tenant::sealing::{self, Seals};

use super::apply::{Applier, remarked};
use super::there::Table;

impl Applier<'_, '_> {
    fn supports(&self, token: &Token) -> bool {
        self.state.supported.matches(token.facts.algorithm.as_str())
            || token
                .facts
                .model
                .as_deref()
                .is_some_and(|model| self.state.supported.matches(model))
    }

    /// What stands against a token, if anything does.
    fn token_refused(
        &mut self,
        token: &Token,
        subject: Subject,
        holder: Option<i64>,
    ) -> Result<Option<Item>> {
        if !self.supports(token) {
            let model = token.facts.model.as_deref();
            let what = model.unwrap_or(token.facts.algorithm.as_str()).to_owned();
            return Ok(Some(
                item(subject, Fate::Skipped, Why::Unsupported).because(what),
            ));
        }
        if self.state.empty {
            return Ok(None);
        }
        let Some(there) = self.there.token(token)? else {
            return Ok(None);
        };
        self.held(there, subject, holder).map(Some)
    }

    /// The event of an item that is there already, in row `there`.
    fn held(&mut self, there: i64, subject: Subject, holder: Option<i64>) -> Result<Item> {
        Ok(match (there < 0, holder) {
            (true, None) => item(subject, Fate::Exists, Why::Known),
            (true, Some(_)) => item(subject, Fate::Exists, Why::Unassigned),
            (false, holder) if holder == Some(there >> 16) => {
                item(subject, Fate::Exists, Why::Known)
            }
            (false, _) => {
                item(subject, Fate::Error, Why::Taken).because(self.there.userid(there >> 16)?)
            }
        })
    }

    pub(super) fn tokens(
        &mut self,
        id: i64,
        userid: &str,
        user: &User,
        seals: Option<&Seals>,
        new: bool,
    ) -> Result<()> {
        let mut room = None;
        let mut next = None;
        for (at, token) in user.tokens.iter().enumerate() {
            let name = || format!("{} {}", token.facts.vendor, token.facts.serial);
            if let Some(refused) = self.token_refused(token, Subject::Token, Some(id))? {
                self.note(refused.named(name()));
                continue;
            }
            let has = match room {
                Some(has) => has,
                None if new => 0,
                None => self.there.tokens_of(id)?,
            };
            room = Some(has);
            if has >= self.state.policy.tokens_global {
                let event = item(Subject::Token, Fate::Skipped, Why::TooMany);
                self.note(event.because(has.to_string()).named(name()));
                continue;
            }
            let row = match next {
                Some(row) => row,
                None => self.next(Table::Tokens, id, new)?,
            };
            match seals {
                Some(seals) => self.rows.put_token(row, None, token, &seals.tokens[at])?,
                None => {
                    let sealed = sealing::token(self.keys, userid, token);
                    self.rows.put_token(row, None, token, &sealed)?;
                }
            }
            next = Some(row + 1);
            room = Some(has + 1);
            self.note(item(Subject::Token, Fate::Added, Why::Nothing).named(name()));
        }
        if next.is_some() && room.is_some_and(|has| has > self.state.policy.tokens_account) {
            self.state.over_account += 1;
        }
        Ok(())
    }

    pub(super) fn cards(
        &mut self,
        id: i64,
        userid: &str,
        user: &User,
        seals: Option<&Seals>,
        new: bool,
    ) -> Result<()> {
        let mut next = None;
        for (at, card) in user.cards.iter().enumerate() {
            let there = if self.state.empty {
                None
            } else {
                self.there.card(card.facts.serial)?
            };
            if let Some(there) = there {
                let held = self.held(there, Subject::Card, Some(id))?;
                self.note(held.named(card.facts.serial.to_string()));
                continue;
            }
            let row = match next {
                Some(row) => row,
                None => self.next(Table::Cards, id, new)?,
            };
            match seals {
                Some(seals) => {
                    self.rows
                        .put_card(row, None, card, &seals.cards[at], Stock::default())?
                }
                None => {
                    let sealed = sealing::card(self.keys, userid, card);
                    self.rows
                        .put_card(row, None, card, &sealed, Stock::default())?;
                }
            }
            next = Some(row + 1);
            let event = item(Subject::Card, Fate::Added, Why::Nothing);
            self.note(event.named(card.facts.serial.to_string()));
        }
        Ok(())
    }

    /// Places are kept whole, also above the tenant's defaults; a user's own settings count over those.
    pub(super) fn location(&mut self, id: i64, user: &User, new: bool) -> Result<()> {
        if !(user.location_history.is_empty() && user.expected_locations.is_empty()) {
            let added = self.places(id, user, new)?;
            let event = if added == 0 {
                item(Subject::Location, Fate::Exists, Why::Known)
            } else {
                let remark = self.above_defaults(user);
                item(Subject::Location, Fate::Added, remarked(&remark)).because(remark)
            };
            self.note(event);
        }
        if !user.rba.is_empty() {
            let event = if !new && self.there.has_rba(id)? {
                item(Subject::Rba, Fate::Exists, Why::Known)
            } else {
                self.rows.belongings().overrides(id, &user.rba)?;
                item(Subject::Rba, Fate::Added, Why::Nothing)
            };
            self.note(event);
        }
        Ok(())
    }

    fn places(&mut self, id: i64, user: &User, new: bool) -> Result<u64> {
        let mut added = 0;
        let known = if new || user.location_history.is_empty() {
            Vec::new()
        } else {
            self.there.history_of(id)?
        };
        let mut row = None;
        for place in &user.location_history {
            let mut bare = place.clone();
            bare.last_auth = None;
            if known.contains(&bare) {
                continue;
            }
            let here = match row {
                Some(here) => here,
                None => self.next(Table::Locations, id, new)?,
            };
            self.rows.belongings().location(here, place)?;
            row = Some(here + 1);
            added += 1;
        }
        let known = if new || user.expected_locations.is_empty() {
            Vec::new()
        } else {
            self.there.expected_of(id)?
        };
        let mut row = None;
        for place in &user.expected_locations {
            if known.contains(place) {
                continue;
            }
            let here = match row {
                Some(here) => here,
                None => self.next(Table::Expected, id, new)?,
            };
            self.rows.belongings().expected(here, place)?;
            row = Some(here + 1);
            added += 1;
        }
        Ok(added)
    }

    fn above_defaults(&self, user: &User) -> String {
        let policy = &self.state.policy;
        let longer = |length: usize, own: Option<u64>, default: u64, what: &str| {
            let most = own.unwrap_or(default);
            (length as u64 > most).then(|| format!("{length} {what}, above {most}, kept whole"))
        };
        let remarks = [
            longer(
                user.location_history.len(),
                user.rba.max_history,
                policy.history,
                "places",
            ),
            longer(
                user.expected_locations.len(),
                user.rba.max_expected,
                policy.expected,
                "expected places",
            ),
        ];
        remarks.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    pub(super) fn unassigned_token(&mut self, record: &UnassignedToken) -> Result<()> {
        let token = &record.token;
        let name = format!("{} {}", token.facts.vendor, token.facts.serial);
        if let Some(refused) = self.token_refused(token, Subject::UnassignedToken, None)? {
            self.note(refused.named(name));
            return Ok(());
        }
        let group = self.group_of(&record.group)?;
        let row = self.state.next_token;
        let sealed = sealing::token(self.keys, "", token);
        self.rows.put_token(row, group, token, &sealed)?;
        self.state.next_token -= 1;
        self.note(item(Subject::UnassignedToken, Fate::Added, Why::Nothing).named(name));
        Ok(())
    }

    pub(super) fn unassigned_card(&mut self, record: &UnassignedCard) -> Result<()> {
        let card = &record.card;
        let name = card.facts.serial.to_string();
        let subject = Subject::UnassignedCard;
        let there = if self.state.empty {
            None
        } else {
            self.there.card(card.facts.serial)?
        };
        if let Some(there) = there {
            let held = self.held(there, subject, None)?;
            self.note(held.named(name));
            return Ok(());
        }
        let most = self.state.policy.unassigned_cards;
        if self.state.unassigned_cards >= most {
            let event = item(subject, Fate::Skipped, Why::Full).because(most.to_string());
            self.note(event.named(name));
            return Ok(());
        }
        let group = self.group_of(&record.group)?;
        let row = self.state.next_card;
        let cells = sealing::card(self.keys, "", card);
        let stock = Stock {
            preproduced: record.preproduced,
            comment: record.comment.as_deref(),
        };
        self.rows.put_card(row, group, card, &cells, stock)?;
        self.state.next_card -= 1;
        self.state.unassigned_cards += 1;
        self.note(item(subject, Fate::Added, Why::Nothing).named(name));
        Ok(())
    }
}
