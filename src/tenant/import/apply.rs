//! The rules of the target, record by record (domain.md §5): what is new, what is known, what is left out and why.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use crate::model::bundle::{Token, UnassignedCard, UnassignedToken, User};
use crate::model::{Group, Patterns};
use crate::store::Keys;
use crate::tenant::Policy;
use crate::tenant::error::Result;
use crate::tenant::events::{Fate, Item, Subject, Tally, Why};
use crate::tenant::sealing::{self, Seals};

use super::prepare::{Attributes, Ready, ReadyUser};
use super::rows::{Known, Rows, Table};

/// What an import knows besides the rows; it outlives the transactions.
#[derive(Debug, Clone)]
pub(super) struct State {
    policy: Policy,
    supported: Patterns,
    /// The source's default groups, which are the tenant's default group.
    defaults: HashSet<String>,
    groups: HashMap<String, i64>,
    next_user: i64,
    next_token: i64,
    next_card: i64,
    unassigned_cards: u64,
    /// Nothing was there before, so that nobody is asked for.
    pub(super) empty: bool,
    pub(super) tally: Tally,
    /// Users who have as many tokens as the account allows, or more, and got some.
    pub(super) over_account: u64,
}

impl State {
    pub(super) fn new(db: &Connection, defaults: HashSet<String>, empty: bool) -> Result<Self> {
        let policy = Policy::of(db)?;
        let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
        let mut groups = db.prepare("SELECT name, id FROM groups")?;
        Ok(Self {
            supported: Patterns::parse(&policy.supported.join(",")),
            policy,
            defaults,
            groups: groups
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?,
            next_user: one("SELECT coalesce(max(id), 0) + 1 FROM users")?,
            next_token: one("SELECT min(coalesce(min(id), 0), 0) - 1 FROM tokens")?,
            next_card: one("SELECT min(coalesce(min(id), 0), 0) - 1 FROM cards")?,
            unassigned_cards: one("SELECT count(*) FROM cards WHERE id < 0")?.unsigned_abs(),
            empty,
            tally: Tally::default(),
            over_account: 0,
        })
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }
}

/// Applies records inside one transaction.
pub(super) struct Applier<'c, 's> {
    pub(super) rows: Rows<'c>,
    pub(super) state: &'s mut State,
    keys: &'s Keys,
    /// The events of the record at hand.
    items: Vec<Item>,
}

fn item(subject: Subject, fate: Fate, why: Why) -> Item {
    Item {
        subject,
        fate,
        why,
        name: String::new(),
        detail: String::new(),
    }
}

impl Item {
    fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

impl<'c, 's> Applier<'c, 's> {
    pub(super) fn new(db: &'c Connection, state: &'s mut State, keys: &'s Keys) -> Result<Self> {
        Ok(Self {
            rows: Rows::new(db)?,
            state,
            keys,
            items: Vec::new(),
        })
    }

    /// Applies a record. Gives back whose it is and its events, the user's own first.
    pub(super) fn apply(&mut self, record: Ready) -> Result<(Option<String>, &[Item])> {
        self.items.clear();
        let name = match record {
            Ready::Group(group) => {
                self.group(group)?;
                None
            }
            Ready::User(user) => Some(self.user(*user)?),
            Ready::Token(token) => {
                self.unassigned_token(&token)?;
                None
            }
            Ready::Card(card) => {
                self.unassigned_card(&card)?;
                None
            }
        };
        for item in &self.items {
            self.state.tally.take(item);
        }
        Ok((name, &self.items))
    }

    fn tell(&mut self, item: Item) {
        self.items.push(item);
    }

    fn group(&mut self, group: Group) -> Result<()> {
        let subject = Subject::Group;
        let told = if self.state.defaults.contains(&group.name) {
            let default = self.state.policy.default_group.clone();
            item(subject, Fate::Skipped, Why::Default).because(default)
        } else if self.state.groups.contains_key(&group.name) {
            item(subject, Fate::Exists, Why::Known)
        } else {
            self.make_group(&group.name)?;
            item(subject, Fate::Added, Why::Nothing)
        };
        self.tell(told.named(group.name));
        Ok(())
    }

    fn make_group(&mut self, name: &str) -> Result<i64> {
        let id = self.rows.put_group(name)?;
        self.state.groups.insert(name.to_owned(), id);
        Ok(id)
    }

    /// The group of this name, made now if it is not there; the default group has no row.
    fn group_of(&mut self, name: &str) -> Result<Option<i64>> {
        if self.state.defaults.contains(name) || name == self.state.policy.default_group {
            return Ok(None);
        }
        if let Some(id) = self.state.groups.get(name) {
            return Ok(Some(*id));
        }
        let id = self.make_group(name)?;
        self.tell(item(Subject::Group, Fate::Added, Why::Nothing).named(name));
        Ok(Some(id))
    }

