//! The rules of the target, record by record (igsh-migration(7), THE TARGET): what is new, what is there already, what
//! is left out and why.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use crate::model::bundle::User;
use crate::model::{Group, Patterns};
use crate::store::Keys;
use crate::tenant::Policy;
use crate::tenant::error::Result;
use crate::tenant::events::{Fate, Item, Subject, Tally, Why, item};
use crate::tenant::sealing::{self, Seals};

use super::prepare::{Attributes, Ready, ReadyUser};
use super::rows::Rows;
use super::there::{Known, Table, There};

/// The state of an import besides the rows; it outlives the transactions.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) policy: Policy,
    pub(super) supported: Patterns,
    /// The source's default groups, which are the tenant's default group.
    defaults: HashSet<String>,
    groups: HashMap<String, i64>,
    next_user: i64,
    pub(super) next_token: i64,
    pub(super) next_card: i64,
    pub(super) unassigned_cards: u64,
    /// Nothing was there before, so that no user is looked up.
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
    pub(super) there: There<'c>,
    pub(super) rows: Rows<'c>,
    pub(super) state: &'s mut State,
    pub(super) keys: &'s Keys,
    /// The events of the record at hand.
    items: Vec<Item>,
}

impl<'c, 's> Applier<'c, 's> {
    pub(super) fn new(db: &'c Connection, state: &'s mut State, keys: &'s Keys) -> Result<Self> {
        Ok(Self {
            there: There::new(db)?,
            rows: Rows::new(db)?,
            state,
            keys,
            items: Vec::new(),
        })
    }

    /// Applies a record. Gives back its owner and its events, the user's own first.
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
            Ready::Refused(refused) => {
                self.note(refused.item);
                refused.user
            }
        };
        for item in &self.items {
            self.state.tally.take(item);
        }
        Ok((name, &self.items))
    }

    pub(super) fn note(&mut self, item: Item) {
        self.items.push(item);
    }

    fn group(&mut self, group: Group) -> Result<()> {
        let subject = Subject::Group;
        let event = if self.state.defaults.contains(&group.name) {
            let default = self.state.policy.default_group.clone();
            item(subject, Fate::Skipped, Why::Default).because(default)
        } else if self.state.groups.contains_key(&group.name) {
            item(subject, Fate::Exists, Why::Known)
        } else {
            self.make_group(&group.name)?;
            item(subject, Fate::Added, Why::Nothing)
        };
        self.note(event.named(group.name));
        Ok(())
    }

    fn make_group(&mut self, name: &str) -> Result<i64> {
        let id = self.rows.put_group(name)?;
        self.state.groups.insert(name.to_owned(), id);
        Ok(id)
    }

    /// The group of this name, made now if it is not there; the default group has no row.
    pub(super) fn group_of(&mut self, name: &str) -> Result<Option<i64>> {
        if self.state.defaults.contains(name) || name == self.state.policy.default_group {
            return Ok(None);
        }
        if let Some(id) = self.state.groups.get(name) {
            return Ok(Some(*id));
        }
        let id = self.make_group(name)?;
        self.note(item(Subject::Group, Fate::Added, Why::Nothing).named(name));
        Ok(Some(id))
    }

    fn user(&mut self, ready: ReadyUser) -> Result<String> {
        let key = ready.fold.as_deref().unwrap_or(&ready.user.user_id);
        if !self.state.empty {
            if let Some(known) = self.there.user_by_key(key)? {
                return self.known_user(ready, known);
            }
            if let Some(alias) = self.there.alias(key)? {
                let owner = self.there.userid(alias >> 16)?;
                self.note(item(Subject::User, Fate::Error, Why::IsAlias).because(owner));
                return Ok(ready.user.user_id);
            }
        }
        self.new_user(ready)
    }

    fn new_user(&mut self, mut ready: ReadyUser) -> Result<String> {
        let id = self.state.next_user;
        self.state.next_user += 1;
        let missing = ready.attributes.missing(&self.state.policy.mandatory);
        self.note(match &missing {
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
        // The user's own event comes first and is decided last.
        self.note(item(Subject::User, Fate::Exists, Why::NothingNew));
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

    /// Contacts and state of a user who is there already and is not from a directory: what differs stays or is taken.
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

    pub(super) fn next(&mut self, table: Table, user: i64, new: bool) -> Result<i64> {
        if new {
            Ok(user << 16)
        } else {
            Ok(self.there.next(table, user)?)
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
            let event = |fate, why| item(Subject::Alias, fate, why).named(alias);
            let this = key(at);
            if this == own || (0..at).any(|other| key(other) == this) {
                self.note(event(Fate::Exists, Why::Known));
                continue;
            }
            if !self.state.empty {
                if let Some(owner) = self.there.alias(this)? {
                    let event = if owner >> 16 == id {
                        event(Fate::Exists, Why::Known)
                    } else {
                        event(Fate::Error, Why::Taken).because(self.there.userid(owner >> 16)?)
                    };
                    self.note(event);
                    continue;
                }
                if let Some(other) = self.there.user_by_key(this)? {
                    self.note(event(Fate::Error, Why::IsUser).because(other.userid));
                    continue;
                }
            }
            let row = match next {
                Some(row) => row,
                None => self.next(Table::Aliases, id, new)?,
            };
            let fold = ready.alias_folds[at].as_deref();
            self.rows.belongings().alias(row, alias, fold)?;
            next = Some(row + 1);
            self.note(event(Fate::Added, Why::Nothing));
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
        if !new && self.there.has_qa(id)? {
            self.note(item(Subject::Qa, Fate::Exists, Why::Known));
            return Ok(());
        }
        let (rows, pairs) = (self.rows.belongings(), user.qa.len() as u64);
        match seals {
            Some(seals) => rows.qa(id, pairs, &seals.qa)?,
            None => rows.qa(id, pairs, &sealing::qa(self.keys, userid, &user.qa))?,
        }
        self.note(item(Subject::Qa, Fate::Added, remarked(remark)).because(remark));
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
            self.there.passwords_of(id)?
        };
        let mut next = None;
        for (at, password) in user.passwords.iter().enumerate() {
            let event = |fate, why| {
                item(Subject::Password, fate, why)
                    .named(password.name.as_deref().unwrap_or_default())
            };
            let configured = password
                .name
                .as_ref()
                .is_none_or(|name| self.state.policy.named_passwords.contains(name));
            if !configured {
                self.note(event(Fate::Skipped, Why::NotConfigured));
                continue;
            }
            if known.contains(&password.name) {
                self.note(event(Fate::Exists, Why::Known));
                continue;
            }
            let row = match next {
                Some(row) => row,
                None => self.next(Table::Passwords, id, new)?,
            };
            let rows = self.rows.belongings();
            match seals {
                Some(seals) => rows.password(row, &seals.passwords[at])?,
                None => rows.password(row, &sealing::password(self.keys, userid, password))?,
            }
            next = Some(row + 1);
            known.push(password.name.clone());
            self.note(event(Fate::Added, Why::Nothing));
        }
        Ok(())
    }
}

pub(super) fn remarked(remark: &str) -> Why {
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