    fn user(&mut self, ready: ReadyUser) -> Result<String> {
        let key = ready.fold.as_deref().unwrap_or(&ready.user.user_id);
        if !self.state.empty {
            if let Some(known) = self.rows.user_by_key(key)? {
                return self.known_user(ready, known);
            }
            if let Some(alias) = self.rows.alias(key)? {
                let owner = self.rows.userid(alias >> 16)?;
                self.tell(item(Subject::User, Fate::Error, Why::IsAlias).because(owner));
                return Ok(ready.user.user_id);
            }
        }
        self.new_user(ready)
    }

    fn new_user(&mut self, mut ready: ReadyUser) -> Result<String> {
        let id = self.state.next_user;
        self.state.next_user += 1;
        let missing = ready.attributes.missing(&self.state.policy.mandatory);
        self.tell(match &missing {
            Some(missing) => item(Subject::User, Fate::Added, Why::Without).because(missing),
            None => item(Subject::User, Fate::Added, Why::Nothing),
        });
        let group = self.group_of(&ready.user.group)?;
        self.rows.put_user(
            id,
            &ready.user.user_id,
            ready.fold.as_deref(),
            group,
            false,
            ready.user.state.as_str(),
            &ready.attributes,
            missing.as_deref(),
        )?;
        let userid = ready.user.user_id.clone();
        self.belongings(id, &userid, &mut ready, true)?;
        Ok(userid)
    }

    fn known_user(&mut self, mut ready: ReadyUser, known: Known) -> Result<String> {
        // The user's own event comes first and is known last.
        self.tell(item(Subject::User, Fate::Exists, Why::NothingNew));
        self.belongings(known.id, &known.userid, &mut ready, false)?;
        let mut own = item(Subject::User, Fate::Exists, Why::NothingNew);
        if self.items.iter().any(|item| item.fate == Fate::Added) {
            own.fate = Fate::Merged;
            own.why = Why::Nothing;
        }
        if known.synced {
            own.why = Why::Directory;
        } else {
            self.contacts(&ready, &known, &mut own)?;
        }
        if let Some(first) = self.items.first_mut() {
            *first = own;
        }
        Ok(known.userid)
    }

    /// Contacts and state of a known user who is not from a directory: what differs stays or is taken.
    fn contacts(&mut self, ready: &ReadyUser, known: &Known, own: &mut Item) -> Result<()> {
        let newer = merged(&known.attributes, &ready.attributes);
        let state = ready.user.state.as_str();
        let differs = [
            (newer != known.attributes, "contacts"),
            (state != known.state, "state"),
        ];
        let differs: Vec<&str> = differs
            .iter()
            .filter(|(differs, _)| *differs)
            .map(|(_, what)| *what)
            .collect();
        if differs.is_empty() {
            return Ok(());
        }
        own.detail = differs.join(" and ");
        if self.state.policy.existing_takes_contacts {
            let missing = newer.missing(&self.state.policy.mandatory);
            self.rows
                .update_user(known.id, state, &newer, missing.as_deref())?;
            (own.fate, own.why) = (Fate::Merged, Why::Took);
        } else {
            own.why = Why::Differs;
        }
        Ok(())
    }

    /// Everything that is a user's; `new` users have none of it yet.
    fn belongings(
        &mut self,
        id: i64,
        userid: &str,
        ready: &mut ReadyUser,
        new: bool,
    ) -> Result<()> {
        let seals = ready.seals.take();
        self.aliases(id, ready, new)?;
        let user = &ready.user;
        self.qa(id, userid, user, &ready.qa_remark, seals.as_ref(), new)?;
        self.passwords(id, userid, user, seals.as_ref(), new)?;
        self.tokens(id, userid, user, seals.as_ref(), new)?;
        self.cards(id, userid, user, seals.as_ref(), new)?;
        self.location(id, user, new)
    }

    fn next(&mut self, table: Table, user: i64, new: bool) -> Result<i64> {
        if new {
            Ok(user << 16)
        } else {
            Ok(self.rows.next(table, user)?)
        }
    }

    fn aliases(&mut self, id: i64, ready: &ReadyUser, new: bool) -> Result<()> {
        let own = ready.fold.as_deref().unwrap_or(&ready.user.user_id);
        let mut next = None;
        for (at, alias) in ready.user.aliases.iter().enumerate() {
            let key = |at: usize| {
                ready.alias_folds[at]
                    .as_deref()
                    .unwrap_or(&ready.user.aliases[at])
            };
            let told = |fate, why| item(Subject::Alias, fate, why).named(alias);
            let this = key(at);
            if this == own || (0..at).any(|other| key(other) == this) {
                self.tell(told(Fate::Exists, Why::Known));
                continue;
            }
            if !self.state.empty {
                if let Some(owner) = self.rows.alias(this)? {
                    let told = if owner >> 16 == id {
                        told(Fate::Exists, Why::Known)
                    } else {
                        told(Fate::Error, Why::Taken).because(self.rows.userid(owner >> 16)?)
                    };
                    self.tell(told);
                    continue;
                }
                if let Some(other) = self.rows.user_by_key(this)? {
                    self.tell(told(Fate::Error, Why::IsUser).because(other.userid));
                    continue;
                }
            }
            let row = match next {
                Some(row) => row,
                None => self.next(Table::Aliases, id, new)?,
            };
            self.rows
                .put_alias(row, alias, ready.alias_folds[at].as_deref())?;
            next = Some(row + 1);
            self.tell(told(Fate::Added, Why::Nothing));
        }
        Ok(())
    }

    fn qa(
        &mut self,
        id: i64,
        userid: &str,
        user: &User,
        remark: &str,
        seals: Option<&Seals>,
        new: bool,
    ) -> Result<()> {
        if user.qa.is_empty() {
            return Ok(());
        }
        if !new && self.rows.has_qa(id)? {
            self.tell(item(Subject::Qa, Fate::Exists, Why::Known));
            return Ok(());
        }
        match seals {
            Some(seals) => self.rows.put_qa(id, user.qa.len(), &seals.qa)?,
            None => {
                let sealed = sealing::qa(self.keys, userid, &user.qa);
                self.rows.put_qa(id, user.qa.len(), &sealed)?;
            }
        }
        self.tell(item(Subject::Qa, Fate::Added, remarked(remark)).because(remark));
        Ok(())
    }

    fn passwords(
        &mut self,
        id: i64,
        userid: &str,
        user: &User,
        seals: Option<&Seals>,
        new: bool,
    ) -> Result<()> {
        if user.passwords.is_empty() {
            return Ok(());
        }
        let mut known = if new {
            Vec::new()
        } else {
            self.rows.passwords_of(id)?
        };
        let mut next = None;
        for (at, password) in user.passwords.iter().enumerate() {
            let told = |fate, why| {
                item(Subject::Password, fate, why)
                    .named(password.name.as_deref().unwrap_or_default())
            };
            let configured = password
                .name
                .as_ref()
                .is_none_or(|name| self.state.policy.named_passwords.contains(name));
            if !configured {
                self.tell(told(Fate::Skipped, Why::NotConfigured));
                continue;
            }
            if known.contains(&password.name) {
                self.tell(told(Fate::Exists, Why::Known));
                continue;
            }
            let row = match next {
                Some(row) => row,
                None => self.next(Table::Passwords, id, new)?,
            };
            match seals {
                Some(seals) => self
                    .rows
                    .put_password(row, password, &seals.passwords[at])?,
                None => {
                    let sealed = sealing::password(self.keys, userid, password);
                    self.rows.put_password(row, password, &sealed)?;
                }
            }
            next = Some(row + 1);
            known.push(password.name.clone());
            self.tell(told(Fate::Added, Why::Nothing));
        }
        Ok(())
    }

    fn supports(&self, token: &Token) -> bool {
        self.state.supported.matches(token.algorithm.as_str())
            || token
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
            let model = token.model.as_deref();
            let what = model.unwrap_or(token.algorithm.as_str()).to_owned();
            return Ok(Some(
                item(subject, Fate::Skipped, Why::Unsupported).because(what),
            ));
        }
        if self.state.empty {
            return Ok(None);
        }
        let Some(there) = self.rows.token(token)? else {
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
                item(subject, Fate::Error, Why::Taken).because(self.rows.userid(there >> 16)?)
            }
        })
    }

    fn tokens(
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
            let name = || format!("{} {}", token.vendor, token.serial);
            if let Some(refused) = self.token_refused(token, Subject::Token, Some(id))? {
                self.tell(refused.named(name()));
                continue;
            }
            let has = match room {
                Some(has) => has,
                None if new => 0,
                None => self.rows.tokens_of(id)?,
            };
            room = Some(has);
            if has >= self.state.policy.tokens_global {
                let told = item(Subject::Token, Fate::Skipped, Why::TooMany);
                self.tell(told.because(has.to_string()).named(name()));
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
            self.tell(item(Subject::Token, Fate::Added, Why::Nothing).named(name()));
        }
        if next.is_some() && room.is_some_and(|has| has > self.state.policy.tokens_account) {
            self.state.over_account += 1;
        }
        Ok(())
    }

    fn cards(
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
                self.rows.card(card.serial)?
            };
            if let Some(there) = there {
                let held = self.held(there, Subject::Card, Some(id))?;
                self.tell(held.named(card.serial.to_string()));
                continue;
            }
            let row = match next {
                Some(row) => row,
                None => self.next(Table::Cards, id, new)?,
            };
            match seals {
                Some(seals) => self.rows.put_card(row, None, card, &seals.cards[at])?,
                None => {
                    let sealed = sealing::card(self.keys, userid, card);
                    self.rows.put_card(row, None, card, &sealed)?;
                }
            }
            next = Some(row + 1);
            let told = item(Subject::Card, Fate::Added, Why::Nothing);
            self.tell(told.named(card.serial.to_string()));
        }
        Ok(())
    }

    /// Places are kept whole, also above the tenant's defaults; a user's own settings count over those.
    fn location(&mut self, id: i64, user: &User, new: bool) -> Result<()> {
        if !(user.location_history.is_empty() && user.expected_locations.is_empty()) {
            let added = self.places(id, user, new)?;
            let told = if added == 0 {
                item(Subject::Location, Fate::Exists, Why::Known)
            } else {
                let remark = self.above_defaults(user);
                item(Subject::Location, Fate::Added, remarked(&remark)).because(remark)
            };
            self.tell(told);
        }
        if !user.rba.is_empty() {
            let told = if !new && self.rows.has_rba(id)? {
                item(Subject::Rba, Fate::Exists, Why::Known)
            } else {
                self.rows.put_rba(id, &user.rba)?;
                item(Subject::Rba, Fate::Added, Why::Nothing)
            };
            self.tell(told);
        }
        Ok(())
    }

    fn places(&mut self, id: i64, user: &User, new: bool) -> Result<u64> {
        let mut added = 0;
        let known = if new || user.location_history.is_empty() {
            Vec::new()
        } else {
            self.rows.history_of(id)?
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
            self.rows.put_location(here, place)?;
            row = Some(here + 1);
            added += 1;
        }
        let known = if new || user.expected_locations.is_empty() {
            Vec::new()
        } else {
            self.rows.expected_of(id)?
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
            self.rows.put_expected(here, place)?;
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

    fn unassigned_token(&mut self, record: &UnassignedToken) -> Result<()> {
        let token = &record.token;
        let name = format!("{} {}", token.vendor, token.serial);
        if let Some(refused) = self.token_refused(token, Subject::UnassignedToken, None)? {
            self.tell(refused.named(name));
            return Ok(());
        }
        let group = self.group_of(&record.group)?;
        let row = self.state.next_token;
        let sealed = sealing::token(self.keys, "", token);
        self.rows.put_token(row, group, token, &sealed)?;
        self.state.next_token -= 1;
        self.tell(item(Subject::UnassignedToken, Fate::Added, Why::Nothing).named(name));
        Ok(())
    }

    fn unassigned_card(&mut self, record: &UnassignedCard) -> Result<()> {
        let card = &record.card;
        let name = card.serial.to_string();
        let subject = Subject::UnassignedCard;
        let there = if self.state.empty {
            None
        } else {
            self.rows.card(card.serial)?
        };
        if let Some(there) = there {
            let held = self.held(there, subject, None)?;
            self.tell(held.named(name));
            return Ok(());
        }
        let most = self.state.policy.unassigned_cards;
        if self.state.unassigned_cards >= most {
            let told = item(subject, Fate::Skipped, Why::Full).because(most.to_string());
            self.tell(told.named(name));
            return Ok(());
        }
        let group = self.group_of(&record.group)?;
        let row = self.state.next_card;
        let cells = sealing::card(self.keys, "", card);
        let unassigned = (group, record.preproduced, record.comment.as_deref());
        self.rows.put_card(row, Some(unassigned), card, &cells)?;
        self.state.next_card -= 1;
        self.state.unassigned_cards += 1;
        self.tell(item(subject, Fate::Added, Why::Nothing).named(name));
        Ok(())
    }
}

fn remarked(remark: &str) -> Why {
    if remark.is_empty() {
        Why::Nothing
    } else {
        Why::Remark
    }
}

/// What a user's attributes become: new values over old ones; what the bundle lacks stays.
fn merged(old: &Attributes, new: &Attributes) -> Attributes {
    let pick = |new: &Option<String>, old: &Option<String>| new.clone().or_else(|| old.clone());
    Attributes {
        first: pick(&new.first, &old.first),
        last: pick(&new.last, &old.last),
        email: pick(&new.email, &old.email),
        phone: pick(&new.phone, &old.phone),
        mobile: pick(&new.mobile, &old.mobile),
    }
}
